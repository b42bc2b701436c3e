//! A running authorization server as the subject: its discovery document, the clients that are known there, and what it
//! can do, found out by `survey`. Whether it does that right is for the scenarios to tell.

mod survey;

use std::{path::PathBuf, sync::Arc};

use serde_json::{Map, Value};
use url::Url;

use kmspec_drivers::{
    authorization_server::ClientAuthentication,
    conversation::{Conversation, KnownClient, KnownServer},
    credentials::Secret,
    discovery_document::DiscoveryDocument,
    error::DriverError,
    exchange_log::ExchangeLog,
    wire::{Call, Wire, WireError, WireSettings},
};
use kmspec_model::{
    exchange::{Plane, Role},
    plan::CertifyPlan,
    proposal::ServerFacts,
    report::Subject,
    target::Bounds,
};

use survey::{Survey, facts};

/// Longest wait for the server's first answer: whoever tests one is waiting in front of it.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// A server that answers, and what is known of it.
#[derive(Debug)]
pub struct CertifiedServer {
    wire: Wire,
    known: Arc<KnownServer>,
    name: String,
    version: String,
    profile: String,
    probing: Conversation,
    facts: ServerFacts,
}

/// The server cannot be certified at all.
#[derive(Debug, thiserror::Error)]
pub enum CertifyError {
    /// The CA file cannot be read.
    #[error("reading the CA file {path}: {source}\nhint: --ca names a PEM file")]
    CaFile {
        /// Where.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The harness's HTTP client could not be made.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// Nothing answered.
    #[error(
        "the authorization server is silent: {0}\nhint: is it running at that address? `--ca` names the CA of its certificate"
    )]
    Silent(#[from] DriverError),
    /// Something answered, but not with a discovery document.
    #[error(
        "{url} is no discovery document: {why}\nhint: give the whole address, such as https://host/.well-known/openid-configuration"
    )]
    NoDocument {
        /// The address.
        url: Url,
        /// What was answered instead.
        why: String,
    },
}

impl CertifiedServer {
    /// Reads the discovery document and asks once for what matters: a token, a registration.
    ///
    /// # Errors
    ///
    /// [`CertifyError`] when there is no document, or the server falls silent.
    pub async fn open(plan: &CertifyPlan) -> Result<Self, CertifyError> {
        Self::open_on(plan, Wire::new(settings(plan)?)?).await
    }

    /// The same on a wire that is there already.
    ///
    /// # Errors
    ///
    /// As [`CertifiedServer::open`].
    pub async fn open_on(plan: &CertifyPlan, wire: Wire) -> Result<Self, CertifyError> {
        let document = read_document(&wire, &plan.discovery).await?;
        let mut known = KnownServer {
            document,
            client: plan.client_id.as_deref().map(|id| client(id, plan.client_secret.as_deref())),
            other_client: plan.other_client.as_ref().map(|(id, secret)| client(id, Some(secret))),
            user: plan.user.as_ref().map(|(name, password)| (name.clone(), Secret::from(password.as_str()))),
            scope: plan.scope.clone(),
            scope_required: plan.key_manager_type == "AzureAD",
            redirect_uri: None,
            jwt_for: plan.resource.clone().map(|value| ("resource", value)).or_else(|| {
                let audience = plan.audience.clone();
                audience.map(|value| ("audience", value))
            }),
            registrar: registrar(plan),
        };
        let log = ExchangeLog::default();
        let probing = Conversation::new(Arc::new(known.clone()), &wire, &log);
        let mut survey = Survey { probing: probing.clone(), has: Vec::new(), notes: Vec::new() };
        survey.read_off(&known, &plan.key_manager_type);
        survey.register(&mut known).await?;
        survey.ask_for_tokens(&mut known).await?;
        let issuer = known.document.text("issuer").unwrap_or(plan.discovery.as_str()).to_owned();
        let name = plan.name.clone().unwrap_or(issuer);
        let facts = ServerFacts {
            name: name.clone(),
            key_manager_type: plan.key_manager_type.clone(),
            registers_with_token: plan.initial_access_token.is_some(),
            ..facts(&known, survey)
        };
        Ok(Self {
            wire,
            name,
            version: plan.version.clone().unwrap_or_default(),
            profile: plan.profile.clone(),
            known: Arc::new(known),
            probing,
            facts,
        })
    }

