//! Credentials of every kind that the API consumer presents: tokens, API keys, internal keys, passwords; each where it belongs,
//! and where it does not. What came of a call is observed elsewhere.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use cucumber::{given, then, when};
use serde_json::Value;

use crate::world::{OrFail as _, StepError, World};
use kmspec_drivers::{credentials::Token, gateway::ApiCall, reply::Reply};
use kmspec_model::{exchange::Role, target::Persona};

use super::{
    api_keys::{self, header_of},
    consumer::call,
    further_terms::{FurtherTerms, Writing},
    parameters::RESIDENT,
    refusals::told,
    setup::{self, ApiTerms, resource, with_token},
    tokens, users,
};

/// The header of internal keys.
const INTERNAL_KEY: &str = "Internal-Key";

#[given(regex = r#"^an API "([^"]*)" that takes only (access tokens|API keys|Basic credentials|client certificates)$"#)]
async fn api_for(world: &mut World, name: String, kind: String) -> Result<(), StepError> {
    const MANDATORY: &str = "oauth_basic_auth_api_key_mandatory";
    let credentials: &[&str] = match kind.as_str() {
        "API keys" => &["api_key", MANDATORY],
        "Basic credentials" => &["basic_auth", MANDATORY],
        "client certificates" => &["mutualssl", "mutualssl_mandatory"],
        _ => &["oauth2", MANDATORY],
    };
    let further = FurtherTerms { credentials: Some(credentials), ..FurtherTerms::default() };
    setup::api(world, &name, &ApiTerms { further, ..ApiTerms::default() }).await
}

#[given(expr = "an API {string} that takes access tokens and Basic credentials")]
async fn api_for_both(world: &mut World, name: String) -> Result<(), StepError> {
    let credentials = Some(&["oauth2", "basic_auth", "oauth_basic_auth_api_key_mandatory"][..]);
    let further = FurtherTerms { credentials, ..FurtherTerms::default() };
    setup::api(world, &name, &ApiTerms { further, ..ApiTerms::default() }).await
}

#[given(regex = r#"^an API "([^"]*)" that is written to( in XML)?$"#)]
async fn api_that_is_written_to(world: &mut World, name: String, xml: String) -> Result<(), StepError> {
    let writing = Some(if xml.is_empty() { Writing::AsItIs } else { Writing::AsXml });
    let further = FurtherTerms { writing, ..FurtherTerms::default() };
    setup::api(world, &name, &ApiTerms { further, ..ApiTerms::default() }).await
}

#[given(expr = "the publisher holds an internal key of {string}")]
#[when(expr = "the publisher generates an internal key of {string}")]
async fn generates_internal_key(world: &mut World, api: String) -> Result<(), StepError> {
    let id = world.apis.named(&api).or_fail(world)?.id.clone();
    let publisher = world.scene().publisher(Role::Publisher).or_fail(world)?;
    let key = world.demand("an internal key", publisher.generate_internal_key(&id).await)?;
    world.seen.internal_key = Some(key);
    Ok(())
}

#[then(regex = "^the internal key says that it is for (production|sandbox)$")]
async fn internal_key_says(world: &mut World, kind: String) -> Result<(), StepError> {
    let key = internal_key(world)?;
    let Some((_, claims)) = kmspec_mocks::realm::jwt::read(key.reveal()) else {
        return Err(world.deviates("an internal key that is a JWT", "another text"));
    };
    let said = claims.get("keytype").cloned().unwrap_or_default();
    world.expect_eq("the claim `keytype`", &Value::from(kind.to_uppercase()), &said)
}

fn internal_key(world: &World) -> Result<Token, StepError> {
    let key = world.seen.internal_key.clone();
    key.ok_or_else(|| world.error("there is no internal key\nhint: a `Given` has to get it"))
}

/// What is presented, in its own words.
fn text_of(world: &World, credential: &str) -> Result<Token, StepError> {
    match credential {
        "the access token" => Ok(tokens::held(world)?.token),
        "the API key" => api_keys::held(world),
        "a made-up API key" => Ok("nobody-made-this".into()),
        _ => internal_key(world),
    }
}

/// A call with a text in the place of this kind of credentials.
fn in_place(world: &World, api: &str, text: &Token, kind: &str) -> Result<ApiCall, StepError> {
    let path = resource(world, api)?;
    Ok(match kind {
        "an access token" => with_token(world, path, text),
        "an API key" => ApiCall::get(path).header(&header_of(world, api), text.reveal()),
        _ => ApiCall::get(path).header(INTERNAL_KEY, text.reveal()),
    })
}

#[when(
    regex = r#"^the API consumer calls "([^"]*)" with (the access token|the API key|a made-up API key|the internal key)$"#
)]
async fn calls_with(world: &mut World, api: String, credential: String) -> Result<(), StepError> {
    let kind = match credential.as_str() {
        "the access token" => "an access token",
        "the internal key" => "an internal key",
        _ => "an API key",
    };
    calls_in_place_of(world, api, credential, kind.to_owned()).await
}

#[when(
    regex = r#"^the API consumer calls "([^"]*)" with (the access token|the API key|the internal key) in the place of (an access token|an API key|an internal key)$"#
)]
async fn calls_in_place_of(world: &mut World, api: String, credential: String, kind: String) -> Result<(), StepError> {
    let text = text_of(world, &credential)?;
    let request = in_place(world, &api, &text, &kind)?;
    call(world, request).await
}

