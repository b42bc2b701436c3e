//! Strict base64url (RFC 7515, section 2): no padding, no other alphabet, no unused bits.
//! What the decoded bytes mean is for others.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::Refusal;

/// Decodes `text` into a new buffer.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, Refusal> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Refusal::NotBase64Url)
}

/// Decodes `text` into `buffer`; refused when it does not fit.
pub(super) fn decode_into<'b>(text: &str, buffer: &'b mut [u8]) -> Result<&'b [u8], Refusal> {
    let length = URL_SAFE_NO_PAD.decode_slice(text, buffer).map_err(|_| Refusal::NotBase64Url)?;
    Ok(&buffer[..length])
}
