//! Dynamic client registration (RFC 7591) and its management (RFC 7592), to the letter, or in the manner of a vendor.
//! Interfaces that only remotely look like it have files of their own.

use jsonwebtoken::jwk::JwkSet;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::{
    call::{Call, Reply},
    management::managing,
    registration_tls,
};
use crate::{
    grants::basic_pair,
    objects,
    realm::{Client, ClientSpec, OAuthError, TokenFormat, client::PRIVATE_KEY_JWT, jwt::Object, random, same},
    server::Site,
};

/// Members that only the server sets (RFC 7592, section 2.2).
const SERVER_ONLY: [&str; 4] =
    ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"];

/// What does not stand in a path as it is: all but the unreserved characters (RFC 3986, section 2.3).
const IN_A_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Metadata that are only kept (RFC 7591, section 2).
const RFC_METADATA: [&str; 10] = [
    "response_types",
    "client_uri",
    "logo_uri",
    "contacts",
    "tos_uri",
    "policy_uri",
    "jwks_uri",
    "jwks",
    "software_id",
    "software_version",
];

/// What a vendor does differently.
pub(crate) struct Manner {
    /// Where clients are registered, as a path.
    pub(crate) base: &'static str,
    /// How clients may authenticate; the first unless they say.
    pub(crate) methods: &'static [&'static str],
    /// Metadata that are kept beside those of the RFC.
    pub(crate) keeps: &'static [&'static str],
    /// Whether whoever manages clients may choose their ids and secrets.
    pub(crate) chosen_credentials: bool,
    /// Whether the token by which a client is managed may be chosen with it.
    pub(crate) chosen_token: bool,
    /// Whether a client is named in the query of its own URL, not in the path.
    pub(crate) named_in_query: bool,
}

/// How the RFC has it.
pub(crate) const STANDARD: Manner = Manner {
    base: "/register",
    methods: &["client_secret_basic", "client_secret_post", "none"],
    keeps: &[],
    chosen_credentials: false,
    chosen_token: false,
    named_in_query: false,
};

impl Manner {
    /// The client that a request is about.
    fn named(&self, call: &Call) -> Option<String> {
        if self.named_in_query { call.query_value("client_id") } else { call.below(self.base) }
    }

    fn client_uri(&self, site: &Site, id: &str) -> String {
        let place = format!("{}{}", site.base_url, self.base);
        if self.named_in_query {
            let query = form_urlencoded::Serializer::new(String::new()).append_pair("client_id", id).finish();
            format!("{place}?{query}")
        } else {
            format!("{place}/{}", percent_encoding::utf8_percent_encode(id, IN_A_PATH))
        }
    }
}

pub(crate) fn answer(site: &Site, call: &Call, manner: &Manner) -> Reply {
    match (call.method.as_str(), manner.named(call)) {
        ("POST", None) => match may_register(site, call) {
            Ok(()) => create(site, call, manner).unwrap_or_else(|error| Reply::error(&error)),
            Err(refusal) => refusal,
        },
        (_, None) => Reply::only("POST"),
        ("GET" | "PUT" | "DELETE", Some(id)) => match owner(site, call, &id) {
            Err(refusal) => refusal,
            Ok(client) => managed(site, call, &client, manner),
        },
        _ => Reply::only("GET, PUT, DELETE"),
    }
}

/// Carries out what somebody who may asks about a client.
pub(crate) fn managed(site: &Site, call: &Call, client: &Client, manner: &Manner) -> Reply {
    match call.method.as_str() {
        "GET" => Reply::json(200, &document(site, client, manner)).uncached(),
        "PUT" => update(site, call, client, manner).unwrap_or_else(|error| Reply::error(&error)),
        "DELETE" => {
            site.realm.remove_client(&client.id);
            Reply::empty(204).uncached()
        }
        _ => Reply::only("GET, PUT, DELETE"),
    }
}

