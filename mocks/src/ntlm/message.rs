//! Messages of clients, taken apart (MS-NLMP, section 2.2.1): their kind, and what an answer to a challenge holds.
//! Whether an answer is believed is decided in `server`.

/// The three messages of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The client opens the exchange.
    Negotiate,
    /// The client says who it is.
    Authenticate,
}

/// What is wrong with a message at first sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MessageFault {
    #[error("the message type cannot be extracted")]
    TooShort,
    #[error("the message type is not valid")]
    OtherKind,
}

impl Kind {
    /// The kind of a message: byte 8 of it, which follows the signature.
    pub(crate) fn of(message: &[u8]) -> Result<Self, MessageFault> {
        match message.get(8) {
            None => Err(MessageFault::TooShort),
            Some(1) => Ok(Self::Negotiate),
            Some(3) => Ok(Self::Authenticate),
            Some(_) => Err(MessageFault::OtherKind),
        }
    }
}

/// How every message begins.
pub(super) const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";

/// Where an authenticating message says where its parts are, each by length, room and offset.
const RESPONSE: usize = 20;
const DOMAIN: usize = 28;
const USER_NAME: usize = 36;
const SESSION_KEY: usize = 52;
const FLAGS: usize = 60;
/// What the client says beside its proof: a form of response, its time, a challenge of its own, then pairs.
const BESIDE_PAIRS: usize = 28;
/// Number of the pair of flags (MS-NLMP, section 2.2.2.1), and the one that promises an integrity code.
const PAIR_FLAGS: u16 = 6;
const INTEGRITY: u8 = 2;

/// An authenticating message, taken apart.
pub(super) struct Answer<'a> {
    pub(super) user: String,
    pub(super) domain: String,
    pub(super) proof: &'a [u8],
    /// What stands beside the proof and is proven with it.
    pub(super) beside: &'a [u8],
    pub(super) session_key: &'a [u8],
    pub(super) flags: u32,
    pub(super) has_integrity_code: bool,
}

impl<'a> Answer<'a> {
    /// `None` for another message, or one that has no NTLMv2 response.
    pub(super) fn read(message: &'a [u8]) -> Option<Self> {
        if !message.starts_with(SIGNATURE) || number(message, 8)? != 3 {
            return None;
        }
        let (proof, beside) = part(message, RESPONSE)?.split_at_checked(16)?;
        if !beside.starts_with(&[1, 1]) {
            return None;
        }
        let pairs = beside.get(BESIDE_PAIRS..)?;
        Some(Self {
            user: text(part(message, USER_NAME)?)?,
            domain: text(part(message, DOMAIN)?)?,
            proof,
            beside,
            session_key: part(message, SESSION_KEY)?,
            flags: number(message, FLAGS)?,
            has_integrity_code: pair(pairs, PAIR_FLAGS)
                .is_some_and(|flags| flags.first().is_some_and(|flags| flags & INTEGRITY != 0)),
        })
    }
}

/// Where the integrity code stands: behind the version, which a client leaves out that does not speak of it.
pub(super) fn integrity_code(flags: u32) -> std::ops::Range<usize> {
    let from = if flags & super::flags::VERSION == 0 { FLAGS + 4 } else { FLAGS + 12 };
    from..from + 16
}

/// What a client that opens an exchange offers; `None` for another message.
pub(super) fn opening_flags(message: &[u8]) -> Option<u32> {
    let opens = message.starts_with(SIGNATURE) && number(message, 8)? == 1;
    if opens { number(message, 12) } else { None }
}

fn number(message: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(message.get(at..at + 4)?.try_into().ok()?))
}

fn part(message: &[u8], fields: usize) -> Option<&[u8]> {
    let length = usize::from(u16::from_le_bytes(message.get(fields..fields + 2)?.try_into().ok()?));
    let offset = usize::try_from(number(message, fields + 4)?).ok()?;
    message.get(offset..offset.checked_add(length)?)
}

fn text(bytes: &[u8]) -> Option<String> {
    if !bytes.len().is_multiple_of(2) {
        return None;
    }
    let units: Vec<u16> = bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
    String::from_utf16(&units).ok()
}

/// The value of that number among pairs; what is cut short ends them.
fn pair(mut pairs: &[u8], wanted: u16) -> Option<&[u8]> {
    loop {
        let short = |at: usize| Some(u16::from_le_bytes(pairs.get(at..at + 2)?.try_into().ok()?));
        let (id, length) = (short(0)?, usize::from(short(2)?));
        let value = pairs.get(4..4 + length)?;
        match id {
            0 => return None,
            id if id == wanted => return Some(value),
            _ => pairs = &pairs[4 + length..],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_stands_behind_the_signature() {
        assert_eq!(Kind::of(b"NTLMSSP\0\x01\0\0\0"), Ok(Kind::Negotiate));
        assert_eq!(Kind::of(b"NTLMSSP\0\x03"), Ok(Kind::Authenticate));
        assert_eq!(Kind::of(b"NTLMSSP\0\x02"), Err(MessageFault::OtherKind));
        assert_eq!(Kind::of(b"NTLMSSP"), Err(MessageFault::TooShort));
    }

    #[test]
    fn a_part_that_lies_outside_of_the_message_is_none() {
        let mut message = [&SIGNATURE[..], &[3], &[0; 60]].concat();
        assert!(Answer::read(&message).is_none());
        message[RESPONSE] = 44;
        message[RESPONSE + 4..RESPONSE + 8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(Answer::read(&message).is_none());
        assert!(Answer::read(&message[..38]).is_none());
    }

    #[test]
    fn a_pair_is_found_among_others_and_what_is_cut_ends_them() {
        let pairs = [2, 0, 2, 0, b'X', 0, 6, 0, 4, 0, 2, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(pair(&pairs, PAIR_FLAGS), Some(&[2, 0, 0, 0][..]));
        assert_eq!(pair(&pairs, 9), None);
        assert_eq!(pair(&pairs[..12], PAIR_FLAGS), None);
    }
}
