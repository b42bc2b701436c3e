//! NTLM messages as they travel: bare, or in SPNEGO (RFC 4178). Who comes in SPNEGO is answered in it.
//! What the messages say is left to `message` and `server`; the tokens of SPNEGO to `spnego`.

use base64::{Engine, engine::general_purpose::STANDARD};
use picky_asn1::wrapper::ObjectIdentifierAsn1;
use picky_asn1_x509::oids;

use crate::{
    der,
    spnego::{self, Offer, Response},
};

/// A message, and how it came.
#[derive(Debug)]
pub(crate) struct Parcel {
    message: Vec<u8>,
    negotiated: bool,
}

/// Why there is no message in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParcelFault {
    #[error("the SPNEGO token cannot be read, or carries no message")]
    Unreadable,
    #[error("the token is one of Kerberos, and this grant takes NTLM alone")]
    Kerberos,
    #[error("the SPNEGO token prefers the mechanism {0}, and this grant takes NTLM alone")]
    Other(String),
}

impl Parcel {
    /// Takes the message out.
    pub(crate) fn open(octets: Vec<u8>) -> Result<Self, ParcelFault> {
        let message = match octets.first() {
            Some(&spnego::APPLICATION) => offered(&octets)?,
            Some(&spnego::RESPONSE) => {
                let response = Response::read(&octets).ok_or(ParcelFault::Unreadable)?;
                response.mechanism.iter().try_for_each(is_ntlm)?;
                response.token
            }
            _ => return Ok(Self { message: octets, negotiated: false }),
        };
        Ok(Self { message, negotiated: true })
    }

    pub(crate) fn message(&self) -> &[u8] {
        &self.message
    }

    /// A challenge in the form that its opening came in, as it stands in `WWW-Authenticate`.
    pub(crate) fn challenge(&self, challenge: Vec<u8>) -> String {
        if !self.negotiated {
            return format!("NTLM {}", STANDARD.encode(challenge));
        }
        let response = Response { mechanism: Some(oids::ntlm_ssp().into()), token: challenge };
        format!("Negotiate {}", STANDARD.encode(response.written().expect("octets have an encoding")))
    }
}

/// The message in the first token of an exchange.
fn offered(octets: &[u8]) -> Result<Vec<u8>, ParcelFault> {
    let Some(offer) = Offer::read(octets) else {
        return Err(if is_bare_kerberos(octets) { ParcelFault::Kerberos } else { ParcelFault::Unreadable });
    };
    offer.mechanisms.first().map_or(Err(ParcelFault::Unreadable), is_ntlm)?;
    Ok(offer.token)
}

fn is_ntlm(mechanism: &ObjectIdentifierAsn1) -> Result<(), ParcelFault> {
    let mechanism = &mechanism.0;
    if *mechanism == oids::ntlm_ssp() {
        Ok(())
    } else if [oids::krb5(), oids::ms_krb5(), oids::krb5_user_to_user()].contains(mechanism) {
        Err(ParcelFault::Kerberos)
    } else {
        let number: String = mechanism.into();
        Err(ParcelFault::Other(number))
    }
}

/// Whether a token of GSS-API is one of Kerberos, without SPNEGO around it (RFC 4121, section 4.1).
fn is_bare_kerberos(octets: &[u8]) -> bool {
    let named = der::whole(octets).and_then(der::split);
    named.is_some_and(|(number, _)| number == b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn offer(mechanisms: Vec<ObjectIdentifierAsn1>, token: &[u8]) -> Vec<u8> {
        Offer { mechanisms, token: token.to_vec() }.written().unwrap()
    }

    #[test]
    fn a_message_is_taken_out_and_its_challenge_goes_back_in_the_same_form() {
        let bare = Parcel::open(b"NTLMSSP\0\x01".to_vec()).unwrap();
        assert_eq!((bare.message(), bare.challenge(b"abc".to_vec())), (&b"NTLMSSP\0\x01"[..], "NTLM YWJj".to_owned()));
        let ntlm_first = vec![oids::ntlm_ssp().into(), oids::krb5().into()];
        let negotiated = Parcel::open(offer(ntlm_first, b"NTLMSSP\0\x01")).unwrap();
        assert_eq!(negotiated.message(), b"NTLMSSP\0\x01");
        let challenge = negotiated.challenge(b"NTLMSSP\0\x02".to_vec());
        let token = STANDARD.decode(challenge.strip_prefix("Negotiate ").unwrap()).unwrap();
        assert_eq!(Parcel::open(token).unwrap().message(), b"NTLMSSP\0\x02");
    }

    #[test]
    fn other_mechanisms_than_ntlm_are_named() {
        for kerberos in [oids::krb5(), oids::ms_krb5()] {
            let token = offer(vec![kerberos.into(), oids::ntlm_ssp().into()], b"ticket");
            assert_eq!(Parcel::open(token).unwrap_err(), ParcelFault::Kerberos);
        }
        let bare = b"\x60\x0d\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\x00".to_vec();
        assert_eq!(Parcel::open(bare).unwrap_err(), ParcelFault::Kerberos);
        let other = Parcel::open(offer(vec![oids::negoex().into(), oids::ntlm_ssp().into()], b"x")).unwrap_err();
        assert_eq!(other, ParcelFault::Other("1.3.6.1.4.1.311.2.2.30".to_owned()));
        let response = Response { mechanism: Some(oids::krb5().into()), token: b"x".to_vec() }.written().unwrap();
        assert_eq!(Parcel::open(response).unwrap_err(), ParcelFault::Kerberos);
    }

    #[test]
    fn what_cannot_be_read_is_said_to_be_so() {
        for octets in [&b"\x60"[..], b"\x60\x29\x06\x06\x2b\x06\x01\x05\x05\x02", b"\xa1\x02\x30\x00", b"\xa1\x00"] {
            assert_eq!(Parcel::open(octets.to_vec()).unwrap_err(), ParcelFault::Unreadable, "{octets:02x?}");
        }
        assert_eq!(Parcel::open(offer(Vec::new(), b"x")).unwrap_err(), ParcelFault::Unreadable);
        assert!(Parcel::open(Vec::new()).unwrap().message().is_empty());
    }

    proptest! {
        #[test]
        fn any_octets_are_opened_or_refused(
            first in prop::sample::select(vec![0x60_u8, 0xa1, b'N']),
            octets in prop::collection::vec(any::<u8>(), 0..120),
        ) {
            let _ = Parcel::open([&[first], &octets[..]].concat());
        }

        #[test]
        fn any_change_to_an_offer_is_opened_or_refused(at: prop::sample::Index, octet: u8) {
            let mut token = offer(vec![oids::ntlm_ssp().into()], b"NTLMSSP\0\x01\0\0\0");
            let place = at.index(token.len());
            token[place] = octet;
            let _ = Parcel::open(token);
        }
    }
}
