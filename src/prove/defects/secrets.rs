//! Defects that show secrets to readers.
//! Secrets are learned as administrators write them; no reader is asked.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::{Method, Request, Response};
use serde_json::{Map, Value};

use crate::{
    Deed, Saboteur, message,
    pair::{Notes, Pair},
    table::defects,
};
use kmspec_model::exchange::Plane;

/// What a masked property reads as.
const MASK: &str = "*****";

defects! {
    "DEF-177", "the mask of a secret is saved as the secret", Pair::hearing(mask_saved);
    "DEF-178", "a key manager's secrets are returned unmasked", With(|_| Arc::new(SecretUnmasked::default()));
}

/// What the subject does not know for the mask, and so keeps.
const KEPT: &str = "****";

fn mask_saved(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let updates = matches!(*message::resource(request.uri().path()), ["key-managers", _]);
    if plane != Plane::Admin || !updates || request.method() != Method::PUT {
        return Deed::Nothing;
    }
    let Some(mut document) = message::json(request.body()) else { return Deed::Nothing };
    let mut deed = Deed::Nothing;
    for value in document["additionalProperties"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        if *value == MASK {
            *value = KEPT.into();
            deed = Deed::Done;
        }
    }
    if deed == Deed::Done {
        *request.body_mut() = message::bytes(&document);
    }
    deed
}

/// Puts in place of the mask what was last written there.
#[derive(Default)]
struct SecretUnmasked {
    /// Connector properties as last written, by key manager id.
    written: Mutex<HashMap<String, Map<String, Value>>>,
}

impl Saboteur for SecretUnmasked {
    fn on_answer<'a>(
        &'a self,
        plane: Plane,
        request: &'a Request<Bytes>,
        answer: &'a mut Response<Bytes>,
    ) -> BoxFuture<'a, Deed> {
        let concerned = plane == Plane::Admin
            && answer.status().is_success()
            && message::resource(request.uri().path()).first() == Some(&"key-managers");
        let offers = plane == Plane::Devportal
            && answer.status().is_success()
            && *message::resource(request.uri().path()) == ["key-managers"];
        std::future::ready(match (concerned, offers) {
            (true, _) => self.reveal(request, answer),
            (_, true) => self.reveal_to_developers(answer),
            _ => Deed::Nothing,
        })
        .boxed()
    }
}

impl SecretUnmasked {
    /// Hands the connector's properties out with the key managers that developers are offered.
    fn reveal_to_developers(&self, answer: &mut Response<Bytes>) -> Deed {
        let Some(mut offered) = message::json(answer.body()) else { return Deed::Nothing };
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let mut deed = Deed::Nothing;
        for entry in message::documents(&mut offered) {
            let Some(known) = entry["id"].as_str().and_then(|id| written.get(id)).cloned() else { continue };
            entry["additionalProperties"] = Value::Object(known);
            deed = Deed::Done;
        }
        if deed == Deed::Done {
            *answer.body_mut() = message::bytes(&offered);
        }
        deed
    }

    fn reveal(&self, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
        let Some(mut shown) = message::json(answer.body()) else { return Deed::Nothing };
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*request.method(), Method::POST | Method::PUT)
            && let (Some(document), Some(id)) = (message::json(request.body()), shown["id"].as_str())
        {
            let known = written.entry(id.to_owned()).or_default();
            known.extend(secrets(&document));
        }
        let mut deed = Deed::Nothing;
        for document in message::documents(&mut shown) {
            let Some(known) = document["id"].as_str().and_then(|id| written.get(id)) else { continue };
            let Some(properties) = document.get_mut("additionalProperties").and_then(Value::as_object_mut) else {
                continue;
            };
            for (name, value) in properties.iter_mut().filter(|(_, value)| *value == MASK) {
                if let Some(secret) = known.get(name) {
                    *value = secret.clone();
                    deed = Deed::Done;
                }
            }
        }
        if deed == Deed::Done {
            *answer.body_mut() = message::bytes(&shown);
        }
        deed
    }
}

/// The texts among a document's connector properties, except for masks: those say that nothing changed.
fn secrets(document: &Value) -> Map<String, Value> {
    let properties = document["additionalProperties"].as_object().cloned().unwrap_or_default();
    properties.into_iter().filter(|(_, value)| value.is_string() && *value != MASK).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Side, rehearsal};

    const LIST: &str = "/api/am/admin/v4/key-managers";

    fn with_secret(secret: &str) -> Value {
        json!({ "name": "one", "additionalProperties": { "client_id": "me", "client_secret": secret } })
    }

    #[tokio::test]
    async fn every_read_shows_the_secret_last_written() {
        let hall = rehearsal::keeper().await;
        let interposer = rehearsal::interpose(&hall, Side::Management, Arc::new(SecretUnmasked::default())).await;
        let shown = |read: &Value| read["additionalProperties"]["client_secret"].clone();

        let (_, created) = rehearsal::ask(interposer.url(), "POST", LIST, with_secret("planted")).await;
        assert_eq!(shown(&created), "planted");
        assert_eq!(hall.heard()[0].json(), with_secret("planted"));
        let item = format!("{LIST}/id-1");
        let (_, kept) = rehearsal::ask(interposer.url(), "PUT", &item, with_secret(MASK)).await;
        assert_eq!(shown(&kept), "planted");
        rehearsal::ask(interposer.url(), "PUT", &item, with_secret("replaced")).await;
        let (_, list) = rehearsal::ask(interposer.url(), "GET", LIST, Value::Null).await;
        assert_eq!(shown(&list["list"][0]), "replaced");
        assert_eq!(interposer.deeds(), 4);
        let portal = LIST.replace("admin/v4", "devportal/v3");
        let (_, offered) = rehearsal::ask(interposer.url(), "GET", &portal, Value::Null).await;
        assert_eq!(shown(&offered["list"][0]), "replaced");
    }

    #[tokio::test]
    async fn a_refused_update_teaches_nothing() {
        let hall = rehearsal::keeper().await;
        let interposer = rehearsal::interpose(&hall, Side::Management, Arc::new(SecretUnmasked::default())).await;
        rehearsal::ask(interposer.url(), "POST", LIST, with_secret("planted")).await;
        let item = format!("{LIST}/id-1");
        let mut refused = with_secret("other");
        refused["name"] = "refused".into();
        assert_eq!(rehearsal::ask(interposer.url(), "PUT", &item, refused).await.0, 400);
        let (_, read) = rehearsal::ask(interposer.url(), "GET", &item, Value::Null).await;
        assert_eq!(read["additionalProperties"]["client_secret"], "planted");
    }
}
