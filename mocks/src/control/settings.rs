//! `…/settings`: the switches of a realm that are plain data.
//! What each of them means stands in `realm::policy`.

use std::borrow::Cow;

use axum::{Json, response::IntoResponse};
use serde::{Deserialize, Serialize};

use super::{
    body::Body,
    patch::patched,
    place::Place,
    refusal::{Answer, Refusal},
};
use crate::{
    grants::RESPONSE_TYPES,
    realm::{
        Lifetimes, Policy,
        device::DevicePolicy,
        jwt::Object,
        pkce::ChallengeMethod,
        policy::{Breakage, Rotation},
        rotation::GracefulRotation,
    },
};

macro_rules! settings {
    ($($name:ident: $type:ty,)*) => {
        /// The switches, each under the name that it has in a policy.
        #[derive(Serialize, Deserialize)]
        struct Settings {
            $($name: $type,)*
            device: Device,
        }

        const NAMES: &[&str] = &[$(stringify!($name),)* "device"];

        impl Settings {
            fn of(policy: &Policy) -> Self {
                Self { $($name: policy.$name.clone(),)* device: Device::of(&policy.device) }
            }

            fn apply(self, policy: &mut Policy) {
                $(policy.$name = self.$name;)*
                self.device.apply(&mut policy.device);
            }
        }
    };
}

settings! {
    lifetimes: Lifetimes,
    grant_types: Vec<String>,
    public_grant_types: Vec<String>,
    grant_types_by_containment: bool,
    grant_type_before_client: bool,
    unknown_grant: Cow<'static, str>,
    repeats_after_client: bool,
    json_requests: bool,
    barred_from_query: Vec<String>,
    decode_basic: bool,
    basic_accepted: bool,
    client_assertions: bool,
    client_assertions_reusable: bool,
    oldest_client_assertion: Option<u64>,
    longest_client_assertion: Option<u64>,
    client_assertions_name_endpoint: bool,
    form_credentials_win: bool,
    client_before_methods: bool,
    challenge_realm: String,
    tenant: Option<String>,
    user_store: Option<String>,
    response_types: Vec<String>,
    code_challenge_methods: Vec<String>,
    plain_challenges: bool,
    public_clients_need_challenge: bool,
    stray_verifier_refused: bool,
    session_state: bool,
    one_live_token: bool,
    jwts_side_by_side: Vec<String>,
    password_failures_explained: bool,
    open_registration: bool,
    disabled: bool,
    revocation: bool,
    resource_binding: bool,
    rotation: Rotation,
    graceful_rotation: Option<GracefulRotation>,
    graceful_rotation_at_most: GracefulRotation,
    refresh_without_asking: bool,
    access_revocation_ends_refresh: bool,
    access_tokens_revocable: bool,
    strangers_see_users: bool,
    audiences: Option<Vec<String>>,
    userinfo_audience: Option<String>,
    token_endpoint: Option<String>,
    oldest_assertion: Option<u64>,
    assertions_used_once: bool,
    assertions_give_refresh: bool,
    foreign_audience: Cow<'static, str>,
    saml_subjects_local: bool,
    undelegated_clients: Vec<String>,
    broken: Option<Breakage>,
    self_removal: bool,
}

/// How devices are treated.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Device {
    lifetime_seconds: u64,
    interval_seconds: u64,
    slow_down_seconds: u64,
    first_poll_waits: bool,
}

impl Device {
    fn of(policy: &DevicePolicy) -> Self {
        Self {
            lifetime_seconds: policy.lifetime_seconds,
            interval_seconds: policy.interval_seconds,
            slow_down_seconds: policy.slow_down_seconds,
            first_poll_waits: policy.first_poll_waits,
        }
    }

    fn apply(self, policy: &mut DevicePolicy) {
        policy.lifetime_seconds = self.lifetime_seconds;
        policy.interval_seconds = self.interval_seconds;
        policy.slow_down_seconds = self.slow_down_seconds;
        policy.first_poll_waits = self.first_poll_waits;
    }
}

/// Refuses what the server could announce and not do.
fn known<const N: usize>(member: &str, wanted: &[String], known: [&str; N]) -> Result<(), Refusal> {
    match wanted.iter().find(|each| !known.contains(&each.as_str())) {
        Some(other) => Err(Refusal::bad(format!("`{other}` cannot be among the `{member}`"))
            .hint(format!("these can: {}", known.join(", ")))),
        None => Ok(()),
    }
}

pub(super) async fn show(place: Place) -> Answer {
    Ok(Json(Settings::of(&place.realm.policy())).into_response())
}

pub(super) async fn change(place: Place, Body(changes): Body<Object>) -> Answer {
    let changed: Settings = patched(&Settings::of(&place.realm.policy()), changes, NAMES)?;
    known("response_types", &changed.response_types, RESPONSE_TYPES)?;
    known("code_challenge_methods", &changed.code_challenge_methods, ChallengeMethod::ALL.map(ChallengeMethod::name))?;
    place.realm.change_policy(|policy| changed.apply(policy));
    Ok(Json(Settings::of(&place.realm.policy())).into_response())
}
