//! The key manager built into the platform: bootstrap registration, and its OAuth endpoints.
//! The OAuth calls themselves are those of [`super::authorization_server`].

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use kmspec_model::{exchange::Plane, target::Persona};

use super::{
    authorization_server::{AuthorizationServerClient, OauthEndpoints},
    error::DriverError,
    granted,
    reply::Reply,
    wire::{Call, Line, below},
};

/// The resident key manager of one tenant, seen from outside.
#[derive(Debug, Clone)]
pub struct Resident {
    line: Line,
    root: Url,
    tenant: Option<String>,
}

/// A client as the bootstrap registration answers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BootstrapClient {
    /// `client_id`.
    pub client_id: String,
    /// Its secret.
    pub client_secret: super::credentials::Secret,
    /// The name it was registered under.
    #[serde(default)]
    pub client_name: Option<String>,
}

/// A client as the key manager operations answer it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RegisteredClient {
    /// Its id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: super::credentials::Secret,
}

/// Its scope interface.
const SCOPES: [&str; 5] = ["api", "identity", "oauth2", "v1.0", "scopes"];

impl Resident {
    /// The resident key manager below the management host's root; `tenant` is left out for the super tenant.
    pub fn new(line: Line, root: Url, tenant: Option<&str>) -> Self {
        Self { line, root, tenant: tenant.map(str::to_owned) }
    }

    /// Registers a management client with a user's password.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when no reply was brought back.
    pub async fn register(
        &self,
        user: &Persona,
        client_name: &str,
        grant_types: &str,
    ) -> Result<Reply<BootstrapClient>, DriverError> {
        let document = json!({
            "callbackUrl": "https://localhost/callback", "clientName": client_name, "owner": user.username,
            "grantType": grant_types, "saasApp": true,
        });
        let url = below(&self.root, &["client-registration", "v0.17", "register"]);
        let call = Call::new("POST", url).basic(&user.username, &user.password).json(&document);
        let due = granted::statuses(Plane::Resident, "POST", "/client-registration/v0.17/register");
        self.line.send(call).await?.due(due).read("a registered client")
    }

    /// Registers a client with an administrator's password at the path that the key manager's document names.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when no reply was brought back.
    pub async fn register_client(
        &self,
        place: &str,
        administrator: &Persona,
        metadata: &Value,
    ) -> Result<Reply<RegisteredClient>, DriverError> {
        let mut url = self.root.clone();
        url.set_path(place);
        let call = Call::new("POST", url).basic(&administrator.username, &administrator.password);
        self.line.send(call.json(metadata)).await?.read("a registered client")
    }

    /// Signs a user up with these claims, each by its whole name, in the hands of the tenant's administrator.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when no reply was brought back.
    pub async fn sign_up(
        &self,
        administrator: &Persona,
        user: &Persona,
        claims: &[(String, String)],
    ) -> Result<Reply<()>, DriverError> {
        let claims: Vec<_> = claims.iter().map(|(uri, value)| json!({ "uri": uri, "value": value })).collect();
        let user = json!({ "username": user.username, "password": user.password, "claims": claims });
        let call = Call::new("POST", self.of_tenant(&["api", "identity", "user", "v1.0", "me"]));
        let call = call.basic(&administrator.username, &administrator.password);
        let document = json!({ "user": user, "properties": [] });
        let due = granted::statuses(Plane::Resident, "POST", "/api/identity/user/v1.0/me");
        self.line.send(call.json(&document)).await?.due(due).done()
    }

    /// Registers a scope for these roles, in the hands of the tenant's administrator.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when no reply was brought back.
    pub async fn register_scope(
        &self,
        administrator: &Persona,
        name: &str,
        roles: &[&str],
    ) -> Result<Reply<()>, DriverError> {
        let document = json!({ "name": name, "displayName": name, "description": "", "bindings": roles });
        let call = Call::new("POST", self.of_tenant(&SCOPES)).json(&document);
        let call = call.basic(&administrator.username, &administrator.password);
        self.line.send(call).await?.done()
    }

    /// Deletes a scope by its name, in the same hands.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when no reply was brought back.
    pub async fn delete_scope(&self, administrator: &Persona, name: &str) -> Result<Reply<()>, DriverError> {
        let call = Call::new("DELETE", self.of_tenant(&[&SCOPES[..], &["name", name]].concat()));
        self.line.send(call.basic(&administrator.username, &administrator.password)).await?.done()
    }

    /// Where users log in, in a browser.
    pub fn authorization_endpoint(&self) -> Url {
        self.of_tenant(&["oauth2", "authorize"])
    }

    /// A path of the tenant below the root.
    fn of_tenant(&self, path: &[&str]) -> Url {
        let tenant = self.tenant.iter().flat_map(|tenant| ["t", tenant.as_str()]);
        below(&self.root, &tenant.chain(path.iter().copied()).collect::<Vec<_>>())
    }

    /// Its OAuth endpoints in the hands of a client.
    pub fn oauth(&self) -> AuthorizationServerClient {
        AuthorizationServerClient::new(self.line.clone(), self.endpoints())
    }

    /// Where its OAuth endpoints are.
    pub fn endpoints(&self) -> OauthEndpoints {
        let at = |name: &[&str]| Some(self.of_tenant(&[&["oauth2"], name].concat()));
        OauthEndpoints {
            token: at(&["token"]),
            introspection: at(&["introspect"]),
            revocation: at(&["revoke"]),
            registration: None,
            device_authorization: None,
            jwks: at(&["jwks"]),
            userinfo: at(&["userinfo"]),
            discovery: at(&["token", ".well-known", "openid-configuration"]),
        }
    }
}
