//! Token handling rules: which key manager an opaque token belongs to, by its looks.
//! Asking that key manager is the caller's business.

use regex::Regex;
use serde_json::Value;

use super::Parsed;

/// The rules of one key manager. They always look at the whole token.
#[derive(Debug, Clone, Default)]
pub struct Rules(Vec<Matcher>);

/// One rule.
#[derive(Debug, Clone)]
pub enum Matcher {
    /// The whole token matches (`REFERENCE`, and `CUSTOM` with `regex:`).
    Pattern(Regex),
    /// The token is a JWT and each of these claims of it matches as a whole (`JWT`).
    Body(Vec<(String, Regex)>),
    /// The token starts with this text (`CUSTOM` with `prefix:`).
    Prefix(String),
    /// The token ends with this text (`CUSTOM` with `suffix:`).
    Suffix(String),
}

/// A rule cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleRefusal {
    /// The type is none of `REFERENCE`, `JWT`, `CUSTOM`.
    #[error("token handling type `{0}` is unknown\nhint: it is one of REFERENCE, JWT, CUSTOM")]
    UnknownType(String),
    /// The value has another shape than the type asks for.
    #[error("token handling of type {0} has a value of the wrong shape")]
    WrongShape(&'static str),
    /// The pattern is no regular expression.
    #[error("`{0}` is not a regular expression")]
    BadPattern(String),
    /// A custom rule names no matcher that exists.
    #[error("`{0}` names no matcher\nhint: start it with `regex:`, `prefix:` or `suffix:`")]
    UnknownMatcher(String),
}

impl Rules {
    /// From rules that are switched on.
    pub fn new(matchers: Vec<Matcher>) -> Self {
        Self(matchers)
    }

    /// Whether there is none: such a key manager takes what no other one takes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether any rule matches the token.
    pub fn matches(&self, token: &str) -> bool {
        self.0.iter().any(|rule| rule.matches(token))
    }
}

impl Matcher {
    /// Reads a rule from its type and value as the admin interface takes them.
    ///
    /// # Errors
    ///
    /// [`RuleRefusal`].
    pub fn parse(kind: &str, value: &Value) -> Result<Self, RuleRefusal> {
        match kind {
            "REFERENCE" => Ok(Self::Pattern(whole(value.as_str().ok_or(RuleRefusal::WrongShape("REFERENCE"))?)?)),
            "JWT" => body(value),
            "CUSTOM" => custom(value.as_str().ok_or(RuleRefusal::WrongShape("CUSTOM"))?),
            other => Err(RuleRefusal::UnknownType(other.to_owned())),
        }
    }

    /// Whether the token looks like this.
    pub fn matches(&self, token: &str) -> bool {
        match self {
            Self::Pattern(pattern) => pattern.is_match(token),
            Self::Prefix(prefix) => token.starts_with(prefix.as_str()),
            Self::Suffix(suffix) => token.ends_with(suffix.as_str()),
            Self::Body(claims) => Parsed::parse(token).is_ok_and(|parsed| {
                claims
                    .iter()
                    .all(|(name, pattern)| parsed.claims().text(name).is_some_and(|text| pattern.is_match(text)))
            }),
        }
    }
}

/// A pattern that must match from the first to the last character.
fn whole(pattern: &str) -> Result<Regex, RuleRefusal> {
    // Compiled alone first: a stray parenthesis must not close the group it is put into.
    Regex::new(pattern)
        .and_then(|_| Regex::new(&format!(r"\A(?:{pattern})\z")))
        .map_err(|_| RuleRefusal::BadPattern(pattern.to_owned()))
}

fn body(value: &Value) -> Result<Matcher, RuleRefusal> {
    let claims = value.get("body").and_then(Value::as_object).filter(|claims| !claims.is_empty());
    let claims = claims.ok_or(RuleRefusal::WrongShape("JWT"))?;
    let read = |(name, pattern): (&String, &Value)| {
        let pattern = pattern.as_str().ok_or(RuleRefusal::WrongShape("JWT"))?;
        Ok((name.clone(), whole(pattern)?))
    };
    Ok(Matcher::Body(claims.iter().map(read).collect::<Result<_, RuleRefusal>>()?))
}

fn custom(text: &str) -> Result<Matcher, RuleRefusal> {
    let unknown = || RuleRefusal::UnknownMatcher(text.to_owned());
    match text.split_once(':').ok_or_else(unknown)? {
        (_, "") => Err(unknown()),
        ("regex", pattern) => Ok(Matcher::Pattern(whole(pattern)?)),
        ("prefix", prefix) => Ok(Matcher::Prefix(prefix.to_owned())),
        ("suffix", suffix) => Ok(Matcher::Suffix(suffix.to_owned())),
        _ => Err(unknown()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pattern_must_match_the_whole_token() {
        let uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
        let rule = Matcher::parse("REFERENCE", &json!(uuid)).unwrap();
        let token = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
        assert!(rule.matches(token));
        assert!(!rule.matches(&format!("1_{token}")));
        assert!(!rule.matches(&format!("{token}\n")));
        let either = Matcher::parse("REFERENCE", &json!("a|b")).unwrap();
        assert!(either.matches("a") && either.matches("b") && !either.matches("ab"));
    }

    #[test]
    fn custom_rules_name_their_matcher() {
        let rule = |text: &str| Matcher::parse("CUSTOM", &json!(text));
        assert!(rule("prefix:ops_").unwrap().matches("ops_1"));
        assert!(!rule("prefix:ops_").unwrap().matches("xops_1"));
        assert!(rule("suffix:.x").unwrap().matches("1.x"));
        assert!(rule("regex:[a-z]+").unwrap().matches("abc"));
        assert!(!rule("regex:[a-z]+").unwrap().matches("abc1"));
        for text in ["ops_", "glob:*", "prefix:", ":x", ""] {
            assert!(matches!(rule(text), Err(RuleRefusal::UnknownMatcher(_))), "{text}");
        }
        assert!(matches!(rule("regex:("), Err(RuleRefusal::BadPattern(_))));
        assert!(matches!(rule("regex:a)(b"), Err(RuleRefusal::BadPattern(_))));
    }

    #[test]
    fn a_rule_about_claims_wants_all_of_them() {
        // {"alg":"none"} . {"iss":"https://a","env":"test"} . x
        let token = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2EiLCJlbnYiOiJ0ZXN0In0.eA";
        let rule = |body: Value| Matcher::parse("JWT", &json!({"body": body})).unwrap();
        assert!(rule(json!({"iss": "https://a", "env": "te.t"})).matches(token));
        assert!(!rule(json!({"iss": "https://b", "env": "te.t"})).matches(token), "not the last claim alone decides");
        assert!(!rule(json!({"absent": ".*"})).matches(token));
        assert!(!rule(json!({"env": ".*"})).matches("opaque"));
        assert!(Matcher::parse("JWT", &json!({"body": {}})).is_err());
    }

    #[test]
    fn an_unknown_type_is_refused() {
        assert_eq!(Matcher::parse("jwt", &json!("x")).unwrap_err(), RuleRefusal::UnknownType("jwt".into()));
        assert_eq!(Matcher::parse("REFERENCE", &json!(1)).unwrap_err(), RuleRefusal::WrongShape("REFERENCE"));
    }
}
