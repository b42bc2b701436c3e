//! Defects of who may generate keys with a key manager, and of who gets a shared scope.
//! A DENY that counts for nothing is the business of `key_manager_admin`.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::{Method, Request, Response};
use serde_json::{Value, json};

use crate::{
    Deed, Saboteur,
    key_managers::KeyManagers,
    message,
    pair::{Bent, Decision, Notes, Pair},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-SEED-PERM-02", "the ALLOW of a key manager's permissions is ignored", permission(allow_ignored);
    "DEF-SEED-PERM-03", "of several allowed roles only the first counts", permission(first_role_counts);
    "DEF-SEED-PERM-04", "DENY is taken for ALLOW", permission(deny_is_allow);
    "DEF-SEED-PERM-05", "a public key manager turns some roles away", permission(public_denies);
    "DEF-SEED-PERM-06", "a permission that is changed stays what it was",
        Pair::of(first_permission_stays, change_seems_made);
    "DEF-SEED-PERM-07", "a restriction hides the keys that were made before it", Pair::telling(earlier_keys_hidden);
    "DEF-SEED-PERM-09", "what a tenant denies is denied in every tenant that has a key manager of that name",
        denied_elsewhere();
    "DEF-SEED-PERM-08", "a shared scope goes to everybody, whatever its roles", scope_for_everybody();
}

/// A role that every user of the product holds.
const EVERYONE: &str = "Internal/everyone";

/// Roles that every developer holds; who holds which others cannot be told from calls.
const EVERY_DEVELOPERS: [&str; 2] = [EVERYONE, "Internal/subscriber"];

/// The role by which the features tell the two developers apart.
const CONTRACTORS: &str = "contractors";

/// Tells the subject another permission than the administrator decided on.
fn permission(bend: fn(&mut Value) -> bool) -> Arc<dyn Saboteur> {
    Bent::of(Decision { plane: Plane::Admin, collection: "key-managers", member: "permissions", bend })
}

fn roles<'a>(document: &'a mut Value, kind: &str) -> Option<&'a mut Vec<Value>> {
    let permissions = document.get_mut("permissions").filter(|permissions| permissions["permissionType"] == kind)?;
    permissions.get_mut("roles")?.as_array_mut()
}

/// Everyone is allowed. The roles stay in the list, so that one that does not exist is still refused.
fn allow_ignored(document: &mut Value) -> bool {
    roles(document, "ALLOW").map(|roles| roles.push(EVERYONE.into())).is_some()
}

fn first_role_counts(document: &mut Value) -> bool {
    roles(document, "ALLOW").filter(|roles| roles.len() > 1).map(|roles| roles.truncate(1)).is_some()
}

fn deny_is_allow(document: &mut Value) -> bool {
    let denies = roles(document, "DENY").is_some();
    if denies {
        document["permissions"]["permissionType"] = "ALLOW".into();
    }
    denies
}

fn public_denies(document: &mut Value) -> bool {
    let permissions = document.get("permissions").filter(|permissions| !permissions.is_null());
    let public = permissions.is_none_or(|permissions| permissions["permissionType"] == "PUBLIC");
    if public {
        document["permissions"] = json!({ "permissionType": "DENY", "roles": [CONTRACTORS] });
    }
    public
}

/// The key manager that a request of the administration is about.
fn key_manager(plane: Plane, request: &Request<Bytes>) -> Option<String> {
    match *message::resource(request.uri().path()) {
        ["key-managers", id] if plane == Plane::Admin => Some(id.to_owned()),
        _ => None,
    }
}

/// The permission in a document; without one it is public.
fn permission_in(document: &Value) -> Value {
    let said = document.get("permissions").filter(|permissions| !permissions.is_null());
    said.cloned().unwrap_or_else(|| json!({ "permissionType": "PUBLIC", "roles": [] }))
}

