//! Defects of the platform's own token endpoint: what it grants to whom, and what it says about it.
//! Logins to the management planes are left alone; what issued tokens are good for comes after.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header};
use serde_json::{Value, json};

use crate::{
    Deed, message,
    pair::{Notes, Pair},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-SEED-RES-01", "nobody is told rightly how long a token lives", Pair::telling(odd_lifetime);
    "DEF-SEED-RES-02", "client credentials come with a refresh token", Pair::telling(refresh_token_for_clients);
    "DEF-SEED-RES-03", "a password grant comes without a refresh token", Pair::telling(no_refresh_token);
    "DEF-SEED-RES-04", "the scopes that a client asks for are passed over", Pair::hearing(scope_passed_over);
    "DEF-SEED-RES-05", "any secret of a client is right", Pair::of(any_secret, learn);
    "DEF-SEED-RES-06", "any password of a user is right", Pair::of(any_password, learn);
    "DEF-SEED-RES-17", "any password of the resident key manager's connector is right",
        Pair::of(any_connector_password, learn);
    "DEF-SEED-RES-07", "whose token it is does not matter where it is renewed or revoked", Pair::of(any_client, learn);
    "DEF-SEED-RES-08", "what cannot be granted is granted as client credentials", Pair::of(any_grant, learn);
    "DEF-SEED-RES-09", "a token answer may be stored", Pair::telling(may_be_stored);
    "DEF-SEED-RES-18", "a password brings a token that nobody can read", Pair::telling(opaque_for_a_password);
}

/// Whether a request is for this OAuth endpoint of the resident key manager.
pub(super) fn is_at(plane: Plane, request: &Request<Bytes>, endpoint: &str) -> bool {
    plane == Plane::Resident && request.uri().path().ends_with(&format!("/oauth2/{endpoint}"))
}

/// The fields of a form.
pub(super) fn form(body: &Bytes) -> Vec<(String, String)> {
    url::form_urlencoded::parse(body).into_owned().collect()
}

/// One field of a form.
pub(super) fn field(form: &[(String, String)], name: &str) -> Option<String> {
    form.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone())
}

/// Writes a form as the body.
pub(super) fn fill_in(request: &mut Request<Bytes>, form: &[(String, String)]) {
    *request.body_mut() = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish().into();
}

/// The form of a token request, unless it is a login to a management plane.
fn asked(plane: Plane, request: &Request<Bytes>) -> Option<Vec<(String, String)>> {
    let form = is_at(plane, request, "token").then(|| form(request.body()))?;
    let login = field(&form, "scope").is_some_and(|scope| scope.contains("apim:"));
    (!login).then_some(form)
}

fn grant_type(form: &[(String, String)]) -> String {
    field(form, "grant_type").unwrap_or_default()
}

/// Changes a token answer that grants something.
fn change(answer: &mut Response<Bytes>, change: impl FnOnce(&mut Value)) -> Deed {
    let Some(mut told) = message::json(answer.body()).filter(|told| told["access_token"].is_string()) else {
        return Deed::Nothing;
    };
    change(&mut told);
    *answer.body_mut() = message::bytes(&told);
    Deed::Done
}

/// Milliseconds at the token endpoint, and nothing in the portal.
fn odd_lifetime(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if asked(plane, request).is_some() {
        return change(answer, |told| told["expires_in"] = json!(told["expires_in"].as_u64().unwrap_or(3_600) * 1_000));
    }
    let generates = plane == Plane::Devportal && request.uri().path().ends_with("/generate-token");
    match message::json(answer.body()).filter(|told| generates && told["validityTime"].is_number()) {
        Some(mut told) => {
            told["validityTime"] = json!(0);
            *answer.body_mut() = message::bytes(&told);
            Deed::Done
        }
        None => Deed::Nothing,
    }
}

fn refresh_token_for_clients(
    _: &mut Notes,
    plane: Plane,
    request: &Request<Bytes>,
    answer: &mut Response<Bytes>,
) -> Deed {
    match asked(plane, request) {
        Some(form) if grant_type(&form) == "client_credentials" => {
            change(answer, |told| told["refresh_token"] = json!(uuid::Uuid::new_v4()))
        }
        _ => Deed::Nothing,
    }
}

