//! What can be wrong, or special, about a token: the words of the features and what they change in a sound token.
//! How a token is signed and written down is the forge's business; whether anybody accepts it is for the subject to say.

use kmspec_mocks::{
    forge::{Forge, Forgery, PublicKeyForm},
    realm::{Algorithm, KeyPurpose, SigningKey},
};
use serde_json::{Value, json};

/// What is wrong with a token, or special about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Nothing.
    Sound,
    /// It ran out an hour ago.
    Expired,
    /// It ran out a second ago.
    JustExpired,
    /// It names no end.
    Endless,
    /// It begins in an hour.
    NotYetValid,
    /// It has five minutes left.
    ExpiringSoon,
    /// A claim has this value instead of a time to come.
    OddTime(&'static str, Value),
    /// A claim was changed after signing.
    AlteredClaims,
    /// A bit of the signature was changed.
    AlteredSignature,
    /// It is signed with a key that nobody published.
    ForeignKey,
    /// It has no signature, while its algorithm stays.
    CutSignature,
    /// It declares this algorithm and is unsigned.
    Unsigned(String),
    /// It declares this algorithm, while its signature is the right one by the key's own algorithm.
    Misdeclared(String),
    /// It declares this algorithm and has a signature of random bytes.
    RandomlySigned(String),
    /// Its signature is an HMAC with the published key.
    PublicKeyAsSecret,
    /// It carries the key that verifies it.
    OwnKey,
    /// It names a key that nobody published, and is signed with the right one.
    UnknownKey,
    /// It names a key that nobody published, and is signed with that.
    ForeignUnknownKey,
    /// It names no key.
    NoKey,
    /// It names a file instead of a key.
    FileAsKey,
    /// Another issuer that the forge's key signs for.
    OtherIssuer(IssuerFlaw),
    /// Its header demands an extension that nobody knows.
    UnknownExtension,
    /// Its subject stands in it twice.
    DuplicateSubject,
    /// It has a fourth part.
    FourthPart,
    /// The client stands in this claim and in no other.
    ClientOnlyIn(String),
    /// It carries a scope in a claim, as text or as a list.
    Scope { name: String, as_list: bool, claim: String },
    /// It is for these audiences.
    Audience(Vec<String>),
    /// It names this as its key, and is signed with an empty secret.
    NamesKey(String),
    /// Its signature is an HMAC with the published key in this form.
    PublishedKeyAs(PublicKeyForm),
    /// It is signed by another algorithm of the key's family.
    ByAlgorithm(Algorithm),
    /// It says that it is of this type.
    OfType(String),
    /// It has the oddity of these words.
    Odd(&'static str),
}

/// How an issuer differs from the right one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum IssuerFlaw {
    /// Another one altogether.
    Foreign,
    /// The last character is missing.
    Shorter,
    /// Something follows it.
    Suffixed,
    /// A slash follows it.
    Slashed,
    /// In capital letters.
    Capitals,
    /// In a list, beside another.
    Listed,
    /// None at all.
    Missing,
    /// This one.
    Exactly(String),
}

impl Flaw {
    /// What follows "a token of …" in a sentence; `None` for words that mean nothing here.
    pub(super) fn read(words: &str) -> Option<Self> {
        let words = words.trim();
        Some(match words {
            "" => Self::Sound,
            "that has expired" => Self::Expired,
            "that expired a second ago" => Self::JustExpired,
            "that never expires" => Self::Endless,
            "whose expiry is zero" => Self::OddTime("exp", json!(0)),
            "that is not yet valid" => Self::NotYetValid,
            "that expires in five minutes" => Self::ExpiringSoon,
            "whose expiry is text" => Self::OddTime("exp", json!("99999999999")),
            "whose expiry is a list" => Self::OddTime("exp", json!([99_999_999_999_u64])),
            "whose expiry is a boolean" => Self::OddTime("exp", json!(true)),
            "whose start of validity is text" => Self::OddTime("nbf", json!("99999999999")),
            "whose claims were altered" => Self::AlteredClaims,
            "whose signature was altered" => Self::AlteredSignature,
            "whose signature was cut off" => Self::CutSignature,
            "signed with a foreign key" => Self::ForeignKey,
            "signed with the published key as a shared secret" => Self::PublicKeyAsSecret,
            "that carries its own key" => Self::OwnKey,
            "that names an unknown key" => Self::UnknownKey,
            "that names an unknown key and is signed with that" => Self::ForeignUnknownKey,
            "that names no key" => Self::NoKey,
            "that names a file as its key" => Self::FileAsKey,
            "that names another issuer" => Self::OtherIssuer(IssuerFlaw::Foreign),
            "whose issuer is cut short by a character" => Self::OtherIssuer(IssuerFlaw::Shorter),
            "whose issuer is longer by a suffix" => Self::OtherIssuer(IssuerFlaw::Suffixed),
            "whose issuer is longer by a slash" => Self::OtherIssuer(IssuerFlaw::Slashed),
            "whose issuer is in capital letters" => Self::OtherIssuer(IssuerFlaw::Capitals),
            "whose issuer is one of a list" => Self::OtherIssuer(IssuerFlaw::Listed),
            "that names no issuer" => Self::OtherIssuer(IssuerFlaw::Missing),
            "that demands an unknown extension" => Self::UnknownExtension,
            "that names its subject twice" => Self::DuplicateSubject,
            "that has a fourth part" => Self::FourthPart,
            _ => return super::oddities::known(words).map(Self::Odd).or_else(|| Self::read_quoting(words)),
        })
    }

