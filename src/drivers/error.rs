//! Why a driver could not bring back a reply.
//! A refusal is no error: it is one of the subject's answers, see [`super::reply`].

use std::time::Duration;

use reqwest::StatusCode;

use kmspec_model::{exchange::Role, record::Failure, verdict::Deviation};

use super::reply::Refusal;

/// The harness could not find out what the subject says.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// No answer arrived.
    #[error(
        "no answer to {method} {url} after {waited:.1?}: {why}\nhint: is it running, and does it present a certificate of the trusted CA?"
    )]
    Unanswered {
        /// Method of the request.
        method: String,
        /// Its URL.
        url: String,
        /// How long it was waited for.
        waited: Duration,
        /// The chain of causes, as one line.
        why: String,
    },
    /// An answer arrived that is not what the interface promises; the subject's slip rather than ours.
    #[error("{method} {url} answered {status} with a body that cannot be read as {wanted}: {source}")]
    Unreadable {
        /// Method of the request.
        method: String,
        /// Its URL.
        url: String,
        /// Status of the answer.
        status: u16,
        /// What it should have been.
        wanted: &'static str,
        /// Where reading stopped.
        source: serde_json::Error,
    },
    /// It was done, and told by a status of success that the interface does not have for it; the subject's slip as well.
    #[error("{method} {url} answered {}, expected {}", named(&[*status]), named(due))]
    OtherSuccess {
        /// Method of the request.
        method: String,
        /// Its URL.
        url: String,
        /// Status of the answer.
        status: u16,
        /// The statuses that the interface has for this success.
        due: &'static [u16],
    },
    /// A persona could not log in.
    #[error("{who} could not log in as `{username}`: {refusal}\nhint: check the persona's password and roles")]
    LoginRefused {
        /// Role of the persona.
        who: String,
        /// Its user name.
        username: String,
        /// What was answered.
        refusal: Box<Refusal>,
    },
    /// The subject has no such plane.
    #[error("the subject has no {0} plane\nhint: tag the scenario `@needs:{0}`")]
    NoPlane(&'static str),
    /// The subject has no user for a role.
    #[error("nobody plays the {0} at this subject\nhint: name the persona in the target's [personas]")]
    NoPersona(Role),
    /// A request could not be put together.
    #[error("the request {method} {url} cannot be sent: {why}")]
    NotSendable {
        /// Method as given.
        method: String,
        /// URL as given.
        url: String,
        /// What is wrong with it.
        why: String,
    },
}

impl From<DriverError> for Failure {
    /// An unreadable answer and one of another status are the subject's slips; everything else kept us from finding out.
    fn from(error: DriverError) -> Self {
        match &error {
            DriverError::Unreadable { wanted, .. } => Self::Deviates(Deviation {
                expected: format!("{wanted}, as the interface describes it"),
                observed: error.to_string(),
                clause: None,
            }),
            DriverError::OtherSuccess { method, url, status, due } => Self::Deviates(Deviation {
                expected: format!("{} from {method} {url}", named(due)),
                observed: named(&[*status]),
                clause: None,
            }),
            _ => Self::Error(error.to_string()),
        }
    }
}

/// Statuses with their reasons: `201 Created or 202 Accepted`.
fn named(statuses: &[u16]) -> String {
    let reason = |status: u16| StatusCode::from_u16(status).ok().and_then(|known| known.canonical_reason());
    let each = |status: &u16| reason(*status).map_or(status.to_string(), |reason| format!("{status} {reason}"));
    statuses.iter().map(each).collect::<Vec<_>>().join(" or ")
}
