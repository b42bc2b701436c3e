//! Signature wrapping: a forged assertion that carries a genuine one along, so that a signature verifies that is not its
//! own. What a reader must not fall for (RFC 7522, section 5; OASIS SAML 2.0 errata, E91).

use super::builder::{AssertionBuilder, SignedAssertion};

/// Where the genuine assertion is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrapping {
    /// Whole, its signature in it, inside of the forged one.
    GenuineInside,
    /// In the forged one's signature, which is the genuine one's.
    InSignatureObject,
    /// As before, and both have one id.
    SameId,
}

impl Wrapping {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::GenuineInside, Self::InSignatureObject, Self::SameId];
}

impl SignedAssertion {
    /// The forged assertion in which this genuine one is wrapped.
    #[must_use]
    pub fn wrapped(&self, forged: &AssertionBuilder, wrapping: Wrapping) -> Self {
        let mut forged = forged.clone();
        if wrapping == Wrapping::SameId {
            forged.id.clone_from(&self.id);
        }
        let carried = match wrapping {
            Wrapping::GenuineInside => self.xml.clone(),
            Wrapping::InSignatureObject | Wrapping::SameId => self.around_itself(),
        };
        Self { xml: forged.xml(&carried), id: forged.id }
    }

    /// The signature with everything else of the assertion as its object.
    fn around_itself(&self) -> String {
        const END: &str = "</ds:Signature>";
        let place = self.xml.find("<ds:Signature ").zip(self.xml.find(END));
        let Some((start, end)) = place else { return self.xml.clone() };
        let (signature, rest) = (&self.xml[start..end], &self.xml[end + END.len()..]);
        format!("{signature}<ds:Object>{}{rest}</ds:Object>{END}", &self.xml[..start])
    }
}
