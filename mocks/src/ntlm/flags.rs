//! What client and server agree on in an exchange (MS-NLMP, section 2.2.2.5), as bits of a number.
//! Who insists on what is said in `challenge` and `server`.

pub(super) const UNICODE: u32 = 0x0000_0001;
pub(super) const REQUEST_TARGET: u32 = 0x0000_0004;
pub(super) const NTLM: u32 = 0x0000_0200;
pub(super) const TARGET_TYPE_DOMAIN: u32 = 0x0001_0000;
/// What replaces NTLM's own security of sessions.
pub(super) const EXTENDED_SECURITY: u32 = 0x0008_0000;
pub(super) const TARGET_INFO: u32 = 0x0080_0000;
pub(super) const VERSION: u32 = 0x0200_0000;
pub(super) const KEY_EXCHANGE: u32 = 0x4000_0000;

/// What is taken up when the client offers it: signing and sealing, the extended security of sessions, keys of 56 and 128
/// bits, a session key of the client's.
pub(super) const ON_OFFER: u32 =
    0x0000_0010 | 0x0000_0020 | 0x0000_8000 | 0x2000_0000 | 0x8000_0000 | EXTENDED_SECURITY | VERSION | KEY_EXCHANGE;
