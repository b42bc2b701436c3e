//! Defects of limits: they are kept and shown, and nothing keeps to them.
//! What is checked of key managers otherwise is the business of `key_manager_checks`.

use bytes::Bytes;
use http::{Method, Request};
use serde_json::Value;

use super::resident_grants::{field, fill_in, form, is_at};
use crate::{
    Deed, message,
    pair::{Notes, Pair},
    second_try::{Refused, SecondTry},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-SEED-RES-19", "a wanted life that no token can have is passed over", Pair::hearing(life_passed_over);
    "DEF-SEED-KM-42", "settings that are made once can be made anew", With(|all| SecondTry::with(all, as_it_was));
    "DEF-SEED-KM-43", "a tenant's list of hosts keeps nobody out", Pair::hearing(no_hosts);
    "DEF-SEED-KEYS-27", "a key manager's limits for key requests keep nobody back", Pair::hearing(no_limits);
}

/// A token that lives longer than 68 years is nobody's wish.
const LONGEST: u64 = i32::MAX as u64;

fn life_passed_over(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    if !is_at(plane, request, "token") {
        return Deed::Nothing;
    }
    let mut form = form(request.body());
    let wanted = field(&form, "validity_period");
    let possible = |text: &String| text.parse().is_ok_and(|seconds: u64| (1..=LONGEST).contains(&seconds));
    if wanted.is_none_or(|wanted| possible(&wanted)) {
        return Deed::Nothing;
    }
    form.retain(|(name, _)| name != "validity_period");
    fill_in(request, &form);
    Deed::Done
}

/// Changes that are refused are sent without what cannot be changed.
fn as_it_was(refused: &Refused<'_>, document: &mut Value) -> bool {
    const VERSION: &str = "/additionalProperties/azure_ad_requested_access_token_version";
    let changes = refused.plane == Plane::Admin && refused.request.method() == Method::PUT;
    let Some(known) = refused.known.filter(|_| changes).and_then(|known| known.pointer(VERSION)) else { return false };
    match document.pointer_mut(VERSION).filter(|sent| *sent != known) {
        Some(sent) => {
            *sent = known.clone();
            true
        }
        None => false,
    }
}

/// Takes a member out of documents that are put at this resource.
fn without(plane: Plane, request: &mut Request<Bytes>, resource: &str, pointer: (&str, &str)) -> Deed {
    let is_put = plane == Plane::Admin && request.method() == Method::PUT;
    if !is_put || message::resource(request.uri().path()).first() != Some(&resource) {
        return Deed::Nothing;
    }
    let Some(mut document) = message::json(request.body()) else { return Deed::Nothing };
    let place = document.pointer_mut(pointer.0).and_then(Value::as_object_mut);
    if place.is_none_or(|members| members.remove(pointer.1).is_none()) {
        return Deed::Nothing;
    }
    *request.body_mut() = message::bytes(&document);
    Deed::Done
}

fn no_hosts(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    without(plane, request, "tenant-config", ("", "OutboundRequestSecurity"))
}

fn no_limits(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    without(plane, request, "key-managers", ("/additionalProperties", "constraints"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_limit_is_taken_out_of_what_is_put_and_out_of_nothing_else() {
        let put = |path: &str, body: &Value| {
            let path = format!("https://a.test/api/am/admin/v4{path}");
            Request::builder().method("PUT").uri(path).body(message::bytes(body)).unwrap()
        };
        let limited = json!({"additionalProperties": {"constraints": {}, "other": 1}});
        let mut request = put("/key-managers/a", &limited);
        assert_eq!(no_limits(&mut Notes::new(), Plane::Admin, &mut request), Deed::Done);
        assert_eq!(message::json(request.body()), Some(json!({"additionalProperties": {"other": 1}})));
        assert_eq!(no_limits(&mut Notes::new(), Plane::Admin, &mut request), Deed::Nothing);
        let mut hosts = put("/tenant-config", &json!({"OutboundRequestSecurity": {}}));
        assert_eq!(no_hosts(&mut Notes::new(), Plane::Devportal, &mut hosts), Deed::Nothing);
        assert_eq!(no_hosts(&mut Notes::new(), Plane::Admin, &mut hosts), Deed::Done);
    }
}
