//! `/authority`, `/certificates` and `/servers/{server}/certificate`: what clients are to trust and to present.
//! How certificates are made is in `certificates`.

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    body::Body,
    house::House,
    refusal::{Answer, Refusal},
};
use crate::{
    certificates::{CertificateKind, STORE_PASSWORD, TlsIdentity, key_store, trust_store},
    server::AuthorizationServer,
};

pub(super) async fn authority_pem(State(house): State<House>) -> Answer {
    let pem = house.authority().ca_pem().to_owned();
    Ok(([(CONTENT_TYPE, "application/x-pem-file")], pem).into_response())
}

pub(super) async fn authority_store(State(house): State<House>) -> Answer {
    let store = trust_store("kmspec", house.authority().ca_pem(), STORE_PASSWORD);
    let store = store.map_err(|error| Refusal::bad(error.to_string()))?;
    Ok(([(CONTENT_TYPE, "application/x-pkcs12")], store).into_response())
}

/// A certificate to be issued, with its key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    names: Vec<String>,
    #[serde(default)]
    kind: CertificateKind,
    #[serde(default)]
    password: Option<String>,
}

pub(super) async fn issue(State(house): State<House>, Body(wanted): Body<Wanted>) -> Answer {
    if wanted.names.is_empty() {
        return Err(Refusal::bad("a certificate needs a name").hint("`names` takes host names and addresses"));
    }
    let names: Vec<&str> = wanted.names.iter().map(String::as_str).collect();
    let identity = house.authority().issue_as(wanted.kind, &names).map_err(|error| Refusal::told(&error))?;
    let password = wanted.password.as_deref().unwrap_or(STORE_PASSWORD);
    let store = key_store("kmspec", &identity, password).map_err(|error| Refusal::bad(error.to_string()))?;
    let mut body = told(&identity);
    body["key"] = json!(identity.key_pem);
    body["pkcs12"] = json!(STANDARD.encode(store));
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

fn told(identity: &TlsIdentity) -> Value {
    json!({ "chain": identity.chain_pem, "x5t#S256": identity.x5t_s256() })
}

fn document(server: &AuthorizationServer) -> Answer {
    let mut body = told(&server.identity().map_err(|error| Refusal::told(&error))?);
    body["kind"] = json!(server.certificate_kind());
    Ok(Json(body).into_response())
}

pub(super) async fn show(State(house): State<House>, Path(server): Path<String>) -> Answer {
    document(&*house.named(&server)?)
}

/// What is to be wrong with a server's certificate.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kind {
    kind: CertificateKind,
}

pub(super) async fn change(State(house): State<House>, Path(server): Path<String>, Body(wanted): Body<Kind>) -> Answer {
    let server = house.named(&server)?;
    server.present(wanted.kind).map_err(|error| Refusal::told(&error))?;
    document(&server)
}