fn no_refresh_token(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    match asked(plane, request) {
        Some(form) if grant_type(&form) == "password" => change(answer, |told| {
            told.as_object_mut().map(|told| told.remove("refresh_token"));
        }),
        _ => Deed::Nothing,
    }
}

fn opaque_for_a_password(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    match asked(plane, request) {
        Some(form) if grant_type(&form) == "password" => {
            change(answer, |told| told["access_token"] = json!(uuid::Uuid::new_v4()))
        }
        _ => Deed::Nothing,
    }
}

fn scope_passed_over(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let Some(mut form) = asked(plane, request).filter(|form| field(form, "scope").is_some()) else {
        return Deed::Nothing;
    };
    form.retain(|(name, _)| name != "scope");
    fill_in(request, &form);
    Deed::Done
}

/// Id and secret in a `Basic` field (RFC 6749, section 2.3.1).
fn credentials(request: &Request<Bytes>) -> Option<(String, String)> {
    let field = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let decoded = BASE64_STANDARD.decode(field.strip_prefix("Basic ")?).ok()?;
    let (id, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// The client presents itself as this one.
pub(super) fn present(request: &mut Request<Bytes>, notes: &Notes, client: &str) -> Deed {
    let Some(secret) = notes.get(&format!("secret of {client}")).and_then(Value::as_str) else { return Deed::Nothing };
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{client}:{secret}")));
    let Ok(basic) = HeaderValue::from_str(&basic) else { return Deed::Nothing };
    let done = request.headers().get(header::AUTHORIZATION) != Some(&basic);
    request.headers_mut().insert(header::AUTHORIZATION, basic);
    if done { Deed::Done } else { Deed::Nothing }
}

/// Remembers the secrets of clients, the passwords of users, and whose tokens are whose.
pub(super) fn learn(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let Some(told) = message::json(answer.body()).filter(|_| answer.status().is_success()) else {
        return Deed::Nothing;
    };
    if let (Some(client), Some(secret)) = (told["consumerKey"].as_str(), told["consumerSecret"].as_str()) {
        notes.insert(format!("secret of {client}"), secret.into());
        notes.insert(format!("grants of {client}"), told["supportedGrantTypes"].clone());
    }
    if is_at(plane, request, "token") {
        let form = form(request.body());
        if let (Some(user), Some(password)) = (field(&form, "username"), field(&form, "password")) {
            notes.insert(format!("password of {user}"), password.into());
        }
        if let Some((client, _)) = credentials(request) {
            for token in ["access_token", "refresh_token"].iter().filter_map(|name| told[*name].as_str()) {
                notes.insert(format!("client of {token}"), client.clone().into());
            }
        }
    }
    Deed::Nothing
}

fn any_secret(notes: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    match asked(plane, request).and_then(|_| credentials(request)) {
        Some((client, _)) => present(request, notes, &client),
        None => Deed::Nothing,
    }
}

fn any_password(notes: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let Some(mut form) = asked(plane, request) else { return Deed::Nothing };
    let user = field(&form, "username").unwrap_or_default();
    let Some(known) = notes.get(&format!("password of {user}")).and_then(Value::as_str) else { return Deed::Nothing };
    let mut changed = false;
    for (_, password) in form.iter_mut().filter(|(name, _)| name == "password") {
        changed |= password != known;
        *password = known.to_owned();
    }
    fill_in(request, &form);
    if changed { Deed::Done } else { Deed::Nothing }
}

fn any_client(notes: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let (renews, revokes) = (is_at(plane, request, "token"), is_at(plane, request, "revoke"));
    if !renews && !revokes {
        return Deed::Nothing;
    }
    let token = field(&form(request.body()), if renews { "refresh_token" } else { "token" }).unwrap_or_default();
    match notes.get(&format!("client of {token}")).and_then(Value::as_str).map(str::to_owned) {
        Some(client) => present(request, notes, &client),
        None => Deed::Nothing,
    }
}

/// The password of the user whom the connector is to be, where they logged in before.
fn any_connector_password(notes: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let changes = plane == Plane::Admin && request.method() == Method::PUT;
    let Some(mut document) = message::json(request.body()).filter(|document| changes && document["type"] == "default")
    else {
        return Deed::Nothing;
    };
    let user = document["additionalProperties"]["Username"].as_str().unwrap_or_default().to_owned();
    let known = notes.get(&format!("password of {user}")).cloned();
    let place = document.pointer_mut("/additionalProperties/Password");
    let (Some(known), Some(password)) = (known, place) else { return Deed::Nothing };
    if *password == known || *password == "*****" {
        return Deed::Nothing;
    }
    *password = known;
    *request.body_mut() = message::bytes(&document);
    Deed::Done
}

/// A grant type that nobody knows, one that the client did not choose, and a refresh token that nobody issued.
fn any_grant(notes: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let (Some(form), Some((client, _))) = (asked(plane, request), credentials(request)) else { return Deed::Nothing };
    let asked = grant_type(&form);
    let chosen = notes.get(&format!("grants of {client}")).and_then(Value::as_array);
    let may = chosen.is_some_and(|chosen| chosen.iter().any(|each| *each == *asked));
    let issued = field(&form, "refresh_token").is_none_or(|token| notes.contains_key(&format!("client of {token}")));
    if chosen.is_none() || may && issued {
        return Deed::Nothing;
    }
    fill_in(request, &[("grant_type".to_owned(), "client_credentials".to_owned())]);
    Deed::Done
}

fn may_be_stored(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if asked(plane, request).is_none() {
        return Deed::Nothing;
    }
    let [one, other] = [header::CACHE_CONTROL, header::PRAGMA].map(|name| answer.headers_mut().remove(name).is_some());
    if one || other { Deed::Done } else { Deed::Nothing }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str, client: &str, body: &str) -> Request<Bytes> {
        let basic = format!("Basic {}", BASE64_STANDARD.encode(client));
        Request::post(path).header("authorization", basic).body(Bytes::from(body.to_owned())).unwrap()
    }

    fn told(body: &Value) -> Response<Bytes> {
        Response::new(message::bytes(body))
    }

    #[test]
    fn what_was_learned_is_presented_in_place_of_what_is_wrong() {
        let mut notes = Notes::new();
        let keys = json!({ "consumerKey": "c", "consumerSecret": "s", "supportedGrantTypes": ["password"] });
        let generate = request("/api/am/devportal/v3/applications/1/generate-keys", "x:y", "{}");
        let _ = learn(&mut notes, Plane::Devportal, &generate, &mut told(&keys));
        let login = request("/oauth2/token", "c:s", "grant_type=password&username=ann&password=right");
        let tokens = json!({ "access_token": "at", "refresh_token": "rt" });
        let _ = learn(&mut notes, Plane::Resident, &login, &mut told(&tokens));

        let mut wrong = request("/t/a/oauth2/token", "c:wrong", "grant_type=password&username=ann&password=wrong");
        assert_eq!(any_secret(&mut notes, Plane::Resident, &mut wrong), Deed::Done);
        assert_eq!(credentials(&wrong).unwrap().1, "s");
        assert_eq!(any_password(&mut notes, Plane::Resident, &mut wrong), Deed::Done);
        assert_eq!(field(&form(wrong.body()), "password").unwrap(), "right");
        assert_eq!(any_password(&mut notes, Plane::Resident, &mut wrong), Deed::Nothing);

        let mut rival = request("/oauth2/token", "rival:z", "grant_type=refresh_token&refresh_token=rt");
        assert_eq!(any_client(&mut notes, Plane::Resident, &mut rival), Deed::Done);
        assert_eq!(credentials(&rival).unwrap(), ("c".to_owned(), "s".to_owned()));
    }

    #[test]
    fn logins_to_the_management_planes_are_left_alone() {
        let mut login = request("/oauth2/token", "c:s", "grant_type=password&scope=apim%3Aadmin");
        assert_eq!(scope_passed_over(&mut Notes::new(), Plane::Resident, &mut login), Deed::Nothing);
        let mut consumer = request("/oauth2/token", "c:s", "grant_type=password&scope=orders-read");
        assert_eq!(scope_passed_over(&mut Notes::new(), Plane::Resident, &mut consumer), Deed::Done);
        assert_eq!(consumer.body(), "grant_type=password");
    }
}
