//! Key manager documents as administrators saw them pass, by tenant: what a saboteur knows of the platform's insides.
//! Which of them a message is about is for the saboteur to say.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use bytes::Bytes;
use http::{Request, Response, header};
use serde_json::Value;

use super::{message, token::Token};
use kmspec_model::exchange::Plane;

/// What administrators saw so far.
#[derive(Default)]
pub(super) struct KeyManagers(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    /// Tenant and document, by key manager id.
    documents: HashMap<String, (String, Value)>,
    /// Key manager ids in the order in which they were seen first.
    order: Vec<String>,
    /// The tenant of whoever got an access token for a password.
    tenants: HashMap<String, String>,
    /// Issuers of the tokens that the platform itself handed out.
    residents: HashSet<String>,
}

impl KeyManagers {
    /// Learns who is who from an answer of the resident plane, and about key managers from one of the admin plane.
    pub(super) fn learn(&self, plane: Plane, request: &Request<Bytes>, answer: &Response<Bytes>) {
        let told = matches!(plane, Plane::Resident | Plane::Admin) && answer.status().is_success();
        let Some(told) = told.then(|| message::json(answer.body())).flatten() else { return };
        if plane == Plane::Resident {
            self.learn_token(request, &told);
        } else if message::resource(request.uri().path()).first() == Some(&"key-managers") {
            self.learn_document(request, told);
        }
    }

    fn learn_token(&self, request: &Request<Bytes>, told: &Value) {
        let issuer =
            told["access_token"].as_str().and_then(Token::read).and_then(|token| token.issuer().map(str::to_owned));
        self.seen().residents.extend(issuer);
        let username = url::form_urlencoded::parse(request.body()).find(|(name, _)| name == "username");
        if let (Some((_, username)), Some(token)) = (username, told["access_token"].as_str()) {
            self.seen().tenants.insert(token.to_owned(), tenant_in(&username));
        }
    }

    fn learn_document(&self, request: &Request<Bytes>, told: Value) {
        if let (Some(id), Some(_)) = (told["id"].as_str(), told["name"].as_str()) {
            let mut seen = self.seen();
            let tenant = seen.tenant_of(request);
            if !seen.documents.contains_key(id) {
                seen.order.push(id.to_owned());
            }
            seen.documents.insert(id.to_owned(), (tenant, told));
        }
    }

    /// The one of that id, or of that name in the tenant of whoever asks.
    pub(super) fn find(&self, request: &Request<Bytes>, id_or_name: &str) -> Option<Value> {
        let seen = self.seen();
        let tenant = seen.tenant_of(request);
        let named = || seen.documents.values().find(|(of, document)| *of == tenant && document["name"] == id_or_name);
        seen.documents.get(id_or_name).or_else(named).map(|(_, document)| document.clone())
    }

    /// Those of other tenants that have the name of the one of that id or name in the tenant of whoever asks.
    pub(super) fn namesakes(&self, request: &Request<Bytes>, id_or_name: &str) -> Vec<Value> {
        let Some(own) = self.find(request, id_or_name) else { return Vec::new() };
        let seen = self.seen();
        let tenant = seen.tenant_of(request);
        let others = seen.documents.values().filter(|(of, document)| *of != tenant && document["name"] == own["name"]);
        others.map(|(_, document)| document.clone()).collect()
    }

    /// Those of the tenant of whoever asks, in no order.
    pub(super) fn of_asker(&self, request: &Request<Bytes>) -> Vec<Value> {
        let seen = self.seen();
        let tenant = seen.tenant_of(request);
        seen.documents.values().filter(|(of, _)| *of == tenant).map(|(_, document)| document.clone()).collect()
    }

    /// Whether the tenant of whoever asks has one of that id or name.
    pub(super) fn has(&self, request: &Request<Bytes>, id_or_name: &str) -> bool {
        let seen = self.seen();
        let tenant = seen.tenant_of(request);
        let such = |id: &str, document: &Value| id == id_or_name || document["name"] == id_or_name;
        seen.documents.iter().any(|(id, (of, document))| *of == tenant && such(id, document))
    }

    /// The third-party one that was seen first in the tenant of whoever asks.
    pub(super) fn first(&self, request: &Request<Bytes>) -> Option<Value> {
        let seen = self.seen();
        let tenant = seen.tenant_of(request);
        let known = seen.order.iter().filter_map(|id| seen.documents.get(id));
        let third_party = |document: &Value| document["type"] != "default";
        known.into_iter().find(|(of, each)| *of == tenant && third_party(each)).map(|(_, document)| document.clone())
    }

    /// Whether a key manager of the tenant that a gateway path belongs to has that issuer.
    pub(super) fn trusts(&self, path: &str, issuer: &str) -> bool {
        let tenant = path.strip_prefix("/t/").and_then(|rest| rest.split('/').next()).unwrap_or_default();
        self.seen().documents.values().any(|(of, document)| of == tenant && document["issuer"] == issuer)
    }

    /// The key manager of that issuer in the tenant that a gateway path belongs to.
    pub(super) fn of_issuer(&self, path: &str, issuer: &str) -> Option<Value> {
        self.in_tenant_of(path).into_iter().find(|document| document["issuer"] == issuer)
    }

    /// The key managers of the tenant that a gateway path belongs to, in no order.
    pub(super) fn in_tenant_of(&self, path: &str) -> Vec<Value> {
        let tenant = path.strip_prefix("/t/").and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let seen = self.seen();
        seen.documents.values().filter(|(of, _)| of == tenant).map(|(_, document)| document.clone()).collect()
    }

