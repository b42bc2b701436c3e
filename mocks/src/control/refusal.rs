//! What a caller hears whose request cannot be carried out: what was wrong, and what to do instead.
//! Which status goes with what is decided where it happens.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    error: String,
    hint: Option<String>,
}

pub(super) type Answer = Result<Response, Refusal>;

impl Refusal {
    /// 400.
    pub(super) fn bad(error: impl Into<String>) -> Self {
        Self::of(StatusCode::BAD_REQUEST, error)
    }

    /// 404: there is no such thing; those that there are make the hint.
    pub(super) fn missing(what: &str, wanted: &str, known: impl IntoIterator<Item = String>) -> Self {
        let known: Vec<String> = known.into_iter().take(20).collect();
        let hint = match (nearest(wanted, &known), known.as_slice()) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, []) => format!("there is no {what} at all"),
            (None, known) => format!("there is {}", known.join(", ")),
        };
        Self::of(StatusCode::NOT_FOUND, format!("there is no {what} `{wanted}`")).hint(hint)
    }

    /// 409.
    pub(super) fn conflict(error: impl Into<String>) -> Self {
        Self::of(StatusCode::CONFLICT, error)
    }

    pub(super) fn of(status: StatusCode, error: impl Into<String>) -> Self {
        Self { status, error: error.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// 400 for an error whose text ends in a line with its hint.
    pub(super) fn told(error: &dyn std::error::Error) -> Self {
        let text = error.to_string();
        match text.split_once("\nhint: ") {
            Some((error, hint)) => Self::bad(error).hint(hint),
            None => Self::bad(text),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut body = json!({ "error": self.error });
        if let Some(hint) = self.hint {
            body["hint"] = json!(hint);
        }
        (self.status, Json(body)).into_response()
    }
}

/// Of the known names the one that was probably meant.
pub(super) fn nearest<'a>(wanted: &str, known: &'a [String]) -> Option<&'a str> {
    let near = |name: &&String| strsim::damerau_levenshtein(wanted, name) <= 1 + wanted.chars().count() / 4;
    known.iter().filter(near).min_by_key(|name| strsim::damerau_levenshtein(wanted, name)).map(String::as_str)
}
