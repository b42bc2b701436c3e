//! The compact serialisation of a JWS (RFC 7515, section 7.1): three parts and two dots.
//! The parts are not decoded here.

use super::Refusal;

/// The three parts of a compact JWS, still encoded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Compact<'t> {
    pub(super) header: &'t str,
    pub(super) payload: &'t str,
    pub(super) signature: &'t str,
    /// Header, dot and payload: what was signed.
    pub(super) signed: &'t str,
}

impl<'t> Compact<'t> {
    /// Splits `token` without allocating, however many dots it holds.
    pub(super) fn split(token: &'t str) -> Result<Self, Refusal> {
        let (header, rest) = token.split_once('.').ok_or(Refusal::NotThreeParts)?;
        let (payload, signature) = rest.split_once('.').ok_or(Refusal::NotThreeParts)?;
        if header.is_empty() || payload.is_empty() || signature.is_empty() || signature.contains('.') {
            return Err(Refusal::NotThreeParts);
        }
        Ok(Self { header, payload, signature, signed: &token[..header.len() + 1 + payload.len()] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_three_parts_with_something_in_each_are_a_compact_token() {
        let parts = Compact::split("aa.bb.cc").unwrap();
        assert_eq!((parts.header, parts.payload, parts.signature, parts.signed), ("aa", "bb", "cc", "aa.bb"));
        for text in
            ["", ".", "..", "aa", "aa.bb", "aa.bb.", "aa..cc", ".bb.cc", "aa.bb.cc.", "aa.bb.cc.dd", "a.b.c.d.e"]
        {
            assert_eq!(Compact::split(text).unwrap_err(), Refusal::NotThreeParts, "{text}");
        }
        assert!(Compact::split(&".".repeat(1 << 20)).is_err());
    }
}
