//! Microsoft Entra ID, once Azure AD: one tenant with endpoints of both versions. Which version a token has is decided by
//! the API it is for, whichever endpoint was asked. At Microsoft issuers and endpoints are on several hosts, here on one.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Dialect, Handler, common_members, detailed_keys, entra_shape as shape, entra_words, names};
use crate::{
    endpoints::{
        authorize,
        call::{Call, Reply},
        discovery, graph, jwks, login,
        management::manager,
        userinfo,
    },
    grants::{self, Form},
    journal::Endpoint,
    realm::{
        Client, ClientSpec, Clock, KeyChest, KeyRing, Lifetimes, OAuthError, Policy, Realm, RealmSpec,
        key_ring::KidStyle, policy::Rotation, scope, test_keys::KeyFamily,
    },
    server::{Endpoints, Site},
};

/// The tenant, as it stands in every path.
pub(super) const TENANT: &str = "5a1c7e0d-3f5b-4a86-9b1e-6d2c8f0a4b17";
/// Where every path begins.
const PREFIX: &str = "/5a1c7e0d-3f5b-4a86-9b1e-6d2c8f0a4b17";
/// Names that stand for whatever tenant a user belongs to.
const ANY_TENANT: [&str; 2] = ["/common", "/organizations"];

/// APIs that a fresh tenant holds: id, identifier URI, and which version their tokens have.
const APIS: [(&str, &str, Option<u8>); 2] = [
    ("8c0b7f5e-1d24-4e39-9a6b-3f2e5d7c1a01", "api://kmspec-v1", None),
    ("8c0b7f5e-1d24-4e39-9a6b-3f2e5d7c1a02", "api://kmspec-v2", Some(2)),
];

pub(super) struct Entra;

impl Dialect for Entra {
    fn realm(&self, base_url: &str, clock: Clock, chest: &KeyChest) -> RealmSpec {
        let keys = KeyRing::drawn(chest, KeyFamily::Rsa, KidStyle::CertificateSha1);
        keys.publish_next();
        let shape = Arc::new(shape::Shape { graph: base_url.to_owned(), keys: keys.clone() });
        RealmSpec {
            clock,
            keys,
            policy: Policy {
                grant_types: names(["authorization_code", "client_credentials", "password", "refresh_token"]),
                public_grant_types: names(["authorization_code", "password", "refresh_token"]),
                code_challenge_methods: names(["plain", "S256"]),
                plain_challenges: true,
                client_assertions: true,
                client_assertions_reusable: true,
                token_endpoint: Some(format!("{base_url}{PREFIX}/oauth2/v2.0/token")),
                rotation: Rotation::Keep,
                refresh_without_asking: false,
                // Microsoft's own interface, and the APIs that tokens were asked for.
                audiences: Some(vec![base_url.to_owned()]),
                lifetimes: Lifetimes { app_seconds: 3_599, user_seconds: 3_599, ..Lifetimes::default() },
                dialect: entra_words::worded,
                ..Policy::default()
            },
            shape,
            scope_rule: Arc::new(shape::OfResource),
            ..RealmSpec::new(format!("{base_url}{PREFIX}/v2.0"))
        }
    }

    fn furnish(&self, realm: &Realm) {
        realm.add_client(manager());
        for (id, uri, version) in APIS {
            let spec = ClientSpec::new(uri).id(id).grant_types(Vec::<String>::new());
            let api = json!({ "requestedAccessTokenVersion": version });
            realm.add_client(spec.metadata(graph::IDENTIFIER_URIS, json!([uri])).metadata(graph::API, api));
        }
    }

    fn endpoints(&self, base: &str) -> Endpoints {
        let at = |path: &str| format!("{base}{PREFIX}{path}");
        Endpoints {
            token: at("/oauth2/v2.0/token"),
            jwks: at("/discovery/v2.0/keys"),
            authorize: at("/oauth2/v2.0/authorize"),
            device_authorization: None,
            introspection: None,
            revocation: None,
            registration: Some(format!("{base}{}", graph::APPLICATIONS)),
            userinfo: Some(format!("{base}/oidc/userinfo")),
            scopes: None,
        }
    }