    /// The words that quote something.
    fn read_quoting(words: &str) -> Option<Self> {
        let mut parts = words.split('"');
        let (before, first) = (parts.next()?, parts.next()?.to_owned());
        let (between, second) = (parts.next()?, parts.next().map(str::to_owned));
        Some(match (before, between, second) {
            ("that declares the algorithm ", " and is unsigned", None) => Self::Unsigned(first),
            ("that declares the algorithm ", " over a right signature", None) => Self::Misdeclared(first),
            ("that declares the algorithm ", " over a random signature", None) => Self::RandomlySigned(first),
            ("that names its client only in ", "", None) => Self::ClientOnlyIn(first),
            ("that names the key ", "", None) => Self::NamesKey(spelled_out(&first)),
            ("signed with the published key as ", " for a shared secret", None) => Self::PublishedKeyAs(form(&first)?),
            ("signed by the algorithm ", "", None) => Self::ByAlgorithm(first.parse().ok()?),
            ("that says it is of the type ", "", None) => Self::OfType(first),
            ("for the audience ", "", None) => Self::Audience(first.split(", ").map(str::to_owned).collect()),
            ("that carries the scope ", " as text in ", Some(claim)) => {
                Self::Scope { name: spelled_out(&first), as_list: false, claim }
            }
            ("that carries the scope ", " as list in ", Some(claim)) => {
                Self::Scope { name: first, as_list: true, claim }
            }
            _ => return None,
        })
    }

    /// The token with this flaw, as text. `foreign` is a key that nobody published.
    pub(super) fn in_token(&self, forge: &Forge, sound: Forgery, foreign: &SigningKey) -> String {
        let own = forge.keys().current(KeyPurpose::Access);
        match self {
            Self::Sound => sound,
            Self::Expired => sound.expires_in(-3_600),
            Self::JustExpired => sound.expires_in(-1),
            Self::Endless => sound.without_claim("exp"),
            Self::NotYetValid => sound.not_before_in(3_600).expires_in(7_200),
            Self::ExpiringSoon => sound.expires_in(300),
            Self::OddTime(claim, value) => sound.claim(claim, value.clone()),
            Self::AlteredClaims => sound.keep_signature().claim("sub", "somebody-else"),
            Self::AlteredSignature => sound.flipped_signature(),
            Self::ForeignKey => sound.signed_with_other(foreign),
            Self::CutSignature => sound.empty_signature(),
            Self::Unsigned(algorithm) => sound.unsigned(algorithm),
            Self::Misdeclared(algorithm) => sound.header("alg", algorithm.as_str()),
            Self::RandomlySigned(algorithm) => {
                sound.header("alg", algorithm.as_str()).signature(uuid::Uuid::new_v4().as_bytes().repeat(16))
            }
            Self::PublicKeyAsSecret => sound.hmac_with_public_key(&own, PublicKeyForm::Pem),
            Self::OwnKey => sound.with_embedded_key(foreign),
            Self::UnknownKey => sound.header("kid", "no-such-key"),
            Self::ForeignUnknownKey => sound.header("kid", "no-such-key").signed_with_other(foreign),
            Self::NoKey => sound.without_header("kid"),
            Self::FileAsKey => sound.header("kid", "../../../../dev/null").hmac(Algorithm::HS256, Vec::new()),
            Self::OtherIssuer(flaw) => flaw.in_claims(forge.issuer(), sound),
            Self::UnknownExtension => sound.header("crit", json!(["x-unheard-of"])).header("x-unheard-of", true),
            Self::DuplicateSubject => sound.duplicate_claim("sub", "somebody-else"),
            Self::FourthPart => sound.followed_by(".x"),
            Self::ClientOnlyIn(claim) => only_in(sound, claim),
            Self::Scope { name, as_list, claim } => {
                let value = if *as_list { json!([name, "another"]) } else { json!(format!("{name} another")) };
                sound.without_claim("scope").without_claim("scp").claim(claim, value)
            }
            Self::NamesKey(name) => sound.header("kid", name.as_str()).hmac(Algorithm::HS256, Vec::new()),
            Self::PublishedKeyAs(form) => sound.hmac_with_public_key(&own, *form),
            Self::ByAlgorithm(algorithm) => sound.algorithm(*algorithm),
            Self::OfType(name) => sound.header("typ", name.as_str()),
            Self::Odd(words) => return super::oddities::token(words, forge, sound, foreign),
            Self::Audience(audiences) => match audiences.as_slice() {
                [one] => sound.claim("aud", one.as_str()),
                several => sound.claim("aud", several.to_vec()),
            },
        }
        .encode()
    }
}

