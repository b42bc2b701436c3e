//! Logins under way and consents given for good: both outlive the process, as the person at the browser does.
//! Where a login leads next is left to [`super::login`].

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{authorization::Login, digests::digest, realms::Residents};
use crate::store::{Document, Documents, StoreError};

use kmspec_mocks::realm::random;

/// How long a person may take to log in, in seconds.
const PATIENCE: u64 = 900;

/// A login by the digest of the key that the pages carry.
#[derive(Debug, Serialize, Deserialize)]
struct KeptLogin {
    digest: String,
    login: Login,
    /// In seconds since 1970.
    ends: u64,
}

impl Document for KeptLogin {
    const KIND: &'static str = "resident-login";
    fn id(&self) -> String {
        self.digest.clone()
    }
    fn secrets(_body: &Value) -> Vec<String> {
        vec!["/login/nonce".to_owned()]
    }
}

/// A consent that was given for good.
#[derive(Debug, Serialize, Deserialize)]
struct KeptConsent {
    client: String,
    username: String,
}

impl KeptConsent {
    fn of(client: &str, username: &str) -> Self {
        Self { client: client.to_owned(), username: username.to_owned() }
    }
}

impl Document for KeptConsent {
    const KIND: &'static str = "resident-consent";
    fn id(&self) -> String {
        format!("{}\n{}", self.client, self.username)
    }
}

/// Keeps a login; gives the key that the pages carry.
pub(super) fn keep(residents: &Residents, documents: &Documents<'_>, login: Login) -> Result<String, StoreError> {
    let (key, tenant) = (random::uuid(), login.tenant.clone());
    let ends = residents.now(&tenant).saturating_add(PATIENCE);
    residents.sweep(documents, &tenant)?;
    documents.put(&tenant, &KeptLogin { digest: digest(&key), login, ends })?;
    Ok(key)
}

/// The login of that key, which stays.
pub(super) fn get(residents: &Residents, documents: &Documents<'_>, key: &str) -> Result<Option<Login>, StoreError> {
    let kept = documents.find_anywhere::<KeptLogin>(&digest(key))?;
    Ok(kept.filter(|kept| residents.now(&kept.login.tenant) < kept.ends).map(|kept| kept.login))
}

/// The login of that key, which is good for one hop.
pub(super) fn take(residents: &Residents, documents: &Documents<'_>, key: &str) -> Result<Option<Login>, StoreError> {
    let Some(login) = get(residents, documents, key)? else { return Ok(None) };
    documents.remove::<KeptLogin>(&login.tenant, &digest(key))?;
    Ok(Some(login))
}

/// Whether the user has consented for good that this login be answered.
pub(super) fn has_consent(documents: &Documents<'_>, login: &Login, username: &str) -> Result<bool, StoreError> {
    let id = KeptConsent::of(&login.request.client_id, username).id();
    Ok(documents.find::<KeptConsent>(&login.tenant, &id)?.is_some())
}

/// Notes that the user has consented for good.
pub(super) fn keep_consent(documents: &Documents<'_>, login: &Login, username: &str) -> Result<(), StoreError> {
    documents.put(&login.tenant, &KeptConsent::of(&login.request.client_id, username))
}

/// Forgets logins of a tenant that took too long; how many they were.
pub(super) fn forget(documents: &Documents<'_>, tenant: &str, before: u64) -> Result<usize, StoreError> {
    documents.remove_ended::<KeptLogin>(tenant, "ends", before)
}