    /// Whether the platform's resident key manager hands out tokens in that name.
    pub(super) fn is_resident(&self, issuer: &str) -> bool {
        self.seen().residents.contains(issuer)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    /// The tenant of whoever asks: of the user who got the token, or of the user that the token or `Basic` names.
    /// Empty for the super tenant, and where nobody can tell.
    fn tenant_of(&self, request: &Request<Bytes>) -> String {
        let field = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let known = field.and_then(|field| self.tenants.get(field.strip_prefix("Bearer ")?));
        known.cloned().or_else(|| Some(tenant_in(&user(field?)?))).unwrap_or_default()
    }
}

/// The tenant in a user's name: after the last `@`.
fn tenant_in(username: &str) -> String {
    let tenant = username.rsplit_once('@').map_or("", |(_, tenant)| tenant);
    if tenant == "carbon.super" { String::new() } else { tenant.to_owned() }
}

fn user(authorization: &str) -> Option<String> {
    if let Some(credentials) = authorization.strip_prefix("Basic ") {
        let text = String::from_utf8(BASE64_STANDARD.decode(credentials).ok()?).ok()?;
        return text.split_once(':').map(|(user, _)| user.to_owned());
    }
    let claims = authorization.strip_prefix("Bearer ")?.split('.').nth(1)?;
    let claims: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    claims["sub"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(path: &str, user: &str) -> Request<Bytes> {
        let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:p@w:d")));
        Request::get(path).header("authorization", basic).body(Bytes::new()).unwrap()
    }

    #[test]
    fn key_managers_of_one_name_are_told_apart_by_tenant() {
        let seen = KeyManagers::default();
        for tenant in ["one.example", "two.example"] {
            let document =
                json!({ "id": format!("id-{tenant}"), "name": "outside", "issuer": format!("https://{tenant}") });
            let answer = Response::new(message::bytes(&document));
            seen.learn(Plane::Admin, &asked("/api/am/admin/v4/key-managers", &format!("admin@{tenant}")), &answer);
        }
        let find = |user: &str, name: &str| seen.find(&asked("/", user), name).map(|each| each["id"].clone());
        assert_eq!(find("dora@two.example", "outside").unwrap(), "id-two.example");
        assert_eq!(find("dora@two.example", "id-one.example").unwrap(), "id-one.example");
        assert_eq!(find("dora@three.example", "outside"), None);
        let of_two = asked("/", "dora@two.example");
        assert!(seen.has(&of_two, "outside") && !seen.has(&of_two, "id-one.example"));
        assert_eq!(seen.first(&of_two).unwrap()["id"], "id-two.example");
        let ids = |found: Vec<Value>| found.into_iter().map(|each| each["id"].clone()).collect::<Vec<_>>();
        assert_eq!(ids(seen.of_asker(&of_two)), ["id-two.example"]);
        assert_eq!(ids(seen.namesakes(&of_two, "outside")), ["id-one.example"]);
        assert!(seen.namesakes(&of_two, "nobody").is_empty());
        assert!(seen.trusts("/t/one.example/orders/1", "https://one.example"));
        assert!(!seen.trusts("/t/one.example/orders/1", "https://two.example"));
        assert!(!seen.trusts("/orders/1", "https://one.example"));
    }

    #[test]
    fn tenants_are_read_from_the_users_name() {
        let of = |authorization: &str| {
            Seen::default()
                .tenant_of(&Request::get("/").header("authorization", authorization).body(Bytes::new()).unwrap())
        };
        let bearer =
            |sub: &str| format!("Bearer e30.{}.x", BASE64_URL_SAFE_NO_PAD.encode(json!({ "sub": sub }).to_string()));
        assert_eq!(of(&bearer("dora@acme.example")), "acme.example");
        assert_eq!(of(&bearer("admin@carbon.super")), "");
        assert_eq!(of(&format!("Basic {}", BASE64_STANDARD.encode("a@b@acme.example:p@w"))), "acme.example");
        assert_eq!(of("Bearer opaque"), "");
    }

    #[test]
    fn a_token_that_says_nothing_belongs_to_the_user_who_got_it() {
        let seen = KeyManagers::default();
        let body = "grant_type=password&username=admin%40acme.example&password=x";
        let asked = Request::post("/oauth2/token").body(Bytes::from(body)).unwrap();
        let answer = Response::new(message::bytes(&json!({ "access_token": "opaque" })));
        seen.learn(Plane::Resident, &asked, &answer);
        let of = |token: &str| {
            let request =
                Request::get("/").header("authorization", format!("Bearer {token}")).body(Bytes::new()).unwrap();
            seen.seen().tenant_of(&request)
        };
        assert_eq!(of("opaque"), "acme.example");
        assert_eq!(of("other"), "");
    }

    #[test]
    fn the_resident_issuer_is_known_by_a_token_that_it_handed_out() {
        let seen = KeyManagers::default();
        let claims = BASE64_URL_SAFE_NO_PAD.encode(json!({ "iss": "https://localhost/oauth2/token" }).to_string());
        let answer = Response::new(message::bytes(&json!({ "access_token": format!("e30.{claims}.x") })));
        let asked = Request::post("/oauth2/token").body(Bytes::from("grant_type=client_credentials")).unwrap();
        seen.learn(Plane::Resident, &asked, &answer);
        assert!(seen.is_resident("https://localhost/oauth2/token"));
        assert!(!seen.is_resident("https://acme.example/oauth2/token"));
    }
}
