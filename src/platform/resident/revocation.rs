//! The revocation endpoint (RFC 7009): a client ends a token of its own, and the gateway is told.
//! How an ended token is kept stands in [`super::kept`].

use std::sync::Arc;

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use kmspec_mocks::realm::{OAuthError, Realm, Revocation, TokenState};

use super::{
    endpoints::{Asked, Failure, fields},
    kept::keep_ended,
    realms::Residents,
};
use crate::store::{Documents, StoreError};

pub(super) async fn revoke(State(residents): State<Arc<Residents>>, asked: Asked) -> Result<Response, Failure> {
    let store = residents.store().clone();
    store.write(move |documents| end_token(&residents, documents, &asked)).await?;
    Ok((StatusCode::OK, fields(&[])).into_response())
}

/// Ends a token, and with a refresh token every access token of its grant.
fn end_token(residents: &Residents, documents: &Documents<'_>, asked: &Asked) -> Result<(), Failure> {
    let (tenant, realm) = asked.realm(residents, documents)?;
    let client = asked.authenticate(&realm)?;
    let text = asked.value("token").ok_or_else(|| OAuthError::invalid_request("token is missing"))?;
    Ok(end_one(documents, &tenant, &realm, text, &client)?)
}

/// Ends a token of that client, if it is one.
pub(super) fn end_one(
    documents: &Documents<'_>,
    tenant: &str,
    realm: &Realm,
    text: &str,
    client: &str,
) -> Result<(), StoreError> {
    let Revocation::Revoked(before) = realm.revoke(text, Some(client)) else { return Ok(()) };
    let family = realm.snapshot().tokens.into_iter().filter(|row| row.family == before.family);
    for row in family.filter(|row| row.state != TokenState::Active) {
        keep_ended(documents, tenant, &row)?;
    }
    Ok(())
}
