//! Judgements that several areas share: how an answer is shown, what form a member has, what an OAuth error looks like.
//! The requests themselves belong to the files of the areas.

use cucumber::{gherkin::Step, then};
use serde_json::{Map, Value};

use crate::world::{StepError, World};
use kmspec_drivers::wire::Answered;
use kmspec_model::redaction;

/// Error codes that a token endpoint may use (RFC 6749, section 5.2; extensions registered by RFC 8628, 8693, 8707, 9449).
const TOKEN_ERRORS: &[&str] = &[
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "unsupported_token_type",
    "invalid_target",
    "authorization_pending",
    "slow_down",
    "access_denied",
    "expired_token",
    "invalid_dpop_proof",
    "use_dpop_nonce",
];

/// The answer as a report shows it: its status, and what it says, without secrets.
pub(super) fn shown(answer: &Answered) -> String {
    if answer.is_success() {
        let body = redaction::body(answer.header("content-type"), &answer.body);
        format!("status {} with `{}`", answer.status, body.chars().take(300).collect::<String>())
    } else {
        format!("status {}", answer.clone().refusal())
    }
}

/// The answer that the last request brought.
pub(super) fn answer(world: &World) -> Result<Answered, StepError> {
    let answer = world.conversation()?.memory().answer.clone();
    answer.ok_or_else(|| world.error("no step before this one asked the server"))
}

/// The JSON object of an answer; nothing when it is none.
pub(super) fn members(answer: &Answered) -> Option<Map<String, Value>> {
    serde_json::from_str(&answer.body).ok()
}

/// The `error` of an answer.
pub(super) fn error_code(answer: &Answered) -> Option<String> {
    Some(members(answer)?.get("error")?.as_str()?.to_owned())
}

/// The rows of a step's table without its header, trimmed.
pub(super) fn rows(step: &Step) -> Vec<Vec<String>> {
    let rows = step.table.as_ref().map_or(&[][..], |table| &table.rows);
    rows.iter().skip(1).cloned().collect()
}

/// The only column of a step's table that has no header.
pub(super) fn column(step: &Step) -> Vec<String> {
    let rows = step.table.as_ref().map_or(&[][..], |table| &table.rows);
    rows.iter().filter_map(|row| row.first().cloned()).collect()
}

/// Whether a value has a form that tables name.
fn has_form(world: &World, value: &Value, form: &str) -> Result<bool, StepError> {
    Ok(match form {
        "text" => value.as_str().is_some_and(|text| !text.is_empty()),
        "list" => value.as_array().is_some_and(|list| !list.is_empty()),
        "address" => value.as_str().is_some_and(|text| text.parse::<url::Url>().is_ok_and(|url| url.has_host())),
        "whole number" => value.as_u64().is_some() || value.as_i64().is_some(),
        "positive number" => value.as_f64().is_some_and(|number| number > 0.0),
        other => return Err(world.error(format!("a table names the form `{other}`, which no step knows"))),
    })
}

/// Deviates unless every member of the table is there and has its form.
pub(super) fn expect_members(
    world: &World,
    what: &str,
    members: &Map<String, Value>,
    table: &[Vec<String>],
) -> Result<(), StepError> {
    check_members(world, what, members, table, true)
}

/// Deviates unless every member of the table that is there has its form.
pub(super) fn expect_forms(
    world: &World,
    what: &str,
    members: &Map<String, Value>,
    table: &[Vec<String>],
) -> Result<(), StepError> {
    check_members(world, what, members, table, false)
}

fn check_members(
    world: &World,
    what: &str,
    members: &Map<String, Value>,
    table: &[Vec<String>],
    required: bool,
) -> Result<(), StepError> {
    let mut wrong = Vec::new();
    for row in table {
        let [name, form] = row.as_slice() else { return Err(world.error("a row needs a member and its form")) };
        match members.get(name) {
            None if required => wrong.push(format!("`{name}` is missing")),
            None => {}
            Some(value) if has_form(world, value, form)? => {}
            Some(value) => wrong.push(format!("`{name}` is {}{}", kind(value), slip(name, value))),
        }
    }
    let list: Vec<String> = table.iter().map(|row| format!("{} ({})", row[0], row[1])).collect();
    world.expect(wrong.is_empty(), format!("{what} with {}", list.join(", ")), wrong.join("; "))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number of another kind",
        Value::String(text) if text.is_empty() => "an empty text",
        Value::String(_) => "a text",
        Value::Array(list) if list.is_empty() => "an empty list",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn slip(name: &str, value: &Value) -> &'static str {
    match (name, value) {
        ("expires_in" | "exp" | "iat" | "nbf", Value::String(text)) if text.parse::<f64>().is_ok() => {
            " holding a number: RFC 6749 and RFC 7662 want the number itself"
        }
        ("scope", Value::Array(_)) => ": RFC 7662, section 2.2 wants one text, the scopes separated by blanks",
        _ => "",
    }
}

