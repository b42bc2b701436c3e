//! What a publisher does with the subscriptions to the tenant's APIs: sees, blocks, moves them to another plan.
//! Making and ending them is left to the developer portal.

use serde::Deserialize;

use kmspec_model::exchange::Plane;

use super::{List, Publisher};
use crate::{error::DriverError, reply::Reply};

/// A subscription as the publisher of its API sees it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldPlan {
    /// Id given by the platform.
    pub subscription_id: String,
    /// Its plan.
    #[serde(default)]
    pub throttling_policy: Option<String>,
}

impl Publisher {
    /// Blocks a subscription, for keys of either type.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when no reply was brought back; the same holds for every call below.
    pub async fn block(&self, subscription: &str) -> Result<Reply<()>, DriverError> {
        let call = self.0.call(Plane::Publisher, "POST", &["subscriptions", "block-subscription"])?;
        let call = call.query("subscriptionId", subscription).query("blockState", "BLOCKED");
        self.0.send(Plane::Publisher, call).await?.done()
    }

    /// Lifts the block of a subscription.
    pub async fn unblock(&self, subscription: &str) -> Result<Reply<()>, DriverError> {
        let call = self.0.call(Plane::Publisher, "POST", &["subscriptions", "unblock-subscription"])?;
        self.0.send(Plane::Publisher, call.query("subscriptionId", subscription)).await?.done()
    }

    /// Lists the subscriptions to an API.
    pub async fn subscriptions_to(&self, api: &str) -> Result<Reply<Vec<HeldPlan>>, DriverError> {
        let call = self.0.call(Plane::Publisher, "GET", &["subscriptions"])?.query("apiId", api);
        let answered = self.0.send(Plane::Publisher, call).await?;
        Ok(answered.read::<List<HeldPlan>>("a list of subscriptions")?.map(|list| list.list))
    }

    /// Moves a subscription to another plan, whatever its developer asked for.
    pub async fn change_plan(&self, subscription: &str, plan: &str) -> Result<Reply<()>, DriverError> {
        let call = self.0.call(Plane::Publisher, "POST", &["subscriptions", "change-business-plan"])?;
        let call = call.query("subscriptionId", subscription).query("businessPlan", plan);
        self.0.send(Plane::Publisher, call).await?.done()
    }
}
