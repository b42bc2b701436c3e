//! What the gateway knows of one tenant: APIs, key managers, keys, subscriptions. Copies, fed by events.
//! The originals are the store's; judging calls is left to the rooms beside this one.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use kmspec_mocks::realm::Clock;
use uuid::Uuid;

use super::{
    client_certificates::Known,
    key_manager::{RunningKeyManager, TokenTerms},
    routes::{Route, Routes},
};
use crate::{
    domain::{Application, ClientCertificate, KeyManager, KeyMapping, Revision, Subscription},
    store::{Documents, StoreError},
};
use kmspec_validation::Claims;

/// A tenant at the gateway.
#[derive(Debug)]
pub(super) struct Tenant {
    pub(super) domain: String,
    pub(super) clock: Clock,
    state: RwLock<TenantState>,
}

/// Everything about a tenant that changes.
#[derive(Debug, Default)]
pub(super) struct TenantState {
    routes: Routes,
    /// In the order of creation.
    order: Vec<Uuid>,
    key_managers: HashMap<Uuid, Arc<RunningKeyManager>>,
    /// By issuer, in the order of creation.
    by_issuer: HashMap<String, Vec<Uuid>>,
    /// By consumer key, then by key manager.
    mappings: HashMap<String, Vec<Arc<KeyMapping>>>,
    applications: HashMap<Uuid, Arc<Application>>,
    /// By application and API.
    subscriptions: HashMap<(Uuid, Uuid), Arc<Subscription>>,
    /// By API.
    certificates: HashMap<Uuid, Vec<Known>>,
    /// What the deployment says of tokens.
    terms: TokenTerms,
}

impl Tenant {
    pub(super) fn new(domain: &str, clock: Clock, terms: TokenTerms) -> Self {
        let state = TenantState { terms, ..TenantState::default() };
        Self { domain: domain.to_owned(), clock, state: RwLock::new(state) }
    }

    /// What the store knows of the tenant, keys and subscriptions aside: these may be those of applications elsewhere.
    pub(super) fn load(
        domain: &str,
        clock: Clock,
        terms: TokenTerms,
        documents: &Documents<'_>,
    ) -> Result<Self, StoreError> {
        let mut state = TenantState { terms, ..TenantState::default() };
        for key_manager in documents.all::<KeyManager>(domain)? {
            state.put_key_manager(Arc::new(key_manager));
        }
        for revision in documents.all::<Revision>(domain)? {
            if !revision.deployments.is_empty() {
                state.deploy(&revision);
            }
        }
        for application in documents.all::<Application>(domain)? {
            state.put_application(Arc::new(application));
        }
        for certificate in documents.all::<ClientCertificate>(domain)? {
            state.put_certificate(Arc::new(certificate));
        }
        Ok(Self { domain: domain.to_owned(), clock, state: RwLock::new(state) })
    }

