//! Defects of key generation: what becomes of an application's keys, told from the developer portal's messages.
//! What the platform does at an authorization server is untouched, but for the one client that is left there.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::{Accomplices, Deed, Defect, Saboteur, message};
use kmspec_model::exchange::Plane;

/// A defect that two functions make: one on requests, one on answers.
macro_rules! row {
    ($id:literal, $summary:literal, request: $function:ident) => {
        Defect { id: $id, summary: $summary, saboteur: |_| Portal::on_requests($function) }
    };
    ($id:literal, $summary:literal, answer: $function:ident) => {
        Defect { id: $id, summary: $summary, saboteur: |_| Portal::on_answers($function) }
    };
}

/// The defects of this file.
pub(crate) const DEFECTS: &[Defect] = &[
    row!("DEF-155", "a key generation that failed blocks the next one", answer: half_made_keys_block),
    Defect {
        id: "DEF-156",
        summary: "a client is left at the authorization server although key generation failed",
        saboteur: |accomplices| Arc::new(ClientLeft { accomplices, written: Mutex::default() }),
    },
    row!("DEF-157", "a new key manager is reported as unknown at first", answer: unknown_at_first),
    row!("DEF-158", "keys are generated only after the key managers were listed", answer: unknown_until_listed),
    row!("DEF-159", "an application is reported as deleted and is not", request: deletion_is_lost),
    row!("DEF-160", "a deletion that failed is reported as done", answer: failed_deletion_is_hidden),
    row!("DEF-161", "a deletion that worked is reported as failed", answer: deletion_fails_loudly),
    row!("DEF-162", "a client that nobody knows is mapped", answer: anything_is_mapped),
    row!("DEF-163", "mapping a client twice is a vague failure", answer: second_mapping_is_vague),
    row!("DEF-164", "keys at one key manager block mapping at another", answer: other_keys_block),
    row!("DEF-165", "a new connector password is not used", request: new_password_is_dropped),
    row!("DEF-166", "an update loses grant types and callbacks", request: update_loses_settings),
    row!("DEF-167", "several callbacks are sent as one pattern", request: callbacks_become_a_pattern),
    row!("DEF-168", "a single key reads without secret and mode", answer: single_key_is_poor),
    row!("DEF-169", "developers generate keys for applications of others", request: anybody_generates),
    row!("DEF-170", "an optional setting breaks key generation", answer: optional_setting_breaks),
    row!("DEF-171", "granted scopes are told as `default`", answer: scopes_are_default),
];

type OnRequest = fn(&Memory, Plane, &mut Request<Bytes>) -> Deed;
type OnAnswer = fn(&Memory, Plane, &Request<Bytes>, &mut Response<Bytes>) -> Deed;

/// A saboteur that changes single messages, by what passed before.
struct Portal {
    memory: Memory,
    request: OnRequest,
    answer: OnAnswer,
}

impl Portal {
    fn on_requests(request: OnRequest) -> Arc<dyn Saboteur> {
        Arc::new(Self { memory: Memory::default(), request, answer: |_, _, _, _| Deed::Nothing })
    }

    fn on_answers(answer: OnAnswer) -> Arc<dyn Saboteur> {
        Arc::new(Self { memory: Memory::default(), request: |_, _, _| Deed::Nothing, answer })
    }
}

impl Saboteur for Portal {
    fn on_request<'a>(&'a self, plane: Plane, request: &'a mut Request<Bytes>) -> BoxFuture<'a, Deed> {
        let deed = (self.request)(&self.memory, plane, request);
        if deed == Deed::Done {
            message::fit_length(request);
        }
        std::future::ready(deed).boxed()
    }

    fn on_answer<'a>(
        &'a self,
        plane: Plane,
        request: &'a Request<Bytes>,
        answer: &'a mut Response<Bytes>,
    ) -> BoxFuture<'a, Deed> {
        let deed = (self.answer)(&self.memory, plane, request, answer);
        self.memory.learn(plane, request, answer, deed);
        std::future::ready(deed).boxed()
    }
}

