//! Registering OAuth clients at an authorization server: what is asked, told and can go wrong.
//! The calls themselves stand in each connector's file.

use futures::future::{BoxFuture, ready};
use http::header::WWW_AUTHENTICATE;
use serde_json::{Map, Value};

use super::ClientSecrets;
use crate::{
    domain::{Application, ClientManagement, KeyManager, KeyMapping, KeyType, Secret},
    outbound,
    site::Site,
};

/// On whose behalf a connector speaks, and to whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) site: &'a Site,
    /// Domain of the key manager's tenant.
    pub(crate) tenant: &'a str,
    pub(crate) key_manager: &'a KeyManager,
}

/// A client to be.
#[derive(Debug, Clone)]
pub(crate) struct ClientRequest {
    /// Who asks, without the tenant.
    pub(crate) user: String,
    pub(crate) application: Application,
    pub(crate) key_type: KeyType,
    pub(crate) grant_types: Vec<String>,
    /// Redirect URIs, separated by commas.
    pub(crate) callback_url: Option<String>,
    /// Settings of the client by the names of the connector.
    pub(crate) properties: Map<String, Value>,
    /// The id that the client is to have, or the mark that it is found by, where the platform chooses one.
    pub(crate) chosen_id: Option<String>,
    /// The token that manages the client from then on, where the platform chooses it.
    pub(crate) chosen_token: Option<Secret>,
}

impl ClientRequest {
    pub(crate) fn redirect_uris(&self) -> Vec<String> {
        let urls = self.callback_url.as_deref().unwrap_or_default().split(',');
        urls.map(str::trim).filter(|url| !url.is_empty()).map(str::to_owned).collect()
    }
}

/// A client as its authorization server told it.
#[derive(Debug, Clone)]
pub(crate) struct RegisteredClient {
    pub(crate) consumer_key: String,
    pub(crate) consumer_secret: Option<Secret>,
    pub(crate) grant_types: Vec<String>,
    pub(crate) callback_url: Option<String>,
    pub(crate) properties: Map<String, Value>,
    pub(crate) management: Option<ClientManagement>,
}

/// Why a connector could not do it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectorError {
    /// The server said no: a 4xx with this text, and whether it asked for (other) credentials.
    #[error("the key manager answered {status}: {said}")]
    Refused { status: u16, said: String, challenged: bool },
    /// The server failed: a 5xx, or an answer that is none.
    #[error("the key manager failed: {said}")]
    Failed { said: String },
    /// There was no answer in time.
    #[error("the key manager cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// The server does not know the client.
    #[error("the key manager does not know the client")]
    UnknownClient,
    /// The client has no secret of that id.
    #[error("the client has no such secret")]
    UnknownSecret,
    /// The client would be left without a secret.
    #[error("the only secret of a client cannot be revoked")]
    LastSecret,
    /// This connector cannot do that at all.
    #[error("{0}")]
    Unsupported(&'static str),
    /// Our own store failed.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
}

impl From<reqwest::Error> for ConnectorError {
    fn from(error: reqwest::Error) -> Self {
        Self::Unreachable(error.without_url())
    }
}

/// Sorts an answer by its status; `Ok` are the 2xx, an empty one an empty object.
pub(super) async fn answer(response: reqwest::Response) -> Result<Map<String, Value>, ConnectorError> {
    match any_answer(response).await? {
        Value::Object(members) => Ok(members),
        _ => Err(ConnectorError::Failed { said: "the answer is no JSON object".to_owned() }),
    }
}

/// The same where the answer may be a list.
pub(super) async fn any_answer(response: reqwest::Response) -> Result<Value, ConnectorError> {
    let status = response.status();
    let challenged = response.headers().contains_key(WWW_AUTHENTICATE);
    let Some(bytes) = outbound::body(response).await? else {
        return Err(ConnectorError::Failed { said: format!("status {status} with an answer that is too long") });
    };
    let text = String::from_utf8_lossy(&bytes);
    if status.is_client_error() {
        return Err(ConnectorError::Refused { status: status.as_u16(), said: shortened(&text), challenged });
    }
    if !status.is_success() {
        return Err(ConnectorError::Failed { said: format!("status {status}: {}", shortened(&text)) });
    }
    if text.trim().is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    serde_json::from_str(&text).map_err(|_| ConnectorError::Failed { said: "the answer is no JSON".to_owned() })
}

/// The beginning of what a server said: enough to recognize an error, not a page of HTML.
fn shortened(text: &str) -> String {
    const MOST: usize = 300;
    if text.chars().count() <= MOST { text.to_owned() } else { text.chars().take(MOST).chain(['…']).collect() }
}

/// Speaks a type's registration dialect.
pub(crate) trait ClientRegistration: Send + Sync {
    /// Registers a client.
    fn register<'a>(
        &'a self,
        call: Call<'a>,
        request: &'a ClientRequest,
    ) -> BoxFuture<'a, Result<RegisteredClient, ConnectorError>>;

    /// An id for a client to be, where the type's servers let the platform choose it, else a mark that they find it by: what
    /// became of an attempt whose answer is lost can then be told.
    fn choose_id(&self) -> Option<String> {
        None
    }

    /// A token by which a client to be is managed, where the type's servers let the platform choose it.
    fn choose_token(&self) -> Option<Secret> {
        None
    }

    /// The id of the client that an attempt with this id or mark may have made; `None` when the server says that there is
    /// none.
    fn made_of<'a>(
        &'a self,
        _call: Call<'a>,
        chosen: &'a str,
    ) -> BoxFuture<'a, Result<Option<String>, ConnectorError>> {
        Box::pin(ready(Ok(Some(chosen.to_owned()))))
    }

    /// The client that an earlier attempt at this very registration left at the server, where it can be asked: an answer
    /// may get lost on its way although the client was made.
    fn left_behind<'a>(
        &'a self,
        _call: Call<'a>,
        _request: &'a ClientRequest,
    ) -> BoxFuture<'a, Result<Option<RegisteredClient>, ConnectorError>> {
        Box::pin(ready(Ok(None)))
    }

    /// Reads a client that exists, for mapping it.
    fn read<'a>(
        &'a self,
        call: Call<'a>,
        consumer_key: &'a str,
    ) -> BoxFuture<'a, Result<RegisteredClient, ConnectorError>>;

    /// Changes a client that the platform registered.
    fn update<'a>(
        &'a self,
        call: Call<'a>,
        mapping: &'a KeyMapping,
        request: &'a ClientRequest,
    ) -> BoxFuture<'a, Result<RegisteredClient, ConnectorError>>;

    /// Deletes a client that the platform registered.
    fn delete<'a>(&'a self, call: Call<'a>, mapping: &'a KeyMapping) -> BoxFuture<'a, Result<(), ConnectorError>>;

    /// Gives a client a new secret.
    fn rotate_secret<'a>(
        &'a self,
        call: Call<'a>,
        mapping: &'a KeyMapping,
    ) -> BoxFuture<'a, Result<Secret, ConnectorError>>;

    /// Where the type's servers keep several secrets of one client, how that is done.
    fn several_secrets(&self) -> Option<&dyn ClientSecrets> {
        None
    }
}
