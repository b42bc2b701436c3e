//! Defects of tenants that an identity server announces: which key managers they have, and whom they let in.
//! Tenants that nobody announced are left alone.

use bytes::Bytes;
use http::{Method, Request, Response};
use kmspec_model::exchange::Plane;
use serde_json::{Value, json};

use crate::{
    Deed, message,
    pair::{Notes, Pair},
    table::defects,
};

defects! {
    "DEF-SEED-TS-01", "an announced tenant gets no key manager", Pair::telling(shared_ones_missing);
    "DEF-SEED-TS-02", "a tenant has a key manager where none is to be made", Pair::telling(one_nobody_wants);
    "DEF-SEED-TS-04", "the announced password of an owner is forgotten", Pair::hearing(password_forgotten);
    "DEF-SEED-TS-05", "a tenant that is announced as switched off stays on", Pair::hearing(stays_on);
    "DEF-SEED-TS-06", "a tenant that is announced as switched on stays off", Pair::hearing(stays_off);
    "DEF-SEED-TS-08", "keys are generated without any key manager", Pair::telling(keys_of_nobody);
    "DEF-SEED-TS-10", "anybody may announce tenants", Pair::telling(anybody_announces);
}

/// The list of key managers in an answer to an administrator.
fn list(plane: Plane, request: &Request<Bytes>, answer: &Response<Bytes>) -> Option<Value> {
    let lists = plane == Plane::Admin
        && request.method() == Method::GET
        && message::resource(request.uri().path()) == ["key-managers"]
        && answer.status().is_success();
    lists.then(|| message::json(answer.body())).flatten()
}

fn show(answer: &mut Response<Bytes>, entries: &[Value]) -> Deed {
    *answer.body_mut() = message::bytes(&json!({ "count": entries.len(), "list": entries }));
    Deed::Done
}

/// Whether a list has one entry, of this type.
fn is_one(told: &Value, kind: &str) -> bool {
    told["list"].as_array().is_some_and(|entries| matches!(entries.as_slice(), [one] if one["type"] == kind))
}

fn shared_ones_missing(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    match list(plane, request, answer) {
        Some(told) if is_one(&told, "WSO2-IS-7") => show(answer, &[]),
        _ => Deed::Nothing,
    }
}

fn one_nobody_wants(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let empty = |told: &Value| told["list"].as_array().is_some_and(Vec::is_empty);
    match list(plane, request, answer) {
        Some(told) if empty(&told) => {
            let resident = json!({
                "id": "00000000-0000-4000-8000-000000000001", "name": "Resident Key Manager", "type": "default",
                "enabled": true, "tokenType": "DIRECT",
            });
            show(answer, &[resident])
        }
        _ => Deed::Nothing,
    }
}

/// Has the platform hear nothing of an announcement of this kind whose text has these words.
fn unheard(plane: Plane, request: &mut Request<Bytes>, kind: &str, words: &str) -> Deed {
    let text = String::from_utf8_lossy(request.body()).into_owned();
    let meant = plane == Plane::Notify && text.contains(&format!("event-type/{kind}\"")) && text.contains(words);
    let Some(mut notice) = meant.then(|| message::json(request.body())).flatten() else { return Deed::Nothing };
    notice["events"] = json!({});
    *request.body_mut() = message::bytes(&notice);
    Deed::Done
}

fn password_forgotten(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    unheard(plane, request, "tenantOwnerUpdated", "password")
}

fn stays_on(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    unheard(plane, request, "tenantActivated", "\"activated\":false")
}

fn stays_off(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    unheard(plane, request, "tenantActivated", "\"activated\":true")
}

fn keys_of_nobody(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let generates = plane == Plane::Devportal && request.uri().path().ends_with("/generate-keys");
    let code = message::json(answer.body()).unwrap_or_default()["code"].as_u64();
    // The key manager that an order names is another matter than the resident one that it does not.
    let names_one = message::json(request.body()).is_some_and(|order| order.get("keyManager").is_some());
    if !generates || code != Some(901_403) || names_one {
        return Deed::Nothing;
    }
    message::say(answer, 200, &json!({ "keyMappingId": "1", "keyManager": "", "consumerKey": "of-nobody" }));
    Deed::Done
}

fn anybody_announces(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let announces = plane == Plane::Notify
        && request.headers().get("x-wso2-key-manager").is_some_and(|it| it == "TENANT_MANAGEMENT");
    if !announces || answer.status().as_u16() != 401 {
        return Deed::Nothing;
    }
    message::say(answer, 200, &Value::Null);
    Deed::Done
}
