//! Client certificates at the gateway: uploaded by publishers, shown in the handshake by API consumers.
//! What came of a call is observed elsewhere.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use cucumber::{given, when};
use kmspec_mocks::certificates::{CertificateAuthority, CertificateError, CertificateKind, TlsIdentity};

use crate::world::{Look, OrFail as _, StepError, World};
use kmspec_drivers::{
    credentials::Token,
    gateway::{ApiCall, Echo, Gateway},
    reply::Reply,
};
use kmspec_model::exchange::{Plane, Role};

use super::{
    further_terms::FurtherTerms,
    servers_saw,
    setup::{self, ApiTerms, resource, with_token},
    tokens,
};

/// What an API demands, in the words of the features and in the product's.
const DEMANDS: [(&str, &[&str]); 4] = [
    ("client certificates alone", &["mutualssl"]),
    ("client certificates or access tokens", &["mutualssl", "oauth2"]),
    (
        "client certificates and access tokens",
        &["mutualssl", "mutualssl_mandatory", "oauth2", "oauth_basic_auth_api_key_mandatory"],
    ),
    (
        "access tokens, with or without a client certificate",
        &["mutualssl", "oauth2", "oauth_basic_auth_api_key_mandatory"],
    ),
];

const UPLOADED: &str = "the uploaded certificate";

#[given(
    regex = r#"^an API "([^"]*)" that takes (client certificates (?:alone|(?:or|and) access tokens)|access tokens, with or without a client certificate)$"#
)]
async fn api(world: &mut World, name: String, words: String) -> Result<(), StepError> {
    let Some((_, credentials)) = DEMANDS.iter().find(|(each, _)| *each == words) else {
        return Err(world.error(format!("no API takes `{words}`\nhint: the words stand in `client_certificates`")));
    };
    let further = FurtherTerms { credentials: Some(credentials), default_version: true, ..FurtherTerms::default() };
    setup::api(world, &name, &ApiTerms { further, ..ApiTerms::default() }).await
}

#[given(expr = "the platform believes what uploaded client certificates have signed")]
async fn chains_count(world: &mut World) -> Result<(), StepError> {
    world.configure_platform("[apimgt.mutual_ssl]\nenable_certificate_chain_validation = true\n").await
}

/// The authority that makes the certificates of the scenario's clients.
fn authority(world: &mut World) -> Result<&CertificateAuthority, StepError> {
    if world.seen.client_authority.is_none() {
        let made = CertificateAuthority::new("clients").map_err(|error| world.error(error))?;
        world.seen.client_authority = Some(made);
    }
    Ok(world.seen.client_authority.as_ref().expect("it was made just now"))
}

/// The certificate that these words mean, with its key; `None` where nothing is shown.
fn identity(world: &mut World, words: &str) -> Result<Option<TlsIdentity>, StepError> {
    let authority = authority(world)?;
    let made: Result<TlsIdentity, CertificateError> = match words {
        "no certificate" => return Ok(None),
        UPLOADED => authority.issue_as(CertificateKind::SelfSigned, &["client"]),
        "another certificate" => authority.issue_as(CertificateKind::SelfSigned, &["stranger"]),
        "a signed certificate with its chain" | "a signed certificate alone" => authority.issue(&["signed"]),
        _ => return Err(world.error(format!("nobody knows {words}\nhint: the words stand in `client_certificates`"))),
    };
    let made = made.map_err(|error| world.error(error))?;
    let made = match words {
        "a signed certificate alone" => {
            let end = "-----END CERTIFICATE-----\n";
            let leaf = made.chain_pem.split_inclusive(end).next().unwrap_or_default().to_owned();
            TlsIdentity::new(leaf, made.key_pem).map_err(|error| world.error(error))?
        }
        _ => made,
    };
    world.stage().lend(&made);
    Ok(Some(made))
}

