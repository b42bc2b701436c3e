//! A ticket that was asked for, and the request that its client makes with it: sound, or with what was ordered.
//! Whether a service believes it is decided in `opened`.

use base64::{Engine, engine::general_purpose::STANDARD};
use picky_asn1::{
    bit_string::BitString,
    wrapper::{
        BitStringAsn1, ExplicitContextTag0, ExplicitContextTag1, ExplicitContextTag2, ExplicitContextTag3,
        ExplicitContextTag4, ExplicitContextTag5, ExplicitContextTag7, IntegerAsn1, OctetStringAsn1, Optional,
    },
};
use picky_krb::{
    constants::types::AP_REQ_MSG_TYPE,
    data_types::{
        Authenticator, AuthenticatorInner, EncTicketPart, EncTicketPartInner, EncryptionKey, Ticket, TicketInner,
        TransitedEncoding,
    },
    messages::{ApReq, ApReqInner},
};

use super::{
    encryption::{Encryption, Usage},
    principal::Principal,
    wire::{self, VERSION},
};
use crate::realm::random;

/// How long a ticket is good, in seconds: ten hours, as centres are set up by default.
const LIFETIME: u64 = 36_000;

/// A ticket that was asked for, and the request that a client makes of it.
#[derive(Clone)]
#[must_use]
pub struct TicketOrder {
    encryption: Encryption,
    key: Vec<u8>,
    addressed: Principal,
    client: Principal,
    shown_by: Principal,
    valid_from: u64,
    valid_until: u64,
    shown_at: u64,
    negotiated: bool,
}

impl std::fmt::Debug for TicketOrder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TicketOrder({} for {}, ", self.client, self.addressed)?;
        write!(f, "{} to {}, shown by {} at {})", self.valid_from, self.valid_until, self.shown_by, self.shown_at)
    }
}

impl TicketOrder {
    pub(super) fn new(service: &Principal, sealed_by: (Encryption, Vec<u8>), client: Principal, now: u64) -> Self {
        Self {
            encryption: sealed_by.0,
            key: sealed_by.1,
            addressed: service.clone(),
            shown_by: client.clone(),
            client,
            valid_from: now,
            valid_until: now.saturating_add(LIFETIME),
            shown_at: now,
            negotiated: false,
        }
    }

    /// Good from then on, in seconds since 1970.
    pub fn valid_from(mut self, time: u64) -> Self {
        self.valid_from = time;
        self
    }

    /// Good until then, in seconds since 1970.
    pub fn valid_until(mut self, time: u64) -> Self {
        self.valid_until = time;
        self
    }

    /// Shown to the service at that time.
    pub fn shown_at(mut self, time: u64) -> Self {
        self.shown_at = time;
        self
    }

    /// Shown by somebody else than it was made for.
    pub fn shown_by(mut self, other: Principal) -> Self {
        self.shown_by = other;
        self
    }

    /// Sealed with a key that nobody else has.
    pub fn sealed_with_another_key(mut self) -> Self {
        self.key = random::bytes(self.encryption.key_length());
        self
    }

    /// For another service, though sealed for this one.
    pub fn addressed_to(mut self, other: Principal) -> Self {
        self.addressed = other;
        self
    }

    /// Wrapped for a negotiation (SPNEGO, RFC 4178).
    pub fn negotiated(mut self) -> Self {
        self.negotiated = true;
        self
    }

    /// The token for `kerberos_token`, in base64. Each has an authenticator of its own.
    pub fn token(&self) -> String {
        let request = self.request().expect("a request that was put together here has an encoding");
        STANDARD.encode(wire::token(request, self.negotiated).expect("and so has the token around it"))
    }

    fn request(&self) -> Option<ApReq> {
        let session = random::bytes(self.encryption.key_length());
        let (sname, realm) = self.addressed.written();
        let sealed = self.encryption.seal(&self.key, Usage::Ticket, &self.granted(&session))?;
        let proof = self.encryption.seal(&session, Usage::Authenticator, &self.proof())?;
        let ticket = Ticket::from(TicketInner {
            tkt_vno: ExplicitContextTag0::from(number(VERSION)),
            realm: ExplicitContextTag1::from(realm),
            sname: ExplicitContextTag2::from(sname),
            enc_part: ExplicitContextTag3::from(sealed),
        });
        Some(ApReq::from(ApReqInner {
            pvno: ExplicitContextTag0::from(number(VERSION)),
            msg_type: ExplicitContextTag1::from(number(AP_REQ_MSG_TYPE)),
            ap_options: ExplicitContextTag2::from(no_flags()),
            ticket: ExplicitContextTag3::from(ticket),
            authenticator: ExplicitContextTag4::from(proof),
        }))
    }

    fn granted(&self, session: &[u8]) -> EncTicketPart {
        let (cname, crealm) = self.client.written();
        EncTicketPart::from(EncTicketPartInner {
            flags: ExplicitContextTag0::from(no_flags()),
            key: ExplicitContextTag1::from(EncryptionKey {
                key_type: ExplicitContextTag0::from(self.encryption.number()),
                key_value: ExplicitContextTag1::from(OctetStringAsn1::from(session.to_vec())),
            }),
            crealm: ExplicitContextTag2::from(crealm),
            cname: ExplicitContextTag3::from(cname),
            transited: ExplicitContextTag4::from(TransitedEncoding {
                tr_type: ExplicitContextTag0::from(number(0)),
                contents: ExplicitContextTag1::from(OctetStringAsn1::from(Vec::new())),
            }),
            auth_time: ExplicitContextTag5::from(wire::written(self.valid_from)),
            starttime: Optional::from(None),
            endtime: ExplicitContextTag7::from(wire::written(self.valid_until)),
            renew_till: Optional::from(None),
            caddr: Optional::from(None),
            authorization_data: Optional::from(None),
        })
    }

    fn proof(&self) -> Authenticator {
        let (cname, crealm) = self.shown_by.written();
        Authenticator::from(AuthenticatorInner {
            authenticator_vno: ExplicitContextTag0::from(number(VERSION)),
            crealm: ExplicitContextTag1::from(crealm),
            cname: ExplicitContextTag2::from(cname),
            cksum: Optional::from(None),
            cusec: ExplicitContextTag4::from(microseconds()),
            ctime: ExplicitContextTag5::from(wire::written(self.shown_at)),
            subkey: Optional::from(None),
            seq_number: Optional::from(None),
            authorization_data: Optional::from(None),
        })
    }
}

fn number(number: u8) -> IntegerAsn1 {
    IntegerAsn1::from(vec![number])
}

/// Any number below a million: whole seconds are what the clock counts.
fn microseconds() -> IntegerAsn1 {
    let drawn = random::bytes(4).into_iter().fold(0_u32, |sum, byte| sum << 8 | u32::from(byte)) % 1_000_000;
    IntegerAsn1::from_bytes_be_unsigned(drawn.to_be_bytes().to_vec())
}

/// Thirty-two flags, none of them set (RFC 4120, section 5.2.8).
fn no_flags() -> BitStringAsn1 {
    BitStringAsn1::from(BitString::with_bytes(vec![0; 4]))
}
