//! Why the subject refuses, in words; each stands for a status and, where the product has one, its code.
//! A refusal that comes with another code was made for another reason, and is a deviation.

use cucumber::then;

use crate::world::{Last, OrFail as _, StepError, World};
use kmspec_drivers::{
    gateway::ApiCall,
    reply::{Refusal, Reply},
};

use super::{flaws::Flaw, protected_apis};

/// A reason in the words of the features, the statuses it may come with and the code it must come with.
struct Reason {
    words: &'static str,
    statuses: &'static [u16],
    code: Option<&'static str>,
}

const fn reason(words: &'static str, statuses: &'static [u16], code: &'static str) -> Reason {
    Reason { words, statuses, code: Some(code) }
}

/// Reasons of the management planes.
const MANAGEMENT: &[Reason] = &[
    reason("the type is unknown", &[400], "901400"),
    reason("a required setting is missing", &[400], "901401"),
    reason("the name is taken", &[409], "901402"),
    Reason { words: "the issuer is taken", statuses: &[409], code: None },
    reason("the role does not exist", &[404], "900607"),
    reason("another API has the scope", &[400], "900988"),
    reason("there is such a scope", &[409], "900984"),
    Reason { words: "there is no such role", statuses: &[404], code: None },
    reason("there is no such key manager", &[404], "901411"),
    Reason { words: "there is no way around", statuses: &[401, 404, 405], code: None },
    reason("it is in use", &[412], "902015"),
    reason("the key manager is not registered", &[400], "901403"),
    reason("the key manager does not create applications", &[400], "901405"),
    reason("the key manager does not generate tokens", &[400], "901405"),
    reason("the key manager does not map clients", &[400], "901405"),
    Reason { words: "the application is another's", statuses: &[403, 404], code: None },
    Reason { words: "the API is not shown to its owner", statuses: &[403, 404], code: None },
    Reason { words: "keys may have several secrets", statuses: &[400], code: None },
    Reason { words: "the application is another's to change", statuses: &[403], code: None },
    Reason { words: "there is no such application", statuses: &[404], code: None },
    Reason { words: "the owner has such an application", statuses: &[409], code: None },
    Reason { words: "the owner cannot be taken", statuses: &[500], code: None },
    Reason { words: "the plan is for others", statuses: &[403], code: None },
    reason("the authorization server cannot be reached", &[500], "900967"),
    reason("no token could be generated", &[500], "900957"),
    reason("the token request was invalid", &[400], "900965"),
    reason("there are keys already", &[409], "901409"),
    reason("the client could not be deleted", &[412], "902014"),
    reason("the client cannot be looked up", &[500], "900967"),
    reason("the key manager is restricted", &[403], "902013"),
    Reason { words: "there is no such subscription", statuses: &[404], code: None },
    reason("the authorization server refused", &[400], "902003"),
    reason("the authorization server failed", &[500], "902004"),
];

/// Reasons of the gateway.
const GATEWAY: &[Reason] = &[
    reason("the credentials are invalid", &[401], "900901"),
    reason("credentials are missing", &[401], "900902"),
    reason("there is no subscription", &[403], "900908"),
    Reason { words: "the API key may not be sent from there", statuses: &[403], code: None },
    reason("the scope is missing", &[403], "900910"),
    reason("the audience does not match", &[403], "900914"),
    reason("there is no backend for keys of its type", &[403], "900901"),
    reason("the subscription is blocked", &[401], "900907"),
    reason("the API is blocked", &[503], "700700"),
    reason("there is no such API", &[404], "404"),
    reason("the message cannot be read", &[500], "601000"),
    Reason { words: "the tenant cannot be loaded", statuses: &[500], code: None },
];

/// Whether a refusal of the gateway is for this reason.
pub(super) fn is_for(world: &World, refusal: &Refusal, words: &str) -> Result<bool, StepError> {
    let reason = named(world, GATEWAY, words)?;
    Ok(reason.statuses.contains(&refusal.status) && reason.code.is_none_or(|code| refusal.has_code(code)))
}

#[then(expr = "the request is granted")]
async fn granted(world: &mut World) -> Result<(), StepError> {
    was_granted(world, "the request")
}

