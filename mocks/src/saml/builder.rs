//! Assertions as an identity provider makes them: everything right unless it is asked to be wrong.
//! Made to be sent to a server that is under test; nothing in here believes one.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    ASSERTIONS, BEARER, SIGNATURES, profile, profile::SignatureMethod, signature, signature::UnsignableKey, time,
};
use crate::realm::{Clock, KeyPurpose, KeyRing, SigningKey, TrustedIssuer, TrustedKeys, random};

/// How long an assertion holds unless told otherwise, in seconds.
const LIFE: u64 = 300;

/// An identity provider that speaks SAML: an entity id, keys and the time.
///
/// ```
/// use kmspec_mocks::{realm::{Clock, KeyRing, test_keys::KeyFamily}, saml::IdentityProvider};
/// let provider = IdentityProvider::new("https://idp.example", KeyRing::of_family(KeyFamily::Rsa), Clock::system());
/// let trusted = provider.trusted("partner").alias("https://as.example"); // for Realm::trust
/// let assertion = provider.assertion("ann").audience("https://as.example").sign()?; // assertion.encoded() is sent
/// # Ok::<(), kmspec_mocks::saml::UnsignableKey>(())
/// ```
#[derive(Debug, Clone)]
pub struct IdentityProvider {
    entity_id: String,
    keys: KeyRing,
    clock: Clock,
}

impl IdentityProvider {
    /// A provider of that entity id.
    pub fn new(entity_id: impl Into<String>, keys: KeyRing, clock: Clock) -> Self {
        Self { entity_id: entity_id.into(), keys, clock }
    }

    /// Its entity id.
    pub fn entity_id(&self) -> &str {
        &self.entity_id
    }

    /// What its signatures are verified with.
    pub fn keys(&self) -> TrustedKeys {
        TrustedKeys::Ring(self.keys.clone())
    }

    /// Its registration under that name, for [`crate::realm::Realm::trust`]. It still needs an alias: a server takes no
    /// assertions for a provider without one.
    pub fn trusted(&self, name: &str) -> TrustedIssuer {
        TrustedIssuer::new(name, &self.entity_id, self.keys())
    }

    /// An assertion about that subject, for bearers, good for five minutes from now; it names no audience yet.
    pub fn assertion(&self, subject: &str) -> AssertionBuilder {
        let now = self.clock.now();
        let (not_before, not_on_or_after) = (Some(now.saturating_sub(60)), Some(now.saturating_add(LIFE)));
        AssertionBuilder {
            id: format!("_{}", random::uuid()),
            key: self.keys.current(KeyPurpose::Access),
            issuer: Some(self.entity_id.clone()),
            subject: Some(subject.to_owned()),
            issued_at: now,
            conditions: true,
            not_before,
            not_on_or_after,
            audiences: Vec::new(),
            method: BEARER.to_owned(),
            recipient: None,
            confirmed_until: not_on_or_after,
        }
    }
}

/// An assertion that is still to be signed.
#[derive(Debug, Clone)]
#[must_use]
pub struct AssertionBuilder {
    pub(super) id: String,
    key: SigningKey,
    issuer: Option<String>,
    subject: Option<String>,
    issued_at: u64,
    conditions: bool,
    not_before: Option<u64>,
    not_on_or_after: Option<u64>,
    audiences: Vec<String>,
    method: String,
    recipient: Option<String>,
    confirmed_until: Option<u64>,
}

impl AssertionBuilder {
    /// Meant for this audience; more than one may be named.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// To be presented at this endpoint only.
    pub fn recipient(mut self, recipient: impl Into<String>) -> Self {
        self.recipient = Some(recipient.into());
        self
    }

    /// By somebody else than the provider; by nobody when `None`.
    pub fn issuer(mut self, issuer: Option<&str>) -> Self {
        self.issuer = issuer.map(str::to_owned);
        self
    }

    /// About nobody.
    pub fn without_subject(mut self) -> Self {
        self.subject = None;
        self
    }

    /// Without conditions, and so without an audience.
    pub fn without_conditions(mut self) -> Self {
        self.conditions = false;
        self
    }

    /// Good from then on, in seconds since 1970; from ever when `None`.
    pub fn not_before(mut self, instant: Option<u64>) -> Self {
        self.not_before = instant;
        self
    }

    /// Good until then, in seconds since 1970; its conditions name no end when `None`.
    pub fn not_on_or_after(mut self, instant: Option<u64>) -> Self {
        self.not_on_or_after = instant;
        self
    }

    /// Whoever presents it is confirmed until then, in seconds since 1970; the confirmation names no end when `None`.
    pub fn confirmed_until(mut self, instant: Option<u64>) -> Self {
        self.confirmed_until = instant;
        self
    }

