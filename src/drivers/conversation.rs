//! One scenario's conversation with an authorization server under certification: what is known of the server, what was
//! asked, and the whole answers. What an answer means is for the steps to judge; when one is missing, that is an error.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};
use url::Url;

use super::{
    authorization_server::{ClientAuthentication, OauthEndpoints, authenticated},
    credentials::{ConsumerKey, Secret, Token},
    discovery_document::DiscoveryDocument,
    error::DriverError,
    exchange_log::ExchangeLog,
    published_keys::{KeySet, Unverified, VerifiedToken},
    wire::{Answered, Call, Line, Wire, WireError},
};
use kmspec_model::exchange::{Plane, Role};

/// A client that the run knows at the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownClient {
    /// Its id.
    pub id: ConsumerKey,
    /// Its secret; none for a public client.
    pub secret: Option<Secret>,
    /// Whether it sends its secret in the form, since the server does not take it in the header.
    pub in_form: bool,
}

impl KnownClient {
    /// How it proves who it is.
    pub fn authentication(&self) -> ClientAuthentication {
        match &self.secret {
            Some(secret) if self.in_form => ClientAuthentication::Form(self.id.clone(), secret.clone()),
            Some(secret) => ClientAuthentication::Basic(self.id.clone(), secret.clone()),
            None => ClientAuthentication::Public(self.id.clone()),
        }
    }

    /// Its secret, or nothing where it has none.
    pub fn secret_text(&self) -> &str {
        self.secret.as_ref().map_or("", Secret::reveal)
    }
}

/// What the run knows of a server before the first scenario.
#[derive(Debug, Clone)]
pub struct KnownServer {
    /// Its discovery document, as the run read it at first.
    pub document: DiscoveryDocument,
    /// The client that scenarios use.
    pub client: Option<KnownClient>,
    /// A second one, for the rules about tokens of others.
    pub other_client: Option<KnownClient>,
    /// A user's name and password.
    pub user: Option<(String, Secret)>,
    /// A scope that the client may ask for.
    pub scope: Option<String>,
    /// Whether a client that asks in its own name has to name a scope, as at Microsoft Entra ID.
    pub scope_required: bool,
    /// Where the client has codes sent.
    pub redirect_uri: Option<String>,
    /// Parameter of a token request that makes its tokens self-contained, with its value: `resource` (RFC 8707) or
    /// `audience`.
    pub jwt_for: Option<(&'static str, String)>,
    /// How whoever registers clients proves to be allowed to.
    pub registrar: ClientAuthentication,
}

impl KnownServer {
    /// The same of a server that differs in nothing but the address it listens at.
    pub fn at(&self, before: &str, now: &str) -> Self {
        let document = DiscoveryDocument {
            found_at: moved(self.document.found_at.as_str(), before, now)
                .parse()
                .unwrap_or_else(|_| self.document.found_at.clone()),
            members: self
                .document
                .members
                .iter()
                .map(|(name, value)| (name.clone(), moved_value(value, before, now)))
                .collect(),
        };
        Self { document, ..self.clone() }
    }
}

fn moved(address: &str, before: &str, now: &str) -> String {
    address.strip_prefix(before).map_or_else(|| address.to_owned(), |rest| format!("{now}{rest}"))
}

fn moved_value(value: &Value, before: &str, now: &str) -> Value {
    match value {
        Value::String(text) => Value::String(moved(text, before, now)),
        Value::Array(list) => list.iter().map(|each| moved_value(each, before, now)).collect(),
        other => other.clone(),
    }
}

/// A client that a scenario registered.
#[derive(Debug, Clone, PartialEq)]
pub struct Registration {
    /// The members of the answer.
    pub members: Map<String, Value>,
}

impl Registration {
    /// A member that is a text.
    pub fn text(&self, member: &str) -> Option<&str> {
        self.members.get(member)?.as_str()
    }

    /// The client it made; `None` when the answer named none.
    pub fn client(&self) -> Option<KnownClient> {
        let in_form = self.text("token_endpoint_auth_method") == Some("client_secret_post");
        let secret = self.text("client_secret").map(Secret::from);
        Some(KnownClient { id: self.text("client_id")?.into(), secret, in_form })
    }

