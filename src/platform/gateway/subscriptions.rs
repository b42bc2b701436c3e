//! Whether a token's client belongs to an application that may call an API, and with which key type.
//! The state it looks at is kept by [`super::state`].

use super::{refusal::Refusal, state::TenantState};
use crate::platform::domain::{Api, KeyState, KeyType, SubscriptionStatus};

/// The key type, when calls pass.
///
/// The consumer key counts only together with the key manager that issued the token: the same text at another key
/// manager is another client.
pub(super) fn check(
    state: &TenantState,
    consumer_key: Option<&str>,
    key_manager: &str,
    api: &Api,
) -> Result<KeyType, Refusal> {
    let mapping = consumer_key.and_then(|key| state.mapping(key, key_manager)).ok_or(Refusal::NotSubscribed)?;
    if mapping.state != KeyState::Completed {
        return Err(Refusal::NotSubscribed);
    }
    if is_subscriptionless(api) {
        return Ok(mapping.key_type);
    }
    let subscription = state.subscription(mapping.application_id, api.id).ok_or(Refusal::NotSubscribed)?;
    match subscription.status {
        SubscriptionStatus::Unblocked | SubscriptionStatus::TierUpdatePending => Ok(mapping.key_type),
        SubscriptionStatus::ProdOnlyBlocked if mapping.key_type == KeyType::Sandbox => Ok(mapping.key_type),
        SubscriptionStatus::Blocked | SubscriptionStatus::ProdOnlyBlocked => Err(Refusal::Blocked),
        SubscriptionStatus::OnHold | SubscriptionStatus::Rejected => Err(Refusal::SubscriptionInactive),
    }
}

/// An API without business plans; portals show them as one plan of this name.
fn is_subscriptionless(api: &Api) -> bool {
    api.policies.iter().all(|policy| policy == "DefaultSubscriptionless")
}