    fn route(&self, path: &str) -> Option<(Endpoint, Handler)> {
        match path {
            login::PATH => return Some((Endpoint::Login, login::answer)),
            "/oidc/userinfo" => return Some((Endpoint::Userinfo, userinfo::answer)),
            _ if path.starts_with(graph::APPLICATIONS) || path == graph::SERVICE_PRINCIPALS => {
                return Some((Endpoint::Registration, graph::answer));
            }
            _ => {}
        }
        for any in ANY_TENANT {
            if path.strip_prefix(any) == Some("/v2.0/.well-known/openid-configuration") {
                return Some((Endpoint::Discovery, any_tenant));
            }
        }
        Some(match path.strip_prefix(PREFIX)? {
            "/v2.0/.well-known/openid-configuration" => (Endpoint::Discovery, discovery::openid),
            "/.well-known/openid-configuration" => (Endpoint::Discovery, first_version),
            "/oauth2/v2.0/token" => (Endpoint::Token, token),
            "/oauth2/token" => (Endpoint::Token, first_token),
            "/discovery/v2.0/keys" => (Endpoint::Jwks, jwks::answer),
            "/discovery/keys" => (Endpoint::Jwks, first_keys),
            "/oauth2/v2.0/authorize" | "/oauth2/authorize" => (Endpoint::Authorize, authorize),
            _ => return None,
        })
    }

    fn discovery(&self, endpoints: &Endpoints, realm: &Realm) -> Value {
        let mut document = common_members(endpoints, realm);
        if let Some(members) = document.as_object_mut() {
            members.remove("grant_types_supported");
            members.remove("code_challenge_methods_supported");
        }
        document["userinfo_endpoint"] = json!(endpoints.userinfo);
        document["token_endpoint_auth_methods_supported"] =
            json!(["client_secret_post", "client_secret_basic", "private_key_jwt"]);
        document["token_endpoint_auth_signing_alg_values_supported"] = json!(["RS256", "PS256"]);
        document["subject_types_supported"] = json!(["pairwise"]);
        document
    }

    /// No algorithm, but the certificate, and the issuer whose tokens the key may verify.
    fn jwks(&self, realm: &Realm) -> Value {
        keys(realm, realm.issuer())
    }
}

fn keys(realm: &Realm, issuer: &str) -> Value {
    detailed_keys(realm, |entry, key| {
        if let Some(members) = entry.as_object_mut() {
            members.remove("alg");
        }
        entry["x5t"] = json!(key.x5t());
        entry["x5c"] = json!([key.x5c()]);
        entry["issuer"] = json!(issuer);
    })
}

fn first_keys(site: &Site, call: &Call) -> Reply {
    match call.method.as_str() {
        "GET" | "HEAD" => Reply::json(200, &keys(&site.realm, shape::first_issuer(site.realm.issuer()))),
        _ => Reply::only("GET"),
    }
}

/// The document of the first version.
fn first_version(site: &Site, call: &Call) -> Reply {
    discovered(site, call, |document| {
        document["issuer"] = json!(shape::first_issuer(site.realm.issuer()));
        for (member, of_second, of_first) in [
            ("token_endpoint", "/oauth2/v2.0/token", "/oauth2/token"),
            ("authorization_endpoint", "/oauth2/v2.0/authorize", "/oauth2/authorize"),
            ("jwks_uri", "/discovery/v2.0/keys", "/discovery/keys"),
        ] {
            document[member] = json!(document[member].as_str().unwrap_or_default().replace(of_second, of_first));
        }
    })
}

/// The document for any tenant, whose issuer is a pattern and no URL of anybody.
fn any_tenant(site: &Site, call: &Call) -> Reply {
    discovered(site, call, |document| {
        document["issuer"] = json!(format!("{}/{{tenantid}}/v2.0", site.base_url));
    })
}

fn discovered(site: &Site, call: &Call, change: impl FnOnce(&mut Value)) -> Reply {
    if !matches!(call.method.as_str(), "GET" | "HEAD") {
        return Reply::only("GET");
    }
    let mut document = site.dialect.discovery(&site.endpoints, &site.realm);
    change(&mut document);
    Reply::json(200, &document)
}

/// The token endpoint of the second version: the API stands in the scope.
fn token(site: &Site, call: &Call) -> Reply {
    redeemed(site, call, false).unwrap_or_else(|error| Reply::error(&error))
}

/// That of the first: the API is a parameter, and numbers are texts.
fn first_token(site: &Site, call: &Call) -> Reply {
    redeemed(site, call, true).unwrap_or_else(|error| Reply::error(&error))
}

