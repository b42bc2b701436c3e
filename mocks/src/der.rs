//! The little that is read of DER (X.690) before a library gets to see it: where values begin and end.
//! What a value means is left to whoever reads it.

use serde::de::DeserializeOwned;

/// What DER says, when it says such a thing.
pub(crate) fn decoded<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    picky_asn1_der::from_bytes(bytes).ok()
}

/// What a value of DER holds, when nothing follows it.
pub(crate) fn whole(bytes: &[u8]) -> Option<&[u8]> {
    split(bytes).filter(|(_, rest)| rest.is_empty()).map(|(held, _)| held)
}

/// What the first value of DER holds, and what follows it (X.690, sections 8.1 and 10.1); its tag is of one octet.
pub(crate) fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (first, rest) = bytes.get(1..)?.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x84 => {
            let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// What a value of DER with this tag holds, when nothing follows it.
pub(crate) fn of_tag(tag: u8, bytes: &[u8]) -> Option<&[u8]> {
    whole(bytes).filter(|_| bytes.first() == Some(&tag))
}

/// The values that stand one behind the other, each with its tag and what it holds.
pub(crate) fn values(mut bytes: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut all = Vec::new();
    while let Some(tag) = bytes.first() {
        let (held, rest) = split(bytes)?;
        all.push((*tag, held));
        bytes = rest;
    }
    Some(all)
}
