//! A persona at the management planes: logs in when first needed, once, and calls with its token from then on.
//! Which personas there are is decided by the runner's provisioning.

use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use url::Url;

use kmspec_model::{
    exchange::{Plane, Role},
    target::Persona,
};

use super::{
    error::DriverError,
    exchange_log::ExchangeLog,
    granted,
    ledger::{Created, Ledger},
    reply::{Refusal, Reply},
    wire::{Answered, Call, Line, Wire, below},
};

/// Every scope that a persona asks for; the platform leaves out what the roles do not allow.
const SCOPES: &str = "apim:admin apim:admin_operations apim:admin_settings apim:api_view apim:api_create apim:api_publish \
     apim:api_manage apim:api_delete apim:shared_scope_manage apim:subscribe apim:app_manage apim:sub_manage \
     apim:subscription_view apim:subscription_block apim:client_certificates_add apim:store_settings";

/// Where the planes of a subject are; `None` where it has no such plane.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Planes {
    /// Admin REST interface.
    pub admin: Option<Url>,
    /// Publisher REST interface.
    pub publisher: Option<Url>,
    /// Developer portal REST interface.
    pub devportal: Option<Url>,
    /// API traffic.
    pub gateway: Option<Url>,
    /// Root of the management host: bootstrap registration, OAuth endpoints, event intake.
    pub resident: Option<Url>,
}

/// How a session proves who it is.
#[derive(Debug, Clone)]
enum Credential {
    Login(Arc<Login>),
    Token(String),
    Nobody,
}

#[derive(Debug)]
struct Login {
    persona: Persona,
    client: tokio::sync::OnceCell<(String, String)>,
    token: Mutex<Option<String>>,
    logging_in: tokio::sync::Mutex<()>,
}

/// A persona at the management planes; clones share the login.
#[derive(Debug, Clone)]
pub struct Session {
    wire: Wire,
    log: ExchangeLog,
    ledger: Ledger,
    role: Role,
    planes: Arc<Planes>,
    client_name: String,
    credential: Credential,
    /// The tenant whose portal is looked at, where that is another one than the persona's own.
    addressed: Option<String>,
}

impl Session {
    /// A persona that logs in with its password when it is first needed. `client_name` names its management client at
    /// the platform; the bootstrap registration updates a client of the same name.
    pub fn of(
        persona: Persona,
        role: Role,
        client_name: &str,
        planes: Arc<Planes>,
        wire: Wire,
        log: ExchangeLog,
        ledger: Ledger,
    ) -> Self {
        let login = Login {
            persona,
            client: tokio::sync::OnceCell::new(),
            token: Mutex::new(None),
            logging_in: tokio::sync::Mutex::new(()),
        };
        let credential = Credential::Login(Arc::new(login));
        Self { wire, log, ledger, role, planes, client_name: client_name.to_owned(), credential, addressed: None }
    }

    /// Somebody else at the same planes, who logs in when first needed.
    pub fn of_another(&self, persona: Persona) -> Self {
        let client_name = format!("{}-{}", self.client_name, persona.username.split('@').next().unwrap_or_default());
        let (planes, wire) = (Arc::clone(&self.planes), self.wire.clone());
        Self::of(persona, self.role, &client_name, planes, wire, self.log.clone(), self.ledger.clone())
    }

    /// The same persona calling with this token instead of its own.
    pub fn with_token(&self, token: &str) -> Self {
        Self { credential: Credential::Token(token.to_owned()), ..self.clone() }
    }

    /// The same role calling without any token.
    pub fn without_token(&self) -> Self {
        Self { credential: Credential::Nobody, ..self.clone() }
    }

    /// The same persona looking at the portal of that tenant.
    pub fn addressed_to(&self, tenant: &str) -> Self {
        Self { addressed: Some(tenant.to_owned()), ..self.clone() }
    }

    /// Who acts in it.
    pub fn role(&self) -> Role {
        self.role
    }

    /// What it created.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The persona, where it logs in with a password.
    pub fn persona(&self) -> Option<&Persona> {
        match &self.credential {
            Credential::Login(login) => Some(&login.persona),
            Credential::Token(_) | Credential::Nobody => None,
        }
    }

