//! The APIs that a developer is shown.
//! What they are in full is left to `publisher`.

use serde::Deserialize;

use kmspec_model::exchange::Plane;

use super::{Devportal, List};
use crate::{error::DriverError, reply::Reply};

/// An API as a developer sees it in the list.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ShownApi {
    /// Id given by the platform.
    pub id: String,
    /// Unique in the tenant.
    pub name: String,
    /// Plans that the developer may choose from.
    #[serde(rename = "throttlingPolicies", default)]
    pub plans: Vec<String>,
}

impl Devportal {
    /// Lists the APIs that this persona is shown, the first thousand of them.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when no reply was brought back; the same holds for the call below.
    pub async fn apis(&self) -> Result<Reply<Vec<ShownApi>>, DriverError> {
        let call = self.0.call(Plane::Devportal, "GET", &["apis"])?.query("limit", "1000");
        let answered = self.0.send(Plane::Devportal, call).await?;
        Ok(answered.read::<List<ShownApi>>("a list of APIs")?.map(|list| list.list))
    }

    /// Reads an API that this persona is shown.
    pub async fn api(&self, id: &str) -> Result<Reply<ShownApi>, DriverError> {
        let call = self.0.call(Plane::Devportal, "GET", &["apis", id])?;
        self.0.send(Plane::Devportal, call).await?.read("an API on offer")
    }
}
