//! The side that knows everybody's password: challenges who opens an exchange, and checks the answer (MS-NLMP, section
//! 3.2.5.1.2). Where an exchange is kept between its two requests is the realm's affair.

use aws_lc_rs::constant_time::verify_slices_are_equal as same;

use super::{
    challenge, flags,
    message::{self, Answer},
    proof,
};
use crate::realm::random;

/// An exchange whose challenge waits for its answer.
#[derive(Clone)]
pub(crate) struct Handshake {
    negotiate: Vec<u8>,
    challenge: Vec<u8>,
    number: [u8; 8],
}

impl std::fmt::Debug for Handshake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Handshake")
    }
}

impl Handshake {
    /// Opens an exchange at this time, in seconds since 1970: the exchange and its challenge, or `None` when the first
    /// message is malformed.
    pub(crate) fn open(negotiate: &[u8], now: u64) -> Option<(Self, Vec<u8>)> {
        let number: [u8; 8] = random::bytes(8).try_into().ok()?;
        let challenge = challenge::message(negotiate, &number, now)?;
        Some((Self { negotiate: negotiate.to_vec(), challenge: challenge.clone(), number }, challenge))
    }

    /// Whose name an answer gives.
    pub(crate) fn user_name(authenticate: &[u8]) -> Option<String> {
        Answer::read(authenticate).map(|answer| answer.user).filter(|name| !name.is_empty())
    }

    /// Whether the answer was made with that password, for this challenge. Where it says that it has an integrity code,
    /// that one must be right, too.
    pub(crate) fn is_answered_by(&self, authenticate: &[u8], password: &str) -> bool {
        Answer::read(authenticate).is_some_and(|answer| self.holds(authenticate, &answer, password).unwrap_or(false))
    }

