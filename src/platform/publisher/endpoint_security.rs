//! The credentials for backends in an API document: read, and blanked before the document is kept or shown.
//! Sending them to backends is left to the gateway.

use serde_json::{Map, Value, json};

use crate::{
    domain::{BackendLogin, EndpointSecurity, LoginKind, Secret},
    wire::Refusal,
};

/// Takes the credentials out of a document. A secret reads back as an empty text (GW-26), and an empty text leaves the
/// stored one as it was.
///
/// # Errors
///
/// 400 for a kind of credentials that is not served, or one without what it needs.
pub(super) fn take(
    sent: &mut Map<String, Value>,
    stored: Option<&EndpointSecurity>,
) -> Result<EndpointSecurity, Refusal> {
    let Some(security) = sent.get_mut("endpointConfig").and_then(|config| config.get_mut("endpoint_security")) else {
        return Ok(EndpointSecurity::default());
    };
    if !(security.is_object() || security.is_null()) {
        return Err(Refusal::bad_request("endpoint_security: must be an object"));
    }
    let mut one = |which: &str, stored: Option<&BackendLogin>| match security.get_mut(which) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(told)) => login(told, stored),
        Some(_) => Err(Refusal::bad_request(format!("endpoint_security.{which}: must be an object"))),
    };
    Ok(EndpointSecurity {
        production: one("production", stored.and_then(|stored| stored.production.as_ref()))?,
        sandbox: one("sandbox", stored.and_then(|stored| stored.sandbox.as_ref()))?,
    })
}

fn login(told: &mut Map<String, Value>, stored: Option<&BackendLogin>) -> Result<Option<BackendLogin>, Refusal> {
    let enabled = enabled(told)?;
    let Some(kind) = kind(told, enabled)? else { return Ok(None) };
    let login = BackendLogin {
        enabled,
        kind,
        password: secret(told, "password", stored.and_then(|stored| stored.password.as_ref())),
        client_secret: secret(told, "clientSecret", stored.and_then(|stored| stored.client_secret.as_ref())),
        username: text(told, "username"),
        token_url: text(told, "tokenUrl"),
        client_id: text(told, "clientId"),
        parameters: parameters(told),
    };
    let needed = match kind {
        LoginKind::Basic => vec![("username", login.username.is_some())],
        LoginKind::ClientCredentials => client(&login),
        LoginKind::Password => [client(&login), vec![("username", login.username.is_some())]].concat(),
    };
    match needed.into_iter().find(|(_, there)| login.enabled && !there) {
        Some((member, _)) => Err(Refusal::bad_request(format!("endpoint_security: {member} must not be empty"))),
        None => Ok(Some(login)),
    }
}

fn client(login: &BackendLogin) -> Vec<(&'static str, bool)> {
    vec![
        ("tokenUrl", login.token_url.is_some()),
        ("clientId", login.client_id.is_some()),
        ("clientSecret", login.client_secret.is_some()),
    ]
}

/// Whether the credentials are to be sent. Documents of the product hold flags as texts as well; anything else would
/// leave them out unseen.
fn enabled(told: &Map<String, Value>) -> Result<bool, Refusal> {
    match told.get("enabled") {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(enabled)) => Ok(*enabled),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(true),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(false),
        Some(_) => Err(Refusal::bad_request("endpoint_security: enabled must be true or false")),
    }
}

