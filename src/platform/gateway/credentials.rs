//! The bearer token of a call: from the one header where it belongs, and nowhere else (RFC 6750, sections 2 and 5.3).
//! Whether the token counts is decided elsewhere.

use axum::http::{HeaderMap, HeaderName, header};

use super::refusal::Refusal;
use crate::platform::domain::Api;

/// The header in which the API takes its access tokens.
pub(super) fn token_header(api: &Api) -> HeaderName {
    let own = api.authorization_header.as_deref().and_then(|name| HeaderName::try_from(name).ok());
    own.unwrap_or(header::AUTHORIZATION)
}

/// The bearer token, if the API takes such tokens at all.
pub(super) fn bearer_token<'h>(api: &Api, headers: &'h HeaderMap, query: &str) -> Result<&'h str, Refusal> {
    let takes_tokens = api.security_scheme.is_empty() || api.security_scheme.iter().any(|scheme| scheme == "oauth2");
    if !takes_tokens {
        return Err(Refusal::MissingCredentials);
    }
    let mut values = headers.get_all(token_header(api)).iter();
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
    use super::*;
    use crate::platform::gateway::state::tests::api;

    fn read(values: &[&str], query: &str) -> Result<String, Refusal> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, value.parse().unwrap());
        }
        bearer_token(&api("/orders"), &headers, query).map(str::to_owned)
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
    fn an_api_that_takes_no_tokens_or_another_header_does_not_see_the_usual_one() {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, "Bearer a".parse().unwrap());
        let mut basic = api("/orders");
        basic.security_scheme = vec!["basic_auth".into()];
        assert_eq!(bearer_token(&basic, &headers, ""), Err(Refusal::MissingCredentials));
        let mut custom = api("/orders");
        custom.authorization_header = Some("X-Token".into());
        assert_eq!(bearer_token(&custom, &headers, ""), Err(Refusal::MissingCredentials));
        headers.insert("x-token", "Bearer b".parse().unwrap());
        assert_eq!(bearer_token(&custom, &headers, ""), Ok("b"));
    }
}
