//! How a scenario's things come about: key managers, applications with keys, deployed APIs, all known to the gateway.
//! The sentences that ask for them stand in `state` and `applications`.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};

use crate::world::{
    DeployedApi, HeldKeys, Look, OrFail as _, OwnedApplication, RegisteredKeyManager, StepError, World,
};
use kmspec_drivers::{
    credentials::{ConsumerKey, Token},
    devportal::{Application, ApplicationKey, KeyRequest, KeyType, MapRequest},
    gateway::ApiCall,
    publisher::{Api, ApiScope, Operation, Scope},
    reply::Reply,
};
use kmspec_model::exchange::Role;

use super::{
    connectors,
    flaws::Flaw,
    form::Form,
    further_terms::{FurtherTerms, takes_tokens},
    parameters::{RESIDENT, ServerKind},
    servers, servers_saw, tokens,
};

/// Grant types of a generated client unless a scenario says otherwise.
pub(super) const GRANTS: [&str; 3] = ["client_credentials", "password", "refresh_token"];

/// Registers what the form says as the scenario's key manager of that name.
pub(super) async fn register(world: &mut World, name: &str, form: &Form) -> Result<(), StepError> {
    let admin = world.scene().admin(Role::Administrator).or_fail(world)?;
    let reply = admin.register_document(&form.document).await;
    let document = world.demand(&format!("the key manager `{name}`"), reply)?;
    keep_key_manager(world, name, document)
}

/// Remembers a key manager that the platform answered.
pub(super) fn keep_key_manager(
    world: &mut World,
    name: &str,
    document: kmspec_drivers::key_manager::KeyManager,
) -> Result<(), StepError> {
    let Some(id) = document.id.clone() else {
        return Err(world.deviates(format!("an id for the key manager `{name}`"), "none"));
    };
    let server = servers::is_running(world, name).then(|| name.to_owned());
    world.seen.shown.push((Role::Administrator, serde_json::to_string(&document).unwrap_or_default()));
    world.key_managers.keep(name, RegisteredKeyManager { id, document, server });
    Ok(())
}

/// A running server and a key manager for it, as its document says.
pub(super) async fn key_manager_at(
    world: &mut World,
    name: &str,
    kind: ServerKind,
    change: impl FnOnce(&World, &mut Form) -> Result<(), StepError>,
) -> Result<(), StepError> {
    servers::start(world, name, kind).await?;
    let mut form = Form::filled(world, name, kind)?;
    change(world, &mut form)?;
    register(world, name, &form).await
}

/// An application of a developer.
pub(super) async fn application(world: &mut World, name: &str, owner: Role) -> Result<(), StepError> {
    let at_subject = world.scene().name(name);
    let portal = world.scene().devportal(owner).or_fail(world)?;
    let reply = portal.create_application(&Application::named(&at_subject)).await;
    let created = world.demand(&format!("the application `{name}`"), reply)?;
    let id = created.id.ok_or_else(|| world.deviates(format!("an id for the application `{name}`"), "none"))?;
    world.applications.keep(name, OwnedApplication { id, name: at_subject, owner, keys: Vec::new() });
    Ok(())
}

/// What key generation asks for at a key manager; `by_name` names it by its name instead of its id.
pub(super) fn key_request(
    world: &World,
    place: &str,
    key_type: KeyType,
    by_name: bool,
) -> Result<KeyRequest, StepError> {
    let grant_types = GRANTS.map(str::to_owned).to_vec();
    let request = KeyRequest { key_type, grant_types, ..KeyRequest::default() };
    if place == RESIDENT {
        return Ok(request);
    }
    let registered = world.key_managers.named(place).or_fail(world)?;
    let named = if by_name { registered.document.name.clone() } else { registered.id.clone() };
    let additional_properties = connectors::client_settings(&registered.document);
    Ok(KeyRequest { key_manager: Some(named), additional_properties, ..request })
}

/// Generates keys that the scenario takes for granted.
pub(super) async fn generate(
    world: &mut World,
    application: &str,
    place: &str,
    request: &KeyRequest,
) -> Result<(), StepError> {
    let owned = world.applications.named(application).or_fail(world)?.clone();
    let portal = world.scene().devportal(owned.owner).or_fail(world)?;
    let reply = portal.generate_keys(&owned.id, request).await;
    let keys = world.demand(&format!("key generation for `{application}` at `{place}`"), reply)?;
    keep_keys(world, application, place, request.key_type, keys)
}

