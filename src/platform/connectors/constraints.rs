//! Limits that a key manager sets to what key requests may ask for (contract sheet, 2.5): read, checked, applied.
//! Which properties can be limited is said by each type's description of them.

use kmspec_mocks::objects;
use regex::Regex;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Connector;
use crate::domain::KeyManager;

/// The property of a key manager that holds them, by the names of what they limit.
const CONSTRAINTS: &str = "constraints";

/// One limit.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "UPPERCASE", deny_unknown_fields)]
enum Limit {
    Max(Max),
    Min(Min),
    Range(Range),
    Regex(Pattern),
    Enum(Allowed),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Max {
    max: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Min {
    min: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    min: f64,
    max: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pattern {
    pattern: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Allowed {
    allowed: Vec<String>,
}

impl Limit {
    fn read(value: &Value) -> Result<Self, String> {
        if !value["value"].is_object() {
            return Err("the value is no object".to_owned());
        }
        let limit: Self = objects::from_value(value.clone()).map_err(|error| error.to_string())?;
        match &limit {
            Self::Regex(Pattern { pattern }) => whole(pattern).map(drop)?,
            Self::Range(Range { min, max }) if min > max => return Err("min is above max".to_owned()),
            Self::Enum(Allowed { allowed }) if allowed.is_empty() => return Err("nothing is allowed".to_owned()),
            _ => {}
        }
        Ok(limit)
    }

    /// The number of seconds within it that is next to this one; `None` where it is no limit of numbers, or admits no life.
    fn nearest(&self, usual: f64) -> Option<String> {
        let (min, max) = match self {
            Self::Max(Max { max }) => (1.0, max.floor()),
            Self::Min(Min { min }) => (min.ceil(), f64::INFINITY),
            Self::Range(Range { min, max }) => (min.ceil(), max.floor()),
            Self::Regex(_) | Self::Enum(_) => return None,
        };
        let seconds = usual.max(min).min(max);
        // A whole number is written without a point.
        (seconds >= 1.0).then(|| seconds.to_string())
    }

    fn admits(&self, text: &str) -> bool {
        let number = |fits: &dyn Fn(f64) -> bool| text.trim().parse().is_ok_and(fits);
        match self {
            Self::Max(Max { max }) => number(&|known| known <= *max),
            Self::Min(Min { min }) => number(&|known| known >= *min),
            Self::Range(Range { min, max }) => number(&|known| (*min..=*max).contains(&known)),
            Self::Regex(Pattern { pattern }) => whole(pattern).is_ok_and(|pattern| pattern.is_match(text)),
            Self::Enum(Allowed { allowed }) => allowed.iter().any(|one| one == text),
        }
    }
}

/// What servers of these types have it be where nothing is asked for, in seconds.
fn usual_life(name: &str) -> f64 {
    if name.starts_with("refresh_token") { 86_400.0 } else { 3_600.0 }
}

/// Whether a value leaves the choice to the server.
fn is_left_open(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty() || text == "N/A")
}

/// The pattern for the text as a whole.
fn whole(pattern: &str) -> Result<Regex, String> {
    Regex::new(&format!("^(?:{pattern})$")).map_err(|error| format!("{pattern} is no pattern: {error}"))
}

impl Connector {
    fn limits<'a>(&self, key_manager: &'a KeyManager) -> Option<&'a Value> {
        let limits = key_manager.additional_properties.0.get(CONSTRAINTS).filter(|limits| !limits.is_null());
        limits.filter(|_| self.application.iter().any(|own| own.limitable))
    }

    /// What is wrong with the limits of a key manager. Those of a type that knows none mean nothing.
    pub(crate) fn faulty_limit(&self, key_manager: &KeyManager) -> Option<String> {
        let limits = self.limits(key_manager)?;
        let Some(limits) = limits.as_object() else {
            return Some(format!("{CONSTRAINTS}: an object of limits by property is needed"));
        };
        limits.iter().find_map(|(name, limit)| {
            let known = self.application.iter().any(|own| own.limitable && own.name == name);
            let fault = if known { Limit::read(limit).err() } else { Some("it cannot be limited".to_owned()) };
            fault.map(|fault| format!("{CONSTRAINTS}.{name}: {fault}"))
        })
    }

    /// Asks for a life within its limit where a key request leaves one open: what the server chose might be beyond it.
    pub(crate) fn keep_within_limits(&self, key_manager: &KeyManager, asked: &mut Map<String, Value>) {
        for (name, limit) in self.limits(key_manager).and_then(Value::as_object).into_iter().flatten() {
            let life = Limit::read(limit).ok().and_then(|limit| limit.nearest(usual_life(name)));
            if let Some(life) = life.filter(|_| asked.get(name).is_none_or(is_left_open)) {
                asked.insert(name.clone(), Value::String(life));
            }
        }
    }

    /// The first property of a key request that breaks a limit. What is left to the server breaks none.
    pub(crate) fn beyond_limit<'a>(
        &self,
        key_manager: &KeyManager,
        asked: &'a Map<String, Value>,
    ) -> Option<&'a String> {
        let limits = self.limits(key_manager)?.as_object()?;
        asked.iter().find_map(|(name, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let limit = limits.get(name).filter(|_| !is_left_open(value))?;
            (!Limit::read(limit).is_ok_and(|limit| limit.admits(&text))).then_some(name)
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_kind_of_limit_admits_what_is_within_it() {
        for (limit, within, beyond) in [
            (json!({"type": "MAX", "value": {"max": 100}}), "100", "101"),
            (json!({"type": "MIN", "value": {"min": 100}}), "100", "99"),
            (json!({"type": "RANGE", "value": {"min": 1, "max": 2}}), "2", "3"),
            (json!({"type": "RANGE", "value": {"min": 1, "max": 2}}), "1", "0"),
            (json!({"type": "REGEX", "value": {"pattern": "a+|b"}}), "aa", "ab"),
            (json!({"type": "ENUM", "value": {"allowed": ["60", "N"]}}), "60", "61"),
        ] {
            let limit = Limit::read(&limit).unwrap();
            assert_eq!((limit.admits(within), limit.admits(beyond)), (true, false), "{limit:?}");
            assert!(!limit.admits("x y"), "{limit:?}");
        }
    }

    #[test]
    fn a_life_that_is_left_open_is_the_usual_one_within_its_limit() {
        for (limit, nearest) in [
            (json!({"type": "MAX", "value": {"max": 100.5}}), Some("100")),
            (json!({"type": "MAX", "value": {"max": 7_200}}), Some("3600")),
            (json!({"type": "MAX", "value": {"max": 0}}), None),
            (json!({"type": "MIN", "value": {"min": 4_000}}), Some("4000")),
            (json!({"type": "RANGE", "value": {"min": 10, "max": 20}}), Some("20")),
            (json!({"type": "ENUM", "value": {"allowed": ["60"]}}), None),
        ] {
            let life = Limit::read(&limit).unwrap().nearest(usual_life("user_access_token_expiry_time"));
            assert_eq!(life.as_deref(), nearest, "{limit}");
        }
        let week = Limit::Max(Max { max: 604_800.0 });
        assert_eq!(week.nearest(usual_life("refresh_token_expiry_time")).as_deref(), Some("86400"));
    }

    #[test]
    fn a_limit_that_says_nothing_is_none() {
        for limit in [
            json!({"type": "MOST", "value": {"max": 1}}),
            json!({"type": "MAX", "value": {"min": 1}}),
            json!({"type": "MAX"}),
            json!({"type": "MAX", "value": [1]}),
            json!({"value": [1], "type": "MAX"}),
            json!(["MAX", {"max": 1}]),
            json!({"type": "RANGE", "value": {"min": 2, "max": 1}}),
            json!({"type": "REGEX", "value": {"pattern": "("}}),
            json!({"type": "ENUM", "value": {"allowed": []}}),
            json!(7),
        ] {
            assert!(Limit::read(&limit).is_err(), "{limit}");
        }
    }
}
