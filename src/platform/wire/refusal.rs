//! A refusal of a management plane: status, product code and texts.
//! Which code belongs to which situation is decided where the situation is met.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::json;

use super::Code;
use crate::store::StoreError;

/// An answer other than the one hoped for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: u32,
    pub(crate) message: String,
    pub(crate) description: String,
}

impl Refusal {
    /// A refusal without a product code: the code is the status.
    pub(crate) fn generic(status: StatusCode, description: impl Into<String>) -> Self {
        Self {
            status,
            code: status.as_u16().into(),
            message: status.canonical_reason().unwrap_or("Error").to_owned(),
            description: description.into(),
        }
    }

    /// 400 without a product code.
    pub(crate) fn bad_request(description: impl Into<String>) -> Self {
        Self::generic(StatusCode::BAD_REQUEST, description)
    }

    /// 404 without a product code.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::generic(StatusCode::NOT_FOUND, format!("Requested {what} not found"))
    }

    /// 401: no token, a bad one, or one without the scope.
    pub(crate) fn unauthenticated() -> Self {
        Self {
            message: "Unauthenticated request".to_owned(),
            ..Self::generic(StatusCode::UNAUTHORIZED, "Unauthenticated request")
        }
    }

    /// The same refusal with another description.
    pub(crate) fn because(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        let (status, message, description) = code.text();
        Self {
            status: StatusCode::from_u16(status).expect("the table of codes has real statuses"),
            code: code.number(),
            message: message.to_owned(),
            description: description.to_owned(),
        }
    }
}

/// A failing store is our own fault: its cause goes to the log, not to the caller.
impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(?error, "the store failed");
        Self::generic(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The server encountered an internal error. Please contact administrator.",
        )
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({
            "code": self.code,
            "message": self.message,
            "description": self.description,
            "moreInfo": "",
            "error": [],
        });
        (self.status, Json(body)).into_response()
    }
}