#[given(regex = r#"^the publisher has uploaded the certificate of (a client|an authority) to "([^"]*)"$"#)]
async fn uploaded(world: &mut World, whose: String, api: String) -> Result<(), StepError> {
    let Some(client) = identity(world, UPLOADED)? else { return Err(world.error("there is no certificate")) };
    upload(world, &api, &client.chain_pem).await?;
    if whose == "an authority" {
        let root = authority(world)?.ca_pem().to_owned();
        upload(world, &api, &root).await?;
    }
    // The client's own is seen to have arrived; the authority's came with it, and before it is asked for.
    let token = world.seen.held.as_ref().map(|held| held.token.clone());
    let (path, bound) = (resource(world, &api)?, setup::propagation(world));
    let gateway = showing(world, Some(&client))?;
    world
        .until(bound, format!("`{api}` takes the uploaded certificate"), async || {
            let reply = gateway.call(&with(world, path.clone(), token.as_ref())).await.or_fail(world)?;
            let instead = reply.refusal().map_or_else(String::new, ToString::to_string);
            Ok(Look::when(matches!(reply, Reply::Granted(_)), (), instead))
        })
        .await
}

async fn upload(world: &World, api: &str, pem: &str) -> Result<(), StepError> {
    let id = world.apis.named(api).or_fail(world)?.id.clone();
    let publisher = world.scene().publisher(Role::Publisher).or_fail(world)?;
    let alias = format!("kmspec-{}", uuid::Uuid::new_v4().simple());
    world.demand("uploading a client certificate", publisher.add_client_certificate(&id, &alias, pem).await)
}

/// The gateway in the hands of a client that shows this certificate.
fn showing(world: &World, shown: Option<&TlsIdentity>) -> Result<Gateway, StepError> {
    let scene = world.scene();
    let Some(shown) = shown else { return scene.gateway().or_fail(world) };
    let wire = scene.wire.showing(&shown.chain_pem, &shown.key_pem).map_err(|error| world.error(error))?;
    let Some(root) = scene.planes.gateway.clone() else { return scene.gateway().or_fail(world) };
    Ok(Gateway::new(wire.line(&scene.log, Role::ApiConsumer, Plane::Gateway), root))
}

fn with(world: &World, path: String, token: Option<&Token>) -> ApiCall {
    match token {
        Some(token) => with_token(world, path, token),
        None => ApiCall::get(path),
    }
}

async fn call_showing(world: &mut World, request: ApiCall, words: &str) -> Result<(), StepError> {
    let shown = identity(world, words)?;
    servers_saw::remember_counts(world).await?;
    let reply: Reply<Echo> = showing(world, shown.as_ref())?.call(&request).await.or_fail(world)?;
    world.keep_call(Ok(reply))
}

#[when(
    regex = r#"^the API consumer calls "([^"]*)" on (the path of its version|the path without version), showing (.+)$"#
)]
async fn calls_on(world: &mut World, api: String, path: String, shown: String) -> Result<(), StepError> {
    let own = world.apis.named(&api).or_fail(world)?.path.clone();
    let place = match path.as_str() {
        "the path without version" => own.rsplit_once('/').map_or(own.as_str(), |(context, _)| context).to_owned(),
        _ => own,
    };
    call_showing(world, ApiCall::get(format!("{place}/orders")), &shown).await
}

#[when(regex = r#"^the API consumer calls "([^"]*)" with (the access token|no token|a broken token), showing (.+)$"#)]
async fn calls_with(world: &mut World, api: String, token: String, shown: String) -> Result<(), StepError> {
    let token = match token.as_str() {
        "no token" => None,
        "a broken token" => Some("broken".into()),
        _ => Some(tokens::held(world)?.token),
    };
    let request = with(world, resource(world, &api)?, token.as_ref());
    call_showing(world, request, &shown).await
}

#[when(expr = "the API consumer calls {string} with the uploaded certificate in a header")]
async fn calls_with_header(world: &mut World, api: String) -> Result<(), StepError> {
    let Some(client) = identity(world, UPLOADED)? else { return Err(world.error("there is no certificate")) };
    let pem = BASE64_STANDARD.encode(&client.chain_pem);
    let request = ApiCall::get(resource(world, &api)?).header("X-WSO2-CLIENT-CERTIFICATE", pem);
    call_showing(world, request, "no certificate").await
}
