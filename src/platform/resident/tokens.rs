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
    realm::{Realm, TokenKind, TokenRow, TokenState},
};

use super::{
    endpoints::{Asked, Failure, fields},
    kept::{keep_ended, keep_issued},
    realms::Residents,
    sync,
    trust::{self, Found},
};
use crate::store::{Documents, StoreError};

pub(super) async fn token(State(residents): State<Arc<Residents>>, asked: Asked) -> Result<Response, Failure> {
    let found = trust::look(&residents, &asked).await?;
    let store = residents.store().clone();
    let answer = store.write(move |documents| redeem(&residents, documents, &asked, found.as_ref())).await?;
    Ok((fields(&answer.headers), Json(answer.body())).into_response())
}

/// Decides on a token request and keeps what came of it, the end of a refreshed token included.
fn redeem(
    residents: &Residents,
    documents: &Documents<'_>,
    asked: &Asked,
    found: Option<&Found>,
) -> Result<TokenAnswer, Failure> {
    let (tenant, realm) = asked.realm(residents, documents)?;
    sync::scopes(documents, &realm, &tenant)?;
    trust::install(documents, &realm, &tenant, found)?;
    if let (Some(name), Some(password)) = (asked.value("username"), asked.value("password")) {
        sync::login(documents, &realm, &tenant, name, password)?;
    }
    let refresh = asked.value("refresh_token");
    if let Some(text) = refresh {
        sync::owner_of_token(documents, &realm, &tenant, text)?;
    }
    let before = refresh.and_then(|text| realm.token(text)).map(|(row, _)| row);
    if let (Some((id, _)), Some(seconds)) = (asked.claimed_client(), validity_period(asked)) {
        realm.update_client(&id, |client| {
            client.app_token_seconds = Some(seconds);
            client.user_token_seconds = Some(seconds);
        });
    }
    let answer = grants::redeem(&realm, &asked.request)?;
    if let Some((row, _)) = realm.token(&answer.access_token) {
        keep_issued(residents, documents, (&tenant, &realm), row)?;
    }
    let now = before.filter(|row| row.state == TokenState::Active).and_then(|row| realm.token(&row.access_token));
    if let Some((row, _)) = now.filter(|(row, _)| row.state != TokenState::Active) {
        keep_ended(documents, &tenant, &row)?;
    }
    Ok(answer)
}

/// The product's own parameter: how long the token shall live, in seconds.
fn validity_period(asked: &Asked) -> Option<u64> {
    asked.value("validity_period")?.parse().ok().filter(|seconds| *seconds > 0)
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
