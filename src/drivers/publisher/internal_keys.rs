//! The key by which a publisher tries an API out.
//! Presenting it is left to the gateway's driver.

use serde::Deserialize;

use kmspec_model::exchange::Plane;

use super::Publisher;
use crate::{credentials::Token, error::DriverError, reply::Reply};

impl Publisher {
    /// Has a key made that opens this one API.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when no reply was brought back.
    pub async fn generate_internal_key(&self, api: &str) -> Result<Reply<Token>, DriverError> {
        #[derive(Deserialize)]
        struct Made {
            apikey: Token,
        }
        let call = self.0.call(Plane::Publisher, "POST", &["apis", api, "generate-key"])?;
        Ok(self.0.send(Plane::Publisher, call).await?.read::<Made>("an internal key")?.map(|made| made.apikey))
    }
}