    /// Where it is managed, and with what.
    pub fn management(&self) -> Option<(Url, Token)> {
        let url = self.text("registration_client_uri")?.parse().ok()?;
        Some((url, self.text("registration_access_token")?.into()))
    }
}

/// What was said so far.
#[derive(Debug, Default)]
pub struct Memory {
    /// The last answer.
    pub answer: Option<Answered>,
    /// The discovery document read last.
    pub document: Option<DiscoveryDocument>,
    /// The key set read last.
    pub keys: Option<KeySet>,
    /// Access tokens, in the order they were issued.
    pub tokens: Vec<Token>,
    /// The id token issued last.
    pub id_token: Option<Token>,
    /// The refresh token issued first.
    pub first_refresh_token: Option<Token>,
    /// The refresh token issued last.
    pub refresh_token: Option<Token>,
    /// The answers to requests that were sent all at once.
    pub at_once: Vec<Answered>,
    /// Where a scenario listens for requests of the server's own.
    pub listener: Option<std::net::TcpListener>,
    /// Lifetime the last token answer named, in seconds.
    pub lifetime: Option<u64>,
    /// Where the browser was sent away to with the last authorization request.
    pub sent_to: Option<Url>,
    /// What a challenge was made from.
    pub verifier: Option<Secret>,
    /// The codes that a device was given, and what goes with them.
    pub device: Map<String, Value>,
    /// What became of verifying a token.
    pub verified: Option<Result<VerifiedToken, Unverified>>,
    /// The metadata that was registered last, as sent.
    pub asked: Option<Value>,
    /// Clients registered, in order.
    pub registrations: Vec<Registration>,
}

/// A scenario's conversation; clones share what was said.
#[derive(Debug, Clone)]
pub struct Conversation {
    server: Arc<KnownServer>,
    endpoints: Arc<OauthEndpoints>,
    line: Line,
    clean_up_line: Line,
    mark: String,
    memory: Arc<Mutex<Memory>>,
}

impl Conversation {
    /// A new conversation over this wire, written down in this log.
    pub fn new(server: Arc<KnownServer>, wire: &Wire, log: &ExchangeLog) -> Self {
        let endpoints = Arc::new(server.document.endpoints());
        // What went wrong before the first scenario is told in scenarios too, and may repeat what was sent then.
        let clients = [&server.client, &server.other_client].into_iter().flatten();
        let secrets = clients.filter_map(|client| client.secret.as_ref()).chain(server.user.as_ref().map(|(_, it)| it));
        secrets.for_each(|secret| log.know(secret.reveal()));
        let line = wire.line(log, Role::OauthClient, Plane::AuthorizationServer);
        let clean_up_line = wire.line(log, Role::Harness, Plane::AuthorizationServer);
        let mark = uuid::Uuid::new_v4().simple().to_string()[..8].to_owned();
        Self { server, endpoints, line, clean_up_line, mark, memory: Arc::default() }
    }

    /// The same conversation by a client that shows this certificate in handshakes, both in PEM.
    ///
    /// # Errors
    ///
    /// [`WireError`] when the certificate or its key cannot be read.
    pub fn showing(&self, chain_pem: &str, key_pem: &str) -> Result<Self, WireError> {
        let wire = self.line.wire().showing(chain_pem, key_pem)?;
        let line = wire.line(self.line.log(), self.line.role(), self.line.plane());
        Ok(Self { line, ..self.clone() })
    }

    /// A name for a client that no other has: some servers want them to differ.
    pub fn client_name(&self) -> String {
        format!("kmspec certification {}-{}", self.mark, self.memory().registrations.len() + 1)
    }

    /// What is known of the server.
    pub fn server(&self) -> &KnownServer {
        &self.server
    }

    /// Where its endpoints are.
    pub fn endpoints(&self) -> &OauthEndpoints {
        &self.endpoints
    }

    /// What was said so far.
    pub fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request put together by a step, and keeps the answer.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when no answer came; the same holds for every request below.
    pub async fn send(&self, call: Call) -> Result<Answered, DriverError> {
        let answer = self.line.send(call).await?;
        self.memory().answer = Some(answer.clone());
        Ok(answer)
    }

    /// Reads the discovery document anew.
    pub async fn read_document(&self) -> Result<Answered, DriverError> {
        let answer = self.send(Call::new("GET", self.server.document.found_at.clone())).await?;
        let found_at = self.server.document.found_at.clone();
        self.memory().document =
            serde_json::from_str(&answer.body).ok().map(|members| DiscoveryDocument { found_at, members });
        Ok(answer)
    }

    /// Fetches the key set anew.
    pub async fn fetch_keys(&self) -> Result<Answered, DriverError> {
        let answer = self.send(Call::new("GET", required(&self.endpoints.jwks, "key set")?)).await?;
        self.memory().keys = KeySet::read(&answer.body);
        Ok(answer)
    }