    /// Confirmed by another method than [`BEARER`].
    pub fn confirmation_method(mut self, method: impl Into<String>) -> Self {
        self.method = method.into();
        self
    }

    /// Signs it with the provider's key.
    ///
    /// # Errors
    ///
    /// [`UnsignableKey`] when no signature method goes with the key.
    pub fn sign(&self) -> Result<SignedAssertion, UnsignableKey> {
        self.sign_with(&self.key)
    }

    /// Signs it with another key.
    ///
    /// # Errors
    ///
    /// [`UnsignableKey`] when no signature method goes with the key.
    pub fn sign_with(&self, key: &SigningKey) -> Result<SignedAssertion, UnsignableKey> {
        let unsignable = || UnsignableKey { algorithm: format!("{:?}", key.algorithm()) };
        let method = SignatureMethod::of(key.algorithm()).ok_or_else(unsignable)?;
        let xml = signature::sign(&self.xml(&signature_template(&self.id, method, key)), key)?;
        Ok(SignedAssertion { xml, id: self.id.clone() })
    }

    /// Leaves it unsigned.
    pub fn unsigned(&self) -> SignedAssertion {
        SignedAssertion { xml: self.xml(""), id: self.id.clone() }
    }

    /// The XML text, with this text where the signature belongs (SAML 2.0 core, section 2.3.3).
    pub(super) fn xml(&self, signature: &str) -> String {
        let issuer = self.issuer.as_deref().map_or_else(String::new, |issuer| element("Issuer", issuer));
        let (id, issued) = (&self.id, time::written(self.issued_at));
        format!(
            "<saml2:Assertion xmlns:saml2=\"{ASSERTIONS}\" ID=\"{id}\" IssueInstant=\"{issued}\" Version=\"2.0\">\
             {issuer}{signature}{}{}\
             <saml2:AuthnStatement AuthnInstant=\"{issued}\"><saml2:AuthnContext>{}</saml2:AuthnContext>\
             </saml2:AuthnStatement></saml2:Assertion>",
            self.subject(),
            self.conditions(),
            element("AuthnContextClassRef", "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"),
        )
    }

    fn subject(&self) -> String {
        let Some(subject) = &self.subject else { return String::new() };
        let recipient = attribute("Recipient", self.recipient.as_deref());
        let until = attribute("NotOnOrAfter", self.confirmed_until.map(time::written).as_deref());
        format!(
            "<saml2:Subject>{}<saml2:SubjectConfirmation Method=\"{}\">\
             <saml2:SubjectConfirmationData{recipient}{until}/></saml2:SubjectConfirmation></saml2:Subject>",
            element("NameID", subject),
            escaped(&self.method),
        )
    }

    fn conditions(&self) -> String {
        if !self.conditions {
            return String::new();
        }
        let from = attribute("NotBefore", self.not_before.map(time::written).as_deref());
        let until = attribute("NotOnOrAfter", self.not_on_or_after.map(time::written).as_deref());
        let audiences: String = self.audiences.iter().map(|audience| element("Audience", audience)).collect();
        let restriction = if audiences.is_empty() {
            String::new()
        } else {
            format!("<saml2:AudienceRestriction>{audiences}</saml2:AudienceRestriction>")
        };
        format!("<saml2:Conditions{from}{until}>{restriction}</saml2:Conditions>")
    }
}

/// An assertion as it goes over the wire, signed or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedAssertion {
    pub(super) xml: String,
    pub(super) id: String,
}

impl SignedAssertion {
    /// The XML text.
    pub fn xml(&self) -> &str {
        &self.xml
    }

    /// The `assertion` parameter (RFC 7522, section 2.1).
    pub fn encoded(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.xml)
    }

    /// The same with a part of the text replaced after it was signed.
    #[must_use]
    pub fn altered(&self, from: &str, to: &str) -> Self {
        Self { xml: self.xml.replace(from, to), id: self.id.clone() }
    }
}

fn signature_template(id: &str, method: SignatureMethod, key: &SigningKey) -> String {
    let (exclusive, method, certificate) = (profile::EXCLUSIVE, method.uri(), key.x5c());
    format!(
        "<ds:Signature xmlns:ds=\"{SIGNATURES}\"><ds:SignedInfo>\
         <ds:CanonicalizationMethod Algorithm=\"{exclusive}\"/><ds:SignatureMethod Algorithm=\"{method}\"/>\
         <ds:Reference URI=\"#{id}\"><ds:Transforms><ds:Transform Algorithm=\"{SIGNATURES}enveloped-signature\"/>\
         <ds:Transform Algorithm=\"{exclusive}\"/></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/><ds:DigestValue></ds:DigestValue>\
         </ds:Reference></ds:SignedInfo><ds:SignatureValue></ds:SignatureValue>\
         <ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\
         </ds:Signature>"
    )
}

