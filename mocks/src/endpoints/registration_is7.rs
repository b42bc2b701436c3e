//! Client registration v1.1 of WSO2 Identity Server 7, with its own ideas of RFC 7591: no registration token, conflicts
//! are 400, an unknown client is 401 without a body. The RFC's own form is in `registration`.

use serde_json::{Value, json};
use url::Url;

use super::{
    call::{Call, Reply},
    management::{calling_user, may_manage_of, permitted},
    redirect_pattern, registration_tls, userinfo,
};
use crate::{
    realm::{
        Algorithm, Client, ClientSpec, TokenFormat,
        jwt::{self, Object},
        random,
    },
    server::Site,
};

/// Members that the server understands; all others are kept as additional attributes.
const UNDERSTOOD: [&str; 16] = [
    "client_name",
    "redirect_uris",
    "grant_types",
    "token_type_extension",
    "ext_token_type",
    "ext_param_client_id",
    "ext_param_client_secret",
    "ext_application_owner",
    "ext_application_token_lifetime",
    "ext_user_token_lifetime",
    "ext_refresh_token_lifetime",
    "ext_id_token_lifetime",
    "ext_public_client",
    "ext_pkce_mandatory",
    "ext_pkce_support_plain",
    "client_id",
];

/// Members that some releases answer as null where they are not set.
const NULLABLE: [&str; 7] = [
    "ext_application_display_name",
    "ext_application_version",
    "ext_id_token_lifetime",
    "jwks_uri",
    "token_endpoint_auth_method",
    "sector_identifier_uri",
    "subject_type",
];

pub(crate) fn answer(site: &Site, call: &Call, base: &str) -> Reply {
    let scope = match call.method.as_str() {
        "POST" => "internal_dcr_create",
        "GET" => "internal_dcr_view",
        "PUT" => "internal_dcr_update",
        "DELETE" => "internal_dcr_delete",
        _ => return Reply::only("GET, POST, PUT, DELETE"),
    };
    if let Err(refusal) = permitted(site, call, scope) {
        return refusal;
    }
    match (call.method.as_str(), call.below(base)) {
        ("POST", None) => create(site, call).unwrap_or_else(|refusal| refusal),
        ("GET", None) => {
            let name = call.query_value("client_name").unwrap_or_default();
            let named = site.realm.clients().into_iter().find(|client| client.name == name);
            managed(site, call, named)
                .map_or_else(|refusal| refusal, |client| Reply::json(200, &document(site, &client)))
        }
        (method, Some(id)) => {
            let done = managed(site, call, site.realm.client(&id)).and_then(|client| match method {
                "GET" => Ok(Reply::json(200, &document(site, &client))),
                "PUT" => update(site, call, client),
                "DELETE" => Ok(Reply::empty(if site.realm.remove_client(&id).is_some() { 204 } else { 401 })),
                _ => Err(Reply::empty(405)),
            });
            done.unwrap_or_else(|refusal| refusal)
        }
        _ => Reply::empty(405),
    }
}

/// A client that the caller may manage. The published interface promises 404 for one that nobody knows; the server
/// answers as RFC 7592, section 2.1 has it. One of another owner is 403.
fn managed(site: &Site, call: &Call, client: Option<Client>) -> Result<Client, Reply> {
    let client = client.ok_or_else(|| Reply::empty(401))?;
    if may_manage_of(site, call, client.owner.as_deref()) { Ok(client) } else { Err(Reply::empty(403)) }
}

fn create(site: &Site, call: &Call) -> Result<Reply, Reply> {
    let asked =
        call.object().ok_or_else(|| refused("invalid_client_metadata", "the request body is missing or malformed"))?;
    let mut spec = ClientSpec::new("").secret(random::alphanumeric(site.settings.secret_length()));
    if let Some(id) = text(&asked, "ext_param_client_id") {
        if !(15..=30).contains(&id.len()) || !id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(refused("invalid_client_metadata", "the client id does not have the required form"));
        }
        if site.realm.client(id).is_some() || site.taken_by_another_tenant(id) {
            return Err(refused("invalid_client_metadata", &format!("a client with id {id} exists already")));
        }
        spec = spec.id(id);
    }
    if let Some(secret) = text(&asked, "ext_param_client_secret") {
        spec = spec.secret(secret);
    }
    let mut client = spec.0;
    client.owner = calling_user(site, call).or_else(|| Some(site.settings.administrator.0.clone()));
    fill(site, &mut client, &asked)?;
    let client = site.realm.add_client(ClientSpec(client));
    Ok(Reply::json(201, &document(site, &client)).uncached())
}

