//! Defects of what may be done with the tokens of a key manager: used as they are, exchanged, or either.
//! What an exchange itself grants is the business of `resident_grants`.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

use crate::{
    Deed, Saboteur, message,
    misread::Misread,
    pair::{Bent, Decision, Notes, Pair},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-SEED-KM-31", "every key manager reads as one whose tokens are used as they are", Misread::of(reads_direct);
    "DEF-SEED-KM-32", "tokens that may only be exchanged are taken as they are", taken_for(only_exchanged_is_direct);
    "DEF-SEED-KM-33", "tokens that may be used either way may only be exchanged", taken_for(either_way_is_exchanged);
    "DEF-SEED-KM-35", "tokens that may be used either way cannot be exchanged", taken_for(either_way_is_direct);
    "DEF-SEED-KM-36", "tokens that are used as they are can be exchanged", taken_for(direct_is_either_way);
    "DEF-SEED-KM-39", "tokens that may only be exchanged stay so", Pair::of(stays_exchanged, note_exchanged);
}

/// Notes key managers whose tokens are only exchanged.
fn note_exchanged(notes: &mut Notes, plane: Plane, _: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let told = message::json(answer.body()).filter(|told| plane == Plane::Admin && told["tokenType"] == "EXCHANGED");
    if let Some(id) = told.as_ref().and_then(|told| told["id"].as_str()) {
        notes.insert(id.to_owned(), Value::Null);
    }
    Deed::Nothing
}

fn stays_exchanged(notes: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let known = match *message::resource(request.uri().path()) {
        ["key-managers", id] if plane == Plane::Admin => notes.contains_key(id),
        _ => false,
    };
    let Some(mut document) = message::json(request.body()).filter(|_| known) else { return Deed::Nothing };
    if !replace(&mut document, &["DIRECT"], "EXCHANGED") {
        return Deed::Nothing;
    }
    *request.body_mut() = message::bytes(&document);
    Deed::Done
}

/// Tells the subject another type than the administrator decided on.
fn taken_for(bend: fn(&mut Value) -> bool) -> Arc<dyn Saboteur> {
    Bent::of(Decision { plane: Plane::Admin, collection: "key-managers", member: "tokenType", bend })
}

/// Writes one type over another, where that stands.
fn replace(document: &mut Value, such: &[&str], by: &str) -> bool {
    let stands = document["tokenType"].as_str().is_some_and(|kind| such.contains(&kind));
    if stands {
        document["tokenType"] = by.into();
    }
    stands
}

fn reads_direct(document: &mut Value) -> bool {
    replace(document, &["EXCHANGED", "BOTH"], "DIRECT")
}

fn only_exchanged_is_direct(document: &mut Value) -> bool {
    replace(document, &["EXCHANGED"], "DIRECT")
}

fn either_way_is_exchanged(document: &mut Value) -> bool {
    replace(document, &["BOTH"], "EXCHANGED")
}

fn either_way_is_direct(document: &mut Value) -> bool {
    replace(document, &["BOTH"], "DIRECT")
}

fn direct_is_either_way(document: &mut Value) -> bool {
    replace(document, &["DIRECT"], "BOTH")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_type_is_taken_for_another_only_where_it_stands() {
        let mut direct = json!({ "tokenType": "DIRECT" });
        assert!(!reads_direct(&mut direct) && !only_exchanged_is_direct(&mut direct));
        assert!(!either_way_is_exchanged(&mut direct) && !either_way_is_exchanged(&mut json!({})));
        let mut both = json!({ "tokenType": "BOTH" });
        assert!(either_way_is_exchanged(&mut both) && only_exchanged_is_direct(&mut both));
        assert_eq!(both["tokenType"], "DIRECT");
        assert!(direct_is_either_way(&mut both) && !direct_is_either_way(&mut both));
        assert!(either_way_is_direct(&mut both) && both["tokenType"] == "DIRECT");
    }
}
