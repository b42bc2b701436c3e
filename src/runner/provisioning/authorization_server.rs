//! A running authorization server as the subject: its discovery document, the clients that are known there, and what it
//! can do, found out by asking once. Whether it does that right is for the scenarios to tell.

use std::{path::PathBuf, sync::Arc};

use serde_json::{Map, Value, json};
use url::Url;

use kmspec_drivers::{
    authorization_server::ClientAuthentication,
    conversation::{Conversation, KnownClient, KnownServer},
    credentials::Secret,
    discovery_document::DiscoveryDocument,
    error::DriverError,
    exchange_log::ExchangeLog,
    published_keys::{claims_of, header_of},
    wire::{Answered, Call, Wire, WireError, WireSettings},
};
use kmspec_model::{
    capability::Capability,
    exchange::{Plane, Role},
    plan::CertifyPlan,
    proposal::ServerFacts,
    report::Subject,
    target::Bounds,
};

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

/// What the form of a key manager asks for, as far as the survey saw it.
fn facts(known: &KnownServer, survey: Survey) -> ServerFacts {
    let tokens = survey.probing.memory().tokens.clone();
    let claims = tokens.iter().rev().find_map(claims_of).unwrap_or_default();
    let client = known.client.as_ref().map(|client| client.id.0.as_str());
    let holds_client = |name: &&str| client.is_some() && claims.get(*name).and_then(Value::as_str) == client;
    let opaque = tokens.iter().find(|token| header_of(token).is_none());
    ServerFacts {
        discovery: Some(known.document.found_at.clone()),
        document: known.document.members.clone(),
        capabilities: survey.has,
        consumer_key_claim: ["client_id", "azp", "cid"]
            .iter()
            .find(|name| holds_client(name))
            .map(|name| (*name).to_owned()),
        scopes_claim: ["scope", "scp"].iter().find(|name| claims.contains_key(**name)).map(|name| (*name).to_owned()),
        opaque_pattern: opaque.map(|token| pattern_for(token.reveal())),
        remarks: survey.notes,
        ..ServerFacts::default()
    }
}

/// A regular expression for tokens of this length and alphabet.
fn pattern_for(token: &str) -> String {
    let kind = |allowed: fn(char) -> bool| token.chars().all(allowed);
    let alphabet = if kind(|c| matches!(c, '0'..='9' | 'a'..='f' | '-')) {
        "[0-9a-f-]"
    } else if kind(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) {
        "[A-Za-z0-9_-]"
    } else {
        "[A-Za-z0-9._~+/=-]"
    };
    format!("^{alphabet}{{{}}}$", token.chars().count())
}

/// Finding out what a server can do.
struct Survey {
    probing: Conversation,
    has: Vec<Capability>,
    notes: Vec<String>,
}

impl Survey {
    /// What the document and the arguments say by themselves.
    fn read_off(&mut self, known: &KnownServer, key_manager_type: &str) {
        let endpoints = known.document.endpoints();
        let says = [
            (Capability::Discovery, true),
            (Capability::OpenidConnect, known.document.is_openid_connect()),
            (Capability::Jwks, endpoints.jwks.is_some()),
            (Capability::Introspection, endpoints.introspection.is_some()),
            (Capability::Revocation, endpoints.revocation.is_some()),
            (Capability::Userinfo, endpoints.userinfo.is_some()),
            (Capability::UserCredentials, known.user.is_some()),
            (Capability::KnownScope, known.scope.is_some()),
            (
                Capability::PrivateKeyJwt,
                known.document.offers("token_endpoint_auth_methods_supported", "private_key_jwt") == Some(true),
            ),
            (Capability::ScimMe, key_manager_type == "WSO2-IS-7"),
        ];
        self.has.extend(says.into_iter().filter(|(_, said)| *said).map(|(capability, _)| capability));
    }

    /// Registers clients where that is open, as many as the arguments left out.
    async fn register(&mut self, known: &mut KnownServer) -> Result<(), DriverError> {
        if known.document.endpoints().registration.is_none() {
            return Ok(());
        }
        for _ in 0..2 {
            let answer = self.probing.register(&registration_of_a_probe(known, &self.probing.client_name())).await?;
            if matches!(answer.status, 401 | 403) {
                self.notes.push(format!(
                    "registration is closed (status {}): give --initial-access-token-env to have it checked",
                    answer.status
                ));
                return Ok(());
            }
            let registration = self.probing.memory().registrations.last().cloned();
            let Some(client) = registration.as_ref().and_then(kmspec_drivers::conversation::Registration::client)
            else {
                // It is open and gives no client: the scenarios say what is wrong with that.
                break;
            };
            if known.client.is_none() {
                known.client = Some(client);
            } else if known.other_client.is_none() {
                known.other_client = Some(client);
            }
            if registration.is_some_and(|registration| registration.management().is_some())
                && !self.has.contains(&Capability::DcrManagement)
            {
                self.has.push(Capability::DcrManagement);
            }
        }
        self.has.push(Capability::Dcr);
        Ok(())
    }