    /// What is tested.
    pub fn subject(&self) -> Subject {
        Subject {
            name: self.name.clone(),
            version: self.version.clone(),
            kind: "authorization-server".to_owned(),
            profile: self.profile.clone(),
            capabilities: self.facts.capabilities.clone(),
        }
    }

    /// A scenario's conversation with it, written down in this log.
    pub fn conversation(&self, log: &ExchangeLog) -> Conversation {
        Conversation::new(Arc::clone(&self.known), &self.wire, log)
    }

    /// What the run knows of it.
    pub fn known(&self) -> &KnownServer {
        &self.known
    }

    /// A conversation with it in which this is known.
    pub fn conversation_about(&self, known: KnownServer, log: &ExchangeLog) -> Conversation {
        Conversation::new(Arc::new(known), &self.wire, log)
    }

    /// What was noticed while finding out, for the reader of the report.
    pub fn notes(&self) -> &[String] {
        &self.facts.remarks
    }

    /// What was found out about it.
    pub fn facts(&self) -> &ServerFacts {
        &self.facts
    }

    /// Deletes the clients that were registered to find out; says which stay behind.
    pub async fn close(&self) -> Vec<String> {
        let left = self.probing.clean_up().await;
        left.into_iter()
            .map(|id| format!("the client `{id}` stays registered: the server did not let it be deleted"))
            .collect()
    }
}

fn settings(plan: &CertifyPlan) -> Result<WireSettings, CertifyError> {
    let mut trust_pem = Vec::new();
    if let Some(path) = &plan.ca {
        let pem =
            std::fs::read_to_string(path).map_err(|source| CertifyError::CaFile { path: path.clone(), source })?;
        trust_pem.push(pem);
    }
    Ok(WireSettings {
        system_trust: trust_pem.is_empty(),
        trust_pem,
        names_of_this_machine: Vec::new(),
        request_limit: PATIENCE.min(Bounds::default().request),
    })
}

/// Who registers clients: a token where one is given; at the servers of WSO2 the connector's user (SEED-IS7-31).
fn registrar(plan: &CertifyPlan) -> ClientAuthentication {
    match (&plan.initial_access_token, &plan.user) {
        (Some(token), _) => ClientAuthentication::Bearer(token.as_str().into()),
        (None, Some((name, password))) if is_of_wso2(&plan.key_manager_type) => {
            ClientAuthentication::Basic(name.as_str().into(), password.as_str().into())
        }
        _ => ClientAuthentication::Nobody,
    }
}

fn is_of_wso2(key_manager_type: &str) -> bool {
    key_manager_type.starts_with("WSO2-IS") || key_manager_type == "ObKeyManager"
}

fn client(id: &str, secret: Option<&str>) -> KnownClient {
    KnownClient { id: id.into(), secret: secret.map(Secret::from), in_form: false }
}

async fn read_document(wire: &Wire, url: &Url) -> Result<DiscoveryDocument, CertifyError> {
    let line = wire.line(&ExchangeLog::default(), Role::Harness, Plane::AuthorizationServer);
    let answer = line.send(Call::new("GET", url.clone()).header("Accept", "application/json")).await?;
    let refuse = |why: String| CertifyError::NoDocument { url: url.clone(), why };
    if answer.status != 200 {
        return Err(refuse(format!("it was answered with status {}", answer.status)));
    }
    let members: Map<String, Value> = serde_json::from_str(&answer.body).map_err(|error| {
        let kind = answer.header("content-type").unwrap_or("no content type");
        refuse(format!("the answer ({kind}) is no JSON object: {error}"))
    })?;
    if !members.contains_key("issuer") && !members.contains_key("token_endpoint") {
        return Err(refuse("it has neither `issuer` nor `token_endpoint`".to_owned()));
    }
    Ok(DiscoveryDocument { found_at: url.clone(), members })
}
