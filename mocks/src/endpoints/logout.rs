//! Logging out: OpenID Connect's RP-initiated logout, Amazon Cognito's own, and the page by which browsers watch a session.
//! No session outlives a login here, so that what ends is what the vendor's tokens are bound to, if anything.

use serde_json::Value;
use url::Url;

use super::{
    authorize,
    call::{Call, Reply},
    page,
};
use crate::{
    grants::is_registered,
    realm::{Client, OAuthError, jwt::Object},
    server::Site,
};

/// Where Identity Server has it.
pub(crate) const IS7: &str = "/oidc/logout";
/// Where Identity Server has the page that watches a session.
pub(crate) const IS7_WATCH: &str = "/oidc/checksession";
/// Where Amazon Cognito has it.
pub(crate) const COGNITO: &str = "/logout";

/// RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0, sections 2 and 3). Nothing ends when anything is wrong.
pub(crate) fn answer(site: &Site, call: &Call) -> Reply {
    match authorize::parameters(call) {
        Err(refusal) => refusal,
        Ok(form) => {
            let values = |name: &str| form.value(name).map(str::to_owned);
            let result = match form.repeated() {
                Some(name) => Err(OAuthError::invalid_request(format!("parameter {name} is repeated"))),
                None => ended(site, &values),
            };
            result.unwrap_or_else(|error| site.dialect.shown(site, &error))
        }
    }
}

fn ended(site: &Site, value: &dyn Fn(&str) -> Option<String>) -> Result<Reply, OAuthError> {
    let hint = match value("id_token_hint") {
        None => None,
        Some(text) => Some(site.realm.id_token(&text).ok_or_else(|| wrong("the hint is no id token of this server"))?),
    };
    let (hinted, named) = (hint.as_ref().and_then(audience), value("client_id"));
    if hinted.is_some() && named.is_some() && hinted != named {
        return Err(wrong("the id token was issued to another client"));
    }
    let client = hinted.or(named).map(|id| site.realm.client(&id).ok_or_else(|| wrong("there is no such client")));
    let client = client.transpose()?;
    let to = value("post_logout_redirect_uri");
    let to = to.map(|uri| sent_to(client.as_ref(), &uri, value("state"))).transpose()?;
    if let Some(claims) = hint {
        site.dialect.logged_out(site, &claims);
    }
    Ok(to.map_or_else(|| page::message(200, "Log out", "You are logged out."), Reply::redirect))
}

/// The client that an id token was issued to.
fn audience(claims: &Object) -> Option<String> {
    let first = |claim: &Value| claim.as_str().or_else(|| claim.get(0)?.as_str()).map(str::to_owned);
    claims.get("azp").or_else(|| claims.get("aud")).and_then(first)
}

/// Where the browser goes next: only where a client has said that it may, with the state that it came with.
fn sent_to(client: Option<&Client>, uri: &str, state: Option<String>) -> Result<String, OAuthError> {
    let client = client.ok_or_else(|| wrong("nothing says which client the user comes from"))?;
    let mut url = Url::parse(uri).ok().filter(|_| is_registered(client, uri));
    let url = url.as_mut().ok_or_else(|| wrong("the client has not registered where to go after the logout"))?;
    if let Some(state) = state {
        url.query_pairs_mut().append_pair("state", &state);
    }
    Ok(url.to_string())
}

fn wrong(words: &str) -> OAuthError {
    OAuthError::invalid_request(words)
}

/// Amazon Cognito's: the client and one of its sign-out URLs, both by name.
pub(crate) fn of_cognito(site: &Site, call: &Call) -> Reply {
    if call.method != "GET" {
        return Reply::only("GET");
    }
    let client = call.query_value("client_id").and_then(|id| site.realm.client(&id));
    let allowed = |uri: &String| {
        let uris = client.as_ref().and_then(|client| client.metadata.get("logout_uris")?.as_array());
        uris.is_some_and(|uris| uris.iter().any(|each| each == uri))
    };
    match call.query_value("logout_uri").filter(allowed) {
        Some(uri) => Reply::redirect(uri),
        None => site.dialect.shown(site, &wrong("the client or where to go after the logout is not known")),
    }
}

/// The page that a client keeps in a frame to ask whether the session is still the same (OpenID Connect Session
/// Management, section 3.2). None is, since none outlives its login, as `prompt=none` confirms.
pub(crate) fn watch(_site: &Site, call: &Call) -> Reply {
    if call.method != "GET" {
        return Reply::only("GET");
    }
    Reply::empty(200).text(WATCH).header("content-type", "text/html;charset=UTF-8").uncached()
}

const WATCH: &str = r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Session</title><script>
addEventListener("message", (event) => {
  const asked = typeof event.data === "string" ? event.data.split(" ") : [];
  const wellFormed = asked.length === 2 && asked.every((word) => word !== "");
  event.source.postMessage(wellFormed ? "changed" : "error", event.origin);
});
</script></head><body></body></html>
"#;
