//! How a token is written down: compact, as JSON, or as something in between (RFC 7515, sections 7.1 and 7.2).
//! What its parts hold is decided before.

use serde::{Deserialize, Serialize};
use serde_json::json;

/// A form of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Written {
    /// Three parts with dots between them.
    #[default]
    Compact,
    /// JSON with a list of signatures.
    General,
    /// JSON with one signature.
    Flattened,
    /// JSON that holds the signed parts, and a compact text with the claims as they are now as the name of a member
    /// (CVE-2022-39227). It differs from [`Flattened`](Self::Flattened) once the signature is kept and a claim changed.
    Polyglot,
    /// Without the second dot and what follows it.
    TwoParts,
    /// Without the first dot.
    Joined,
    /// With an empty part before the signature.
    EmptyPart,
}

impl Written {
    /// Every form.
    pub const ALL: [Self; 7] =
        [Self::Compact, Self::General, Self::Flattened, Self::Polyglot, Self::TwoParts, Self::Joined, Self::EmptyPart];

    /// The parts in this form. `signed` are the parts that the signature is over.
    pub(super) fn down(self, header: &str, claims: &str, signature: &str, signed: (&str, &str)) -> String {
        match self {
            Self::Compact => format!("{header}.{claims}.{signature}"),
            Self::General => json!({
                "payload": claims,
                "signatures": [{ "protected": header, "signature": signature }],
            })
            .to_string(),
            Self::Flattened => json!({ "payload": claims, "protected": header, "signature": signature }).to_string(),
            Self::Polyglot => {
                let name = format!("  {header}.{claims}.");
                let mut text = json!({ name: "", "protected": signed.0, "payload": signed.1 });
                text["signature"] = json!(signature);
                text.to_string()
            }
            Self::TwoParts => format!("{header}.{claims}"),
            Self::Joined => format!("{header}{claims}.{signature}"),
            Self::EmptyPart => format!("{header}.{claims}..{signature}"),
        }
    }
}