/// What passed so far.
#[derive(Default)]
struct Memory(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    /// What was created, in order: ids of applications and key managers.
    created: Vec<String>,
    /// Names of key managers, with their ids.
    names: HashMap<String, String>,
    /// Connector properties of key managers, by id.
    properties: HashMap<String, Value>,
    /// Key generations that failed, and whatever else a defect does once.
    marks: HashSet<String>,
    /// Applications that have generated keys.
    with_keys: HashSet<String>,
    /// Clients that were mapped, and where.
    mapped: HashSet<String>,
    /// Who created an application: the bearer.
    owners: HashMap<String, HeaderValue>,
    /// Bearers that have listed the key managers.
    listed: HashSet<HeaderValue>,
}

/// What the developer portal is asked, as far as these defects look.
enum Asked<'a> {
    Generate(&'a str),
    Map(&'a str),
    OneKey,
    Token,
    Deletion,
    Other,
}

fn asked<'a>(plane: Plane, request: &'a Request<Bytes>) -> Asked<'a> {
    if plane != Plane::Devportal {
        return Asked::Other;
    }
    match (request.method().as_str(), message::resource(request.uri().path()).as_slice()) {
        ("POST", ["applications", id, "generate-keys"]) => Asked::Generate(id),
        ("POST", ["applications", id, "map-keys"]) => Asked::Map(id),
        ("GET" | "PUT", ["applications", _, "oauth-keys", _]) => Asked::OneKey,
        ("POST", ["applications", _, "oauth-keys", _, "generate-token"]) => Asked::Token,
        ("DELETE", ["applications", _]) => Asked::Deletion,
        _ => Asked::Other,
    }
}

fn sent(request: &Request<Bytes>) -> Value {
    message::json(request.body()).unwrap_or_default()
}

fn bearer(request: &Request<Bytes>) -> Option<&HeaderValue> {
    request.headers().get(header::AUTHORIZATION)
}

impl Memory {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Learns from what really happened, which is hidden where a deed was done.
    fn learn(&self, plane: Plane, request: &Request<Bytes>, answer: &Response<Bytes>, deed: Deed) {
        if !answer.status().is_success() || deed == Deed::Done {
            return;
        }
        let (sent, told) = (sent(request), message::json(answer.body()).unwrap_or_default());
        let mut seen = self.seen();
        match (plane, request.method(), message::resource(request.uri().path()).as_slice()) {
            (Plane::Admin, &Method::POST, ["key-managers"]) => {
                let id = told["id"].as_str().unwrap_or_default().to_owned();
                seen.names.insert(told["name"].as_str().unwrap_or_default().to_owned(), id.clone());
                seen.properties.insert(id.clone(), sent["additionalProperties"].clone());
                seen.created.push(id);
            }
            (Plane::Admin, &Method::PUT, ["key-managers", id]) => {
                seen.properties.insert((*id).to_owned(), sent["additionalProperties"].clone());
            }
            (Plane::Devportal, &Method::POST, ["applications"]) => {
                let id = told["applicationId"].as_str().unwrap_or_default().to_owned();
                if let Some(owner) = bearer(request) {
                    seen.owners.insert(id.clone(), owner.clone());
                }
                seen.created.push(id);
            }
            (Plane::Devportal, &Method::POST, ["applications", id, "generate-keys"]) => {
                seen.with_keys.insert((*id).to_owned());
            }
            (Plane::Devportal, &Method::POST, ["applications", _, "map-keys"]) => {
                seen.mapped.insert(client_of(&sent));
            }
            (Plane::Devportal, &Method::GET, ["key-managers"]) => {
                seen.listed.extend(bearer(request).cloned());
            }
            _ => {}
        }
    }

    /// Notes something; whether it was new.
    fn mark(&self, what: String) -> bool {
        self.seen().marks.insert(what)
    }
}

impl Seen {
    /// The id of the key manager that a key request names.
    fn key_manager(&self, sent: &Value) -> Option<String> {
        let named = sent["keyManager"].as_str()?;
        Some(self.names.get(named).cloned().unwrap_or_else(|| named.to_owned()))
    }

    /// Whether the application was there before the key manager.
    fn is_older(&self, application: &str, sent: &Value) -> bool {
        let place = |id: &str| self.created.iter().position(|known| known == id);
        let key_manager = self.key_manager(sent).and_then(|id| place(&id));
        place(application).zip(key_manager).is_some_and(|(application, key_manager)| application < key_manager)
    }
}

