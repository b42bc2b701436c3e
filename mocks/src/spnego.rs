//! SPNEGO (RFC 4178): the tokens by which a client offers mechanisms and both sides then carry one on, read and written.
//! What stands in a mechanism's own token is left to `kerberos` and `ntlm`. Nobody's list of mechanisms is protected by a
//! code here: only the mechanism that a client offers first is ever taken up (section 5).

use picky_asn1::wrapper::{
    Asn1SequenceOf, ExplicitContextTag0, ExplicitContextTag1, ExplicitContextTag2, ObjectIdentifierAsn1,
    OctetStringAsn1, Optional,
};
use picky_asn1_der::Asn1RawDer;
use picky_asn1_x509::oids;
use picky_krb::{
    constants::gss_api::ACCEPT_INCOMPLETE,
    gss_api::{ApplicationTag0, GssApiNegInit, NegTokenInit, NegTokenTarg, NegTokenTarg1},
};

use crate::der::{self, decoded, split, whole};

/// How a token of GSS-API begins (RFC 2743, section 3.1), and what stands there in a sequence.
pub(crate) const APPLICATION: u8 = 0x60;
const SEQUENCE: u8 = 0x30;
/// How every token after the first begins (RFC 4178, section 4.2).
pub(crate) const RESPONSE: u8 = 0xa1;
/// What may stand in it: a state, the mechanism, its next token, and a code over the list of mechanisms.
const MEMBERS: [u8; 4] = [STATE, MECHANISM, NEXT_TOKEN, 0xa3];
const STATE: u8 = 0xa0;
const MECHANISM: u8 = 0xa1;
const NEXT_TOKEN: u8 = 0xa2;
const OCTETS: u8 = 0x04;
/// What the state may be where the mechanism goes on: completed, incomplete, or with a code asked for. 2 is a refusal.
const GOES_ON: [[u8; 3]; 3] = [[0x0a, 1, 0], [0x0a, 1, 1], [0x0a, 1, 3]];

/// What a client offers.
#[derive(Debug)]
pub(crate) struct Offer {
    /// The mechanisms, the one it likes best first; at least one.
    pub(crate) mechanisms: Vec<ObjectIdentifierAsn1>,
    /// The first token of the first mechanism.
    pub(crate) token: Vec<u8>,
}

impl Offer {
    /// The offer in a token (section 4.2.1). `None` when it is another one, when it names no mechanism or brings no token
    /// of one, or when anything stands behind it.
    pub(crate) fn read(token: &[u8]) -> Option<Self> {
        let (_, body) = split(whole(token)?)?;
        whole(whole(body)?)?;
        // The tag is [APPLICATION 0], and what it holds is written as a sequence.
        let mut sequence = token.to_vec();
        *sequence.first_mut().filter(|tag| **tag == APPLICATION)? = SEQUENCE;
        let negotiation: GssApiNegInit = decoded(&sequence)?;
        if negotiation.oid.0 != oids::spnego() {
            return None;
        }
        let NegTokenInit { mech_types, mech_token, .. } = negotiation.neg_token_init.0;
        let mechanisms = mech_types.0?.0.0;
        let token = mech_token.0?.0.0;
        (!mechanisms.is_empty()).then_some(Self { mechanisms, token })
    }

    /// The token of an offer.
    pub(crate) fn written(self) -> Option<Vec<u8>> {
        let init = NegTokenInit {
            mech_types: Optional::from(Some(ExplicitContextTag0::from(Asn1SequenceOf(self.mechanisms)))),
            req_flags: Optional::from(None),
            mech_token: Optional::from(Some(ExplicitContextTag2::from(OctetStringAsn1::from(self.token)))),
            mech_list_mic: Optional::from(None),
        };
        let negotiation = GssApiNegInit { oid: oids::spnego().into(), neg_token_init: ExplicitContextTag0::from(init) };
        picky_asn1_der::to_vec(&ApplicationTag0(negotiation)).ok()
    }
}

/// What either side says once a mechanism is offered.
#[derive(Debug)]
pub(crate) struct Response {
    /// The mechanism that is taken up, where it is named.
    pub(crate) mechanism: Option<ObjectIdentifierAsn1>,
    /// The mechanism's next token.
    pub(crate) token: Vec<u8>,
}

impl Response {
    /// The response in a token (section 4.2.2). `None` when it is another one, brings no token of the
    /// mechanism, or is a refusal of it.
    pub(crate) fn read(token: &[u8]) -> Option<Self> {
        // By hand: the library takes one member for another where the first ones are left out.
        let members = der::values(der::of_tag(SEQUENCE, der::of_tag(RESPONSE, token)?)?)?;
        if !members.is_sorted_by(|one, next| one.0 < next.0) || members.iter().any(|(tag, _)| !MEMBERS.contains(tag)) {
            return None;
        }
        let member = |number: u8| members.iter().find(|(tag, _)| *tag == number).map(|(_, held)| *held);
        if member(STATE).is_some_and(|state| !GOES_ON.iter().any(|good| good == state)) {
            return None;
        }
        let mechanism = match member(MECHANISM) {
            Some(number) => Some(decoded(number)?),
            None => None,
        };
        Some(Self { mechanism, token: der::of_tag(OCTETS, member(NEXT_TOKEN)?)?.to_vec() })
    }

