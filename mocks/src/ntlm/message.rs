//! What has to be known of a message before it is believed: its kind, and the name it gives (MS-NLMP, section 2.2.1).
//! Everything else about messages is the library's.

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

/// Where an authenticating message says where its user name is: length, room and offset (MS-NLMP, section 2.2.1.3).
const USER_NAME_FIELDS: usize = 36;

/// The user name of an authenticating message, without its domain; `None` when there is none.
pub(super) fn user_name(message: &[u8]) -> Option<String> {
    let number = |at: usize| Some(usize::from(u16::from_le_bytes(message.get(at..at + 2)?.try_into().ok()?)));
    let length = number(USER_NAME_FIELDS)?;
    let offset = number(USER_NAME_FIELDS + 4)? + (number(USER_NAME_FIELDS + 6)? << 16);
    let bytes = message.get(offset..offset.checked_add(length)?)?;
    if bytes.is_empty() || !bytes.len().is_multiple_of(2) {
        return None;
    }
    let units: Vec<u16> = bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
    String::from_utf16(&units).ok()
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
    fn a_name_that_lies_outside_of_the_message_is_none() {
        let mut message = vec![0; 64];
        assert_eq!(user_name(&message), None);
        message[36] = 4;
        message[40..44].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(user_name(&message), None);
        assert_eq!(user_name(&message[..38]), None);
    }
}
