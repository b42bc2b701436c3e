//! Client authentication: Basic, form, or none for public clients (RFC 6749, section 2.3), or by certificate (RFC 8705).
//! Used by every endpoint that clients call with their credentials.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{TokenRequest, client_assertion};
use crate::{
    certificates::PresentedCertificate,
    realm::{Cause, Client, OAuthError, Policy, Realm, same},
};

/// How a client says who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// `client_secret_basic`.
    Basic {
        /// Client id.
        id: String,
        /// Client secret.
        secret: String,
    },
    /// `client_secret_post`.
    Form {
        /// Client id.
        id: String,
        /// Client secret.
        secret: String,
    },
    /// A client id alone.
    Public {
        /// Client id.
        id: String,
    },
}

/// The client that a request comes from.
///
/// # Errors
///
/// `invalid_client` when nobody can be made of the credentials, `invalid_request` when they are given in two ways.
pub fn authenticate_client(realm: &Realm, request: &TokenRequest) -> Result<Client, OAuthError> {
    let client = prove_client(realm, request)?;
    if !client.active {
        let error = OAuthError::invalid_client("the client is not in an active state");
        return Err(error.because(Cause::InactiveClient));
    }
    bound(client, request.certificate.as_ref())
}

/// The client that the credentials prove, whether it is active or not.
pub(crate) fn prove_client(realm: &Realm, request: &TokenRequest) -> Result<Client, OAuthError> {
    if request.form.contains("client_assertion") {
        if !request.authorization.is_empty() || request.form.value("client_secret").is_some() {
            return Err(OAuthError::invalid_request("the client authenticates in more than one way"));
        }
        return client_assertion::prove(realm, request, true);
    }
    let policy = realm.policy();
    let credentials = credentials(&policy, request).map_err(|error| {
        let unknown = policy.client_before_methods && named(&policy, request).is_some_and(|id| !is_active(realm, &id));
        if unknown {
            OAuthError::invalid_client("no valid client was found, or it is not in an active state")
        } else {
            error
        }
    });
    let (id, secret) = match credentials? {
        Credentials::Basic { id, secret } | Credentials::Form { id, secret } => (id, Some(secret)),
        Credentials::Public { id } => (id, None),
    };
    let client = realm.client(&id).ok_or_else(|| {
        OAuthError::invalid_client(format!("no valid client was found for the client id {id}"))
            .because(Cause::UnknownClient)
    })?;
    let presented = request.certificate.as_ref();
    let proven = match (&client.secret, &secret, &client.certificate) {
        (_, sent, Some(login)) => sent.is_none() && presented.is_some_and(|presented| login.accepts(presented)),
        (Some(kept), Some(sent), None) => {
            same(kept, sent) || client.further_secrets.iter().any(|kept| same(kept, sent))
        }
        (None, sent, None) => client.is_public() && sent.is_none(),
        (Some(_), None, None) => false,
    };
    if proven {
        return Ok(client);
    }
    let cause = if secret.is_some() { Cause::WrongSecret } else { Cause::NoSecret };
    Err(OAuthError::invalid_client("client authentication failed").because(cause))
}

/// The client of an assertion that holds but for its audience.
pub(crate) fn asserted_for_anybody(realm: &Realm, request: &TokenRequest) -> Result<Client, OAuthError> {
    client_assertion::prove(realm, request, false)
}

/// The client, with the certificate that its tokens are to be bound to (RFC 8705, section 3).
fn bound(mut client: Client, presented: Option<&PresentedCertificate>) -> Result<Client, OAuthError> {
    if client.certificate.is_some() || client.certificate_bound || presented.is_some_and(|presented| presented.binds) {
        let presented = presented.ok_or_else(|| OAuthError::invalid_client("the client presented no certificate"))?;
        client.bound_to = Some(presented.x5t_s256.clone());
    }
    Ok(client)
}

/// The client that a request names in whatever place, proven or not.
fn named(policy: &Policy, request: &TokenRequest) -> Option<String> {
    let in_form = request.form.value("client_id").map(str::to_owned);
    in_form.or_else(|| Some(basic_pair(request.authorization.first()?, policy.decode_basic)?.0))
}

