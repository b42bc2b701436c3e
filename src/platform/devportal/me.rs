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

pub(super) async fn change_password(
    caller: Caller<ApplicationScopes>,
    State(site): State<Arc<Site>>,
    Body(change): Body<Change>,
) -> Result<Json<Value>, Refusal> {
    site.store
        .write(move |documents| {
            let user = identity::user(documents, &caller.tenant, &caller.user)?;
            let fits =
                |user: &crate::domain::User| identity::password_fits(&user.password, change.current_password.reveal());
            let user = user.filter(fits).ok_or(Code::PasswordWrong)?;
            if !LENGTH.contains(&change.new_password.reveal().chars().count()) {
                return Err(Code::PasswordPattern.into());
            }
            identity::set_password(documents, user, change.new_password.reveal())?;
            Ok(Json(json!({})))
        })
        .await
}
