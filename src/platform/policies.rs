//! The throttling policies that a tenant has, by name; nothing is throttled here.
//! Making more of them is the administrator plane's business.

use axum::Json;
use serde_json::{Value, json};

use super::{
    domain::{PolicyLevel, ThrottlingPolicy},
    store::{Documents, StoreError},
    wire::{Page, Refusal, page},
};

/// Policies that applications may have in every tenant.
const APPLICATION: &[&str] = &["Unlimited", "10PerMin", "20PerMin", "50PerMin"];

/// Policies that APIs may offer and subscriptions may have in every tenant.
const SUBSCRIPTION: &[&str] = &["Unlimited", "Gold", "Silver", "Bronze"];

/// Policies that operations may have in every tenant.
pub(super) const OPERATION_PLANS: &[&str] = &["Unlimited", "10KPerMin", "20KPerMin", "50KPerMin"];

/// The names that every tenant has.
pub(super) fn usual(level: PolicyLevel) -> &'static [&'static str] {
    match level {
        PolicyLevel::Application => APPLICATION,
        PolicyLevel::Subscription => SUBSCRIPTION,
    }
}

/// Whether the tenant has such a policy.
pub(super) fn is_known(
    documents: &Documents<'_>,
    tenant: &str,
    level: PolicyLevel,
    name: &str,
) -> Result<bool, StoreError> {
    Ok(usual(level).contains(&name) || made(documents, tenant, level, name)?.is_some())
}

/// The policy of that name, where an administrator made it.
pub(super) fn made(
    documents: &Documents<'_>,
    tenant: &str,
    level: PolicyLevel,
    name: &str,
) -> Result<Option<ThrottlingPolicy>, StoreError> {
    documents.find_by_key(tenant, &ThrottlingPolicy::key(level, name))
}

/// Whether somebody with these roles may choose a tenant's business plan (TEN-11).
pub(super) fn is_open(
    documents: &Documents<'_>,
    tenant: &str,
    name: &str,
    roles: &[String],
) -> Result<bool, StoreError> {
    let policy = made(documents, tenant, PolicyLevel::Subscription, name)?;
    Ok(policy.is_none_or(|policy| policy.permissions.admit(roles)))
}

/// What an API without any policy is shown with, and may be sent back with: no subscription is needed.
pub(super) const SUBSCRIPTIONLESS: &str = "DefaultSubscriptionless";

/// The policy by which a token counts once.
pub(super) const REVOKE_ONE_TIME_TOKEN: &str = "revokeOneTimeToken";

/// The policy by which a message goes on as XML.
pub(super) const JSON_TO_XML: &str = "jsonToXML";

/// The policy by which a header field is set.
pub(super) const ADD_HEADER: &str = "addHeader";

/// The policy by which a header field is taken away.
pub(super) const REMOVE_HEADER: &str = "removeHeader";

/// Header fields that no policy changes: a message is framed and sent on by them.
pub(super) const UNCHANGED: &[&str] = &[
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The policies that operations may have, with the flows that they apply to.
const OPERATION: &[(&str, &[&str])] = &[
    (REVOKE_ONE_TIME_TOKEN, &["request"]),
    (JSON_TO_XML, &["request", "response"]),
    (ADD_HEADER, &["request", "response"]),
    (REMOVE_HEADER, &["request", "response"]),
];

/// Whether an operation may have that policy in a flow. The product has more of them, which are not played here.
pub(super) fn may_have(name: &str, flow: &str) -> bool {
    OPERATION.iter().any(|(known, flows)| *known == name && flows.contains(&flow))
}

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

/// The level that a path names.
pub(super) fn level(word: &str) -> Result<PolicyLevel, Refusal> {
    let all = [PolicyLevel::Application, PolicyLevel::Subscription];
    all.into_iter().find(|level| level.word() == word).ok_or_else(|| Refusal::not_found("policy level"))
}

/// The policies of a level, as both portals list them: those that somebody with these roles may choose, or all.
pub(super) fn list(
    documents: &Documents<'_>,
    tenant: &str,
    word: &str,
    roles: Option<&[String]>,
    shown: Page,
) -> Result<Json<Value>, Refusal> {
    let level = level(word)?;
    let made: Vec<ThrottlingPolicy> = documents.all(tenant)?;
    let made = made.iter().filter(|one| one.level == level && roles.is_none_or(|roles| one.permissions.admit(roles)));
    let names: Vec<&str> = usual(level).iter().copied().chain(made.map(|one| one.name.as_str())).collect();
    let entry = |name: &&str| {
        json!({
            "name": name,
            "displayName": name,
            "description": format!("The policy {name}; nothing is throttled"),
            "policyLevel": word,
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
