//! From a token to who is calling: the key manager by issuer or by looks, then the proof.
//! Subscriptions, scopes and audiences of the API are checked by the caller.

use std::sync::Arc;

use super::{
    introspection::introspection_url, key_manager::RunningKeyManager, keys::Fetcher, refusal::Refusal,
    server::GatewayState, state::Tenant,
};
use crate::domain::Api;
use kmspec_validation::{self as validation, Claims, Parsed, Verified};

/// Who is calling, as the key manager says.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) key_manager: Arc<RunningKeyManager>,
    pub(super) claims: Claims,
    /// Whether the claims are an introspection answer, whose members have other names.
    introspected: bool,
}

impl Caller {
    /// The OAuth client that the token was issued to.
    pub(super) fn consumer_key(&self) -> Option<&str> {
        let policy = &self.key_manager.policy;
        if !self.introspected {
            return self.claims.consumer_key(policy);
        }
        let configured = policy.consumer_key_claim.as_deref().and_then(|name| self.claims.text(name));
        configured.or_else(|| self.claims.text("client_id")).or_else(|| self.claims.text("azp"))
    }

    /// The user or client that the token stands for, by the claims in which its issuer names one.
    pub(super) fn subject(&self) -> Option<&str> {
        self.claims.subject_by(&self.key_manager.policy)
    }

    /// Whether the token holds one of these scopes.
    pub(super) fn has_scope_of(&self, scopes: &[String]) -> bool {
        self.claims.scopes(&self.key_manager.policy).any(|held| scopes.iter().any(|each| each == held))
    }

    /// Whether the token stands for the client itself and for no user.
    pub(super) fn is_application(&self) -> bool {
        match self.claims.text("aut") {
            Some(kind) => kind.eq_ignore_ascii_case("APPLICATION"),
            None => self.subject().is_none_or(|subject| Some(subject) == self.consumer_key()),
        }
    }
}

/// Finds out who is calling.
///
/// # Errors
///
/// Always [`Refusal::InvalidCredentials`]: the answer must not tell one cause from another.
pub(super) async fn authenticate(
    state: &GatewayState,
    tenant: &Tenant,
    api: &Api,
    token: &str,
) -> Result<Caller, Refusal> {
    let call = Call { state, tenant, api, now: tenant.clock.now() };
    let found = if token.contains('.') { call.jwt(token).await } else { call.opaque(token).await };
    let caller = found.ok_or(Refusal::InvalidCredentials)?;
    let (key, subject) = (caller.consumer_key(), caller.subject());
    let owner_revoked = state.revocations.has_owner(&tenant.domain, key, subject, caller.claims.issued_at());
    let revoked = owner_revoked
        || state.revocations.has_token(token)
        || caller.claims.token_id().is_some_and(|id| state.revocations.has_token(id));
    if revoked { Err(Refusal::InvalidCredentials) } else { Ok(caller) }
}

/// One call on its way.
struct Call<'a> {
    state: &'a GatewayState,
    tenant: &'a Tenant,
    api: &'a Api,
    now: u64,
}

