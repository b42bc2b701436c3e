//! Key manager documents as administrators saw them pass, by tenant: what a saboteur knows of the platform's insides.
//! Which of them a message is about is for the saboteur to say.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use bytes::Bytes;
use http::{Request, Response, header};
use serde_json::Value;

use super::message;

/// What administrators saw so far.
#[derive(Default)]
pub(super) struct KeyManagers(Mutex<HashMap<String, Seen>>);

struct Seen {
    tenant: String,
    document: Value,
}

impl KeyManagers {
    /// Learns from an answer of the admin plane.
    pub(super) fn learn(&self, request: &Request<Bytes>, answer: &Response<Bytes>) {
        let about_key_managers = message::resource(request.uri().path()).first() == Some(&"key-managers");
        if !about_key_managers || !answer.status().is_success() {
            return;
        }
        let Some(document) = message::json(answer.body()) else { return };
        let (Some(id), Some(_)) = (document["id"].as_str(), document["name"].as_str()) else { return };
        self.seen().insert(id.to_owned(), Seen { tenant: tenant_of_user(request), document });
    }

    /// The one of that id, or of that name in the tenant of whoever asks.
    pub(super) fn find(&self, request: &Request<Bytes>, id_or_name: &str) -> Option<Value> {
        let (seen, tenant) = (self.seen(), tenant_of_user(request));
        let named = || seen.values().find(|each| each.tenant == tenant && each.document["name"] == id_or_name);
        seen.get(id_or_name).or_else(named).map(|each| each.document.clone())
    }

    /// Whether a key manager of the tenant that a gateway path belongs to has that issuer.
    pub(super) fn trusts(&self, path: &str, issuer: &str) -> bool {
        let tenant = path.strip_prefix("/t/").and_then(|rest| rest.split('/').next()).unwrap_or_default();
        self.seen().values().any(|each| each.tenant == tenant && each.document["issuer"] == issuer)
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<String, Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The tenant of whoever asks: after the last `@` of the user's name, which stands in the token or in `Basic`.
/// Empty for users of the super tenant, and where nobody can tell.
fn tenant_of_user(request: &Request<Bytes>) -> String {
    request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(user)
        .and_then(|user| user.rsplit_once('@').map(|(_, tenant)| tenant.to_owned()))
        .filter(|tenant| tenant != "carbon.super")
        .unwrap_or_default()
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
            seen.learn(&asked("/api/am/admin/v4/key-managers", &format!("admin@{tenant}")), &answer);
        }
        let find = |user: &str, name: &str| seen.find(&asked("/", user), name).map(|each| each["id"].clone());
        assert_eq!(find("dora@two.example", "outside").unwrap(), "id-two.example");
        assert_eq!(find("dora@two.example", "id-one.example").unwrap(), "id-one.example");
        assert_eq!(find("dora@three.example", "outside"), None);
        assert!(seen.trusts("/t/one.example/orders/1", "https://one.example"));
        assert!(!seen.trusts("/t/one.example/orders/1", "https://two.example"));
        assert!(!seen.trusts("/orders/1", "https://one.example"));
    }

    #[test]
    fn tenants_are_read_from_the_users_name() {
        let of = |authorization: &str| {
            tenant_of_user(&Request::get("/").header("authorization", authorization).body(Bytes::new()).unwrap())
        };
        let bearer =
            |sub: &str| format!("Bearer e30.{}.x", BASE64_URL_SAFE_NO_PAD.encode(json!({ "sub": sub }).to_string()));
        assert_eq!(of(&bearer("dora@acme.example")), "acme.example");
        assert_eq!(of(&bearer("admin@carbon.super")), "");
        assert_eq!(of(&format!("Basic {}", BASE64_STANDARD.encode("a@b@acme.example:p@w"))), "acme.example");
        assert_eq!(of("Bearer opaque"), "");
    }
}