    fn holds(&self, whole: &[u8], answer: &Answer<'_>, password: &str) -> Option<bool> {
        let key = proof::response_key(password, &answer.user, &answer.domain);
        let expected = proof::proof(&key, &self.number, answer.beside);
        if same(&expected, answer.proof).is_err() {
            return Some(false);
        }
        if !answer.has_integrity_code {
            return Some(true);
        }
        let session = proof::session_key(&key, &expected);
        let session = match answer.flags & flags::KEY_EXCHANGE {
            0 => session,
            _ => proof::exchanged_key(&session, answer.session_key)?,
        };
        let place = message::integrity_code(answer.flags);
        let mut bare = whole.to_vec();
        bare.get_mut(place.clone())?.fill(0);
        let expected = proof::keyed(&session, &[&self.negotiate, &self.challenge, &bare]);
        Some(same(&expected, &whole[place]).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use proptest::prelude::*;

    use super::*;
    use crate::ntlm::Client;

    const NOW: u64 = 1_700_000_000;

    /// A challenge, and what a client of that name and password answers.
    fn exchange(user: &str, password: &str) -> (Handshake, Vec<u8>) {
        let mut client = Client::new(user, password).unwrap();
        let opened = STANDARD.decode(client.negotiate().unwrap()).unwrap();
        let (handshake, challenge) = Handshake::open(&opened, NOW).unwrap();
        let answer = client.authenticate(&format!("NTLM {}", STANDARD.encode(challenge))).unwrap();
        (handshake, STANDARD.decode(answer).unwrap())
    }

    /// An answer with the proof alone, as a client makes it that knows of no integrity code, nor of the server's time.
    fn bare_answer(handshake: &Handshake, user: &str, password: &str) -> Vec<u8> {
        let beside = [&[1, 1, 0, 0, 0, 0, 0, 0][..], &[9; 8], &[0xaa; 8], &[0; 4], &[0; 4], &[0; 4]].concat();
        let key = proof::response_key(password, user, "");
        let response = [&proof::proof(&key, &handshake.number, &beside)[..], &beside].concat();
        let name = challenge::utf16(user);
        let place = |length: usize, offset: usize| {
            let length = u16::try_from(length).unwrap().to_le_bytes();
            [&length[..], &length, &u32::try_from(offset).unwrap().to_le_bytes()].concat()
        };
        let nowhere = place(0, 64);
        let fields = [
            message::SIGNATURE.to_vec(),
            3_u32.to_le_bytes().to_vec(),
            nowhere.clone(),
            place(response.len(), 64),
            nowhere.clone(),
            place(name.len(), 64 + response.len()),
            nowhere.clone(),
            nowhere,
            (flags::UNICODE | flags::NTLM).to_le_bytes().to_vec(),
        ];
        [fields.concat(), response, name].concat()
    }

    #[test]
    fn the_right_password_answers_a_challenge_under_every_form_of_the_name() {
        for (user, name) in [("ann", "ann"), ("CORP\\ann", "ann"), ("Änne Öz", "Änne Öz")] {
            let (handshake, answer) = exchange(user, "ann's secret");
            assert_eq!(Handshake::user_name(&answer).as_deref(), Some(name));
            assert!(handshake.is_answered_by(&answer, "ann's secret"), "{user}");
            assert!(!handshake.is_answered_by(&answer, "another"), "{user}");
        }
    }

    #[test]
    fn an_answer_is_good_for_its_own_challenge_only() {
        let (_, answer) = exchange("ann", "secret");
        let (other, _) = exchange("ann", "secret");
        assert!(!other.is_answered_by(&answer, "secret"));
    }

    #[test]
    fn an_answer_that_claims_no_integrity_code_stands_on_its_proof() {
        let (handshake, _) = exchange("ann", "secret");
        let answer = bare_answer(&handshake, "ann", "secret");
        assert!(handshake.is_answered_by(&answer, "secret"));
        assert!(!handshake.is_answered_by(&answer, "another"));
        assert!(!handshake.is_answered_by(&bare_answer(&handshake, "ann", "another"), "secret"));
    }

    #[test]
    fn a_client_opens_with_unicode_and_either_form_of_security() {
        let opens = |offered: u32| {
            let message = [&message::SIGNATURE[..], &[1, 0, 0, 0], &offered.to_le_bytes(), &[0; 16]].concat();
            Handshake::open(&message, NOW).is_some()
        };
        assert!(opens(flags::UNICODE | flags::NTLM) && opens(flags::UNICODE | flags::EXTENDED_SECURITY));
        assert!(!opens(flags::UNICODE) && !opens(flags::NTLM | flags::EXTENDED_SECURITY | flags::REQUEST_TARGET));
    }

    #[test]
    fn an_altered_answer_does_not_count() {
        let (handshake, answer) = exchange("ann", "secret");
        for place in (12..answer.len()).step_by(3) {
            let mut altered = answer.clone();
            altered[place] ^= 1;
            assert!(!handshake.is_answered_by(&altered, "secret"), "byte {place}");
        }
    }

    #[test]
    fn a_first_message_that_is_none_is_refused() {
        for message in [&b""[..], b"NTLMSSP\0", b"NTLMSSP\0\x01\0\0\0", b"nonsense\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"] {
            assert!(Handshake::open(message, NOW).is_none());
        }
    }

    proptest! {
        #[test]
        fn any_message_is_read_or_refused(message in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Handshake::open(&message, NOW);
            let _ = Handshake::user_name(&message);
        }

        #[test]
        fn any_change_to_a_good_answer_is_read_or_refused(at in 0usize..1000, byte: u8, cut in 0usize..1000) {
            let (handshake, mut answer) = exchange("CORP\\ann", "secret");
            let place = at % answer.len();
            answer[place] = byte;
            let _ = handshake.is_answered_by(&answer, "secret");
            answer.truncate(cut);
            let _ = handshake.is_answered_by(&answer, "secret");
        }

        #[test]
        fn any_challenge_is_read_or_refused(challenge in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut client = Client::new("ann", "secret").unwrap();
            client.negotiate().unwrap();
            let mut message = b"NTLMSSP\0\x02\0\0\0".to_vec();
            message.extend(challenge);
            let _ = client.authenticate(&STANDARD.encode(message));
        }
    }
}