    /// Logs in again before the next call; needed after the subject's clock was moved, or after a restart.
    pub fn forget_token(&self) {
        if let Credential::Login(login) = &self.credential {
            *login.token.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// The management token in use, after a login where one is needed.
    ///
    /// # Errors
    ///
    /// Those of the login.
    pub async fn token(&self) -> Result<Option<String>, DriverError> {
        match &self.credential {
            Credential::Nobody => Ok(None),
            Credential::Token(token) => Ok(Some(token.clone())),
            Credential::Login(login) => self.login(login).await.map(Some),
        }
    }

    /// A call to a plane, without its token: `segments` go behind the plane's base URL.
    pub(super) fn call(&self, plane: Plane, method: &str, segments: &[&str]) -> Result<Call, DriverError> {
        Ok(Call::new(method, below(self.base(plane)?, segments)))
    }

    /// A call to a path below a plane's base, spelled as it is.
    pub(super) fn call_spelled(&self, plane: Plane, method: &str, spelled: &str) -> Result<Call, DriverError> {
        let mut url = self.base(plane)?.clone();
        url.set_path(&format!("{}/{spelled}", url.path().trim_end_matches('/')));
        Ok(Call::new(method, url))
    }

    /// Sends a call with this persona's token.
    pub(super) async fn send(&self, plane: Plane, call: Call) -> Result<Answered, DriverError> {
        let call = match self.token().await? {
            Some(token) => call.bearer(&token),
            None => call,
        };
        let call = match &self.addressed {
            Some(tenant) => call.header("X-WSO2-Tenant", tenant.as_str()),
            None => call,
        };
        let path = call.url().path().strip_prefix(self.base(plane)?.path().trim_end_matches('/'));
        let due = path.and_then(|path| granted::statuses(plane, call.method(), path));
        Ok(self.line(plane, self.role).send(call).await?.due(due))
    }

    /// Writes down what an answer of success says was made, by the member with its id.
    pub(super) fn note_made(&self, answered: &Answered, member: &str, made: fn(String) -> Created) {
        if let Some(id) = answered.made(member) {
            self.ledger.add(self.role, made(id));
        }
    }

    /// Strikes off what an answer of success says is gone.
    pub(super) fn note_gone(&self, answered: &Answered, gone: &Created) {
        if answered.is_success() {
            self.ledger.strike(gone);
        }
    }

    fn line(&self, plane: Plane, role: Role) -> Line {
        self.wire.line(&self.log, role, plane)
    }

    fn base(&self, plane: Plane) -> Result<&Url, DriverError> {
        let (url, name) = match plane {
            Plane::Admin => (&self.planes.admin, "admin"),
            Plane::Publisher => (&self.planes.publisher, "publisher"),
            Plane::Devportal => (&self.planes.devportal, "devportal"),
            Plane::Gateway => (&self.planes.gateway, "gateway"),
            Plane::Resident | Plane::Notify | Plane::AuthorizationServer => (&self.planes.resident, "resident"),
        };
        url.as_ref().ok_or(DriverError::NoPlane(name))
    }

    /// Two callers at one time log in once: the second finds the first one's token.
    async fn login(&self, login: &Login) -> Result<String, DriverError> {
        let kept = || login.token.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let _turn = login.logging_in.lock().await;
        if let Some(token) = kept() {
            return Ok(token);
        }
        let (client, secret) = login.client.get_or_try_init(|| self.register_client(login)).await?;
        let form = [
            ("grant_type", "password"),
            ("username", login.persona.username.as_str()),
            ("password", login.persona.password.as_str()),
            ("scope", SCOPES),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let url = below(self.base(Plane::Resident)?, &["oauth2", "token"]);
        let answered = self
            .line(Plane::Resident, Role::Harness)
            .send(Call::new("POST", url).basic(client, secret).form(&form))
            .await?;
        match answered.read::<LoginToken>("a token response")? {
            Reply::Granted(token) => {
                *login.token.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.access_token.clone());
                Ok(token.access_token)
            }
            Reply::Refused(refusal) => Err(self.refused(login, refusal)),
        }
    }

    async fn register_client(&self, login: &Login) -> Result<(String, String), DriverError> {
        let request = serde_json::json!({
            "callbackUrl": "https://localhost/callback",
            "clientName": self.client_name,
            "owner": login.persona.username,
            "grantType": "password refresh_token client_credentials",
            "saasApp": true,
        });
        let url = below(self.base(Plane::Resident)?, &["client-registration", "v0.17", "register"]);
        let call = Call::new("POST", url).basic(&login.persona.username, &login.persona.password).json(&request);
        let answered = self.line(Plane::Resident, Role::Harness).send(call).await?;
        match answered.read::<ManagementClient>("a registered client")? {
            Reply::Granted(client) => Ok((client.client_id, client.client_secret)),
            Reply::Refused(refusal) => Err(self.refused(login, refusal)),
        }
    }

    fn refused(&self, login: &Login, refusal: Refusal) -> DriverError {
        DriverError::LoginRefused {
            who: self.role.to_string(),
            username: login.persona.username.clone(),
            refusal: Box::new(refusal),
        }
    }
}

#[derive(Deserialize)]
struct LoginToken {
    access_token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ManagementClient {
    client_id: String,
    client_secret: String,
}
