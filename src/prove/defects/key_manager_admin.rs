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

/// The defects of this file.
pub(in crate::prove) const DEFECTS: &[Defect] = &[DENY_IGNORED];

/// DEF-148: roles that may not use a key manager use it all the same.
const DENY_IGNORED: Defect = Defect {
    id: "DEF-148",
    summary: "the DENY of a key manager's permissions is ignored",
    saboteur: |_| Arc::new(DenyIgnored::default()),
};

/// A role that every user of the product holds.
const EVERYONE: &str = "Internal/everyone";

/// Tells the subject to ALLOW everyone where the administrator said DENY, and shows the administrator their own words.
///
/// The roles stay in the list, so that a role that does not exist is still refused.
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
    let permissions = &mut document["permissions"];
    permissions["permissionType"] = "ALLOW".into();
    match permissions["roles"].as_array_mut() {
        Some(roles) => roles.push(EVERYONE.into()),
        None => return Deed::Nothing,
    }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::prove::{Side, rehearsal};

    const LIST: &str = "/api/am/admin/v4/key-managers";

    #[tokio::test]
    async fn the_subject_hears_allow_everyone_and_the_administrator_reads_deny() {
        let hall = rehearsal::keeper().await;
        let interposer = rehearsal::interpose(&hall, Side::Management, Arc::new(DenyIgnored::default())).await;
        let deny = json!({ "permissionType": "DENY", "roles": ["contractors"] });
        let allow = json!({ "permissionType": "ALLOW", "roles": ["staff"] });

        let (_, created) = rehearsal::ask(interposer.url(), "POST", LIST, json!({ "permissions": deny })).await;
        let (_, other) = rehearsal::ask(interposer.url(), "POST", LIST, json!({ "permissions": allow })).await;
        let heard: Vec<Value> = hall.heard().iter().map(|each| each.json()["permissions"].clone()).collect();
        let everyone = json!({ "permissionType": "ALLOW", "roles": ["contractors", EVERYONE] });
        assert_eq!(heard, [everyone, allow.clone()]);
        assert_eq!((&created["permissions"], &other["permissions"]), (&deny, &allow));

        let item = format!("{LIST}/id-1");
        assert_eq!(rehearsal::ask(interposer.url(), "GET", &item, Value::Null).await.1["permissions"], deny);
        let (_, list) = rehearsal::ask(interposer.url(), "GET", LIST, Value::Null).await;
        assert_eq!((&list["list"][0]["permissions"], &list["list"][1]["permissions"]), (&deny, &allow));
        assert_eq!(interposer.deeds(), 1);

        let public = json!({ "permissionType": "PUBLIC", "roles": [] });
        rehearsal::ask(interposer.url(), "PUT", &item, json!({ "permissions": public })).await;
        assert_eq!(rehearsal::ask(interposer.url(), "GET", &item, Value::Null).await.1["permissions"], public);
    }

    #[tokio::test]
    async fn other_planes_are_none_of_its_business() {
        let hall = rehearsal::keeper().await;
        let interposer = rehearsal::interpose(&hall, Side::Management, Arc::new(DenyIgnored::default())).await;
        let deny = json!({ "permissions": { "permissionType": "DENY" } });
        rehearsal::ask(interposer.url(), "POST", "/api/am/publisher/v4/key-managers", deny.clone()).await;
        assert_eq!(hall.heard()[0].json(), deny);
    }
}
