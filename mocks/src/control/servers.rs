//! `/servers`: issuers come and go; `/servers/{server}/restart`, `…/panics`.
//! What belongs to one server has files of its own.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::IntoResponse,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    body::Body,
    house::House,
    refusal::{Answer, Refusal},
};
use crate::{
    certificates::{CertificateKind, ClientCertificates},
    deployment_toml::DeploymentToml,
    server::{AuthorizationServer, MockError},
    vendors::Vendor,
};

/// A server to be started.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    vendor: String,
    #[serde(default)]
    port: Option<u16>,
    #[serde(default)]
    host: Option<String>,
    #[serde(default)]
    certificate: CertificateKind,
    #[serde(default)]
    client_certificates: ClientCertificates,
    #[serde(default)]
    defects: Vec<String>,
    #[serde(default)]
    base_path: Option<String>,
    #[serde(default)]
    issuer_host: Option<String>,
    /// The text of a `deployment.toml`.
    #[serde(default)]
    deployment_toml: Option<String>,
}

fn document(name: &str, server: &AuthorizationServer) -> Value {
    json!({
        "name": name,
        "vendor": server.vendor(),
        "issuer": server.issuer(),
        "discovery": server.discovery_url(),
        "endpoints": server.endpoints(),
        "initial_access_token": server.initial_access_token(),
        "recording": server.is_recording(),
    })
}

pub(super) async fn list(State(house): State<House>) -> Answer {
    let all: Vec<Value> = house.all().iter().map(|(name, server)| document(name, server)).collect();
    Ok(Json(all).into_response())
}

pub(super) async fn create(State(house): State<House>, Body(wanted): Body<Wanted>) -> Answer {
    let known = || Vendor::ALL.map(Vendor::name).map(str::to_owned);
    let vendor: Vendor = wanted.vendor.parse().map_err(|_| {
        Refusal::bad(format!("no authorization server is called `{}`", wanted.vendor)).hint(known().join(", "))
    })?;
    let mut builder = house
        .builder(vendor)
        .port(wanted.port.filter(|port| *port != 0))
        .certificate(wanted.certificate)
        .client_certificates(wanted.client_certificates);
    if let Some(host) = wanted.host {
        builder = builder.host(host);
    }
    if let Some(path) = wanted.base_path {
        builder = builder.base_path(path);
    }
    if let Some(host) = wanted.issuer_host {
        builder = builder.issuer_host(host);
    }
    if let Some(text) = &wanted.deployment_toml {
        // Whoever reaches the interface has not thereby a right to what stands in the environment.
        builder = builder.deployment(DeploymentToml::parse_in(text, &|_| None).map_err(|error| Refusal::told(&error))?);
    }
    builder = wanted.defects.into_iter().fold(builder, |builder, id| builder.defect(id));
    let server = builder.start().await.map_err(|error| match &error {
        MockError::Port { .. } => Refusal::conflict(error.to_string().replace("\nhint: ", "; ")),
        _ => Refusal::told(&error),
    })?;
    let name = house.take_in(server);
    let server = house.named(&name)?;
    Ok((StatusCode::CREATED, Json(document(&name, &server))).into_response())
}

pub(super) async fn show(State(house): State<House>, Path(name): Path<String>) -> Answer {
    Ok(Json(document(&name, &*house.named(&name)?)).into_response())
}

pub(super) async fn end(State(house): State<House>, Path(name): Path<String>) -> Answer {
    house.named(&name)?;
    house.end(&name);
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn restart(State(house): State<House>, Path(name): Path<String>) -> Answer {
    house.named(&name)?.restart();
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn panics(State(house): State<House>, Path(name): Path<String>) -> Answer {
    Ok(Json(house.named(&name)?.panics()).into_response())
}
