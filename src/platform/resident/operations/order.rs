//! A call of the key manager operations: who asks, in which tenant, about what; and how it is refused.
//! What is done then is left to the other files.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json, RequestExt,
    body::Bytes,
    extract::{FromRequest, Path, Query, Request},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use super::super::realms::Residents;
use crate::{
    domain::{OAuthClient, SUPER_TENANT, User},
    identity,
    store::{Documents, StoreError},
    wire::basic_credentials,
};

/// Why an operation was not carried out.
pub(super) enum Refused {
    /// Nobody can be made of the credentials.
    Unauthenticated,
    /// The caller administers nothing.
    Forbidden,
    /// There is no such client; answered as RFC 7592, section 2.1 has it.
    UnknownClient,
    /// There is no such user, secret or tenant.
    NotFound,
    /// 400 with this message and description.
    Invalid(&'static str, String),
    /// A client has this id or this name already.
    Taken(String),
    /// Our own fault.
    Store(StoreError),
}

/// A client cannot be registered so.
pub(super) fn metadata(description: impl Into<String>) -> Refused {
    Refused::Invalid("invalid_client_metadata", description.into())
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let worded = |status: StatusCode, message: &str, description: String| {
            let body = json!({"code": status.as_str(), "message": message, "description": description});
            (status, Json(body)).into_response()
        };
        match self {
            Self::Unauthenticated => {
                (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Basic realm=\"localhost\"")]).into_response()
            }
            Self::Forbidden => StatusCode::FORBIDDEN.into_response(),
            Self::UnknownClient => StatusCode::UNAUTHORIZED.into_response(),
            Self::NotFound => StatusCode::NOT_FOUND.into_response(),
            Self::Invalid(message, description) => worded(StatusCode::BAD_REQUEST, message, description),
            Self::Taken(description) => worded(StatusCode::CONFLICT, "invalid_client_metadata", description),
            Self::Store(error) => {
                tracing::error!(?error, "the store failed");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

/// A call as it was sent.
pub(super) struct Order {
    /// The tenant of the path.
    pub(super) tenant: String,
    headers: HeaderMap,
    names: HashMap<String, String>,
    query: HashMap<String, String>,
    body: Bytes,
}

impl FromRequest<Arc<Residents>> for Order {
    type Rejection = Refused;

    async fn from_request(mut request: Request, state: &Arc<Residents>) -> Result<Self, Refused> {
        let names = request.extract_parts::<Path<HashMap<String, String>>>().await;
        // What cannot be read names nobody.
        let mut names = names.map(|Path(names)| names).unwrap_or_default();
        let query = request.extract_parts::<Query<HashMap<String, String>>>().await;
        let Query(query) = query.map_err(|_| metadata("the query cannot be read"))?;
        let headers = request.headers().clone();
        let body = Bytes::from_request(request, state).await.map_err(|_| metadata("the body cannot be read"))?;
        let tenant = names.remove("tenant").unwrap_or_else(|| SUPER_TENANT.to_owned());
        Ok(Self { tenant, headers, names, query, body })
    }
}

impl Order {
    /// Has the work done for an administrator of the tenant, in one piece.
    pub(super) async fn carried_out<T: Send + 'static>(
        self,
        residents: &Residents,
        work: impl FnOnce(&Documents<'_>, &Self, &User) -> Result<T, Refused> + Send + 'static,
    ) -> Result<T, Refused> {
        let store = residents.store().clone();
        store
            .write(move |documents| {
                let administrator = self.administrator(documents)?;
                work(documents, &self, &administrator)
            })
            .await
    }

    fn administrator(&self, documents: &Documents<'_>) -> Result<User, Refused> {
        let (name, password) = basic_credentials(&self.headers).ok_or(Refused::Unauthenticated)?;
        let user = identity::member(documents, &self.tenant, &name, &password)?.ok_or(Refused::Unauthenticated)?;
        let administers = user.roles.iter().any(|role| role == identity::ADMINISTRATOR);
        if administers { Ok(user) } else { Err(Refused::Forbidden) }
    }

    /// The client that the path names, in base64url.
    pub(super) fn client(&self, documents: &Documents<'_>) -> Result<OAuthClient, Refused> {
        let coded = self.name("id").trim_end_matches('=');
        let id = URL_SAFE_NO_PAD.decode(coded).ok().and_then(|id| String::from_utf8(id).ok());
        let found = id.map(|id| documents.find::<OAuthClient>(&self.tenant, &id)).transpose()?.flatten();
        found.ok_or(Refused::UnknownClient)
    }

    /// A part of the path.
    pub(super) fn name(&self, name: &str) -> &str {
        self.names.get(name).map(String::as_str).unwrap_or_default()
    }

    /// A parameter of the query that says something.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// The body, which has to be a JSON object.
    pub(super) fn object(&self) -> Result<Map<String, Value>, Refused> {
        serde_json::from_slice(&self.body).map_err(|_| metadata("the body is no JSON object"))
    }

    /// The user of the tenant whom a text means, with or without the tenant.
    pub(super) fn user(&self, documents: &Documents<'_>, name: &str) -> Result<Option<User>, StoreError> {
        let bare = name.strip_suffix(&self.tenant).and_then(|rest| rest.strip_suffix('@')).unwrap_or(name);
        identity::user(documents, &self.tenant, bare)
    }
}
