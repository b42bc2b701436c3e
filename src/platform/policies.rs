//! The throttling policies that a tenant has, by name; nothing is throttled here.
//! Which of them an application or a subscription may name is decided where it is named.

use axum::Json;
use serde_json::{Value, json};

use super::wire::{Page, Refusal, page};

/// Policies that applications may have.
pub(super) const APPLICATION: &[&str] = &["Unlimited", "10PerMin", "20PerMin", "50PerMin"];

/// Policies that APIs may offer and subscriptions may have.
pub(super) const SUBSCRIPTION: &[&str] = &["Unlimited", "Gold", "Silver", "Bronze"];

/// What an API without any policy is shown with, and may be sent back with: no subscription is needed.
pub(super) const SUBSCRIPTIONLESS: &str = "DefaultSubscriptionless";

/// The policy by which a token counts once.
pub(super) const REVOKE_ONE_TIME_TOKEN: &str = "revokeOneTimeToken";

/// The policy by which a message goes on as XML; on answers it is kept as sent and does nothing.
pub(super) const JSON_TO_XML: &str = "jsonToXML";

/// The policies that operations may have, with the flows that they apply to.
const OPERATION: &[(&str, &[&str])] = &[(REVOKE_ONE_TIME_TOKEN, &["request"]), (JSON_TO_XML, &["request", "response"])];

/// The common policies of operations, as the publisher lists them.
pub(super) fn operation_policies(shown: Page) -> Json<Value> {
    let entry = |(name, flows): &(&str, &[&str])| {
        json!({
            "name": name,
            "displayName": name,
            "version": "v1",
            "category": "Mediation",
            "applicableFlows": flows,
            "supportedGateways": ["Synapse"],
            "supportedApiTypes": ["HTTP"],
            "isAPISpecific": false,
        })
    };
    Json(page(OPERATION.iter().map(entry).collect(), shown))
}

/// The policies of a level, as both portals list them.
pub(super) fn list(level: &str, shown: Page) -> Result<Json<Value>, Refusal> {
    let names = match level {
        "application" => APPLICATION,
        "subscription" => SUBSCRIPTION,
        _ => return Err(Refusal::not_found("policy level")),
    };
    let entry = |name: &&str| {
        json!({
            "name": name,
            "displayName": name,
            "description": format!("The policy {name}; nothing is throttled"),
            "policyLevel": level,
            "attributes": {},
            "requestCount": 0,
            "unitTime": 0,
            "timeUnit": null,
            "tierPlan": "FREE",
            "stopOnQuotaReach": true,
        })
    };
    Ok(Json(page(names.iter().map(entry).collect(), shown)))
}
