//! Whatever was answered to a request, and how it is read: as a success of some shape, or as a refusal.
//! Whether that is right is for the steps to say.

use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::{
    error::DriverError,
    reply::{Refusal, Reply, find_header},
};

/// Whatever was answered.
#[derive(Debug, Clone)]
pub struct Answered {
    /// Status code.
    pub status: u16,
    /// Header fields as received; names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body, as text.
    pub body: String,
    /// How long the answer took.
    pub took: Duration,
    pub(super) method: String,
    pub(super) url: String,
}

impl Answered {
    /// The value of a header field, by its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        find_header(&self.headers, name)
    }

    /// Where it was asked for.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether the status is one of success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Reads a success as JSON, anything else as a refusal.
    ///
    /// # Errors
    ///
    /// [`DriverError::Unreadable`] when a success is not what the interface promises.
    pub fn read<T: DeserializeOwned>(self, wanted: &'static str) -> Result<Reply<T>, DriverError> {
        if !self.is_success() {
            return Ok(Reply::Refused(self.refusal()));
        }
        match serde_json::from_str(&self.body) {
            Ok(value) => Ok(Reply::Granted(value)),
            Err(source) => {
                Err(DriverError::Unreadable { method: self.method, url: self.url, status: self.status, wanted, source })
            }
        }
    }

    /// A success whose body does not matter, or a refusal.
    pub fn done(self) -> Reply<()> {
        if self.is_success() { Reply::Granted(()) } else { Reply::Refused(self.refusal()) }
    }

    /// The answer as a refusal.
    pub fn refusal(self) -> Refusal {
        Refusal::read(self.status, self.headers, &self.body)
    }
}
