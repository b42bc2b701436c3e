//! Roles v2 of WSO2 Identity Server 7 and Asgardeo (SCIM 2): which scopes a role carries.
//! Which roles are to carry which scope is left to `api_resources`.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Call, ConnectorError,
    dialect::{Credential, send},
};

/// The roles of a key manager.
pub(super) struct Roles<'a> {
    pub(super) call: Call<'a>,
    pub(super) credential: &'a Credential,
    /// Their address, without a slash at its end.
    pub(super) place: &'a str,
}

impl Roles<'_> {
    /// Lets a role carry a scope; a role that is not there is made where that is wanted, and left alone otherwise.
    pub(super) async fn give(&self, role: &str, scope: &str, make: bool) -> Result<(), ConnectorError> {
        match self.find(role).await? {
            Some(id) => self.change(&id, |carried| carried.push(scope.to_owned())).await,
            None if make => {
                let body = json!({
                    "schemas": ["urn:ietf:params:scim:schemas:extension:2.0:Role"],
                    "displayName": role,
                    "permissions": [{"value": scope, "display": scope}],
                });
                send(self.call, Method::POST, self.place, self.credential, Some(&body)).await.map(drop)
            }
            None => {
                let key_manager = &self.call.key_manager.name;
                tracing::info!(key_manager, role, scope, "the role is not there and roles are not to be made");
                Ok(())
            }
        }
    }

    /// Lets a role no longer carry a scope.
    pub(super) async fn take(&self, role: &str, scope: &str) -> Result<(), ConnectorError> {
        match self.find(role).await? {
            Some(id) => self.change(&id, |carried| carried.retain(|one| one != scope)).await,
            None => Ok(()),
        }
    }

    /// Id of the role of that name (RFC 7644, section 3.4.3).
    async fn find(&self, role: &str) -> Result<Option<String>, ConnectorError> {
        let quoted = json!(role);
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
            "filter": format!("displayName eq {quoted}"),
        });
        let url = format!("{}/.search", self.place);
        let told = send(self.call, Method::POST, &url, self.credential, Some(&body)).await?;
        let found = told.get("Resources").and_then(Value::as_array).into_iter().flatten();
        let named = |one: &&Value| one["displayName"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(role));
        Ok(found.into_iter().find(named).and_then(|one| one["id"].as_str()).map(str::to_owned))
    }

    /// Replaces what a role carries, where that changes anything (RFC 7644, section 3.5.2).
    async fn change(&self, id: &str, change: impl FnOnce(&mut Vec<String>)) -> Result<(), ConnectorError> {
        let url = format!("{}/{}", self.place, utf8_percent_encode(id, NON_ALPHANUMERIC));
        let told = send(self.call, Method::GET, &url, self.credential, None).await?;
        let listed = told.get("permissions").and_then(Value::as_array).into_iter().flatten();
        let before: Vec<String> = listed.filter_map(|one| one["value"].as_str()).map(str::to_owned).collect();
        let mut carried = before.clone();
        change(&mut carried);
        carried.sort();
        carried.dedup();
        let mut same = before;
        same.sort();
        if carried == same {
            return Ok(());
        }
        let permissions: Vec<Value> = carried.iter().map(|scope| json!({"value": scope, "display": scope})).collect();
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "replace", "path": "permissions", "value": permissions}],
        });
        send(self.call, Method::PATCH, &url, self.credential, Some(&body)).await.map(drop)
    }
}

/// What a role of the platform is called there: `Internal/x` is `x`, and one of the user store has a prefix.
///
/// # Errors
///
/// A role of one application is no role of the server.
pub(super) fn role_there(role: &str, prefix: &str) -> Result<String, ConnectorError> {
    match role.split_once('/') {
        Some((domain, name)) if domain.eq_ignore_ascii_case("Internal") => Ok(name.to_owned()),
        Some((domain, _)) if domain.eq_ignore_ascii_case("Application") => {
            Err(ConnectorError::Unsupported("a scope cannot be bound to a role of an application"))
        }
        _ => Ok(format!("{prefix}{role}")),
    }
}

#[cfg(test)]
mod tests {
    use super::role_there;

    #[test]
    fn internal_roles_keep_their_name_and_others_get_a_prefix() {
        assert_eq!(role_there("Internal/publisher", "system_primary_").unwrap(), "publisher");
        assert_eq!(role_there("editor", "system_primary_").unwrap(), "system_primary_editor");
        assert_eq!(role_there("editor", "apim_primary_").unwrap(), "apim_primary_editor");
        assert!(role_there("Application/editor", "apim_primary_").is_err());
    }
}