    /// Asks for a token by each grant type that needs no browser.
    async fn ask_for_tokens(&mut self, known: &mut KnownServer) -> Result<(), DriverError> {
        if known.other_client.is_some() {
            self.has.push(Capability::OtherClient);
        }
        if known.document.endpoints().token.is_none() {
            self.notes.push("the document names no token endpoint, so no token was asked for".to_owned());
            return Ok(());
        }
        if let Some(client) = &mut known.client {
            let answer = self.client_credentials(client, known.jwt_for.as_ref(), known.scope.as_deref()).await?;
            let offered = known.document.offers("grant_types_supported", "client_credentials");
            if answer.is_success() || offered == Some(true) {
                self.has.push(Capability::ClientCredentials);
            }
            if !answer.is_success() {
                self.notes.push(format!("the client got no token at first: status {}", answer.refusal()));
            } else if self.probing.memory().tokens.last().is_some_and(|token| header_of(token).is_some()) {
                self.has.push(Capability::JwtAccessTokens);
                self.notes.extend(known.jwt_for.as_ref().map(|(name, value)| {
                    format!(
                        "its tokens were made self-contained by naming the {name} `{value}`: clients have to name it as \
                         well, or the server needs it as a default"
                    )
                }));
            }
        } else {
            self.notes.push("no client is known: give --client-id and --client-secret-env".to_owned());
        }
        if let Some(client) = &mut known.other_client {
            let _ = self.client_credentials(client, None, None).await?;
        }
        self.password(known).await
    }

    /// Asks with the secret in the header, and then in the form; the way that works is kept.
    async fn client_credentials(
        &mut self,
        client: &mut KnownClient,
        jwt_for: Option<&(&'static str, String)>,
        scope: Option<&str>,
    ) -> Result<Answered, DriverError> {
        let mut fields = vec![("grant_type", "client_credentials")];
        fields.extend(jwt_for.map(|(name, value)| (*name, value.as_str())));
        fields.extend(scope.map(|scope| ("scope", scope)));
        let first = self.probing.ask_for_token(&client.authentication(), &fields).await?;
        if first.is_success() || client.secret.is_none() {
            return Ok(first);
        }
        let in_form = KnownClient { in_form: !client.in_form, ..client.clone() };
        let second = self.probing.ask_for_token(&in_form.authentication(), &fields).await?;
        if second.is_success() {
            *client = in_form;
            return Ok(second);
        }
        Ok(first)
    }

    async fn password(&mut self, known: &KnownServer) -> Result<(), DriverError> {
        let (Some(client), Some((name, password))) = (&known.client, &known.user) else { return Ok(()) };
        let fields = [("grant_type", "password"), ("username", name.as_str()), ("password", password.reveal())];
        let answer = self.probing.ask_for_token(&client.authentication(), &fields).await?;
        if answer.is_success() || known.document.offers("grant_types_supported", "password") == Some(true) {
            self.has.push(Capability::Password);
        }
        if self.probing.memory().refresh_token.is_some() {
            self.has.push(Capability::RefreshToken);
        }
        Ok(())
    }
}

/// Metadata of a client with the grant types that scenarios need and the document offers.
fn registration_of_a_probe(known: &KnownServer, name: &str) -> Value {
    let mut grant_types = vec!["client_credentials"];
    if known.user.is_some() {
        let offered = |grant: &&str| known.document.offers("grant_types_supported", grant) == Some(true);
        grant_types.extend(["password", "refresh_token"].into_iter().filter(offered));
    }
    json!({
        "client_name": name,
        "grant_types": grant_types,
        "response_types": [],
        "redirect_uris": [],
        "token_endpoint_auth_method": "client_secret_basic",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_for_opaque_tokens_fits_their_length_and_alphabet() {
        for (token, pattern) in [
            ("0f8fad5b-d9cb-469f-a165-70867728950e", "^[0-9a-f-]{36}$"),
            ("2YotnFZFEjr1zCsicMWpAA", "^[A-Za-z0-9_-]{22}$"),
            ("a.b~c+d/e=", "^[A-Za-z0-9._~+/=-]{10}$"),
        ] {
            assert_eq!(pattern_for(token), pattern);
            assert!(regex::Regex::new(pattern).unwrap().is_match(token));
        }
    }
}
