//! Proof Key for Code Exchange (RFC 7636): challenges, verifiers and whether they belong together.
//! When one is needed is the policy's and the client's decision.

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::state::same;

/// How a challenge is made from its verifier (RFC 7636, section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ChallengeMethod {
    /// base64url of the verifier's SHA-256.
    S256,
    /// The verifier itself.
    #[serde(rename = "plain")]
    Plain,
}

impl ChallengeMethod {
    /// Every method.
    pub const ALL: [Self; 2] = [Self::S256, Self::Plain];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::S256 => "S256",
            Self::Plain => "plain",
        }
    }

    /// The method of that name; case matters.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }
}

/// The challenge that a code is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// How it was made.
    pub method: ChallengeMethod,
    /// As sent.
    pub text: String,
}

impl Challenge {
    /// The challenge that a verifier answers.
    pub fn of(method: ChallengeMethod, verifier: &str) -> Self {
        let text = match method {
            ChallengeMethod::Plain => verifier.to_owned(),
            ChallengeMethod::S256 => URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes())),
        };
        Self { method, text }
    }

    /// Whether the text can be a challenge of that method at all: a SHA-256 in base64url, or a verifier.
    pub fn is_well_formed(&self) -> bool {
        match self.method {
            ChallengeMethod::Plain => is_verifier(&self.text),
            ChallengeMethod::S256 => URL_SAFE_NO_PAD.decode(&self.text).is_ok_and(|hash| hash.len() == 32),
        }
    }

    /// Whether the verifier is the one it was made from.
    pub fn is_answered_by(&self, verifier: &str) -> bool {
        is_verifier(verifier) && same(&Self::of(self.method, verifier).text, &self.text)
    }
}

/// Whether a text has the form of a verifier: 43 to 128 unreserved characters (RFC 7636, section 4.1).
pub fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "-._~".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pair of RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_the_rfc_holds() {
        let challenge = Challenge { method: ChallengeMethod::S256, text: CHALLENGE.to_owned() };
        assert!(challenge.is_well_formed());
        assert!(challenge.is_answered_by(VERIFIER));
        assert!(!challenge.is_answered_by(CHALLENGE), "the challenge itself is no answer");
        assert!(!Challenge { text: format!("{CHALLENGE}A"), ..challenge }.is_well_formed());
    }

    #[test]
    fn a_verifier_has_43_to_128_unreserved_characters() {
        for (text, good) in [
            ("a".repeat(42), false),
            ("a".repeat(43), true),
            ("~".repeat(128), true),
            ("a".repeat(129), false),
            (format!("{}+", "a".repeat(50)), false),
        ] {
            assert_eq!(is_verifier(&text), good, "{text}");
        }
    }
}
