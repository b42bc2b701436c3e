//! NTLM exchanges between their two requests: each waits for an answer to its challenge, for a minute.
//! What an answer must be is in `ntlm`, and which user it must be of is decided in `grants`.

use super::state::Realm;
use crate::ntlm::Handshake;

/// How long a challenge may be answered, in seconds.
const SECONDS: u64 = 60;

/// A client may leave so many challenges unanswered; beyond that, the oldest is forgotten.
const UNANSWERED: usize = 16;

/// A challenge that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    client_id: String,
    handshake: Handshake,
    expires_at: u64,
}

impl Realm {
    /// Keeps an exchange that a client has opened.
    pub(crate) fn keep_handshake(&self, client_id: &str, handshake: Handshake) {
        let now = self.now();
        let mut pending = self.pending();
        pending.handshakes.retain(|waiting| now < waiting.expires_at);
        let of_client = |waiting: &Waiting| waiting.client_id == client_id;
        if pending.handshakes.iter().filter(|waiting| of_client(waiting)).count() >= UNANSWERED
            && let Some(oldest) = pending.handshakes.iter().position(of_client)
        {
            pending.handshakes.remove(oldest);
        }
        let expires_at = now.saturating_add(SECONDS);
        pending.handshakes.push(Waiting { client_id: client_id.to_owned(), handshake, expires_at });
    }

    /// Whether one of the client's exchanges is answered; if so it is over, so that an answer does only once.
    pub(crate) fn end_handshake(&self, client_id: &str, is_answered: impl Fn(&Handshake) -> bool) -> bool {
        let now = self.now();
        let mut pending = self.pending();
        let answered = pending.handshakes.iter().position(|waiting| {
            waiting.client_id == client_id && now < waiting.expires_at && is_answered(&waiting.handshake)
        });
        answered.map(|place| pending.handshakes.remove(place)).is_some()
    }
}
