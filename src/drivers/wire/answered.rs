//! Whatever was answered to a request, and how it is read: as a success of some shape, or as a refusal.
//! Whether that is right is for the steps to say.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

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
    /// The statuses of success that the interface has for the operation; any will do when `None`.
    pub(super) due: Option<&'static [u16]>,
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

    /// The same, from which no other success is taken than one with such a status.
    #[must_use]
    pub(crate) fn due(self, due: Option<&'static [u16]>) -> Self {
        Self { due, ..self }
    }

    /// What an answer of success names in this member, whatever its status.
    pub(crate) fn made(&self, member: &str) -> Option<String> {
        let told: Value = serde_json::from_str(&self.body).ok().filter(|_| self.is_success())?;
        told[member].as_str().map(str::to_owned)
    }

    /// Reads a success as JSON, anything else as a refusal.
    ///
    /// # Errors
    ///
    /// [`DriverError::Unreadable`] when a success is not what the interface promises, [`DriverError::OtherSuccess`] when it
    /// is told by another status.
    pub fn read<T: DeserializeOwned>(self, wanted: &'static str) -> Result<Reply<T>, DriverError> {
        if !self.is_success() {
            return Ok(Reply::Refused(self.refusal()));
        }
        self.expected()?;
        match serde_json::from_str(&self.body) {
            Ok(value) => Ok(Reply::Granted(value)),
            Err(source) => {
                Err(DriverError::Unreadable { method: self.method, url: self.url, status: self.status, wanted, source })
            }
        }
    }

    /// A success whose body does not matter, or a refusal.
    ///
    /// # Errors
    ///
    /// [`DriverError::OtherSuccess`] when the success is told by another status than the interface has for it.
    pub fn done(self) -> Result<Reply<()>, DriverError> {
        if !self.is_success() {
            return Ok(Reply::Refused(self.refusal()));
        }
        self.expected()?;
        Ok(Reply::Granted(()))
    }

    fn expected(&self) -> Result<(), DriverError> {
        match self.due {
            Some(due) if !due.contains(&self.status) => Err(DriverError::OtherSuccess {
                method: self.method.clone(),
                url: self.url.clone(),
                status: self.status,
                due,
            }),
            _ => Ok(()),
        }
    }

    /// The answer as a refusal.
    pub fn refusal(self) -> Refusal {
        Refusal::read(self.status, self.headers, &self.body)
    }
}

#[cfg(test)]
mod tests {
    use kmspec_model::record::Failure;

    use super::*;

    fn answered(status: u16, due: Option<&'static [u16]>) -> Answered {
        Answered {
            status,
            headers: Vec::new(),
            body: r#"{"id": "7"}"#.to_owned(),
            took: Duration::ZERO,
            due,
            method: "POST".to_owned(),
            url: "https://localhost:9443/api/am/admin/v4/key-managers".to_owned(),
        }
    }

    #[test]
    fn a_success_counts_by_the_statuses_that_are_due_and_by_any_where_none_is() {
        for (status, due, counts) in [
            (201, Some(&[201][..]), true),
            (200, Some(&[201]), false),
            (204, Some(&[201, 202]), false),
            (202, Some(&[201, 202]), true),
            (299, None, true),
        ] {
            assert_eq!(answered(status, due).done().is_ok(), counts, "{status} {due:?}");
            assert_eq!(answered(status, due).read::<Value>("a thing").is_ok(), counts, "{status} {due:?}");
            assert_eq!(answered(status, due).made("id").as_deref(), Some("7"), "it was made all the same");
        }
        assert!(matches!(answered(409, Some(&[201])).done(), Ok(Reply::Refused(_))), "a refusal is no success");
        assert_eq!(answered(409, None).made("id"), None);
    }

    #[test]
    fn another_success_is_the_subjects_slip_and_is_told_by_both_statuses() {
        let error = answered(200, Some(&[201, 202])).done().unwrap_err();
        let Failure::Deviates(deviation) = Failure::from(error) else { panic!("it is no error of the run") };
        assert!(deviation.expected.starts_with("201 Created or 202 Accepted"), "{}", deviation.expected);
        assert_eq!(deviation.observed, "200 OK");
    }
}
