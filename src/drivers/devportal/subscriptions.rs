//! Subscriptions of applications to APIs.
//! The APIs are left to `publisher`.

use serde::Deserialize;
use serde_json::json;

use kmspec_model::exchange::Plane;

use super::{Devportal, List};
use crate::{error::DriverError, reply::Reply};

/// A subscription of an application to an API.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    /// Id given by the platform.
    pub subscription_id: String,
    /// The application.
    #[serde(default)]
    pub application_id: String,
    /// The API.
    #[serde(default)]
    pub api_id: Option<String>,
    /// `UNBLOCKED`, `BLOCKED`, ….
    #[serde(default)]
    pub status: Option<String>,
    /// Its plan.
    #[serde(default)]
    pub throttling_policy: Option<String>,
}

impl Devportal {
    /// Subscribes an application to an API, on the plan `Unlimited`.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when no reply was brought back; the same holds for every call below.
    pub async fn subscribe(&self, application: &str, api: &str) -> Result<Reply<Subscription>, DriverError> {
        let call = self.0.call(Plane::Devportal, "POST", &["subscriptions"])?;
        let document = json!({ "applicationId": application, "apiId": api, "throttlingPolicy": "Unlimited" });
        self.0.send(Plane::Devportal, call.json(&document)).await?.read("a subscription")
    }

    /// Lists an application's subscriptions.
    pub async fn subscriptions(&self, application: &str) -> Result<Reply<Vec<Subscription>>, DriverError> {
        let call = self.0.call(Plane::Devportal, "GET", &["subscriptions"])?.query("applicationId", application);
        let answered = self.0.send(Plane::Devportal, call).await?;
        Ok(answered.read::<List<Subscription>>("a list of subscriptions")?.map(|list| list.list))
    }

    /// Lists the subscriptions of the persona's applications to an API.
    pub async fn subscriptions_to(&self, api: &str) -> Result<Reply<Vec<Subscription>>, DriverError> {
        let call = self.0.call(Plane::Devportal, "GET", &["subscriptions"])?.query("apiId", api);
        let answered = self.0.send(Plane::Devportal, call).await?;
        Ok(answered.read::<List<Subscription>>("a list of subscriptions")?.map(|list| list.list))
    }

    /// Asks for another plan of a subscription.
    pub async fn change_plan(&self, held: &Subscription, plan: &str) -> Result<Reply<Subscription>, DriverError> {
        let call = self.0.call(Plane::Devportal, "PUT", &["subscriptions", &held.subscription_id])?;
        let document = json!({
            "applicationId": held.application_id,
            "apiId": held.api_id,
            "throttlingPolicy": held.throttling_policy,
            "requestedThrottlingPolicy": plan,
        });
        self.0.send(Plane::Devportal, call.json(&document)).await?.read("a subscription")
    }

    /// Ends a subscription.
    pub async fn unsubscribe(&self, subscription: &str) -> Result<Reply<()>, DriverError> {
        let call = self.0.call(Plane::Devportal, "DELETE", &["subscriptions", subscription])?;
        self.0.send(Plane::Devportal, call).await?.done()
    }
}
