//! Authorization requests (RFC 6749, section 4.1): what must hold of one, and the redirect that answers it.
//! Asking the user is the endpoints' affair; redeeming the code is `authorization_code`'s.

use regex::Regex;
use url::{Url, form_urlencoded};

use super::{Form, issue::id_token_with_code};
use crate::realm::{
    AuthorizationRequest, Client, OAuthError, Policy, Realm, User,
    pkce::{Challenge, ChallengeMethod},
    scope,
};

/// Why an authorization request goes no further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorizationRefusal {
    /// The user is told and sent nowhere: client or redirect URI are not to be trusted (RFC 6749, section 4.1.2.1).
    Shown(OAuthError),
    /// The client is told, by a redirect to this URL.
    Redirected(String),
}

impl AuthorizationRequest {
    /// Reads the parameters of an authorization request.
    ///
    /// # Errors
    ///
    /// The refusal that the request deserves.
    pub fn read(realm: &Realm, form: &Form) -> Result<Self, AuthorizationRefusal> {
        let (request, fault) = examined(realm, form).map_err(AuthorizationRefusal::Shown)?;
        let fault = fault.or_else(|| match form.value("prompt") {
            // There are no sessions: everybody logs in every time.
            Some("none") => Some(OAuthError::new(400, "login_required", "the user is not logged in")),
            _ => None,
        });
        match fault {
            None => Ok(request),
            Some(error) => Err(AuthorizationRefusal::Redirected(request.refused(&error))),
        }
    }

    /// What is wrong with the parameters of a request that the client sends itself, ahead of the user (RFC 9126,
    /// section 2.3).
    pub(crate) fn pushed_fault(realm: &Realm, form: &Form) -> Option<OAuthError> {
        match examined(realm, form) {
            Ok((_, fault)) => fault,
            Err(error) if error.is_invalid_client() => Some(error),
            Err(error) => Some(OAuthError::invalid_request(error.description)),
        }
    }

    /// The redirect after the user has agreed: to a code, or to what the scope rule refuses with.
    pub fn approved(&self, realm: &Realm, user: &User) -> String {
        let Some(client) = realm.client(&self.client_id) else {
            return self.refused(&OAuthError::unauthorized_client("the client is gone"));
        };
        match realm.granted_scopes(self.scopes.as_deref(), &client, Some(user), "authorization_code") {
            Err(error) => self.refused(&error),
            Ok(scopes) => {
                // Identity Server tells browsers how to watch the session (OpenID Connect Session Management, section 3).
                let session = realm.policy().session_state && scopes.iter().any(|scope| scope == "openid");
                let (code, grant) = realm.keep_code(self.clone(), user.name.clone(), scopes.clone());
                let id_token = self
                    .id_token
                    .then(|| ("id_token", id_token_with_code(realm, &client, user, &scopes, self, (&code, &grant))));
                let mut answer = vec![("code", code)];
                answer.extend(id_token);
                answer.extend(session.then(|| ("session_state", realm.shape().session_state(&grant))));
                self.redirect(answer)
            }
        }
    }

    /// The redirect after the user has declined.
    pub fn denied(&self) -> String {
        self.refused(&OAuthError::new(400, "access_denied", "the user declined"))
    }

    fn refused(&self, error: &OAuthError) -> String {
        self.redirect(vec![("error", error.code.clone()), ("error_description", error.description.clone())])
    }

    /// In the query, or in the fragment where an id token was asked for.
    fn redirect(&self, mut answer: Vec<(&str, String)>) -> String {
        let Ok(mut url) = Url::parse(&self.redirect_uri) else { return self.redirect_uri.clone() };
        answer.extend(self.state.iter().map(|state| ("state", state.clone())));
        if self.id_token {
            let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(answer).finish();
            url.set_fragment(Some(&text));
        } else {
            url.query_pairs_mut().extend_pairs(answer);
        }
        url.into()
    }
}