/// An administrator by Basic, the server's initial access token by Bearer, or the token of a client that manages others.
fn may_register(site: &Site, call: &Call) -> Result<(), Reply> {
    if managing(site, call).is_some() {
        return Ok(());
    }
    if let Some(token) = call.bearer() {
        let right = site.initial_access_token.as_deref().is_some_and(|initial| same(initial, token));
        return if right { Ok(()) } else { Err(Reply::bearer_challenge(401, "registration", Some("invalid_token"))) };
    }
    let administrator = call
        .header("authorization")
        .and_then(|header| basic_pair(header, true))
        .and_then(|(name, password)| site.realm.authenticate_user(&name, &password))
        .is_some_and(|user| user.has_role("admin"));
    if administrator { Ok(()) } else { Err(Reply::bearer_challenge(401, "registration", None)) }
}

/// The client whose registration token was sent, or any for a client that manages others. A client that is gone is 401,
/// another one's token 403 (RFC 7592, section 2.1); one that was disabled does not manage itself either.
fn owner(site: &Site, call: &Call, id: &str) -> Result<Client, Reply> {
    let Some(token) = call.bearer() else { return Err(Reply::bearer_challenge(401, "registration", None)) };
    let invalid = || Reply::bearer_challenge(401, "registration", Some("invalid_token"));
    let client = site.realm.client(id).ok_or_else(invalid)?;
    if managing(site, call).is_some() {
        return Ok(client);
    }
    let holds = |client: &Client| client.registration_token.as_deref().is_some_and(|kept| same(kept, token));
    if holds(&client) {
        if client.active { Ok(client) } else { Err(invalid()) }
    } else if site.realm.clients().iter().any(holds) {
        Err(Reply::bearer_challenge(403, "registration", Some("insufficient_scope")))
    } else {
        Err(invalid())
    }
}

pub(crate) fn create(site: &Site, call: &Call, manner: &Manner) -> Result<Reply, OAuthError> {
    let mut client = ClientSpec::new("").0;
    fill(site, &mut client, call, manner)?;
    if let Some(id) = object(call)?.get("client_id").and_then(Value::as_str).filter(|_| manner.chosen_credentials) {
        if site.realm.client(id).is_some() {
            return Err(metadata(format!("there is a client {id} already")));
        }
        id.clone_into(&mut client.id);
    }
    let token = object(call)?.get("registration_access_token").and_then(Value::as_str).map(str::to_owned);
    client.registration_token = token.filter(|_| manner.chosen_token).or_else(|| Some(random::text(32)));
    let client = site.realm.add_client(ClientSpec(client));
    Ok(Reply::json(201, &document(site, &client, manner)).uncached())
}

fn update(site: &Site, call: &Call, client: &Client, manner: &Manner) -> Result<Reply, OAuthError> {
    let asked = object(call)?;
    if let Some(name) = SERVER_ONLY.iter().find(|name| asked.contains_key(**name)) {
        return Err(metadata(format!("{name} cannot be set by the client")));
    }
    if asked.get("client_id").and_then(Value::as_str) != Some(&client.id) {
        return Err(metadata("client_id does not match the registration"));
    }
    let chosen = asked.get("client_secret").is_some_and(|sent| sent.as_str() != client.secret.as_deref());
    // Not even where secrets can be chosen does a client do so itself (RFC 7592, section 2.2).
    let by_itself = client.registration_token.as_deref().zip(call.bearer()).is_some_and(|(own, sent)| same(own, sent));
    if chosen && (by_itself || !manner.chosen_credentials) {
        return Err(metadata("the client secret cannot be chosen"));
    }
    let mut changed = client.clone();
    fill(site, &mut changed, call, manner)?;
    let changed =
        site.realm.update_client(&client.id, |kept| *kept = changed).ok_or_else(|| metadata("the client is gone"))?;
    Ok(Reply::json(200, &document(site, &changed, manner)).uncached())
}

