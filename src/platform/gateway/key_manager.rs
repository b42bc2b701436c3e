//! A key manager as the gateway uses it: its document, and what validation needs made from it once.
//! Fetching its keys is left to [`super::keys`], asking it about opaque tokens to [`super::introspection`].

use std::sync::Arc;

use super::keys::KeySource;
use crate::{
    connectors::{self, Account},
    deployment::{Deployment, TypeHeader},
    domain::KeyManager,
};
use kmspec_validation::{ClaimMapping, Policy, Rules};

/// What the deployment says of the tokens of all key managers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TokenTerms {
    /// Whose tokens must name their type.
    types: TypeHeader,
    /// Whether tokens are taken that are bound to a client certificate, to be compared on every call.
    certificate_bound: bool,
}

impl TokenTerms {
    pub(super) fn of(deployment: &Deployment) -> Self {
        Self { types: deployment.type_header, certificate_bound: deployment.certificate_bound_tokens }
    }
}

/// An enabled key manager.
#[derive(Debug)]
pub(super) struct RunningKeyManager {
    pub(super) document: Arc<KeyManager>,
    pub(super) policy: Policy,
    pub(super) rules: Rules,
    pub(super) claim_mapping: ClaimMapping,
    pub(super) keys: KeySource,
    /// Who asks its servers about tokens, as its type says; `None` where its servers are not asked.
    pub(super) askers: Option<&'static [Account]>,
}

impl RunningKeyManager {
    /// Makes one ready; `None` when it is disabled, for then it is absent at run time.
    pub(super) fn start(document: Arc<KeyManager>, terms: TokenTerms) -> Option<Self> {
        if !document.enabled {
            return None;
        }
        let connector = connectors::find(&document.kind);
        let policy = Policy {
            other_subject_claims: connector.map_or(&[], |connector| connector.subject_claims),
            certificate_bound: terms.certificate_bound,
            access_token_type_required: match terms.types {
                TypeHeader::Resident => document.is_resident(),
                TypeHeader::Everybody => true,
                TypeHeader::Nobody => false,
            },
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
        let renames = document.claim_mapping.iter().map(|each| (each.remote_claim.clone(), each.local_claim.clone()));
        let claim_mapping = ClaimMapping::new(renames);
        let askers = connector.and_then(|connector| connector.introspection);
        Some(Self { document, policy, rules, claim_mapping, keys, askers })
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn validates(change: Value) -> Option<bool> {
        let mut document = json!({"name": "first", "type": "custom", "issuer": "https://issuer"});
        document.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let document: KeyManager = serde_json::from_value(document).unwrap();
        Some(RunningKeyManager::start(Arc::new(document), TokenTerms::default())?.validates_issuer("https://issuer"))
    }

    #[test]
    fn tokens_are_validated_here_for_enabled_key_managers_that_take_them_directly_and_validate_themselves() {
        assert_eq!(validates(json!({})), Some(true));
        assert_eq!(validates(json!({"tokenType": "BOTH"})), Some(true));
        assert_eq!(validates(json!({"tokenType": "EXCHANGED"})), Some(false));
        assert_eq!(validates(json!({"enableSelfValidationJWT": false})), Some(false));
        assert_eq!(validates(json!({"issuer": "https://other"})), Some(false));
        assert_eq!(validates(json!({"enabled": false})), None);
        let nameless: KeyManager = serde_json::from_value(json!({"name": "first", "type": "custom"})).unwrap();
        assert!(!RunningKeyManager::start(Arc::new(nameless), TokenTerms::default()).unwrap().validates_issuer(""));
    }

    #[test]
    fn the_key_of_a_certificate_counts_while_the_certificate_does() {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let pem = rcgen::CertificateParams::new(vec!["signer".into()]).unwrap().self_signed(&pair).unwrap().pem();
        let document = json!({"name": "first", "type": "custom", "certificates": {"type": "PEM", "value": pem}});
        let keys = KeySource::of(&serde_json::from_value(document).unwrap());
        assert!(keys.known(1_700_000_000).is_some());
        assert!(keys.known(1 << 40).is_none(), "it has ended");
    }
}
