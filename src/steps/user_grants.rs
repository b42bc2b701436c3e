//! Tokens that take a user beside the client: by an authorization code, its renewal, a device, a login by Windows.
//! The user agrees without a browser here; the pages of a login are the business of `authorization_server`, and tokens for
//! whom somebody else vouches that of `vouched_grants`.

use std::{str::FromStr, time::Duration};

use cucumber::given;
use kmspec_mocks::{
    ntlm::Client,
    realm::{
        AuthorizationRequest,
        pkce::{Challenge, ChallengeMethod},
    },
};
use url::Url;

use crate::world::{HeldKeys, OrFail as _, StepError, World};
use kmspec_drivers::{authorization_server::TokenGrant, devportal::KeyType, reply::Reply};
use kmspec_model::exchange::Role;

use super::{
    applications::ready_at,
    parameters::Place,
    servers::USER,
    setup, tokens,
    vouched_grants::{self, Voucher},
};

/// Where browsers are sent back to.
pub(super) const CALLBACK: &str = "https://client.example/callback";
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const NTLM: &str = "iwa:ntlm";
/// What a device leaves between its questions where the server names no interval, in seconds.
const USUAL_INTERVAL: u64 = 5;

/// How a token is had that takes more than the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, cucumber::Parameter)]
#[param(
    name = "way",
    regex = "authorization code with PKCE|authorization code|renewal|device|Windows login|assertion|SAML assertion|token exchange|Kerberos ticket"
)]
pub(super) enum Way {
    Code,
    CodeWithPkce,
    Renewal,
    Device,
    WindowsLogin,
    Vouched(Voucher),
}

impl Way {
    /// Whether a token had this way is for somebody whom an issuer vouches for, and not for a user of the server.
    pub(super) fn is_vouched_for(self) -> bool {
        matches!(self, Self::Vouched(Voucher::Jwt | Voucher::Saml | Voucher::Exchange))
    }
}

impl FromStr for Way {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "authorization code" => Self::Code,
            "authorization code with PKCE" => Self::CodeWithPkce,
            "renewal" => Self::Renewal,
            "device" => Self::Device,
            "Windows login" => Self::WindowsLogin,
            "assertion" => Self::Vouched(Voucher::Jwt),
            "SAML assertion" => Self::Vouched(Voucher::Saml),
            "token exchange" => Self::Vouched(Voucher::Exchange),
            "Kerberos ticket" => Self::Vouched(Voucher::Kerberos),
            _ => return Err(format!("no way to a token is called `{text}`")),
        })
    }
}

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

#[given(expr = "the API consumer holds a token of {string} from {string} by {way}")]
async fn holds(world: &mut World, application: String, place: String, way: Way) -> Result<(), StepError> {
    let keys = tokens::keys_of(world, &application, &place)?;
    let grant = match way {
        Way::Code => by_code(world, &keys, &place, None).await?,
        Way::CodeWithPkce => by_code(world, &keys, &place, Some(verifier())).await?,
        Way::Renewal => {
            let first = by_code(world, &keys, &place, None).await?;
            renewed(world, &keys, &place, first).await?
        }
        Way::Device => by_device(world, &keys, &place).await?,
        Way::WindowsLogin => by_windows(world, &keys, &place).await?,
        Way::Vouched(voucher) => vouched_grants::granted(world, &keys, &place, voucher).await?,
    };
    tokens::hold(world, &application, &place, grant);
    Ok(())
}

/// A verifier of 64 characters (RFC 7636, section 4.1).
fn verifier() -> String {
    format!("{0}{0}", uuid::Uuid::new_v4().simple())
}

/// The user agrees, and the client redeems the code; with its verifier, when there is one.
async fn by_code(
    world: &mut World,
    keys: &HeldKeys,
    place: &str,
    verifier: Option<String>,
) -> Result<TokenGrant, StepError> {
    let challenge = verifier.as_deref().map(|verifier| Challenge::of(ChallengeMethod::S256, verifier));
    let code = code(world, &keys.consumer_key.0, place, challenge)?;
    world.log().know(&code);
    let mut fields = vec![("code", code.as_str()), ("redirect_uri", CALLBACK)];
    fields.extend(verifier.as_deref().map(|verifier| ("code_verifier", verifier)));
    let reply = tokens::request(world, keys, place, "authorization_code", &fields).await;
    world.demand(&format!("a token from `{place}` for its code"), reply)
}

fn code(world: &World, client: &str, place: &str, challenge: Option<Challenge>) -> Result<String, StepError> {
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
        auth_time: false,
        challenge,
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

/// The device begins, the user agrees, and the device asks once its interval is over (RFC 8628, section 3.5).
async fn by_device(world: &mut World, keys: &HeldKeys, place: &str) -> Result<TokenGrant, StepError> {
    let client = tokens::oauth_client(world, place).or_fail(world)?;
    let started = client.start_device(&tokens::authentication(world, keys, place), &[("scope", "openid")]).await;
    let started = world.demand(&format!("the codes of a device at `{place}`"), started)?;
    let [device_code, user_code] = ["device_code", "user_code"].map(|name| setup::text_member(&started, name));
    let (Some(device_code), Some(user_code)) = (device_code, user_code) else {
        return Err(world.deviates("`device_code` and `user_code`", "another answer"));
    };
    [&device_code, &user_code].into_iter().for_each(|code| world.log().know(code));
    let agreed =
        world.servers.named(place).or_fail(world)?.mock().or_fail(world)?.realm().approve_device(&user_code, USER.0);
    world.expect(agreed, format!("a device at `{place}` that waits for its user"), "none")?;
    let interval = started.get("interval").and_then(serde_json::Value::as_u64).unwrap_or(USUAL_INTERVAL);
    world.pass_time(Duration::from_secs(interval + 1))?;
    let reply = tokens::request(world, keys, place, DEVICE, &[("device_code", device_code.as_str())]).await;
    world.demand(&format!("a token from `{place}` for a device"), reply)
}

/// Two requests, the first of which is refused with a challenge for the user's machine.
async fn by_windows(world: &mut World, keys: &HeldKeys, place: &str) -> Result<TokenGrant, StepError> {
    let mut machine = Client::new(USER.0, USER.1).map_err(|error| world.error(error))?;
    let first = machine.negotiate().map_err(|error| world.error(error))?;
    let reply = tokens::request(world, keys, place, NTLM, &[("windows_token", first.as_str())]).await.or_fail(world)?;
    let challenge = match &reply {
        Reply::Refused(refusal) => refusal.header("www-authenticate").unwrap_or_default().to_owned(),
        Reply::Granted(_) => return Err(world.deviates("a challenge by NTLM", "a token for a user nobody knows yet")),
    };
    let second = machine.authenticate(&challenge);
    let second = second.map_err(|error| world.deviates("a challenge by NTLM", error.to_string()))?;
    world.log().know(&second);
    let reply = tokens::request(world, keys, place, NTLM, &[("windows_token", second.as_str())]).await;
    world.demand(&format!("a token from `{place}` for a login by Windows"), reply)
}
