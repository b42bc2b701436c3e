//! The side that knows everybody's password: challenges who opens an exchange, and checks the answer.
//! Where an exchange is kept between its two requests is the realm's affair.

use sspi::{
    AuthIdentityBuffers, BufferType, DataRepresentation, Ntlm, SecurityBuffer, ServerRequestFlags, Sspi, SspiImpl,
};

use super::message;
use crate::realm::random;

/// An exchange whose challenge waits for its answer.
#[derive(Clone)]
pub(crate) struct Handshake(Ntlm);

impl std::fmt::Debug for Handshake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Handshake")
    }
}

impl Handshake {
    /// Opens an exchange: the exchange and its challenge, or `None` when the first message is malformed.
    pub(crate) fn open(negotiate: &[u8]) -> Option<(Self, Vec<u8>)> {
        let mut context = Ntlm::new();
        let challenge = accept(&mut context, negotiate, &mut None)?;
        Some((Self(context), challenge))
    }

    /// Whose name an answer gives.
    pub(crate) fn user_name(authenticate: &[u8]) -> Option<String> {
        message::user_name(authenticate)
    }

    /// Whether the answer was made with that password, for this challenge.
    ///
    /// The library checks an answer by its integrity code alone, and believes one that carries no code. Such an answer
    /// would do for any password; so one that does for a password that nobody has is no proof.
    pub(crate) fn is_answered_by(&self, authenticate: &[u8], password: &str) -> bool {
        self.would_do(authenticate, password) && !self.would_do(authenticate, &random::text(32))
    }

    fn would_do(&self, authenticate: &[u8], password: &str) -> bool {
        let mut context = self.0.clone();
        let mut expected = Some(AuthIdentityBuffers::from_utf8("", "", password));
        accept(&mut context, authenticate, &mut expected).is_some() && context.complete_auth_token(&mut []).is_ok()
    }
}

/// Takes a message in; gives the one that goes out.
fn accept(context: &mut Ntlm, message: &[u8], expected: &mut Option<AuthIdentityBuffers>) -> Option<Vec<u8>> {
    let mut input = [SecurityBuffer::new(message.to_vec(), BufferType::Token)];
    let mut output = [SecurityBuffer::new(Vec::new(), BufferType::Token)];
    let builder = context
        .accept_security_context()
        .with_credentials_handle(expected)
        .with_context_requirements(ServerRequestFlags::ALLOCATE_MEMORY)
        .with_target_data_representation(DataRepresentation::Native)
        .with_input(&mut input)
        .with_output(&mut output);
    context.accept_security_context_impl(builder).ok()?.resolve_to_result().ok()?;
    let [sent] = output;
    Some(sent.buffer)
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use proptest::prelude::*;

    use super::*;
    use crate::ntlm::Client;

    /// A challenge, and what a client of that name and password answers.
    fn exchange(user: &str, password: &str) -> (Handshake, Vec<u8>) {
        let mut client = Client::new(user, password).unwrap();
        let opened = STANDARD.decode(client.negotiate().unwrap()).unwrap();
        let (handshake, challenge) = Handshake::open(&opened).unwrap();
        let answer = client.authenticate(&format!("NTLM {}", STANDARD.encode(challenge))).unwrap();
        (handshake, STANDARD.decode(answer).unwrap())
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
    fn an_answer_without_an_integrity_code_proves_nothing() {
        let (handshake, mut answer) = exchange("ann", "secret");
        // The flag that a code is there, among the flags at 60 (MS-NLMP, section 2.2.1.3).
        answer[62] &= !0x80;
        assert!(handshake.would_do(&answer, "secret"), "the library believes it");
        assert!(!handshake.is_answered_by(&answer, "secret"));
        assert!(!handshake.is_answered_by(&answer, "another"));
    }

    #[test]
    fn an_altered_answer_does_not_count() {
        let (handshake, answer) = exchange("ann", "secret");
        for place in (64..answer.len()).step_by(7) {
            let mut altered = answer.clone();
            altered[place] ^= 1;
            assert!(!handshake.is_answered_by(&altered, "secret"), "byte {place}");
        }
    }

    #[test]
    fn a_first_message_that_is_none_is_refused() {
        for message in [&b""[..], b"NTLMSSP\0", b"NTLMSSP\0\x01\0\0\0", b"nonsense\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"] {
            assert!(Handshake::open(message).is_none());
        }
    }

    proptest! {
        #[test]
        fn any_message_is_read_or_refused(message in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Handshake::open(&message);
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