    /// Posts fields to the token endpoint, keeping what is issued.
    pub async fn ask_for_token(
        &self,
        client: &ClientAuthentication,
        fields: &[(&str, &str)],
    ) -> Result<Answered, DriverError> {
        let fields = self.completed(fields);
        let answer = self.post(required(&self.endpoints.token, "token endpoint")?, client, &fields).await?;
        self.keep_tokens(&answer);
        Ok(answer)
    }

    /// The fields of a token request, with the scope that the server cannot do without.
    pub fn completed<'a>(&'a self, fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let mut fields = fields.to_vec();
        let silent = fields.iter().all(|(name, _)| *name != "scope");
        if let (true, true, Some(scope)) = (
            self.server.scope_required,
            silent && fields.contains(&("grant_type", "client_credentials")),
            &self.server.scope,
        ) {
            fields.push(("scope", scope));
        }
        fields
    }

    /// Asks the introspection endpoint about a token.
    pub async fn introspect(
        &self,
        client: &ClientAuthentication,
        token: &Token,
        hint: Option<&str>,
    ) -> Result<Answered, DriverError> {
        self.post(required(&self.endpoints.introspection, "introspection endpoint")?, client, &about(token, hint)).await
    }

    /// Asks the revocation endpoint to end a token.
    pub async fn revoke(
        &self,
        client: &ClientAuthentication,
        token: &Token,
        hint: Option<&str>,
    ) -> Result<Answered, DriverError> {
        self.post(required(&self.endpoints.revocation, "revocation endpoint")?, client, &about(token, hint)).await
    }

    /// Posts metadata to the registration endpoint, keeping the registration.
    pub async fn register(&self, metadata: &Value) -> Result<Answered, DriverError> {
        self.memory().asked = Some(metadata.clone());
        let answer = self.send(self.registration_call()?.json(metadata)).await?;
        if let (true, Ok(members)) = (answer.is_success(), serde_json::from_str(&answer.body)) {
            self.memory().registrations.push(Registration { members });
        }
        Ok(answer)
    }

    /// A POST to the registration endpoint with the credentials it asks for, if any are known.
    ///
    /// # Errors
    ///
    /// [`DriverError::NoPlane`] when there is no such endpoint.
    pub fn registration_call(&self) -> Result<Call, DriverError> {
        let call = Call::new("POST", required(&self.endpoints.registration, "registration endpoint")?);
        Ok(authenticated(call, &self.server.registrar).0)
    }

    /// Posts fields to an endpoint as this client.
    pub async fn post(
        &self,
        url: Url,
        client: &ClientAuthentication,
        fields: &[(&str, &str)],
    ) -> Result<Answered, DriverError> {
        let (call, credentials) = authenticated(Call::new("POST", url), client);
        let mut form: Vec<(String, String)> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        form.extend(credentials);
        self.send(call.form(&form)).await
    }

    /// Deletes what the scenario registered and did not delete itself; says which clients stay behind.
    pub async fn clean_up(&self) -> Vec<String> {
        let registrations = std::mem::take(&mut self.memory().registrations);
        let mut left = Vec::new();
        for registration in registrations {
            let id = registration.text("client_id").unwrap_or("without an id").to_owned();
            let deleted = match registration.management() {
                Some((url, token)) => {
                    let answer = self.clean_up_line.send(Call::new("DELETE", url).bearer(token.reveal())).await;
                    // A client that a scenario deleted already is answered 401 (RFC 7592, section 2.1).
                    answer.is_ok_and(|answer| answer.is_success() || matches!(answer.status, 401 | 404))
                }
                None => false,
            };
            if !deleted {
                left.push(id);
            }
        }
        left
    }

    fn keep_tokens(&self, answer: &Answered) {
        let Ok(Value::Object(members)) = serde_json::from_str(&answer.body) else { return };
        let text = |name: &str| members.get(name).and_then(Value::as_str).map(Token::from);
        let mut memory = self.memory();
        if let (true, Some(token)) = (answer.is_success(), text("access_token")) {
            memory.tokens.push(token);
            memory.lifetime = members.get("expires_in").and_then(Value::as_u64);
            memory.id_token = text("id_token");
            memory.refresh_token = text("refresh_token").or(memory.refresh_token.take());
            memory.first_refresh_token = memory.first_refresh_token.take().or_else(|| memory.refresh_token.clone());
        }
    }
}

fn about<'a>(token: &'a Token, hint: Option<&'a str>) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![("token", token.reveal())];
    fields.extend(hint.map(|hint| ("token_type_hint", hint)));
    fields
}

fn required(endpoint: &Option<Url>, name: &'static str) -> Result<Url, DriverError> {
    endpoint.clone().ok_or(DriverError::NoPlane(name))
}
