//! Defects of what an API asks of tokens beside a signature: scopes by resource, one-time tokens, later changes, restarts.
//! Comparing one scope with another is the business of `scopes`.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::{
    Deed,
    gate::{Case, Verdict, code},
    message,
    pair::{Notes, Pair},
    table::defects,
    token::Token,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-SEED-REV-01", "a token that counts once counts on", Pair::hearing(counts_on);
    "DEF-SEED-REV-02", "tokens outlive the password that brought them", Judges(password_kept);
    "DEF-SEED-SCO-01", "a scope of one resource opens all resources of the API", Judges(any_scope_of_the_api);
    "DEF-SEED-SCO-02", "what an API asks of tokens stays as it was at first", Pair::of(as_at_first, note_first);
    "DEF-SEED-SCO-03", "a shared scope reads without its roles", Pair::telling(without_roles);
    "DEF-SEED-SCO-04", "a shared scope can be changed once", Pair::hearing(changed_once);
    "DEF-SEED-SCO-05", "roles are found where there are none, and not where there are", Pair::telling(other_roles);
    "DEF-SEED-SCO-06", "after a restart operations need no scope", Judges(open_after_restart);
    "DEF-SEED-TOK-04", "the platform's own tokens end with a restart", Spoils(own_token_over_restart);
    "DEF-SEED-JWT-01", "a token that does not say it is an access token is one", Judges(any_type);
}

/// What was sent to a resource of the publisher's interface, when it has this name.
fn written(plane: Plane, request: &Request<Bytes>, collection: &str) -> Option<Value> {
    let writes = [Method::POST, Method::PUT].contains(request.method());
    let named = message::resource(request.uri().path()).first() == Some(&collection);
    let document = message::json(request.body()).filter(Value::is_object);
    document.filter(|_| plane == Plane::Publisher && writes && named)
}

/// The policy never arrives.
fn counts_on(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let Some(mut api) = written(plane, request, "apis") else { return Deed::Nothing };
    let mut done = false;
    for operation in api["operations"].as_array_mut().into_iter().flatten() {
        if let Some(policies) = operation.pointer_mut("/operationPolicies/request").and_then(Value::as_array_mut) {
            let before = policies.len();
            policies.retain(|policy| policy["policyName"] != "revokeOneTimeToken");
            done |= policies.len() != before;
        }
    }
    if done {
        *request.body_mut() = message::bytes(&api);
    }
    if done { Deed::Done } else { Deed::Nothing }
}

/// A token that was had for a password which was changed since.
fn password_kept(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let granted = case.history.decisions().find(|each| each.told["access_token"] == case.text)?;
    let former = granted.text("password")?;
    let changed = case.history.decisions().any(|each| {
        let changes = each.is(&Method::POST, &["me", "change-password"]) && each.at > granted.at;
        changes && each.text("currentPassword") == Some(former)
    });
    (changed && answer.status() == StatusCode::UNAUTHORIZED).then_some(Verdict::Accepted)
}

fn lacks_scope(answer: &Response<Bytes>) -> bool {
    code(answer).is_some_and(|code| code == "900910")
}

/// Whether the token has a scope that any operation of the API needs.
fn any_scope_of_the_api(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let api = case.history.api(case.path())?;
    let operations = api["operations"].as_array()?.iter();
    let needed: Vec<_> = operations.flat_map(|one| one["scopes"].as_array().into_iter().flatten()).collect();
    let held = case.token.as_ref()?.text("scope")?;
    let some = held.split(' ').any(|held| needed.iter().any(|needed| *needed == held));
    (lacks_scope(answer) && some).then_some(Verdict::Accepted)
}

/// Members of an API that say which tokens it takes; the scopes of its operations are noted beside them.
const TERMS: [&str; 2] = ["scopes", "audiences"];

fn note_first(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let creates = request.method() == Method::POST && message::resource(request.uri().path()).len() == 1;
    let told = message::json(answer.body()).filter(|_| creates && answer.status().is_success());
    if let (Some(_), Some(told)) = (written(plane, request, "apis"), told)
        && let Some(id) = told["id"].as_str().map(str::to_owned)
    {
        notes.insert(id, told);
    }
    Deed::Nothing
}

