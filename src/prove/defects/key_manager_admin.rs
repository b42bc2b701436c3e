//! Defects of key manager administration: what an administrator decided has no effect.
//! The subject never hears of the decision; administrators read it back as they made it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::{Method, Request, Response};
use serde_json::Value;

use crate::{
    model::exchange::Plane,
    prove::{Deed, Defect, Saboteur, message},
};

/// DEF-148: roles that may not use a key manager use it all the same.
pub(in crate::prove) const DENY_IGNORED: Defect = Defect {
    id: "DEF-148",
    summary: "the DENY of a key manager's permissions is ignored",
    controls: "(@permissions or @key-managers) and not @DEF-148",
    saboteur: |_| Arc::new(DenyIgnored::default()),
};

/// Tells the subject PUBLIC where the administrator said DENY, and the administrator DENY where the subject says PUBLIC.
///
/// The roles stay, so that a role that does not exist is still refused.
#[derive(Default)]
struct DenyIgnored {
    /// Permissions as the administrator set them, by key manager id.
    denied: Mutex<HashMap<String, Value>>,
}

impl Saboteur for DenyIgnored {
    fn on_request<'a>(&'a self, plane: Plane, request: &'a mut Request<Bytes>) -> BoxFuture<'a, Deed> {
        std::future::ready(if plane == Plane::Admin { open(request) } else { Deed::Nothing }).boxed()
    }

    fn on_answer<'a>(
        &'a self,
        plane: Plane,
        request: &'a Request<Bytes>,
        answer: &'a mut Response<Bytes>,
    ) -> BoxFuture<'a, Deed> {
        if plane == Plane::Admin && answer.status().is_success() {
            self.cover(request, answer);
        }
        std::future::ready(Deed::Nothing).boxed()
    }
}

/// Rewrites a DENY on its way in.
fn open(request: &mut Request<Bytes>) -> Deed {
    let Some(mut document) = written(request) else { return Deed::Nothing };
    if denial(&document).is_none() {
        return Deed::Nothing;
    }
    document["permissions"]["permissionType"] = "PUBLIC".into();
    *request.body_mut() = message::bytes(&document);
    Deed::Done
}

impl DenyIgnored {
    /// Remembers what was decided, and shows it instead of what the subject believes.
    fn cover(&self, request: &Request<Bytes>, answer: &mut Response<Bytes>) {
        if message::resource(request.uri().path()).first() != Some(&"key-managers") {
            return;
        }
        let Some(mut shown) = message::json(answer.body()) else { return };
        let mut denied = self.denied.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(document), Some(id)) = (written(request), shown["id"].as_str()) {
            match denial(&document) {
                Some(permissions) => denied.insert(id.to_owned(), permissions.clone()),
                None => denied.remove(id),
            };
        }
        let mut covered = false;
        for document in message::documents(&mut shown) {
            let decided = document["id"].as_str().and_then(|id| denied.get(id)).cloned();
            if let Some((decided, member)) = decided.zip(document.get_mut("permissions")) {
                *member = decided;
                covered = true;
            }
        }
        if covered {
            *answer.body_mut() = message::bytes(&shown);
        }
    }
}

/// The key manager document in a create or an update.
fn written(request: &Request<Bytes>) -> Option<Value> {
    let writes = match *message::resource(request.uri().path()) {
        ["key-managers"] => request.method() == Method::POST,
        ["key-managers", _] => request.method() == Method::PUT,
        _ => false,
    };
    if writes { message::json(request.body()) } else { None }
}

fn denial(document: &Value) -> Option<&Value> {
    document.get("permissions").filter(|permissions| permissions["permissionType"] == "DENY")
}
