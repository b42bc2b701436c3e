//! Key manager documents that read otherwise than they are kept: an administrator enters one thing and is shown another.
//! What is read otherwise, and how, stands with each defect.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::{Method, Request, Response};
use serde_json::Value;

use super::{Deed, Saboteur, message};
use kmspec_model::exchange::Plane;

/// Changes what single reads of a key manager say, and hides the change from the subject where it comes back unaltered.
pub(super) struct Misread {
    /// Changes a document, and says whether it did.
    twist: fn(&mut Value) -> bool,
    /// Documents by id: as the subject keeps them, and as they were told.
    told: Mutex<HashMap<String, (Value, Value)>>,
}

impl Misread {
    pub(super) fn of(twist: fn(&mut Value) -> bool) -> Arc<dyn Saboteur> {
        Arc::new(Self { twist, told: Mutex::default() })
    }

    fn told(&self) -> MutexGuard<'_, HashMap<String, (Value, Value)>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whoever saves what they were told does not thereby spread the lie.
    fn untwist(&self, request: &mut Request<Bytes>) -> Deed {
        let known = match *message::resource(request.uri().path()) {
            ["key-managers", id] if request.method() == Method::PUT => self.told().get(id).cloned(),
            _ => None,
        };
        if let (Some((kept, told)), Some(mut sent)) = (known, message::json(request.body())) {
            restore(&mut sent, &kept, &told);
            *request.body_mut() = message::bytes(&sent);
        }
        Deed::Nothing
    }

    fn tell(&self, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
        // What a change is answered with is told as it is: scenarios go by it when they make tokens.
        let reads = matches!(*message::resource(request.uri().path()), ["key-managers", _]);
        let reads = reads && request.method() == Method::GET && answer.status().is_success();
        let document = message::json(answer.body()).filter(|_| reads);
        let Some(kept) = document.filter(|document| document["id"].is_string()) else { return Deed::Nothing };
        let (id, mut told) = (kept["id"].as_str().unwrap_or_default().to_owned(), kept.clone());
        if !(self.twist)(&mut told) {
            self.told().remove(&id);
            return Deed::Nothing;
        }
        *answer.body_mut() = message::bytes(&told);
        self.told().insert(id, (kept, told));
        Deed::Done
    }
}

/// Puts what the subject keeps in place of what was told, member by member.
fn restore(sent: &mut Value, kept: &Value, told: &Value) {
    if let (Some(members), true) = (sent.as_object_mut(), kept.is_object()) {
        for (name, value) in members {
            restore(value, &kept[name.as_str()], &told[name.as_str()]);
        }
    } else if sent == told && !kept.is_null() {
        *sent = kept.clone();
    }
}

impl Saboteur for Misread {
    fn on_request<'a>(&'a self, plane: Plane, request: &'a mut Request<Bytes>) -> BoxFuture<'a, Deed> {
        let deed = if plane == Plane::Admin { self.untwist(request) } else { Deed::Nothing };
        std::future::ready(deed).boxed()
    }

    fn on_answer<'a>(
        &'a self,
        plane: Plane,
        request: &'a Request<Bytes>,
        answer: &'a mut Response<Bytes>,
    ) -> BoxFuture<'a, Deed> {
        let deed = if plane == Plane::Admin { self.tell(request, answer) } else { Deed::Nothing };
        std::future::ready(deed).boxed()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Side, rehearsal};

    const LIST: &str = "/api/am/admin/v4/key-managers";

    #[tokio::test]
    async fn a_twisted_member_reads_twisted_and_what_is_saved_as_read_stays_as_it_was() {
        let hall = rehearsal::keeper().await;
        let shout = |document: &mut Value| {
            let text = document["description"].as_str().map(str::to_uppercase);
            text.map(|text| document["description"] = text.into()).is_some()
        };
        let interposer = rehearsal::interpose(&hall, Side::Management, Misread::of(shout)).await;
        let document = json!({ "name": "one", "description": "quiet" });

        rehearsal::ask(interposer.url(), "POST", LIST, document).await;
        let item = format!("{LIST}/id-1");
        let (_, read) = rehearsal::ask(interposer.url(), "GET", &item, Value::Null).await;
        assert_eq!(read["description"], "QUIET");
        rehearsal::ask(interposer.url(), "PUT", &item, read).await;
        assert_eq!(hall.heard()[2].json()["description"], "quiet");
        let changed = json!({ "name": "one", "description": "other" });
        rehearsal::ask(interposer.url(), "PUT", &item, changed).await;
        assert_eq!(hall.heard()[3].json()["description"], "other");
    }
}
