//! The scenario's authorization servers as the steps use them: started, given clients, lent their keys.
//! What they saw is counted in `servers_saw`, what trusts them stands in `protected_apis`, and their forms in `form`.

use serde_json::json;

use kmspec_mocks::{
    forge::Forge,
    journal::Endpoint,
    realm::{ClientSpec, KeyPurpose, SigningKey, TokenFormat, UserSpec},
    vendors::Vendor,
};

use crate::world::{OrFail as _, StepError, World};
use kmspec_drivers::{
    authorization_server::{AuthorizationServerClient, OauthEndpoints},
    credentials::{ConsumerKey, Secret, Token},
    error::DriverError,
};
use kmspec_model::exchange::{Plane, Role};

use super::{consumer, parameters::ServerKind, setup, tokens};

/// A user that every server of a scenario knows.
pub(super) const USER: (&str, &str) = ("alice", "wonderland-7");
/// The API that Auth0 issues JWTs for.
const AUTH0_AUDIENCE: &str = "https://api.example.com/";
/// The APIs that Entra issues tokens of each version for; their scopes are never named one by one.
const ENTRA_V1_API: &str = "api://kmspec-v1/.default";
const ENTRA_V2_API: &str = "api://kmspec-v2/.default";

/// Starts a server that the scenario calls by this name.
pub(super) async fn start(world: &mut World, name: &str, kind: ServerKind) -> Result<(), StepError> {
    if world.servers.has(name) {
        return Ok(());
    }
    let vendor = match kind {
        ServerKind::Is7 => Vendor::Is7,
        ServerKind::OpenBanking => Vendor::Is,
        ServerKind::Custom => Vendor::Custom,
        ServerKind::Cognito => Vendor::Cognito,
        ServerKind::Auth0 => Vendor::Auth0,
        ServerKind::EntraV1 | ServerKind::Entra => Vendor::Entra,
        ServerKind::Okta => Vendor::Okta,
        ServerKind::Keycloak => Vendor::Keycloak,
        ServerKind::PingFederate => Vendor::PingFederate,
        ServerKind::PingOne => Vendor::PingOne,
        ServerKind::ForgeRock => Vendor::ForgeRock,
        ServerKind::Asgardeo => Vendor::Asgardeo,
    };
    let server = world.start_server(name, vendor).await?;
    if let Ok(mock) = server.mock() {
        mock.realm().add_user(UserSpec::new(USER.0, USER.1));
    }
    if kind == ServerKind::EntraV1 {
        world.seen.first_version.insert(name.to_owned());
    }
    Ok(())
}

fn current_key(forge: &Forge) -> SigningKey {
    forge.keys().current(KeyPurpose::Access)
}

/// Stops a server.
pub(super) async fn take_down(world: &mut World, name: &str) -> Result<(), StepError> {
    world.stop_server(name)
}

/// Whether the scenario has such a server, running or stopped.
pub(super) fn is_running(world: &World, name: &str) -> bool {
    world.servers.has(name)
}

/// Whether an earlier step stopped it.
pub(super) fn is_stopped(world: &World, name: &str) -> bool {
    world.servers.named(name).is_ok_and(|server| server.mock().is_err())
}

/// Which kind of server it is.
pub(super) fn kind(world: &World, name: &str) -> Result<ServerKind, StepError> {
    Ok(match world.servers.named(name).or_fail(world)?.vendor {
        Vendor::Is7 => ServerKind::Is7,
        Vendor::Is => ServerKind::OpenBanking,
        Vendor::Custom => ServerKind::Custom,
        Vendor::Cognito => ServerKind::Cognito,
        Vendor::Auth0 => ServerKind::Auth0,
        Vendor::Entra if world.seen.first_version.contains(name) => ServerKind::EntraV1,
        Vendor::Entra => ServerKind::Entra,
        Vendor::Okta => ServerKind::Okta,
        Vendor::Keycloak => ServerKind::Keycloak,
        Vendor::PingFederate => ServerKind::PingFederate,
        Vendor::PingOne => ServerKind::PingOne,
        Vendor::ForgeRock => ServerKind::ForgeRock,
        Vendor::Asgardeo => ServerKind::Asgardeo,
    })
}

/// Scheme, host and port of the server of that name, if the scenario has one.
pub(super) fn base(world: &World, name: &str) -> Result<Option<String>, StepError> {
    let Ok(server) = world.servers.named(name) else { return Ok(None) };
    Ok(server.endpoints().token.as_ref().map(|url| url.origin().ascii_serialization()))
}

/// Its endpoints.
pub(super) fn endpoints(world: &World, name: &str) -> Result<OauthEndpoints, StepError> {
    Ok(world.servers.named(name).or_fail(world)?.endpoints().clone())
}

/// Its issuer.
pub(super) fn issuer(world: &World, name: &str) -> Result<String, StepError> {
    Ok(world.servers.named(name).or_fail(world)?.issuer().to_owned())
}

