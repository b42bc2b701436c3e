//! Defects of what is configured for a platform as a whole, and of the borders between tenants and organizations.
//! What key managers are configured with one by one is the business of `key_manager_admin`.

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::{
    Deed, Defect, message,
    pair::{Bent, Decision, Notes, Pair},
};
use kmspec_model::exchange::Plane;

/// The defects of this file.
pub(crate) const DEFECTS: &[Defect] = &[
    Defect {
        id: "DEF-SEED-DEP-01",
        summary: "the list of allowed scopes has no effect",
        saboteur: |_| Pair::telling(every_scope),
    },
    Defect {
        id: "DEF-SEED-DEP-02",
        summary: "a grant that is switched off is looked at all the same",
        saboteur: |_| Pair::telling(grant_looked_at),
    },
    Defect {
        id: "DEF-SEED-TEN-01",
        summary: "keys of other tenants' key managers are listed among the own",
        saboteur: |_| Pair::telling(foreign_keys_listed),
    },
    Defect {
        id: "DEF-SEED-ORG-01",
        summary: "the organizations that a key manager is kept for are ignored",
        saboteur: |_| {
            Bent::of(Decision {
                plane: Plane::Admin,
                collection: "key-managers",
                member: "allowedOrganizations",
                bend: open_to_all,
            })
        },
    },
];

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

/// Complains of the refresh token where the whole grant is not served.
fn grant_looked_at(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let renews = asked(plane, request, "grant_type").is_some_and(|grant| grant == "refresh_token");
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

/// Opens to everybody what is kept for some.
fn open_to_all(document: &mut Value) -> bool {
    let Some(allowed) = document.get_mut("allowedOrganizations") else { return false };
    let kept = allowed.as_array().is_some_and(|all| !all.is_empty() && !all.contains(&json!("ALL")));
    if kept {
        *allowed = json!(["ALL"]);
    }
    kept
}
