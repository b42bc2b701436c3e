//! Saboteurs between the platform and its authorization servers: what a connector sends there is changed, or never arrives.
//! Key managers are entered with the interposers' addresses, and told with their own, so that nobody notices.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::{Request, Response, header};
use serde_json::Value;

use super::{
    Accomplices, Deed, Saboteur,
    accomplices::StandIn,
    message,
    pair::{Notes, Tell},
};
use kmspec_model::exchange::Plane;

/// Which answer, as status and body, stands for a server that a request never gets to see; `None` lets the request through.
type Withhold = fn(&Notes, &Request<Bytes>) -> Option<(u16, Value)>;

/// What a connector is made to do wrong.
#[derive(Clone, Copy)]
pub(super) struct Errand {
    /// Changes a request on its way to an authorization server.
    pub(super) change: fn(&mut Request<Bytes>) -> Deed,
    /// What is answered in the server's place to a request that it never gets to see.
    pub(super) withhold: Withhold,
    /// Changes an answer: of an authorization server to the platform, or of the platform to whoever asked.
    pub(super) tell: Tell,
}

/// Nothing is done wrong; defects name what is.
pub(super) const SOUND: Errand =
    Errand { change: |_| Deed::Nothing, withhold: |_, _| None, tell: |_, _, _, _| Deed::Nothing };

/// Carries an errand out.
pub(super) struct Courier {
    accomplices: Arc<Accomplices>,
    errand: Errand,
    notes: Mutex<Notes>,
}

impl Courier {
    pub(super) fn of(accomplices: Arc<Accomplices>, errand: Errand) -> Arc<dyn Saboteur> {
        Arc::new(Self { accomplices, errand, notes: Mutex::default() })
    }

    fn withheld(&self, request: &Request<Bytes>) -> Option<(u16, Value)> {
        (self.errand.withhold)(&self.notes.lock().unwrap_or_else(PoisonError::into_inner), request)
    }

    /// A client is managed through the interposer, too, where a server says itself where that is.
    fn name_itself(&self, answer: &mut Response<Bytes>) {
        let Some(mut told) = message::json(answer.body()) else { return };
        let Some(place) = told.get_mut(MANAGED_AT) else { return };
        if replaced(place, &self.accomplices.stand_ins()) {
            *answer.body_mut() = message::bytes(&told);
        }
    }

    fn on_its_way(&self, request: &mut Request<Bytes>) -> Deed {
        if self.withheld(request).is_some() {
            message::defuse(request, "/");
            return Deed::Done;
        }
        self.name_servers(request);
        (self.errand.change)(request)
    }

    /// Puts a server's own address for its interposer's in a body, also where a form has it escaped.
    fn name_servers(&self, request: &mut Request<Bytes>) {
        let Ok(text) = std::str::from_utf8(request.body()) else { return };
        let mut changed = text.to_owned();
        for StandIn { place, base, .. } in &self.accomplices.stand_ins() {
            changed = changed.replace(place, base).replace(&escaped(place), &escaped(base));
        }
        if changed != text {
            *request.body_mut() = changed.into();
        }
    }
}

/// Where a client is managed, as its registration tells it (RFC 7591, section 3.2.1).
const MANAGED_AT: &str = "registration_client_uri";