/// The parameters as a request, with what is wrong with it that the client may be told.
///
/// # Errors
///
/// What only the user may be told.
fn examined(realm: &Realm, form: &Form) -> Result<(AuthorizationRequest, Option<OAuthError>), OAuthError> {
    if let Some(name) = ["client_id", "redirect_uri"].into_iter().find(|name| form.repeats(name)) {
        return Err(OAuthError::invalid_request(format!("parameter {name} is repeated")));
    }
    let client = form.value("client_id").and_then(|id| realm.client(id)).filter(|client| client.active);
    let client =
        client.ok_or_else(|| OAuthError::new(400, "invalid_client", "there is no active client of that id"))?;
    let sent = form.value("redirect_uri");
    let redirect_uri = target(&client, sent)
        .ok_or_else(|| OAuthError::new(400, "invalid_callback", "the redirect URI is not registered"))?;
    let mut request = AuthorizationRequest {
        client_id: client.id.clone(),
        redirect_uri: redirect_uri.to_owned(),
        redirect_uri_sent: sent.is_some(),
        id_token: response_type(&realm.policy(), form).is_ok_and(|kind| kind == WITH_ID_TOKEN),
        scopes: scope::split(form.value("scope")),
        state: form.value("state").map(str::to_owned),
        nonce: form.value("nonce").map(str::to_owned),
        audience: form.value(if realm.policy().resource_binding { "resource" } else { "audience" }).map(str::to_owned),
        auth_time: form.value("max_age").is_some(),
        challenge: None,
    };
    match checked(&realm.policy(), &client, form) {
        Ok(challenge) => {
            request.challenge = challenge;
            Ok((request, None))
        }
        Err(error) => Ok((request, Some(error))),
    }
}

/// A code and an id token.
const WITH_ID_TOKEN: &str = "code id_token";

/// The response types that there are here; a policy chooses among them.
pub(crate) const RESPONSE_TYPES: [&str; 2] = ["code", WITH_ID_TOKEN];

/// What is asked for, its words in alphabetical order, since their order means nothing (OAuth 2.0 Multiple Response
/// Types, section 3).
fn response_type(policy: &Policy, form: &Form) -> Result<String, OAuthError> {
    let asked = form.value("response_type").ok_or_else(|| OAuthError::invalid_request("response_type is missing"))?;
    let mut words: Vec<_> = asked.split_whitespace().collect();
    words.sort_unstable();
    let asked = words.join(" ");
    if policy.response_types.contains(&asked) {
        Ok(asked)
    } else {
        Err(OAuthError::new(400, "unsupported_response_type", "this is not given out here"))
    }
}

/// An id token tells who logged in, to whoever brings a value to compare (OpenID Connect Core, section 3.3.2.11).
fn for_id_token(form: &Form) -> Result<(), OAuthError> {
    let scopes = scope::split(form.value("scope")).unwrap_or_default();
    if form.value("nonce").is_none() {
        return Err(OAuthError::invalid_request("nonce is missing"));
    }
    if scopes.iter().any(|scope| scope == "openid") {
        Ok(())
    } else {
        Err(OAuthError::invalid_request("an id token needs the scope openid"))
    }
}

/// Where the answer may go: the URI sent, if it is registered; the registered one, if there is only one and none was
/// sent (RFC 6749, section 3.1.2.3).
fn target<'a>(client: &'a Client, sent: Option<&'a str>) -> Option<&'a str> {
    let uri = match (sent, client.redirect_uris.as_slice()) {
        (Some(sent), registered) => registered.iter().any(|each| fits(each, sent)).then_some(sent),
        (None, [only]) => Some(only.as_str()).filter(|only| !only.starts_with(PATTERN)),
        (None, _) => None,
    }?;
    Url::parse(uri).is_ok_and(|uri| uri.fragment().is_none()).then_some(uri)
}

const PATTERN: &str = "regexp=";

/// Whether a client registered that URI, to be sent back to after a login or after a logout.
pub(crate) fn is_registered(client: &Client, uri: &str) -> bool {
    let after_logout = client.metadata.get("post_logout_redirect_uris").and_then(serde_json::Value::as_array);
    let listed = after_logout.is_some_and(|uris| uris.iter().any(|each| each == uri));
    listed || target(client, Some(uri)).is_some()
}

/// Compared as plain strings, but for the patterns that Identity Server keeps several URIs as.
fn fits(registered: &str, sent: &str) -> bool {
    match registered.strip_prefix(PATTERN) {
        None => registered == sent,
        Some(pattern) => Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|pattern| pattern.is_match(sent)),
    }
}