/// What cannot stand in a feature as it is: `(NUL)`, and `(10000 letters)`.
fn spelled_out(text: &str) -> String {
    text.replace("(NUL)", "\0").replace("(10000 letters)", &"x".repeat(10_000))
}

/// A form of a public key, by its name in the features.
fn form(name: &str) -> Option<PublicKeyForm> {
    Some(match name {
        "PEM" => PublicKeyForm::Pem,
        "PEM without its last line break" => PublicKeyForm::PemTrimmed,
        "PEM after a line break" => PublicKeyForm::PemAfterLineBreak,
        "DER" => PublicKeyForm::Der,
        "its entry of the key set" => PublicKeyForm::Jwk,
        "its modulus" => PublicKeyForm::Modulus,
        "its certificate" => PublicKeyForm::CertificatePem,
        _ => return None,
    })
}

/// Claims that vendors name the client in.
const CLIENT_CLAIMS: [&str; 6] = ["client_id", "azp", "cid", "appid", "client_id_name", "consumerKey"];

/// The client that a token names, in any of the usual claims.
pub(super) fn client_named_in(token: &Forgery) -> Option<String> {
    CLIENT_CLAIMS.iter().find_map(|claim| token.claims().get(*claim)?.as_str()).map(str::to_owned)
}

/// The token naming this client in this claim only.
pub(super) fn naming_client(token: Forgery, claim: &str, client: &str) -> Forgery {
    CLIENT_CLAIMS.iter().fold(token, |token, each| token.without_claim(each)).claim(claim, client)
}

fn only_in(token: Forgery, claim: &str) -> Forgery {
    match client_named_in(&token) {
        Some(client) => naming_client(token, claim, &client),
        None => token,
    }
}

impl IssuerFlaw {
    fn in_claims(&self, issuer: &str, sound: Forgery) -> Forgery {
        let foreign = "https://evil.example.org";
        match self {
            Self::Foreign => sound.claim("iss", foreign),
            Self::Shorter => sound.claim("iss", &issuer[..issuer.len() - 1]),
            Self::Suffixed => sound.claim("iss", format!("{issuer}.evil.example.org")),
            Self::Slashed => sound.claim("iss", format!("{issuer}/")),
            Self::Capitals => sound.claim("iss", issuer.to_uppercase()),
            Self::Listed => sound.claim("iss", json!([issuer, foreign])),
            Self::Missing => sound.without_claim("iss"),
            Self::Exactly(other) => sound.claim("iss", other.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_flaws_and_other_words_do_not() {
        assert_eq!(Flaw::read(""), Some(Flaw::Sound));
        assert_eq!(Flaw::read("that has expired"), Some(Flaw::Expired));
        assert_eq!(
            Flaw::read(r#"that declares the algorithm "nOnE" and is unsigned"#),
            Some(Flaw::Unsigned("nOnE".into()))
        );
        let scope = Flaw::Scope { name: "a".into(), as_list: true, claim: "scp".into() };
        assert_eq!(Flaw::read(r#"that carries the scope "a" as list in "scp""#), Some(scope));
        assert_eq!(
            Flaw::read(r#"for the audience "urn:a, urn:b""#),
            Some(Flaw::Audience(vec!["urn:a".into(), "urn:b".into()]))
        );
        assert_eq!(Flaw::read("that smells of fish"), None);
        assert_eq!(Flaw::read(r#"that smells of "fish""#), None);
    }
}