fn escaped(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Members of a key manager that name it, and not where the platform calls it: these stay.
const NAMES: [&str; 4] = ["issuer", "certificates", "wellKnownEndpoint", "alias"];

/// The document of a key manager with the addresses of interposers in place of the servers'.
fn redirected(document: &mut Value, standing: &[StandIn]) -> bool {
    let Some(members) = document.as_object_mut() else { return false };
    let mut changed = false;
    for (_, value) in members.iter_mut().filter(|(name, _)| !NAMES.contains(&name.as_str())) {
        changed |= replaced(value, standing);
    }
    changed
}

fn replaced(value: &mut Value, standing: &[StandIn]) -> bool {
    match value {
        Value::String(text) => {
            let other = standing.iter().fold(text.clone(), |text, each| text.replace(&each.base, &each.place));
            let changed = other != *text;
            *text = other;
            changed
        }
        // Every one is gone through: the first that changed is not the last.
        Value::Array(list) => {
            list.iter_mut().map(|each| replaced(each, standing)).filter(|changed| *changed).count() > 0
        }
        Value::Object(members) => {
            members.values_mut().map(|each| replaced(each, standing)).filter(|changed| *changed).count() > 0
        }
        _ => false,
    }
}

impl Saboteur for Courier {
    fn meets_servers(&self) -> bool {
        true
    }

    fn on_request<'a>(&'a self, plane: Plane, request: &'a mut Request<Bytes>) -> BoxFuture<'a, Deed> {
        let deed = match plane {
            Plane::AuthorizationServer => self.on_its_way(request),
            Plane::Admin if message::resource(request.uri().path()).first() == Some(&"key-managers") => {
                if let Some(mut document) = message::json(request.body())
                    && redirected(&mut document, &self.accomplices.stand_ins())
                {
                    *request.body_mut() = message::bytes(&document);
                }
                Deed::Nothing
            }
            _ => Deed::Nothing,
        };
        std::future::ready(deed).boxed()
    }

    fn on_answer<'a>(
        &'a self,
        plane: Plane,
        request: &'a Request<Bytes>,
        answer: &'a mut Response<Bytes>,
    ) -> BoxFuture<'a, Deed> {
        let withheld = (plane == Plane::AuthorizationServer).then(|| self.withheld(request)).flatten();
        let deed = match withheld {
            Some((status, body)) => {
                answer.headers_mut().remove(header::WWW_AUTHENTICATE);
                message::say(answer, status, &body);
                Deed::Done
            }
            None => {
                let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
                (self.errand.tell)(&mut notes, plane, request, answer)
            }
        };
        if plane == Plane::AuthorizationServer {
            self.name_itself(answer);
        }
        if matches!(plane, Plane::Admin | Plane::Devportal)
            && let Ok(text) = std::str::from_utf8(answer.body())
        {
            let standing = self.accomplices.stand_ins();
            let own = standing.iter().fold(text.to_owned(), |text, each| text.replace(&each.place, &each.base));
            if own != text {
                *answer.body_mut() = own.into();
            }
        }
        std::future::ready(deed).boxed()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn standing() -> Arc<Accomplices> {
        let accomplices = Accomplices::new(&[]).unwrap();
        accomplices.stand_in("https://localhost:1/oauth2/token", "https://localhost:1", "https://localhost:2");
        Arc::new(accomplices)
    }

    #[tokio::test]
    async fn a_key_manager_is_entered_with_the_interposers_addresses_and_told_with_its_own() {
        let courier = Courier::of(standing(), SOUND);
        let document = json!({
            "issuer": "https://localhost:1/oauth2/token", "tokenEndpoint": "https://localhost:1/oauth2/token",
            "certificates": {"type": "JWKS", "value": "https://localhost:1/oauth2/jwks"},
            "additionalProperties": {"is7_roles_endpoint": "https://localhost:1/scim2/v2/Roles", "Username": "admin"},
        });
        let path = "/api/am/admin/v4/key-managers";
        let mut request = Request::post(path).body(message::bytes(&document)).unwrap();
        let sent = request.clone();
        let _ = courier.on_request(Plane::Admin, &mut request).await;
        let entered = message::json(request.body()).unwrap();
        assert_eq!(entered["issuer"], document["issuer"]);
        assert_eq!(entered["certificates"], document["certificates"]);
        assert_eq!(entered["tokenEndpoint"], "https://localhost:2/oauth2/token");
        assert_eq!(entered["additionalProperties"]["is7_roles_endpoint"], "https://localhost:2/scim2/v2/Roles");
        let mut answer = Response::new(request.into_body());
        let _ = courier.on_answer(Plane::Admin, &sent, &mut answer).await;
        assert_eq!(message::json(answer.body()).unwrap(), document);
    }

    #[tokio::test]
    async fn a_server_is_asked_in_its_own_name_and_for_what_is_not_withheld() {
        let errand =
            Errand { withhold: |_, request| (request.method() == "DELETE").then(|| (204, Value::Null)), ..SOUND };
        let courier = Courier::of(standing(), errand);
        let form = "audience=https%3A%2F%2Flocalhost%3A2%2Fapi%2F&grant_type=client_credentials";
        let mut token = Request::post("/oauth2/token").body(Bytes::from(form)).unwrap();
        assert_eq!(courier.on_request(Plane::AuthorizationServer, &mut token).await, Deed::Nothing);
        assert_eq!(token.body(), &form.replace("A2", "A1"));
        let registered =
            json!({"registration_client_uri": "https://localhost:1/register/7", "iss": "https://localhost:1"});
        let mut answer = Response::new(message::bytes(&registered));
        let asked = Request::post("/register").body(Bytes::new()).unwrap();
        let _ = courier.on_answer(Plane::AuthorizationServer, &asked, &mut answer).await;
        let told = json!({"registration_client_uri": "https://localhost:2/register/7", "iss": "https://localhost:1"});
        assert_eq!(message::json(answer.body()).unwrap(), told);
        let delete = Request::delete("/register/7").body(Bytes::new()).unwrap();
        let mut sent = delete.clone();
        assert_eq!(courier.on_request(Plane::AuthorizationServer, &mut sent).await, Deed::Done);
        assert_eq!((sent.method().as_str(), sent.uri().path()), ("GET", "/"));
        let mut answer = Response::builder().status(404).body(Bytes::from("nothing")).unwrap();
        assert_eq!(courier.on_answer(Plane::AuthorizationServer, &delete, &mut answer).await, Deed::Done);
        assert_eq!((answer.status().as_u16(), answer.body().len()), (204, 0));
    }
}
