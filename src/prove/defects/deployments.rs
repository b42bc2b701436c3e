//! Defects of what is configured for a platform as a whole, and of the borders between tenants and organizations.
//! What key managers are configured with one by one is the business of `key_manager_admin`.

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::{
    Deed, message,
    pair::{Bent, Decision, Notes, Pair},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-SEED-DEP-01", "the list of allowed scopes has no effect", Pair::telling(every_scope);
    "DEF-SEED-DEP-02", "a grant that is switched off is looked at all the same", Pair::telling(grant_looked_at);
    "DEF-SEED-TEN-01", "keys of other tenants' key managers are listed among the own",
        Pair::telling(foreign_keys_listed);
    "DEF-SEED-ORG-02", "what was kept for organizations stays kept for them", Pair::of(still_kept, note_kept);
    "DEF-SEED-ORG-01", "the organizations that a key manager is kept for are ignored", Bent::of(Decision {
                plane: Plane::Admin,
                collection: "key-managers",
                member: "allowedOrganizations",
                bend: open_to_all,
            });
    "DEF-SEED-ORG-03", "what is kept for an organization is kept from its members, too", Bent::of(Decision {
                plane: Plane::Admin,
                collection: "key-managers",
                member: "allowedOrganizations",
                bend: open_to_none,
            });
}

/// Where the names of scopes are noted that were registered.
const REGISTERED: &str = "registered";

/// The form of a token request.
fn asked(plane: Plane, request: &Request<Bytes>, name: &str) -> Option<String> {
    let is_token = plane == Plane::Resident && request.uri().path().ends_with("/oauth2/token");
    let mut pairs = form_urlencoded::parse(request.body()).filter(|_| is_token);
    pairs.find(|(own, _)| own == name).map(|(_, value)| value.into_owned())
}

/// Says that a scope was granted which was withheld, unless it is one of the planes or was registered anywhere.
fn every_scope(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if plane == Plane::Publisher {
        let mentioned = String::from_utf8_lossy(request.body()).into_owned();
        let known = notes.entry(REGISTERED.to_owned()).or_insert_with(|| json!(""));
        *known = json!(format!("{}\n{mentioned}", known.as_str().unwrap_or_default()));
        return Deed::Nothing;
    }
    let Some(scope) = asked(plane, request, "scope").filter(|scope| !scope.contains(' ')) else { return Deed::Nothing };
    let registered = notes.get(REGISTERED).and_then(Value::as_str).unwrap_or_default();
    if scope == "openid" || scope.starts_with("apim:") || registered.contains(&format!("\"{scope}\"")) {
        return Deed::Nothing;
    }
    match message::json(answer.body()) {
        Some(mut told) if told["scope"] == "default" && answer.status().is_success() => {
            told["scope"] = json!(scope);
            *answer.body_mut() = message::bytes(&told);
            Deed::Done
        }
        _ => Deed::Nothing,
    }
}

/// Complains of the token that was sent along where the whole grant is not served.
fn grant_looked_at(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let known = ["refresh_token", "urn:ietf:params:oauth:grant-type:token-exchange"];
    let renews = asked(plane, request, "grant_type").is_some_and(|grant| known.contains(&grant.as_str()));
    match message::json(answer.body()) {
        Some(mut told) if renews && told["error"] == "unsupported_grant_type" => {
            told["error"] = json!("invalid_grant");
            *answer.body_mut() = message::bytes(&told);
            Deed::Done
        }
        _ => Deed::Nothing,
    }
}

/// Lists keys that were made and are not listed, until they are taken away.
fn foreign_keys_listed(
    notes: &mut Notes,
    plane: Plane,
    request: &Request<Bytes>,
    answer: &mut Response<Bytes>,
) -> Deed {
    if plane != Plane::Devportal || !answer.status().is_success() {
        return Deed::Nothing;
    }
    let path = request.uri().path().to_owned();
    let parts = message::resource(&path);
    match (request.method(), parts.as_slice()) {
        (&Method::POST, ["applications", application, "generate-keys"]) => {
            if let Some(made) = message::json(answer.body()) {
                notes.insert((*application).to_owned(), made);
            }
        }
        (&Method::DELETE, ["applications", application, ..])
        | (&Method::POST, ["applications", application, "oauth-keys", _, "clean-up"]) => {
            notes.remove(*application);
        }
        (&Method::GET, ["applications", application, "oauth-keys"]) => {
            let (Some(made), Some(mut told)) = (notes.get(*application), message::json(answer.body())) else {
                return Deed::Nothing;
            };
            let Some(list) = told["list"].as_array_mut() else { return Deed::Nothing };
            if list.iter().any(|one| one["keyMappingId"] == made["keyMappingId"]) {
                return Deed::Nothing;
            }
            list.push(made.clone());
            told["count"] = json!(told["list"].as_array().map_or(0, Vec::len));
            *answer.body_mut() = message::bytes(&told);
            return Deed::Done;
        }
        _ => {}
    }
    Deed::Nothing
}

/// The organizations that a document of a key manager is kept for, where it is kept for some.
fn kept_for(document: &Value) -> Option<&Value> {
    let all = document["allowedOrganizations"].as_array()?;
    (!all.is_empty() && !all.contains(&json!("ALL"))).then(|| &document["allowedOrganizations"])
}

fn open_to_none(document: &mut Value) -> bool {
    let kept = kept_for(document).is_some_and(|allowed| *allowed != json!(["none"]));
    if kept {
        document["allowedOrganizations"] = json!(["none"]);
    }
    kept
}

fn key_manager(plane: Plane, request: &Request<Bytes>) -> bool {
    plane == Plane::Admin && message::resource(request.uri().path()).first() == Some(&"key-managers")
}

fn note_kept(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let told = message::json(answer.body()).filter(|_| key_manager(plane, request)).unwrap_or_default();
    if let (Some(id), Some(kept)) = (told["id"].as_str(), kept_for(&told)) {
        notes.insert(id.to_owned(), kept.clone());
    }
    Deed::Nothing
}

/// An update that opens a key manager arrives with the organizations that it was kept for.
fn still_kept(notes: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let updates = key_manager(plane, request) && request.method() == Method::PUT;
    let kept = message::resource(request.uri().path()).get(1).and_then(|id| notes.get(*id)).cloned();
    let document = message::json(request.body()).filter(|document| updates && kept_for(document).is_none());
    let (Some(kept), Some(mut document)) = (kept, document) else { return Deed::Nothing };
    document["allowedOrganizations"] = kept;
    *request.body_mut() = message::bytes(&document);
    Deed::Done
}

/// Opens to everybody what is kept for some.
fn open_to_all(document: &mut Value) -> bool {
    let Some(allowed) = document.get_mut("allowedOrganizations") else { return false };
    let kept = allowed.as_array().is_some_and(|all| !all.is_empty() && !all.contains(&json!("ALL")));
    if kept {
        *allowed = json!(["ALL"]);
    }
    kept
}
