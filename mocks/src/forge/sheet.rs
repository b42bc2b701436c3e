//! Header or claims of a forgery: members, what stands behind them letter by letter, or a text that takes the place of all.
//! What the members mean, and how the sheet is spelt and signed, is the forgery's affair.

use serde_json::Value;

use super::change::ForgeryError;
use crate::realm::jwt::Object;

/// One of the two parts of a token that are JSON.
#[derive(Debug, Clone)]
pub(super) struct Sheet {
    /// `claims` or `header`, for what is said of it.
    name: &'static str,
    members: Object,
    appended: Vec<Appended>,
    text: Option<Vec<u8>>,
}

/// A member behind the others, its value letter by letter.
#[derive(Debug, Clone)]
struct Appended {
    name: String,
    text: String,
    /// Whether it repeats another one, instead of being the member of its name.
    again: bool,
}

impl Sheet {
    pub(super) fn new(name: &'static str, members: Object) -> Self {
        Self { name, members, appended: Vec::new(), text: None }
    }

    /// The members whose values are JSON.
    pub(super) fn members(&self) -> &Object {
        &self.members
    }

    /// Gives the member of this name a value; repetitions of it stay.
    pub(super) fn set(&mut self, name: &str, value: Value) -> Result<(), ForgeryError> {
        self.open(name)?;
        self.appended.retain(|each| each.again || each.name != name);
        self.members.insert(name.to_owned(), value);
        Ok(())
    }

    /// Removes the member of this name, and its repetitions.
    pub(super) fn remove(&mut self, name: &str) -> Result<(), ForgeryError> {
        self.open(name)?;
        self.appended.retain(|each| each.name != name);
        self.members.shift_remove(name);
        Ok(())
    }

    /// Gives the member of this name a value letter by letter.
    pub(super) fn set_raw(&mut self, name: &str, text: &str) -> Result<(), ForgeryError> {
        self.open(name)?;
        self.appended.retain(|each| each.again || each.name != name);
        self.members.shift_remove(name);
        self.append(name, text.to_owned(), false);
        Ok(())
    }

    /// Writes the member once more, behind all there is.
    pub(super) fn repeat(&mut self, name: &str, value: &Value) -> Result<(), ForgeryError> {
        self.open(name)?;
        self.append(name, value.to_string(), true);
        Ok(())
    }

    /// Puts a text in the place of all there is.
    pub(super) fn replace(&mut self, text: Vec<u8>) {
        self.text = Some(text);
    }

    /// The part as it is signed.
    pub(super) fn bytes(&self) -> Vec<u8> {
        if let Some(text) = &self.text {
            return text.clone();
        }
        let members = self.members.iter().map(|(name, value)| (name, value.to_string()));
        let appended = self.appended.iter().map(|each| (&each.name, each.text.clone()));
        let written: Vec<_> =
            members.chain(appended).map(|(name, text)| format!("{}:{text}", Value::String(name.clone()))).collect();
        format!("{{{}}}", written.join(",")).into_bytes()
    }

    fn append(&mut self, name: &str, text: String, again: bool) {
        self.appended.push(Appended { name: name.to_owned(), text, again });
    }

    fn open(&self, name: &str) -> Result<(), ForgeryError> {
        match self.text {
            Some(_) => Err(ForgeryError::Fixed { part: self.name, member: name.to_owned() }),
            None => Ok(()),
        }
    }
}
