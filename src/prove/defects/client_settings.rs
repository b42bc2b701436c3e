//! Defects of what a developer decided about the keys of an application: their settings, and that they are to go.
//! Whose keys they are, and at which key manager, is the business of `key_generation` and `key_orders`.

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::Value;

use crate::{
    Deed, message,
    pair::{Notes, Pair},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-SEED-KEYS-17", "keys are reported as removed and are not", Pair::hearing(removal_lost);
    "DEF-SEED-KEYS-18", "what is switched on for a client reads as off", Pair::telling(flags_read_off);
}

/// The keys are read instead.
fn removal_lost(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let parts = message::resource(request.uri().path());
    let removes = matches!(parts.as_slice(), ["applications", _, "oauth-keys", _]);
    if plane != Plane::Devportal || request.method() != Method::DELETE || !removes {
        return Deed::Nothing;
    }
    *request.method_mut() = Method::GET;
    Deed::Done
}

fn flags_read_off(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let parts = message::resource(request.uri().path());
    let keys = matches!(parts.as_slice(), ["applications", _, "generate-keys" | "oauth-keys", ..]);
    let told = message::json(answer.body()).filter(|_| plane == Plane::Devportal && keys);
    let Some(mut told) = told.filter(|_| answer.status().is_success()) else { return Deed::Nothing };
    if !switch_off(&mut told) {
        return Deed::Nothing;
    }
    *answer.body_mut() = message::bytes(&told);
    Deed::Done
}

/// Switches off what is on in the properties of a client; whether anything was.
fn switch_off(keys: &mut Value) -> bool {
    let properties = keys["additionalProperties"].as_object_mut().into_iter().flatten();
    let on: Vec<_> = properties.filter(|(_, value)| *value == "true").map(|(_, value)| value).collect();
    let any = !on.is_empty();
    for value in on {
        *value = "false".into();
    }
    any
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(method: Method, path: &str, body: &Value) -> Request<Bytes> {
        let place = format!("/api/am/devportal/v3/{path}");
        Request::builder().method(method).uri(place).body(message::bytes(body)).unwrap()
    }

    #[test]
    fn only_the_removal_of_keys_is_lost() {
        let kept = |path: &str| {
            let mut request = asked(Method::DELETE, path, &Value::Null);
            (removal_lost(&mut Notes::new(), Plane::Devportal, &mut request), request.method().clone())
        };
        assert_eq!(kept("applications/1/oauth-keys/2"), (Deed::Done, Method::GET));
        assert_eq!(kept("applications/1"), (Deed::Nothing, Method::DELETE));
    }

    #[test]
    fn only_what_is_on_is_switched_off() {
        let mut keys = json!({"additionalProperties": {"pkceMandatory": "true", "pkceSupportPlain": "false"}});
        assert!(switch_off(&mut keys) && !switch_off(&mut keys));
        assert_eq!(keys["additionalProperties"]["pkceMandatory"], "false");
    }
}