/// Takes over what was asked for; what is left out gets its default again (RFC 7591, section 2).
fn fill(site: &Site, client: &mut Client, call: &Call, manner: &Manner) -> Result<(), OAuthError> {
    let asked = object(call)?;
    let grant_types = texts(&asked, "grant_types")?.unwrap_or_else(|| vec!["authorization_code".to_owned()]);
    let redirect_uris = texts(&asked, "redirect_uris")?.unwrap_or_default();
    let bad_uri = |uri: &String| Url::parse(uri).map_or(true, |uri| uri.fragment().is_some());
    if redirect_uris.iter().any(bad_uri) {
        return Err(OAuthError::new(400, "invalid_redirect_uri", "a redirect URI is not absolute or has a fragment"));
    }
    if redirect_uris.is_empty() && grant_types.iter().any(|grant| grant == "authorization_code" || grant == "implicit")
    {
        return Err(OAuthError::new(400, "invalid_redirect_uri", "redirect_uris is required for these grant types"));
    }
    let method = asked.get("token_endpoint_auth_method").and_then(Value::as_str).unwrap_or(manner.methods[0]);
    let signs = method == PRIVATE_KEY_JWT && site.realm.policy().client_assertions;
    let by_certificate = registration_tls::is_method(site, method);
    if !signs && !by_certificate && !manner.methods.contains(&method) {
        return Err(metadata("token_endpoint_auth_method is not supported"));
    }
    client.certificate =
        by_certificate.then(|| registration_tls::login(method, &asked)).transpose().map_err(metadata)?;
    client.certificate_bound = registration_tls::bound(site, &asked).map_err(metadata)?;
    let chosen = asked.get("client_secret").and_then(Value::as_str).filter(|_| manner.chosen_credentials);
    match (method, chosen) {
        ("none", _) => client.secret = None,
        _ if by_certificate => client.secret = None,
        _ if signs => {
            if asked.get("jwks").is_none_or(|set| objects::from_value::<JwkSet>(set.clone()).is_err()) {
                return Err(metadata("a client that signs assertions has to register its keys as jwks"));
            }
            client.secret = None;
        }
        (_, Some(chosen)) => client.secret = Some(chosen.to_owned()),
        (_, None) => {
            client.secret.get_or_insert_with(|| random::alphanumeric(44));
        }
    }
    client.name = asked.get("client_name").and_then(Value::as_str).unwrap_or_default().to_owned();
    client.grant_types = grant_types;
    client.redirect_uris = redirect_uris;
    client.token_format = TokenFormat::Jwt;
    client.scopes =
        asked.get("scope").and_then(Value::as_str).map(|scope| scope.split_whitespace().map(str::to_owned).collect());
    client.metadata = Object::new();
    client.metadata.insert("token_endpoint_auth_method".to_owned(), json!(method));
    if client.allows_grant("authorization_code") {
        client.metadata.insert("response_types".to_owned(), json!(["code"]));
    }
    // Of what else was sent, only what the RFC or the vendor defines is kept; the rest is ignored.
    for name in RFC_METADATA.iter().chain(manner.keeps).copied().chain(registration_tls::metadata(site)) {
        if let Some(value) = asked.get(name) {
            client.metadata.insert(name.to_owned(), value.clone());
        }
    }
    Ok(())
}

pub(crate) fn document(site: &Site, client: &Client, manner: &Manner) -> Value {
    let mut document = json!({
        "client_id": client.id,
        "client_id_issued_at": client.created_at,
        "client_name": client.name,
        "grant_types": client.grant_types,
        "redirect_uris": client.redirect_uris,
    });
    if let Some(token) = &client.registration_token {
        document["registration_access_token"] = json!(token);
        document["registration_client_uri"] = json!(manner.client_uri(site, &client.id));
    }
    if let Some(secret) = &client.secret {
        document["client_secret"] = json!(secret);
        document["client_secret_expires_at"] = json!(0);
    }
    if let Some(scopes) = &client.scopes {
        document["scope"] = json!(scopes.join(" "));
    }
    for (name, value) in &client.metadata {
        document[name] = value.clone();
    }
    document
}

fn object(call: &Call) -> Result<Object, OAuthError> {
    call.object().ok_or_else(|| metadata("the body is no JSON object"))
}

fn metadata(description: impl AsRef<str>) -> OAuthError {
    OAuthError::new(400, "invalid_client_metadata", description)
}

fn texts(asked: &Object, name: &str) -> Result<Option<Vec<String>>, OAuthError> {
    match asked.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            serde_json::from_value(value.clone()).map(Some).map_err(|_| metadata(format!("{name} is no list of texts")))
        }
    }
}
