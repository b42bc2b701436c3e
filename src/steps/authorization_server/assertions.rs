//! Phrases about tokens for whom somebody else vouches: JWT bearer, token exchange, SAML 2.0 bearer.
//! The issuer is one that the run made the mock trust; what it says wrong is forged by the mocks' own forge.

use cucumber::{given, when};
use kmspec_mocks::{
    forge::{Envelope, Forge, Forgery},
    realm::{Algorithm, KeyRing, SigningKey, TrustedIssuer, TrustedKeys, test_keys::KeyFamily},
    saml::{AssertionBuilder, IdentityProvider, SignedAssertion},
};

use super::token_endpoint::ask_with;
use crate::world::{OrFail, Partner, StepError, World};

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const SAML2_BEARER: &str = "urn:ietf:params:oauth:grant-type:saml2-bearer";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
/// For whom the issuer vouches.
pub(super) const SUBJECT: &str = "bob";
const HOUR: i64 = 3_600;

#[given("an issuer whom the server trusts")]
async fn trusted_issuer(world: &mut World) -> Result<(), StepError> {
    let server = world.certified_mock()?;
    let mock = server.mock().or_fail(world)?;
    let mark = uuid::Uuid::new_v4().simple().to_string();
    let (issuer, audience) = (format!("https://{mark}.issuer.example"), format!("https://{mark}.server.example"));
    let keys = KeyRing::of_family(KeyFamily::Rsa);
    let name = format!("partner-{mark}");
    let trusted = TrustedIssuer::new(&name, &issuer, TrustedKeys::Ring(keys.clone()));
    mock.realm().trust(trusted.alias(&audience)).map_err(|error| world.error(error))?;
    let known = mock.realm().keys().clone();
    world.partner = Some(Partner { forge: Forge::new(issuer, keys, mock.clock().clone()), audience, name, known });
    Ok(())
}

#[when("the OAuth client asks for a token with a JWT of that issuer")]
async fn jwt_bearer(world: &mut World) -> Result<(), StepError> {
    let assertion = partner(world)?.vouches().encode();
    present_jwt(world, &assertion).await
}

#[when(regex = "^the OAuth client asks for a token with a JWT of that issuer that (.+)$")]
async fn flawed_jwt_bearer(world: &mut World, flaw: String) -> Result<(), StepError> {
    let assertion = flawed(world, &flaw)?;
    present_jwt(world, &assertion).await
}

#[when("the OAuth client asks for a token with a JWT of that issuer within an envelope for the server")]
async fn enveloped_jwt_bearer(world: &mut World) -> Result<(), StepError> {
    let assertion = partner(world)?.vouches().encrypted(&server_key(world)?, Envelope::Token).encode();
    present_jwt(world, &assertion).await
}

#[when("the OAuth client exchanges a JWT of that issuer")]
async fn exchange(world: &mut World) -> Result<(), StepError> {
    let subject = partner(world)?.vouches().encode();
    exchange_for(world, &subject, Some(JWT)).await
}

#[when(regex = "^the OAuth client exchanges a JWT of that issuer that (.+)$")]
async fn flawed_exchange(world: &mut World, flaw: String) -> Result<(), StepError> {
    let subject = flawed(world, &flaw)?;
    exchange_for(world, &subject, Some(JWT)).await
}

#[when("the OAuth client exchanges a JWT of that issuer without saying what it is")]
async fn exchange_untyped(world: &mut World) -> Result<(), StepError> {
    let subject = partner(world)?.vouches().encode();
    exchange_for(world, &subject, None).await
}

#[when("the OAuth client asks for a token with a SAML assertion of that issuer")]
async fn saml_bearer(world: &mut World) -> Result<(), StepError> {
    let assertion = signed(world, &saml(world)?)?;
    present_saml(world, &assertion).await
}

#[when(regex = "^the OAuth client asks for a token with a SAML assertion of that issuer that (.+)$")]
async fn flawed_saml_bearer(world: &mut World, flaw: String) -> Result<(), StepError> {
    let (good, now) = (saml(world)?, partner(world)?.forge.clock().now());
    let other = KeyRing::of_family(KeyFamily::Rsa);
    let assertion = match flaw.as_str() {
        "names another audience" => signed(world, &saml_of(world)?.audience("https://elsewhere.example"))?,
        "has expired" => signed(world, &good.not_on_or_after(Some(now - 60)).confirmed_until(Some(now - 60)))?,
        "has no subject" => signed(world, &good.without_subject())?,
        "is for another recipient" => signed(world, &good.recipient("https://elsewhere.example/token"))?,
        "is not signed" => good.unsigned(),
        "was signed by somebody else" => {
            let key = other.published_keys().first().cloned().ok_or_else(|| world.error("a ring without a key"))?;
            good.sign_with(&key).map_err(|error| world.error(error))?
        }
        "was changed afterwards" => signed(world, &good)?.altered(SUBJECT, "eve"),
        "is of an issuer whom nobody trusts" => signed(world, &good.issuer(Some("https://nobody.example")))?,
        "names its issuer as the server calls it" => {
            let name = partner(world)?.name.clone();
            signed(world, &good.issuer(Some(&name)))?
        }
        other => return Err(unknown(world, other)),
    };
    present_saml(world, &assertion).await
}

