//! Scopes at WSO2 Identity Server 7 and Asgardeo: all of them in one API resource, each carried by roles.
//! Which resource, and what roles are called there, stands in each connector's file; roles are left to `role_permissions`.

use futures::{FutureExt, future::BoxFuture};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, Url};
use serde_json::{Value, json};

use super::{
    Call, ConnectorError, ScopeAdministration,
    dialect::{Credential, send, send_for_any},
    role_permissions::{Roles, role_there},
    scopes::display_name,
};
use crate::domain::{KeyManager, Scope};

/// The resource that holds the platform's scopes.
pub(super) struct ApiResource {
    /// What finds it.
    pub(super) filter: String,
    pub(super) identifier: String,
    pub(super) name: String,
}

/// What tells the two types apart: the names of their properties, of the resource and of roles.
pub(super) struct ScopesInResource {
    /// Property with the address of API resources.
    pub(super) resources: &'static str,
    /// Property with the address of roles.
    pub(super) roles: &'static str,
    /// Property that has missing roles made.
    pub(super) creates_roles: &'static str,
    /// Begins the names of roles that are the user store's here.
    pub(super) role_prefix: &'static str,
    pub(super) resource: fn(Call<'_>) -> ApiResource,
    pub(super) credential: for<'a> fn(Call<'a>) -> BoxFuture<'a, Result<Credential, ConnectorError>>,
}

impl ScopeAdministration for ScopesInResource {
    fn is_configured(&self, key_manager: &KeyManager) -> bool {
        self.place(key_manager).is_some()
    }

    fn put<'a>(
        &'a self,
        call: Call<'a>,
        scope: &'a Scope,
        bound: &'a [String],
    ) -> BoxFuture<'a, Result<(), ConnectorError>> {
        async move {
            let credential = (self.credential)(call).await?;
            let there = |roles: &[String]| {
                roles.iter().map(|role| role_there(role, self.role_prefix)).collect::<Result<Vec<_>, _>>()
            };
            let (wanted, bound) = (there(&scope.bindings)?, there(bound)?);
            self.put_scope(call, &credential, scope).await?;
            let properties = &call.key_manager.additional_properties;
            let Some(place) = properties.text(self.roles).filter(|text| is_url(text)) else { return Ok(()) };
            let roles = Roles { call, credential: &credential, place: place.trim_end_matches('/') };
            for role in &wanted {
                roles.give(role, &scope.name, properties.ticked(self.creates_roles)).await?;
            }
            for role in bound.iter().filter(|role| !wanted.contains(role)) {
                roles.take(role, &scope.name).await?;
            }
            Ok(())
        }
        .boxed()
    }

    fn remove<'a>(&'a self, call: Call<'a>, name: &'a str) -> BoxFuture<'a, Result<(), ConnectorError>> {
        async move {
            let credential = (self.credential)(call).await?;
            let Some(resource) = self.find(call, &credential).await? else { return Ok(()) };
            let own = format!("{resource}/scopes/{}", encoded(name));
            match send_for_any(call, Method::DELETE, &own, &credential, None).await {
                Ok(_) | Err(ConnectorError::Refused { status: 404, .. }) => Ok(()),
                Err(error) => Err(error),
            }
        }
        .boxed()
    }
}

impl ScopesInResource {
    fn place(&self, key_manager: &KeyManager) -> Option<String> {
        let place = key_manager.additional_properties.text(self.resources)?;
        is_url(&place).then(|| place.trim_end_matches('/').to_owned())
    }

    /// The address of the platform's resource, if it is there.
    async fn find(&self, call: Call<'_>, credential: &Credential) -> Result<Option<String>, ConnectorError> {
        let place = self.place(call.key_manager).unwrap_or_default();
        let wanted = (self.resource)(call);
        let url = Url::parse_with_params(&place, [("filter", &wanted.filter)])
            .map_err(|_| ConnectorError::Unsupported("the address of API resources is none"))?;
        let told = send(call, Method::GET, url.as_str(), credential, None).await?;
        // The server's own description and the server disagree about the spelling.
        let found = told.get("apiResources").or_else(|| told.get("APIResources")).and_then(Value::as_array);
        let found = found.ok_or_else(|| ConnectorError::Failed { said: "the answer lists no API resources".into() })?;
        let own = found.iter().find(|one| one["identifier"] == *wanted.identifier || one["name"] == *wanted.name);
        Ok(own.and_then(|own| own["id"].as_str()).map(|id| format!("{place}/{}", encoded(id))))
    }

    async fn put_scope(&self, call: Call<'_>, credential: &Credential, scope: &Scope) -> Result<(), ConnectorError> {
        let described = json!({"displayName": display_name(scope), "description": scope.description.as_deref().unwrap_or_default()});
        let mut whole = described.clone();
        whole["name"] = json!(scope.name);
        let Some(resource) = self.find(call, credential).await? else {
            let wanted = (self.resource)(call);
            let body = json!({"name": wanted.name, "identifier": wanted.identifier, "requiresAuthorization": true, "scopes": [whole]});
            let place = self.place(call.key_manager).unwrap_or_default();
            return or_there(send(call, Method::POST, &place, credential, Some(&body)).await.map(drop));
        };
        let known = send_for_any(call, Method::GET, &format!("{resource}/scopes"), credential, None).await?;
        if known.as_array().is_some_and(|known| known.iter().any(|one| one["name"] == *scope.name)) {
            let own = format!("{resource}/scopes/{}", encoded(&scope.name));
            return send_for_any(call, Method::PATCH, &own, credential, Some(&described)).await.map(drop);
        }
        let body = json!({"addedScopes": [whole]});
        or_there(send_for_any(call, Method::PATCH, &resource, credential, Some(&body)).await.map(drop))
    }
}

/// A scope that another resource has is known as well, and not the platform's to describe.
fn or_there(done: Result<(), ConnectorError>) -> Result<(), ConnectorError> {
    match done {
        Err(ConnectorError::Refused { status: 409, .. }) => Ok(()),
        other => other,
    }
}

fn is_url(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

fn encoded(name: &str) -> String {
    utf8_percent_encode(name, NON_ALPHANUMERIC).to_string()
}
