//! The scope interface v1.0 of WSO2 Identity Server before version 7 (`/api/identity/oauth2/v1.0/scopes`).
//! Roles are bound in the scope itself and need not exist there.

use futures::{FutureExt, future::BoxFuture};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::json;

use super::{
    Call, ConnectorError, ScopeAdministration,
    dialect::{Dialect as _, send, send_for_any},
    scopes::display_name,
    wso2_is::Operations,
};
use crate::domain::{KeyManager, Scope};

/// Speaks it at the key manager's scope management endpoint, with the connector's user.
pub(super) struct ScopeInterface;

impl ScopeAdministration for ScopeInterface {
    fn is_configured(&self, key_manager: &KeyManager) -> bool {
        let endpoint = endpoint(key_manager);
        endpoint.starts_with("https://") || endpoint.starts_with("http://")
    }

    fn put<'a>(
        &'a self,
        call: Call<'a>,
        scope: &'a Scope,
        _bound: &'a [String],
    ) -> BoxFuture<'a, Result<(), ConnectorError>> {
        async move {
            let credential = Operations.credential(call).await?;
            let body = json!({
                "name": scope.name,
                "displayName": display_name(scope),
                "description": scope.description,
                "bindings": scope.bindings,
            });
            let own = item(call.key_manager, &scope.name);
            match send_for_any(call, Method::HEAD, &own, &credential, None).await {
                Ok(_) => send(call, Method::PUT, &own, &credential, Some(&body)).await.map(drop),
                Err(ConnectorError::Refused { status: 404, .. }) => {
                    send(call, Method::POST, endpoint(call.key_manager), &credential, Some(&body)).await.map(drop)
                }
                Err(error) => Err(error),
            }
        }
        .boxed()
    }

    fn remove<'a>(&'a self, call: Call<'a>, name: &'a str) -> BoxFuture<'a, Result<(), ConnectorError>> {
        async move {
            let credential = Operations.credential(call).await?;
            let own = item(call.key_manager, name);
            match send_for_any(call, Method::DELETE, &own, &credential, None).await {
                Ok(_) | Err(ConnectorError::Refused { status: 404, .. }) => Ok(()),
                Err(error) => Err(error),
            }
        }
        .boxed()
    }
}

fn endpoint(key_manager: &KeyManager) -> &str {
    key_manager.scope_management_endpoint.as_deref().unwrap_or_default().trim().trim_end_matches('/')
}

fn item(key_manager: &KeyManager, name: &str) -> String {
    format!("{}/name/{}", endpoint(key_manager), utf8_percent_encode(name, NON_ALPHANUMERIC))
}
