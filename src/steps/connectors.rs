//! Key managers whose servers register clients, each spoken to in the dialect of its type, and the resident one's own place.
//! Key managers whose clients are mapped, and those that register by themselves, are filled in by `form` alone.

use cucumber::{given, then, when};
use serde_json::{Map, Value, json};

use crate::world::{Last, OrFail as _, StepError, World};
use kmspec_drivers::{
    authorization_server::ClientAuthentication, credentials::ConsumerKey, devportal::TokenOrder,
    key_manager::KeyManager,
};
use kmspec_mocks::{
    faults::{Fault, FaultScript},
    journal::Endpoint,
    vendors::MANAGER,
};
use kmspec_model::exchange::Role;

use super::{
    administrator::id_of,
    developer::mapping_id,
    form::Form,
    parameters::{Place, RESIDENT, ServerKind},
    servers, setup, tokens,
};

/// The API that a client of Auth0 is to have tokens for.
const AUTH0_API: &str = "https://api.example.com/";

#[given(expr = "a key manager {string} at {kind} that registers clients")]
async fn registering(world: &mut World, name: String, kind: ServerKind) -> Result<(), StepError> {
    setup::key_manager_at(world, &name, kind, |world, form| enter(world, form, &name, kind)).await
}

/// The type that speaks to a kind of server, and what it has to know; nothing for kinds whose form has it all.
fn enter(world: &World, form: &mut Form, name: &str, kind: ServerKind) -> Result<(), StepError> {
    let mock = world.servers.named(name).or_fail(world)?.mock().or_fail(world)?;
    let Some((connector, properties)) = connection(mock.base_url(), mock.initial_access_token(), kind) else {
        return Ok(());
    };
    form.document["type"] = connector.into();
    form.document["additionalProperties"] = properties;
    form.enter(world, "OAuth app creation", "on")
}

fn connection(base: &str, initial_token: Option<&str>, kind: ServerKind) -> Option<(&'static str, Value)> {
    let managing = json!({ "client_id": MANAGER.0, "client_secret": MANAGER.1 });
    Some(match kind {
        ServerKind::Custom => ("custom", json!({ "initial_access_token": initial_token })),
        ServerKind::Keycloak => ("KeyCloak", managing),
        ServerKind::ForgeRock => ("Forgerock", managing),
        ServerKind::Okta => {
            ("Okta", json!({ "apiKey": initial_token, "client_id": MANAGER.0, "client_secret": MANAGER.1 }))
        }
        ServerKind::Auth0 => ("Auth0", with(managing, "audience", format!("{base}/api/v2/").into())),
        ServerKind::PingFederate => {
            let administrator = with(managing, "username", "admin".into());
            ("PingFederate", with(administrator, "password", "admin".into()))
        }
        ServerKind::Entra => (
            "AzureAD",
            json!({ "microsoft_graph_api_endpoint": base, "v1.0": "v1.0", "azure_ad_requested_access_token_version": "v2.0",
                    "azure_ad_client_id": MANAGER.0, "azure_ad_client_secret": MANAGER.1 }),
        ),
        ServerKind::Asgardeo => (
            "Asgardeo",
            json!({ "org_name": "kmspec", "mgmt_client_id": MANAGER.0, "mgmt_client_secret": MANAGER.1,
                    "APIM_GLOBAL_SCOPES": "all", "asgardeo_roles_endpoint": format!("{base}/scim2/v2/Roles"),
                    "asgardeo_api_resource_management_endpoint": format!("{base}/api/server/v1/api-resources") }),
        ),
        _ => return None,
    })
}

fn with(mut properties: Value, name: &str, value: Value) -> Value {
    properties[name] = value;
    properties
}

/// What a type of key manager must be told of every client, beside what all are told.
pub(super) fn client_settings(key_manager: &KeyManager) -> Option<Map<String, Value>> {
    let settings = match key_manager.kind.as_str() {
        "KeyCloak" => json!({ "subject_type": "public", "token_endpoint_auth_method": "client_secret_basic",
                              "tls_client_certificate_bound_access_tokens": "false" }),
        "Okta" => json!({ "response_types": ["token"], "token_endpoint_auth_method": "client_secret_basic",
                          "application_type": "service" }),
        "Auth0" => json!({ "token_endpoint_auth_method": "client_secret_basic", "audience_of_api": AUTH0_API }),
        _ => return None,
    };
    settings.as_object().cloned()
}

