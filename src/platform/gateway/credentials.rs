//! The credentials of a call: each kind from the one header where it belongs, and nowhere else (RFC 6750, sections 2 and
//! 5.3). Whether they count is decided elsewhere.

use axum::http::{HeaderMap, HeaderName};

use super::refusal::Refusal;
use crate::{domain::Api, wire::basic_credentials};

/// The header in which the API takes its access tokens: its own, or the usual one.
pub(super) fn token_header(api: &Api, usual: &HeaderName) -> HeaderName {
    let own = api.authorization_header.as_deref().and_then(|name| HeaderName::try_from(name).ok());
    own.unwrap_or_else(|| usual.clone())
}

/// The header in which the API takes its API keys.
pub(super) fn api_key_header(api: &Api) -> HeaderName {
    let own = api.document.get("apiKeyHeader").and_then(serde_json::Value::as_str);
    own.and_then(|name| HeaderName::try_from(name).ok()).unwrap_or(HeaderName::from_static("apikey"))
}

/// The header of a publisher's own key.
pub(super) const INTERNAL_KEY: HeaderName = HeaderName::from_static("internal-key");

/// What a call presents.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Credentials<'h> {
    /// An access token.
    Bearer(&'h str),
    /// Name and password of a user.
    Basic(String, String),
    /// A key of an application.
    ApiKey(&'h str),
    /// A key of a publisher, which opens the API whatever it takes otherwise.
    InternalKey(&'h str),
}

/// The credentials of a call, of a kind that the API takes.
///
/// # Errors
///
/// [`Refusal::MissingCredentials`] when there are none of such a kind, [`Refusal::SeveralCredentials`] when a header
/// comes twice, and [`Refusal::InvalidCredentials`] for what cannot be read.
pub(super) fn credentials<'h>(
    api: &Api,
    usual: &HeaderName,
    headers: &'h HeaderMap,
    query: &str,
) -> Result<Credentials<'h>, Refusal> {
    if let Some(key) = single(headers, &INTERNAL_KEY)? {
        return Ok(Credentials::InternalKey(key));
    }
    let basic = if takes(api, "basic_auth") { basic_credentials(headers) } else { None };
    if let Some((user, password)) = basic {
        return Ok(Credentials::Basic(user, password));
    }
    let key = if takes(api, "api_key") { single(headers, &api_key_header(api))? } else { None };
    match (bearer_token(api, usual, headers, query), key) {
        (Err(Refusal::MissingCredentials), Some(key)) => Ok(Credentials::ApiKey(key)),
        (found, _) => found.map(Credentials::Bearer),
    }
}

fn takes(api: &Api, scheme: &str) -> bool {
    api.security_scheme.iter().any(|own| own == scheme)
}

/// The value of a header that may come once.
fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(|text| Some(text.trim())).map_err(|_| Refusal::InvalidCredentials),
        (Some(_), Some(_)) => Err(Refusal::SeveralCredentials),
    }
}

/// The bearer token, if the API takes such tokens at all.
fn bearer_token<'h>(api: &Api, usual: &HeaderName, headers: &'h HeaderMap, query: &str) -> Result<&'h str, Refusal> {
    if !api.security_scheme.is_empty() && !takes(api, "oauth2") {
        return Err(Refusal::MissingCredentials);
    }
    let mut values = headers.get_all(token_header(api, usual)).iter();
    let value = values.next().ok_or(Refusal::MissingCredentials)?;
    if values.next().is_some() || has_token_parameter(query) {
        return Err(Refusal::SeveralCredentials);
    }
    let text = value.to_str().map_err(|_| Refusal::InvalidCredentials)?.trim();
    let (scheme, token) = text.split_once(' ').ok_or(Refusal::MissingCredentials)?;
    let token = token.trim_start();
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(Refusal::MissingCredentials);
    }
    if is_b64token(token) { Ok(token) } else { Err(Refusal::InvalidCredentials) }
}

fn has_token_parameter(query: &str) -> bool {
    url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "access_token")
}

/// `b64token` of RFC 6750, section 2.1.
fn is_b64token(token: &str) -> bool {
    let core = token.trim_end_matches('=');
    !core.is_empty()
        && core
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/'))
}