    /// The token of a response after which more is to come.
    pub(crate) fn written(self) -> Option<Vec<u8>> {
        let more = Asn1RawDer(ACCEPT_INCOMPLETE.to_vec());
        let response = NegTokenTarg {
            neg_result: Optional::from(Some(ExplicitContextTag0::from(more))),
            supported_mech: Optional::from(self.mechanism.map(ExplicitContextTag1::from)),
            response_token: Optional::from(Some(ExplicitContextTag2::from(OctetStringAsn1::from(self.token)))),
            mech_list_mic: Optional::from(None),
        };
        picky_asn1_der::to_vec(&NegTokenTarg1::from(response)).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// By the rules of section 4.2: SPNEGO, NTLM as the one mechanism, and three octets of a token.
    const OFFER: &[u8] = b"\x60\x23\x06\x06\x2b\x06\x01\x05\x05\x02\xa0\x19\x30\x17\
                           \xa0\x0e\x30\x0c\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a\xa2\x05\x04\x03abc";
    /// Incomplete, by NTLM, with the same octets.
    const RESPONSE_OF_NTLM: &[u8] = b"\xa1\x1c\x30\x1a\xa0\x03\x0a\x01\x01\
                                      \xa1\x0c\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a\xa2\x05\x04\x03abc";

    #[test]
    fn tokens_are_written_and_read_by_the_octet() {
        let offer = Offer::read(OFFER).unwrap();
        assert_eq!(
            (offer.token.as_slice(), offer.mechanisms.as_slice()),
            (&b"abc"[..], &[oids::ntlm_ssp().into()][..])
        );
        assert_eq!(offer.written().unwrap(), OFFER);
        let response = Response::read(RESPONSE_OF_NTLM).unwrap();
        assert_eq!((response.token.as_slice(), &response.mechanism), (&b"abc"[..], &Some(oids::ntlm_ssp().into())));
        assert_eq!(response.written().unwrap(), RESPONSE_OF_NTLM);
        let bare = Response::read(b"\xa1\x09\x30\x07\xa2\x05\x04\x03abc").unwrap();
        assert_eq!((bare.token.as_slice(), bare.mechanism), (&b"abc"[..], None));
        // As clients on Windows answer: incomplete, the token, and a code.
        let usual =
            Response::read(b"\xa1\x14\x30\x12\xa0\x03\x0a\x01\x01\xa2\x05\x04\x03abc\xa3\x04\x04\x02xy").unwrap();
        assert_eq!((usual.token.as_slice(), usual.mechanism), (&b"abc"[..], None));
        for wrong in [
            &b"\xa1\x09\x30\x07\xa2\x05\x05\x03abc"[..],
            b"\xa1\x09\x31\x07\xa2\x05\x04\x03abc",
            b"\xa1\x09\x30\x07\xa4\x05\x04\x03abc",
            b"\xa1\x0e\x30\x0c\xa2\x05\x04\x03abc\xa0\x03\x0a\x01\x01",
            b"\xa1\x02\x30\x00",
            b"\xa1\x0e\x30\x0c\xa0\x03\x0a\x01\x02\xa2\x05\x04\x03abc",
            b"\xa1\x0e\x30\x0c\xa0\x03\x0a\x01\x04\xa2\x05\x04\x03abc",
            b"\xa1\x0e\x30\x0c\xa0\x03\x02\x01\x01\xa2\x05\x04\x03abc",
        ] {
            assert!(Response::read(wrong).is_none(), "{wrong:02x?}");
        }
    }

    #[test]
    fn what_is_cut_or_has_something_behind_it_is_not_read() {
        for length in 0..OFFER.len() {
            assert!(Offer::read(&OFFER[..length]).is_none(), "{length}");
        }
        for length in 0..RESPONSE_OF_NTLM.len() {
            assert!(Response::read(&RESPONSE_OF_NTLM[..length]).is_none(), "{length}");
        }
        assert!(Offer::read(&[OFFER, b"\0"].concat()).is_none());
        assert!(Response::read(&[RESPONSE_OF_NTLM, b"\0"].concat()).is_none());
        assert!(Offer::read(RESPONSE_OF_NTLM).is_none() && Response::read(OFFER).is_none());
    }

    proptest! {
        #[test]
        fn any_octets_are_read_or_refused(octets in prop::collection::vec(any::<u8>(), 0..120)) {
            let _ = Offer::read(&octets);
            let _ = Response::read(&octets);
        }

        #[test]
        fn any_change_to_a_token_is_read_or_refused(at: prop::sample::Index, octet: u8, cut: prop::sample::Index) {
            for token in [OFFER, RESPONSE_OF_NTLM] {
                let mut token = token.to_vec();
                let place = at.index(token.len());
                token[place] = octet;
                let _ = Offer::read(&token);
                let _ = Response::read(&token);
                token.truncate(cut.index(token.len()));
                let _ = Offer::read(&token);
                let _ = Response::read(&token);
            }
        }
    }
}