fn client_of(sent: &Value) -> String {
    format!("{} {}", sent["keyManager"], sent["consumerKey"])
}

fn kind_of(application: &str, sent: &Value) -> String {
    format!("{application} {} {}", sent["keyManager"], sent["keyType"])
}

/// Puts an error in the place of an answer.
fn refuse(answer: &mut Response<Bytes>, status: StatusCode, code: u32, message: &str) -> Deed {
    let body = json!({"code": code, "message": message, "description": message, "moreInfo": "", "error": []});
    *answer.status_mut() = status;
    *answer.body_mut() = message::bytes(&body);
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    message::fit_answer_length(answer);
    Deed::Done
}

fn vague(answer: &mut Response<Bytes>) -> Deed {
    refuse(answer, StatusCode::INTERNAL_SERVER_ERROR, 900_967, "General Error")
}

fn unregistered(answer: &mut Response<Bytes>) -> Deed {
    refuse(answer, StatusCode::BAD_REQUEST, 901_403, "Key Manager not Registered")
}

fn taken(answer: &mut Response<Bytes>) -> Deed {
    refuse(answer, StatusCode::CONFLICT, 901_409, "Key Mappings already exists")
}

/// Changes a JSON answer.
fn rewrite(answer: &mut Response<Bytes>, change: impl FnOnce(&mut Value)) -> Deed {
    let Some(mut told) = message::json(answer.body()) else { return Deed::Nothing };
    change(&mut told);
    *answer.body_mut() = message::bytes(&told);
    message::fit_answer_length(answer);
    Deed::Done
}

fn half_made_keys_block(memory: &Memory, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let Asked::Generate(application) = asked(plane, request) else { return Deed::Nothing };
    let kind = kind_of(application, &sent(request));
    if memory.seen().marks.contains(&kind) {
        return taken(answer);
    }
    let told = message::json(answer.body()).unwrap_or_default();
    if !answer.status().is_success() && matches!(told["code"].as_u64(), Some(902_003 | 902_004 | 900_967)) {
        memory.mark(kind);
    }
    Deed::Nothing
}

fn unknown_at_first(memory: &Memory, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let Asked::Generate(application) = asked(plane, request) else { return Deed::Nothing };
    let sent = sent(request);
    let is_older = memory.seen().is_older(application, &sent);
    if is_older && memory.mark(kind_of("", &sent)) { unregistered(answer) } else { Deed::Nothing }
}

fn unknown_until_listed(memory: &Memory, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let Asked::Generate(application) = asked(plane, request) else { return Deed::Nothing };
    let seen = memory.seen();
    let listed = bearer(request).is_some_and(|bearer| seen.listed.contains(bearer));
    if seen.is_older(application, &sent(request)) && !listed { unregistered(answer) } else { Deed::Nothing }
}

fn deletion_is_lost(_: &Memory, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    if !matches!(asked(plane, request), Asked::Deletion) {
        return Deed::Nothing;
    }
    *request.method_mut() = Method::GET;
    Deed::Done
}

fn failed_deletion_is_hidden(_: &Memory, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let told = message::json(answer.body()).unwrap_or_default();
    if !matches!(asked(plane, request), Asked::Deletion) || told["code"].as_u64() != Some(902_014) {
        return Deed::Nothing;
    }
    *answer.status_mut() = StatusCode::OK;
    *answer.body_mut() = Bytes::new();
    message::fit_answer_length(answer);
    Deed::Done
}

fn deletion_fails_loudly(_: &Memory, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let concerned = matches!(asked(plane, request), Asked::Deletion) && answer.status().is_success();
    if concerned { vague(answer) } else { Deed::Nothing }
}

fn anything_is_mapped(_: &Memory, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if !matches!(asked(plane, request), Asked::Map(_)) || answer.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return Deed::Nothing;
    }
    let sent = sent(request);
    *answer.status_mut() = StatusCode::OK;
    let mapped = json!({"keyMappingId": "00000000-0000-4000-8000-000000000162", "keyManager": sent["keyManager"],
        "consumerKey": sent["consumerKey"], "keyType": sent["keyType"], "keyState": "COMPLETED", "mode": "MAPPED"});
    *answer.body_mut() = message::bytes(&mapped);
    message::fit_answer_length(answer);
    Deed::Done
}

