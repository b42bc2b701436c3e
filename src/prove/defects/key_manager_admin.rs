//! Defects of key manager administration: decisions without effect, refusals that are none, and documents that get lost.
//! Who gets in at all is the business of `admin_access`.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    Deed, Saboteur, message,
    pair::{Bent, Decision, Notes, Pair},
    second_try::{Refused, SecondTry},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-140", "two key managers of a tenant may have one issuer", With(|all| SecondTry::with(all, issuer_shared));
    "DEF-141", "two key managers of a tenant may have one name", With(|all| SecondTry::with(all, name_shared));
    "DEF-142", "a key manager is deleted although it is in use", Pair::telling(deleted_in_use);
    "DEF-143", "a disabled key manager cannot be deleted", Pair::of(keep_disabled, disabled_stays);
    "DEF-144", "an API that names a disabled key manager cannot be saved", Pair::telling(api_not_saved);
    "DEF-145", "a disabled key manager stays in use", disabling_ignored();
    "DEF-146", "the resident key manager cannot be disabled", Pair::of(keep_resident_enabled, resident_not_disabled);
    "DEF-147", "key managers are lost at a restart", Pair::telling(lost_at_restart);
    "DEF-148", "the DENY of a key manager's permissions is ignored", deny_ignored();
    "DEF-150", "what was imported from no discovery document passes for a draft", Pair::telling(anything_imported);
    "DEF-151", "an update drops settings that nobody touched", Pair::of(settings_dropped, settings_noted);
}

/// A role that every user of the product holds.
const EVERYONE: &str = "Internal/everyone";

/// Tells the subject to ALLOW everyone where the administrator said DENY. The roles stay in the list, so that a role
/// that does not exist is still refused.
fn deny_ignored() -> Arc<dyn Saboteur> {
    let bend = |document: &mut Value| {
        let Some(permissions) = document.get_mut("permissions") else { return false };
        if permissions["permissionType"] != "DENY" {
            return false;
        }
        let Some(roles) = permissions["roles"].as_array_mut() else { return false };
        roles.push(EVERYONE.into());
        permissions["permissionType"] = "ALLOW".into();
        true
    };
    Bent::of(Decision { plane: Plane::Admin, collection: "key-managers", member: "permissions", bend })
}

/// Tells the subject `enabled` where the administrator said otherwise, of all but the resident one.
fn disabling_ignored() -> Arc<dyn Saboteur> {
    let bend = |document: &mut Value| {
        let disables = document["enabled"] == false && !is_resident(document);
        if disables {
            document["enabled"] = true.into();
        }
        disables
    };
    Bent::of(Decision { plane: Plane::Admin, collection: "key-managers", member: "enabled", bend })
}

fn is_resident(document: &Value) -> bool {
    document["name"] == "Resident Key Manager"
}

/// What was asked of the key managers at the administration, part by part.
fn asked(plane: Plane, request: &Request<Bytes>) -> Option<(&Method, Vec<&str>)> {
    let parts = message::resource(request.uri().path());
    (plane == Plane::Admin && parts.first() == Some(&"key-managers")).then(|| (request.method(), parts))
}

/// Whether a second key manager was refused, for its issuer or for its name.
fn is_second(refused: &Refused<'_>, for_issuer: bool) -> bool {
    let adds =
        asked(refused.plane, refused.request).is_some_and(|(method, parts)| method == Method::POST && parts.len() == 1);
    adds && refused.status == 409 && refused.told.to_string().to_lowercase().contains("issuer") == for_issuer
}

fn issuer_shared(refused: &Refused<'_>, document: &mut Value) -> bool {
    document["issuer"] = format!("https://localhost/{}", Uuid::new_v4()).into();
    is_second(refused, true)
}

fn name_shared(refused: &Refused<'_>, document: &mut Value) -> bool {
    document["name"] = Uuid::new_v4().to_string().into();
    is_second(refused, false)
}