/// Remembers keys that the platform answered.
pub(super) fn keep_keys(
    world: &mut World,
    application: &str,
    place: &str,
    key_type: KeyType,
    keys: ApplicationKey,
) -> Result<(), StepError> {
    let Some(consumer_key) = keys.consumer_key.clone() else {
        return Err(world.deviates(format!("a consumer key for `{application}` at `{place}`"), "none"));
    };
    world.seen.keys = Some(keys.clone());
    servers::settle_format(world, place, &consumer_key);
    let consumer_secret = keys.consumer_secret.clone();
    let held = HeldKeys { key_manager: place.to_owned(), key_type, consumer_key, consumer_secret, as_answered: keys };
    let owned = world.applications.named_mut(application);
    match owned {
        Ok(owned) => owned.keys.push(held),
        Err(unnamed) => return Err(world.fail(unnamed)),
    }
    Ok(())
}

/// Maps a new client of the server to the application, as the scenario takes for granted.
pub(super) async fn map(world: &mut World, application: &str, place: &str) -> Result<(), StepError> {
    let client = servers::new_client(world, place)?;
    let owned = world.applications.named(application).or_fail(world)?.clone();
    let portal = world.scene().devportal(owned.owner).or_fail(world)?;
    let request = map_request(world, place, &client, KeyType::Production)?;
    let reply = portal.map_keys(&owned.id, &request).await;
    let keys = world.demand(&format!("mapping a client of `{place}` to `{application}`"), reply)?;
    keep_keys(world, application, place, KeyType::Production, keys)
}

/// What mapping tells the platform: the consumer key, and no secret.
pub(super) fn map_request(
    world: &World,
    place: &str,
    client: &ConsumerKey,
    key_type: KeyType,
) -> Result<MapRequest, StepError> {
    let key_manager = Some(world.key_managers.named(place).or_fail(world)?.id.clone());
    Ok(MapRequest { consumer_key: client.clone(), consumer_secret: None, key_type, key_manager })
}

/// What is special about an API.
#[derive(Debug, Default)]
pub(super) struct ApiTerms<'a> {
    /// The scenario's names of the key managers it accepts; all when empty.
    pub(super) key_managers: &'a [&'a str],
    /// The scope that its operation needs.
    pub(super) scope: Option<&'a str>,
    /// The audiences that it accepts, separated by commas.
    pub(super) audience: Option<&'a str>,
    /// Whether it takes API keys beside tokens.
    pub(super) api_keys: bool,
    /// Whether its operation needs no credential.
    pub(super) open: bool,
    /// Whether a policy is attached to its operation.
    pub(super) policy: bool,
    /// The scope whose tokens count once, by a policy at its operation.
    pub(super) once: Option<&'a str>,
    /// Its operations: the path, and the scopes of which each needs one.
    pub(super) resources: &'a [(String, Vec<String>)],
    /// A shared scope that its operation needs.
    pub(super) shared_scope: Option<&'a str>,
    /// Whether there is a backend for production keys and none for sandbox keys.
    pub(super) production_only: bool,
    /// What is said of it besides.
    pub(super) further: FurtherTerms<'a>,
}

/// A published API that the gateway serves.
pub(super) async fn api(world: &mut World, name: &str, terms: &ApiTerms<'_>) -> Result<(), StepError> {
    let at_subject = world.scene().name(name);
    let context = format!("/{at_subject}");
    // A path of its own at the backend tells this API's requests from those of other scenarios.
    let mark = format!("/{}", uuid::Uuid::new_v4().simple());
    let backend = format!("{}{mark}", world.scene().backend_url.trim_end_matches('/'));
    world.seen.backends.push(mark);
    let mut draft = Api::draft(&at_subject, &context, &backend);
    restrict(world, &mut draft, terms)?;
    let publisher = world.scene().publisher(Role::Publisher).or_fail(world)?;
    let document = world.demand(&format!("the API `{name}`"), publisher.create_api(&draft).await)?;
    let id = document.id.clone().ok_or_else(|| world.deviates(format!("an id for the API `{name}`"), "none"))?;
    world.demand(&format!("deploying `{name}`"), publisher.deploy(&id).await)?;
    world.demand(&format!("publishing `{name}`"), publisher.publish(&id).await)?;
    let path = world.scene().api_path(&context, &draft.version, "").trim_end_matches('/').to_owned();
    world.apis.keep(name, DeployedApi { id, document, path });
    until_served(world, name).await
}

