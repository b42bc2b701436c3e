//! An OAuth 2.0 authorization server seen by its clients: token, introspection, revocation, userinfo, key set.
//! Serves the resident key manager, the mocks and a real server alike; where the endpoints are, the caller knows.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::{
    credentials::{ConsumerKey, Secret, Token},
    error::DriverError,
    reply::Reply,
    wire::{Answered, Call, Line},
};

/// Where the endpoints of an authorization server are; `None` where it has no such endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OauthEndpoints {
    /// Token endpoint.
    pub token: Option<Url>,
    /// RFC 7662.
    pub introspection: Option<Url>,
    /// RFC 7009.
    pub revocation: Option<Url>,
    /// RFC 7591.
    pub registration: Option<Url>,
    /// RFC 8628.
    #[serde(default)]
    pub device_authorization: Option<Url>,
    /// Key set.
    pub jwks: Option<Url>,
    /// User profile.
    pub userinfo: Option<Url>,
    /// Discovery document.
    pub discovery: Option<Url>,
}

/// An authorization server in the hands of one of its clients.
#[derive(Debug, Clone)]
pub struct AuthorizationServerClient {
    line: Line,
    endpoints: OauthEndpoints,
}

/// How a client proves who it is at an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// `Authorization: Basic`, each part form-encoded first (RFC 6749, section 2.3.1).
    Basic(ConsumerKey, Secret),
    /// `client_id` and `client_secret` in the form.
    Form(ConsumerKey, Secret),
    /// `client_id` in the form, without a secret.
    Public(ConsumerKey),
    /// `Authorization: Bearer`, which introspection endpoints may take.
    Bearer(Token),
    /// None at all.
    Nobody,
}

/// A token response.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenGrant {
    /// The token.
    pub access_token: Token,
    /// `Bearer`.
    #[serde(default)]
    pub token_type: Option<String>,
    /// Lifetime in seconds, as sent: a wrong JSON type is for the steps to judge.
    #[serde(default)]
    pub expires_in: Option<Value>,
    /// Refresh token.
    #[serde(default)]
    pub refresh_token: Option<Token>,
    /// Granted scopes, separated by blanks.
    #[serde(default)]
    pub scope: Option<String>,
    /// ID token.
    #[serde(default)]
    pub id_token: Option<Token>,
    /// Everything else in the response.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// An introspection response: `active`, and whatever else is said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Introspection {
    /// Whether the token is good.
    pub active: bool,
    /// The other members.
    #[serde(flatten)]
    pub members: Map<String, Value>,
}

impl AuthorizationServerClient {
    /// The server with these endpoints, at the end of this line.
    pub fn new(line: Line, endpoints: OauthEndpoints) -> Self {
        Self { line, endpoints }
    }

    /// Its endpoints.
    pub fn endpoints(&self) -> &OauthEndpoints {
        &self.endpoints
    }

    /// Asks for a token: `grant_type` and the fields that belong to it.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when no reply was brought back; the same holds for every call below.
    pub async fn token(
        &self,
        client: &ClientAuthentication,
        grant_type: &str,
        fields: &[(&str, &str)],
    ) -> Result<Reply<TokenGrant>, DriverError> {
        let mut form = vec![("grant_type", grant_type)];
        form.extend_from_slice(fields);
        self.post(self.at(&self.endpoints.token, "token endpoint")?, client, &form).await?.read("a token response")
    }

    /// Asks about a token. `hint` becomes `token_type_hint`.
    pub async fn introspect(
        &self,
        client: &ClientAuthentication,
        token: &Token,
        hint: Option<&str>,
    ) -> Result<Reply<Introspection>, DriverError> {
        let url = self.at(&self.endpoints.introspection, "introspection endpoint")?;
        self.post(url, client, &token_form(token, hint)).await?.read("an introspection response")
    }

    /// Revokes a token. `hint` becomes `token_type_hint`.
    pub async fn revoke(
        &self,
        client: &ClientAuthentication,
        token: &Token,
        hint: Option<&str>,
    ) -> Result<Reply<()>, DriverError> {
        let url = self.at(&self.endpoints.revocation, "revocation endpoint")?;
        self.post(url, client, &token_form(token, hint)).await?.done()
    }