fn redeemed(site: &Site, call: &Call, first: bool) -> Result<Reply, OAuthError> {
    if call.method != "POST" {
        return Ok(Reply::only("POST"));
    }
    let worded = |error| grants::worded(&site.realm.policy(), error);
    let mut request = call.form(false).map_err(worded)?;
    let named_resource = request.form.value("resource").map(str::to_owned);
    // What is said twice is left as it is: the grants refuse it.
    if request.form.repeated().is_none() {
        request.form = for_resource(site, request.form, first).map_err(worded)?;
    }
    let answer = grants::redeem(&site.realm, &request)?;
    let mut body = site.dialect.token_body(&answer);
    let for_itself = request.form.value("grant_type") == Some("client_credentials");
    if let Some(members) = body.as_object_mut().filter(|_| for_itself) {
        // An application gets roles, which are no scope.
        members.remove("scope");
    }
    body["ext_expires_in"] = body["expires_in"].clone();
    if first {
        let (now, left) = (site.realm.now(), answer.expires_in);
        body["expires_in"] = json!(left.to_string());
        body["ext_expires_in"] = json!(left.to_string());
        body["expires_on"] = json!((now + left).to_string());
        body["not_before"] = json!(now.to_string());
        body["resource"] = json!(named_resource);
    }
    Ok(Reply::json(200, &body).uncached())
}

fn authorize(site: &Site, call: &Call) -> Reply {
    let form = match authorize::parameters(call) {
        Ok(form) => form,
        Err(refusal) => return refusal,
    };
    if form.repeated().is_some() {
        return authorize::begin(site, &form);
    }
    match for_resource(site, form, call.path.ends_with("/oauth2/authorize")) {
        Ok(form) => authorize::begin(site, &form),
        Err(error) => site.dialect.shown(site, &error),
    }
}

/// The parameters as the grants understand them: the API as the audience, its scopes by their own names.
fn for_resource(site: &Site, form: Form, first: bool) -> Result<Form, OAuthError> {
    let client_credentials = form.value("grant_type") == Some("client_credentials");
    let mut resource = form.value("resource").filter(|_| first).map(str::to_owned);
    let mut scopes = Vec::new();
    for word in scope::split(form.value("scope")).unwrap_or_default() {
        match word.rsplit_once('/') {
            Some((api, own)) if !first && !api.is_empty() => {
                if resource.as_deref().is_some_and(|other| other != api) {
                    return Err(OAuthError::invalid_scope("scopes of several resources in one request"));
                }
                resource = Some(api.to_owned());
                scopes.push(own.to_owned());
            }
            _ => scopes.push(word),
        }
    }
    if client_credentials {
        match (&resource, first) {
            (None, true) => return Err(OAuthError::invalid_request("the resource parameter is missing")),
            (None, false) if scopes.is_empty() => return Err(entra_words::no_scope()),
            (None, false) => return Err(OAuthError::invalid_scope("the scope is no resource with /.default")),
            (Some(_), false) if scopes != [shape::DEFAULT] => {
                return Err(OAuthError::invalid_scope("the scope is no resource with /.default"));
            }
            _ => scopes = vec![shape::DEFAULT.to_owned()],
        }
    }
    let form = form.with("scope", scopes.join(" "));
    match resource {
        None => Ok(form.with("audience", site.base_url.clone())),
        Some(named) => {
            let audience = audience(site, &named).ok_or_else(|| entra_words::no_resource(&named))?;
            site.realm.change_policy(|policy| {
                let known = policy.audiences.get_or_insert_default();
                if !known.contains(&audience) {
                    known.push(audience.clone());
                }
            });
            Ok(form.with("audience", audience))
        }
    }
}

/// The `aud` of tokens for the API of that id or URI: its id where it takes tokens of the second version, else its URI.
fn audience(site: &Site, named: &str) -> Option<String> {
    if named.trim_end_matches('/') == site.base_url {
        return Some(site.base_url.clone());
    }
    let api = site.realm.clients().into_iter().find(|client| is_called(client, named))?;
    let second = api.metadata.get(graph::API).and_then(|api| api["requestedAccessTokenVersion"].as_u64()) == Some(2);
    let uri = graph::identifier_uris(&api).into_iter().next();
    Some(if second { api.id.clone() } else { uri.unwrap_or_else(|| format!("api://{}", api.id)) })
}

fn is_called(api: &Client, named: &str) -> bool {
    named == api.id
        || named.strip_prefix("api://") == Some(&api.id)
        || graph::identifier_uris(api).iter().any(|uri| uri == named)
}
