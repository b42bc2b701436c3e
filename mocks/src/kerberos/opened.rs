//! A client's request as the service finds it once ticket and authenticator are open, and what may be wrong with it
//! (RFC 4120, section 3.2.3). That a request does only once is for the realm to remember.

use picky_krb::{
    constants::types::AP_REQ_MSG_TYPE,
    data_types::{Authenticator, AuthenticatorInner, EncTicketPart, EncTicketPartInner},
};

use super::{
    encryption::{Encryption, Usage},
    principal::Principal,
    service::ServicePrincipal,
    wire::{self, VERSION},
};

/// Clocks may differ by as much (RFC 4120, section 8.2), in seconds.
const SKEW: u64 = 300;
/// The flag of a ticket that was handed out for later, number 7 (RFC 4120, sections 2.2 and 5.3), in the first octet.
const INVALID: u8 = 1;

/// Why a request does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("it is no request of Kerberos in GSS-API")]
    Malformed,
    #[error("the ticket is for another service")]
    OtherService,
    #[error("the ticket is not sealed with the key of the service")]
    Ticket,
    #[error("the authenticator is not sealed with the key of the ticket")]
    Authenticator,
    #[error("ticket and authenticator name different principals")]
    OtherClient,
    #[error("the authenticator is not of now")]
    Skew,
    #[error("the ticket is not valid yet")]
    Early,
    #[error("the ticket has expired")]
    Expired,
}

/// A request whose seals are good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opened {
    /// Whom the ticket was handed out to.
    pub(crate) client: Principal,
    /// What no other request of the client has: when it was made, to the microsecond.
    pub(crate) once: String,
    /// From when on it would not hold any more, in seconds since 1970.
    pub(crate) until: u64,
    shown_by: Principal,
    addressed: Principal,
    starts_at: u64,
    ends_at: u64,
    shown_at: u64,
    valid: bool,
}

impl ServicePrincipal {
    /// Opens the request in a token with the key of the service.
    ///
    /// # Errors
    ///
    /// [`Fault`] when it is none, or one of its seals is not good.
    pub(crate) fn open(&self, token: &[u8]) -> Result<Opened, Fault> {
        let request = wire::request(token).ok_or(Fault::Malformed)?.0;
        let ticket = &request.ticket.0.0;
        let spoken = wire::is(&request.pvno.0, VERSION)
            && wire::is(&request.msg_type.0, AP_REQ_MSG_TYPE)
            && wire::is(&ticket.tkt_vno.0, VERSION);
        if !spoken {
            return Err(Fault::Malformed);
        }
        let addressed = Principal::read(&ticket.sname.0, &ticket.realm.0);
        let sealed = &ticket.enc_part.0;
        let opened: Option<EncTicketPart> = Encryption::numbered(&sealed.etype.0)
            .and_then(|encryption| encryption.open(&self.key(encryption)?, Usage::Ticket, sealed));
        let wrong = if addressed == *self.principal() { Fault::Ticket } else { Fault::OtherService };
        let granted = opened.ok_or(wrong)?.0;
        let session = &granted.key.0;
        let proof: Option<Authenticator> = Encryption::numbered(&session.key_type.0).and_then(|encryption| {
            encryption.open(&session.key_value.0.0, Usage::Authenticator, &request.authenticator.0)
        });
        let proof = proof.ok_or(Fault::Authenticator)?.0;
        Opened::read(addressed, &granted, &proof).ok_or(Fault::Malformed)
    }

    /// Opens a request, and holds it to everything that it must be at this time.
    ///
    /// # Errors
    ///
    /// The first [`Fault`] that it has.
    pub(crate) fn accept(&self, token: &[u8], now: u64) -> Result<Opened, Fault> {
        let opened = self.open(token)?;
        opened.faults(self, now).first().map_or(Ok(()), |fault| Err(*fault))?;
        Ok(opened)
    }
}

impl Opened {
    fn read(addressed: Principal, granted: &EncTicketPartInner, proof: &AuthenticatorInner) -> Option<Self> {
        let shown_at = wire::read(&proof.ctime.0)?;
        let client = Principal::read(&granted.cname.0, &granted.crealm.0);
        let starts = granted.starttime.0.as_ref().map_or(&granted.auth_time.0, |starts| &starts.0);
        // The octet before them counts unused bits.
        let flags = granted.flags.0.as_bytes().get(1);
        Some(Self {
            once: format!("{client} {shown_at} {:?}", proof.cusec.0.as_unsigned_bytes_be()),
            until: shown_at.saturating_add(SKEW + 1),
            shown_by: Principal::read(&proof.cname.0, &proof.crealm.0),
            addressed,
            starts_at: wire::read(starts)?,
            ends_at: wire::read(&granted.endtime.0)?,
            shown_at,
            valid: flags.is_none_or(|flags| flags & INVALID == 0),
            client,
        })
    }

    /// Everything that is wrong with it, in the order in which a service looks.
    pub(crate) fn faults(&self, service: &ServicePrincipal, now: u64) -> Vec<Fault> {
        let early = !self.valid || self.starts_at > now.saturating_add(SKEW);
        let all = [
            (self.addressed != *service.principal(), Fault::OtherService),
            (self.shown_by != self.client, Fault::OtherClient),
            (self.shown_at.abs_diff(now) > SKEW, Fault::Skew),
            (early, Fault::Early),
            (self.ends_at <= now, Fault::Expired),
        ];
        all.into_iter().filter(|(wrong, _)| *wrong).map(|(_, fault)| fault).collect()
    }
}
