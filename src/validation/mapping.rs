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

    /// The claims under their local names; a claim without a mapping keeps its own, a mapped one loses it.
    pub fn apply<'a>(&'a self, claims: &'a Claims) -> impl Iterator<Item = (&'a str, &'a ClaimValue)> {
        claims.iter().map(|(name, value)| {
            let local = self.0.iter().find(|(remote, _)| remote == name).map(|(_, local)| local.as_str());
            (local.unwrap_or(name), value)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapped_claim_has_only_its_local_name() {
        let claims = Claims::from_json(br#"{"dept":"x","sub":"y"}"#).unwrap();
        let mapping = ClaimMapping::new([("dept".to_owned(), "department".to_owned())]);
        let names: Vec<_> = mapping.apply(&claims).map(|(name, _)| name).collect();
        assert_eq!(names, ["department", "sub"]);
    }
}
