//! Defects of API keys, internal keys and passwords at the gateway: taken where they do not count, refused where they do.
//! Access tokens are left to the files beside this one.

use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use http::{HeaderName, Method, Request, Response, header};
use kmspec_model::exchange::Plane;
use serde_json::{Value, json};

use crate::{
    Deed, Saboteur,
    gate::{Case, Verdict, code},
    message,
    pair::{Notes, Pair},
    table::defects,
    token::Token,
};

defects! {
    "DEF-SEED-AK-01", "an API key opens nothing", Judges(keys_open_nothing);
    "DEF-SEED-AK-02", "any text is an API key", Judges(any_text_is_a_key);
    "DEF-SEED-AK-03", "an API key counts from everywhere, whatever it is kept to", Judges(places_ignored);
    "DEF-SEED-AK-04", "an API key that is kept to places counts from none of them", Judges(kept_keys_open_nothing);
    "DEF-SEED-AK-06", "an API key that was revoked still counts", Judges(revoked_key);
    "DEF-SEED-AK-07", "API keys are looked for in the usual header alone", Judges(own_header_ignored);
    "DEF-SEED-AK-09", "an API key counts where its application is subscribed, also where none needs to be", Judges(key_needs_subscription);
    "DEF-SEED-AK-10", "only the first API key of an application counts", Judges(later_keys);
    "DEF-SEED-AK-13", "every internal key is one for production", internal_keys_for_production();
    "DEF-SEED-AK-14", "an internal key opens nothing", Judges(internal_key_opens_nothing);
    "DEF-SEED-GW-27", "a credential counts in the place of another kind", Judges(in_any_place);
    "DEF-SEED-GW-28", "a credential of a kind that the API does not take counts", Judges(kind_not_taken);
    "DEF-SEED-GW-29", "the password of a user opens nothing", Judges(passwords_open_nothing);
    "DEF-SEED-GW-30", "the refusal of a password tells for whom it was", Tells(names_the_user);
    "DEF-SEED-GW-31", "the refusal of a token says nothing of credentials", Tells(says_nothing);
    "DEF-SEED-GW-32", "the refusal of an unknown path repeats the path", Tells(repeats_the_path);
    "DEF-SEED-GW-33", "the credentials of a call with a large body are not looked at", Judges(large_body);
    "DEF-SEED-GW-34", "a message that cannot be read goes on", Judges(unreadable_message);
    "DEF-SEED-GW-35", "an operation that is open needs credentials all the same", Judges(open_is_closed);
    "DEF-SEED-GW-39", "a token counts in the usual header alone", Judges(chosen_header_ignored);
    "DEF-SEED-GW-46", "a password that was replaced still opens an API", Judges(old_password);
    "DEF-SEED-GW-40", "a token counts in the usual header beside the chosen one", Judges(usual_header_counts);
}

const API_KEY: HeaderName = HeaderName::from_static("apikey");
const INTERNAL_KEY: HeaderName = HeaderName::from_static("internal-key");

fn field<'c>(case: &'c Case<'_>, name: &HeaderName) -> Option<&'c str> {
    case.request.headers().get(name)?.to_str().ok()
}

/// A text in a header of the call that was signed as an API key, with the header's name.
fn api_key<'c>(case: &'c Case<'_>) -> Option<(&'c HeaderName, Token)> {
    case.request.headers().iter().find_map(|(name, value)| {
        let token = Token::read(value.to_str().ok()?)?;
        (token.text("token_type") == Some("apiKey")).then_some((name, token))
    })
}

fn has_places(case: &Case<'_>) -> bool {
    field(case, &header::REFERER).is_some() || case.request.headers().contains_key("x-forwarded-for")
}

/// Refuses a call that passed.
fn refused(answer: &Response<Bytes>, when: bool) -> Option<Verdict> {
    (answer.status().is_success() && when).then_some(Verdict::BadCredentials)
}

/// Lets a call pass that was refused with this status.
fn passed(answer: &Response<Bytes>, status: u16, when: bool) -> Option<Verdict> {
    (answer.status().as_u16() == status && when).then_some(Verdict::Accepted)
}

fn keys_open_nothing(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    refused(answer, api_key(case).is_some())
}

fn any_text_is_a_key(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    passed(answer, 401, field(case, &API_KEY).is_some())
}

fn places_ignored(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    passed(answer, 403, api_key(case).is_some() && has_places(case))
}

fn kept_keys_open_nothing(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    refused(answer, api_key(case).is_some() && has_places(case))
}

fn revoked_key(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let (_, before) = case.accepted_before().filter(|_| api_key(case).is_some())?;
    (answer.status().as_u16() == 401).then_some(Verdict::AsBefore(before))
}

fn own_header_ignored(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    refused(answer, api_key(case).is_some_and(|(name, _)| *name != API_KEY))
}

