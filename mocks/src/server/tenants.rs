//! Further tenants of WSO2 Identity Server: each a realm of its own behind `/t/<domain>`, on the same port.
//! The tenant `carbon.super` is the server itself.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, atomic::AtomicBool, atomic::Ordering},
};

use super::{
    builder,
    handle::AuthorizationServer,
    site::{Endpoints, Site},
};
use crate::{
    endpoints::call::Call,
    notices::{self, Line, NoticeTarget},
    realm::{Realm, User},
    vendors::Vendor,
};

/// The tenant that is the server itself.
pub(crate) const FIRST_TENANT: &str = "carbon.super";

/// The tenants beside the first, and what they have in common.
#[derive(Default)]
pub(crate) struct Tenants {
    of: Mutex<BTreeMap<String, Arc<Site>>>,
    /// The server that a tenant belongs to; nothing at the server itself.
    root: Mutex<Weak<Site>>,
    /// Whether no two tenants may have a client of the same id.
    unique: AtomicBool,
    /// The how manieth tenant it is that was added; nothing at the server itself.
    number: i64,
}

/// There can be no such tenant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TenantError {
    /// The vendor has none.
    #[error("`{0}` has no tenants that could be added\nhint: is7 has")]
    Vendor(String),
    /// The server has no paths for tenants.
    #[error(
        "a server in `legacy_mode` has no paths for tenants\nhint: leave `server.legacy_mode` out of its deployment.toml"
    )]
    Paths,
    /// The name is no domain, or is taken.
    #[error("`{0}` cannot be another tenant\nhint: a domain such as `tenant1.com` that no tenant has yet")]
    Domain(String),
}

impl Tenants {
    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Site>>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Site {
    /// The tenant that a path is about, and the request as that tenant sees it.
    pub(super) fn tenant_of(&self, call: &Call) -> Option<(Arc<Self>, Call)> {
        let (domain, rest) = call.path.strip_prefix("/t/")?.split_once('/')?;
        let tenant = Arc::clone(self.tenants.all().get(domain)?);
        Some((tenant, Call { path: format!("/{rest}"), ..call.clone() }))
    }

    /// Whether another tenant has a client of that id, and ids are one for all tenants.
    pub(crate) fn taken_by_another_tenant(&self, id: &str) -> bool {
        let root = self.tenants.root.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        let root = root.as_deref().unwrap_or(self);
        let has = |site: &Self| !std::ptr::eq(site, self) && site.realm.client(id).is_some();
        root.tenants.unique.load(Ordering::Acquire) && (has(root) || root.tenants.all().values().any(|site| has(site)))
    }
}

impl Site {
    /// The user behind an access token of whichever tenant that is the credential of a request.
    pub(crate) fn user_of_any_tenant(&self, call: &Call, token: &str) -> Option<User> {
        let root = self.tenants.root.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        let root = root.as_deref().unwrap_or(self);
        let user = |site: &Self| site.realm.user(site.credential(call, token)?.username.as_deref()?);
        user(root).or_else(|| root.tenants.all().values().find_map(|site| user(site)))
    }
}

/// Whether the text is a domain of labels with letters, digits and hyphens within (RFC 1123, section 2.1), in lower case.
fn is_domain(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let label = |label: &str| {
        (1..=63).contains(&label.len()) && label.chars().all(fits) && !label.starts_with('-') && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

/// Tenants.
impl AuthorizationServer {
    /// Adds a tenant; its realm is as fresh as that of a new server, and has keys of its own.
    ///
    /// # Errors
    ///
    /// [`TenantError`] when the vendor has no tenants, or the domain is none or taken.
    pub fn add_tenant(&self, domain: &str) -> Result<Realm, TenantError> {
        if self.vendor != Vendor::Is7 {
            return Err(TenantError::Vendor(self.vendor.to_string()));
        }
        if !self.site.settings.tenants_have_paths() {
            return Err(TenantError::Paths);
        }
        let mut all = self.site.tenants.all();
        let taken = domain == FIRST_TENANT || all.contains_key(domain);
        if taken || !is_domain(domain) {
            return Err(TenantError::Domain(domain.to_owned()));
        }
        let mut site = builder::tenant(self.vendor, &self.site, domain, &self.chest);
        *site.tenants.root.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&self.site);
        site.tenants.number = i64::try_from(all.len()).unwrap_or(i64::MAX - 1) + 1;
        notices::listen(&site.realm, self.notices().as_ref().map(|(_, line)| line), site.tenants.number, domain);
        let realm = site.realm.clone();
        all.insert(domain.to_owned(), Arc::new(site));
        Ok(realm)
    }

    /// Has the endings of every tenant told there from now on, those of tenants to come too, or nobody told when `None`.
    pub(super) fn tell(&self, told: Option<(NoticeTarget, Line)>) {
        // As long as this is held, no tenant is added.
        let all = self.site.tenants.all();
        let line = told.as_ref().map(|(_, line)| line);
        notices::listen(&self.site.realm, line, notices::SUPER_TENANT, FIRST_TENANT);
        for (domain, site) in all.iter() {
            notices::listen(&site.realm, line, site.tenants.number, domain);
        }
        *self.notices() = told;
    }

    /// The realm of a tenant; that of the server itself under `carbon.super`.
    pub fn tenant(&self, domain: &str) -> Option<Realm> {
        match domain {
            FIRST_TENANT => Some(self.site.realm.clone()),
            _ => self.site.tenants.all().get(domain).map(|site| site.realm.clone()),
        }
    }

    /// Where the endpoints of a tenant are; those of the server itself under `carbon.super`.
    pub fn tenant_endpoints(&self, domain: &str) -> Option<Endpoints> {
        match domain {
            FIRST_TENANT => Some(self.site.endpoints.clone()),
            _ => self.site.tenants.all().get(domain).map(|site| site.endpoints.clone()),
        }
    }

    /// The domains of the tenants that were added.
    pub fn tenants(&self) -> Vec<String> {
        self.site.tenants.all().keys().cloned().collect()
    }

    /// Sets or lifts the constraint that the documents have administrators add to the table of clients: no two tenants
    /// may have a client of the same id. Without it Identity Server 7 keeps ids apart by tenant.
    pub fn unique_consumer_keys(&self, unique: bool) {
        self.site.tenants.unique.store(unique, Ordering::Release);
    }

    /// Whether ids of clients are one for all tenants.
    pub fn has_unique_consumer_keys(&self) -> bool {
        self.site.tenants.unique.load(Ordering::Acquire)
    }
}