/// Where its discovery document is.
pub(super) fn discovery_url(world: &World, name: &str) -> Result<String, StepError> {
    let discovery = endpoints(world, name)?.discovery;
    discovery.map(String::from).ok_or_else(|| world.error(format!("`{name}` has no discovery document")))
}

/// Makes tokens in its name.
pub(super) fn forge(world: &World, name: &str) -> Result<Forge, StepError> {
    Ok(world.servers.named(name).or_fail(world)?.forge().clone())
}

/// The certificate of the key that it signs with.
pub(super) fn certificate_pem(world: &World, name: &str) -> Result<String, StepError> {
    Ok(current_key(&forge(world, name)?).certificate_pem())
}

/// A certificate of that key that ended years ago.
pub(super) fn ended_certificate_pem(world: &World, name: &str) -> Result<String, StepError> {
    Ok(current_key(&forge(world, name)?).ended_certificate_pem())
}

/// The certificate of a key that no server of the scenario has.
pub(super) fn foreign_certificate_pem(world: &World) -> String {
    world.foreign_key().certificate_pem()
}

/// Adds a client there, as its administrator would.
pub(super) fn new_client(world: &World, name: &str) -> Result<ConsumerKey, StepError> {
    let server = world.servers.named(name).or_fail(world)?;
    let spec = ClientSpec::new(format!("{name} client"));
    let spec = match world.seen.scopes.get(name) {
        Some(scopes) => spec.scopes(scopes.iter().cloned()),
        None => spec,
    };
    Ok(ConsumerKey(server.mock().or_fail(world)?.realm().add_client(spec).id))
}

/// The secret of a client there, which the platform need not know.
pub(super) fn secret_of(world: &World, name: &str, client: &ConsumerKey) -> Option<Secret> {
    let realm = world.servers.named(name).ok()?.mock().ok()?.realm();
    realm.client(&client.0)?.secret.map(Secret)
}

/// Gives a client there another secret, which the platform is not told.
pub(super) fn change_secret(world: &World, name: &str, client: &ConsumerKey) -> Result<(), StepError> {
    let server = world.servers.named(name).or_fail(world)?;
    let other = uuid::Uuid::new_v4().to_string();
    let realm = server.mock().or_fail(world)?.realm();
    let known = realm.update_client(&client.0, |client| client.secret = Some(other));
    world.expect(known.is_some(), format!("a client at `{name}`"), "none")
}

/// Whether it still knows a client.
pub(super) fn has_client(world: &World, name: &str, client: &ConsumerKey) -> Result<bool, StepError> {
    let server = world.servers.named(name).or_fail(world)?;
    Ok(server.mock().or_fail(world)?.realm().client(&client.0).is_some())
}

/// The grant types that a client was registered for.
pub(super) fn grants_of(world: &World, name: &str, client: &ConsumerKey) -> Result<Vec<String>, StepError> {
    let server = world.servers.named(name).or_fail(world)?;
    let client = server.mock().or_fail(world)?.realm().client(&client.0);
    client.map(|client| client.grant_types).ok_or_else(|| world.deviates(format!("a client at `{name}`"), "none"))
}

/// The redirect URIs that a client was registered with, one by one.
pub(super) fn callbacks_of(world: &World, name: &str, client: &ConsumerKey) -> Result<Vec<String>, StepError> {
    let server = world.servers.named(name).or_fail(world)?;
    let client = server.mock().or_fail(world)?.realm().client(&client.0);
    client.map(|client| client.redirect_uris).ok_or_else(|| world.deviates(format!("a client at `{name}`"), "none"))
}

/// Its clients get opaque tokens from now on.
pub(super) fn issue_opaque_tokens(world: &mut World, name: &str) -> Result<(), StepError> {
    world.seen.opaque.insert(name.to_owned());
    Ok(())
}

/// Makes a client's tokens opaque where the server issues such.
pub(super) fn settle_format(world: &World, name: &str, client: &ConsumerKey) {
    if let (true, Ok(server)) = (world.seen.opaque.contains(name), world.servers.named(name))
        && let Ok(mock) = server.mock()
    {
        mock.realm().update_client(&client.0, |client| client.token_format = TokenFormat::Opaque);
    }
}

/// Client registration answers with this status from now on; as it should when `None`.
pub(super) async fn answer_registration_with(world: &World, name: &str, status: Option<u16>) -> Result<(), StepError> {
    let server = world.servers.named(name).or_fail(world)?;
    let body = r#"{"error":"invalid_client_metadata","error_description":"not today"}"#;
    let answer = status.map(|status| (status, body.to_owned()));
    server.mock().or_fail(world)?.answer_with(Endpoint::Registration, answer);
    Ok(())
}