#[then(expr = "the error is {string} with status {int}")]
async fn the_error_is(world: &mut World, code: String, status: u16) -> Result<(), StepError> {
    expect_error(world, &code, &[status])
}

#[then(expr = "the error is {string} with status {int} or {int}")]
async fn the_error_is_one_of(world: &mut World, code: String, one: u16, other: u16) -> Result<(), StepError> {
    expect_error(world, &code, &[one, other])
}

fn expect_error(world: &World, code: &str, statuses: &[u16]) -> Result<(), StepError> {
    let answer = answer(world)?;
    let wanted: Vec<String> = statuses.iter().map(u16::to_string).collect();
    world.expect(
        statuses.contains(&answer.status) && error_code(&answer).as_deref() == Some(code),
        format!("status {} with the error `{code}` as JSON", wanted.join(" or ")),
        shown(&answer),
    )
}

#[then("the answer is an error of the token endpoint")]
async fn an_oauth_error(world: &mut World) -> Result<(), StepError> {
    let answer = answer(world)?;
    expect_oauth_error(world, &answer, &[400, 401])
}

/// Deviates unless the answer is an error in the form of RFC 6749, section 5.2.
pub(super) fn expect_oauth_error(world: &World, answer: &Answered, statuses: &[u16]) -> Result<(), StepError> {
    let known = error_code(answer).is_some_and(|code| TOKEN_ERRORS.contains(&code.as_str()));
    let wanted: Vec<String> = statuses.iter().map(u16::to_string).collect();
    world.expect(
        known && statuses.contains(&answer.status),
        format!("status {} with a JSON body whose `error` is a code of RFC 6749, section 5.2", wanted.join(" or ")),
        shown(answer),
    )
}

#[then("the answer is served as JSON")]
async fn served_as_json(world: &mut World) -> Result<(), StepError> {
    let answer = answer(world)?;
    let content_type = answer.header("content-type").unwrap_or("none").to_owned();
    let is_json =
        content_type.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
    world.expect(
        is_json && members(&answer).is_some(),
        "a JSON object served as application/json",
        format!("Content-Type {content_type}, {}", shown(&answer)),
    )
}

#[then("the answer is not to be cached")]
async fn not_to_be_cached(world: &mut World) -> Result<(), StepError> {
    let answer = answer(world)?;
    let pragma = answer.header("pragma").unwrap_or("none").to_owned();
    world.expect(
        forbids_storing(&answer) && pragma.contains("no-cache"),
        "Cache-Control: no-store and Pragma: no-cache",
        format!("Cache-Control: {}, Pragma: {pragma}", answer.header("cache-control").unwrap_or("none")),
    )
}

#[then("the answer forbids storing it")]
async fn not_to_be_stored(world: &mut World) -> Result<(), StepError> {
    let answer = answer(world)?;
    world.expect(
        forbids_storing(&answer),
        "Cache-Control: no-store",
        format!("Cache-Control: {}", answer.header("cache-control").unwrap_or("none")),
    )
}

fn forbids_storing(answer: &Answered) -> bool {
    answer.header("cache-control").is_some_and(|value| value.to_ascii_lowercase().contains("no-store"))
}

#[then("the answer challenges for the scheme that was used")]
async fn challenges_for_basic(world: &mut World) -> Result<(), StepError> {
    expect_challenge(world, "basic")
}

#[then("the answer challenges for a bearer token")]
async fn challenges_for_bearer(world: &mut World) -> Result<(), StepError> {
    expect_challenge(world, "bearer")
}

fn expect_challenge(world: &World, scheme: &str) -> Result<(), StepError> {
    let answer = answer(world)?;
    let challenge = answer.header("www-authenticate").unwrap_or("none").to_owned();
    world.expect(
        challenge.to_ascii_lowercase().split_ascii_whitespace().next() == Some(scheme),
        format!("WWW-Authenticate with the scheme {scheme}"),
        format!("WWW-Authenticate: {challenge}"),
    )
}

#[then("the texts of the error keep to the characters that are allowed")]
async fn allowed_characters(world: &mut World) -> Result<(), StepError> {
    let answer = answer(world)?;
    let members = members(&answer).unwrap_or_default();
    let allowed = |c: char| matches!(c, '\x20'..='\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e');
    let wrong: Vec<String> = ["error", "error_description"]
        .into_iter()
        .filter(|name| members.get(*name).and_then(Value::as_str).is_some_and(|text| !text.chars().all(allowed)))
        .map(|name| format!("`{name}` is {:?}", members[name].as_str().unwrap_or_default()))
        .collect();
    world.expect(members.contains_key("error"), "a JSON body with an `error`", shown(&answer))?;
    world.expect(
        wrong.is_empty(),
        "`error` and `error_description` of printable ASCII without `\"` and `\\` (RFC 6749, section 5.2)",
        wrong.join("; "),
    )
}
