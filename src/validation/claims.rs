//! The claims of a token (RFC 7519, section 4), read once and typed strictly.
//! Comparing them with a clock, an issuer or an API is for [`super::token`] and the caller.

use std::sync::Arc;

use super::{
    Policy, Refusal,
    json::{Members, Value},
};

/// A token's claims. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Claims(Arc<Read>);

#[derive(Debug)]
struct Read {
    members: Members,
    expiry: Option<u64>,
    not_before: Option<u64>,
    issued_at: Option<u64>,
}

impl Claims {
    /// Reads a decoded payload.
    ///
    /// # Errors
    ///
    /// [`Refusal::MalformedJson`], and [`Refusal::MalformedClaim`] when a registered claim has the wrong type.
    pub fn from_json(bytes: &[u8]) -> Result<Self, Refusal> {
        let members = Members::parse(bytes)?;
        for name in ["iss", "sub", "jti"] {
            if members.member(name).is_some_and(|value| value.text().is_none()) {
                return Err(Refusal::MalformedClaim);
            }
        }
        check_audience(members.member("aud"))?;
        let expiry = numeric_date(members.member("exp"), f64::floor)?;
        let not_before = numeric_date(members.member("nbf"), f64::ceil)?;
        let issued_at = numeric_date(members.member("iat"), f64::ceil)?;
        Ok(Self(Arc::new(Read { members, expiry, not_before, issued_at })))
    }

    /// The value of any claim.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.members.member(name)
    }

    /// The text of a claim, when it is one.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.value(name).and_then(Value::text)
    }

    /// Every claim with its name, in the order of the token.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.members.iter()
    }

    /// `iss`
    pub fn issuer(&self) -> Option<&str> {
        self.text("iss")
    }

    /// `sub`
    pub fn subject(&self) -> Option<&str> {
        self.text("sub")
    }

    /// The user or client that the token stands for: `sub`, else the claims that the policy names in its place. An empty text
    /// names nobody.
    pub fn subject_by(&self, policy: &Policy) -> Option<&str> {
        let others = policy.other_subject_claims.iter().map(|name| self.text(name));
        std::iter::once(self.subject()).chain(others).flatten().find(|subject| !subject.is_empty())
    }

    /// `jti`
    pub fn token_id(&self) -> Option<&str> {
        self.text("jti")
    }

    /// `exp`, seconds since 1970.
    pub fn expiry(&self) -> Option<u64> {
        self.0.expiry
    }

    /// `nbf`, seconds since 1970.
    pub fn not_before(&self) -> Option<u64> {
        self.0.not_before
    }

    /// `iat`, seconds since 1970.
    pub fn issued_at(&self) -> Option<u64> {
        self.0.issued_at
    }

    /// `aud`, as a list whichever way it was written.
    pub fn audiences(&self) -> impl Iterator<Item = &str> {
        texts(self.value("aud"))
    }

    /// The thumbprint of the client certificate that the token is bound to (RFC 8705, section 3.1), where `cnf` says that and
    /// nothing else: of any other way no proof is known here.
    pub fn bound_certificate(&self) -> Option<&str> {
        let Some(Value::Object(ways)) = self.value("cnf") else { return None };
        let mut ways = ways.iter();
        match (ways.next(), ways.next()) {
            (Some(("x5t#S256", thumbprint)), None) => thumbprint.text(),
            _ => None,
        }
    }

    /// Whether `aud` names at least one of these.
    pub fn is_for_any_of<S: AsRef<str>>(&self, audiences: &[S]) -> bool {
        self.audiences().any(|named| audiences.iter().any(|each| each.as_ref() == named))
    }

    /// The OAuth client that the token was issued to: the configured claim, else `consumerKey`, then `azp`. Of a list
    /// it is the first element.
    pub fn consumer_key(&self, policy: &Policy) -> Option<&str> {
        let named = |name: &str| texts(self.value(name)).next().filter(|key| !key.is_empty());
        consumer_key_claims(policy).into_iter().flatten().find_map(named)
    }

    /// The scopes, from a text separated by blanks or from a list.
    pub fn scopes<'c>(&'c self, policy: &Policy) -> impl Iterator<Item = &'c str> {
        let scopes = texts(self.value(scopes_claim(policy)));
        scopes.flat_map(|text| text.split(' ')).filter(|scope| !scope.is_empty())
    }

    /// Whether every claim that decides something is of its kind. One that is not could be read in two ways, also as absent, so
    /// that the token is none (RFC 8725, section 3.12; RFC 7519, section 7.2). Consumer key and scopes may be lists of texts.
    ///
    /// # Errors
    ///
    /// [`Refusal::MalformedClaim`].
    pub fn check_kinds(&self, policy: &Policy) -> Result<(), Refusal> {
        let is_text = |value: &Value| value.text().is_some();
        let is_texts = |value: &Value| match value {
            Value::List(values) => values.iter().all(is_text),
            value => is_text(value),
        };
        let (key, otherwise) = (consumer_key_claims(policy), scopes_claim(policy));
        let lists = key.into_iter().flatten().chain([otherwise]);
        let mut lists = lists.filter_map(|name| self.value(name));
        let plain = OF_KINDS.iter().map(|(name, _)| name).chain(&["aut"]).chain(policy.other_subject_claims);
        let mut plain = plain.filter_map(|name| self.value(name));
        if lists.all(is_texts) && plain.all(is_text) { Ok(()) } else { Err(Refusal::MalformedClaim) }
    }

    /// Whether the token says that it is none for access: a refresh token, or an ID token by the hashes that only those
    /// carry (OpenID Connect Core, sections 3.1.3.6 and 3.3.2.11).
    pub fn say_other_kind(&self) -> bool {
        let says = |(name, kinds): &(&str, &[&str])| {
            self.text(name).is_some_and(|said| kinds.iter().any(|kind| said.eq_ignore_ascii_case(kind)))
        };
        OF_KINDS.iter().any(says) || self.value("at_hash").is_some() || self.value("c_hash").is_some()
    }
}