    /// Starts a device (RFC 8628, section 3.1): the codes that device and user are to use.
    pub async fn start_device(
        &self,
        client: &ClientAuthentication,
        fields: &[(&str, &str)],
    ) -> Result<Reply<Map<String, Value>>, DriverError> {
        let url = self.at(&self.endpoints.device_authorization, "device authorization endpoint")?;
        self.post(url, client, fields).await?.read("a device authorization response")
    }

    /// Reads the profile of the user behind a token.
    pub async fn userinfo(&self, token: &Token) -> Result<Reply<Map<String, Value>>, DriverError> {
        let url = self.at(&self.endpoints.userinfo, "userinfo endpoint")?;
        self.line.send(Call::new("GET", url).bearer(token.reveal())).await?.read("a user profile")
    }

    /// Reads the key set.
    pub async fn key_set(&self) -> Result<Reply<Value>, DriverError> {
        let url = self.at(&self.endpoints.jwks, "key set")?;
        self.line.send(Call::new("GET", url)).await?.read("a key set")
    }

    /// Reads the discovery document.
    pub async fn discovery(&self) -> Result<Reply<Map<String, Value>>, DriverError> {
        let url = self.at(&self.endpoints.discovery, "discovery document")?;
        self.line.send(Call::new("GET", url)).await?.read("a discovery document")
    }

    /// Registers a client (RFC 7591), with a token or a password where the server asks for one.
    pub async fn register_client(
        &self,
        registrar: &ClientAuthentication,
        metadata: &Value,
    ) -> Result<Reply<Map<String, Value>>, DriverError> {
        let url = self.at(&self.endpoints.registration, "registration endpoint")?;
        let (call, _) = authenticated(Call::new("POST", url), registrar);
        self.line.send(call.json(metadata)).await?.read("a registered client")
    }

    /// Sends whatever a step put together; the way to requests that are wrong on purpose.
    pub async fn send(&self, call: Call) -> Result<Answered, DriverError> {
        self.line.send(call).await
    }

    async fn post(
        &self,
        url: Url,
        client: &ClientAuthentication,
        fields: &[(&str, &str)],
    ) -> Result<Answered, DriverError> {
        let (call, mut credentials) = authenticated(Call::new("POST", url), client);
        let mut form: Vec<(String, String)> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        form.append(&mut credentials);
        self.line.send(call.form(&form)).await
    }

    fn at(&self, endpoint: &Option<Url>, name: &'static str) -> Result<Url, DriverError> {
        endpoint.clone().ok_or(DriverError::NoPlane(name))
    }
}

fn token_form<'a>(token: &'a Token, hint: Option<&'a str>) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![("token", token.reveal())];
    form.extend(hint.map(|hint| ("token_type_hint", hint)));
    form
}

/// The call with the client's header field, and the form fields that carry its credentials otherwise.
pub(super) fn authenticated(call: Call, client: &ClientAuthentication) -> (Call, Vec<(String, String)>) {
    let encoded = |text: &str| percent_encoding::utf8_percent_encode(text, FORM_ENCODED).to_string();
    match client {
        ClientAuthentication::Basic(id, secret) => (call.basic(&encoded(&id.0), &encoded(secret.reveal())), Vec::new()),
        ClientAuthentication::Form(id, secret) => (
            call,
            vec![("client_id".to_owned(), id.0.clone()), ("client_secret".to_owned(), secret.reveal().to_owned())],
        ),
        ClientAuthentication::Public(id) => (call, vec![("client_id".to_owned(), id.0.clone())]),
        ClientAuthentication::Bearer(token) => (call.bearer(token.reveal()), Vec::new()),
        ClientAuthentication::Nobody => (call, Vec::new()),
    }
}

/// What the form encoding leaves as it is: letters, digits and `*-._`; a blank becomes `%20`, which means the same.
const FORM_ENCODED: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_');