fn restrict(world: &World, draft: &mut Api, terms: &ApiTerms<'_>) -> Result<(), StepError> {
    if !terms.key_managers.is_empty() {
        draft.key_managers = Some(names_at_subject(world, terms.key_managers)?);
    }
    if let Some(scope) = terms.scope {
        draft.scopes = Some(vec![ApiScope { scope: Scope::named(scope, &[]), shared: false }]);
        draft.operations = Some(vec![Operation::any("/*", "GET").scoped(&[scope])]);
    }
    if let Some(scope) = terms.shared_scope {
        needing_shared(draft, scope);
    }
    if !terms.resources.is_empty() {
        let names: BTreeSet<&String> = terms.resources.iter().flat_map(|(_, scopes)| scopes).collect();
        let scopes = names.into_iter().map(|name| ApiScope { scope: Scope::named(name, &[]), shared: false });
        draft.scopes = Some(scopes.collect());
        let operation = |(path, scopes): &(String, Vec<String>)| Operation {
            scopes: scopes.clone(),
            ..Operation::any(path, "GET")
        };
        draft.operations = Some(terms.resources.iter().map(operation).collect());
    }
    if terms.api_keys {
        let schemes = ["oauth2", "oauth_basic_auth_api_key_mandatory", "api_key"];
        draft.security_scheme = Some(schemes.map(str::to_owned).to_vec());
    }
    for operation in draft.operations.iter_mut().flatten() {
        if terms.open {
            operation.auth_type = Some("None".to_owned());
        }
        if terms.policy {
            operation.other.insert("operationPolicies".to_owned(), json!({ "request": [added_header()] }));
        }
        if let Some(scope) = terms.once {
            let policy =
                json!({ "policyName": "revokeOneTimeToken", "policyVersion": "v1", "parameters": { "scope": scope } });
            operation.other.insert("operationPolicies".to_owned(), json!({ "request": [policy] }));
        }
    }
    if terms.production_only
        && let Some(endpoints) = draft.endpoint_config.as_mut().and_then(serde_json::Value::as_object_mut)
    {
        endpoints.remove("sandbox_endpoints");
    }
    if let Some(audience) = terms.audience {
        draft.audiences = Some(audience.split(", ").map(str::to_owned).collect());
    }
    terms.further.write(draft);
    Ok(())
}

/// Has every operation of an API need this shared scope.
pub(super) fn needing_shared(draft: &mut Api, scope: &str) {
    draft.scopes = Some(vec![ApiScope { scope: Scope::named(scope, &[]), shared: true }]);
    for operation in draft.operations.iter_mut().flatten() {
        operation.scopes = vec![scope.to_owned()];
    }
}

/// A policy that has nothing to do with credentials: a field for the backend.
fn added_header() -> Value {
    let parameters = json!({ "headerName": "X-Trace", "headerValue": "on" });
    json!({ "policyName": "addHeader", "policyVersion": "v1", "parameters": parameters })
}

/// The names by which the platform knows these key managers.
pub(super) fn names_at_subject(world: &World, names: &[&str]) -> Result<Vec<String>, StepError> {
    names.iter().map(|name| Ok(world.key_managers.named(name).or_fail(world)?.document.name.clone())).collect()
}

/// Calls without a token until the gateway knows the API: it then refuses for want of a token, unless none is needed.
async fn until_served(world: &World, name: &str) -> Result<(), StepError> {
    let (gateway, bound) = (world.scene().gateway().or_fail(world)?, world.scene().bounds.propagation);
    let path = resource(world, name)?;
    let wanted = format!("the gateway serves the API `{name}`");
    world
        .until(bound, wanted, async || {
            let reply = gateway.call(&ApiCall::get(path.clone())).await.or_fail(world)?;
            let status = reply.refusal().map_or(200, |refusal| refusal.status);
            Ok(Look::when(matches!(status, 200 | 401), (), format!("a call without a token is answered {status}")))
        })
        .await
}

/// The resource that scenarios call.
pub(super) fn resource(world: &World, api: &str) -> Result<String, StepError> {
    Ok(format!("{}/orders", world.apis.named(api).or_fail(world)?.path))
}