/// Claims by which vendors mark their tokens, and the kinds that open no API: `token_use` (Amazon Cognito), `typ`
/// (Keycloak), `token_type` (WSO2), `tokenName` (ForgeRock, whose refresh tokens differ from access tokens in nothing else).
const OF_KINDS: [(&str, &[&str]); 4] = [
    ("token_use", &["id", "refresh"]),
    ("typ", &["id", "refresh", "offline", "logout"]),
    ("token_type", &["refresh_token", "refresh", "id_token", "id"]),
    ("tokenName", &["refresh_token", "id_token"]),
];

/// The claims that may name the consumer key, in the order in which they are read.
fn consumer_key_claims(policy: &Policy) -> [Option<&str>; 2] {
    match &policy.consumer_key_claim {
        Some(name) => [Some(name), None],
        None => [Some("consumerKey"), Some("azp")],
    }
}

fn scopes_claim(policy: &Policy) -> &str {
    policy.scopes_claim.as_deref().unwrap_or("scope")
}

/// A text as itself, a list as its texts.
fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let (one, many) = match value {
        Some(Value::Text(text)) => (Some(text.as_ref()), &[][..]),
        Some(Value::List(values)) => (None, values.as_slice()),
        _ => (None, &[][..]),
    };
    one.into_iter().chain(many.iter().filter_map(Value::text))
}

fn check_audience(value: Option<&Value>) -> Result<(), Refusal> {
    match value {
        None | Some(Value::Text(_)) => Ok(()),
        Some(Value::List(values)) if values.iter().all(|each| each.text().is_some()) => Ok(()),
        Some(_) => Err(Refusal::MalformedClaim),
    }
}

/// The last second of the year 9999: later instants are milliseconds, or a mistake.
const LAST_INSTANT: u64 = 253_402_300_799;

