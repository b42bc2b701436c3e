//! Client certificates of an API: uploaded, listed and removed by its publisher.
//! Which calls they open is decided at the gateway.

use std::sync::Arc;

use axum::{
    Json,
    extract::{FromRequest, Multipart, Request, State},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{StatusCode, header::LOCATION};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde_json::{Value, json};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{CertificateAddScopes, CertificateChangeScopes, CertificateViewScopes, apis::find};
use crate::{
    domain::{Api, ClientCertificate, KeyType, PolicyLevel},
    events::Event,
    policies,
    site::Site,
    store::{Documents, StoreError},
    wire::{Caller, Code, Page, Path, Query, Refusal, page},
};

/// A certificate without a key type is for production.
pub(super) async fn add(
    caller: Caller<CertificateAddScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    keep(caller, &site, id, KeyType::Production, request).await
}

pub(super) async fn add_for(
    caller: Caller<CertificateAddScopes>,
    State(site): State<Arc<Site>>,
    Path((id, key_type)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Refusal> {
    let key_type = [KeyType::Production, KeyType::Sandbox].into_iter().find(|each| each.to_string() == key_type);
    keep(caller, &site, id, key_type.ok_or(Code::KeyTypeInvalid)?, request).await
}

async fn keep(
    caller: Caller<CertificateAddScopes>,
    site: &Site,
    id: String,
    key_type: KeyType,
    request: Request,
) -> Result<Response, Refusal> {
    let sent = Sent::read(request).await?;
    let now = site.clocks.of(&caller.tenant).now();
    let der = usable(&sent.certificate, now)?;
    let certificate = site.store.write(move |documents| {
        let api = find(documents, &caller.tenant, &id)?;
        if !policies::is_known(documents, &caller.tenant, PolicyLevel::Subscription, &sent.tier)? {
            return Err(Code::PolicyUnknown.into());
        }
        let certificate = ClientCertificate {
            tenant: caller.tenant,
            api_id: api.id,
            alias: sent.alias,
            key_type,
            tier: sent.tier,
            der: STANDARD.encode(der),
        };
        let same: Option<ClientCertificate> =
            documents.find(&certificate.tenant, &format!("{}\n{}", certificate.tenant, certificate.alias))?;
        if same.is_some() {
            let text = format!("A certificate with the alias {} exists already", certificate.alias);
            return Err(Refusal::generic(StatusCode::CONFLICT, text));
        }
        documents.put(&certificate.tenant, &certificate)?;
        let certificate = Arc::new(certificate);
        documents.announce(Event::ClientCertificateAdded { certificate: certificate.clone() });
        Ok(certificate)
    });
    let certificate = certificate.await?;
    let place = format!("/api/am/publisher/v4/apis/{}/client-certificates", certificate.api_id);
    Ok((StatusCode::CREATED, [(LOCATION, place)], Json(shown(&certificate))).into_response())
}

pub(super) async fn list(
    caller: Caller<CertificateViewScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    Query(wanted): Query<Page>,
) -> Result<Json<Value>, Refusal> {
    site.store
        .read(move |documents| {
            find(documents, &caller.tenant, &id)?;
            let all: Vec<ClientCertificate> = documents.children(&id)?;
            let mut listed = page(all.iter().map(shown).collect(), wanted);
            // This one list has its entries under a name of their own.
            listed["certificates"] = listed["list"].take();
            listed.as_object_mut().and_then(|members| members.remove("list"));
            Ok(Json(listed))
        })
        .await
}

pub(super) async fn remove(
    caller: Caller<CertificateChangeScopes>,
    State(site): State<Arc<Site>>,
    Path((id, alias)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    site.store
        .write(move |documents| {
            let api = find(documents, &caller.tenant, &id)?;
            let all: Vec<ClientCertificate> = documents.children(&id)?;
            let found = all.into_iter().find(|one| one.alias == alias);
            let found = found.ok_or_else(|| Refusal::not_found("certificate"))?;
            Ok(forget(documents, &api, found).map(|()| StatusCode::OK)?)
        })
        .await
}

/// Removes the certificates of an API that goes.
pub(super) fn remove_all(documents: &Documents<'_>, api: &Api) -> Result<(), StoreError> {
    let all: Vec<ClientCertificate> = documents.children(&api.id.to_string())?;
    all.into_iter().try_for_each(|one| forget(documents, api, one))
}

fn forget(documents: &Documents<'_>, api: &Api, certificate: ClientCertificate) -> Result<(), StoreError> {
    documents.remove::<ClientCertificate>(&api.tenant, &format!("{}\n{}", certificate.tenant, certificate.alias))?;
    documents.announce(Event::ClientCertificateRemoved { certificate: Arc::new(certificate) });
    Ok(())
}

fn shown(certificate: &ClientCertificate) -> Value {
    json!({
        "alias": certificate.alias,
        "apiId": certificate.api_id,
        "tier": certificate.tier,
        "keyType": certificate.key_type.to_string(),
    })
}

/// The three parts of an upload.
struct Sent {
    certificate: Vec<u8>,
    alias: String,
    tier: String,
}

impl Sent {
    async fn read(request: Request) -> Result<Self, Refusal> {
        let malformed = || Refusal::bad_request("Malformed request body.");
        let mut parts = Multipart::from_request(request, &()).await.map_err(|_| malformed())?;
        let (mut certificate, mut alias, mut tier) = (None, None, None);
        while let Some(part) = parts.next_field().await.map_err(|_| malformed())? {
            match part.name() {
                Some("certificate") => certificate = Some(part.bytes().await.map_err(|_| malformed())?),
                Some("alias") => alias = Some(part.text().await.map_err(|_| malformed())?),
                Some("tier") => tier = Some(part.text().await.map_err(|_| malformed())?),
                _ => {}
            }
        }
        let missing = |part: &str| Refusal::bad_request(format!("{part}: must not be null"));
        let filled = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let tier = filled(tier).ok_or_else(|| missing("tier"))?;
        let alias = filled(alias).filter(|alias| !alias.contains(char::is_control)).ok_or_else(|| missing("alias"))?;
        Ok(Self { certificate: certificate.ok_or_else(|| missing("certificate"))?.to_vec(), alias, tier })
    }
}

/// The certificate in DER, of a PEM text or of DER itself; one that has ended opens nothing and is refused.
fn usable(sent: &[u8], now: u64) -> Result<Vec<u8>, Refusal> {
    let der = CertificateDer::from_pem_slice(sent).map_or_else(|_| sent.to_vec(), |found| found.to_vec());
    let no_certificate = || Refusal::bad_request("certificate: not an X.509 certificate in PEM or DER");
    let (rest, read) = X509Certificate::from_der(&der).map_err(|_| no_certificate())?;
    if !rest.is_empty() {
        return Err(no_certificate());
    }
    let ended = i64::try_from(now).is_ok_and(|now| read.validity().not_after.timestamp() < now);
    if ended { Err(Refusal::bad_request("certificate: it has expired")) } else { Ok(der) }
}