    /// Reads, without waiting for anything in between.
    pub(super) fn read<T>(&self, reader: impl FnOnce(&TenantState) -> T) -> T {
        reader(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes, without waiting for anything in between.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut TenantState) -> T) -> T {
        change(&mut self.state.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl TenantState {
    /// Where a path leads.
    pub(super) fn route(&self, path: &str) -> Option<Route> {
        self.routes.find(path)
    }

    /// The enabled key manager that issued a token, by what the token says. Several of one issuer are one server told
    /// more than once: then it is the one that knows the client, or else the first.
    pub(super) fn issuer_of(&self, claims: &Claims) -> Option<&Arc<RunningKeyManager>> {
        let ids = self.by_issuer.get(claims.issuer().unwrap_or_default())?;
        let mut all = ids.iter().filter_map(|id| self.key_managers.get(id));
        if ids.len() == 1 {
            return all.next();
        }
        let knows_client = |each: &&Arc<RunningKeyManager>| {
            let key = claims.consumer_key(&each.policy);
            key.is_some_and(|key| self.mapping(key, &each.document.name).is_some())
        };
        all.clone().find(knows_client).or_else(|| all.next())
    }

    /// The enabled key managers in the order of their creation.
    pub(super) fn key_managers(&self) -> impl Iterator<Item = &Arc<RunningKeyManager>> {
        self.order.iter().filter_map(|id| self.key_managers.get(id))
    }

    pub(super) fn mapping(&self, consumer_key: &str, key_manager: &str) -> Option<&KeyMapping> {
        let mappings = self.mappings.get(consumer_key)?;
        mappings.iter().find(|each| each.key_manager_name == key_manager).map(AsRef::as_ref)
    }

    pub(super) fn application(&self, id: Uuid) -> Option<&Arc<Application>> {
        self.applications.get(&id)
    }

    pub(super) fn put_application(&mut self, application: Arc<Application>) {
        self.applications.insert(application.id, application);
    }

    pub(super) fn remove_application(&mut self, id: Uuid) {
        self.applications.remove(&id);
    }

    pub(super) fn subscription(&self, application: Uuid, api: Uuid) -> Option<&Subscription> {
        self.subscriptions.get(&(application, api)).map(AsRef::as_ref)
    }

    /// Adds a key manager, or puts it in the place of what it was; a disabled one is absent.
    pub(super) fn put_key_manager(&mut self, document: Arc<KeyManager>) {
        let id = document.id;
        self.stop_key_manager(id);
        if !self.order.contains(&id) {
            self.order.push(id);
        }
        if let Some(running) = RunningKeyManager::start(document, self.terms) {
            if !running.policy.issuer.is_empty() {
                let order = &self.order;
                let same = self.by_issuer.entry(running.policy.issuer.clone()).or_default();
                same.push(id);
                same.sort_by_key(|id| order.iter().position(|each| each == id));
            }
            self.key_managers.insert(id, Arc::new(running));
        }
    }

    pub(super) fn remove_key_manager(&mut self, id: Uuid) {
        self.stop_key_manager(id);
        self.order.retain(|each| *each != id);
    }

    fn stop_key_manager(&mut self, id: Uuid) {
        let Some(running) = self.key_managers.remove(&id) else { return };
        if let Some(same) = self.by_issuer.get_mut(&running.policy.issuer) {
            same.retain(|each| *each != id);
            if same.is_empty() {
                self.by_issuer.remove(&running.policy.issuer);
            }
        }
    }

    pub(super) fn deploy(&mut self, revision: &Revision) {
        self.routes.add(Arc::new(revision.api.clone()));
    }

    pub(super) fn undeploy(&mut self, api: Uuid) {
        self.routes.remove(api);
    }

    /// The client certificates of an API.
    pub(super) fn certificates(&self, api: Uuid) -> &[Known] {
        self.certificates.get(&api).map_or(&[], Vec::as_slice)
    }

    pub(super) fn put_certificate(&mut self, certificate: Arc<ClientCertificate>) {
        self.remove_certificate(&certificate);
        let of_api = self.certificates.entry(certificate.api_id).or_default();
        of_api.extend(Known::of(certificate));
    }

    pub(super) fn remove_certificate(&mut self, certificate: &ClientCertificate) {
        if let Some(of_api) = self.certificates.get_mut(&certificate.api_id) {
            of_api.retain(|one| one.document.alias != certificate.alias);
            if of_api.is_empty() {
                self.certificates.remove(&certificate.api_id);
            }
        }
    }

    pub(super) fn put_mapping(&mut self, mapping: Arc<KeyMapping>) {
        self.remove_mapping(mapping.id);
        self.mappings.entry(mapping.consumer_key.clone()).or_default().push(mapping);
    }

    pub(super) fn remove_mapping(&mut self, id: Uuid) {
        self.mappings.retain(|_, each| {
            each.retain(|mapping| mapping.id != id);
            !each.is_empty()
        });
    }

    pub(super) fn put_subscription(&mut self, subscription: Arc<Subscription>) {
        self.subscriptions.insert((subscription.application_id, subscription.api_id), subscription);
    }

    /// Forgets what applications of a tenant have here that is gone.
    pub(super) fn forget_tenant(&mut self, tenant: &str) {
        self.subscriptions.retain(|_, each| each.tenant != tenant);
        self.mappings.retain(|_, each| {
            each.retain(|mapping| mapping.tenant != tenant);
            !each.is_empty()
        });
    }

    pub(super) fn remove_subscription(&mut self, subscription: &Subscription) {
        self.subscriptions.remove(&(subscription.application_id, subscription.api_id));
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::{Api, ApiStatus, Operation, Played};

    pub(in crate::gateway) fn operation(verb: &str, target: &str) -> Operation {
        Operation {
            target: target.into(),
            verb: verb.into(),
            auth_type: "Application & Application User".into(),
            scopes: vec![],
            played: Played::default(),
        }
    }

    /// An API of the super tenant at version 1.0 that takes every GET.
    pub(in crate::gateway) fn api(context: &str) -> Api {
        Api {
            id: Uuid::new_v4(),
            tenant: "carbon.super".into(),
            provider: "admin".into(),
            name: context.trim_matches('/').into(),
            context: context.into(),
            version: "1.0".into(),
            status: ApiStatus::Published,
            key_managers: vec!["all".into()],
            audiences: vec![],
            security_scheme: vec!["oauth2".into()],
            authorization_header: None,
            policies: vec!["Unlimited".into()],
            scopes: vec![],
            operations: vec![operation("GET", "/*")],
            production_endpoint: None,
            sandbox_endpoint: None,
            endpoint_security: Default::default(),
            document: serde_json::Map::new(),
        }
    }

    fn key_manager(name: &str, issuer: &str) -> KeyManager {
        KeyManager { id: Uuid::new_v4(), issuer: Some(issuer.into()), ..KeyManager::named(name, "custom") }
    }

    #[test]
    fn a_disabled_key_manager_is_absent_and_comes_back_in_its_old_place() {
        let mut state = TenantState::default();
        let (first, second) = (key_manager("a", "https://a"), key_manager("b", "https://b"));
        state.put_key_manager(Arc::new(first.clone()));
        state.put_key_manager(Arc::new(second));
        state.put_key_manager(Arc::new(KeyManager { enabled: false, ..first.clone() }));
        assert!(!is_known(&state, "https://a"));
        state.put_key_manager(Arc::new(KeyManager { issuer: Some("https://c".into()), ..first.clone() }));
        assert!(!is_known(&state, "https://a") && is_known(&state, "https://c"));
        assert_eq!(state.key_managers().map(|each| each.document.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        state.remove_key_manager(first.id);
        assert!(!is_known(&state, "https://c"));
        assert_eq!(state.key_managers().count(), 1);
    }

    fn claims(issuer: &str, client: &str) -> Claims {
        let text = serde_json::json!({ "iss": issuer, "azp": client }).to_string();
        Claims::from_json(text.as_bytes()).unwrap()
    }

    fn is_known(state: &TenantState, issuer: &str) -> bool {
        state.issuer_of(&claims(issuer, "ck")).is_some()
    }

    #[test]
    fn of_two_key_managers_of_one_issuer_the_one_that_knows_the_client_is_chosen_and_else_the_older() {
        let mut state = TenantState::default();
        let (older, newer) = (key_manager("older", "https://a"), key_manager("newer", "https://a"));
        state.put_key_manager(Arc::new(older.clone()));
        state.put_key_manager(Arc::new(newer.clone()));
        // An update must not change their order.
        state.put_key_manager(Arc::new(older));
        let mapping = serde_json::json!({
            "id": Uuid::new_v4(), "tenant": "one.com", "application_id": Uuid::new_v4(), "key_type": "PRODUCTION",
            "key_manager_id": newer.id, "key_manager_name": "newer", "consumer_key": "ck", "mode": "CREATED",
            "state": "COMPLETED", "consumer_secret": null, "grant_types": [], "callback_url": null,
            "additional_properties": {},
        });
        let chosen = |state: &TenantState, client| {
            state.issuer_of(&claims("https://a", client)).map(|each| each.document.name.clone()).unwrap()
        };
        assert_eq!(chosen(&state, "ck"), "older");
        state.put_mapping(Arc::new(serde_json::from_value(mapping).unwrap()));
        assert_eq!(chosen(&state, "ck"), "newer");
        assert_eq!(chosen(&state, "another"), "older");
        state.remove_key_manager(newer.id);
        assert_eq!(chosen(&state, "ck"), "older");
    }
}