/// A NumericDate (RFC 7519, section 2); a fraction is rounded to the stricter side.
fn numeric_date(value: Option<&Value>, round: fn(f64) -> f64) -> Result<Option<u64>, Refusal> {
    let seconds = match value {
        None => return Ok(None),
        Some(Value::Integer(seconds)) => u64::try_from(*seconds).map_err(|_| Refusal::MalformedClaim)?,
        Some(Value::Float(seconds)) if (0.0..=LAST_INSTANT as f64).contains(seconds) => round(*seconds) as u64,
        Some(_) => return Err(Refusal::MalformedClaim),
    };
    if seconds > LAST_INSTANT { Err(Refusal::MalformedClaim) } else { Ok(Some(seconds)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(text: &str) -> Result<Claims, Refusal> {
        Claims::from_json(text.as_bytes())
    }

    #[test]
    fn registered_claims_of_the_wrong_type_are_refused() {
        for text in [
            r#"{"exp":"1"}"#,
            r#"{"exp":[1]}"#,
            r#"{"exp":true}"#,
            r#"{"exp":null}"#,
            r#"{"exp":{}}"#,
            r#"{"exp":-1}"#,
            r#"{"exp":-0.5}"#,
            r#"{"exp":9223372036854775807}"#,
            r#"{"exp":9223372036854775808}"#,
            r#"{"exp":1e30}"#,
            r#"{"exp":1700000000000}"#,
            r#"{"nbf":"99999999999"}"#,
            r#"{"iat":null}"#,
            r#"{"iss":["https://good"]}"#,
            r#"{"sub":7}"#,
            r#"{"jti":7}"#,
            r#"{"aud":null}"#,
            r#"{"aud":[1,"a"]}"#,
            r#"{"aud":{"a":1}}"#,
        ] {
            assert_eq!(claims(text).unwrap_err(), Refusal::MalformedClaim, "{text}");
        }
        assert_eq!(claims(r#"{"exp":1e400}"#).unwrap_err(), Refusal::MalformedJson);
    }

    #[test]
    fn a_fraction_of_a_second_is_rounded_to_the_stricter_side() {
        let read = claims(r#"{"exp":10.9,"nbf":10.1,"iat":1e1}"#).unwrap();
        assert_eq!((read.expiry(), read.not_before(), read.issued_at()), (Some(10), Some(11), Some(10)));
    }

    #[test]
    fn the_audience_is_any_of_a_list_or_one_text() {
        let wanted = ["a", "b"];
        for (text, fits) in [
            (r#"{"aud":"a"}"#, true),
            (r#"{"aud":["x","b"]}"#, true),
            (r#"{"aud":"ab"}"#, false),
            (r#"{"aud":"a b"}"#, false),
            (r#"{"aud":[]}"#, false),
            (r#"{"aud":[""]}"#, false),
            (r#"{}"#, false),
        ] {
            assert_eq!(claims(text).unwrap().is_for_any_of(&wanted), fits, "{text}");
        }
    }

    #[test]
    fn the_consumer_key_comes_from_the_configured_claim_only() {
        let read = claims(r#"{"azp":"one","client_id":"two","cid":["three","x"],"empty":""}"#).unwrap();
        let mut policy = Policy::for_issuer("");
        assert_eq!(read.consumer_key(&policy), Some("one"));
        for (name, key) in [("client_id", Some("two")), ("cid", Some("three")), ("empty", None), ("absent", None)] {
            policy.consumer_key_claim = Some(name.to_owned());
            assert_eq!(read.consumer_key(&policy), key, "{name}");
        }
    }

    #[test]
    fn claims_that_decide_something_are_of_their_kind_or_the_token_is_none() {
        let mut policy = Policy::for_issuer("");
        let verdict = |policy: &Policy, text: &str| claims(text).unwrap().check_kinds(policy);
        for text in [
            r#"{"scope":5}"#,
            r#"{"scope":true}"#,
            r#"{"scope":null}"#,
            r#"{"scope":{}}"#,
            r#"{"scope":[5,"read"]}"#,
            r#"{"azp":[5,"ck"]}"#,
            r#"{"azp":7}"#,
            r#"{"consumerKey":null,"azp":"ck"}"#,
            r#"{"aut":["APPLICATION"]}"#,
            r#"{"token_type":["refresh_token"]}"#,
            r#"{"token_use":{}}"#,
            r#"{"typ":0}"#,
            r#"{"tokenName":false}"#,
        ] {
            assert_eq!(verdict(&policy, text), Err(Refusal::MalformedClaim), "{text}");
        }
        for text in [r#"{}"#, r#"{"scope":"a b","azp":"ck","aut":"APPLICATION"}"#, r#"{"scope":["a"],"azp":["ck"]}"#] {
            assert_eq!(verdict(&policy, text), Ok(()), "{text}");
        }
        // What nobody reads may be anything.
        assert_eq!(verdict(&policy, r#"{"scp":5,"cid":5,"Username":5,"client_id":5}"#), Ok(()));
        policy.scopes_claim = Some("scp".into());
        policy.consumer_key_claim = Some("cid".into());
        policy.other_subject_claims = &["Username"];
        for text in [r#"{"scp":5}"#, r#"{"cid":["ck",{}]}"#, r#"{"Username":[]}"#] {
            assert_eq!(verdict(&policy, text), Err(Refusal::MalformedClaim), "{text}");
        }
        assert_eq!(verdict(&policy, r#"{"scope":5,"azp":5,"consumerKey":5}"#), Ok(()));
    }

    #[test]
    fn a_token_without_a_subject_stands_for_whom_the_issuers_other_claims_name() {
        let mut policy = Policy::for_issuer("");
        let subject = |policy: &Policy, text: &str| claims(text).unwrap().subject_by(policy).map(str::to_owned);
        assert_eq!(subject(&policy, r#"{"Username":"ann"}"#), None);
        policy.other_subject_claims = &["Username", "client_id"];
        for (text, wanted) in [
            (r#"{"sub":"eve","Username":"ann","client_id":"ck"}"#, Some("eve")),
            (r#"{"client_id":"ck","Username":"ann"}"#, Some("ann")),
            (r#"{"sub":"","Username":"","client_id":"ck"}"#, Some("ck")),
            (r#"{"username":"ann"}"#, None),
        ] {
            assert_eq!(subject(&policy, text).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn a_certificate_that_a_token_is_bound_to_is_named_in_the_one_way_and_beside_no_other() {
        for (text, named) in [
            (r#"{"cnf":{"x5t#S256":"abc"}}"#, Some("abc")),
            (r#"{"cnf":{"x5t#S256":"abc","jkt":"def"}}"#, None),
            (r#"{"cnf":{"jkt":"abc"}}"#, None),
            (r#"{"cnf":{"x5t#S256":7}}"#, None),
            (r#"{"cnf":{}}"#, None),
            (r#"{"cnf":"abc"}"#, None),
            (r#"{}"#, None),
        ] {
            assert_eq!(claims(text).unwrap().bound_certificate(), named, "{text}");
        }
    }

    #[test]
    fn scopes_are_whole_words_of_a_text_or_a_list() {
        let mut policy = Policy::for_issuer("");
        let read = claims(r#"{"scope":"read  xwrite","scp":["read","a b"]}"#).unwrap();
        assert_eq!(read.scopes(&policy).collect::<Vec<_>>(), ["read", "xwrite"]);
        policy.scopes_claim = Some("scp".into());
        assert_eq!(read.scopes(&policy).collect::<Vec<_>>(), ["read", "a", "b"]);
        policy.scopes_claim = Some("absent".into());
        assert_eq!(read.scopes(&policy).count(), 0);
    }
}
