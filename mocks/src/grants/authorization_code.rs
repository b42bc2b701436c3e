//! Grant type `authorization_code` (RFC 6749, section 4.1.3), with PKCE (RFC 7636).
//! A code is good once: presented again, everything that came of it ends (RFC 6749, section 4.1.2).

use super::{Form, Grant, Issue, TokenAnswer, audience, gives_refresh, issue};
use crate::realm::{AuthorizationCode, Cause, Client, OAuthError, Policy, Realm, TokenState, pending::Taken, pkce};

pub(super) struct AuthorizationCodeGrant;

impl Grant for AuthorizationCodeGrant {
    fn name(&self) -> &'static str {
        "authorization_code"
    }

    fn required(&self) -> &'static [&'static str] {
        &["code"]
    }

    fn redeem(&self, realm: &Realm, client: &Client, form: &Form) -> Result<TokenAnswer, OAuthError> {
        let text = form.value("code").unwrap_or_default();
        // Taken before anything is looked at: a code that failed a check is gone, so nobody can guess on.
        let code = match realm.take_code(text, &client.id) {
            Taken::Fresh(code) => code,
            Taken::Unknown => return Err(OAuthError::invalid_grant("the code is unknown")),
            Taken::Used(family) => return Err(replayed(realm, family.as_deref())),
        };
        if realm.now() >= code.expires_at {
            return Err(OAuthError::invalid_grant("the code has expired"));
        }
        same_redirect(&code, form.value("redirect_uri"))?;
        proven(&realm.policy(), client, &code, form.value("code_verifier"))?;
        let user = realm
            .user(&code.username)
            .filter(|user| user.active)
            .ok_or_else(|| OAuthError::invalid_grant("the user is gone"))?;
        realm.may_act(client)?;
        realm.can_keep()?;
        let (audience, format) = match code.request.audience.as_deref() {
            Some(resource) if realm.policy().resource_binding => (Some(resource), client.token_format),
            asked => audience(realm, client, asked)?,
        };
        let answer = issue(
            realm,
            &Issue {
                audience,
                format,
                refresh: gives_refresh(realm, client, &code.scopes),
                family: Some(code.grant.clone()),
                nonce: code.request.nonce.as_deref(),
                auth_time: code.request.auth_time.then_some(code.authenticated_at),
                ..Issue::new(client, Some(&user), self.name(), code.scopes.clone())
            },
        );
        let family = realm.token(&answer.access_token).map(|(row, _)| row.family).unwrap_or_default();
        if realm.close_code(text, &family) { Ok(answer) } else { Err(replayed(realm, Some(&family))) }
    }
}

fn replayed(realm: &Realm, family: Option<&str>) -> OAuthError {
    if let Some(family) = family {
        realm.end_family(family, TokenState::Revoked);
    }
    OAuthError::invalid_grant("the code was used before")
}

/// The URI must be there and the same if the authorization request named one (RFC 6749, section 4.1.3).
fn same_redirect(code: &AuthorizationCode, sent: Option<&str>) -> Result<(), OAuthError> {
    let same = match sent {
        Some(sent) => sent == code.request.redirect_uri,
        None => !code.request.redirect_uri_sent,
    };
    if same {
        Ok(())
    } else {
        Err(OAuthError::invalid_grant("the redirect URI is not the one of the request").because(Cause::OtherRedirect))
    }
}

fn proven(
    policy: &Policy,
    client: &Client,
    code: &AuthorizationCode,
    verifier: Option<&str>,
) -> Result<(), OAuthError> {
    let invalid = |description: &str| Err(OAuthError::invalid_grant(description));
    match (&code.request.challenge, verifier) {
        (None, None) if client.pkce_mandatory => invalid("the client must prove itself with PKCE"),
        // A verifier for a code without challenge betrays a request that lost its challenge on the way (RFC 9700,
        // section 4.8.2).
        (None, Some(_)) if policy.stray_verifier_refused => invalid("the code was asked for without a challenge"),
        (None, _) => Ok(()),
        (Some(_), None) => invalid("the code verifier is missing"),
        (Some(_), Some(verifier)) if !pkce::is_verifier(verifier) => invalid("the code verifier is malformed"),
        (Some(challenge), _)
            if !client.pkce_plain && !policy.plain_challenges && challenge.method == pkce::ChallengeMethod::Plain =>
        {
            invalid("the client may not use plain code challenges")
        }
        (Some(challenge), Some(verifier)) if !challenge.is_answered_by(verifier) => {
            invalid("the code verifier does not answer the challenge")
        }
        (Some(_), Some(_)) => Ok(()),
    }
}
