//! What the steps of a scenario saw at the subject and later steps speak of: an import, new keys, a token answer.
//! Things that have a name in the scenario stand in [`super::things`]; nothing here judges.

use std::collections::{BTreeMap, BTreeSet};

use kmspec_mocks::{certificates::CertificateAuthority, journal::Endpoint};
use serde_json::Value;

use kmspec_drivers::{
    admin::{Discovery, KeyManagerEntry},
    authorization_server::{Introspection, TokenGrant},
    credentials::{ConsumerKey, Secret, Token},
    devportal::{ApplicationKey, ConsumerSecret, OfferedKeyManager, ShownApi},
    key_manager::KeyManager,
};
use kmspec_model::{exchange::Role, target::Persona};

/// What was seen last of each kind.
#[derive(Debug, Default)]
pub struct Seen {
    /// What the platform made of a discovery document.
    pub import: Option<Discovery>,
    /// Keys that were generated, mapped or read.
    pub keys: Option<ApplicationKey>,
    /// The consumer key that the developer brought along for mapping.
    pub brought: Option<ConsumerKey>,
    /// Secrets that the developer added to keys, oldest first.
    pub secrets: Vec<ConsumerSecret>,
    /// The secret that keys had before another one took its place.
    pub replaced: Option<Secret>,
    /// Secrets of a key as the portal lists them.
    pub listed_secrets: Vec<ConsumerSecret>,
    /// Key managers as the administration lists them.
    pub listed: Vec<KeyManagerEntry>,
    /// Key managers as the developer portal offers them.
    pub offered: Vec<OfferedKeyManager>,
    /// APIs as the developer portal shows them.
    pub apis: Vec<ShownApi>,
    /// The answer of a token endpoint.
    pub grant: Option<TokenGrant>,
    /// The code that was redeemed last.
    pub code: Option<String>,
    /// Header fields of that answer.
    pub grant_headers: Vec<(String, String)>,
    /// The answer of an introspection endpoint.
    pub introspection: Option<Introspection>,
    /// A user's profile.
    pub profile: Option<serde_json::Map<String, Value>>,
    /// The token that the API consumer holds, with its refresh token.
    pub held: Option<HeldToken>,
    /// A token that the API consumer got before the one it holds.
    pub kept: Option<HeldToken>,
    /// Key manager documents before something happened to them, by the scenario's name.
    pub before: BTreeMap<String, KeyManager>,
    /// What was entered for key managers, by the scenario's name.
    pub entered: BTreeMap<String, Value>,
    /// The number of key managers that the administration tells.
    pub listed_count: Option<u64>,
    /// Names of the policies that a portal shows.
    pub policies: Vec<String>,
    /// An application as a tenant's portal shows it.
    pub portal_view: Option<PortalView>,
    /// A user as they were before something about them was changed.
    pub former: Option<Persona>,
    /// Key managers of another tenant, by the scenario's name.
    pub elsewhere: BTreeMap<String, KeyManager>,
    /// Every document that was shown to somebody, as text; never written into a report.
    pub shown: Vec<(Role, String)>,
    /// Requests that reached the backend before the act under test.
    pub backend_requests: Option<usize>,
    /// Requests that each authorization server had seen before the act under test, of every kind.
    pub server_requests: BTreeMap<String, usize>,
    /// Requests of the scenario's own clients at each authorization server, by kind.
    pub our_requests: BTreeMap<String, BTreeMap<Endpoint, usize>>,
    /// Authorization servers that issue tokens of their vendor's first version.
    pub first_version: BTreeSet<String>,
    /// Scopes that were made known at each authorization server.
    pub scopes: BTreeMap<String, Vec<String>>,
    /// Authorization servers whose clients get opaque tokens.
    pub opaque: BTreeSet<String>,
    /// Paths at the echo backend that belong to the scenario's APIs.
    pub backends: Vec<String>,
    /// APIs that trust one issuer: the path on the gateway, and the client that tokens name.
    pub protected: BTreeMap<String, (String, ConsumerKey)>,
    /// The API key that the API consumer holds.
    pub api_key: Option<Token>,
    /// How many API keys of an application the last list showed.
    pub listed_api_keys: Option<usize>,
    /// The key by which the publisher tries an API out.
    pub internal_key: Option<Token>,
    /// The header in which an API takes its keys, where its publisher chose one.
    pub key_headers: BTreeMap<String, String>,
    /// The header in which the platform takes access tokens, where its administrator chose one.
    pub token_header: Option<String>,
    /// How the gateway is told to log in at the backends of an API, as it was entered.
    pub backend_login: Option<serde_json::Value>,
    /// A user with the password that an API took before something happened.
    pub former_user: Option<kmspec_model::target::Persona>,
    /// Who made the certificates that the scenario's clients show.
    pub client_authority: Option<CertificateAuthority>,
    /// Ids of the subscriptions that were listed.
    pub listed_subscriptions: Vec<String>,
    /// Who called, and who the backend was told had called.
    pub told: Vec<(String, String)>,
    /// Whether a call was answered while another one was still waiting.
    pub others_waited_on: Option<bool>,
    /// The clients that authorization servers had before something happened.
    pub clients: BTreeMap<String, Vec<String>>,
    /// A client that was registered by hand, with its secret.
    pub registered: Option<(ConsumerKey, Secret)>,
    /// Users who signed up, by the scenario's name.
    pub users: BTreeMap<String, Persona>,
    /// The ID token that came with a token answer, in the hands of the API consumer.
    pub id_token: Option<Token>,
    /// What a browser met at a login.
    pub login: Option<Login>,
    /// The text that was sent as a token, for the check that no refusal repeats it.
    pub sent_token: Option<Token>,
}

/// An application as a tenant's portal shows it.
#[derive(Debug, Clone)]
pub struct PortalView {
    /// How many subscriptions it says that it has.
    pub counted: Option<u64>,
    /// The APIs that it is shown to be subscribed to, by id.
    pub subscribed: Vec<String>,
    /// Its keys.
    pub keys: Vec<ApplicationKey>,
}

/// A token in the hands of the API consumer.
#[derive(Debug, Clone)]
pub struct HeldToken {
    /// Whose client it was issued to: the scenario's name of the application.
    pub application: String,
    /// The scenario's name of the key manager it comes from.
    pub key_manager: String,
    /// The token.
    pub token: Token,
    /// The refresh token that came with it.
    pub refresh_token: Option<Token>,
}

/// What a browser met at a login of the resident key manager.
#[derive(Debug, Clone, Default)]
pub struct Login {
    /// Names of the cookies that it was given.
    pub cookies: Vec<String>,
    /// Addresses of the pages that it was shown, in their order.
    pub pages: Vec<url::Url>,
    /// Where it was sent in the end, away from the server.
    pub sent_to: Option<url::Url>,
}
