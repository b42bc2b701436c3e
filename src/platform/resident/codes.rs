//! Authorization codes that outlive the process: those to be redeemed, and those whose presenting again ends tokens (RFC
//! 6749, section 4.1.2). What a code is worth is left to the grants.

use kmspec_mocks::realm::{AuthorizationCode, Realm, TokenRow};
use serde::{Deserialize, Serialize};

use super::digests::digest;
use crate::store::{Document, Documents, StoreError};

/// A code by its digest: who reads the data can redeem nothing.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct KeptCode {
    digest: String,
    code: AuthorizationCode,
    /// When it and all that came of it have ended, in seconds since 1970.
    ends: u64,
}

impl Document for KeptCode {
    const KIND: &'static str = "resident-code";
    fn id(&self) -> String {
        self.digest.clone()
    }
    /// The grant that its tokens belong to.
    fn parent(&self) -> Option<String> {
        Some(self.code.grant.clone())
    }
}

/// Keeps a code as the realm has it, unless it is kept so.
pub(super) fn keep(documents: &Documents<'_>, (tenant, realm): (&str, &Realm), text: &str) -> Result<(), StoreError> {
    let Some(code) = realm.code(text) else { return Ok(()) };
    let came_of_it = realm.rows_of_code(text);
    let ends = came_of_it.iter().map(end_of).fold(code.expires_at, u64::max);
    let fresh = KeptCode { digest: digest(text), code, ends };
    if documents.find::<KeptCode>(tenant, &fresh.digest)?.is_none_or(|kept| kept != fresh) {
        documents.put(tenant, &fresh)?;
    }
    Ok(())
}

/// Tells a realm of a code that it does not know, and that is kept.
pub(super) fn recall(documents: &Documents<'_>, (tenant, realm): (&str, &Realm), text: &str) -> Result<(), StoreError> {
    if realm.code(text).is_none()
        && let Some(kept) = documents.find::<KeptCode>(tenant, &digest(text))?
    {
        realm.put_code(text, kept.code);
    }
    Ok(())
}

/// A token was issued for another: the code that both stem from is kept until the new one has ended, too.
pub(super) fn keep_with(documents: &Documents<'_>, tenant: &str, row: &TokenRow) -> Result<(), StoreError> {
    for mut kept in documents.children::<KeptCode>(&row.family)? {
        if kept.ends < end_of(row) {
            kept.ends = end_of(row);
            documents.put(tenant, &kept)?;
        }
    }
    Ok(())
}

/// Forgets those of a tenant that ended before this moment; how many they were.
pub(super) fn forget(documents: &Documents<'_>, tenant: &str, before: u64) -> Result<usize, StoreError> {
    documents.remove_ended::<KeptCode>(tenant, "ends", before)
}

fn end_of(row: &TokenRow) -> u64 {
    row.refresh.as_ref().map_or(0, |refresh| refresh.expires_at).max(row.expires_at)
}
