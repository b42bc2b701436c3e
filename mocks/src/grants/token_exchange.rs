//! Grant type `urn:ietf:params:oauth:grant-type:token-exchange` (RFC 8693): a token for the subject of another token,
//! and with an actor token, one that says who acts for it. What a token must be is in `assertion`.

use serde_json::json;

use super::{
    Form, Grant, Issue, TokenAnswer,
    assertion::{Assertion, Fault, Rules, audiences},
    issue,
};
use crate::realm::{Client, OAuthError, Realm, TokenFormat, jwt::Object, scope};

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

pub(super) struct TokenExchange;

impl Grant for TokenExchange {
    fn name(&self) -> &'static str {
        "urn:ietf:params:oauth:grant-type:token-exchange"
    }

    fn required(&self) -> &'static [&'static str] {
        &["subject_token", "subject_token_type"]
    }

    fn redeem(&self, realm: &Realm, client: &Client, form: &Form) -> Result<TokenAnswer, OAuthError> {
        let requested_type = form.value("requested_token_type").unwrap_or(ACCESS_TOKEN);
        if ![ACCESS_TOKEN, JWT].contains(&requested_type) {
            return Err(OAuthError::invalid_request("the requested token type is not supported"));
        }
        let subject = verified(realm, client, form, "subject_token", "subject_token_type")?;
        let mut claims = Object::new();
        match (form.value("actor_token"), form.value("actor_token_type")) {
            (None, None) => {}
            (Some(_), Some(_)) => {
                let actor = verified(realm, client, form, "actor_token", "actor_token_type")?;
                let actor = actor.claims.get("sub").cloned().unwrap_or_default();
                may_act(client, &subject, &actor)?;
                claims.insert("act".to_owned(), json!({ "sub": actor }));
            }
            _ => return Err(OAuthError::invalid_request("actor_token and actor_token_type belong together")),
        }
        let user = subject.user(realm).map_err(|fault| match fault {
            Fault::Locked => OAuthError::new(400, "access_denied", fault.to_string()),
            _ => OAuthError::invalid_request(fault.to_string()),
        })?;
        let audience = target(realm, client, form)?;
        let requested = scope::split(form.value("scope"));
        let scopes = realm.granted_scopes(requested.as_deref(), client, Some(&user), self.name())?;
        if !subject.is_own() {
            claims.extend(realm.shape().carried_over(&scopes, &subject.claims));
        }
        let refresh = realm.policy().assertions_give_refresh && client.allows_grant("refresh_token");
        // Who asks for a JWT gets one, whatever the client's other tokens are (RFC 8693, section 3).
        let format = if requested_type == JWT { TokenFormat::Jwt } else { client.token_format };
        let order = Issue::new(client, Some(&user), self.name(), scopes);
        let mut answer = issue(realm, &Issue { audience, refresh, claims, format, ..order });
        answer.extra.insert("issued_token_type".to_owned(), json!(requested_type));
        Ok(answer)
    }
}

/// One of the two tokens. One of the server's own may name the client as its audience, for that is how it was issued.
fn verified(realm: &Realm, client: &Client, form: &Form, name: &str, type_name: &str) -> Result<Assertion, OAuthError> {
    if !form.value(type_name).is_some_and(|kind| [ACCESS_TOKEN, JWT].contains(&kind)) {
        return Err(OAuthError::invalid_request(format!("the {type_name} is not supported")));
    }
    let rules = Rules { own_audience: Some(&client.id), fresh: false, encrypted: false };
    Assertion::verify(realm, form.value(name).unwrap_or_default(), &rules).map_err(|fault| match fault {
        Fault::Audience => OAuthError::new(400, &realm.policy().foreign_audience, fault.to_string()),
        _ => OAuthError::invalid_request(fault.to_string()),
    })
}

/// Impersonation: the subject's token is the server's own, was made for the client, and names the actor.
fn may_act(client: &Client, subject: &Assertion, actor: &serde_json::Value) -> Result<(), OAuthError> {
    let named = subject.claims.get("may_act").and_then(|may_act| may_act.get("sub")) == Some(actor);
    let for_client = audiences(&subject.claims).is_some_and(|audiences| audiences.contains(&client.id.as_str()));
    if subject.is_own() && for_client && named {
        Ok(())
    } else {
        Err(OAuthError::invalid_request("the subject token does not allow this actor to act"))
    }
}

/// The audience asked for, which must be one that the client's tokens may have.
fn target<'a>(realm: &Realm, client: &Client, form: &'a Form) -> Result<Option<&'a str>, OAuthError> {
    let Some(asked) = form.value("audience") else { return Ok(None) };
    let known = client.audiences.iter().chain(realm.policy().audiences.iter().flatten()).any(|known| known == asked);
    if known || asked == client.id {
        Ok(Some(asked))
    } else {
        Err(OAuthError::new(400, "invalid_target", format!("tokens for {asked} are not given out")))
    }
}
