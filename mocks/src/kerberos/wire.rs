//! The bytes of Kerberos messages: times, and the token of GSS-API around a request.
//! What a message means is left to `order` and `opened`.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use picky_asn1::{
    date::GeneralizedTime,
    wrapper::{GeneralizedTimeAsn1, IntegerAsn1},
};
use picky_asn1_x509::oids;
use picky_krb::{
    constants::gss_api::AP_REQ_TOKEN_ID,
    gss_api::{ApplicationTag0, KrbMessage},
    messages::ApReq,
};

pub(super) use crate::der::decoded;
use crate::{
    der::{split, whole},
    spnego::Offer,
};

/// The version of the protocol.
pub(super) const VERSION: u8 = 5;

/// Whether a number in a message is this one.
pub(super) fn is(number: &IntegerAsn1, wanted: u8) -> bool {
    number.as_unsigned_bytes_be() == [wanted]
}

/// An instant as it stands in messages; what lies beyond the calendar is its end.
pub(super) fn written(seconds: u64) -> GeneralizedTimeAsn1 {
    let instant = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let at = instant.unwrap_or(Timestamp::MAX).to_zoned(TimeZone::UTC);
    let part = |number: i8| u8::try_from(number).unwrap_or_default();
    let year = u16::try_from(at.year()).unwrap_or_default();
    let date = GeneralizedTime::new(
        year,
        part(at.month()),
        part(at.day()),
        part(at.hour()),
        part(at.minute()),
        part(at.second()),
    );
    date.expect("an instant is a date").into()
}

/// The instant, in seconds since 1970; `None` for one before, or beyond the calendar.
pub(super) fn read(time: &GeneralizedTimeAsn1) -> Option<u64> {
    let date = &time.0;
    let part = |number: u8| i8::try_from(number).ok();
    let civil = DateTime::new(
        i16::try_from(date.year()).ok()?,
        part(date.month())?,
        part(date.day())?,
        part(date.hour())?,
        part(date.minute())?,
        part(date.second())?,
        0,
    );
    u64::try_from(civil.ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second()).ok()
}

/// The request in a token of GSS-API, plain (RFC 4121, section 4.1) or as the first choice of SPNEGO (RFC 4178, section
/// 4.2.1); `None` when it is neither, or when anything stands behind the token or behind what it carries.
pub(super) fn request(token: &[u8]) -> Option<ApReq> {
    let (_, body) = split(whole(token)?)?;
    plain(token, body).or_else(|| {
        let preferred = Offer::read(token)?.token;
        let (_, body) = split(whole(&preferred)?)?;
        plain(&preferred, body)
    })
}

/// The request in a plain token, whose body follows the number of its mechanism: two octets, and the request.
fn plain(token: &[u8], body: &[u8]) -> Option<ApReq> {
    whole(body.get(AP_REQ_TOKEN_ID.len()..)?)?;
    let message = KrbMessage::<ApReq>::decode_application_krb_message(token).ok()?.0;
    let kerberos = message.krb5_oid.0 == oids::krb5();
    (kerberos && message.krb5_token_id == AP_REQ_TOKEN_ID).then_some(message.krb_msg)
}

/// The token around a request, in the same two forms.
pub(super) fn token(request: ApReq, negotiated: bool) -> Option<Vec<u8>> {
    let message = KrbMessage { krb5_oid: oids::krb5().into(), krb5_token_id: AP_REQ_TOKEN_ID, krb_msg: request };
    let plain = picky_asn1_der::to_vec(&ApplicationTag0(message)).ok()?;
    if !negotiated {
        return Some(plain);
    }
    Offer { mechanisms: vec![oids::krb5().into()], token: plain }.written()
}