fn second_mapping_is_vague(
    memory: &Memory,
    plane: Plane,
    request: &Request<Bytes>,
    answer: &mut Response<Bytes>,
) -> Deed {
    let concerned = matches!(asked(plane, request), Asked::Map(_))
        && answer.status() == StatusCode::CONFLICT
        && memory.seen().mapped.contains(&client_of(&sent(request)));
    if concerned { vague(answer) } else { Deed::Nothing }
}

fn other_keys_block(memory: &Memory, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let Asked::Map(application) = asked(plane, request) else { return Deed::Nothing };
    if memory.seen().with_keys.contains(application) { taken(answer) } else { Deed::Nothing }
}

/// A mask says that nothing changed.
fn new_password_is_dropped(_: &Memory, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let is_update = plane == Plane::Admin
        && request.method() == Method::PUT
        && message::resource(request.uri().path()).first() == Some(&"key-managers");
    let mut document = sent(request);
    let Some(password) = document.pointer_mut("/additionalProperties/Password").filter(|_| is_update) else {
        return Deed::Nothing;
    };
    if *password == "*****" {
        return Deed::Nothing;
    }
    *password = "*****".into();
    *request.body_mut() = message::bytes(&document);
    Deed::Done
}

fn update_loses_settings(_: &Memory, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    if !matches!(asked(plane, request), Asked::OneKey) || request.method() != Method::PUT {
        return Deed::Nothing;
    }
    let mut change = sent(request);
    change["supportedGrantTypes"] = json!(["client_credentials"]);
    change["callbackUrl"] = json!("");
    *request.body_mut() = message::bytes(&change);
    Deed::Done
}

fn callbacks_become_a_pattern(_: &Memory, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let mut order = sent(request);
    let several = order["callbackUrl"].as_str().filter(|urls| urls.contains(','));
    let Some(pattern) = several.map(|urls| format!("regexp=({})", urls.replace(',', "|"))) else {
        return Deed::Nothing;
    };
    if !matches!(asked(plane, request), Asked::Generate(_)) {
        return Deed::Nothing;
    }
    order["callbackUrl"] = pattern.into();
    *request.body_mut() = message::bytes(&order);
    Deed::Done
}

fn single_key_is_poor(_: &Memory, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let concerned = matches!(asked(plane, request), Asked::OneKey) && request.method() == Method::GET;
    if !concerned || !answer.status().is_success() {
        return Deed::Nothing;
    }
    rewrite(answer, |key| {
        key["consumerSecret"] = Value::Null;
        key["mode"] = Value::Null;
    })
}

/// The owner's own token does it.
fn anybody_generates(memory: &Memory, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let (Asked::Generate(application) | Asked::Map(application)) = asked(plane, request) else { return Deed::Nothing };
    let owner = memory.seen().owners.get(application).cloned();
    let Some(owner) = owner.filter(|owner| bearer(request) != Some(owner)) else { return Deed::Nothing };
    request.headers_mut().insert(header::AUTHORIZATION, owner);
    Deed::Done
}

fn optional_setting_breaks(
    memory: &Memory,
    plane: Plane,
    request: &Request<Bytes>,
    answer: &mut Response<Bytes>,
) -> Deed {
    const OPTIONAL: [&str; 3] = ["enable_roles_creation", "user_schema_cache_enabled", "enable_application_scopes"];
    if !matches!(asked(plane, request), Asked::Generate(_)) {
        return Deed::Nothing;
    }
    let seen = memory.seen();
    let properties = seen.key_manager(&sent(request)).and_then(|id| seen.properties.get(&id));
    let set = properties.is_some_and(|known| OPTIONAL.iter().any(|name| !known[*name].is_null()));
    if set { vague(answer) } else { Deed::Nothing }
}

fn scopes_are_default(_: &Memory, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let asked_for = sent(request)["scopes"].as_array().is_some_and(|scopes| !scopes.is_empty());
    if !matches!(asked(plane, request), Asked::Token) || !asked_for || !answer.status().is_success() {
        return Deed::Nothing;
    }
    rewrite(answer, |token| token["tokenScopes"] = json!(["default"]))
}

