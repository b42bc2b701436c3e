//! What a resource belongs to: a server, or one of its tenants behind `/servers/{server}/tenants/{domain}`.
//! Which resources there are at a tenant is said in `routes`.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};

use super::{house::House, refusal::Refusal};
use crate::{
    forge::Forge,
    realm::Realm,
    server::{AuthorizationServer, FIRST_TENANT},
    vendors::Vendor,
};

/// The realm that a path is about, and what the path names last.
pub(super) struct Place {
    pub(super) server: Arc<AuthorizationServer>,
    pub(super) realm: Realm,
    domain: String,
    name: String,
}

impl Place {
    /// What the path names within the realm; empty where it names nothing.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The domain of the tenant; that of the first one at the server itself.
    pub(super) fn domain(&self) -> &str {
        &self.domain
    }

    /// A forge for tokens of this realm.
    pub(super) fn forge(&self) -> Forge {
        Forge::new(self.realm.issuer(), self.realm.keys().clone(), self.realm.clock().clone())
    }

    /// The tenant, of the others, that has a client of that id where ids are one for all of them.
    pub(super) fn taken_by(&self, id: &str) -> Option<String> {
        let mut domains = self.server.tenants();
        domains.push(FIRST_TENANT.to_owned());
        let has = |domain: &String| self.server.tenant(domain).is_some_and(|realm| realm.client(id).is_some());
        let mut others = domains.into_iter().filter(|domain| *domain != self.domain);
        others.find(has).filter(|_| self.server.has_unique_consumer_keys())
    }
}

/// The realm of a tenant, or a refusal that names those there are.
pub(super) fn realm_of(server: &AuthorizationServer, domain: &str) -> Result<Realm, Refusal> {
    // The first tenant has that name where there are tenants at all.
    let known =
        || server.tenants().into_iter().chain((server.vendor() == Vendor::Is7).then(|| FIRST_TENANT.to_owned()));
    let realm = server.tenant(domain).filter(|_| known().any(|each| each == domain));
    realm.ok_or_else(|| Refusal::missing("tenant", domain, known()))
}

impl FromRequestParts<House> for Place {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, house: &House) -> Result<Self, Refusal> {
        let params = RawPathParams::from_request_parts(parts, house).await;
        let params = params.map_err(|error| Refusal::of(error.status(), error.body_text()))?;
        let (mut server, mut domain, mut name) = (String::new(), FIRST_TENANT.to_owned(), String::new());
        let mut at_tenant = false;
        for (key, value) in &params {
            match key {
                "server" => value.clone_into(&mut server),
                "domain" => (domain, at_tenant) = (value.to_owned(), true),
                _ => value.clone_into(&mut name),
            }
        }
        let server = house.named(&server)?;
        let realm = if at_tenant { realm_of(&server, &domain)? } else { server.realm().clone() };
        Ok(Self { server, realm, domain, name })
    }
}
