//! Token handling options: which opaque tokens belong to a key manager.
//! Asking the key manager about them is the gateway's work.

use std::collections::BTreeMap;

use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

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

/// A row that was read: what a token must look like.
#[derive(Debug, Clone)]
pub enum HandlingRule {
    /// The whole token matches.
    Whole(Regex),
    /// Every named claim is there and matches as a whole.
    Claims(BTreeMap<String, Regex>),
    /// The token starts so.
    Prefix(String),
    /// The token ends so.
    Suffix(String),
}

/// Why a row cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleProblem {
    /// The value has the wrong JSON type for the kind of row.
    #[error("a token handling value of type {0:?} cannot be read from what was sent")]
    Shape(TokenMatcher),
    /// A pattern is no regular expression.
    #[error("`{0}` is no regular expression")]
    Pattern(String),
    /// A CUSTOM row names a matcher that does not exist.
    #[error("`{0}` names no matcher; there are `regex:`, `prefix:` and `suffix:`")]
    UnknownMatcher(String),
}

impl TokenValidation {
    /// The rule of this row; `None` when the row is off or was left empty, as the form leaves its first row.
    ///
    /// # Errors
    ///
    /// [`RuleProblem`] when the value cannot be read.
    pub fn rule(&self) -> Result<Option<HandlingRule>, RuleProblem> {
        if !self.enable || is_blank(&self.value) {
            return Ok(None);
        }
        let rule = match self.kind {
            TokenMatcher::Reference => HandlingRule::Whole(whole(self.text()?)?),
            TokenMatcher::Jwt => HandlingRule::Claims(self.claims()?),
            TokenMatcher::Custom => custom(self.text()?)?,
        };
        Ok(Some(rule))
    }

    fn text(&self) -> Result<&str, RuleProblem> {
        self.value.as_str().ok_or(RuleProblem::Shape(self.kind))
    }

    fn claims(&self) -> Result<BTreeMap<String, Regex>, RuleProblem> {
        let body = self.value.get("body").and_then(Value::as_object);
        let body = body.filter(|body| !body.is_empty()).ok_or(RuleProblem::Shape(self.kind))?;
        body.iter()
            .map(|(claim, pattern)| {
                let pattern = pattern.as_str().ok_or(RuleProblem::Shape(self.kind))?;
                Ok((claim.clone(), whole(pattern)?))
            })
            .collect()
    }
}

fn custom(text: &str) -> Result<HandlingRule, RuleProblem> {
    match text.split_once(':') {
        Some(("regex", pattern)) => Ok(HandlingRule::Whole(whole(pattern)?)),
        Some(("prefix", prefix)) if !prefix.is_empty() => Ok(HandlingRule::Prefix(prefix.into())),
        Some(("suffix", suffix)) if !suffix.is_empty() => Ok(HandlingRule::Suffix(suffix.into())),
        _ => Err(RuleProblem::UnknownMatcher(text.to_owned())),
    }
}

/// Patterns match the whole text: a rule that matched a part would claim tokens of others.
fn whole(pattern: &str) -> Result<Regex, RuleProblem> {
    Regex::new(&format!("^(?:{pattern})$")).map_err(|_| RuleProblem::Pattern(pattern.to_owned()))
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

impl HandlingRule {
    /// Whether this rule claims `token`; `claims` is the body of the token when it is a JWT.
    pub fn claims_token(&self, token: &str, claims: Option<&serde_json::Map<String, Value>>) -> bool {
        match self {
            Self::Whole(pattern) => pattern.is_match(token),
            Self::Prefix(prefix) => token.starts_with(prefix.as_str()),
            Self::Suffix(suffix) => token.ends_with(suffix.as_str()),
            Self::Claims(patterns) => claims.is_some_and(|claims| {
                patterns.iter().all(|(name, pattern)| {
                    claims.get(name).and_then(Value::as_str).is_some_and(|text| pattern.is_match(text))
                })
            }),
        }
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
    fn a_rule_claims_whole_tokens_only() {
        let table = [
            (TokenMatcher::Reference, json!("[0-9]{3}"), "123", true),
            (TokenMatcher::Reference, json!("[0-9]{3}"), "a123", false),
            (TokenMatcher::Reference, json!("a|b"), "ba", false),
            (TokenMatcher::Custom, json!("regex:x+"), "xx", true),
            (TokenMatcher::Custom, json!("regex:x+"), "xxy", false),
            (TokenMatcher::Custom, json!("prefix:gho_"), "gho_1", true),
            (TokenMatcher::Custom, json!("prefix:gho_"), "1gho_", false),
            (TokenMatcher::Custom, json!("suffix:.eu"), "a.eu", true),
        ];
        for (kind, value, token, expected) in table {
            let rule = row(kind, value.clone()).rule().unwrap().unwrap();
            assert_eq!(rule.claims_token(token, None), expected, "{kind:?} {value} {token}");
        }
    }

    #[test]
    fn a_jwt_rule_wants_every_claim() {
        let rule = row(TokenMatcher::Jwt, json!({"body": {"iss": "https://a", "ten": "x.*"}}));
        let rule = rule.rule().unwrap().unwrap();
        let both = json!({"iss": "https://a", "ten": "xy"});
        let one = json!({"iss": "https://a"});
        assert!(rule.claims_token("", both.as_object()));
        assert!(!rule.claims_token("", one.as_object()));
        assert!(!rule.claims_token("", None));
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