/// A call with a token in the header that the platform takes tokens in.
pub(super) fn with_token(world: &World, path: String, token: &Token) -> ApiCall {
    let header = world.seen.token_header.as_deref().unwrap_or("Authorization");
    ApiCall::get(path).header(header, format!("Bearer {}", token.reveal()))
}

/// Subscribes an application to an API.
pub(super) async fn subscribe(world: &mut World, application: &str, api: &str) -> Result<(), StepError> {
    let (owned, id) = subscription_parts(world, application, api)?;
    let portal = world.scene().devportal(owned.owner).or_fail(world)?;
    world.demand(&format!("subscribing `{application}` to `{api}`"), portal.subscribe(&owned.id, &id).await)?;
    Ok(())
}

/// The application, and the id of the API.
pub(super) fn subscription_parts(
    world: &World,
    application: &str,
    api: &str,
) -> Result<(OwnedApplication, String), StepError> {
    let owned = world.applications.named(application).or_fail(world)?.clone();
    Ok((owned, world.apis.named(api).or_fail(world)?.id.clone()))
}

/// An API of the set-up's own, without any terms, which tells whether the gateway knows an application's keys yet.
const PROBE: &str = "readiness-probe";

/// Calls until the gateway knows the application's keys at that key manager. A scenario about a refusal would otherwise
/// see one only because the news had not arrived.
pub(super) async fn until_known(
    world: &mut World,
    application: &str,
    place: &str,
    api: Option<&str>,
) -> Result<(), StepError> {
    let probe = match api.filter(|name| is_open(world, name)) {
        Some(name) => name.to_owned(),
        None => {
            if !world.apis.has(PROBE) {
                self::api(world, PROBE, &ApiTerms::default()).await?;
            }
            subscribe(world, application, PROBE).await?;
            PROBE.to_owned()
        }
    };
    let path = resource(world, &probe)?;
    let gateway = world.scene().gateway().or_fail(world)?;
    let bound = world.scene().bounds.propagation;
    let before = servers_saw::counts(world, place).await?;
    let token = tokens::of_application(world, application, place, &Flaw::Sound).await?;
    world
        .until(bound, format!("the gateway knows the keys of `{application}` at `{place}`"), async || {
            let reply = gateway.call(&with_token(world, path.clone(), &token)).await.or_fail(world)?;
            let instead = reply.refusal().map_or_else(String::new, ToString::to_string);
            Ok(Look::when(matches!(reply, Reply::Granted(_)), (), instead))
        })
        .await?;
    // A server that hands a live opaque token out again would hand out this one, whose verdict the gateway remembers.
    servers::end_token(world, place, &token);
    servers_saw::leave_out(world, place, &before).await
}

/// Calls until the gateway knows the subscription, whatever else it then finds to refuse.
pub(super) async fn until_subscribed(
    world: &mut World,
    application: &str,
    place: &str,
    api: &str,
) -> Result<(), StepError> {
    let path = resource(world, api)?;
    let token = tokens::of_application(world, application, place, &Flaw::Sound).await?;
    let gateway = world.scene().gateway().or_fail(world)?;
    let bound = world.scene().bounds.propagation;
    world
        .until(bound, format!("the gateway knows the subscription of `{application}`"), async || {
            let reply = gateway.call(&ApiCall::get(path.clone()).bearer(token.reveal())).await.or_fail(world)?;
            let unknown = reply.refusal().is_some_and(|refusal| refusal.has_code("900908") || refusal.status == 401);
            Ok(Look::when(!unknown, (), "refused for want of a subscription"))
        })
        .await
}

/// Whether an API takes any subscribed token.
fn is_open(world: &World, api: &str) -> bool {
    world.apis.named(api).is_ok_and(|api| {
        let all = |names: &Vec<String>| names.iter().any(|name| name == "all");
        takes_tokens(&api.document)
            && api.document.key_managers.as_ref().is_none_or(all)
            && api.document.operations.iter().flatten().all(|operation| operation.scopes.is_empty())
            && api.document.audiences.as_ref().is_none_or(Vec::is_empty)
    })
}

/// A bound for what is expected to happen at once and is polled all the same.
pub(super) fn propagation(world: &World) -> Duration {
    world.scene().bounds.propagation
}

/// The member of a JSON document, as text.
pub(super) fn text_member(document: &serde_json::Map<String, Value>, name: &str) -> Option<String> {
    document.get(name).and_then(Value::as_str).map(str::to_owned)
}