#[given(expr = "the answer of {string} to the next registration is lost")]
async fn loses_answer(world: &mut World, name: String) -> Result<(), StepError> {
    let clients = servers::clients(world, &name)?;
    world.seen.clients.insert(name.clone(), clients);
    let mock = world.servers.named(&name).or_fail(world)?.mock().or_fail(world)?;
    let script = FaultScript::new(Fault::Reset).at(Endpoint::Registration).times(1);
    mock.faults().script(script).await.map_err(|error| world.error(error))
}

#[then(expr = "no further client is left at {string}")]
async fn no_further_client(world: &mut World, name: String) -> Result<(), StepError> {
    let Some(before) = world.seen.clients.get(&name).cloned() else {
        return Err(world.error(format!("no step before this one looked at the clients of `{name}`")));
    };
    let mut left = servers::clients(world, &name)?;
    left.retain(|client| !before.contains(client));
    world.expect(left.is_empty(), format!("no further client at `{name}`"), format!("{left:?}"))
}

#[when(expr = "the developer has the token of {string} at {place} replaced")]
async fn replaces_token(world: &mut World, application: String, place: Place) -> Result<(), StepError> {
    let Some(replaced) = world.seen.keys.as_ref().and_then(|keys| keys.token.clone()) else {
        return Err(world.deviates(format!("a token that came with the keys of `{application}`"), "none"));
    };
    let mapping = mapping_id(world, &application, &place.0)?;
    let keys = tokens::keys_of(world, &application, &place.0)?;
    let owned = world.applications.named(&application).or_fail(world)?.clone();
    let portal = world.scene().devportal(owned.owner).or_fail(world)?;
    let order = TokenOrder {
        consumer_secret: keys.consumer_secret,
        revoke_token: Some(replaced.access_token),
        ..TokenOrder::default()
    };
    let reply = portal.generate_token(&owned.id, &mapping, &order).await;
    world.keep(reply).map(drop)
}

#[given(expr = "the administrator has registered a client where the resident key manager says")]
#[when(expr = "the administrator registers a client where the resident key manager says")]
async fn registers_at_resident(world: &mut World) -> Result<(), StepError> {
    let session = world.scene().session(Role::Administrator).or_fail(world)?;
    let administrator = session.persona().cloned();
    let administrator = administrator.ok_or_else(|| world.error("the administrator has no password here"))?;
    let id = id_of(world, RESIDENT).await?;
    let admin = world.scene().admin(Role::Administrator).or_fail(world)?;
    let document = world.demand("reading the resident key manager", admin.key_manager(&id).await)?;
    let place = document.registration_endpoint.as_deref().and_then(|text| text.parse::<url::Url>().ok());
    let Some(place) = place else {
        return Err(world.deviates("a client registration endpoint of the resident key manager", "none"));
    };
    let metadata = json!({
        "client_name": world.scene().name("registered-by-hand"), "grant_types": ["client_credentials"], "redirect_uris": [],
        "ext_application_owner": administrator.username, "token_type_extension": "JWT",
    });
    let resident = world.scene().resident().or_fail(world)?;
    let registered = resident.register_client(place.path(), &administrator, &metadata).await;
    let registered = world.demand("registering a client at the resident key manager", registered)?;
    world.seen.registered = Some((ConsumerKey(registered.client_id), registered.client_secret));
    world.last = Some(Last::Granted);
    Ok(())
}

#[then(expr = "the registered client gets a token from the resident key manager")]
async fn gets_token(world: &mut World) -> Result<(), StepError> {
    let Some((client, secret)) = world.seen.registered.clone() else {
        return Err(world.error("no step before this one registered a client"));
    };
    let oauth = tokens::oauth_client(world, RESIDENT).or_fail(world)?;
    let reply = oauth.token(&ClientAuthentication::Basic(client, secret), "client_credentials", &[]).await;
    world.demand("a token for the registered client", reply).map(drop)
}