/// DEF-156: registers a client of its own whenever a first token could not be had.
struct ClientLeft {
    accomplices: Arc<Accomplices>,
    /// Key manager documents as administrators wrote them, by id and by name.
    written: Mutex<HashMap<String, Value>>,
}

impl Saboteur for ClientLeft {
    fn on_answer<'a>(
        &'a self,
        plane: Plane,
        request: &'a Request<Bytes>,
        answer: &'a mut Response<Bytes>,
    ) -> BoxFuture<'a, Deed> {
        async move {
            let told = message::json(answer.body()).unwrap_or_default();
            if plane == Plane::Admin && answer.status().is_success() && request.method() == Method::POST {
                let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
                for name in ["id", "name"].iter().filter_map(|member| told[*member].as_str()) {
                    written.insert(name.to_owned(), sent(request));
                }
            }
            let failed = matches!(asked(plane, request), Asked::Generate(_)) && told["code"].as_u64() == Some(900_957);
            if failed { self.leave(&sent(request)).await } else { Deed::Nothing }
        }
        .boxed()
    }
}

impl ClientLeft {
    async fn leave(&self, order: &Value) -> Deed {
        let named = order["keyManager"].as_str().unwrap_or_default();
        let document = self.written.lock().unwrap_or_else(PoisonError::into_inner).get(named).cloned();
        let document = document.unwrap_or_default();
        let Some(endpoint) = document["clientRegistrationEndpoint"].as_str() else { return Deed::Nothing };
        let property = |name: &str| document["additionalProperties"][name].as_str().unwrap_or_default().to_owned();
        let client = json!({"client_name": "left-over", "grant_types": ["client_credentials"]});
        let post = self.accomplices.client().post(endpoint).json(&client);
        match post.basic_auth(property("Username"), Some(property("Password"))).send().await {
            Ok(answer) if answer.status().is_success() => Deed::Done,
            _ => Deed::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Interposer, Side,
        rehearsal::{self, Hall, json_answer},
    };

    const APPLICATION: &str = "/api/am/devportal/v3/applications/a1";

    async fn cast(id: &str, platform: &Hall) -> Interposer {
        let defect = DEFECTS.iter().find(|each| each.id == id).unwrap();
        let accomplices = Arc::new(Accomplices::new(&[]).unwrap());
        rehearsal::interpose(platform, Side::Management, (defect.saboteur)(accomplices)).await
    }

    #[tokio::test]
    async fn a_failed_generation_blocks_the_next_of_its_kind_and_no_other() {
        let platform = Hall::open(|heard| match heard.json()["keyType"].as_str() {
            Some("SANDBOX") => json_answer(200, &json!({})),
            _ => json_answer(500, &json!({"code": 902_004})),
        })
        .await;
        let interposer = cast("DEF-155", &platform).await;
        let generate = format!("{APPLICATION}/generate-keys");
        for (kind, status) in [("PRODUCTION", 500), ("PRODUCTION", 409), ("SANDBOX", 200), ("SANDBOX", 200)] {
            let order = json!({"keyType": kind, "keyManager": "acme"});
            assert_eq!(rehearsal::ask(interposer.url(), "POST", &generate, order).await.0, status, "{kind}");
        }
        assert_eq!(interposer.deeds(), 1);
    }

    #[tokio::test]
    async fn an_update_arrives_without_its_callback_and_a_generation_with_one_pattern() {
        let platform = Hall::open(|_| json_answer(200, &json!({}))).await;
        let interposer = cast("DEF-166", &platform).await;
        let change = json!({"supportedGrantTypes": ["password"], "callbackUrl": "https://a/cb"});
        rehearsal::ask(interposer.url(), "PUT", &format!("{APPLICATION}/oauth-keys/k1"), change).await;
        assert_eq!(platform.heard()[0].json()["callbackUrl"], "");
        let interposer = cast("DEF-167", &platform).await;
        let order = json!({"callbackUrl": "https://a/cb,https://b/cb"});
        rehearsal::ask(interposer.url(), "POST", &format!("{APPLICATION}/generate-keys"), order).await;
        assert_eq!(platform.heard()[1].json()["callbackUrl"], "regexp=(https://a/cb|https://b/cb)");
    }
}