/// Deviates unless the last request was granted.
pub(super) fn was_granted(world: &World, what: &str) -> Result<(), StepError> {
    match &world.last {
        Some(Last::Granted | Last::Echoed(_)) => Ok(()),
        Some(Last::Refused(refusal)) => {
            Err(world.deviates(format!("{what} is granted"), format!("refused: {refusal}")))
        }
        None => Err(world.error("no step before this one made a request")),
    }
}

/// Where no source says with which status and code: any refusal will do, and another step sees that nothing has changed.
#[then(expr = "the request is refused")]
async fn refused(world: &mut World) -> Result<(), StepError> {
    world.refusal("the request").map(drop)
}

#[then(expr = "the request is refused as malformed")]
async fn malformed(world: &mut World) -> Result<(), StepError> {
    let refusal = world.refusal("the request")?.clone();
    world.expect(refusal.status == 400, "a refusal as malformed (400)", refusal.to_string())
}

#[then(expr = "the request is refused as unauthenticated")]
async fn request_unauthenticated(world: &mut World) -> Result<(), StepError> {
    let refusal = world.refusal("the request")?.clone();
    world.expect(refusal.status == 401, "a refusal as unauthenticated (401)", refusal.to_string())
}

#[then(regex = "^the request is refused because (.+)$")]
async fn request_refused_because(world: &mut World, words: String) -> Result<(), StepError> {
    let refusal = world.refusal("the request")?.clone();
    holds(world, named(world, MANAGEMENT, &words)?, &refusal)
}

#[then(expr = "the call is refused as unauthenticated")]
async fn call_unauthenticated(world: &mut World) -> Result<(), StepError> {
    let refusal = world.refusal("the call")?.clone();
    world.expect(refusal.status == 401, "a refusal as unauthenticated (401)", refusal.to_string())
}

#[then(regex = "^the call (?:is refused|fails) because (.+)$")]
async fn call_refused_because(world: &mut World, words: String) -> Result<(), StepError> {
    let refusal = world.refusal("the call")?.clone();
    holds(world, named(world, GATEWAY, &words)?, &refusal)
}

#[then(expr = "the token request is refused as {string}")]
async fn token_request_refused(world: &mut World, error: String) -> Result<(), StepError> {
    let refusal = world.refusal("the token request")?.clone();
    let expected_status = if error == "invalid_client" { 401 } else { 400 };
    world.expect(
        refusal.has_code(&error) && refusal.status == expected_status,
        format!("{expected_status} with the error `{error}` (RFC 6749, section 5.2)"),
        refusal.to_string(),
    )
}

#[then(expr = "the refusal says {string}")]
async fn refusal_says(world: &mut World, text: String) -> Result<(), StepError> {
    let refusal = world.refusal("the request")?.clone();
    // An application that a text names has its name at the subject there.
    let at_subject = world.applications.iter().map(|(name, owned)| (format!("`{name}`"), owned.name.clone()));
    let wanted = at_subject.fold(text, |text, (name, at_subject)| text.replace(&name, &at_subject));
    world.expect(refusal.mentions(&wanted), format!("a refusal that says \"{wanted}\""), refusal.to_string())
}

#[then(expr = "the refusal challenges for a Bearer token")]
async fn challenges_for_bearer(world: &mut World) -> Result<(), StepError> {
    challenges(world, "Bearer")
}

#[then(expr = "the refusal challenges for Basic credentials")]
async fn challenges_for_basic(world: &mut World) -> Result<(), StepError> {
    challenges(world, "Basic")
}

#[then(expr = "the challenge says that the token is invalid")]
async fn challenge_names_error(world: &mut World) -> Result<(), StepError> {
    let challenge = challenge(world)?;
    world.expect(challenge.contains("error=\"invalid_token\""), "error=\"invalid_token\" in the challenge", challenge)
}

#[then(expr = "the challenge says that the scope is insufficient")]
async fn challenge_names_scope(world: &mut World) -> Result<(), StepError> {
    let challenge = challenge(world)?;
    let wanted = "error=\"insufficient_scope\" in the challenge (RFC 6750, section 3.1)";
    world.expect(challenge.contains("error=\"insufficient_scope\""), wanted, format!("`{challenge}`"))
}