/// Which credentials they are; none where nothing is said of that, which is too little for those that are to be sent.
fn kind(told: &Map<String, Value>, enabled: bool) -> Result<Option<LoginKind>, Refusal> {
    for member in ["type", "grantType"] {
        if told.get(member).is_some_and(|value| !(value.is_string() || value.is_null())) {
            return Err(Refusal::bad_request(format!("endpoint_security: {member} must be a text")));
        }
    }
    let named = |member: &str| text(told, member).unwrap_or_default().to_ascii_uppercase();
    let refused = |what: String| Err(Refusal::bad_request(format!("endpoint_security: {what} is not served")));
    match (named("type").as_str(), named("grantType").as_str()) {
        ("", _) if enabled => Err(Refusal::bad_request("endpoint_security: type must not be empty")),
        ("" | "NONE", _) => Ok(None),
        ("BASIC", _) => Ok(Some(LoginKind::Basic)),
        ("OAUTH", "CLIENT_CREDENTIALS") => Ok(Some(LoginKind::ClientCredentials)),
        ("OAUTH", "PASSWORD") => Ok(Some(LoginKind::Password)),
        ("OAUTH", grant) => refused(format!("the grant type {grant}")),
        (other, _) => refused(format!("the type {other}")),
    }
}

/// The secret that was sent, or the stored one; the document keeps an empty text in its place.
fn secret(told: &mut Map<String, Value>, member: &str, stored: Option<&Secret>) -> Option<Secret> {
    let sent = text(told, member).map(Secret::new);
    if sent.is_some() {
        told.insert(member.to_owned(), json!(""));
    }
    sent.or_else(|| stored.cloned())
}

fn text(told: &Map<String, Value>, member: &str) -> Option<String> {
    told.get(member).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn parameters(told: &Map<String, Value>) -> Vec<(String, String)> {
    let all = told.get("customParameters").and_then(Value::as_object).into_iter().flatten();
    all.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(production: Value) -> Map<String, Value> {
        let document = json!({"endpointConfig": {"endpoint_security": {"production": production}}});
        document.as_object().unwrap().clone()
    }

    #[test]
    fn a_secret_is_blanked_in_the_document_and_kept_when_it_comes_back_blank() {
        let told = json!({"enabled": true, "type": "BASIC", "username": "ann", "password": "secret"});
        let mut sent = document(told);
        let taken = take(&mut sent, None).unwrap();
        assert_eq!(sent["endpointConfig"]["endpoint_security"]["production"]["password"], "");
        let again = take(&mut sent, Some(&taken)).unwrap();
        assert_eq!(again.production.unwrap().password.unwrap().reveal(), "secret");
    }

    #[test]
    fn what_is_not_served_or_lacks_something_is_refused() {
        for production in [
            json!("BASIC"),
            json!({"enabled": true, "type": "DIGEST", "username": "a", "password": "b"}),
            json!({"enabled": true, "type": "OAUTH", "grantType": "CODE"}),
            json!({"enabled": true, "type": "OAUTH", "grantType": "CLIENT_CREDENTIALS", "clientId": "a"}),
            json!({"enabled": true, "type": "BASIC", "password": "b"}),
            json!({"enabled": "true", "type": "BASIC", "password": "b"}),
            json!({"enabled": "yes", "type": "BASIC", "username": "a", "password": "b"}),
            json!({"enabled": 1, "type": "BASIC", "username": "a", "password": "b"}),
            json!({"enabled": true, "username": "a", "password": "b"}),
            json!({"enabled": true, "type": 5, "username": "a", "password": "b"}),
        ] {
            assert!(take(&mut document(production.clone()), None).is_err(), "{production}");
        }
        let off = json!({"enabled": false, "type": "OAUTH", "grantType": "CLIENT_CREDENTIALS"});
        assert!(take(&mut document(off), None).is_ok());
        let mut number = json!({"endpointConfig": {"endpoint_security": 5}}).as_object().unwrap().clone();
        assert!(take(&mut number, None).is_err(), "it would be no security at all");
    }

    #[test]
    fn a_flag_that_is_told_as_text_counts_as_it_reads() {
        for (told, expected) in
            [(json!("true"), true), (json!("False"), false), (json!(true), true), (Value::Null, false)]
        {
            let told = json!({"enabled": told, "type": "BASIC", "username": "ann", "password": "secret"});
            let taken = take(&mut document(told.clone()), None).unwrap();
            assert_eq!(taken.production.unwrap().enabled, expected, "{told}");
        }
    }
}
