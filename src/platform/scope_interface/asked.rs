//! A call of the scope interface: who asks, in which tenant, about which scope; and how it is refused.
//! What is done then is left to `calls`.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json, RequestExt,
    body::Bytes,
    extract::{FromRequest, Path, Query, Request},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::json;
use uuid::Uuid;

use crate::{
    domain::SUPER_TENANT,
    identity,
    site::Site,
    store::{Documents, StoreError},
    wire::basic_credentials,
};

/// Why a call was not carried out.
#[derive(Debug)]
pub(super) enum Refused {
    /// Nobody can be made of the credentials.
    Unauthenticated,
    /// The caller administers nothing.
    Forbidden,
    /// A status, a number of the interface, and what it means.
    Numbered(StatusCode, &'static str, String),
    /// Our own fault.
    Store(StoreError),
}

/// 400 with a number of the interface.
pub(super) fn wrong(number: &'static str, said: impl Into<String>) -> Refused {
    Refused::Numbered(StatusCode::BAD_REQUEST, number, said.into())
}

/// There is no such scope.
pub(super) fn not_found(name: &str) -> Refused {
    Refused::Numbered(StatusCode::NOT_FOUND, "41003", format!("there is no scope {name}"))
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Unauthenticated => {
                (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Basic realm=\"localhost\"")]).into_response()
            }
            Self::Forbidden => StatusCode::FORBIDDEN.into_response(),
            Self::Numbered(status, code, said) => {
                let body = json!({"code": code, "message": said, "description": said, "traceId": Uuid::new_v4()});
                (status, Json(body)).into_response()
            }
            Self::Store(error) => {
                tracing::error!(?error, "the store failed");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

/// A call as it was sent.
pub(super) struct Asked {
    /// The tenant of the path.
    pub(super) tenant: String,
    /// The scope of the path.
    pub(super) name: String,
    pub(super) query: HashMap<String, String>,
    pub(super) body: Bytes,
    headers: HeaderMap,
}

impl FromRequest<Arc<Site>> for Asked {
    type Rejection = Refused;

    async fn from_request(mut request: Request, site: &Arc<Site>) -> Result<Self, Refused> {
        let names = request.extract_parts::<Path<HashMap<String, String>>>().await;
        let names = names.map(|Path(names)| names);
        let mut names = names.map_err(|_| Refused::Numbered(StatusCode::NOT_FOUND, "41003", "no such scope".into()))?;
        let query = request.extract_parts::<Query<HashMap<String, String>>>().await;
        let Query(query) = query.map_err(|_| wrong("41005", "the query cannot be read"))?;
        let headers = request.headers().clone();
        let body = Bytes::from_request(request, site).await.map_err(|_| wrong("41005", "the body cannot be read"))?;
        let tenant = names.remove("tenant").unwrap_or_else(|| SUPER_TENANT.to_owned());
        Ok(Self { tenant, name: names.remove("name").unwrap_or_default(), query, body, headers })
    }
}

impl Asked {
    /// Passes administrators of the tenant, by their passwords, and nobody else.
    pub(super) fn check_caller(&self, documents: &Documents<'_>) -> Result<(), Refused> {
        let (name, password) = basic_credentials(&self.headers).ok_or(Refused::Unauthenticated)?;
        let user = identity::member(documents, &self.tenant, &name, &password)?.ok_or(Refused::Unauthenticated)?;
        let administers = user.roles.iter().any(|role| role == identity::ADMINISTRATOR);
        if administers { Ok(()) } else { Err(Refused::Forbidden) }
    }
}
