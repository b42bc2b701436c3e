//! Tokens for a user whom somebody else vouches for: an issuer that signs JWTs or SAML assertions, a Kerberos realm.
//! The stage plays that somebody, and makes the authorization server trust it; which phrase asks for it stands in `user_grants`.

use kmspec_mocks::{
    forge::Forge,
    kerberos::{KeyCentre, ServicePrincipal},
    realm::{KeyRing, TrustedIssuer, TrustedKeys, test_keys::KeyFamily},
    saml::IdentityProvider,
};

use crate::world::{HeldKeys, OrFail as _, StepError, World};
use kmspec_drivers::authorization_server::TokenGrant;

use super::{
    servers::{self, USER},
    tokens,
};

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const SAML2_BEARER: &str = "urn:ietf:params:oauth:grant-type:saml2-bearer";
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const KERBEROS: &str = "kerberos";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
/// Whom the issuers vouch for, who is nobody at the server.
pub(super) const SUBJECT: &str = "bob";

/// In which form somebody vouches for a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Voucher {
    /// RFC 7523, section 2.1.
    Jwt,
    /// RFC 7522, section 2.1.
    Saml,
    /// RFC 8693.
    Exchange,
    /// A ticket for a service that the server is.
    Kerberos,
}

/// Makes the server of that key manager trust somebody, who then vouches; the token that the client gets for it.
pub(super) async fn granted(
    world: &mut World,
    keys: &HeldKeys,
    place: &str,
    voucher: Voucher,
) -> Result<TokenGrant, StepError> {
    let mark = uuid::Uuid::new_v4().simple().to_string();
    let (grant_type, fields) = match voucher {
        Voucher::Jwt => (JWT_BEARER, vec![("assertion", jwt(world, place, &mark)?)]),
        Voucher::Saml => (SAML2_BEARER, vec![("assertion", saml(world, place, &mark)?)]),
        Voucher::Exchange => {
            let kind = ("subject_token_type", JWT.to_owned());
            (TOKEN_EXCHANGE, vec![("subject_token", jwt(world, place, &mark)?), kind])
        }
        Voucher::Kerberos => {
            let ticket = ticket(world, place, &mark)?;
            (KERBEROS, vec![("kerberos_token", ticket), ("kerberos_realm", realm_name(&mark))])
        }
    };
    world.log().know(&fields[0].1);
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let reply = tokens::request(world, keys, place, grant_type, &fields).await;
    world.demand(&format!("a token from `{place}` by {grant_type}"), reply)
}

/// A JWT of an issuer that is registered as its administrator does it: the name is the `iss`, the alias the token endpoint.
fn jwt(world: &World, place: &str, mark: &str) -> Result<String, StepError> {
    let (issuer, keys) = (format!("https://{mark}.issuer.example"), KeyRing::of_family(KeyFamily::Rsa));
    let audience = token_endpoint(world, place)?;
    let trusted = TrustedIssuer::new(&issuer, &issuer, TrustedKeys::Ring(keys.clone()));
    trust(world, place, trusted.alias(&audience))?;
    let forge = Forge::new(issuer, keys, servers::forge(world, place)?.clock().clone());
    Ok(forge.token(&audience, SUBJECT).encode())
}

fn saml(world: &World, place: &str, mark: &str) -> Result<String, StepError> {
    let keys = KeyRing::of_family(KeyFamily::Rsa);
    let clock = servers::forge(world, place)?.clock().clone();
    let provider = IdentityProvider::new(format!("https://{mark}.issuer.example"), keys, clock);
    let audience = format!("https://{mark}.server.example");
    trust(world, place, provider.trusted(&format!("partner-{mark}")).alias(&audience))?;
    let assertion = provider.assertion(SUBJECT).audience(audience).recipient(token_endpoint(world, place)?);
    Ok(assertion.sign().map_err(|error| world.error(error))?.encoded())
}

/// A ticket of the server's user; the server is made a service of a realm, and has the grant switched on.
fn ticket(world: &World, place: &str, mark: &str) -> Result<String, StepError> {
    let service = ServicePrincipal::with_password("HTTP/server.example@CORP.EXAMPLE", mark);
    let service = service.map_err(|error| world.error(error))?;
    let name = realm_name(mark);
    let realm = TrustedIssuer::new(&name, format!("https://{name}.example"), TrustedKeys::Nothing);
    trust(world, place, realm.kerberos(service.clone()).local_subjects())?;
    let server = world.servers.named(place).or_fail(world)?.mock().or_fail(world)?;
    server.realm().change_policy(|policy| policy.grant_types.push(KERBEROS.to_owned()));
    let order = KeyCentre::new(service).ticket(&format!("{}@CORP.EXAMPLE", USER.0), server.clock().now());
    Ok(order.map_err(|error| world.error(error))?.negotiated().token())
}

fn realm_name(mark: &str) -> String {
    format!("corp-{mark}")
}

fn token_endpoint(world: &World, place: &str) -> Result<String, StepError> {
    let address = servers::endpoints(world, place)?.token;
    Ok(address.ok_or_else(|| world.error(format!("`{place}` has no token endpoint")))?.to_string())
}

fn trust(world: &World, place: &str, issuer: TrustedIssuer) -> Result<(), StepError> {
    let mock = world.servers.named(place).or_fail(world)?.mock().or_fail(world)?;
    mock.realm().trust(issuer).map_err(|error| world.error(error))
}