fn is_active(realm: &Realm, id: &str) -> bool {
    realm.client(id).is_some_and(|client| client.active)
}

fn credentials(policy: &Policy, request: &TokenRequest) -> Result<Credentials, OAuthError> {
    let in_form = request.form.value("client_secret").is_some();
    let headers = match request.authorization.as_slice() {
        _ if in_form && policy.form_credentials_win => &[],
        headers => headers,
    };
    match (headers, in_form) {
        ([_, _, ..], _) | ([_], true) => {
            Err(OAuthError::invalid_request("the client authenticates in more than one way")
                .because(Cause::SeveralCredentials))
        }
        ([header], false) => {
            let (id, secret) =
                basic_pair(header, policy.decode_basic).filter(|_| policy.basic_accepted).ok_or_else(|| {
                    OAuthError::invalid_client("the authorization header holds no usable Basic credentials")
                        .because(Cause::UnreadableCredentials)
                })?;
            match request.form.value("client_id") {
                Some(other) if other != id => {
                    Err(OAuthError::invalid_request("two different client ids in one request"))
                }
                _ => Ok(Credentials::Basic { id, secret }),
            }
        }
        ([], _) => match (request.form.value("client_id"), request.form.value("client_secret")) {
            (Some(id), Some(secret)) => Ok(Credentials::Form { id: id.to_owned(), secret: secret.to_owned() }),
            (Some(id), None) => Ok(Credentials::Public { id: id.to_owned() }),
            (None, _) => Err(OAuthError::invalid_client("no client id in the request").because(Cause::NoClient)),
        },
    }
}

/// Name and password of a Basic header field. Decoded as RFC 6749, section 2.3.1 says when `decode`; if not, exactly
/// one colon may occur.
pub fn basic_pair(header: &str, decode: bool) -> Option<(String, String)> {
    let (scheme, encoded) = header.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    if decode {
        return Some((form_decoded(name)?, form_decoded(password)?));
    }
    (!password.contains(':')).then(|| (name.to_owned(), password.to_owned()))
}

fn form_decoded(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    percent_encoding::percent_decode_str(&text).decode_utf8().ok().map(|decoded| decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(pair: &str) -> String {
        format!("basic {}", STANDARD.encode(pair))
    }

    #[test]
    fn basic_credentials_are_form_decoded_where_the_rfc_is_followed() {
        assert_eq!(basic_pair(&header("a%3Ab:p+q%2B"), true), Some(("a:b".to_owned(), "p q+".to_owned())));
        assert_eq!(basic_pair(&header("a%3Ab:p+q"), false), Some(("a%3Ab".to_owned(), "p+q".to_owned())));
    }

    #[test]
    fn an_undecoded_secret_with_a_colon_fails() {
        assert_eq!(basic_pair(&header("a:b:c"), false), None);
        assert_eq!(basic_pair(&header("a:b:c"), true), Some(("a".to_owned(), "b:c".to_owned())));
    }

    proptest::proptest! {
        #[test]
        fn any_header_is_credentials_or_none(header: String, decode: bool) {
            let _ = basic_pair(&header, decode);
            let _ = basic_pair(&format!("Basic {header}"), decode);
        }

        #[test]
        fn credentials_that_were_form_encoded_come_back_as_they_were(id: String, secret: String) {
            let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let sent = header(&format!("{}:{}", encoded(&id), encoded(&secret)));
            proptest::prop_assert_eq!(basic_pair(&sent, true), Some((id, secret)));
        }

        #[test]
        fn undecoded_credentials_are_what_stands_around_the_only_colon(id in "[^:]*", secret: String) {
            let expected = (!secret.contains(':')).then(|| (id.clone(), secret.clone()));
            proptest::prop_assert_eq!(basic_pair(&header(&format!("{id}:{secret}")), false), expected);
        }
    }

    #[test]
    fn what_is_no_basic_header_is_none() {
        for bad in ["Bearer abc", "Basic", "Basic ???", "Basic YQ=="] {
            assert_eq!(basic_pair(bad, true), None, "{bad}");
        }
    }
}