/// Its token endpoint fails from now on.
pub(super) fn fail_at_tokens(world: &World, name: &str) -> Result<(), StepError> {
    let server = world.servers.named(name).or_fail(world)?;
    let answer = (500, r#"{"error":"server_error","error_description":"not today"}"#.to_owned());
    server.mock().or_fail(world)?.answer_with(Endpoint::Token, Some(answer));
    Ok(())
}

/// It calls the held token's client active from now on, whatever it is asked: until so many seconds from now, and in the
/// name of this issuer or its own.
pub(super) fn call_active(world: &World, name: &str, seconds: i64, issuer: Option<&str>) -> Result<(), StepError> {
    let held = tokens::held(world)?;
    let client = tokens::keys_of(world, &held.application, name)?.consumer_key;
    let server = world.servers.named(name).or_fail(world)?;
    let now = server.forge().clock().now();
    let answer = json!({
        "active": true,
        "client_id": client.0,
        "token_type": "Bearer",
        "iss": issuer.unwrap_or_else(|| server.issuer()),
        "exp": now.saturating_add_signed(seconds),
    });
    server.mock().or_fail(world)?.answer_with(Endpoint::Introspection, Some((200, answer.to_string())));
    Ok(())
}

/// The ids of its clients.
pub(super) fn clients(world: &World, name: &str) -> Result<Vec<String>, StepError> {
    let server = world.servers.named(name).or_fail(world)?;
    let snapshot = server.mock().or_fail(world)?.realm().snapshot();
    Ok(snapshot.clients.into_iter().map(|client| client.id).collect())
}

/// The server in the hands of an OAuth client.
pub(super) fn client(world: &World, name: &str) -> Result<AuthorizationServerClient, DriverError> {
    let endpoints = world.servers.named(name).map(|server| server.endpoints().clone()).unwrap_or_default();
    let scene = world.scene();
    Ok(AuthorizationServerClient::new(
        scene.wire.line(&scene.log, Role::OauthClient, Plane::AuthorizationServer),
        endpoints,
    ))
}

/// What a token request at this server needs beyond its grant; it takes the place of fields of the same name.
pub(super) fn token_fields(world: &World, name: &str) -> Vec<(&'static str, &'static str)> {
    // Asking for a server that there is none of would be kept as the scenario's error.
    if !world.servers.has(name) {
        return Vec::new();
    }
    match kind(world, name) {
        Ok(ServerKind::Auth0) => vec![("audience", AUTH0_AUDIENCE)],
        Ok(ServerKind::EntraV1) => vec![("scope", ENTRA_V1_API)],
        Ok(ServerKind::Entra) => vec![("scope", ENTRA_V2_API)],
        _ => Vec::new(),
    }
}

/// Makes a scope known there that its clients may be granted; clients that come later are given it where the server
/// wants that said of each.
pub(super) fn register_scope(world: &mut World, name: &str, scope: &str) -> Result<(), StepError> {
    let server = world.servers.named(name).or_fail(world)?;
    server.mock().or_fail(world)?.realm().register_scope(scope);
    world.seen.scopes.entry(name.to_owned()).or_default().push(scope.to_owned());
    Ok(())
}

/// A sound token that names this client in the claim that the key manager reads.
pub(super) fn token_for(world: &World, name: &str, client: &ConsumerKey) -> Result<Token, StepError> {
    let token = forge(world, name)?.token(&client.0, &client.0);
    Ok(consumer::under_claim(world, name, token, &client.0))
}

/// An ID token of this client: signed with the key for ID tokens, meant for the client, without scopes.
pub(super) fn id_token_for(world: &World, name: &str, client: &ConsumerKey) -> Result<Token, StepError> {
    let forge = forge(world, name)?;
    let key = forge.keys().current(KeyPurpose::Id);
    let token = forge
        .token(&client.0, USER.0)
        .signed_with(&key)
        .without_header("typ")
        .without_claim("scope")
        .without_claim("azp")
        .without_claim("client_id")
        .claim("token_use", "id")
        .claim("cognito:username", USER.0);
    Ok(token.encode().into())
}

/// What identifies a token in an announcement, and when it expires in seconds: an opaque one is its own name. `None` for a
/// JWT without an id.
pub(super) fn identity_of(world: &World, name: &str, token: &Token) -> Result<Option<(String, u64)>, StepError> {
    let forge = forge(world, name)?;
    let Some(read) = forge.from_genuine(token.reveal()) else {
        return Ok(Some((token.reveal().to_owned(), forge.clock().now() + 3_600)));
    };
    let id = setup::text_member(read.claims(), "jti");
    Ok(id.zip(read.claims().get("exp").and_then(serde_json::Value::as_u64)))
}

/// Ends an opaque token there, which nobody is told of.
pub(super) fn end_token(world: &World, name: &str, token: &Token) {
    if let (true, Ok(server)) = (world.seen.opaque.contains(name), world.servers.named(name))
        && let Ok(mock) = server.mock()
    {
        mock.realm().revoke(token.reveal(), None);
    }
}