fn key_needs_subscription(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let (_, key) = api_key(case)?;
    let application = key.claims.get("application")?.get("uuid")?;
    let mut subscriptions = case.history.decisions().filter(|each| each.is(&Method::POST, &["subscriptions"]));
    refused(answer, !subscriptions.any(|each| each.told["applicationId"] == *application))
}

fn later_keys(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let (name, key) = api_key(case)?;
    let application = key.claims.get("application")?.get("uuid")?.as_str()?;
    let made = case.history.decisions().filter(|each| {
        each.is(&Method::POST, &["applications", "*", "api-keys", "*", "generate"]) && each.resource[1] == application
    });
    let first = made.last()?.told["apikey"].as_str()?;
    refused(answer, field(case, name) != Some(first))
}

fn internal_keys_for_production() -> Arc<dyn Saboteur> {
    Pair::telling(for_production)
}

fn for_production(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let makes = plane == Plane::Publisher && request.uri().path().ends_with("/generate-key");
    let told = makes.then(|| message::json(answer.body())).flatten();
    let Some((mut told, key)) = told.and_then(|told| Some((told.clone(), Token::read(told["apikey"].as_str()?)?)))
    else {
        return Deed::Nothing;
    };
    let signature = key.signature.clone();
    told["apikey"] = json!(key.with_claim("keytype", json!("PRODUCTION")).with_signature(signature).text_of());
    *answer.body_mut() = message::bytes(&told);
    Deed::Done
}

fn internal_key_opens_nothing(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    refused(answer, field(case, &INTERNAL_KEY).is_some())
}

/// A key or token of the platform stands where another kind belongs.
fn in_any_place(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let kind = |text: &str| Token::read(text).map(|token| token.text("token_type").unwrap_or_default().to_owned());
    let stands = |text: Option<&str>, belongs: &[&str]| {
        text.and_then(kind).is_some_and(|kind| !belongs.contains(&kind.as_str()))
    };
    let misplaced = stands(field(case, &API_KEY), &["apiKey"])
        || stands(field(case, &INTERNAL_KEY), &["InternalKey"])
        || kind(case.text).is_some_and(|kind| ["apiKey", "InternalKey"].contains(&kind.as_str()));
    passed(answer, 401, misplaced)
}

fn is_missing(answer: &Response<Bytes>) -> bool {
    code(answer).is_some_and(|code| code == "900902")
}

fn kind_not_taken(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let presented = field(case, &header::AUTHORIZATION).or(field(case, &API_KEY)).is_some();
    passed(answer, 401, is_missing(answer) && presented)
}

/// Name and password of the call.
fn password(case: &Case<'_>) -> Option<(String, String)> {
    let text = field(case, &header::AUTHORIZATION)?.strip_prefix("Basic ")?;
    let text = String::from_utf8(BASE64_STANDARD.decode(text).ok()?).ok()?;
    text.split_once(':').map(|(name, password)| (name.to_owned(), password.to_owned()))
}

fn passwords_open_nothing(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    refused(answer, password(case).is_some())
}

fn old_password(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let (_, before) = case.accepted_before().filter(|_| password(case).is_some())?;
    (answer.status().as_u16() == 401).then_some(Verdict::AsBefore(before))
}

/// Puts another description into a refusal.
fn described(answer: &mut Response<Bytes>, text: String) -> bool {
    let Some(mut body) = message::json(answer.body()).filter(Value::is_object) else { return false };
    body["description"] = Value::String(text);
    *answer.body_mut() = message::bytes(&body);
    true
}

fn names_the_user(case: &Case<'_>, answer: &mut Response<Bytes>) -> bool {
    let user = password(case).filter(|_| code(answer).is_some_and(|code| code == "900901"));
    user.is_some_and(|(name, _)| described(answer, format!("Invalid Credentials of {name}")))
}

fn says_nothing(case: &Case<'_>, answer: &mut Response<Bytes>) -> bool {
    let refused = code(answer).is_some_and(|code| code == "900901") && !case.text.is_empty();
    refused && described(answer, "Unauthorized".to_owned())
}

fn repeats_the_path(case: &Case<'_>, answer: &mut Response<Bytes>) -> bool {
    answer.status().as_u16() == 404 && described(answer, format!("No API at {}", case.path()))
}

fn large_body(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    passed(answer, 401, case.request.body().len() > 100_000)
}

fn unreadable_message(_: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    passed(answer, 500, code(answer).is_some_and(|code| code == "601000"))
}

fn open_is_closed(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let credentials = [header::AUTHORIZATION, API_KEY, INTERNAL_KEY];
    refused(answer, credentials.iter().all(|name| field(case, name).is_none()))
}

/// Whether a bearer token stands in another header than the usual one.
fn chosen_header_ignored(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let bearer = |(name, value): (&HeaderName, &http::HeaderValue)| {
        *name != header::AUTHORIZATION && value.to_str().is_ok_and(|text| text.starts_with("Bearer "))
    };
    refused(answer, case.request.headers().iter().any(bearer))
}

fn usual_header_counts(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    passed(answer, 401, is_missing(answer) && case.token.is_some())
}
