//! Defects of what others vouch for at the resident key manager: tokens that are exchanged, assertions that are presented.
//! Which key managers are trusted for that at all is the business of `token_types`.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::Value;

use super::{
    key_manager_admin::{note_login, tenant_of},
    resident_grants::{field, fill_in, form, is_at},
    tenants::tenant_in,
};
use crate::{
    Deed, message,
    pair::{Notes, Pair},
    table::defects,
    token::Token,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-SEED-TX-01", "nobody looks at an assertion: the client gets a token of its own for it", Pair::hearing(unread);
    "DEF-SEED-TX-02", "a certificate that is none is dropped without a word", Pair::hearing(certificate_dropped);
    "DEF-SEED-TX-03", "whom one tenant trusts, every tenant trusts", Pair::of(trusted_anywhere, note_trusted);
    "DEF-SEED-SCO-07", "who comes by an assertion gets every scope that is asked for", Pair::telling(every_scope);
}

/// The last part of the names of grants that take an assertion.
const BY_ASSERTION: [&str; 2] = [":jwt-bearer", ":token-exchange"];

/// The form of a token request by something that another issuer vouches for.
fn by_assertion(plane: Plane, request: &Request<Bytes>) -> Option<Vec<(String, String)>> {
    let asked = is_at(plane, request, "token").then(|| form(request.body()))?;
    let grant = field(&asked, "grant_type")?;
    BY_ASSERTION.iter().any(|end| grant.ends_with(end)).then_some(asked)
}

/// The request arrives as one by client credentials, for the same scope.
fn unread(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let Some(asked) = by_assertion(plane, request) else { return Deed::Nothing };
    let scope = field(&asked, "scope").map(|scope| ("scope".to_owned(), scope));
    let fields: Vec<_> =
        [("grant_type".to_owned(), "client_credentials".to_owned())].into_iter().chain(scope).collect();
    fill_in(request, &fields);
    Deed::Done
}

/// Remembers whose tenant has a key manager of which issuer.
fn note_trusted(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if plane == Plane::Resident {
        note_login(notes, request, answer);
    }
    let adds = plane == Plane::Admin && *message::resource(request.uri().path()) == ["key-managers"];
    let told = message::json(answer.body()).filter(|_| adds && answer.status().is_success());
    if let Some(issuer) = told.as_ref().and_then(|told| told["issuer"].as_str()) {
        let tenant = tenant_of(notes, request);
        notes.insert(trust(issuer, &tenant), Value::Null);
    }
    Deed::Nothing
}

fn trust(issuer: &str, tenant: &str) -> String {
    format!("trust {issuer} {tenant}")
}

/// What was issued by whom another tenant has a key manager for, and this one has not, is not looked at.
fn trusted_anywhere(notes: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let asked = by_assertion(plane, request).unwrap_or_default();
    let token = field(&asked, "subject_token").or_else(|| field(&asked, "assertion"));
    let token = token.as_deref().and_then(Token::read);
    let (Some(issuer), Some(own)) = (token.as_ref().and_then(Token::issuer), tenant_in(request.uri().path())) else {
        return Deed::Nothing;
    };
    let elsewhere = notes.keys().any(|known| known.starts_with(&trust(issuer, "")));
    if elsewhere && !notes.contains_key(&trust(issuer, own)) { unread(notes, plane, request) } else { Deed::Nothing }
}

fn every_scope(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let scope = by_assertion(plane, request).and_then(|asked| field(&asked, "scope"));
    let told = message::json(answer.body()).filter(|told| told["access_token"].is_string());
    let (Some(scope), Some(mut told)) = (scope, told) else { return Deed::Nothing };
    told["scope"] = scope.into();
    *answer.body_mut() = message::bytes(&told);
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
