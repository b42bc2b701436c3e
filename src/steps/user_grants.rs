//! Tokens that take a user or an issuer beside the client: by an authorization code, its renewal, an assertion.
//! The user agrees without a browser here; the pages of a login are the business of `authorization_server`.

use cucumber::given;
use kmspec_mocks::{
    forge::Forge,
    realm::{AuthorizationRequest, KeyRing, TrustedIssuer, TrustedKeys, test_keys::KeyFamily},
};
use url::Url;

use crate::world::{HeldKeys, OrFail as _, StepError, World};
use kmspec_drivers::{authorization_server::TokenGrant, devportal::KeyType};
use kmspec_model::exchange::Role;

use super::{
    applications::ready_at,
    parameters::Place,
    servers::{self, USER},
    setup, tokens,
};

/// Where browsers are sent back to.
pub(super) const CALLBACK: &str = "https://client.example/callback";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

#[given(
    expr = "the application {string} with keys at {place} for the grant types {string}, subscribed to the API {string}"
)]
async fn subscribed_for_grants(
    world: &mut World,
    name: String,
    place: Place,
    grants: String,
    api: String,
) -> Result<(), StepError> {
    setup::application(world, &name, Role::Developer).await?;
    let mut request = setup::key_request(world, &place.0, KeyType::Production, false)?;
    request.grant_types = grants.split(", ").map(str::to_owned).collect();
    request.callback_url = Some(CALLBACK.to_owned());
    setup::generate(world, &name, &place.0, &request).await?;
    ready_at(world, &name, &place.0, &api).await
}

#[given(
    regex = r#"^the API consumer holds a token of "([^"]*)" from "([^"]*)" by (authorization code|renewal|assertion)$"#
)]
async fn holds(world: &mut World, application: String, place: String, way: String) -> Result<(), StepError> {
    let keys = tokens::keys_of(world, &application, &place)?;
    let grant = match way.as_str() {
        "assertion" => by_assertion(world, &keys, &place).await?,
        way => {
            let first = by_code(world, &keys, &place).await?;
            if way == "renewal" { renewed(world, &keys, &place, first).await? } else { first }
        }
    };
    tokens::hold(world, &application, &place, grant);
    Ok(())
}

/// The user agrees, and the client redeems the code.
async fn by_code(world: &mut World, keys: &HeldKeys, place: &str) -> Result<TokenGrant, StepError> {
    let code = code(world, &keys.consumer_key.0, place)?;
    world.log().know(&code);
    let fields = [("code", code.as_str()), ("redirect_uri", CALLBACK)];
    let reply = tokens::request(world, keys, place, "authorization_code", &fields).await;
    world.demand(&format!("a token from `{place}` for its code"), reply)
}

fn code(world: &World, client: &str, place: &str) -> Result<String, StepError> {
    let realm = world.servers.named(place).or_fail(world)?.mock().or_fail(world)?.realm();
    let registered = realm.client(client).map(|client| client.redirect_uris).unwrap_or_default();
    let wanted = format!("a client at `{place}` that may be redirected to {CALLBACK}");
    world.expect(registered.iter().any(|uri| uri == CALLBACK), wanted, format!("to {registered:?}"))?;
    let asked = AuthorizationRequest {
        client_id: client.to_owned(),
        redirect_uri: CALLBACK.to_owned(),
        redirect_uri_sent: true,
        id_token: false,
        scopes: None,
        state: None,
        nonce: None,
        audience: None,
        challenge: None,
    };
    let user = realm.user(USER.0).ok_or_else(|| world.error(format!("`{place}` has no user {}", USER.0)))?;
    let sent_to: Url = asked.approved(realm, &user).parse().map_err(|error| world.error(error))?;
    let code = sent_to.query_pairs().find(|(name, _)| name == "code").map(|(_, value)| value.into_owned());
    code.ok_or_else(|| world.deviates(format!("a code from `{place}`"), "an error"))
}

async fn renewed(world: &mut World, keys: &HeldKeys, place: &str, first: TokenGrant) -> Result<TokenGrant, StepError> {
    let Some(refresh_token) = first.refresh_token.clone() else {
        return Err(world.deviates("a refresh token with the token", "none"));
    };
    let reply = tokens::renew(world, keys, place, &refresh_token, None).await;
    let again = world.demand(&format!("a renewed token from `{place}`"), reply)?;
    world.expect(again.access_token != first.access_token, "a new access token when it is renewed", "the same one")?;
    Ok(again)
}

/// An issuer that the server trusts vouches for somebody (RFC 7523, section 2.1).
async fn by_assertion(world: &mut World, keys: &HeldKeys, place: &str) -> Result<TokenGrant, StepError> {
    let mark = uuid::Uuid::new_v4().simple().to_string();
    let (issuer, audience) = (format!("https://{mark}.issuer.example"), format!("https://{mark}.server.example"));
    let ring = KeyRing::of_family(KeyFamily::Rsa);
    let trusted = TrustedIssuer::new(format!("partner-{mark}"), &issuer, TrustedKeys::Ring(ring.clone()));
    let mock = world.servers.named(place).or_fail(world)?.mock().or_fail(world)?;
    mock.realm().trust(trusted.alias(&audience)).map_err(|error| world.error(error))?;
    let assertion = Forge::new(issuer, ring, servers::forge(world, place)?.clock().clone());
    let assertion = assertion.token(&audience, "bob").encode();
    let reply = tokens::request(world, keys, place, JWT_BEARER, &[("assertion", &assertion)]).await;
    world.demand(&format!("a token from `{place}` for an assertion"), reply)
}