fn checked(policy: &Policy, client: &Client, form: &Form) -> Result<Option<Challenge>, OAuthError> {
    if let Some(name) = form.repeated() {
        return Err(OAuthError::invalid_request(format!("parameter {name} is repeated")));
    }
    let with_id_token = response_type(policy, form)? == WITH_ID_TOKEN;
    if with_id_token {
        for_id_token(form)?;
    }
    understood(form, with_id_token)?;
    let supported = policy.grant_types.iter().any(|grant| grant == "authorization_code");
    if !supported || !client.allows_grant("authorization_code") {
        return Err(OAuthError::unauthorized_client("the client may not ask for codes"));
    }
    challenge(policy, client, form)
}

/// What may be asked of an answer beyond its type: requests by JWT are not taken (OpenID Connect Core, section 6.1), an
/// answer comes the way that its type has it, and the age of a login is a number of seconds (section 3.1.2.1).
fn understood(form: &Form, with_id_token: bool) -> Result<(), OAuthError> {
    for name in ["request", "request_uri"] {
        if form.value(name).is_some() {
            return Err(OAuthError::new(400, &format!("{name}_not_supported"), format!("{name} is not taken here")));
        }
    }
    let mode = if with_id_token { "fragment" } else { "query" };
    if form.value("response_mode").is_some_and(|asked| asked != mode) {
        return Err(OAuthError::invalid_request("answers are not given in this response mode"));
    }
    if form.value("max_age").is_some_and(|age| age.parse::<u64>().is_err()) {
        return Err(OAuthError::invalid_request("max_age is no number of seconds"));
    }
    Ok(())
}

fn challenge(policy: &Policy, client: &Client, form: &Form) -> Result<Option<Challenge>, OAuthError> {
    let invalid = |description: &str| Err(OAuthError::invalid_request(description));
    let needed = client.pkce_mandatory || (client.is_public() && policy.public_clients_need_challenge);
    let (text, method) = match (form.value("code_challenge"), form.value("code_challenge_method")) {
        (None, Some(_)) => return invalid("code_challenge_method without code_challenge"),
        (None, None) if needed => return invalid("code_challenge is missing"),
        (None, None) => return Ok(None),
        // Left out, the method is the plain one (RFC 7636, section 4.3).
        (Some(text), method) => (text.to_owned(), method.unwrap_or("plain")),
    };
    let known = policy.code_challenge_methods.iter().any(|known| known == method);
    let Some(method) = ChallengeMethod::named(method).filter(|_| known) else {
        return invalid("the code challenge method is not supported");
    };
    if method == ChallengeMethod::Plain && !client.pkce_plain && !policy.plain_challenges {
        return invalid("the client may not use plain code challenges");
    }
    let challenge = Challenge { method, text };
    if challenge.is_well_formed() { Ok(Some(challenge)) } else { invalid("the code challenge is malformed") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realm::ClientSpec;

    fn client(uris: &[&str]) -> Client {
        ClientSpec::new("app").redirect_uris(uris.iter().copied()).0
    }

    #[test]
    fn a_redirect_uri_is_compared_as_a_plain_string() {
        let one = client(&["https://app/cb?x=1"]);
        assert_eq!(target(&one, Some("https://app/cb?x=1")), Some("https://app/cb?x=1"));
        for other in ["https://app/cb", "https://app/cb?x=1&y=2", "https://APP/cb?x=1", "https://app/cb?x=1#f"] {
            assert_eq!(target(&one, Some(other)), None, "{other}");
        }
        assert_eq!(target(&one, None), Some("https://app/cb?x=1"));
        assert_eq!(target(&client(&["https://a/", "https://b/"]), None), None);
    }

    #[test]
    fn a_kept_pattern_must_match_as_a_whole() {
        let several = client(&["regexp=(https://a/cb|https://b/cb)"]);
        assert_eq!(target(&several, Some("https://b/cb")), Some("https://b/cb"));
        assert_eq!(target(&several, Some("https://b/cb/more")), None);
        assert_eq!(target(&several, None), None);
        assert_eq!(target(&client(&["regexp=("]), Some("https://b/cb")), None);
    }
}
