//! An application's permission to call an API.
//! Enforcing it is the gateway's work.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One per application and API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Assigned on creation.
    pub id: Uuid,
    /// Domain of the application's tenant.
    pub tenant: String,
    /// The application.
    pub application_id: Uuid,
    /// The API.
    pub api_id: Uuid,
    /// Business plan.
    pub throttling_policy: String,
    /// Whether calls pass.
    pub status: SubscriptionStatus,
    /// Domain of the API's tenant, where that is another than the application's.
    #[serde(default)]
    pub api_tenant: Option<String>,
}

impl Subscription {
    /// Domain of the API's tenant.
    pub fn home_of_api(&self) -> &str {
        self.api_tenant.as_deref().unwrap_or(&self.tenant)
    }
}

/// State of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SubscriptionStatus {
    /// Calls pass.
    Unblocked,
    /// No call passes.
    Blocked,
    /// Only calls with sandbox keys pass.
    ProdOnlyBlocked,
    /// Waiting for approval.
    OnHold,
    /// Refused.
    Rejected,
    /// A new plan waits for approval; calls pass.
    TierUpdatePending,
}