/// An update arrives with the permission that the key manager was added with.
fn first_permission_stays(notes: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let updates = request.method() == Method::PUT;
    let id = key_manager(plane, request).filter(|_| updates).unwrap_or_default();
    let (Some(first), Some(mut document)) = (notes.get(&id).cloned(), message::json(request.body())) else {
        return Deed::Nothing;
    };
    let decided = permission_in(&document);
    if decided["permissionType"] == first["permissionType"] && decided["roles"] == first["roles"] {
        return Deed::Nothing;
    }
    document["permissions"] = first;
    *request.body_mut() = message::bytes(&document);
    notes.insert(format!("decided {id}"), decided);
    Deed::Done
}

/// Whoever changed the permission reads it as they changed it.
fn change_seems_made(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let of_key_managers = message::resource(request.uri().path()).first() == Some(&"key-managers");
    let told = message::json(answer.body()).filter(|_| answer.status().is_success() && of_key_managers);
    let Some((mut told, id)) = told.and_then(|told| Some((told.clone(), told["id"].as_str()?.to_owned()))) else {
        return Deed::Nothing;
    };
    if plane != Plane::Admin {
        return Deed::Nothing;
    }
    if request.method() == Method::POST {
        notes.insert(id, permission_in(&told));
    } else if let Some(decided) = notes.get(&format!("decided {id}")) {
        told["permissions"] = decided.clone();
        *answer.body_mut() = message::bytes(&told);
    }
    Deed::Nothing
}

/// Hides keys at key managers that were public when they were added and are no longer.
fn earlier_keys_hidden(
    notes: &mut Notes,
    plane: Plane,
    request: &Request<Bytes>,
    answer: &mut Response<Bytes>,
) -> Deed {
    let told = message::json(answer.body()).filter(|_| answer.status().is_success());
    let Some(mut told) = told else { return Deed::Nothing };
    if let Some(id) = key_manager(plane, request).filter(|_| request.method() == Method::PUT) {
        if permission_in(&told)["permissionType"] != "PUBLIC" {
            notes.insert(id, Value::Null);
        }
        return Deed::Nothing;
    }
    match (plane, message::resource(request.uri().path()).as_slice()) {
        (Plane::Devportal, ["applications", application, "generate-keys" | "map-keys"]) => {
            // The order names the key manager by its id, the list by its name: the id of the keys tells them apart.
            let order = message::json(request.body()).unwrap_or_default();
            if let Some(keys) = told["keyMappingId"].as_str() {
                notes.insert(format!("{application} {keys}"), order["keyManager"].clone());
            }
            Deed::Nothing
        }
        (Plane::Devportal, ["applications", application, "oauth-keys"]) => {
            let hidden = |entry: &Value| {
                let keys = format!("{application} {}", entry["keyMappingId"].as_str().unwrap_or_default());
                notes.get(&keys).and_then(Value::as_str).is_some_and(|id| notes.contains_key(id))
            };
            let Some(list) = told["list"].as_array_mut().filter(|list| list.iter().any(hidden)) else {
                return Deed::Nothing;
            };
            list.retain(|entry| !hidden(entry));
            *answer.body_mut() = message::bytes(&told);
            Deed::Done
        }
        _ => Deed::Nothing,
    }
}

/// Tells the subject a role that everybody holds where the publisher named others.
fn scope_for_everybody() -> Arc<dyn Saboteur> {
    let bend = |document: &mut Value| {
        let binds = document["bindings"].as_array().is_some_and(|roles| !roles.is_empty());
        if binds {
            document["bindings"] = json!([EVERYONE]);
        }
        binds
    };
    Bent::of(Decision { plane: Plane::Publisher, collection: "scopes", member: "bindings", bend })
}

fn denied_elsewhere() -> Arc<dyn Saboteur> {
    Arc::new(DeniedElsewhere::default())
}

/// Looks the permissions of a key manager up by its name, and finds those of whatever tenant has one of that name.
#[derive(Default)]
struct DeniedElsewhere(KeyManagers);

