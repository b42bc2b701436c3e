//! What users may change of themselves: their password.
//! Who they are is decided at the token endpoint.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::ApplicationScopes;
use crate::{
    domain::Secret,
    identity,
    resident::end_tokens_of,
    site::Site,
    wire::{Body, Caller, Code, Refusal},
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Change {
    current_password: Secret,
    new_password: Secret,
}

/// Lengths of a password, in characters (the product's usual pattern).
const LENGTH: std::ops::RangeInclusive<usize> = 5..=30;

/// Gives the caller another password; tokens that the old one brought count no more (REV-11).
pub(super) async fn change_password(
    caller: Caller<ApplicationScopes>,
    State(site): State<Arc<Site>>,
    Body(change): Body<Change>,
) -> Result<Json<Value>, Refusal> {
    let now = site.clocks.of(&caller.tenant).now();
    site.store
        .write(move |documents| {
            let user = identity::user(documents, &caller.tenant, &caller.user)?;
            let fits =
                |user: &crate::domain::User| identity::password_fits(&user.password, change.current_password.reveal());
            let user = user.filter(fits).ok_or(Code::PasswordWrong)?;
            if !LENGTH.contains(&change.new_password.reveal().chars().count()) {
                return Err(Code::PasswordPattern.into());
            }
            end_tokens_of(documents, &user, now)?;
            identity::set_password(documents, user, change.new_password.reveal())?;
            Ok(Json(json!({})))
        })
        .await
}