/// Says that a key manager went which stayed.
fn deleted_in_use(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let Some((method, parts)) = asked(plane, request) else { return Deed::Nothing };
    if let (Some(id), true) = (parts.get(1), method == Method::DELETE && answer.status() == 412) {
        notes.insert((*id).to_owned(), Value::Null);
        message::say(answer, 200, &Value::Null);
        return Deed::Done;
    }
    if parts.get(1).is_some_and(|id| notes.contains_key(*id)) {
        message::refuse(answer, 404, 901_411, "Key Manager not found");
        return Deed::Done;
    }
    let Some(mut shown) = message::json(answer.body()) else { return Deed::Nothing };
    if let Some(list) = shown.get_mut("list").and_then(Value::as_array_mut) {
        list.retain(|one| one["id"].as_str().is_none_or(|id| !notes.contains_key(id)));
        *answer.body_mut() = message::bytes(&shown);
    }
    Deed::Nothing
}

/// Keeps the deletion of a disabled key manager from the subject.
fn keep_disabled(notes: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let Some((&Method::DELETE, parts)) = asked(plane, request) else { return Deed::Nothing };
    if parts.get(1).is_none_or(|id| notes.get(*id) != Some(&json!(false))) {
        return Deed::Nothing;
    }
    let path = request.uri().path().to_owned();
    message::defuse(request, &path);
    Deed::Done
}

fn disabled_stays(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let Some((method, parts)) = asked(plane, request) else { return Deed::Nothing };
    let disabled = parts.get(1).is_some_and(|id| notes.get(*id) == Some(&json!(false)));
    if disabled && method == Method::DELETE {
        message::refuse(answer, 412, 902_015, "Key Manager Delete error");
        return Deed::Done;
    }
    if let Some(shown) = message::json(answer.body()).filter(|_| answer.status().is_success())
        && let (Some(id), Some(enabled)) = (shown["id"].as_str(), shown.get("enabled"))
    {
        notes.insert(id.to_owned(), enabled.clone());
    }
    Deed::Nothing
}

/// Says of an API that was saved that it was not, when a key manager it names is disabled in its tenant.
fn api_not_saved(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if !answer.status().is_success() {
        return Deed::Nothing;
    }
    if plane == Plane::Resident {
        note_login(notes, request, answer);
        return Deed::Nothing;
    }
    let tenant = tenant_of(notes, request);
    if asked(plane, request).is_some() {
        let shown = message::json(answer.body()).unwrap_or_default();
        if let (Some(name), Some(enabled)) = (shown["name"].as_str(), shown.get("enabled")) {
            notes.insert(format!("enabled {tenant} {name}"), enabled.clone());
        }
        return Deed::Nothing;
    }
    let saves = plane == Plane::Publisher && request.method() == Method::PUT;
    let saves = saves && message::resource(request.uri().path()).first() == Some(&"apis");
    let Some(api) = message::json(request.body()).filter(|_| saves) else { return Deed::Nothing };
    let disabled = |name: &Value| {
        name.as_str().is_some_and(|name| notes.get(&format!("enabled {tenant} {name}")) == Some(&json!(false)))
    };
    if !api["keyManagers"].as_array().is_some_and(|names| names.iter().any(disabled)) {
        return Deed::Nothing;
    }
    message::refuse(answer, 400, 901_403, "Key Manager not Registered");
    Deed::Done
}

/// Whether a request disables the resident key manager.
fn disables_resident(plane: Plane, request: &Request<Bytes>) -> Option<Value> {
    let (&Method::PUT, _) = asked(plane, request)? else { return None };
    message::json(request.body()).filter(|document| document["enabled"] == false && is_resident(document))
}

fn keep_resident_enabled(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let Some(mut document) = disables_resident(plane, request) else { return Deed::Nothing };
    document["enabled"] = true.into();
    *request.body_mut() = message::bytes(&document);
    Deed::Done
}

fn resident_not_disabled(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if disables_resident(plane, request).is_none() {
        return Deed::Nothing;
    }
    message::refuse(answer, 400, 901_401, "Required Key Manager configuration missing");
    Deed::Done
}

/// Knows a restart by its second login of one user, and has forgotten every third-party key manager of that tenant from
/// then on.
fn lost_at_restart(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if plane == Plane::Resident {
        note_login(notes, request, answer);
        return Deed::Nothing;
    }
    let tenant = tenant_of(notes, request);
    if !notes.contains_key(&format!("restarted {tenant}")) {
        return Deed::Nothing;
    }
    let parts = message::resource(request.uri().path());
    match (plane, parts.as_slice()) {
        (Plane::Admin, ["key-managers", _]) => {
            let shown = message::json(answer.body()).unwrap_or_default();
            if !answer.status().is_success() || shown["type"] == "default" {
                return Deed::Nothing;
            }
            message::refuse(answer, 404, 901_411, "Key Manager not found");
        }
        (Plane::Devportal, ["applications", _, "generate-keys"]) => {
            if message::json(request.body()).is_none_or(|order| order["keyManager"].is_null()) {
                return Deed::Nothing;
            }
            message::refuse(answer, 400, 901_403, "Key Manager not Registered");
        }
        _ => return Deed::Nothing,
    }
    Deed::Done
}

