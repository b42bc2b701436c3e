//! WSO2 Identity Server 5 or 6 with the Open Banking accelerator: the OAuth endpoints of its successor, clients registered
//! at the key manager operations, opaque tokens in every version of UUID, refresh tokens that stay.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use serde_json::{Value, json};

use super::{Dialect, Handler, JWT_BEARER, is_consent, is7::Is7, is7_tokens, like_is7::answers_like_is7, names};
use crate::{
    certificates::PresentedCertificate,
    endpoints::{
        call::{Call, Reply},
        registration_is, token,
    },
    grants::basic_pair,
    journal::Endpoint,
    realm::{
        Clock, KeyChest, OAuthError, Policy, Realm, RealmSpec, SigningKey, TokenContext, TokenRow, TokenShape,
        UserSpec,
        jwt::{self, Object},
        policy::Rotation,
        random,
    },
    server::{Endpoints, Site},
};

pub(super) struct Is;

impl Dialect for Is {
    fn realm(&self, base_url: &str, clock: Clock, chest: &KeyChest) -> RealmSpec {
        let spec = Is7.realm(base_url, clock, chest);
        RealmSpec {
            policy: Policy {
                grant_types: names(["client_credentials", "authorization_code", "refresh_token", JWT_BEARER]),
                rotation: Rotation::Keep,
                client_assertions: true,
                client_assertions_reusable: true,
                oldest_client_assertion: Some(6_000),
                response_types: names(["code", "code id_token"]),
                ..spec.policy
            },
            shape: Arc::new(Shape(AtomicU8::new(0))),
            scope_rule: Arc::new(is_consent::ConsentScopes),
            ..spec
        }
    }

    fn furnish(&self, realm: &Realm) {
        realm.add_user(UserSpec::new("admin", "admin").roles(["admin"]).claim("email", "admin@example.com"));
    }

    fn endpoints(&self, base: &str) -> Endpoints {
        Endpoints {
            device_authorization: None,
            registration: Some(format!("{base}{}", registration_is::REGISTER)),
            userinfo: Some(format!("{base}/oauth2/userinfo?schema=openid")),
            ..Is7.endpoints(base)
        }
    }

    fn local_path<'a>(&self, path: &'a str) -> &'a str {
        Is7.local_path(path)
    }

    fn route(&self, path: &str) -> Option<(Endpoint, Handler)> {
        if path.starts_with(registration_is::BASE) {
            return Some((Endpoint::Registration, registration_is::answer));
        }
        match Is7.route(path)? {
            (Endpoint::Token, _) => Some((Endpoint::Token, filtered)),
            // What came with version 7.
            (
                Endpoint::Registration
                | Endpoint::ApiResources
                | Endpoint::Roles
                | Endpoint::DeviceAuthorization
                | Endpoint::PushedAuthorization,
                _,
            ) => None,
            found => Some(found),
        }
    }

    fn discovery(&self, endpoints: &Endpoints, realm: &Realm) -> Value {
        let mut document = Is7.discovery(endpoints, realm);
        if let Some(members) = document.as_object_mut() {
            members.remove("device_authorization_endpoint");
            members.remove("pushed_authorization_request_endpoint");
            // It says where clients are registered by the RFC, which is elsewhere and not played.
            members.remove("registration_endpoint");
        }
        document["response_modes_supported"] = json!(["query", "fragment"]);
        document["token_endpoint_auth_methods_supported"] =
            json!(["client_secret_basic", "client_secret_post", "private_key_jwt"]);
        document
    }

    answers_like_is7!();
}

/// Where the certificate of a client's connection is passed on.
const TRANSPORT_CERTIFICATE: &str = "x-wso2-mutual-auth-cert";
/// The algorithm that a client said it would sign its assertions by (OpenID Connect Registration, section 2).
const SIGNING_ALGORITHM: &str = "token_endpoint_auth_signing_alg";
/// What a client that regulation binds has among its metadata.
const REGULATORY: &str = "regulatory";

