//! Defects of what others vouch for at the resident key manager: tokens that are exchanged, assertions that are presented.
//! Which key managers are trusted for that at all is the business of `token_types`.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use http::{Method, Request};

use super::resident_grants::{field, fill_in, form, is_at};
use crate::{
    Deed, message,
    pair::{Notes, Pair},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-SEED-TX-01", "nobody looks at an assertion: the client gets a token of its own for it", Pair::hearing(unread);
    "DEF-SEED-TX-02", "a certificate that is none is dropped without a word", Pair::hearing(certificate_dropped);
}

/// The last part of the names of grants that take an assertion.
const BY_ASSERTION: [&str; 2] = [":jwt-bearer", ":token-exchange"];

/// The request arrives as one by client credentials, for the same scope.
fn unread(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    if !is_at(plane, request, "token") {
        return Deed::Nothing;
    }
    let asked = form(request.body());
    let by_assertion =
        field(&asked, "grant_type").is_some_and(|grant| BY_ASSERTION.iter().any(|end| grant.ends_with(end)));
    if !by_assertion {
        return Deed::Nothing;
    }
    let scope = field(&asked, "scope").map(|scope| ("scope".to_owned(), scope));
    let fields: Vec<_> =
        [("grant_type".to_owned(), "client_credentials".to_owned())].into_iter().chain(scope).collect();
    fill_in(request, &fields);
    Deed::Done
}

/// A key manager arrives without what cannot be a certificate.
fn certificate_dropped(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let path = request.uri().path().to_owned();
    let writes = [Method::POST, Method::PUT].contains(request.method());
    let of_key_managers = message::resource(&path).first() == Some(&"key-managers");
    let Some(mut document) =
        message::json(request.body()).filter(|_| plane == Plane::Admin && writes && of_key_managers)
    else {
        return Deed::Nothing;
    };
    let given = document["certificates"]["value"].as_str().unwrap_or_default();
    let text = BASE64_STANDARD.decode(given).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let none = document["certificates"]["type"] == "PEM" && text.is_ok_and(|text| !text.contains("-----BEGIN"));
    if !none {
        return Deed::Nothing;
    }
    document.as_object_mut().map(|document| document.remove("certificates"));
    *request.body_mut() = message::bytes(&document);
    Deed::Done
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(body: &str) -> Request<Bytes> {
        Request::post("/t/a/oauth2/token").body(Bytes::from(body.to_owned())).unwrap()
    }

    #[test]
    fn only_grants_by_assertion_become_the_clients_own() {
        let mut exchange =
            asked("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&scope=a&subject_token=x");
        assert_eq!(unread(&mut Notes::new(), Plane::Resident, &mut exchange), Deed::Done);
        assert_eq!(exchange.body(), "grant_type=client_credentials&scope=a");
        let mut password = asked("grant_type=password&username=ann");
        assert_eq!(unread(&mut Notes::new(), Plane::Resident, &mut password), Deed::Nothing);
    }

    #[test]
    fn only_what_is_no_certificate_is_dropped() {
        let with = |text: &str| {
            let body = json!({ "certificates": { "type": "PEM", "value": BASE64_STANDARD.encode(text) } });
            Request::post("/api/am/admin/v4/key-managers").body(message::bytes(&body)).unwrap()
        };
        let mut none = with("nothing of the kind");
        assert_eq!(certificate_dropped(&mut Notes::new(), Plane::Admin, &mut none), Deed::Done);
        assert_eq!(none.body(), "{}");
        let mut some = with("-----BEGIN CERTIFICATE-----");
        assert_eq!(certificate_dropped(&mut Notes::new(), Plane::Admin, &mut some), Deed::Nothing);
    }
}
