//! An assertion as it was sent: read into its parts, none of which is believed yet.
//! Document type declarations, and with them entities, are refused before anything is looked at.

use base64::{
    Engine,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use bergshamra::xml::{Document, NodeId, NodeKind, uppsala::parser::Parser};

use super::{ASSERTIONS, profile, profile::SignatureMethod, signature, time};
use crate::realm::TrustedKeys;

/// Texts that are longer, in bytes, are not read at all.
const LONGEST: usize = 256 * 1024;

/// Elements that lie deeper are not read.
const DEEPEST: u32 = 32;

/// The parts of an assertion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assertion {
    /// The XML text.
    text: String,
    /// Whether the outermost element is an assertion.
    pub(crate) is_assertion: bool,
    /// Whether an assertion lies inside of another.
    pub(crate) nested: bool,
    /// Entity id of who made it.
    pub(crate) issuer: Option<String>,
    /// Who it speaks of.
    pub(crate) name_id: Option<String>,
    /// How it is signed, if by the profile.
    pub(crate) method: Option<SignatureMethod>,
    /// On what conditions it holds.
    pub(crate) conditions: Option<Conditions>,
    /// Who may present it.
    pub(crate) confirmations: Vec<Confirmation>,
}

/// On what conditions an assertion holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Conditions {
    /// For each restriction, the audiences that it names; all restrictions must be met.
    pub(crate) restrictions: Vec<Vec<String>>,
    /// When.
    pub(crate) window: Window,
}

/// One way in which a presenter is confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Confirmation {
    /// The method.
    pub(crate) method: String,
    /// The endpoint it may be presented at.
    pub(crate) recipient: Option<String>,
    /// When.
    pub(crate) window: Window,
}

/// From when until when, in seconds since 1970; the end is exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Window {
    pub(crate) not_before: Option<u64>,
    pub(crate) not_on_or_after: Option<u64>,
    /// One of the two is there and no instant.
    pub(crate) unreadable: bool,
}

impl Window {
    pub(crate) fn holds(&self, now: u64) -> bool {
        !self.unreadable
            && self.not_before.is_none_or(|start| start <= now)
            && self.not_on_or_after.is_none_or(|end| now < end)
    }
}

impl Assertion {
    /// Reads the `assertion` parameter: base64 in either alphabet, padded or not, of an XML text. `None` when it is
    /// something else.
    pub(crate) fn read(parameter: &str) -> Option<Self> {
        let alphabet = if parameter.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
        let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        if parameter.len() > LONGEST {
            return None;
        }
        let text = GeneralPurpose::new(alphabet, lenient).decode(parameter).ok()?;
        Self::parse(String::from_utf8(text).ok()?)
    }

    /// Reads an XML text.
    pub(crate) fn parse(text: String) -> Option<Self> {
        let document = document(&text)?;
        let root = document.document_element()?;
        let is_assertion = profile::is_assertion(&document, root);
        let assertions = document.get_elements_by_tag_name_ns(ASSERTIONS, "Assertion").len();
        let subject = child(&document, root, "Subject");
        let name_id = subject.and_then(|subject| child(&document, subject, "NameID"));
        let confirmations = subject
            .map(|subject| document.child_elements_by_name_ns(subject, ASSERTIONS, "SubjectConfirmation"))
            .unwrap_or_default();
        let read = Self {
            is_assertion,
            nested: assertions > usize::from(is_assertion),
            issuer: child(&document, root, "Issuer").and_then(|node| filled(&document, node)),
            name_id: name_id.and_then(|node| filled(&document, node)),
            method: profile::method(&document, root),
            conditions: child(&document, root, "Conditions").map(|node| conditions(&document, node)),
            confirmations: confirmations.into_iter().map(|node| confirmation(&document, node)).collect(),
            text: String::new(),
        };
        drop(document);
        Some(Self { text, ..read })
    }

    /// Whether one of the keys signed it as it is.
    pub(crate) fn is_signed_by(&self, keys: &TrustedKeys) -> bool {
        let Some(method) = self.method else { return false };
        document(&self.text).is_some_and(|document| signature::verify(&document, &self.text, method, keys))
    }
}

fn document(text: &str) -> Option<Document<'_>> {
    let parser = Parser::new().with_forbid_dtd(true).with_max_depth(DEEPEST);
    parser.parse(text).ok()
}

fn conditions(document: &Document<'_>, node: NodeId) -> Conditions {
    let audiences = |restriction: NodeId| {
        let named = document.child_elements_by_name_ns(restriction, ASSERTIONS, "Audience");
        named.into_iter().filter_map(|audience| filled(document, audience)).collect()
    };
    let restrictions = document.child_elements_by_name_ns(node, ASSERTIONS, "AudienceRestriction");
    Conditions { restrictions: restrictions.into_iter().map(audiences).collect(), window: window(document, node) }
}

