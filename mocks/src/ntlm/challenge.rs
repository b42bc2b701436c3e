//! The second message of an exchange (MS-NLMP, sections 2.2.1.2 and 3.2.5.1.1): a challenge, and who it is from.
//! What answers it is checked in `server`.

use super::{flags, message};

/// The domain that every server here is in, as far as NTLM is concerned.
const DOMAIN: &str = "KMSPEC";
/// Where the payload begins: everything before it has its place.
const PAYLOAD: usize = 56;
/// From 1601, when Windows began to count, to 1970, in seconds.
const BEFORE_1970: u64 = 11_644_473_600;

/// Numbers of what a server says of itself (MS-NLMP, section 2.2.2.1).
const END: u16 = 0;
const COMPUTER_NAME: u16 = 1;
const DOMAIN_NAME: u16 = 2;
const DNS_COMPUTER_NAME: u16 = 3;
const DNS_DOMAIN_NAME: u16 = 4;
const TIMESTAMP: u16 = 7;

/// The message with this challenge, at this time in seconds since 1970, for a client that opened the exchange thus. `None`
/// when the opening is malformed, or the client speaks neither Unicode nor this protocol.
pub(super) fn message(negotiate: &[u8], challenge: &[u8; 8], now: u64) -> Option<Vec<u8>> {
    let offered = message::opening_flags(negotiate)?;
    // The protocol wants its own flag of every client, but some name only what replaces its security of sessions.
    let spoken = offered & (flags::NTLM | flags::EXTENDED_SECURITY) != 0;
    if offered & flags::UNICODE == 0 || !spoken {
        return None;
    }
    // Clients that want no target are told one all the same: whoever does not need it leaves it alone.
    let agreed = flags::UNICODE | flags::NTLM | flags::REQUEST_TARGET | flags::TARGET_TYPE_DOMAIN | flags::TARGET_INFO;
    let agreed = agreed | (offered & flags::ON_OFFER);
    let (target, about) = (utf16(DOMAIN), about_the_server(now));
    let mut message = message::SIGNATURE.to_vec();
    message.extend(2_u32.to_le_bytes());
    message.extend(place(target.len(), PAYLOAD));
    message.extend(agreed.to_le_bytes());
    message.extend(challenge);
    message.extend([0; 8]);
    message.extend(place(about.len(), PAYLOAD + target.len()));
    // The version of the product, which is for debugging only.
    message.extend([10, 0, 0, 0, 0, 0, 0, 15]);
    message.extend(target);
    message.extend(about);
    Some(message)
}

fn about_the_server(now: u64) -> Vec<u8> {
    let ticks = now.saturating_add(BEFORE_1970).saturating_mul(10_000_000);
    [
        (DOMAIN_NAME, utf16(DOMAIN)),
        (COMPUTER_NAME, utf16("SERVER")),
        (DNS_DOMAIN_NAME, utf16("kmspec.example")),
        (DNS_COMPUTER_NAME, utf16("server.kmspec.example")),
        (TIMESTAMP, ticks.to_le_bytes().to_vec()),
        (END, Vec::new()),
    ]
    .into_iter()
    .flat_map(|(number, value)| [&number.to_le_bytes()[..], &short(value.len()), &value].concat())
    .collect()
}

/// Length, room and offset of a part of the payload.
fn place(length: usize, offset: usize) -> Vec<u8> {
    let offset = u32::try_from(offset).expect("a challenge is short").to_le_bytes();
    [&short(length)[..], &short(length), &offset].concat()
}

fn short(length: usize) -> [u8; 2] {
    u16::try_from(length).expect("a challenge is short").to_le_bytes()
}

pub(super) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}