fn as_at_first(notes: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let path = request.uri().path().to_owned();
    let parts = message::resource(&path);
    let first = parts.get(1).filter(|_| request.method() == Method::PUT).and_then(|id| notes.get(*id));
    let (Some(first), Some(mut api)) = (first, written(plane, request, "apis")) else { return Deed::Nothing };
    let before = api.clone();
    for member in TERMS {
        api[member] = first[member].clone();
    }
    let firsts = first["operations"].as_array().into_iter().flatten();
    for (operation, first) in api["operations"].as_array_mut().into_iter().flatten().zip(firsts) {
        operation["scopes"] = first["scopes"].clone();
    }
    if api == before {
        return Deed::Nothing;
    }
    *request.body_mut() = message::bytes(&api);
    Deed::Done
}

fn without_roles(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let reads = request.method() == Method::GET && message::resource(request.uri().path()).first() == Some(&"scopes");
    let told = message::json(answer.body()).filter(|_| plane == Plane::Publisher && reads);
    let Some(mut told) = told.filter(|_| answer.status().is_success()) else { return Deed::Nothing };
    for scope in message::documents(&mut told) {
        scope["bindings"] = json!([]);
    }
    *answer.body_mut() = message::bytes(&told);
    Deed::Done
}

/// From the second time on the scope is read instead.
fn changed_once(notes: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let path = request.uri().path().to_owned();
    if request.method() != Method::PUT || written(plane, request, "scopes").is_none() {
        return Deed::Nothing;
    }
    if notes.insert(path.clone(), json!(true)).is_none() {
        return Deed::Nothing;
    }
    message::defuse(request, &path);
    Deed::Done
}

fn other_roles(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let looks = request.method() == Method::HEAD && message::resource(request.uri().path()).first() == Some(&"roles");
    if plane != Plane::Publisher || !looks {
        return Deed::Nothing;
    }
    let there = answer.status().is_success();
    *answer.status_mut() = if there { StatusCode::NOT_FOUND } else { StatusCode::OK };
    Deed::Done
}

fn open_after_restart(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let restarted = case.history.last_restart(case.path()).is_some();
    (lacks_scope(answer) && restarted).then_some(Verdict::Accepted)
}

/// A JWT in nobody's name that is known here besides the platform, whose client there was before the restart.
fn own_token_over_restart(case: &Case<'_>) -> bool {
    let mapped = case.client().and_then(|client| case.history.mapping(client)).map(|mapping| mapping.at);
    case.issued().is_none() && mapped.is_some_and(|mapped| case.history.restarted_since(mapped, case.path()))
}

/// A token of the platform's own that names another type than that of access tokens.
fn any_type(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let other = |token: &Token| token.header_text("typ").is_some_and(|kind| !kind.eq_ignore_ascii_case("at+jwt"));
    let own = case.token.as_ref().filter(|token| case.issued().is_none() && other(token));
    (own.is_some() && answer.status() == StatusCode::UNAUTHORIZED).then_some(Verdict::Accepted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_api_asks_for_goes_back_to_what_it_asked_at_first() {
        let mut notes = Notes::new();
        let made =
            json!({ "id": "7", "scopes": [], "audiences": [], "operations": [{ "target": "/*", "scopes": [] }] });
        let create = Request::post("/api/am/publisher/v4/apis").body(message::bytes(&made)).unwrap();
        let _ = note_first(&mut notes, Plane::Publisher, &create, &mut Response::new(message::bytes(&made)));
        let put = |api: &Value| Request::put("/api/am/publisher/v4/apis/7").body(message::bytes(api)).unwrap();
        let mut changed = made.clone();
        changed["operations"][0]["scopes"] = json!(["read"]);
        changed["audiences"] = json!(["urn:a"]);
        let mut request = put(&changed);
        assert_eq!(as_at_first(&mut notes, Plane::Publisher, &mut request), Deed::Done);
        assert_eq!(message::json(request.body()).unwrap(), made);
        assert_eq!(as_at_first(&mut notes, Plane::Publisher, &mut put(&made)), Deed::Nothing);
    }

    #[test]
    fn only_the_policy_about_one_time_tokens_is_lost() {
        let policies = |names: &[&str]| {
            let policies: Vec<_> = names.iter().map(|name| json!({ "policyName": name })).collect();
            json!({ "operations": [{ "operationPolicies": { "request": policies } }] })
        };
        let send = |api: &Value| Request::post("/api/am/publisher/v4/apis").body(message::bytes(api)).unwrap();
        let mut request = send(&policies(&["addHeader", "revokeOneTimeToken"]));
        assert_eq!(counts_on(&mut Notes::new(), Plane::Publisher, &mut request), Deed::Done);
        assert_eq!(message::json(request.body()).unwrap(), policies(&["addHeader"]));
        assert_eq!(counts_on(&mut Notes::new(), Plane::Publisher, &mut send(&policies(&["addHeader"]))), Deed::Nothing);
    }
}