fn confirmation(document: &Document<'_>, node: NodeId) -> Confirmation {
    let data = child(document, node, "SubjectConfirmationData");
    Confirmation {
        method: document.get_attribute(node, "Method").unwrap_or_default().to_owned(),
        recipient: data.and_then(|data| document.get_attribute(data, "Recipient")).map(str::to_owned),
        window: data.map(|data| window(document, data)).unwrap_or_default(),
    }
}

fn window(document: &Document<'_>, node: NodeId) -> Window {
    let instant = |name| document.get_attribute(node, name).map(time::read);
    let (not_before, not_on_or_after) = (instant("NotBefore"), instant("NotOnOrAfter"));
    Window {
        unreadable: not_before == Some(None) || not_on_or_after == Some(None),
        not_before: not_before.flatten(),
        not_on_or_after: not_on_or_after.flatten(),
    }
}

fn child(document: &Document<'_>, parent: NodeId, name: &str) -> Option<NodeId> {
    document.first_child_element_by_name_ns(parent, ASSERTIONS, name)
}

/// The text of an element, all of it: canonical XML has no comments, so text that stops at one could be somebody else's.
fn filled(document: &Document<'_>, node: NodeId) -> Option<String> {
    let mut text = String::new();
    for child in document.children_iter(node) {
        match document.node_kind(child) {
            Some(NodeKind::Text(part) | NodeKind::CData(part)) => text.push_str(part),
            Some(NodeKind::Comment(_)) => {}
            _ => return None,
        }
    }
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(inside: &str) -> Assertion {
        Assertion::parse(format!("<a:Assertion xmlns:a=\"{ASSERTIONS}\" ID=\"_1\">{inside}</a:Assertion>")).unwrap()
    }

    #[test]
    fn the_parts_of_an_assertion_are_found() {
        let read = parse(
            "<a:Issuer>idp</a:Issuer><a:Subject><a:NameID>ann</a:NameID><a:SubjectConfirmation Method=\"m\">\
             <a:SubjectConfirmationData Recipient=\"r\" NotOnOrAfter=\"2023-11-14T22:13:20Z\"/></a:SubjectConfirmation>\
             </a:Subject><a:Conditions NotBefore=\"soon\"><a:AudienceRestriction><a:Audience>as</a:Audience>\
             </a:AudienceRestriction></a:Conditions>",
        );
        assert_eq!((read.issuer.as_deref(), read.name_id.as_deref()), (Some("idp"), Some("ann")));
        assert!(read.is_assertion && !read.nested && read.method.is_none());
        let conditions = read.conditions.unwrap();
        assert_eq!(conditions.restrictions, [["as"]]);
        assert!(conditions.window.unreadable && !conditions.window.holds(0));
        assert_eq!(read.confirmations[0].recipient.as_deref(), Some("r"));
        assert_eq!(read.confirmations[0].window.not_on_or_after, Some(1_700_000_000));
    }

    #[test]
    fn a_name_does_not_end_at_a_comment() {
        let read = parse("<a:Subject><a:NameID>admin<!-- -->@example</a:NameID></a:Subject>");
        assert_eq!(read.name_id.as_deref(), Some("admin@example"));
    }

    #[test]
    fn an_assertion_inside_of_another_element_is_found() {
        assert!(parse("<b><a:Assertion/></b>").nested);
        let response = format!("<r><a:Assertion xmlns:a=\"{ASSERTIONS}\"/></r>");
        let read = Assertion::parse(response).unwrap();
        assert!(!read.is_assertion && read.nested);
    }

    #[test]
    fn document_types_and_depths_are_refused() {
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bb\">]><a>&b;</a>";
        assert_eq!(Assertion::parse(bomb.to_owned()), None);
        assert_eq!(Assertion::parse("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>".to_owned()), None);
        assert_eq!(Assertion::parse("<a>".repeat(40) + &"</a>".repeat(40)), None);
        assert!(Assertion::parse("<a>&lt;</a>".to_owned()).is_some());
    }

    proptest::proptest! {
        #[test]
        fn any_parameter_is_read_or_refused(parameter in ".*") {
            let _ = Assertion::read(&parameter);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(<|>|/|&|;|!|\\[|\"|=| |a:|Assertion|xmlns|DOCTYPE|CDATA|Issuer|\\PC){0,60}") {
            let _ = Assertion::parse(text);
        }

        #[test]
        fn any_change_to_a_good_assertion_is_read_or_refused(at in 0usize..4096, byte: char) {
            let good = crate::saml::builder::tests::provider().assertion("ann").sign().unwrap();
            let place = good.xml().char_indices().nth(at % good.xml().len()).map_or(0, |(place, _)| place);
            let (before, after) = good.xml().split_at(place);
            let keys = crate::saml::builder::tests::provider().keys();
            let changed = format!("{before}{byte}{after}");
            if let Some(read) = Assertion::parse(changed) {
                let _ = read.is_signed_by(&keys);
            }
        }
    }
}