fn element(name: &str, text: &str) -> String {
    format!("<saml2:{name}>{}</saml2:{name}>", escaped(text))
}

fn attribute(name: &str, value: Option<&str>) -> String {
    value.map_or_else(String::new, |value| format!(" {name}=\"{}\"", escaped(value)))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{
        realm::test_keys::{self, KeyFamily},
        saml::{Assertion, Wrapping},
    };

    pub(in crate::saml) fn provider() -> IdentityProvider {
        let keys = KeyRing::with_key(test_keys::named("rsa-amber").unwrap());
        IdentityProvider::new("https://idp.example", keys, Clock::stopped_at(1_700_000_000))
    }

    fn holds(assertion: &SignedAssertion) -> bool {
        Assertion::read(&assertion.encoded()).is_some_and(|read| read.is_signed_by(&provider().keys()))
    }

    #[test]
    fn what_is_signed_verifies_whatever_stands_in_it() {
        let assertion =
            provider().assertion("<ann> & \"bob\"").audience("a&b").recipient("https://as.example/?a=1&b=2");
        let signed = assertion.sign().unwrap();
        assert!(holds(&signed));
        let read = Assertion::read(&signed.encoded()).unwrap();
        assert_eq!(read.name_id.as_deref(), Some("<ann> & \"bob\""));
        assert_eq!(read.conditions.unwrap().restrictions, [["a&b"]]);
        assert_eq!(read.confirmations[0].recipient.as_deref(), Some("https://as.example/?a=1&b=2"));
    }

    #[test]
    fn keys_of_every_family_that_xml_signatures_know_sign() {
        for family in [KeyFamily::Rsa, KeyFamily::P256, KeyFamily::P384] {
            let provider = IdentityProvider::new("idp", KeyRing::of_family(family), Clock::system());
            let signed = provider.assertion("ann").sign().unwrap();
            let read = Assertion::read(&signed.encoded()).unwrap();
            assert!(read.is_signed_by(&provider.keys()), "{family:?}");
        }
        let edwards = IdentityProvider::new("idp", KeyRing::of_family(KeyFamily::Ed25519), Clock::system());
        assert!(edwards.assertion("ann").sign().unwrap_err().to_string().contains("EdDSA"));
    }

    #[test]
    fn an_altered_a_foreign_and_an_unsigned_assertion_do_not_verify() {
        let assertion = provider().assertion("ann");
        let signed = assertion.sign().unwrap();
        assert!(holds(&signed));
        assert!(!holds(&signed.altered(">ann<", ">bob<")));
        assert!(!holds(&signed.altered("2023-11-14T22:18:20Z", "2033-11-14T22:18:20Z")));
        assert!(!holds(&assertion.sign_with(&test_keys::named("rsa-birch").unwrap()).unwrap()));
        assert!(!holds(&assertion.unsigned()));
    }

    #[test]
    fn the_key_that_stands_in_a_signature_is_not_believed() {
        let other = test_keys::named("rsa-birch").unwrap();
        let signed = provider().assertion("ann").sign_with(&other).unwrap();
        assert!(signed.xml().contains(&other.x5c()));
        assert!(!holds(&signed));
    }

    #[test]
    fn a_signature_outside_of_the_profile_does_not_count() {
        let signed = provider().assertion("ann").sign().unwrap();
        let method = |altered: &SignedAssertion| Assertion::read(&altered.encoded()).unwrap().method;
        assert!(method(&signed).is_some());
        for (from, to) in [
            ("rsa-sha256", "rsa-sha1"),
            ("enveloped-signature", "base64"),
            ("URI=\"#_", "URI=\"#other"),
            ("URI=\"#_", "URI=\"https://evil.example/#_"),
            ("xmlenc#sha256", "xmldsig#sha1"),
            ("</ds:SignedInfo>", "</ds:SignedInfo><ds:Object/>"),
            ("<ds:SignatureValue>", "<ds:SignatureValue/><ds:SignatureValue>"),
            (
                "<ds:Transform ",
                "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"/><ds:Transform ",
            ),
        ] {
            let altered = signed.altered(from, to);
            assert_ne!(altered, signed, "{from} is not there");
            assert_eq!(method(&altered), None, "{from} made {to}");
        }
    }

    #[test]
    fn a_wrapped_assertion_is_seen_through() {
        let genuine = provider().assertion("ann").sign().unwrap();
        for wrapping in Wrapping::ALL {
            let forged = genuine.wrapped(&provider().assertion("admin"), wrapping);
            let read = Assertion::read(&forged.encoded()).unwrap();
            assert_eq!(read.name_id.as_deref(), Some("admin"), "{wrapping:?}");
            assert!(forged.xml().contains(">ann<"));
            assert!(read.nested, "{wrapping:?}");
            assert!(!read.is_signed_by(&provider().keys()), "{wrapping:?}");
        }
    }
}
