//! Open client registration of an Auth0 tenant: off unless a flag of the tenant is set, and then anybody may. Its clients are
//! strangers: a prefix of their own, no grant but codes and refreshing, and always a code challenge.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

use super::call::{Call, Reply};
use crate::{
    realm::{ClientSpec, OAuthError, TokenFormat, jwt::Object, random},
    server::Site,
};

pub(crate) const PATH: &str = "/oidc/register";

/// The only grants that such a client may have.
const GRANTS: [&str; 2] = ["authorization_code", "refresh_token"];

pub(crate) fn answer(site: &Site, call: &Call) -> Reply {
    if !site.realm.policy().open_registration {
        return Reply::empty(404);
    }
    if call.method != "POST" {
        return Reply::only("POST");
    }
    register(site, call).unwrap_or_else(|error| Reply::error(&error))
}

fn register(site: &Site, call: &Call) -> Result<Reply, OAuthError> {
    let asked = call.object().ok_or_else(|| metadata("the body is no JSON object"))?;
    let good = |uri: &String| Url::parse(uri).is_ok_and(|uri| uri.fragment().is_none());
    let redirect_uris: Option<Vec<String>> = kind(&asked, "redirect_uris").unwrap_or_default();
    let redirect_uris = redirect_uris.filter(|uris| !uris.is_empty() && uris.iter().all(good)).ok_or_else(|| {
        OAuthError::new(400, "invalid_redirect_uri", "redirect_uris needs absolute URLs without fragments")
    })?;
    let grants: Option<Vec<String>> = kind(&asked, "grant_types")?;
    let grants = grants.unwrap_or_else(|| GRANTS.map(str::to_owned).to_vec());
    if let Some(other) = grants.iter().find(|grant| !GRANTS.contains(&grant.as_str())) {
        return Err(metadata(&format!("{other} is no grant for clients that register themselves")));
    }
    let method: Option<String> = kind(&asked, "token_endpoint_auth_method")?;
    let method = method.as_deref().unwrap_or("client_secret_post");
    let name: String = kind(&asked, "client_name")?.unwrap_or_default();
    let spec = ClientSpec::new(name).id(format!("tpc_{}", random::alphanumeric(32))).secret(random::alphanumeric(64));
    let spec = spec.grant_types(grants).redirect_uris(redirect_uris).pkce_mandatory().token_format(TokenFormat::Jwt);
    let spec = spec.metadata("token_endpoint_auth_method", method);
    let spec = match method {
        "none" => spec.public(),
        "client_secret_post" => spec,
        other => return Err(metadata(&format!("token_endpoint_auth_method {other} is not supported"))),
    };
    let client = site.realm.add_client(spec);
    let mut document = json!({
        "client_id": client.id,
        "client_name": client.name,
        "redirect_uris": client.redirect_uris,
        "grant_types": client.grant_types,
        "token_endpoint_auth_method": method,
    });
    if let Some(secret) = &client.secret {
        document["client_secret"] = json!(secret);
        document["client_secret_expires_at"] = json!(0);
    }
    Ok(Reply::json(201, &document).uncached())
}

fn metadata(words: &str) -> OAuthError {
    OAuthError::new(400, "invalid_client_metadata", words)
}

/// A member that is of its kind, where it is there at all.
fn kind<T: DeserializeOwned>(asked: &Object, name: &str) -> Result<Option<T>, OAuthError> {
    match asked.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => serde_json::from_value(value.clone())
            .map(Some)
            .map_err(|_| metadata(&format!("{name} is of another kind than it has to be"))),
    }
}