fn update(site: &Site, call: &Call, mut client: Client) -> Result<Reply, Reply> {
    let asked =
        call.object().ok_or_else(|| refused("invalid_client_metadata", "the request body is missing or malformed"))?;
    fill(site, &mut client, &asked)?;
    let id = client.id.clone();
    let client = site.realm.update_client(&id, |kept| *kept = client).ok_or_else(|| Reply::empty(401))?;
    Ok(Reply::json(200, &document(site, &client)).uncached())
}

/// Takes over what was asked for.
fn fill(site: &Site, client: &mut Client, asked: &Object) -> Result<(), Reply> {
    let metadata = |message: &str| refused("invalid_client_metadata", message);
    let name = text(asked, "client_name").ok_or_else(|| metadata("client_name is missing"))?;
    if !well_formed(name) {
        return Err(metadata("client_name does not have the required form"));
    }
    if site.realm.clients().iter().any(|other| other.name == name && other.id != client.id) {
        return Err(metadata(&format!("a client with the name {name} exists already")));
    }
    if let Some(statement) = asked.get("software_statement")
        && !statement.as_str().is_some_and(|statement| vouched(site, statement))
    {
        return Err(refused("invalid_software_statement", "the software statement is not valid"));
    }
    let grant_types = texts(asked, "grant_types")?.unwrap_or_else(|| vec!["authorization_code".to_owned()]);
    let redirect_uris = texts(asked, "redirect_uris")?.unwrap_or_default();
    let redirects = grant_types.iter().any(|grant| grant == "authorization_code" || grant == "implicit");
    if redirects && redirect_uris.iter().all(String::is_empty) {
        return Err(metadata("redirect_uris is missing"));
    }
    // A redirect URI is absolute and has no fragment (RFC 6749, section 3.1.2).
    let malformed = |uri: &String| Url::parse(uri).map_or(true, |uri| uri.fragment().is_some());
    if redirect_uris.iter().any(|uri| !uri.is_empty() && !uri.starts_with("regexp=") && malformed(uri)) {
        return Err(refused("invalid_redirect_uri", "a redirect URI is malformed"));
    }
    name.clone_into(&mut client.name);
    client.grant_types = grant_types;
    redirect_pattern::take(client, redirect_uris);
    client.owner = text(asked, "ext_application_owner").map(str::to_owned).or(client.owner.take());
    client.token_format = match text(asked, "ext_token_type").or_else(|| text(asked, "token_type_extension")) {
        Some("JWT") => TokenFormat::Jwt,
        _ => TokenFormat::Opaque,
    };
    client.app_token_seconds = seconds(asked, "ext_application_token_lifetime")?;
    client.user_token_seconds = seconds(asked, "ext_user_token_lifetime")?;
    client.refresh_token_seconds = seconds(asked, "ext_refresh_token_lifetime")?;
    client.id_token_seconds = seconds(asked, "ext_id_token_lifetime")?;
    if let Some(algorithm) = text(asked, userinfo::SIGNED_BY).filter(|algorithm| !userinfo::signs_by(site, algorithm)) {
        return Err(metadata(&format!("profiles cannot be signed by {algorithm}")));
    }
    client.pkce_mandatory = flag(asked, "ext_pkce_mandatory")?;
    client.pkce_plain = flag(asked, "ext_pkce_support_plain")?;
    let method = text(asked, "token_endpoint_auth_method").filter(|method| registration_tls::is_method(site, method));
    client.certificate =
        method.map(|method| registration_tls::login(method, asked)).transpose().map_err(|wrong| metadata(&wrong))?;
    client.certificate_bound = registration_tls::bound(site, asked).map_err(|wrong| metadata(&wrong))?;
    // Whoever may register clients answers for them.
    client.skips_consent = true;
    if flag(asked, "ext_public_client")? {
        client.secret = None;
    } else if client.secret.is_none() {
        client.secret = Some(random::alphanumeric(site.settings.secret_length()));
    }
    client.metadata = asked
        .iter()
        .filter(|(name, _)| !UNDERSTOOD.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    Ok(())
}

fn document(site: &Site, client: &Client) -> Value {
    let format = if client.token_format == TokenFormat::Jwt { "JWT" } else { "DEFAULT" };
    // Several redirect URIs are kept as one pattern, and none as one empty text.
    let redirect_uris = match client.redirect_uris.as_slice() {
        [] => vec![String::new()],
        several if site.settings.decode_redirect_uris => several.to_vec(),
        several => redirect_pattern::of(several),
    };
    let mut document = json!({
        "client_id": client.id,
        "client_secret": client.secret,
        "client_secret_expires_at": 0,
        "client_name": client.name,
        "redirect_uris": redirect_uris,
        "grant_types": client.grant_types,
        "ext_application_owner": client.owner,
        "ext_application_token_lifetime": client.app_token_seconds,
        "ext_user_token_lifetime": client.user_token_seconds,
        "ext_refresh_token_lifetime": client.refresh_token_seconds,
        "ext_id_token_lifetime": client.id_token_seconds,
        "ext_public_client": client.is_public(),
        "ext_pkce_mandatory": client.pkce_mandatory,
        "ext_pkce_support_plain": client.pkce_plain,
        "token_type_extension": format,
        "ext_token_type": format,
    });
    if let Some(members) = document.as_object_mut() {
        if site.settings.null_fields {
            for name in NULLABLE {
                members.entry(name).or_insert(Value::Null);
            }
        } else {
            members.retain(|_, value| !value.is_null());
        }
        for (name, value) in &client.metadata {
            let kept = members.entry(name).or_insert(Value::Null);
            if kept.is_null() {
                *kept = value.clone();
            }
        }
    }
    document
}

/// Whether a trusted issuer signed a software statement (RFC 7591, section 2.3) that reads in one way and is valid now.
fn vouched(site: &Site, statement: &str) -> bool {
    let Ok((header, claims)) = jwt::read_strictly(statement, jwt::VOUCHING) else { return false };
    let (now, time) = (site.realm.now() as f64, |name: &str| claims.get(name).and_then(Value::as_f64));
    if time("exp").is_some_and(|end| now >= end) || time("nbf").is_some_and(|begin| now < begin) {
        return false;
    }
    let algorithm = header.get("alg").and_then(|alg| serde_json::from_value::<Algorithm>(alg.clone()).ok());
    let issuer = claims.get("iss").and_then(Value::as_str).and_then(|iss| site.realm.trusted_issuer(iss));
    let kid = header.get("kid").and_then(Value::as_str);
    match (algorithm, issuer.filter(|issuer| issuer.enabled), statement.rsplit_once('.')) {
        (Some(algorithm), Some(issuer), Some((message, signature))) => {
            issuer.keys.verify(kid, algorithm, message.as_bytes(), signature)
        }
        _ => false,
    }
}

fn refused(code: &str, description: &str) -> Reply {
    Reply::json(400, &json!({ "error": code, "error_description": description, "traceId": random::uuid() }))
}

/// Words of letters, digits, dot, underscore and hyphen with single blanks between them.
fn well_formed(name: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    name.split(' ').all(word)
}

fn text<'a>(asked: &'a Object, name: &str) -> Option<&'a str> {
    asked.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn texts(asked: &Object, name: &str) -> Result<Option<Vec<String>>, Reply> {
    match asked.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(list) => match serde_json::from_value(list.clone()) {
            Ok(texts) => Ok(Some(texts)),
            Err(_) => Err(refused("invalid_client_metadata", &format!("{name} is no list of texts"))),
        },
    }
}

/// A switch, off when left out; texts that read as one will do.
fn flag(asked: &Object, name: &str) -> Result<bool, Reply> {
    match asked.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(Value::String(text)) if text == "true" || text == "false" => Ok(text == "true"),
        Some(_) => Err(refused("invalid_client_metadata", &format!("{name} is no boolean"))),
    }
}

fn seconds(asked: &Object, name: &str) -> Result<Option<u64>, Reply> {
    match asked.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_u64() {
            Some(seconds) => Ok(Some(seconds)),
            None => Err(refused("invalid_client_metadata", &format!("{name} is no number of seconds"))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_name_is_words_with_single_blanks() {
        for (name, good) in
            [("a b", true), ("dora_7d_PRODUCTION", true), ("a  b", false), (" a", false), ("a@b", false), ("", false)]
        {
            assert_eq!(well_formed(name), good, "{name:?}");
        }
    }
}
