//! What a call of the key manager operations asks of a client, read and checked.
//! Keeping the client is left to `clients`.

use serde_json::{Map, Value, json};
use url::Url;

use super::{
    document::is_lifetime,
    order::{Order, Refused, metadata},
};
use crate::{
    connectors::CLIENT_SETTINGS,
    domain::{OAuthClient, User},
    store::Documents,
};

/// Makes of a client what is asked for. Everything is replaced but its id, its secrets and what it is for.
pub(super) fn fill(
    documents: &Documents<'_>,
    order: &Order,
    administrator: &User,
    served: &[String],
    client: &mut OAuthClient,
) -> Result<(), Refused> {
    let asked = order.object()?;
    let name = text(&asked, "client_name")?.ok_or_else(|| metadata("client_name is missing"))?;
    let namesakes: Vec<OAuthClient> = documents.children(name)?;
    if namesakes.iter().any(|other| other.tenant == order.tenant && other.client_id != client.client_id) {
        return Err(Refused::Taken(format!("there is a client called {name} already")));
    }
    let mut grant_types = texts(&asked, "grant_types")?;
    // What is not served is left out without a word.
    grant_types.retain(|grant| served.contains(grant));
    client.callback_url = callback(&texts(&asked, "redirect_uris")?, &grant_types)?;
    client.owner = match text(&asked, "ext_application_owner")? {
        Some(owner) => owner_of(documents, order, owner)?,
        None if client.owner.is_empty() => administrator.name.clone(),
        None => client.owner.clone(),
    };
    client.jwt_tokens = match text(&asked, "token_type_extension")? {
        None | Some("JWT") => true,
        Some("DEFAULT" | "Opaque") => false,
        Some(other) => return Err(metadata(format!("token_type_extension {other} is neither JWT nor DEFAULT"))),
    };
    name.clone_into(&mut client.name);
    client.grant_types = grant_types;
    client.additional_properties = settings(&asked)?;
    Ok(())
}

/// The user of the tenant who is to own a client.
pub(super) fn owner_of(documents: &Documents<'_>, order: &Order, name: &str) -> Result<String, Refused> {
    let user = order.user(documents, name)?;
    user.map(|user| user.name).ok_or_else(|| metadata(format!("the tenant has no user {name}")))
}

/// Absolute URLs without fragments (RFC 6749, section 3.1.2), at least one for a grant that redirects.
fn callback(uris: &[String], grant_types: &[String]) -> Result<Option<String>, Refused> {
    let refused = |description: String| Err(Refused::Invalid("invalid_redirect_uri", description));
    if let Some(bad) = uris.iter().find(|uri| Url::parse(uri).map_or(true, |uri| uri.fragment().is_some())) {
        return refused(format!("{bad} is no absolute URL without a fragment"));
    }
    let redirects = grant_types.iter().any(|grant| grant == "authorization_code" || grant == "implicit");
    if uris.is_empty() && redirects {
        return refused("redirect_uris is missing".to_owned());
    }
    Ok((!uris.is_empty()).then(|| uris.join(",")))
}

/// Lifetimes are numbers and flags `true` or `false`, either also as a text; what is left out is the server's to choose.
fn settings(asked: &Map<String, Value>) -> Result<Map<String, Value>, Refused> {
    let mut kept = Map::new();
    for (ours, theirs) in CLIENT_SETTINGS {
        let Some(value) = asked.get(theirs).filter(|value| !value.is_null()) else { continue };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let good = if is_lifetime(ours) { text.parse::<u64>().is_ok() } else { text.parse::<bool>().is_ok() };
        if !good {
            return Err(metadata(format!("{theirs} cannot be {text}")));
        }
        kept.insert(ours.to_owned(), json!(text));
    }
    Ok(kept)
}

/// A member that is a text, if it is there and says something.
pub(super) fn text<'a>(asked: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Refused> {
    match asked.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
        Some(_) => Err(metadata(format!("{name} is no text"))),
    }
}

fn texts(asked: &Map<String, Value>, name: &str) -> Result<Vec<String>, Refused> {
    let list: Option<Vec<String>> = match asked.get(name) {
        None | Some(Value::Null) => None,
        Some(value) => {
            Some(serde_json::from_value(value.clone()).map_err(|_| metadata(format!("{name} is no list of texts")))?)
        }
    };
    Ok(list.unwrap_or_default().into_iter().filter(|text| !text.is_empty()).collect())
}
