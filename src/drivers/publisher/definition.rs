//! The OpenAPI definition of an API, which says of its operations what its document says.
//! Deploying what was changed is left to the caller.

use serde_json::Value;

use kmspec_model::exchange::Plane;

use super::Publisher;
use crate::{error::DriverError, reply::Reply};

impl Publisher {
    /// Reads the definition of an API.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when no reply was brought back; the same holds for the call below.
    pub async fn definition(&self, api: &str) -> Result<Reply<Value>, DriverError> {
        let call = self.0.call(Plane::Publisher, "GET", &["apis", api, "swagger"])?;
        self.0.send(Plane::Publisher, call).await?.read("a definition of an API")
    }

    /// Replaces the definition of an API; the gateway follows once a new revision is deployed.
    pub async fn update_definition(&self, api: &str, definition: &Value) -> Result<Reply<Value>, DriverError> {
        let call = self.0.call(Plane::Publisher, "PUT", &["apis", api, "swagger"])?;
        let call = call.multipart(&[("apiDefinition", &definition.to_string())]);
        self.0.send(Plane::Publisher, call).await?.read("a definition of an API")
    }
}
