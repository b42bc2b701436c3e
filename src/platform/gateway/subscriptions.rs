//! Whether a token's client belongs to an application that may call an API, and with which key type.
//! The state it looks at is kept by [`super::state`].

use uuid::Uuid;

use super::{refusal::Refusal, state::TenantState};
use crate::domain::{Api, KeyState, KeyType, SubscriptionStatus};

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
    standing(state, mapping.application_id, mapping.key_type, api).map(|()| mapping.key_type)
}

/// Whether an application may call the API with credentials of this type.
pub(super) fn standing(state: &TenantState, application_id: Uuid, key_type: KeyType, api: &Api) -> Result<(), Refusal> {
    if is_subscriptionless(api) {
        return Ok(());
    }
    let subscription = state.subscription(application_id, api.id).ok_or(Refusal::NotSubscribed)?;
    match subscription.status {
        SubscriptionStatus::Unblocked | SubscriptionStatus::TierUpdatePending => Ok(()),
        SubscriptionStatus::ProdOnlyBlocked if key_type == KeyType::Sandbox => Ok(()),
        SubscriptionStatus::Blocked | SubscriptionStatus::ProdOnlyBlocked => Err(Refusal::Blocked),
        SubscriptionStatus::OnHold | SubscriptionStatus::Rejected => Err(Refusal::SubscriptionInactive),
    }
}

/// An API without business plans; portals show them as one plan of this name.
fn is_subscriptionless(api: &Api) -> bool {
    api.policies.iter().all(|policy| policy == "DefaultSubscriptionless")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;

    use super::*;
    use crate::{
        domain::{KeyMapping, MappingMode, Subscription},
        gateway::state::tests::api,
    };

    /// The verdict on a key of this type and state under `first`, with a subscription of this status or none.
    fn verdict(
        key: (&str, &str),
        found: (KeyType, KeyState),
        status: Option<SubscriptionStatus>,
        plan: &str,
    ) -> Result<KeyType, Refusal> {
        let mut api = api("/orders");
        api.policies = vec![plan.to_owned()];
        let (mut state, application_id) = (TenantState::default(), Uuid::new_v4());
        state.put_mapping(Arc::new(KeyMapping {
            id: Uuid::new_v4(),
            tenant: "t".into(),
            application_id,
            key_manager_id: Uuid::new_v4(),
            key_manager_name: "first".into(),
            key_type: found.0,
            mode: MappingMode::Mapped,
            state: found.1,
            consumer_key: "ck".into(),
            consumer_secret: None,
            grant_types: vec![],
            callback_url: None,
            additional_properties: serde_json::Map::new(),
            management: None,
            key_manager_tenant: None,
        }));
        if let Some(status) = status {
            state.put_subscription(Arc::new(Subscription {
                id: Uuid::new_v4(),
                tenant: "t".into(),
                application_id,
                api_id: api.id,
                throttling_policy: plan.to_owned(),
                status,
                api_tenant: None,
            }));
        }
        check(&state, Some(key.0), key.1, &api)
    }

    #[test]
    fn the_status_of_the_subscription_decides() {
        use KeyType::{Production, Sandbox};
        use SubscriptionStatus::{Blocked, OnHold, ProdOnlyBlocked, Rejected, TierUpdatePending, Unblocked};
        for (key_type, status, verdict_wanted) in [
            (Production, Some(Unblocked), Ok(Production)),
            (Sandbox, Some(Unblocked), Ok(Sandbox)),
            (Production, Some(TierUpdatePending), Ok(Production)),
            (Production, Some(Blocked), Err(Refusal::Blocked)),
            (Sandbox, Some(Blocked), Err(Refusal::Blocked)),
            (Production, Some(ProdOnlyBlocked), Err(Refusal::Blocked)),
            (Sandbox, Some(ProdOnlyBlocked), Ok(Sandbox)),
            (Production, Some(OnHold), Err(Refusal::SubscriptionInactive)),
            (Production, Some(Rejected), Err(Refusal::SubscriptionInactive)),
            (Production, None, Err(Refusal::NotSubscribed)),
        ] {
            let found = verdict(("ck", "first"), (key_type, KeyState::Completed), status, "Unlimited");
            assert_eq!(found, verdict_wanted, "{key_type:?} {status:?}");
        }
    }

    #[test]
    fn a_consumer_key_counts_only_under_the_key_manager_that_issued_it_and_once_it_is_usable() {
        let at = |key, state| verdict(key, (KeyType::Production, state), Some(SubscriptionStatus::Unblocked), "Gold");
        assert_eq!(at(("ck", "first"), KeyState::Completed), Ok(KeyType::Production));
        assert_eq!(at(("ck", "second"), KeyState::Completed), Err(Refusal::NotSubscribed));
        assert_eq!(at(("other", "first"), KeyState::Completed), Err(Refusal::NotSubscribed));
        for state in [KeyState::Created, KeyState::Approved, KeyState::Rejected] {
            assert_eq!(at(("ck", "first"), state), Err(Refusal::NotSubscribed), "{state:?}");
        }
    }

    #[test]
    fn an_api_without_plans_needs_no_subscription_but_a_known_client() {
        let at = |key| verdict(key, (KeyType::Sandbox, KeyState::Completed), None, "DefaultSubscriptionless");
        assert_eq!(at(("ck", "first")), Ok(KeyType::Sandbox));
        assert_eq!(at(("other", "first")), Err(Refusal::NotSubscribed));
    }
}
