//! Grant type `refresh_token` (RFC 6749, section 6).
//! What becomes of the refresh token that was used is the realm's rotation policy.

use super::{Form, Grant, Issue, TokenAnswer, issue};
use crate::realm::{
    Client, OAuthError, Realm, TokenKind, TokenRow, TokenState, policy::Rotation, scope, token::RefreshToken,
};

pub(super) struct RefreshTokenGrant;

impl Grant for RefreshTokenGrant {
    fn name(&self) -> &'static str {
        "refresh_token"
    }

    fn required(&self) -> &'static [&'static str] {
        &["refresh_token"]
    }

    fn redeem(&self, realm: &Realm, client: &Client, form: &Form) -> Result<TokenAnswer, OAuthError> {
        let text = form.value("refresh_token").unwrap_or_default();
        let row = usable(realm, client, text)?;
        realm.may_act(client)?;
        let scopes = narrowed(&row, form.value("scope"))?;
        let (had, narrower) = (row.refreshable_scopes(), scopes.len() < row.refreshable_scopes().len());
        let user = match &row.username {
            Some(name) => Some(
                realm
                    .user(name)
                    .filter(|user| user.active)
                    .ok_or_else(|| OAuthError::invalid_grant("the user is gone"))?,
            ),
            None => None,
        };
        realm.can_keep()?;
        let policy = realm.policy();
        let rotate = policy.rotates();
        let (grace, one_live) = (policy.grace(), policy.one_live_token);
        let _turn = grace.map(|_| realm.using_gracefully());
        // Without rotation, and in its time of grace, the row of a refresh token is not that of the latest access token.
        let apart = !rotate || !row.is_refreshable(realm.now());
        let latest = apart.then(|| realm.live_of(&row.family)).flatten();
        let replaced = latest.unwrap_or_else(|| row.access_token.clone());
        // Taken before anything is issued: of two requests at once only one gets a pair.
        let taken = match grace {
            Some(rules) => realm.use_gracefully(&row.jti, rules),
            None => {
                let good = |row: &TokenRow| row.is_refreshable(realm.now());
                realm.change_row(&row.jti, good, |row| end_used(row, rotate, one_live))
            }
        };
        if !taken {
            return Err(OAuthError::invalid_grant("the refresh token is no longer active"));
        }
        let mut answer = issue(
            realm,
            &Issue {
                audience: row.audience.as_deref(),
                format: row.format,
                refresh: rotate,
                refresh_scopes: narrower.then(|| had.to_vec()),
                family: Some(row.family.clone()),
                ..Issue::new(client, user.as_ref(), &row.grant_type, scopes)
            },
        );
        if policy.rotation == Rotation::Keep {
            answer.refresh_token = Some(text.to_owned());
        }
        answer.headers.push(("deactivatedaccesstoken".to_owned(), replaced));
        Ok(answer)
    }
}

/// With rotation the whole pair ends; without it the access token does where only one may live.
fn end_used(row: &mut TokenRow, rotate: bool, one_live: bool) {
    if rotate {
        row.end(TokenState::Superseded);
    } else if one_live {
        row.state = TokenState::Superseded;
    }
}

fn usable(realm: &Realm, client: &Client, text: &str) -> Result<TokenRow, OAuthError> {
    let unknown = || OAuthError::invalid_grant("the refresh token is unknown");
    let (row, _) = realm.token(text).filter(|(_, kind)| *kind == TokenKind::Refresh).ok_or_else(unknown)?;
    if row.client_id != client.id {
        return Err(unknown());
    }
    let refresh = row.refresh.as_ref().ok_or_else(unknown)?;
    match refresh.state {
        TokenState::Superseded => {
            let Some(too_late) = too_late(realm, refresh) else { return Ok(row) };
            if realm.policy().rotation == Rotation::RotateAndDetectReuse {
                realm.end_family(&row.family, TokenState::Revoked);
            }
            Err(OAuthError::invalid_grant(too_late))
        }
        TokenState::Revoked => Err(OAuthError::invalid_grant("the refresh token is not active")),
        TokenState::Active if realm.now() >= refresh.expires_at => {
            Err(OAuthError::invalid_grant("the refresh token has expired"))
        }
        TokenState::Active => Ok(row),
    }
}

/// Why a refresh token that was replaced does no more; `None` in its time of grace.
fn too_late(realm: &Realm, refresh: &RefreshToken) -> Option<&'static str> {
    let (Some(rules), Some(grace)) = (realm.policy().grace(), refresh.grace) else {
        return Some("the refresh token was used before");
    };
    if realm.now() >= grace.until {
        return Some("the time in which the refresh token could be used again is over");
    }
    (grace.reused >= rules.reuses.get()).then_some("the refresh token was used again too often")
}

/// The scopes asked for, which must be among those granted first.
fn narrowed(row: &TokenRow, parameter: Option<&str>) -> Result<Vec<String>, OAuthError> {
    let Some(requested) = scope::split(parameter) else { return Ok(row.refreshable_scopes().to_vec()) };
    match requested.iter().find(|scope| !row.refreshable_scopes().contains(scope)) {
        Some(wider) => Err(OAuthError::invalid_scope(format!("scope {wider} was not granted originally"))),
        None => Ok(requested),
    }
}
