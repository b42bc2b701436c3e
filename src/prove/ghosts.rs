//! Documents that the subject refused and that appear to be there all the same.
//! Which refusals are covered so is for each saboteur to say.

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::Value;
use uuid::Uuid;

use super::{Deed, message, pair::Notes};

/// Answers a refused create as if it had been granted, and remembers the document.
pub(super) fn appear(notes: &mut Notes, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let Some(mut document) = message::json(request.body()).filter(Value::is_object) else { return Deed::Nothing };
    let id = Uuid::new_v4().to_string();
    document["id"] = id.as_str().into();
    message::say(answer, 201, &document);
    notes.insert(id, document);
    Deed::Done
}

/// Answers about documents that are not there; whoever deletes one is told that it went.
pub(super) fn haunt(notes: &mut Notes, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let parts = message::resource(request.uri().path());
    let Some(document) = parts.get(1).and_then(|id| notes.get(*id)).cloned() else { return Deed::Nothing };
    match *request.method() {
        Method::DELETE => {
            notes.remove(parts[1]);
            message::say(answer, 200, &Value::Null);
        }
        Method::PUT => message::say(answer, 200, &message::json(request.body()).unwrap_or_default()),
        _ => message::say(answer, 200, &document),
    }
    Deed::Done
}
