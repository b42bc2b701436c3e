//! Registering clients over HTTP: the calls that all servers have in common, and what tells their dialects apart.
//! The dialects themselves stand in each connector's file.

use futures::{FutureExt, future::BoxFuture};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, RequestBuilder};
use serde_json::{Map, Value};

use super::{
    Call, ClientRegistration, ClientRequest, ConnectorError, RegisteredClient,
    registration::{answer, any_answer},
};
use crate::domain::{KeyMapping, Secret};

/// What opens a management call.
#[derive(Debug, Clone)]
pub(super) enum Credential {
    /// Nothing is needed.
    None,
    Basic {
        user: String,
        password: Option<String>,
    },
    Bearer(Secret),
    /// A header field of the vendor's own.
    Field {
        name: &'static str,
        value: Secret,
    },
}

impl Credential {
    fn put_on(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::None => request,
            Self::Basic { user, password } => request.basic_auth(user, password.as_ref()),
            Self::Bearer(token) => request.bearer_auth(token.reveal()),
            Self::Field { name, value } => request.header(*name, value.reveal()),
        }
    }
}

/// A management call about one client.
pub(super) struct Managed {
    pub(super) method: Method,
    pub(super) url: String,
    /// What opens it, where that is the client's own.
    pub(super) credential: Option<Credential>,
}

/// How a type of server has its clients registered.
pub(super) trait Dialect: Send + Sync {
    /// What opens the calls of the key manager; a token may have to be requested for it.
    fn credential<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Credential, ConnectorError>>;

    /// The client as the server wants to be told; `client` is there when it is changed.
    fn body(&self, call: Call<'_>, request: &ClientRequest, client: Option<&KeyMapping>) -> Value;

    /// The client as the server told it; `sent` is what it was told before, where it was.
    fn told(&self, told: Map<String, Value>, sent: &Sent<'_>) -> Result<RegisteredClient, ConnectorError>;

    /// Where clients are created.
    fn collection(&self, call: Call<'_>) -> Result<String, ConnectorError> {
        let endpoint = call.key_manager.client_registration_endpoint.as_deref().unwrap_or_default();
        match endpoint.trim().trim_end_matches('/') {
            "" => Err(ConnectorError::Unsupported("this key manager has no client registration endpoint")),
            endpoint => Ok(endpoint.to_owned()),
        }
    }

    /// Where one client is.
    fn item(&self, call: Call<'_>, client: &str) -> Result<String, ConnectorError> {
        Ok(format!("{}/{}", self.collection(call)?, utf8_percent_encode(client, NON_ALPHANUMERIC)))
    }

    /// A call that reads, changes or deletes a client that the platform registered.
    fn managed(&self, call: Call<'_>, mapping: &KeyMapping, method: Method) -> Result<Managed, ConnectorError> {
        Ok(Managed { method, url: self.item(call, &mapping.consumer_key)?, credential: None })
    }

    /// An id for a client to be, where the server lets the platform choose it, else a mark that [`Dialect::marked`] finds.
    fn id_of_choice(&self) -> Option<String> {
        None
    }

    /// A token that manages a client to be, where the server lets the platform choose it.
    fn token_of_choice(&self) -> Option<Secret> {
        None
    }

    /// The id of the client that was registered with this id or mark; `None` when the server has none.
    fn marked<'a>(&'a self, _call: Call<'a>, mark: &'a str) -> BoxFuture<'a, Result<Option<String>, ConnectorError>> {
        futures::future::ready(Ok(Some(mark.to_owned()))).boxed()
    }

    /// Whether a client that is mapped is looked up, or taken as it is.
    fn looks_clients_up(&self) -> bool {
        true
    }

    /// Where a client would be that an earlier attempt left, where the server can be asked.
    fn left_behind_at(&self, _call: Call<'_>, _request: &ClientRequest) -> Result<Option<String>, ConnectorError> {
        Ok(None)
    }

    /// Whether a refusal means that there is no such client.
    fn is_unknown(&self, status: u16, _challenged: bool) -> bool {
        status == 404
    }