impl Partner {
    /// What it says of its user, when all is right.
    fn vouches(&self) -> Forgery {
        self.forge.token(&self.audience, SUBJECT)
    }

    /// It as an identity provider that speaks SAML.
    fn provider(&self) -> IdentityProvider {
        IdentityProvider::new(self.forge.issuer(), self.forge.keys().clone(), self.forge.clock().clone())
    }
}

fn partner(world: &World) -> Result<&Partner, StepError> {
    world.partner.as_ref().ok_or_else(|| world.error("no step before this one made an issuer"))
}

/// What the issuer says with this flaw in it.
fn flawed(world: &World, flaw: &str) -> Result<String, StepError> {
    let partner = partner(world)?;
    let good = partner.vouches();
    let bad = match flaw {
        "names another audience" => partner.forge.token("https://elsewhere.example", SUBJECT),
        "has expired" => good.expires_in(-HOUR),
        "has no expiry" => good.without_claim("exp"),
        "has no subject" => good.without_claim("sub"),
        "is not signed" => good.unsigned("none"),
        "has a wrong signature" => good.flipped_signature(),
        "was signed by somebody else" => {
            let elsewhere =
                Forge::new(partner.forge.issuer(), KeyRing::of_family(KeyFamily::Rsa), partner.forge.clock().clone());
            elsewhere.token(&partner.audience, SUBJECT)
        }
        "is of an issuer whom nobody trusts" => good.claim("iss", "https://nobody.example"),
        "is encrypted and not signed" => {
            let key = partner.forge.keys().published_keys().first().cloned();
            good.encrypted(&key.ok_or_else(|| world.error("a ring without a key"))?, Envelope::Claims)
        }
        "is encrypted to the server and not signed" => good.encrypted(&server_key(world)?, Envelope::Claims),
        other => return Err(unknown(world, other)),
    };
    Ok(bad.encode())
}

/// The key to which issuers encrypt what is for the server.
fn server_key(world: &World) -> Result<SigningKey, StepError> {
    let rsa = |key: &SigningKey| matches!(key.algorithm(), Algorithm::RS256 | Algorithm::PS256);
    let published = partner(world)?.known.published_keys().into_iter().find(rsa);
    published.ok_or_else(|| world.error("the server publishes no RSA key"))
}

fn unknown(world: &World, flaw: &str) -> StepError {
    world.error(format!("no step knows how something `{flaw}`"))
}

async fn present_jwt(world: &World, assertion: &str) -> Result<(), StepError> {
    world.log().know(assertion);
    ask_with(world, &[("grant_type", JWT_BEARER), ("assertion", assertion)]).await
}

async fn exchange_for(world: &World, subject: &str, kind: Option<&str>) -> Result<(), StepError> {
    world.log().know(subject);
    let mut fields = vec![("grant_type", TOKEN_EXCHANGE), ("subject_token", subject)];
    fields.extend(kind.map(|kind| ("subject_token_type", kind)));
    ask_with(world, &fields).await
}

/// An assertion about its user that says all but for whom it is.
fn saml_of(world: &World) -> Result<AssertionBuilder, StepError> {
    let token = world.conversation()?.endpoints().token.clone();
    let token = token.ok_or_else(|| world.error("the document names no token endpoint"))?;
    Ok(partner(world)?.provider().assertion(SUBJECT).recipient(token.as_str()))
}

fn saml(world: &World) -> Result<AssertionBuilder, StepError> {
    Ok(saml_of(world)?.audience(&partner(world)?.audience))
}

fn signed(world: &World, assertion: &AssertionBuilder) -> Result<SignedAssertion, StepError> {
    assertion.sign().map_err(|error| world.error(error))
}

async fn present_saml(world: &World, assertion: &SignedAssertion) -> Result<(), StepError> {
    let encoded = assertion.encoded();
    world.log().know(&encoded);
    ask_with(world, &[("grant_type", SAML2_BEARER), ("assertion", &encoded)]).await
}
