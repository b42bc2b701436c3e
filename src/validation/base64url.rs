//! Strict base64url (RFC 7515, section 2): no padding, no other alphabet, no unused bits.
//! What the decoded bytes mean is for others.

use base64_simd::{AsOut as _, URL_SAFE_NO_PAD};

use super::Refusal;

/// Decodes `text` into a new buffer.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, Refusal> {
    URL_SAFE_NO_PAD.decode_to_vec(text).map_err(|_| Refusal::NotBase64Url)
}

/// Decodes `text` into `buffer`; refused when it does not fit.
pub(super) fn decode_into<'b>(text: &str, buffer: &'b mut [u8]) -> Result<&'b [u8], Refusal> {
    let length = URL_SAFE_NO_PAD.decoded_length(text.as_bytes()).map_err(|_| Refusal::NotBase64Url)?;
    let buffer = buffer.get_mut(..length).ok_or(Refusal::NotBase64Url)?;
    let decoded = URL_SAFE_NO_PAD.decode(text.as_bytes(), buffer.as_out()).map_err(|_| Refusal::NotBase64Url)?;
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_but_the_one_is_refused_whatever_the_length() {
        for length in 0..200_usize {
            let text: String = (0..length).map(|at| char::from(b"AQgw-_x0"[at % 8])).collect();
            let mut buffer = [0; 200];
            // One character over a multiple of four is no length; a last character of two or three may hold unused bits.
            let known = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, &text).ok();
            assert_eq!(decode(&text).ok(), known, "{text}");
            assert_eq!(decode_into(&text, &mut buffer).ok().map(<[u8]>::to_vec), known, "{text}");
            for wrong in ['=', '+', '/', '\n', ' ', '\0', 'é'] {
                for at in [0, length / 2, length] {
                    let spoilt = format!("{}{wrong}{}", &text[..at], &text[at..]);
                    assert!(decode(&spoilt).is_err() && decode_into(&spoilt, &mut buffer).is_err(), "{spoilt:?}");
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_and_what_just_fits_is_not() {
        let mut buffer = [0; 3];
        assert_eq!(decode_into("AQID", &mut buffer), Ok(&[1, 2, 3][..]));
        assert_eq!(decode_into("AQIDBA", &mut buffer), Err(Refusal::NotBase64Url));
    }
}
