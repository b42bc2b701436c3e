//! The signature profile of assertions (SAML 2.0 core, section 5.4): one enveloped signature over the whole assertion.
//! It bars every transform and reference with which a signature could cover something else than what is read.

use bergshamra::xml::{Document, NodeId};

use super::{ASSERTIONS, SIGNATURES};
use crate::realm::Algorithm;

const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
pub(super) const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const EXCLUSIVE_WITH_COMMENTS: &str = "http://www.w3.org/2001/10/xml-exc-c14n#WithComments";
const INCLUSIVE: &str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
const DIGESTS: [&str; 3] = [
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512",
];

/// How an assertion is signed. SHA-1 is not among the ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SignatureMethod {
    uri: &'static str,
    algorithm: Algorithm,
}

/// What the standards call them (RFC 9231, section 2.3), and what they are called in a JWT.
const METHODS: [SignatureMethod; 5] = [
    SignatureMethod { uri: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", algorithm: Algorithm::RS256 },
    SignatureMethod { uri: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", algorithm: Algorithm::RS384 },
    SignatureMethod { uri: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", algorithm: Algorithm::RS512 },
    SignatureMethod { uri: "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", algorithm: Algorithm::ES256 },
    SignatureMethod { uri: "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", algorithm: Algorithm::ES384 },
];

impl SignatureMethod {
    pub(super) fn of(algorithm: Algorithm) -> Option<Self> {
        METHODS.into_iter().find(|method| method.algorithm == algorithm)
    }

    pub(super) fn uri(self) -> &'static str {
        self.uri
    }

    pub(super) fn algorithm(self) -> Algorithm {
        self.algorithm
    }
}

/// How the root of the document is signed; `None` when it is not, or not by the profile.
pub(super) fn method(document: &Document<'_>, root: NodeId) -> Option<SignatureMethod> {
    // A second signature anywhere could be the one that is verified.
    let [signature] = document.get_elements_by_tag_name_ns(SIGNATURES, "Signature")[..] else { return None };
    if document.parent(signature) != Some(root) {
        return None;
    }
    // Objects may hold anything.
    if only(document, signature, "Object").is_some() {
        return None;
    }
    let info = only(document, signature, "SignedInfo")?;
    only(document, signature, "SignatureValue")?;
    let canonical = algorithm(document, only(document, info, "CanonicalizationMethod")?)?;
    let method = algorithm(document, only(document, info, "SignatureMethod")?)?;
    let reference = only(document, info, "Reference")?;
    let known = METHODS.into_iter().find(|known| known.uri == method)?;
    (is_canonical(canonical) && covers(document, root, reference)).then_some(known)
}

/// Whether a reference means the whole root, its signature left out.
fn covers(document: &Document<'_>, root: NodeId, reference: NodeId) -> bool {
    let id = document.get_attribute(root, "ID").unwrap_or_default();
    let whole = document
        .get_attribute(reference, "URI")
        .is_some_and(|uri| uri.is_empty() || (!id.is_empty() && uri.strip_prefix('#') == Some(id)));
    let digest = only(document, reference, "DigestMethod").and_then(|node| algorithm(document, node));
    let Some(transforms) = only(document, reference, "Transforms") else { return false };
    let transforms = document.child_elements_by_name_ns(transforms, SIGNATURES, "Transform");
    let transforms: Vec<_> = transforms.into_iter().map(|node| algorithm(document, node).unwrap_or_default()).collect();
    let transformed = match transforms[..] {
        [first] => first == ENVELOPED,
        [first, second] => first == ENVELOPED && is_canonical(second),
        _ => false,
    };
    whole && transformed && digest.is_some_and(|digest| DIGESTS.contains(&digest))
}

fn is_canonical(algorithm: &str) -> bool {
    [EXCLUSIVE, EXCLUSIVE_WITH_COMMENTS, INCLUSIVE].contains(&algorithm)
}

fn algorithm<'a>(document: &'a Document<'_>, node: NodeId) -> Option<&'a str> {
    document.get_attribute(node, "Algorithm")
}

/// The one child of that name among signatures; `None` when there are several.
fn only(document: &Document<'_>, parent: NodeId, name: &str) -> Option<NodeId> {
    match document.child_elements_by_name_ns(parent, SIGNATURES, name)[..] {
        [one] => Some(one),
        _ => None,
    }
}

/// Whether the node is an assertion.
pub(super) fn is_assertion(document: &Document<'_>, node: NodeId) -> bool {
    document.element(node).is_some_and(|element| element.matches_name_ns(ASSERTIONS, "Assertion"))
}