#[then(expr = "the refusal does not repeat the token")]
async fn token_not_repeated(world: &mut World) -> Result<(), StepError> {
    let refusal = world.refusal("the call")?.clone();
    let Some(token) = world.seen.sent_token.clone() else {
        return Err(world.error("no step before this one sent a token"));
    };
    // The body is redacted when it is read, so that a JWT would not be found there; the members are as they were sent.
    let members = [&refusal.code, &refusal.message, &refusal.description].into_iter().flatten();
    let headers = refusal.headers.iter().map(|(_, value)| value);
    let repeated = members.chain(headers).chain([&refusal.body]).any(|text| text.contains(token.reveal()));
    world.expect(!repeated, "a refusal without the token in it", "the token stands in the refusal")
}

#[then(expr = "a token of {string} signed with a foreign key is refused in the same words")]
async fn forged_refused_alike(world: &mut World, issuer: String) -> Result<(), StepError> {
    let first = world.refusal("the call")?.clone();
    let token = protected_apis::protected_token(world, &issuer, &Flaw::ForeignKey)?;
    let call = ApiCall::get(protected_apis::protected_path(world, &issuer)?).bearer(token.reveal());
    match world.scene().gateway().or_fail(world)?.call(&call).await.or_fail(world)? {
        Reply::Granted(_) => Err(world.deviates("a refusal of a forged token", "the backend answered")),
        Reply::Refused(second) => world.expect_eq("the words of the refusal", &told(&first), &told(&second)),
    }
}

#[then(expr = "the refusal does not repeat {string}")]
async fn not_repeated(world: &mut World, text: String) -> Result<(), StepError> {
    let refusal = world.refusal("the call")?.clone();
    let headers = refusal.headers.iter().map(|(_, value)| value);
    let repeated = headers.chain([&refusal.body]).any(|part| part.contains(&text));
    world.expect(!repeated, format!("a refusal without `{text}` in it"), refusal.to_string())
}

#[then(expr = "the refusal challenges for an API key")]
async fn challenges_for_api_key(world: &mut World) -> Result<(), StepError> {
    let challenge = challenge(world)?;
    let found = challenge.contains("API Key realm=\"WSO2 API Manager\"");
    world.expect(found, "an `API Key` challenge with the product's realm", format!("`{challenge}`"))
}

/// What a refusal says to its reader, apart from what differs from call to call.
pub(super) fn told(refusal: &Refusal) -> (u16, Vec<Option<&str>>) {
    let members = [&refusal.code, &refusal.message, &refusal.description].map(|each| each.as_deref());
    (refusal.status, members.into_iter().chain([refusal.header("www-authenticate")]).collect())
}

fn challenges(world: &World, scheme: &str) -> Result<(), StepError> {
    let challenge = challenge(world)?;
    let found = challenge.split(',').any(|part| {
        part.trim()
            .split_once(' ')
            .is_some_and(|(name, parameter)| name.eq_ignore_ascii_case(scheme) && parameter.contains('='))
    });
    world.expect(found, format!("a `{scheme}` challenge with a parameter"), format!("`{challenge}`"))
}

/// Every challenge of the last refusal, joined.
fn challenge(world: &World) -> Result<String, StepError> {
    let refusal = world.refusal("the request")?;
    let named = |name: &str| name.eq_ignore_ascii_case("www-authenticate");
    let challenges: Vec<_> =
        refusal.headers.iter().filter(|(name, _)| named(name)).map(|(_, value)| value.as_str()).collect();
    Ok(challenges.join(", "))
}

fn named<'a>(world: &World, reasons: &'a [Reason], words: &str) -> Result<&'a Reason, StepError> {
    reasons.iter().find(|each| each.words == words).ok_or_else(|| {
        world.error(format!("no reason is called `{words}`\nhint: they stand in the steps about refusals"))
    })
}

fn holds(world: &World, reason: &Reason, refusal: &Refusal) -> Result<(), StepError> {
    let code = reason.code.map_or_else(String::new, |code| format!(" with code {code}"));
    world.expect(
        reason.statuses.contains(&refusal.status) && reason.code.is_none_or(|code| refusal.has_code(code)),
        format!("a refusal because {} ({:?}{code})", reason.words, reason.statuses),
        refusal.to_string(),
    )
}
