//! Things that a scenario calls by name: servers, key managers, APIs, applications.
//! What they are at the subject stands in the values; this only finds them again.

/// Values by the name the scenario gives them, in the order of their arrival.
#[derive(Debug)]
pub struct Named<T> {
    what: &'static str,
    items: Vec<(String, T)>,
}

/// The scenario speaks of something that no earlier step made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the scenario has no {what} called `{name}`; it has: {known}\nhint: a `Given` has to make it first")]
pub struct Unnamed {
    what: &'static str,
    name: String,
    known: String,
}

impl From<Unnamed> for kmspec_model::record::Failure {
    fn from(error: Unnamed) -> Self {
        Self::Error(error.to_string())
    }
}

impl<T> Named<T> {
    /// Nothing yet; `what` is the word for one of them in messages.
    pub fn new(what: &'static str) -> Self {
        Self { what, items: Vec::new() }
    }

    /// Remembers a value; an older one of the same name is replaced and becomes the last.
    pub fn keep(&mut self, name: impl Into<String>, value: T) -> &mut T {
        let name = name.into();
        self.items.retain(|(each, _)| *each != name);
        self.items.push((name, value));
        &mut self.items.last_mut().expect("it was pushed just now").1
    }

    /// The value of that name.
    ///
    /// # Errors
    ///
    /// [`Unnamed`] when there is none.
    pub fn named(&self, name: &str) -> Result<&T, Unnamed> {
        self.items.iter().find(|(each, _)| each == name).map(|(_, value)| value).ok_or_else(|| self.unnamed(name))
    }

    /// The value of that name, to be changed.
    ///
    /// # Errors
    ///
    /// [`Unnamed`] when there is none.
    pub fn named_mut(&mut self, name: &str) -> Result<&mut T, Unnamed> {
        match self.items.iter().position(|(each, _)| each == name) {
            Some(index) => Ok(&mut self.items[index].1),
            None => Err(self.unnamed(name)),
        }
    }

    /// The one that was kept last: "that key manager".
    ///
    /// # Errors
    ///
    /// [`Unnamed`] when there is none at all.
    pub fn last(&self) -> Result<&T, Unnamed> {
        self.items.last().map(|(_, value)| value).ok_or_else(|| self.unnamed("that one"))
    }

    /// The one that was kept last, to be changed.
    ///
    /// # Errors
    ///
    /// [`Unnamed`] when there is none at all.
    pub fn last_mut(&mut self) -> Result<&mut T, Unnamed> {
        if self.items.is_empty() {
            return Err(self.unnamed("that one"));
        }
        Ok(&mut self.items.last_mut().expect("it was seen just now").1)
    }

    /// All of them with their names, in the order of their arrival.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.items.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether one of that name is known.
    pub fn has(&self, name: &str) -> bool {
        self.items.iter().any(|(each, _)| each == name)
    }

    /// Takes all of them away.
    pub fn drain(&mut self) -> Vec<(String, T)> {
        std::mem::take(&mut self.items)
    }

    fn unnamed(&self, name: &str) -> Unnamed {
        let known: Vec<_> = self.items.iter().map(|(each, _)| format!("`{each}`")).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Unnamed { what: self.what, name: name.to_owned(), known }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_kept_is_the_one_meant_by_that() {
        let mut numbers = Named::new("number");
        assert!(numbers.last().is_err());
        numbers.keep("one", 1);
        numbers.keep("two", 2);
        numbers.keep("one", 11);
        assert_eq!((numbers.last(), numbers.named("two")), (Ok(&11), Ok(&2)));
        let message = numbers.named("three").unwrap_err().to_string();
        assert!(message.contains("`two`, `one`"), "{message}");
    }
}