    /// What else is to be done before a new client is of use, and the client as it is then.
    fn finish<'a>(
        &'a self,
        _call: Call<'a>,
        _request: &'a ClientRequest,
        client: RegisteredClient,
        _credential: &'a Credential,
    ) -> BoxFuture<'a, Result<RegisteredClient, ConnectorError>> {
        futures::future::ready(Ok(client)).boxed()
    }

    /// Whether a new secret is sent with the client as it is, which must be read before.
    fn rotates_what_it_reads(&self) -> bool {
        false
    }

    /// The call that gives a client another secret.
    fn rotation(
        &self,
        _call: Call<'_>,
        _mapping: &KeyMapping,
        _read: Map<String, Value>,
    ) -> Result<Rotation, ConnectorError> {
        Err(ConnectorError::Unsupported("this type of key manager has no call that replaces a secret"))
    }
}

/// A call that gives a client another secret.
pub(super) struct Rotation {
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) body: Option<Value>,
    /// The new secret; `None` where the server tells it.
    pub(super) chosen: Option<Secret>,
}

/// What a server was told before it told us.
#[derive(Default)]
pub(super) struct Sent<'a> {
    pub(super) request: Option<&'a ClientRequest>,
    pub(super) body: Option<&'a Value>,
    pub(super) client: Option<&'a KeyMapping>,
}

/// Sends a call and sorts its answer.
pub(super) async fn send(
    call: Call<'_>,
    method: Method,
    url: &str,
    credential: &Credential,
    body: Option<&Value>,
) -> Result<Map<String, Value>, ConnectorError> {
    answer(request(call, method, url, credential, body).send().await?).await
}

/// The same where the answer may be a list.
pub(super) async fn send_for_any(
    call: Call<'_>,
    method: Method,
    url: &str,
    credential: &Credential,
    body: Option<&Value>,
) -> Result<Value, ConnectorError> {
    any_answer(request(call, method, url, credential, body).send().await?).await
}

fn request(call: Call<'_>, method: Method, url: &str, credential: &Credential, body: Option<&Value>) -> RequestBuilder {
    let request = credential.put_on(call.site.http.request(method, url));
    match body {
        Some(body) => request.json(body),
        None => request,
    }
}

async fn opened<D: Dialect + ?Sized>(
    dialect: &D,
    call: Call<'_>,
    own: Option<Credential>,
) -> Result<Credential, ConnectorError> {
    match own {
        Some(own) => Ok(own),
        None => dialect.credential(call).await,
    }
}

fn known<D: Dialect + ?Sized, T>(dialect: &D, answer: Result<T, ConnectorError>) -> Result<T, ConnectorError> {
    match answer {
        Err(ConnectorError::Refused { status, challenged, .. }) if dialect.is_unknown(status, challenged) => {
            Err(ConnectorError::UnknownClient)
        }
        other => other,
    }
}

/// A token of the key manager's own client, for management calls (RFC 6749, section 4.4).
pub(super) async fn management_token(
    call: Call<'_>,
    client: &str,
    secret: &str,
    more: &[(&str, String)],
) -> Result<Credential, ConnectorError> {
    let property = |name: &str| call.key_manager.additional_properties.text(name).unwrap_or_default();
    let mut form = vec![("grant_type", "client_credentials".to_owned())];
    form.extend(more.iter().cloned());
    let url = call.key_manager.token_endpoint.as_deref().unwrap_or_default();
    let post = call.site.http.post(url).basic_auth(property(client), Some(property(secret))).form(&form);
    let told = answer(post.send().await?).await?;
    match told.get("access_token").and_then(Value::as_str) {
        Some(token) => Ok(Credential::Bearer(Secret::new(token))),
        None => Err(ConnectorError::Failed { said: "no token for the management of clients was granted".to_owned() }),
    }
}

impl<D: Dialect> ClientRegistration for D {
    fn choose_id(&self) -> Option<String> {
        self.id_of_choice()
    }

    fn choose_token(&self) -> Option<Secret> {
        self.token_of_choice()
    }