#[cfg(test)]
mod tests {
    use axum::http::header::{self, AUTHORIZATION};

    use super::*;
    use crate::gateway::state::tests::api;

    fn read(values: &[&str], query: &str) -> Result<String, Refusal> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, value.parse().unwrap());
        }
        bearer_token(&api("/orders"), &AUTHORIZATION, &headers, query).map(str::to_owned)
    }

    #[test]
    fn the_scheme_is_compared_without_regard_to_case_and_blanks() {
        for value in ["Bearer abc", "bearer abc", "BEARER abc", "Bearer  abc", " Bearer abc "] {
            assert_eq!(read(&[value], "").as_deref(), Ok("abc"), "{value}");
        }
    }

    #[test]
    fn other_schemes_are_missing_credentials_and_malformed_tokens_are_wrong_ones() {
        for values in [&[][..], &["Basic YTpi"], &["DPoP abc"], &["Bearer"], &["Bearer "], &["abc"]] {
            assert_eq!(read(values, ""), Err(Refusal::MissingCredentials), "{values:?}");
        }
        for value in ["Bearer a b", "Bearer a,b", "Bearer =", "Bearer {\"a\":1}"] {
            assert_eq!(read(&[value], ""), Err(Refusal::InvalidCredentials), "{value}");
        }
    }

    #[test]
    fn a_token_sent_twice_or_in_the_query_is_refused() {
        assert_eq!(read(&["Bearer a", "Bearer b"], ""), Err(Refusal::SeveralCredentials));
        assert_eq!(read(&["Bearer a"], "x=1&access%5Ftoken=b"), Err(Refusal::SeveralCredentials));
        assert_eq!(read(&[], "access_token=a"), Err(Refusal::MissingCredentials));
    }

    #[test]
    fn an_api_takes_the_kinds_of_credentials_that_it_names_and_internal_keys() {
        let mut headers = HeaderMap::new();
        for (name, value) in [("authorization", "Basic YTpi"), ("apikey", "key"), ("x-key", "own")] {
            headers.append(name, value.parse().unwrap());
        }
        let found = |schemes: &[&str], headers: &HeaderMap| {
            let mut api = api("/orders");
            api.security_scheme = schemes.iter().map(ToString::to_string).collect();
            credentials(&api, &AUTHORIZATION, headers, "").map(|found| format!("{found:?}"))
        };
        assert_eq!(found(&["oauth2"], &headers), Err(Refusal::MissingCredentials));
        assert_eq!(found(&["oauth2", "api_key"], &headers).as_deref(), Ok("ApiKey(\"key\")"));
        assert_eq!(found(&["basic_auth", "api_key"], &headers).as_deref(), Ok("Basic(\"a\", \"b\")"));
        headers.insert(INTERNAL_KEY, "internal".parse().unwrap());
        assert_eq!(found(&["basic_auth"], &headers).as_deref(), Ok("InternalKey(\"internal\")"));
        headers.append(INTERNAL_KEY, "another".parse().unwrap());
        assert_eq!(found(&["basic_auth"], &headers), Err(Refusal::SeveralCredentials));

        let mut own = api("/orders");
        own.security_scheme = vec!["api_key".into()];
        own.document.insert("apiKeyHeader".into(), "X-Key".into());
        headers.remove(INTERNAL_KEY);
        assert_eq!(credentials(&own, &AUTHORIZATION, &headers, ""), Ok(Credentials::ApiKey("own")));
    }

    #[test]
    fn an_api_that_takes_no_tokens_or_another_header_does_not_see_the_usual_one() {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, "Bearer a".parse().unwrap());
        let mut basic = api("/orders");
        basic.security_scheme = vec!["basic_auth".into()];
        assert_eq!(bearer_token(&basic, &AUTHORIZATION, &headers, ""), Err(Refusal::MissingCredentials));
        let mut custom = api("/orders");
        custom.authorization_header = Some("X-Token".into());
        assert_eq!(bearer_token(&custom, &AUTHORIZATION, &headers, ""), Err(Refusal::MissingCredentials));
        headers.insert("x-token", "Bearer b".parse().unwrap());
        assert_eq!(bearer_token(&custom, &AUTHORIZATION, &headers, ""), Ok("b"));
    }
}
