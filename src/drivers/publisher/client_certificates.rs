//! The certificates of clients that an API takes in the handshake.
//! Showing one is left to whoever calls the gateway.

use kmspec_model::exchange::Plane;

use super::Publisher;
use crate::{error::DriverError, reply::Reply};

impl Publisher {
    /// Uploads a client's certificate, in PEM, for production keys on the plan `Unlimited`. `alias` is unique in the tenant.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when no reply was brought back.
    pub async fn add_client_certificate(&self, api: &str, alias: &str, pem: &str) -> Result<Reply<()>, DriverError> {
        let call = self.0.call(Plane::Publisher, "POST", &["apis", api, "client-certificates"])?;
        let call = call.multipart(&[("alias", alias), ("tier", "Unlimited")]).file("certificate", "client.crt", pem);
        self.0.send(Plane::Publisher, call).await?.done()
    }
}
