//! Token handling options: which opaque tokens belong to a key manager.
//! Matching them is left to `validation`, asking the key manager to the gateway.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A row that was read: what a token must look like.
pub use kmspec_validation::opaque::{Matcher as HandlingRule, RuleRefusal as RuleProblem};

/// One row of a key manager's token handling options, as on the wire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenValidation {
    /// Number of the row, chosen by the client.
    #[serde(default)]
    pub id: i64,
    /// Whether the row counts.
    #[serde(default = "yes")]
    pub enable: bool,
    /// How `value` is read.
    #[serde(rename = "type")]
    pub kind: TokenMatcher,
    /// A pattern (text), or for JWT `{"body": {"<claim>": "<pattern>"}}`.
    #[serde(default)]
    pub value: Value,
}

/// How a row of the token handling options reads its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TokenMatcher {
    /// A regular expression over the token.
    Reference,
    /// Regular expressions over the claims of a JWT.
    Jwt,
    /// A named matcher over the token: `regex:`, `prefix:` or `suffix:`.
    Custom,
}

/// UUIDs of the versions 1 to 5 as a pattern: the form of opaque tokens that the documents give (SEED-IS-25).
const OPAQUE_TOKEN: &str = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-5][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}";

impl TokenValidation {
    /// Opaque tokens of the documented form.
    pub fn opaque() -> Self {
        Self { id: 1, enable: true, kind: TokenMatcher::Reference, value: json!(OPAQUE_TOKEN) }
    }

    /// JWTs of an issuer.
    pub fn jwt_of(issuer: &str) -> Self {
        let value = json!({ "body": { "iss": regex::escape(issuer) } });
        Self { id: 2, enable: true, kind: TokenMatcher::Jwt, value }
    }

    /// The rule of this row; `None` when the row is off or was left empty, as the form leaves its first row.
    ///
    /// # Errors
    ///
    /// [`RuleProblem`] when the value cannot be read.
    pub fn rule(&self) -> Result<Option<HandlingRule>, RuleProblem> {
        if !self.enable || is_blank(&self.value) {
            return Ok(None);
        }
        let kind = match self.kind {
            TokenMatcher::Reference => "REFERENCE",
            TokenMatcher::Jwt => "JWT",
            TokenMatcher::Custom => "CUSTOM",
        };
        HandlingRule::parse(kind, &self.value).map(Some)
    }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(kind: TokenMatcher, value: Value) -> TokenValidation {
        TokenValidation { id: 1, enable: true, kind, value }
    }

    #[test]
    fn the_rows_for_who_says_nothing_take_uuids_and_jwts_of_the_issuer_alone() {
        let rules = |rows: [TokenValidation; 2]| rows.map(|row| row.rule().unwrap().unwrap());
        let rules = rules([TokenValidation::opaque(), TokenValidation::jwt_of("https://a.b/token")]);
        let matches = |token: &str| rules.iter().any(|rule| rule.matches(token));
        // {"alg":"RS256"} and {"iss":"https://a.b/token"} or {"iss":"https://a-b/token"}
        assert!(matches("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2EuYi90b2tlbiJ9.c2ln"));
        assert!(!matches("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2EtYi90b2tlbiJ9.c2ln"));
        assert!(matches("6fa459ea-ee8a-4ca4-894e-db77e160355e") && !matches("6fa459ea"));
    }

    #[test]
    fn an_unreadable_row_is_refused_and_an_empty_one_is_no_rule() {
        assert!(row(TokenMatcher::Reference, json!({})).rule().unwrap().is_none());
        assert!(row(TokenMatcher::Reference, json!("(")).rule().is_err());
        assert!(row(TokenMatcher::Reference, json!(7)).rule().is_err());
        assert!(row(TokenMatcher::Custom, json!("glob:*")).rule().is_err());
        assert!(row(TokenMatcher::Custom, json!("prefix:")).rule().is_err());
        assert!(row(TokenMatcher::Jwt, json!({"body": {}})).rule().is_err());
    }
}