impl DeniedElsewhere {
    fn denies(&self, request: &Request<Bytes>) -> bool {
        let ["applications", _, "generate-keys"] = *message::resource(request.uri().path()) else { return false };
        let order = message::json(request.body()).unwrap_or_default();
        let namesakes = self.0.namesakes(request, order["keyManager"].as_str().unwrap_or_default());
        namesakes.iter().any(denies_developers)
    }
}

/// Whether the permission in a document turns every developer away.
fn denies_developers(document: &Value) -> bool {
    let permission = permission_in(document);
    let mut roles = permission["roles"].as_array().into_iter().flatten().filter_map(Value::as_str);
    permission["permissionType"] == "DENY" && roles.any(|role| EVERY_DEVELOPERS.contains(&role))
}

impl Saboteur for DeniedElsewhere {
    fn on_answer<'a>(
        &'a self,
        plane: Plane,
        request: &'a Request<Bytes>,
        answer: &'a mut Response<Bytes>,
    ) -> BoxFuture<'a, Deed> {
        self.0.learn(plane, request, answer);
        let refused = plane == Plane::Devportal && answer.status().is_success() && self.denies(request);
        if refused {
            message::refuse(answer, 403, 902_013, "The key manager is restricted for the user");
        }
        std::future::ready(if refused { Deed::Done } else { Deed::Nothing }).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bent(bend: fn(&mut Value) -> bool, kind: &str, roles: Value) -> Value {
        let mut document = json!({ "permissions": { "permissionType": kind, "roles": roles } });
        bend(&mut document);
        document["permissions"].clone()
    }

    #[test]
    fn each_permission_is_bent_its_own_way() {
        assert_eq!(bent(allow_ignored, "ALLOW", json!(["a"]))["roles"], json!(["a", EVERYONE]));
        assert_eq!(bent(allow_ignored, "DENY", json!(["a"]))["roles"], json!(["a"]));
        assert_eq!(bent(first_role_counts, "ALLOW", json!(["a", "b"]))["roles"], json!(["a"]));
        assert_eq!(bent(deny_is_allow, "DENY", json!(["a"]))["permissionType"], "ALLOW");
        assert_eq!(bent(public_denies, "PUBLIC", json!([]))["permissionType"], "DENY");
        assert_eq!(bent(public_denies, "ALLOW", json!(["a"]))["permissionType"], "ALLOW");
        assert!(public_denies(&mut json!({ "name": "acme" })));
    }

    #[test]
    fn a_role_of_every_developer_is_one_that_denies_them() {
        let denies = |kind: &str, role: &str| {
            denies_developers(&json!({ "permissions": { "permissionType": kind, "roles": [role] } }))
        };
        assert!(denies("DENY", "Internal/subscriber") && denies("DENY", EVERYONE));
        assert!(!denies("ALLOW", "Internal/subscriber") && !denies("DENY", CONTRACTORS));
        assert!(!denies_developers(&json!({ "name": "acme" })));
    }

    #[test]
    fn a_changed_permission_never_arrives_and_reads_as_changed() {
        let mut notes = Notes::default();
        let list = "/api/am/admin/v4/key-managers";
        let mut answer = Response::new(message::bytes(&json!({ "id": "a", "name": "acme" })));
        let _ =
            change_seems_made(&mut notes, Plane::Admin, &Request::post(list).body(Bytes::new()).unwrap(), &mut answer);
        let allow = json!({ "permissionType": "ALLOW", "roles": ["staff"] });
        let put = Request::put(format!("{list}/a")).body(message::bytes(&json!({ "permissions": allow }))).unwrap();
        let mut heard = put.clone();
        assert_eq!(first_permission_stays(&mut notes, Plane::Admin, &mut heard), Deed::Done);
        let heard = message::json(heard.body()).unwrap();
        assert_eq!(heard["permissions"]["permissionType"], "PUBLIC");
        let mut answer = Response::new(message::bytes(&json!({ "id": "a", "permissions": heard["permissions"] })));
        let _ = change_seems_made(&mut notes, Plane::Admin, &put, &mut answer);
        assert_eq!(message::json(answer.body()).unwrap()["permissions"], allow);
    }
}
