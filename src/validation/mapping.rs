//! Claim mapping: what a key manager calls a claim, and what the platform calls it.
//! Where mapped claims go is the caller's business.

use super::{ClaimValue, Claims};

/// Renames of one key manager's claims.
#[derive(Debug, Clone, Default)]
pub struct ClaimMapping(Vec<(String, String)>);

impl ClaimMapping {
    /// From pairs of remote and local name.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// The claims under their local names; a claim without a mapping keeps its own, a mapped one loses it. What is mapped to a
    /// name counts, whatever else the token says by that name, and of two claims that are mapped to one name the first in
    /// the order of the mapping does.
    pub fn apply<'a>(&'a self, claims: &'a Claims) -> impl Iterator<Item = (&'a str, &'a ClaimValue)> {
        let present = move |(remote, local): &'a (String, String)| Some((local.as_str(), claims.value(remote)?));
        let is_first =
            move |at: usize, name: &str| self.0[..at].iter().filter_map(present).all(|(local, _)| local != name);
        let mapped = self.0.iter().enumerate().filter_map(move |(at, row)| Some((at, present(row)?)));
        let mapped = mapped.filter(move |(at, (local, _))| is_first(*at, local)).map(|(_, claim)| claim);
        let is_remote = |name: &str| self.0.iter().any(|(remote, _)| remote == name);
        let kept = claims.iter().filter(move |(name, _)| !is_remote(name) && is_first(self.0.len(), name));
        kept.chain(mapped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each claim of the token as it is told: its name, and the text it has.
    fn told(rows: &[(&str, &str)], text: &str) -> Vec<(String, String)> {
        let mapping = ClaimMapping::new(rows.iter().map(|(remote, local)| (remote.to_string(), local.to_string())));
        let claims = Claims::from_json(text.as_bytes()).unwrap();
        let told = mapping.apply(&claims).map(|(name, value)| (name.to_owned(), value.text().unwrap().to_owned()));
        told.collect()
    }

    fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
        all.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    #[test]
    fn a_mapped_claim_has_only_its_local_name() {
        assert_eq!(
            told(&[("dept", "department")], r#"{"dept":"x","sub":"y"}"#),
            pairs(&[("sub", "y"), ("department", "x")])
        );
    }

    #[test]
    fn what_is_mapped_to_a_name_counts_wherever_the_token_says_something_else_by_it() {
        let mail = [("mail", "email")];
        for text in [r#"{"mail":"real","email":"raw"}"#, r#"{"email":"raw","mail":"real"}"#] {
            assert_eq!(told(&mail, text), pairs(&[("email", "real")]), "{text}");
        }
        assert_eq!(told(&mail, r#"{"email":"raw"}"#), pairs(&[("email", "raw")]), "nothing is mapped to it");
        let two = [("first", "name"), ("second", "name")];
        for text in [r#"{"first":"a","second":"b"}"#, r#"{"second":"b","first":"a"}"#] {
            assert_eq!(told(&two, text), pairs(&[("name", "a")]), "{text}");
        }
        assert_eq!(told(&two, r#"{"second":"b"}"#), pairs(&[("name", "b")]));
        let swapped = [("a", "b"), ("b", "a")];
        assert_eq!(told(&swapped, r#"{"a":"1","b":"2"}"#), pairs(&[("b", "1"), ("a", "2")]));
    }

    #[test]
    fn a_claim_that_is_mapped_to_two_names_is_told_by_both() {
        let rows = [("mail", "email"), ("mail", "contact")];
        assert_eq!(told(&rows, r#"{"mail":"x"}"#), pairs(&[("email", "x"), ("contact", "x")]));
    }
}
