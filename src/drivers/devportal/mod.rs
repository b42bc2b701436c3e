//! The Developer Portal REST interface (v3): applications, their keys at each key manager, subscriptions.
//! Only what the harness uses of it is here.

mod api_keys;
mod apis;
mod applications;
mod keys;
mod offer;
mod secrets;
mod shelves;
mod subscriptions;
mod tokens;

pub use api_keys::ApiKeyEntry;
pub use apis::ShownApi;
pub use applications::Application;
pub use keys::{ApplicationKey, KeyRequest, KeyType, MapRequest};
pub use offer::OfferedKeyManager;
pub use secrets::{ConsumerSecret, NewSecret, SecretOrder};
pub use subscriptions::Subscription;
pub use tokens::{ApplicationToken, TokenOrder};

use kmspec_model::exchange::Plane;
use serde::Deserialize;
use serde_json::json;

use super::{error::DriverError, reply::Reply, session::Session};

/// The Developer Portal interface in somebody's hands.
#[derive(Debug, Clone)]
pub struct Devportal(Session);

impl Devportal {
    /// The interface in the hands of this persona.
    pub fn new(session: Session) -> Self {
        Self(session)
    }

    /// Gives its user another password.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when no reply was brought back.
    pub async fn change_password(&self, current: &str, new: &str) -> Result<Reply<()>, DriverError> {
        let document = json!({ "currentPassword": current, "newPassword": new });
        let call = self.0.call(Plane::Devportal, "POST", &["me", "change-password"])?.json(&document);
        self.0.send(Plane::Devportal, call).await?.done()
    }
}

#[derive(Deserialize)]
struct List<T> {
    #[serde(default = "Vec::new")]
    list: Vec<T>,
}
