//! What is taken from the shelves of a tenant's portal, the own one or another: plans, and policies for applications.
//! The APIs there are left to `apis`, everything about applications to their own files.

use serde::Deserialize;
use serde_json::json;

use kmspec_model::exchange::Plane;

use super::{Devportal, List, Subscription};
use crate::{error::DriverError, reply::Reply};

#[derive(Deserialize)]
struct Policy {
    name: String,
}

impl Devportal {
    /// The interface of that tenant's portal, in the hands of the same persona.
    #[must_use]
    pub fn addressed_to(&self, tenant: &str) -> Self {
        Self(self.0.addressed_to(tenant))
    }

    /// Subscribes an application to an API on a plan of choice.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when no reply was brought back; the same holds for the call below.
    pub async fn subscribe_with_plan(
        &self,
        application: &str,
        api: &str,
        plan: &str,
    ) -> Result<Reply<Subscription>, DriverError> {
        let call = self.0.call(Plane::Devportal, "POST", &["subscriptions"])?;
        let document = json!({ "applicationId": application, "apiId": api, "throttlingPolicy": plan });
        self.0.send(Plane::Devportal, call.json(&document)).await?.read("a subscription")
    }

    /// Names of the policies that applications may have.
    pub async fn application_policies(&self) -> Result<Reply<Vec<String>>, DriverError> {
        let call = self.0.call(Plane::Devportal, "GET", &["throttling-policies", "application"])?;
        let answered = self.0.send(Plane::Devportal, call.query("limit", "1000")).await?;
        let named = |list: List<Policy>| list.list.into_iter().map(|policy| policy.name).collect();
        Ok(answered.read::<List<Policy>>("a list of policies")?.map(named))
    }
}
