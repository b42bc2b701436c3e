//! Authorization requests that clients have pushed (RFC 9126) and that wait for their users' browsers.
//! What such a request must look like is decided in `grants`.

use super::{pending::PRUNE_FROM, random, state::Realm};

/// How long one waits, in seconds: Identity Server's default.
pub(crate) const SECONDS: u64 = 60;
/// Before what cannot be guessed of a name (RFC 9126, section 2.2).
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// One that waits.
pub(super) struct Pushed {
    client_id: String,
    parameters: Vec<(String, String)>,
    expires_at: u64,
}

impl Realm {
    /// Keeps the parameters of a request; gives the name by which the browser refers to it.
    pub(crate) fn keep_pushed(&self, client_id: &str, parameters: Vec<(String, String)>) -> String {
        let (name, now) = (format!("{PREFIX}{}", random::text(32)), self.now());
        let (client_id, expires_at) = (client_id.to_owned(), now.saturating_add(SECONDS));
        let mut pending = self.pending();
        if pending.pushed.len() >= PRUNE_FROM {
            pending.pushed.retain(|_, pushed| now < pushed.expires_at);
        }
        pending.pushed.insert(name.clone(), Pushed { client_id, parameters, expires_at });
        name
    }

    /// Takes the request of that name, which is good once. Another client's is not touched.
    pub(crate) fn take_pushed(&self, name: &str, client_id: &str) -> Option<Vec<(String, String)>> {
        let (now, mut pending) = (self.now(), self.pending());
        pending.pushed.get(name).filter(|pushed| pushed.client_id == client_id)?;
        pending.pushed.remove(name).filter(|pushed| now < pushed.expires_at).map(|pushed| pushed.parameters)
    }
}