/// The token endpoint behind the accelerator's filter: every request names a client, and one that regulation binds shows
/// the certificate of its connection.
fn filtered(site: &Site, call: &Call) -> Reply {
    let refused = |words: &str| Reply::error(&OAuthError::invalid_request(words));
    let Ok(request) = call.form(true) else { return token::answer(site, call) };
    let asserted = match request.form.value("client_assertion").map(asserted) {
        Some(None) => return Reply::error(&OAuthError::new(401, "invalid_request", "the assertion cannot be read")),
        Some(asserted) => asserted,
        None => None,
    };
    let in_header = request.authorization.first().and_then(|header| basic_pair(header, false)).map(|(id, _)| id);
    let in_assertion = asserted.as_ref().map(|(id, _)| id.clone());
    let Some(id) = request.form.value("client_id").map(str::to_owned).or(in_assertion).or(in_header) else {
        return refused("the client id cannot be found in the request");
    };
    let registered = site.realm.client(&id).and_then(|client| client.metadata.get(SIGNING_ALGORITHM).cloned());
    if let (Some((_, algorithm)), Some(registered)) = (asserted, registered)
        && algorithm != registered
    {
        let words = "the assertion is signed by another algorithm than the client registered";
        return Reply::error(&OAuthError::invalid_client(words));
    }
    let regulatory = |value: &Value| value == true || value == "true";
    let bound = site.realm.client(&id).is_some_and(|client| client.metadata.get(REGULATORY).is_some_and(regulatory));
    match call.header(TRANSPORT_CERTIFICATE) {
        None if bound => refused("the transport certificate is missing"),
        Some(text) if bound => match transport_certificate(text) {
            Some(certificate) => token::answer(site, &Call { certificate: Some(certificate), ..call.clone() }),
            None => refused("the transport certificate is invalid"),
        },
        _ => token::answer(site, call),
    }
}

/// The client that an assertion names, and the algorithm in its header; `None` when it cannot be read.
fn asserted(text: &str) -> Option<(String, Value)> {
    let (header, claims) = jwt::read(text)?;
    Some((claims.get("sub")?.as_str()?.to_owned(), header.get("alg")?.clone()))
}

/// A certificate in PEM, its lines joined or not, percent-encoded or not.
fn transport_certificate(text: &str) -> Option<PresentedCertificate> {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8_lossy();
    let body = decoded.replace("-----BEGIN CERTIFICATE-----", "").replace("-----END CERTIFICATE-----", "");
    let body: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    let pem = format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
    PresentedCertificate::passed_on(&der)
}

const AS_OF_IS7: is7_tokens::Shape = is7_tokens::Shape {
    client_is_subject: false,
    username_hidden: true,
    administrator: std::borrow::Cow::Borrowed("admin"),
};

/// As of its successor, but that application tokens stand for the owner of the client.
#[derive(Debug)]
struct Shape(AtomicU8);

impl TokenShape for Shape {
    fn access_claims(&self, context: &TokenContext<'_>) -> Object {
        is_consent::said(AS_OF_IS7.access_claims(context), context.scopes)
    }

    fn key_header(&self, key: &SigningKey) -> Object {
        AS_OF_IS7.key_header(key)
    }

    /// A UUID of versions 1 to 5 in turn: the servers out there have all of them.
    fn opaque(&self) -> String {
        let version = self.0.fetch_add(1, Ordering::Relaxed) % 5 + 1;
        let mut uuid = random::uuid();
        uuid.replace_range(14..15, &version.to_string());
        uuid
    }

    fn introspection(&self, context: &TokenContext<'_>, row: &TokenRow) -> Object {
        AS_OF_IS7.introspection(context, row)
    }

    fn refresh_introspection(&self, context: &TokenContext<'_>, row: &TokenRow) -> Option<Object> {
        AS_OF_IS7.refresh_introspection(context, row)
    }
}
