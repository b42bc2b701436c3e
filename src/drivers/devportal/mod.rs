//! The Developer Portal REST interface (v3): applications, their keys at each key manager, subscriptions.
//! Only what the harness uses of it is here.

mod applications;
mod keys;
mod offer;
mod secrets;
mod subscriptions;
mod tokens;

pub use applications::Application;
pub use keys::{ApplicationKey, KeyRequest, KeyType, MapRequest};
pub use offer::OfferedKeyManager;
pub use secrets::{ConsumerSecret, NewSecret, SecretOrder};
pub use subscriptions::Subscription;
pub use tokens::{ApplicationToken, TokenOrder};

use serde::Deserialize;

use super::session::Session;

/// The Developer Portal interface in somebody's hands.
#[derive(Debug, Clone)]
pub struct Devportal(Session);

impl Devportal {
    /// The interface in the hands of this persona.
    pub fn new(session: Session) -> Self {
        Self(session)
    }
}

#[derive(Deserialize)]
struct List<T> {
    #[serde(default = "Vec::new")]
    list: Vec<T>,
}
