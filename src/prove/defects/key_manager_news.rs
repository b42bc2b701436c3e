//! Defects of what becomes of an administrator's decisions about key managers on their way to the gateway.
//! What the administration itself shows is the business of [`super::key_manager_admin`].

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::{Method, Request, Response};
use serde_json::{Value, json};

use crate::{
    Accomplices, Deed, Saboteur, message,
    pair::{Notes, Pair},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-031", "a certificate that has ended verifies tokens",
        With(|accomplices| Certificates::that(accomplices, endless));
    "DEF-SEED-GW-16", "a key manager can be added only while its authorization server answers",
        With(|accomplices| Arc::new(OnlyReachable(accomplices)));
    "DEF-SEED-GW-17", "the gateway never hears that a key manager was deleted",
        Pair::of(deletion_swallowed, deletion_told);
    "DEF-SEED-GW-19", "the gateway never hears that the certificate of a key manager was changed",
        With(|accomplices| Certificates::that(accomplices, first));
    "DEF-SEED-RES-15", "the list of key managers shows the resident one as disabled",
        Pair::telling(resident_shown_disabled);
}

/// Id of the key manager that a request of the administration is about.
fn about<'r>(plane: Plane, request: &'r Request<Bytes>, method: &Method) -> Option<&'r str> {
    match *message::resource(request.uri().path()) {
        ["key-managers", id] if plane == Plane::Admin && request.method() == method => Some(id),
        _ => None,
    }
}

/// Which certificate stands in a document instead of this one: told what it is, the first one of its key manager, and
/// the helpers.
type Replace = fn(&str, Option<&String>, &Accomplices) -> Option<String>;

/// Puts another certificate into documents of key managers that carry one.
struct Certificates {
    accomplices: Arc<Accomplices>,
    /// The first certificate of each key manager.
    firsts: Mutex<HashMap<String, String>>,
    replace: Replace,
}

impl Certificates {
    fn that(accomplices: Arc<Accomplices>, replace: Replace) -> Arc<dyn Saboteur> {
        Arc::new(Self { accomplices, firsts: Mutex::default(), replace })
    }
}

/// The certificate text that a document carries.
fn pasted(document: &Value) -> Option<String> {
    let certificates = &document["certificates"];
    (certificates["type"] == "PEM").then(|| certificates["value"].as_str().map(str::to_owned)).flatten()
}

impl Saboteur for Certificates {
    fn on_request<'a>(&'a self, plane: Plane, request: &'a mut Request<Bytes>) -> BoxFuture<'a, Deed> {
        let id = about(plane, request, &Method::PUT).map(str::to_owned);
        let adds = plane == Plane::Admin && request.method() == Method::POST;
        let document = message::json(request.body()).filter(|_| adds || id.is_some());
        let replaced = document.and_then(|mut document| {
            let firsts = self.firsts.lock().unwrap_or_else(PoisonError::into_inner);
            let first = id.and_then(|id| firsts.get(&id));
            document["certificates"]["value"] = (self.replace)(&pasted(&document)?, first, &self.accomplices)?.into();
            Some(document)
        });
        let deed = match replaced {
            Some(document) => {
                *request.body_mut() = message::bytes(&document);
                Deed::Done
            }
            None => Deed::Nothing,
        };
        std::future::ready(deed).boxed()
    }

    fn on_answer<'a>(
        &'a self,
        plane: Plane,
        _: &'a Request<Bytes>,
        answer: &'a mut Response<Bytes>,
    ) -> BoxFuture<'a, Deed> {
        let told = message::json(answer.body()).filter(|_| plane == Plane::Admin).unwrap_or_default();
        if let (Some(id), Some(certificate)) = (told["id"].as_str(), pasted(&told)) {
            let mut firsts = self.firsts.lock().unwrap_or_else(PoisonError::into_inner);
            firsts.entry(id.to_owned()).or_insert(certificate);
        }
        std::future::ready(Deed::Nothing).boxed()
    }
}

/// The first one, whatever came later.
fn first(_: &str, first: Option<&String>, _: &Accomplices) -> Option<String> {
    first.cloned()
}

/// One of the same key that has not ended. In the form of documents a certificate is base64 over PEM.
fn endless(pasted: &str, _: Option<&String>, accomplices: &Accomplices) -> Option<String> {
    let pem = BASE64_STANDARD.decode(pasted).ok()?;
    let (_, block) = x509_parser::pem::parse_x509_pem(&pem).ok()?;
    let certificate = block.parse_x509().ok()?;
    let keys = accomplices.all().into_iter().flat_map(|issuer| issuer.keys().published_keys());
    let own = keys.into_iter().find(|key| key.public_der() == certificate.public_key().raw)?;
    (!certificate.validity().is_valid()).then(|| BASE64_STANDARD.encode(own.certificate_pem()))
}

/// Looks whether a server is there before its key manager is added.
struct OnlyReachable(Arc<Accomplices>);

impl Saboteur for OnlyReachable {
    fn on_request<'a>(&'a self, plane: Plane, request: &'a mut Request<Bytes>) -> BoxFuture<'a, Deed> {
        async move {
            let adds = plane == Plane::Admin
                && request.method() == Method::POST
                && message::resource(request.uri().path()) == ["key-managers"];
            let document = message::json(request.body()).filter(|_| adds).unwrap_or_default();
            // Servers that only stand in a document were never there.
            let known = document["issuer"].as_str().is_some_and(|issuer| self.0.find(issuer).is_some());
            let Some(url) = document["certificates"]["value"].as_str().filter(|_| known) else { return Deed::Nothing };
            if self.0.client().get(url).send().await.is_ok() {
                return Deed::Nothing;
            }
            *request.body_mut() = message::bytes(&json!({}));
            Deed::Done
        }
        .boxed()
    }
}

fn deletion_swallowed(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    if about(plane, request, &Method::DELETE).is_none() {
        return Deed::Nothing;
    }
    let path = request.uri().path().to_owned();
    message::defuse(request, &path);
    Deed::Done
}

fn deletion_told(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if about(plane, request, &Method::DELETE).is_some() && answer.status().is_success() {
        message::say(answer, 200, &Value::Null);
    }
    Deed::Nothing
}

fn resident_shown_disabled(
    _: &mut Notes,
    plane: Plane,
    request: &Request<Bytes>,
    answer: &mut Response<Bytes>,
) -> Deed {
    let lists = plane == Plane::Admin
        && request.method() == Method::GET
        && message::resource(request.uri().path()) == ["key-managers"];
    let Some(mut told) = message::json(answer.body()).filter(|_| lists) else { return Deed::Nothing };
    let mut done = false;
    for document in message::documents(&mut told) {
        if document["name"] == "Resident Key Manager" {
            document["enabled"] = false.into();
            done = true;
        }
    }
    *answer.body_mut() = message::bytes(&told);
    if done { Deed::Done } else { Deed::Nothing }
}
