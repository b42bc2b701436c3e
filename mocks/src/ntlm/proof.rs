//! The arithmetic of NTLMv2 (MS-NLMP, sections 3.3.2 and 3.4.5.1): what a password makes of a challenge.
//! Where in a message each part stands is said in `message`.

use hmac::{Hmac, KeyInit, Mac};
use md4::{Digest, Md4};
use md5::Md5;
use rc4::{Rc4, StreamCipher};

use super::challenge::utf16;

/// Sixteen octets: what every function here makes.
pub(super) type Octets = [u8; 16];

/// What a password is worth in the mouth of this user of this domain: `NTOWFv2`.
pub(super) fn response_key(password: &str, user: &str, domain: &str) -> Octets {
    keyed(&Md4::digest(utf16(password)), &[&utf16(&user.to_uppercase()), &utf16(domain)])
}

/// The proof that goes with what the client says beside it: `NTProofStr`.
pub(super) fn proof(response_key: &Octets, challenge: &[u8], beside: &[u8]) -> Octets {
    keyed(response_key, &[challenge, beside])
}

/// The key that both sides hold once the proof is made: `SessionBaseKey`.
pub(super) fn session_key(response_key: &Octets, proof: &Octets) -> Octets {
    keyed(response_key, &[proof])
}

/// A session key of the client's choice, as it was sent under the other.
pub(super) fn exchanged_key(session_key: &Octets, sealed: &[u8]) -> Option<Octets> {
    let mut key: Octets = sealed.try_into().ok()?;
    Rc4::new_from_slice(session_key).expect("sixteen octets make a key").apply_keystream(&mut key);
    Some(key)
}

/// HMAC by MD5 over these parts, one after the other.
pub(super) fn keyed(key: &[u8], parts: &[&[u8]]) -> Octets {
    let mac = Hmac::<Md5>::new_from_slice(key).expect("HMAC takes keys of any length");
    let mac = parts.iter().fold(mac, |mac, part| mac.chain_update(part));
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn octets(text: &str) -> Vec<u8> {
        let pairs: Vec<_> = text.split_whitespace().collect::<String>().into_bytes();
        pairs.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    /// The worked example of MS-NLMP, section 4.2.4.
    #[test]
    fn the_worked_example_of_the_protocol_comes_out() {
        let key = response_key("Password", "User", "Domain");
        assert_eq!(key.to_vec(), octets("0c868a403bfd7a93a3001ef22ef02e3f"));
        let beside = octets(
            "01010000 00000000 00000000 00000000 aaaaaaaa aaaaaaaa 00000000 02000c00 44006f00 6d006100 69006e00
             01000c00 53006500 72007600 65007200 00000000 00000000",
        );
        let proof = proof(&key, &octets("0123456789abcdef"), &beside);
        assert_eq!(proof.to_vec(), octets("68cd0ab851e51c96aabc927bebef6a1c"));
        let session = session_key(&key, &proof);
        assert_eq!(session.to_vec(), octets("8de40ccadbc14a82f15cb0ad0de95ca3"));
        let sealed = octets("c5dad2544fc9799094ce1ce90bc9d03e");
        assert_eq!(exchanged_key(&session, &sealed), Some([0x55; 16]));
    }
}