impl Call<'_> {
    fn fetcher(&self) -> Fetcher<'_> {
        Fetcher { http: &self.state.site.http, local: self.state.local.as_ref(), tenant: &self.tenant.domain }
    }

    fn allows(&self, key_manager: &RunningKeyManager) -> bool {
        self.api.accepts_key_manager(&key_manager.document.name)
    }

    async fn jwt(&self, token: &str) -> Option<Caller> {
        if let Some(caller) = self.verified_before(token) {
            return Some(caller);
        }
        let parsed = Parsed::parse(token).ok()?;
        let issuer = parsed.claims().issuer().unwrap_or_default();
        let Some(key_manager) = self.tenant.read(|state| state.issuer_of(parsed.claims()).cloned()) else {
            return self.foreign(token).await;
        };
        if !self.allows(&key_manager) {
            return None;
        }
        if key_manager.validates_issuer(issuer) {
            return self.verify(token, &parsed, key_manager).await;
        }
        if key_manager.introspects() && (key_manager.rules.is_empty() || key_manager.rules.matches(token)) {
            return self.introspect(token, key_manager).await;
        }
        None
    }

    /// A token whose signature was checked before with the keys that are still those of its issuer.
    fn verified_before(&self, token: &str) -> Option<Caller> {
        self.state.site.config.deployment.token_cache?;
        let (generation, verified) = self.state.verified.find_at(token, self.now)?;
        let issuer = verified.claims().issuer()?;
        let key_manager = self.tenant.read(|state| state.issuer_of(verified.claims()).cloned())?;
        let same_keys = key_manager.keys.known(self.now).is_some_and(|keys| keys.generation == generation);
        if !same_keys || !key_manager.validates_issuer(issuer) || !self.allows(&key_manager) {
            return None;
        }
        self.state.refresh_keys(&key_manager, &self.tenant.domain);
        self.accept(&verified, key_manager)
    }

    async fn verify(&self, token: &str, parsed: &Parsed<'_>, key_manager: Arc<RunningKeyManager>) -> Option<Caller> {
        let fetcher = self.fetcher();
        let mut keys = key_manager.keys.keys(&fetcher, self.now).await?;
        self.state.refresh_keys(&key_manager, &self.tenant.domain);
        let mut verdict = parsed.verify(&keys.set, &key_manager.policy);
        if matches!(verdict, Err(validation::Refusal::UnknownKey)) {
            keys = key_manager.keys.newer_than(&fetcher, keys.generation).await?;
            verdict = parsed.verify(&keys.set, &key_manager.policy);
        }
        match verdict {
            Ok(verified) => {
                let verified = Arc::new(verified);
                if let Some(life) = self.state.site.config.deployment.token_cache {
                    let until = self.now.saturating_add(life.as_secs());
                    self.state.verified.keep_until(token, keys.generation, verified.clone(), until);
                }
                self.accept(&verified, key_manager)
            }
            Err(refusal) => {
                tracing::debug!(key_manager = key_manager.document.name, %refusal, "token refused");
                None
            }
        }
    }

    /// What is checked on every use of a verified token.
    fn accept(&self, verified: &Verified, key_manager: Arc<RunningKeyManager>) -> Option<Caller> {
        if let Err(refusal) = verified.check_at(self.now, &key_manager.policy) {
            tracing::debug!(key_manager = key_manager.document.name, %refusal, "token refused");
            return None;
        }
        if self.state.revocations.has_token(verified.revocation_id()) {
            return None;
        }
        Some(Caller { key_manager, claims: verified.claims().clone(), introspected: false })
    }

    /// A JWT of no issuer, or of one that no key manager claims: only one that validates by introspection can know it. One that
    /// validates JWTs itself knows its own by the issuer, so this is none of them.
    async fn foreign(&self, token: &str) -> Option<Caller> {
        let key_manager = self.choose(token, |each| each.introspects())?;
        self.introspect(token, key_manager).await
    }

    async fn opaque(&self, token: &str) -> Option<Caller> {
        let key_manager = self.choose(token, RunningKeyManager::can_be_asked)?;
        let is_resident = key_manager.document.is_resident();
        if let Some(caller) = self.introspect(token, key_manager).await {
            return Some(caller);
        }
        // The resident one knows its own tokens without asking anybody; one that it does not know may be another's that
        // look alike.
        let others = |each: &RunningKeyManager| each.can_be_asked() && !each.document.is_resident();
        let other = self.choose(token, others).filter(|_| is_resident)?;
        self.introspect(token, other).await
    }

    /// Among those that fit, the first in the API's order, then in the order of creation, whose rules match the token;
    /// when no rules match, the first without rules. What another key manager's rules claim is not given to one
    /// without rules.
    fn choose(&self, token: &str, fits: impl Fn(&RunningKeyManager) -> bool) -> Option<Arc<RunningKeyManager>> {
        let candidates: Vec<_> =
            self.tenant.read(|state| state.key_managers().filter(|each| fits(each)).cloned().collect());
        let claimed = candidates.iter().any(|each| each.rules.matches(token));
        let mut allowed: Vec<_> = candidates.into_iter().filter(|each| self.allows(each)).collect();
        let place = |each: &Arc<RunningKeyManager>| {
            let named = self.api.key_managers.iter().position(|name| *name == each.document.name);
            named.unwrap_or(usize::MAX)
        };
        allowed.sort_by_key(place);
        allowed.into_iter().find(|each| if claimed { each.rules.matches(token) } else { each.rules.is_empty() })
    }

    async fn introspect(&self, token: &str, key_manager: Arc<RunningKeyManager>) -> Option<Caller> {
        let claims = self.state.introspections.ask(&key_manager, token, &self.fetcher(), self.now).await?;
        Some(Caller { key_manager, claims, introspected: true })
    }
}

impl RunningKeyManager {
    /// Whether it can be asked about tokens. An out-of-band one never is, not even where its introspection endpoint is
    /// known.
    fn can_be_asked(&self) -> bool {
        let has_endpoint = || !self.document.is_out_of_band() && introspection_url(self).is_some();
        self.document.takes_direct_tokens() && (self.document.is_resident() || has_endpoint())
    }

    /// Whether it validates JWTs, too, by asking.
    fn introspects(&self) -> bool {
        self.can_be_asked() && !self.document.enable_self_validation_jwt
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{domain::KeyManager, gateway::key_manager::TokenTerms};

    fn caller(kind: &str, claims: Value) -> Caller {
        let document =
            KeyManager { consumer_key_claim: Some("client_id_name".into()), ..KeyManager::named("first", kind) };
        let key_manager = RunningKeyManager::start(Arc::new(document), TokenTerms::default()).unwrap();
        let claims = Claims::from_json(claims.to_string().as_bytes()).unwrap();
        Caller { key_manager: Arc::new(key_manager), claims, introspected: false }
    }

    #[test]
    fn a_token_of_ping_federate_stands_for_the_user_or_the_client_that_it_names_without_a_subject() {
        for (claims, subject, is_application) in [
            (json!({"client_id_name": "ck", "Username": "ann", "client_id": "ck"}), Some("ann"), false),
            (json!({"client_id_name": "ck", "sub": "eve", "Username": "ann"}), Some("eve"), false),
            (json!({"client_id_name": "ck", "client_id": "ck"}), Some("ck"), true),
            (json!({"client_id_name": "ck"}), None, true),
        ] {
            let caller = caller("PingFederate", claims.clone());
            assert_eq!((caller.subject(), caller.is_application()), (subject, is_application), "{claims}");
        }
        let elsewhere = caller("KeyCloak", json!({"client_id_name": "ck", "Username": "ann"}));
        assert_eq!((elsewhere.subject(), elsewhere.is_application()), (None, true));
    }
}
