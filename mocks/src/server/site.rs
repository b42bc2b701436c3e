//! What every endpoint of a server answers from.
//! Starting and stopping are elsewhere; here nothing waits.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::{Deserialize, Serialize};

use super::{layout::Layout, tenants::Tenants};
use crate::{
    certificates::{CertificateMapping, stands_for},
    defects::Defects,
    deployment_toml::Settings,
    endpoints::call::{Call, Reply},
    faults::Faults,
    journal::Endpoint,
    realm::{Realm, TokenRow, User},
    vendors::Dialect,
};

/// Where an authorization server's endpoints are, as absolute URLs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    /// Token endpoint.
    pub token: String,
    /// Device authorization, where there is one.
    pub device_authorization: Option<String>,
    /// Key set.
    pub jwks: String,
    /// Authorization endpoint.
    pub authorize: String,
    /// Introspection, where there is one.
    pub introspection: Option<String>,
    /// Revocation, where there is one.
    pub revocation: Option<String>,
    /// Client registration, where there is one.
    pub registration: Option<String>,
    /// User profile in the form that key managers read, where there is one.
    pub userinfo: Option<String>,
    /// Management of scopes, where there is one.
    pub scopes: Option<String>,
}

/// Names the user that the certificate of a connection is to stand for (WSO2 Identity Server 7).
pub(crate) const CERTIFIED_USER: &str = "wso2-identity-user";

/// An answer that stands in for the right one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Canned {
    /// Its status.
    pub status: u16,
    /// Its body, as it is sent.
    pub body: String,
    /// Its media type.
    #[serde(default = "json")]
    pub content_type: String,
}

fn json() -> String {
    "application/json".to_owned()
}

impl Canned {
    /// An answer that calls its body JSON, whether it is or not.
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Self { status, body: body.into(), content_type: json() }
    }
}

/// What every endpoint answers from.
pub(crate) struct Site {
    pub(crate) realm: Realm,
    pub(crate) base_url: String,
    /// Where its addresses lie otherwise than usual.
    pub(super) layout: Layout,
    pub(crate) endpoints: Endpoints,
    pub(crate) dialect: Arc<dyn Dialect>,
    pub(crate) faults: Faults,
    pub(crate) defects: Arc<Defects>,
    /// Further tenants of the same server.
    pub(super) tenants: Tenants,
    /// How often it was started again.
    pub(super) restarts: AtomicU64,
    /// What opens client registration by Bearer, where the vendor has such a thing.
    pub(crate) initial_access_token: Option<String>,
    /// What administrators of WSO2 Identity Server have configured.
    pub(crate) settings: Settings,
    /// Whether clients are asked for certificates.
    pub(crate) mutual_tls: bool,
    /// Which certificates stand for which users, at every tenant alike.
    pub(crate) certificate_mappings: Arc<Mutex<Vec<CertificateMapping>>>,
    /// Answers that stand in for the right ones.
    pub(super) canned: Mutex<BTreeMap<Endpoint, Canned>>,
    /// Panics while answering, oldest first.
    pub(super) panics: Mutex<Vec<String>>,
}

impl Site {
    /// What stands before every path; nothing as a rule.
    pub(crate) fn base_path(&self) -> &str {
        self.layout.base_path()
    }

    /// A path of a management interface as clients reach it.
    pub(crate) fn managed_path(&self, path: &str) -> String {
        format!("{}{path}", self.dialect.organisation_path())
    }

    /// The same as an absolute address.
    pub(crate) fn managed_url(&self, path: &str) -> String {
        format!("{}{}", self.base_url, self.managed_path(path))
    }

    /// Whether the issuer has a host of its own.
    pub(crate) fn has_two_hosts(&self) -> bool {
        self.layout.issuer_host.is_some()
    }

    /// How often it was started again.
    pub(crate) fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Acquire)
    }

    /// A user name without what may stand around it: the tenant, and the user store.
    pub(crate) fn login_name(&self, typed: &str) -> String {
        self.realm.login_name(typed).to_owned()
    }

    /// The access token that a request shows as its credential, if it is worth anything: one that is bound to a
    /// certificate comes over a connection of that very certificate (RFC 8705, section 3).
    pub(crate) fn credential(&self, call: &Call, token: &str) -> Option<TokenRow> {
        let row = self.realm.active_access(token)?;
        let bound = row.claims.get("cnf").and_then(|cnf| cnf.get("x5t#S256"));
        let presented = call.certificate.as_ref();
        let proven = bound.is_none_or(|bound| presented.is_some_and(|presented| *bound == presented.x5t_s256));
        proven.then_some(row)
    }

    /// The user that a request names and that the certificate of its connection may stand for.
    pub(crate) fn certified_user(&self, call: &Call) -> Option<User> {
        if !self.dialect.certificates_stand_for_users() {
            return None;
        }
        let (named, presented) = (call.header(CERTIFIED_USER)?, call.certificate.as_ref()?);
        let user = self.realm.user(&self.login_name(named)).filter(|user| user.active)?;
        let mappings = self.certificate_mappings.lock().unwrap_or_else(PoisonError::into_inner);
        stands_for(&mappings, presented, &user.name, self.realm.now()).then_some(user)
    }

    /// The answer that stands in for the right one, if there is one.
    pub(super) fn canned(&self, endpoint: Endpoint) -> Option<Reply> {
        let canned = self.canned.lock().unwrap_or_else(PoisonError::into_inner);
        let Canned { status, body, content_type } = canned.get(&endpoint)?;
        let kind = ("content-type".to_owned(), content_type.clone());
        Some(Reply { headers: vec![kind], ..Reply::empty(*status).text(body.clone()) })
    }
}
