//! A key manager as the gateway uses it: its document, and what validation needs made from it once.
//! Fetching its keys is left to [`super::keys`], asking it about opaque tokens to [`super::introspection`].

use std::sync::Arc;

use super::keys::KeySource;
use crate::{
    platform::domain::KeyManager,
    validation::{Policy, Rules},
};

/// An enabled key manager.
#[derive(Debug)]
pub(super) struct RunningKeyManager {
    pub(super) document: Arc<KeyManager>,
    pub(super) policy: Policy,
    pub(super) rules: Rules,
    pub(super) keys: KeySource,
}

impl RunningKeyManager {
    /// Makes one ready; `None` when it is disabled, for then it is absent at run time.
    pub(super) fn start(document: Arc<KeyManager>) -> Option<Self> {
        if !document.enabled {
            return None;
        }
        let policy = Policy {
            access_token_type_required: document.is_resident(),
            consumer_key_claim: filled(&document.consumer_key_claim),
            scopes_claim: filled(&document.scopes_claim),
            ..Policy::for_issuer(document.issuer.clone().unwrap_or_default())
        };
        let (rules, unreadable): (Vec<_>, Vec<_>) =
            document.token_validation.iter().map(|row| row.rule()).partition(Result::is_ok);
        if !unreadable.is_empty() {
            tracing::warn!(key_manager = document.name, "token handling rules that cannot be read are left out");
        }
        let rules = Rules::new(rules.into_iter().filter_map(|rule| rule.ok().flatten()).collect());
        let keys = KeySource::of(&document);
        Some(Self { document, policy, rules, keys })
    }

    /// Whether JWTs of this issuer are validated here, by signature.
    pub(super) fn validates_issuer(&self, issuer: &str) -> bool {
        self.document.takes_direct_tokens()
            && self.document.enable_self_validation_jwt
            && !issuer.is_empty()
            && self.policy.issuer == issuer
    }
}

fn filled(text: &Option<String>) -> Option<String> {
    text.clone().filter(|text| !text.trim().is_empty())
}