    fn made_of<'a>(&'a self, call: Call<'a>, chosen: &'a str) -> BoxFuture<'a, Result<Option<String>, ConnectorError>> {
        self.marked(call, chosen)
    }

    fn register<'a>(
        &'a self,
        call: Call<'a>,
        request: &'a ClientRequest,
    ) -> BoxFuture<'a, Result<RegisteredClient, ConnectorError>> {
        async move {
            let url = self.collection(call)?;
            let credential = self.credential(call).await?;
            let body = self.body(call, request, None);
            let told = send(call, Method::POST, &url, &credential, Some(&body)).await?;
            let sent = Sent { request: Some(request), body: Some(&body), client: None };
            let client = self.told(told, &sent)?;
            let item = self.item(call, &client.consumer_key)?;
            let finished = self.finish(call, request, client, &credential).await;
            if finished.is_err()
                && let Err(left) = send(call, Method::DELETE, &item, &credential, None).await
            {
                tracing::warn!(error = ?left, item, "a half-made client could not be deleted");
            }
            finished
        }
        .boxed()
    }

    fn left_behind<'a>(
        &'a self,
        call: Call<'a>,
        request: &'a ClientRequest,
    ) -> BoxFuture<'a, Result<Option<RegisteredClient>, ConnectorError>> {
        async move {
            let Some(url) = self.left_behind_at(call, request)? else { return Ok(None) };
            let credential = self.credential(call).await?;
            match known(self, send(call, Method::GET, &url, &credential, None).await) {
                Err(ConnectorError::UnknownClient) => Ok(None),
                Err(error) => Err(error),
                // Some servers find a client by a part of its name.
                Ok(told)
                    if told
                        .get("client_name")
                        .is_some_and(|name| *name != self.body(call, request, None)["client_name"]) =>
                {
                    Ok(None)
                }
                Ok(told) => self.told(told, &Sent::default()).map(Some),
            }
        }
        .boxed()
    }

    fn read<'a>(
        &'a self,
        call: Call<'a>,
        consumer_key: &'a str,
    ) -> BoxFuture<'a, Result<RegisteredClient, ConnectorError>> {
        async move {
            if !self.looks_clients_up() {
                return Err(ConnectorError::Unsupported("this type of key manager is not asked for a client"));
            }
            let url = self.item(call, consumer_key)?;
            let credential = self.credential(call).await?;
            let told = known(self, send(call, Method::GET, &url, &credential, None).await)?;
            self.told(told, &Sent::default())
        }
        .boxed()
    }

    fn update<'a>(
        &'a self,
        call: Call<'a>,
        mapping: &'a KeyMapping,
        request: &'a ClientRequest,
    ) -> BoxFuture<'a, Result<RegisteredClient, ConnectorError>> {
        async move {
            let Managed { method, url, credential } = self.managed(call, mapping, Method::PUT)?;
            let credential = opened(self, call, credential).await?;
            let body = self.body(call, request, Some(mapping));
            let told = known(self, send(call, method, &url, &credential, Some(&body)).await)?;
            self.told(told, &Sent { request: Some(request), body: Some(&body), client: Some(mapping) })
        }
        .boxed()
    }

    fn delete<'a>(&'a self, call: Call<'a>, mapping: &'a KeyMapping) -> BoxFuture<'a, Result<(), ConnectorError>> {
        async move {
            let Managed { method, url, credential } = self.managed(call, mapping, Method::DELETE)?;
            let credential = opened(self, call, credential).await?;
            known(self, send(call, method, &url, &credential, None).await).map(drop)
        }
        .boxed()
    }

    fn rotate_secret<'a>(
        &'a self,
        call: Call<'a>,
        mapping: &'a KeyMapping,
    ) -> BoxFuture<'a, Result<Secret, ConnectorError>> {
        async move {
            let credential = self.credential(call).await?;
            let mut read = Map::new();
            if self.rotates_what_it_reads() {
                let item = self.item(call, &mapping.consumer_key)?;
                read = known(self, send(call, Method::GET, &item, &credential, None).await)?;
            }
            let Rotation { method, url, body, chosen } = self.rotation(call, mapping, read)?;
            let told = known(self, send(call, method, &url, &credential, body.as_ref()).await)?;
            let secret = chosen.or_else(|| told.get("client_secret").and_then(Value::as_str).map(Secret::new));
            secret.ok_or_else(|| ConnectorError::Failed { said: "the answer has no client_secret".to_owned() })
        }
        .boxed()
    }
}
