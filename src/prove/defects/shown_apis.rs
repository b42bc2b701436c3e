//! Defects of showing APIs: whom an API is shown to is ignored, or taken too narrowly, or breaks what else is listed.
//! What the gateway lets through is the business of [`super::gateway`].

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Value, json};

use crate::{
    Deed, message,
    pair::{Bent, Decision, Notes, Pair},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-SEED-API-01", "the roles that an API is shown to are ignored", Bent::of(Decision {
                plane: Plane::Publisher,
                collection: "apis",
                member: "visibility",
                bend: shown_to_all,
            });
    "DEF-SEED-API-02", "an API that is shown to a role is shown to nobody", Bent::of(Decision {
                plane: Plane::Publisher,
                collection: "apis",
                member: "visibleRoles",
                bend: shown_to_nobody,
            });
    "DEF-SEED-API-03", "subscriptions are not listed where one is to an API that is not shown any more",
        Pair::telling(list_broken);
}

fn is_restricted(document: &Value) -> bool {
    document["visibility"] == "RESTRICTED"
}

fn shown_to_all(document: &mut Value) -> bool {
    let restricted = is_restricted(document);
    if restricted {
        document["visibility"] = json!("PUBLIC");
    }
    restricted
}

/// To publishers alone, who have no business in the portal.
fn shown_to_nobody(document: &mut Value) -> bool {
    let restricted = is_restricted(document);
    if restricted {
        document["visibleRoles"] = json!(["Internal/publisher"]);
    }
    restricted
}

/// Fails where the list would have an API of those that were shown to somebody only.
fn list_broken(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    match (plane, request.method(), message::resource(request.uri().path()).as_slice()) {
        (Plane::Publisher, &Method::PUT, ["apis", id]) => {
            if message::json(request.body()).is_some_and(|document| is_restricted(&document)) {
                notes.insert((*id).to_owned(), Value::Null);
            }
            Deed::Nothing
        }
        (Plane::Devportal, &Method::GET, ["subscriptions"]) if answer.status().is_success() => {
            let told = message::json(answer.body()).unwrap_or_default();
            let mut listed = told["list"].as_array().into_iter().flatten().filter_map(|one| one["apiId"].as_str());
            if !listed.any(|id| notes.contains_key(id)) {
                return Deed::Nothing;
            }
            message::refuse(answer, 500, 900_967, "General Error");
            Deed::Done
        }
        _ => Deed::Nothing,
    }
}