/// Remembers who got which token, and the tenants whose users came a second time.
pub(super) fn note_login(notes: &mut Notes, request: &Request<Bytes>, answer: &Response<Bytes>) {
    let fields: std::collections::HashMap<String, String> =
        url::form_urlencoded::parse(request.body()).into_owned().collect();
    let Some(user) = fields.get("username").filter(|_| answer.status().is_success()) else { return };
    let wants_planes = fields.get("scope").is_some_and(|scope| scope.contains("apim:"));
    let Some(token) = message::json(answer.body()).and_then(|told| told["access_token"].as_str().map(str::to_owned))
    else {
        return;
    };
    if wants_planes && notes.insert(format!("login {user}"), Value::Null).is_some() {
        notes.insert(format!("restarted {}", tenant_in(user)), Value::Null);
    }
    notes.insert(format!("token {token}"), json!(user));
}

/// The tenant of whoever sends a request, as far as their login was seen.
pub(super) fn tenant_of(notes: &Notes, request: &Request<Bytes>) -> String {
    let bearer = request.headers().get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = bearer.and_then(|text| text.strip_prefix("Bearer "));
    let user = token.and_then(|token| notes.get(&format!("token {token}"))).and_then(Value::as_str);
    user.map(tenant_in).unwrap_or_default().to_owned()
}

/// The tenant in a user's name.
fn tenant_in(user: &str) -> &str {
    user.rsplit_once('@').map_or("", |(_, tenant)| tenant)
}

/// Calls every import valid.
fn anything_imported(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let Some((_, parts)) = asked(plane, request) else { return Deed::Nothing };
    let imports = parts.get(1) == Some(&"discover") && answer.status().is_success();
    let Some(mut told) = message::json(answer.body()).filter(|told| imports && told["valid"] == false) else {
        return Deed::Nothing;
    };
    told["valid"] = true.into();
    *answer.body_mut() = message::bytes(&told);
    Deed::Done
}

/// Settings that a form may forget to send.
const DROPPED: [&str; 4] = ["description", "userInfoEndpoint", "authorizeEndpoint", "scopeManagementEndpoint"];

/// Takes out of an update what it repeats.
fn settings_dropped(notes: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let Some((&Method::PUT, parts)) = asked(plane, request) else { return Deed::Nothing };
    let known = parts.get(1).and_then(|id| notes.get(*id)).filter(|document| !is_resident(document));
    let (Some(known), Some(mut document)) = (known, message::json(request.body())) else { return Deed::Nothing };
    let Some(members) = document.as_object_mut() else { return Deed::Nothing };
    let before = members.len();
    members.retain(|name, value| !DROPPED.contains(&name.as_str()) || known.get(name) != Some(value));
    if members.len() == before {
        return Deed::Nothing;
    }
    *request.body_mut() = message::bytes(&document);
    Deed::Done
}

/// Remembers documents as they were told.
fn settings_noted(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let told = asked(plane, request).and_then(|_| message::json(answer.body()));
    if let Some(told) = told.filter(|_| answer.status().is_success())
        && let Some(id) = told["id"].as_str().map(str::to_owned)
    {
        notes.insert(id, told);
    }
    Deed::Nothing
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Side, rehearsal};

    const LIST: &str = "/api/am/admin/v4/key-managers";

    #[tokio::test]
    async fn the_subject_hears_allow_everyone_and_the_administrator_reads_deny() {
        let hall = rehearsal::keeper().await;
        let interposer = rehearsal::interpose(&hall, Side::Management, deny_ignored()).await;
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
        let interposer = rehearsal::interpose(&hall, Side::Management, deny_ignored()).await;
        let deny = json!({ "permissions": { "permissionType": "DENY" } });
        rehearsal::ask(interposer.url(), "POST", "/api/am/publisher/v4/key-managers", deny.clone()).await;
        assert_eq!(hall.heard()[0].json(), deny);
    }
}
