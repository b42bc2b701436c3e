//! The JOSE header: what a token says of itself. Nothing it says chooses an algorithm or fetches a key.
//! `jwk`, `jku`, `x5u` and `x5c` are never looked at (RFC 8725, section 3.10).

use super::{
    Algorithm, Refusal,
    json::{Members, Value},
};

/// The header members that validation reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The algorithm, `None` when it is not one for public keys: `none`, `HS256`, anything unknown.
    pub alg: Option<Algorithm>,
    /// Which key signed, by its name.
    pub kid: Option<Box<str>>,
    /// What kind of token this is.
    pub typ: Option<Box<str>>,
}

impl Header {
    /// Reads a decoded header.
    ///
    /// # Errors
    ///
    /// [`Refusal::MalformedJson`], [`Refusal::MalformedHeader`] and, for any `crit`, [`Refusal::CriticalExtension`].
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        let members = Members::parse(bytes)?;
        if members.member("crit").is_some() {
            return Err(Refusal::CriticalExtension);
        }
        let alg = text(&members, "alg")?.ok_or(Refusal::MalformedHeader)?;
        Ok(Self { alg: Algorithm::named(&alg), kid: text(&members, "kid")?, typ: text(&members, "typ")? })
    }
}

fn text(members: &Members, name: &str) -> Result<Option<Box<str>>, Refusal> {
    match members.member(name) {
        None => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Refusal::MalformedHeader),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_without_a_textual_algorithm_or_with_critical_extensions_is_refused() {
        for (text, refusal) in [
            (r#"{}"#, Refusal::MalformedHeader),
            (r#"{"alg":1}"#, Refusal::MalformedHeader),
            (r#"{"alg":"RS256","kid":7}"#, Refusal::MalformedHeader),
            (r#"{"alg":"RS256","typ":null}"#, Refusal::MalformedHeader),
            (r#"{"alg":"RS256","alg":"RS256"}"#, Refusal::MalformedJson),
            (r#"{"alg":"RS256","crit":["x"],"x":1}"#, Refusal::CriticalExtension),
            (r#"{"alg":"RS256","crit":[]}"#, Refusal::CriticalExtension),
        ] {
            assert_eq!(Header::parse(text.as_bytes()), Err(refusal), "{text}");
        }
    }

    #[test]
    fn algorithms_for_shared_secrets_and_no_signature_are_no_algorithm() {
        for name in ["none", "None", "nOnE", "HS256", "HS512", "XX999", "", "rs256", "RS256 "] {
            assert_eq!(Header::parse(format!(r#"{{"alg":"{name}"}}"#).as_bytes()).unwrap().alg, None, "{name}");
        }
        assert_eq!(Header::parse(br#"{"alg":"ES384"}"#).unwrap().alg, Some(Algorithm::Es384));
    }
}
