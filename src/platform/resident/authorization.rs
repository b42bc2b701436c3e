//! Authorization requests at a resident key manager (RFC 6749, sections 4.1 and 4.2): what one must be, what answers it.
//! Who logs in, and where, is left to [`super::login`].

use kmspec_mocks::{
    grants::{AuthorizationRefusal, Form, Issue, issue},
    realm::{AuthorizationRequest, Client, OAuthError, Realm, User, scope},
};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{codes, endpoints::Failure, kept::keep_issued, realms::Residents};
use crate::store::Documents;

/// What the client asked to be answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Answer {
    /// `response_type=code`.
    Code,
    /// `response_type=token`, the implicit grant.
    Token,
}

/// A login under way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Login {
    pub(super) tenant: String,
    pub(super) request: AuthorizationRequest,
    pub(super) answer: Answer,
    /// What the cookie of the browser holds that began it.
    pub(super) nonce: String,
    /// Who it turned out to be, once the password was right.
    pub(super) username: Option<String>,
}

/// Reads the parameters of an authorization request, in the product's words where it has some (TOK-11, TOK-12).
pub(super) fn read(realm: &Realm, form: &Form) -> Result<(AuthorizationRequest, Answer), AuthorizationRefusal> {
    let shown = |code: &str, text: &str| Err(AuthorizationRefusal::Shown(OAuthError::new(400, code, text)));
    let known = form.value("client_id").and_then(|id| realm.client(id));
    let Some(client) = known else { return shown("invalid_client", "A valid OAuth client could not be found") };
    if form.value("redirect_uri").is_none() {
        return shown("invalid_request", "Redirect URI is not present in the authorization request");
    }
    let served = |grant: &str| realm.policy().grant_types.iter().any(|known| known == grant);
    let needed = match form.value("response_type") {
        Some("token") => Some("implicit"),
        Some("code") => Some("authorization_code"),
        _ => None,
    };
    if needed.is_some_and(|grant| !served(grant)) {
        return shown("unsupported_response_type", "The response type is not supported");
    }
    if form.value("response_type") == Some("token") {
        return implicit(&client, form).map(|request| (request, Answer::Token));
    }
    match AuthorizationRequest::read(realm, form) {
        Err(AuthorizationRefusal::Shown(error)) if error.code == "invalid_callback" => {
            shown("invalid_callback", "callback.not.match")
        }
        other => other.map(|request| (request, Answer::Code)),
    }
}

fn implicit(client: &Client, form: &Form) -> Result<AuthorizationRequest, AuthorizationRefusal> {
    let shown = |code: &str, text: &str| Err(AuthorizationRefusal::Shown(OAuthError::new(400, code, text)));
    let sent = form.value("redirect_uri").unwrap_or_default();
    if !client.redirect_uris.iter().any(|known| known == sent) {
        return shown("invalid_callback", "callback.not.match");
    }
    let request = AuthorizationRequest {
        client_id: client.id.clone(),
        redirect_uri: sent.to_owned(),
        redirect_uri_sent: true,
        id_token: false,
        scopes: scope::split(form.value("scope")),
        state: form.value("state").map(str::to_owned),
        nonce: None,
        audience: None,
        auth_time: false,
        challenge: None,
    };
    if client.allows_grant("implicit") {
        return Ok(request);
    }
    let error = OAuthError::unauthorized_client("the client may not ask for tokens without a code");
    Err(AuthorizationRefusal::Redirected(with_fragment(&request, refusal(&error))))
}

impl Login {
    /// The redirect after the user has declined.
    pub(super) fn denied(&self) -> String {
        match self.answer {
            Answer::Code => self.request.denied(),
            Answer::Token => {
                let error = OAuthError::new(400, "access_denied", "the user declined");
                with_fragment(&self.request, refusal(&error))
            }
        }
    }
}

/// The redirect after the user has agreed: with a code, or with a token in the fragment.
pub(super) fn finish(
    residents: &Residents,
    documents: &Documents<'_>,
    realm: &Realm,
    login: &Login,
) -> Result<String, Failure> {
    let gone = || OAuthError::new(400, "access_denied", "the user or the client is gone");
    let user = login.username.as_deref().and_then(|name| realm.user(name)).ok_or_else(gone)?;
    match login.answer {
        Answer::Code => {
            let to = login.request.approved(realm, &user);
            if let Some(code) = code_in(&to) {
                residents.sweep(documents, &login.tenant)?;
                codes::keep(documents, (&login.tenant, realm), &code)?;
            }
            Ok(to)
        }
        Answer::Token => {
            let client = realm.client(&login.request.client_id).ok_or_else(gone)?;
            token_in_fragment((residents, documents), realm, login, (&client, &user))
        }
    }
}

/// The code in the query of a redirect, unless it is a refusal.
fn code_in(to: &str) -> Option<String> {
    let url = Url::parse(to).ok()?;
    // The client's own address may hold a parameter of that name before it.
    url.query_pairs().filter(|(name, _)| name == "code").last().map(|(_, value)| value.into_owned())
}

/// RFC 6749, section 4.2.2.
fn token_in_fragment(
    (residents, documents): (&Residents, &Documents<'_>),
    realm: &Realm,
    login: &Login,
    (client, user): (&Client, &User),
) -> Result<String, Failure> {
    let scopes = match realm.granted_scopes(login.request.scopes.as_deref(), client, Some(user), "implicit") {
        Ok(scopes) => scopes,
        Err(error) => return Ok(with_fragment(&login.request, refusal(&error))),
    };
    let answer = issue(realm, &Issue::new(client, Some(user), "implicit", scopes));
    if let Some((row, _)) = realm.token(&answer.access_token) {
        keep_issued(residents, documents, (&login.tenant, realm), row)?;
    }
    let members = vec![
        ("access_token", answer.access_token),
        ("token_type", "Bearer".to_owned()),
        ("expires_in", answer.expires_in.to_string()),
        ("scope", answer.scopes.join(" ")),
    ];
    Ok(with_fragment(&login.request, members))
}

fn refusal(error: &OAuthError) -> Vec<(&'static str, String)> {
    vec![("error", error.code.clone()), ("error_description", error.description.clone())]
}

fn with_fragment(request: &AuthorizationRequest, members: Vec<(&'static str, String)>) -> String {
    let Ok(mut url) = Url::parse(&request.redirect_uri) else { return request.redirect_uri.clone() };
    let mut fragment = url::form_urlencoded::Serializer::new(String::new());
    fragment.extend_pairs(members);
    if let Some(state) = &request.state {
        fragment.append_pair("state", state);
    }
    url.set_fragment(Some(&fragment.finish()));
    url.into()
}
