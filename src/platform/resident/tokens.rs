//! The token endpoint (RFC 6749, section 3.2): the grants decide, what they issue and end is kept.
//! Revoking and introspecting tokens have files of their own.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use kmspec_mocks::{
    grants::{self, TokenAnswer},
    realm::{OAuthError, Realm, TokenKind, TokenRow, TokenState},
};

use super::{
    codes,
    endpoints::{Asked, Failure, fields},
    kept::{keep_ended, keep_issued},
    realms::Residents,
    sync,
    trust::{self, Found},
};
use crate::{
    domain::{LONGEST_TOKEN_LIFE_S, is_token_life},
    store::{Documents, StoreError},
};

pub(super) async fn token(State(residents): State<Arc<Residents>>, asked: Asked) -> Result<Response, Failure> {
    let found = trust::look(&residents, &asked).await?;
    let store = residents.store().clone();
    let answer = store.write(move |documents| redeem(&residents, documents, &asked, found.as_ref())).await??;
    Ok((fields(&answer.headers), Json(answer.body())).into_response())
}

/// Decides on a token request and keeps what came of it.
///
/// A refusal ends tokens, too (RFC 6749, section 4.1.2), and what ended has to be kept: so it is no failure of the work on
/// the store, which would take all of it back.
fn redeem(
    residents: &Residents,
    documents: &Documents<'_>,
    asked: &Asked,
    found: Option<&Found>,
) -> Result<Result<TokenAnswer, OAuthError>, Failure> {
    let (tenant, realm) = asked.realm(residents, documents)?;
    sync::scopes(documents, &realm, &tenant)?;
    trust::install(documents, &realm, &tenant, found)?;
    if let (Some(name), Some(password)) = (asked.value("username"), asked.value("password")) {
        sync::login(documents, &realm, &tenant, name, password)?;
    }
    if let Some(text) = asked.value("refresh_token") {
        sync::owner_of_token(documents, &realm, &tenant, text)?;
    }
    if let (Some((id, _)), Some(seconds)) = (asked.claimed_client(), validity_period(asked, &realm)?) {
        realm.update_client(&id, |client| {
            client.app_token_seconds = Some(seconds);
            client.user_token_seconds = Some(seconds);
        });
    }
    if let Some(code) = asked.value("code") {
        codes::recall(documents, (&tenant, &realm), code)?;
        if let Some(known) = realm.code(code) {
            sync::user(documents, &realm, &tenant, &known.username)?;
        }
    }
    let before = at_stake(asked, &realm);
    let decided = grants::redeem(&realm, &asked.request);
    let issued = decided.as_ref().ok().and_then(|answer| realm.token(&answer.access_token));
    if let Some((row, _)) = issued {
        if asked.value("refresh_token").is_some() {
            codes::keep_with(documents, &tenant, &row)?;
        }
        keep_issued(residents, documents, (&tenant, &realm), row)?;
    }
    if let Some(code) = asked.value("code") {
        codes::keep(documents, (&tenant, &realm), code)?;
    }
    for row in before {
        if let Some((now, _)) = realm.token(&row.access_token).filter(|(now, _)| states(now) != states(&row)) {
            keep_ended(documents, &tenant, &now)?;
        }
    }
    Ok(decided)
}

/// The tokens that a request may end, whether it is granted or not: those of the refresh token that it spends, and what
/// came of the code when it was presented before.
fn at_stake(asked: &Asked, realm: &Realm) -> Vec<TokenRow> {
    let refreshed = asked.value("refresh_token").and_then(|text| realm.token(text)).map(|(row, _)| row);
    let redeemed = asked.value("code").map(|text| realm.rows_of_code(text)).unwrap_or_default();
    refreshed.into_iter().chain(redeemed).collect()
}

fn states(row: &TokenRow) -> (TokenState, Option<TokenState>) {
    (row.state, row.refresh.as_ref().map(|refresh| refresh.state))
}

/// The product's own parameter: how long the token shall live, in seconds. Who asks for what no token can have is told so,
/// once it is known who asks.
fn validity_period(asked: &Asked, realm: &Realm) -> Result<Option<u64>, OAuthError> {
    let Some(text) = asked.value("validity_period") else { return Ok(None) };
    match text.parse().ok().filter(|seconds| is_token_life(*seconds)) {
        Some(seconds) => Ok(Some(seconds)),
        None => {
            asked.authenticate(realm)?;
            let range = format!("validity_period must be a number of seconds from 1 to {LONGEST_TOKEN_LIFE_S}");
            Err(OAuthError::invalid_request(range))
        }
    }
}

/// The row of an access token that is good now in this tenant's realm.
pub(super) fn active_access(
    residents: &Residents,
    documents: &Documents<'_>,
    tenant: &str,
    token: &str,
) -> Result<Option<(Realm, TokenRow)>, StoreError> {
    let Some(realm) = residents.realm(documents, tenant)? else { return Ok(None) };
    sync::owner_of_token(documents, &realm, tenant, token)?;
    let row = realm.token(token).filter(|(row, kind)| *kind == TokenKind::Access && row.is_active(realm.now()));
    Ok(row.map(|(row, _)| (realm, row)))
}