#[when(regex = r#"^the API consumer calls "([^"]*)" with (the access token|the API key) in the header "([^"]*)"$"#)]
async fn calls_in_header(world: &mut World, api: String, credential: String, header: String) -> Result<(), StepError> {
    let text = text_of(world, &credential)?;
    let value = if credential == "the access token" { format!("Bearer {text}", text = text.reveal()) } else { text.0 };
    let request = ApiCall::get(resource(world, &api)?).header(&header, value);
    call(world, request).await
}

/// A call with a name and a password.
pub(super) fn with_password(world: &World, api: &str, user: &str, password: &str) -> Result<ApiCall, StepError> {
    let text = BASE64_STANDARD.encode(format!("{user}:{password}"));
    Ok(ApiCall::get(resource(world, api)?).header("Authorization", format!("Basic {text}")))
}

#[when(regex = r#"^the API consumer calls "([^"]*)" with (the developer's|a wrong) password(?: of the developer)?$"#)]
async fn calls_with_password(world: &mut World, api: String, whose: String) -> Result<(), StepError> {
    let session = world.scene().session(Role::Developer).or_fail(world)?.clone();
    let Some(developer) = session.persona() else { return Err(world.error("the developer has no password")) };
    let password = if whose == "a wrong" { "not-the-password" } else { &developer.password };
    let request = with_password(world, &api, &developer.username, password)?;
    call(world, request).await
}

/// Whether an API lets somebody in with this password; a refusal for another reason than the credentials is an error.
async fn lets_in(world: &World, api: &str, user: &Persona) -> Result<bool, StepError> {
    let request = with_password(world, api, &user.username, &user.password)?;
    match world.scene().gateway().or_fail(world)?.call(&request).await.or_fail(world)? {
        Reply::Granted(_) => Ok(true),
        Reply::Refused(refusal) if refusal.status == 401 && refusal.has_code("900901") => Ok(false),
        Reply::Refused(refusal) => {
            Err(world.deviates("an answer, or a refusal of the credentials", refusal.to_string()))
        }
    }
}

#[given(expr = "{string} has accepted the password of {string}")]
async fn has_accepted_password(world: &mut World, api: String, user: String) -> Result<(), StepError> {
    let user = users::known(world, &user)?;
    let accepted = lets_in(world, &api, &user).await?;
    world.seen.former_user = Some(user);
    world.expect(accepted, format!("`{api}` takes the password"), "it is refused")
}

#[then(expr = "{string} takes the new password of {string} and not the old one")]
async fn takes_new_password(world: &mut World, api: String, user: String) -> Result<(), StepError> {
    let (new, old) = (users::known(world, &user)?, world.seen.former_user.clone());
    let old = old.ok_or_else(|| world.error("no password was accepted before\nhint: a `Given` has to present it"))?;
    let seen = (lets_in(world, &api, &new).await?, lets_in(world, &api, &old).await?);
    world.expect_eq("the new and the old password are let in", &(true, false), &seen)
}

#[then(expr = "the password of an unknown user is refused by {string} in the same words")]
async fn unknown_refused_alike(world: &mut World, api: String) -> Result<(), StepError> {
    let first = world.refusal("the call")?.clone();
    let user = match world.scene().tenant.as_str() {
        crate::world::SUPER_TENANT => "nobody-of-that-name".to_owned(),
        tenant => format!("nobody-of-that-name@{tenant}"),
    };
    let request = with_password(world, &api, &user, "not-the-password")?;
    match world.scene().gateway().or_fail(world)?.call(&request).await.or_fail(world)? {
        Reply::Granted(_) => Err(world.deviates("a refusal of an unknown user", "the backend answered")),
        Reply::Refused(second) => world.expect_eq("the words of the refusal", &told(&first), &told(&second)),
    }
}

#[when(expr = "the API consumer calls the path {string} beside {string}")]
async fn calls_beside(world: &mut World, path: String, api: String) -> Result<(), StepError> {
    let own = world.apis.named(&api).or_fail(world)?.path.clone();
    // The API's own path ends in its context and its version.
    let above = own.rsplitn(3, '/').nth(2).unwrap_or_default().to_owned();
    call(world, ApiCall::get(format!("{above}/{path}"))).await
}

#[when(expr = "the API consumer sends a body of a million letters to {string} with the token {string}")]
async fn sends_much(world: &mut World, api: String, token: String) -> Result<(), StepError> {
    let body = ("text/plain".to_owned(), "a".repeat(1_000_000));
    let request = ApiCall { method: "POST".to_owned(), body: Some(body), ..ApiCall::get(resource(world, &api)?) };
    call(world, request.bearer(&token)).await
}

#[when(expr = "the API consumer sends broken XML to {string} with a token of {string}")]
async fn sends_broken(world: &mut World, api: String, application: String) -> Result<(), StepError> {
    let token = tokens::of_application(world, &application, RESIDENT, &super::flaws::Flaw::Sound).await?;
    let body = ("application/xml".to_owned(), "<order><item></order>".to_owned());
    let request = with_token(world, resource(world, &api)?, &token);
    call(world, ApiCall { method: "POST".to_owned(), body: Some(body), ..request }).await
}

#[when(expr = "the API consumer calls {string} with its tenant in capital letters")]
async fn calls_miscased(world: &mut World, api: String) -> Result<(), StepError> {
    let tenant = world.scene().tenant.clone();
    let path = resource(world, &api)?.replacen(&format!("/t/{tenant}/"), &format!("/t/{}/", tenant.to_uppercase()), 1);
    call(world, ApiCall::get(path)).await
}
