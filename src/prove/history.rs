//! What passed so far, in its order: decisions taken on the management planes, and calls that the gateway answered.
//! What a saboteur concludes from it is its own business.

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Map, Value};

use super::message;
use kmspec_model::exchange::Plane;

/// Everything that a saboteur saw.
#[derive(Debug, Default)]
pub(super) struct History {
    decisions: Vec<Decision>,
    calls: Vec<GatewayCall>,
    /// When the subject of a tenant was started anew.
    restarts: Vec<(usize, String)>,
    count: usize,
}

/// A request to a management plane that was granted.
#[derive(Debug)]
pub(super) struct Decision {
    /// Its place in the order of all that passed.
    pub(super) at: usize,
    pub(super) plane: Plane,
    pub(super) method: Method,
    /// The path, part by part, below plane and version; the whole path on other planes.
    pub(super) resource: Vec<String>,
    /// The body: JSON, or a form as an object of texts.
    pub(super) sent: Value,
    /// The JSON that came back.
    pub(super) told: Value,
}

/// A call that the gateway answered.
#[derive(Debug)]
pub(super) struct GatewayCall {
    pub(super) at: usize,
    pub(super) path: String,
    /// The text after the scheme.
    pub(super) token: String,
    /// The backend's answer; `None` when the gateway refused.
    pub(super) answer: Option<Response<Bytes>>,
}

impl Decision {
    /// Whether it did this to such a thing: `["key-managers", "*"]` stands for any one key manager.
    pub(super) fn is(&self, method: &Method, resource: &[&str]) -> bool {
        self.method == *method
            && self.resource.len() == resource.len()
            && self.resource.iter().zip(resource).all(|(part, wanted)| *wanted == "*" || part == wanted)
    }

    /// A member of the body that was sent, as text.
    pub(super) fn text(&self, member: &str) -> Option<&str> {
        self.sent.get(member)?.as_str()
    }
}

impl History {
    /// Notes a granted request to a management plane.
    pub(super) fn decided(&mut self, plane: Plane, request: &Request<Bytes>, answer: &Response<Bytes>) {
        if !answer.status().is_success() || request.method() == Method::GET {
            return;
        }
        let below = message::resource(request.uri().path());
        let parts = if below.is_empty() {
            request.uri().path().split('/').filter(|part| !part.is_empty()).collect()
        } else {
            below
        };
        let at = self.next();
        self.decisions.push(Decision {
            at,
            plane,
            method: request.method().clone(),
            resource: parts.into_iter().map(str::to_owned).collect(),
            sent: message::json(request.body()).unwrap_or_else(|| form(request.body())),
            told: message::json(answer.body()).unwrap_or_default(),
        });
    }

    /// Notes a call at the gateway.
    pub(super) fn called(&mut self, path: &str, token: &str, answer: &Response<Bytes>) {
        let (at, answer) = (self.next(), answer.status().is_success().then(|| answer.clone()));
        self.calls.push(GatewayCall { at, path: path.to_owned(), token: token.to_owned(), answer });
    }

    /// Notes that the subject that serves a tenant was started anew.
    pub(super) fn restarted(&mut self, tenant: &str) {
        let at = self.next();
        self.restarts.push((at, tenant.to_owned()));
    }

    fn next(&mut self) -> usize {
        self.count += 1;
        self.count
    }

    /// Decisions, the latest first.
    pub(super) fn decisions(&self) -> impl Iterator<Item = &Decision> {
        self.decisions.iter().rev()
    }

    /// Calls, the latest first.
    pub(super) fn calls(&self) -> impl Iterator<Item = &GatewayCall> {
        self.calls.iter().rev()
    }

    /// Whether the subject that serves a path of the gateway was started anew after that.
    pub(super) fn restarted_since(&self, at: usize, path: &str) -> bool {
        self.last_restart(path).is_some_and(|restart| restart > at)
    }

    /// When the subject that serves a path of the gateway was started anew last.
    pub(super) fn last_restart(&self, path: &str) -> Option<usize> {
        let tenant = path.strip_prefix("/t/").and_then(|rest| rest.split('/').next()).unwrap_or("carbon.super");
        self.restarts.iter().rev().find(|(_, of)| of == tenant).map(|(restart, _)| *restart)
    }

    /// The latest decision that gave a client to an application: mapped or registered.
    pub(super) fn mapping(&self, client: &str) -> Option<&Decision> {
        self.decisions().find(|each| {
            matches!(each.resource.last().map(String::as_str), Some("map-keys" | "generate-keys"))
                && each.told["consumerKey"] == client
        })
    }

    /// The API document that a path of the gateway belongs to, as its publisher wrote it last.
    pub(super) fn api(&self, path: &str) -> Option<&Value> {
        self.decisions().filter(|each| each.plane == Plane::Publisher).map(|each| &each.told).find(|document| {
            let context = document["context"].as_str().unwrap_or_default();
            !context.is_empty() && path.strip_prefix(context).is_some_and(|rest| rest.starts_with('/'))
        })
    }
}

fn form(body: &Bytes) -> Value {
    let fields = url::form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), value.into_owned().into()));
    Value::Object(fields.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(method: &str, path: &str, body: &str) -> Request<Bytes> {
        Request::builder().method(method).uri(path).body(Bytes::from(body.to_owned())).unwrap()
    }

    #[test]
    fn decisions_are_found_by_what_they_did_and_the_latest_counts() {
        let mut history = History::default();
        let told = |value: Value| Response::new(message::bytes(&value));
        let map = request("POST", "/api/am/devportal/v3/applications/7/map-keys", r#"{"keyManager":"acme"}"#);
        history.decided(Plane::Devportal, &map, &told(json!({ "consumerKey": "ck" })));
        let api = request("POST", "/api/am/publisher/v4/apis", "{}");
        history.decided(Plane::Publisher, &api, &told(json!({ "context": "/t/a/orders", "audiences": ["x"] })));
        history.decided(Plane::Publisher, &api, &told(json!({ "context": "/t/a/orders", "audiences": ["y"] })));
        let revoke = request("POST", "/oauth2/revoke", "token=abc&token_type_hint=access_token");
        history.decided(Plane::Resident, &revoke, &Response::new(Bytes::new()));

        assert!(history.mapping("ck").unwrap().is(&Method::POST, &["applications", "*", "map-keys"]));
        assert!(history.mapping("other").is_none());
        assert_eq!(history.api("/t/a/orders/1.0/x").unwrap()["audiences"][0], "y");
        assert!(history.api("/t/a/ordersx/1.0").is_none());
        let latest = history.decisions().next().unwrap();
        assert_eq!((latest.text("token"), latest.resource.last().unwrap().as_str()), (Some("abc"), "revoke"));
        let at = latest.at;
        assert!(!history.restarted_since(at, "/t/a/orders"));
        history.restarted("a");
        assert!(history.restarted_since(at, "/t/a/orders") && !history.restarted_since(at, "/t/b/orders"));
    }

    #[test]
    fn what_was_refused_or_only_read_is_no_decision() {
        let mut history = History::default();
        let refused = Response::builder().status(400).body(Bytes::new()).unwrap();
        history.decided(Plane::Admin, &request("POST", "/api/am/admin/v4/key-managers", "{}"), &refused);
        let read = request("GET", "/api/am/admin/v4/key-managers", "");
        history.decided(Plane::Admin, &read, &Response::new(Bytes::new()));
        assert_eq!(history.decisions().count(), 0);
    }
}
