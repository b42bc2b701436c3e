//! What a backend is told of the caller: a JWT of the gateway's own, with the token's claims under their local names.
//! Which header carries it, and that no client can forge that header, is left to [`super::forward`].

use std::sync::Arc;

use axum::http::HeaderValue;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use quick_cache::sync::Cache;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{admission::Admitted, authenticate::Caller, server::GatewayState, state::Tenant};
use crate::{
    deployment::BackendJwt,
    domain::{Api, OWN_DIALECT, SUPER_TENANT, principal},
    identity::find_principal,
    store::StoreError,
};
use kmspec_validation::{ClaimMapping, Claims};

/// How long one lives, and how long it is used again for the same token at the most.
const LIFETIME_S: u64 = 900;

/// Claims about the token itself; they are not the caller's.
const OF_THE_TOKEN: [&str; 6] = ["iss", "aud", "exp", "nbf", "iat", "jti"];

/// What backends were told about tokens, so that not every call costs a signature.
#[derive(Debug)]
pub(super) struct Told(Cache<(Arc<str>, Uuid), (u64, HeaderValue)>);

impl Told {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self(Cache::new(capacity))
    }

    /// Forgets everything: something that backends are told has changed.
    pub(super) fn clear(&self) {
        self.0.clear();
    }
}

/// The header's value for an admitted call; `None` when backends are told nothing, or nobody is known to call.
pub(super) async fn assertion(
    state: &GatewayState,
    tenant: &Tenant,
    api: &Api,
    caller: &Admitted,
) -> Option<HeaderValue> {
    let deployment = &state.site.config.deployment;
    let settings = &deployment.backend_jwt;
    let presented = caller.presented.as_ref().filter(|_| settings.enabled)?;
    let now = tenant.clock.now();
    let key = (presented.clone(), api.id);
    if let Some((until, told)) = state.told.0.get(&key)
        && now < until
    {
        return Some(told);
    }
    let mut claims = claims(state, tenant, api, caller, now);
    claims.extend(profile(state, caller).await);
    let told = signed(state, tenant, settings, &claims)?;
    if let Some(life) = deployment.token_cache {
        state.told.0.insert(key, (now + life.as_secs().min(LIFETIME_S), told.clone()));
    }
    Some(told)
}

/// What is told of a user whose token of the resident key manager was granted the profile (BJ-11), by the names of the
/// platform's own dialect.
const PROFILE: [&str; 4] = ["givenname", "lastname", "mobile", "organization"];

/// The claims of the user that the call is made for. Nothing is told of one who cannot be looked up.
async fn profile(state: &GatewayState, caller: &Admitted) -> Vec<(String, Value)> {
    let settings = &state.site.config.deployment.backend_jwt;
    let granted = |token: &Caller| {
        let has = |scope: &str| token.has_scope_of(&[scope.to_owned()]);
        token.key_manager.document.is_resident() && !token.is_application() && has("openid") && has("profile")
    };
    let Some(principal) = caller.user.clone().filter(|_| caller.token.as_ref().is_some_and(granted)) else {
        return Vec::new();
    };
    let found = state.site.store.read::<_, StoreError, _>(move |documents| find_principal(documents, &principal)).await;
    let user = found.unwrap_or_else(|error| {
        tracing::error!(%error, "a user could not be looked up for a backend");
        None
    });
    let Some(user) = user else { return Vec::new() };
    let told = PROFILE.into_iter().filter_map(|name| {
        let value = user.claims.get(&format!("{OWN_DIALECT}/{name}"))?;
        Some((format!("{}/{name}", settings.dialect), json!(value)))
    });
    told.filter(|(name, _)| !settings.excluded.contains(name)).collect()
}

/// What the platform tells by itself, by the names of its own dialect. No token speaks for it, not even where there is nothing
/// to tell.
const OWN: [&str; 13] = [
    "enduser",
    "enduserTenantId",
    "apiname",
    "apicontext",
    "version",
    "usertype",
    "keytype",
    "subscriber",
    "applicationid",
    "applicationUUId",
    "applicationname",
    "applicationtier",
    "applicationAttributes",
];

fn claims(state: &GatewayState, tenant: &Tenant, api: &Api, caller: &Admitted, now: u64) -> Map<String, Value> {
    let settings = &state.site.config.deployment.backend_jwt;
    let told =
        caller.token.as_ref().map(|token| told_by_the_token(&token.claims, &token.key_manager.claim_mapping, settings));
    let mut claims = told.unwrap_or_default();
    let user = caller.user.as_deref().unwrap_or_default();
    let mut add = |name: &str, value: Value| claims.insert(format!("{}/{name}", settings.dialect), value);
    add("enduser", json!(user));
    add("enduserTenantId", json!(if tenant.domain == SUPER_TENANT { "-1234" } else { tenant.domain.as_str() }));
    add("apiname", json!(api.name));
    add("apicontext", json!(format!("{}/{}", api.context.trim_end_matches('/'), api.version)));
    add("version", json!(api.version));
    add("usertype", json!(if caller.is_application() { "APPLICATION" } else { "APPLICATION_USER" }));
    if let Some(key_type) = caller.key_type {
        add("keytype", json!(key_type.to_string()));
    }
    let application = caller.application_id.and_then(|id| state.application(tenant, id));
    // Who subscribed is the application's owner, whoever calls with it (BJ-08); without one it is the caller.
    let owner = application.as_ref().map(|application| principal(&application.owner, &application.tenant));
    add("subscriber", json!(owner.as_deref().unwrap_or(user)));
    if let Some(application) = application {
        add("applicationid", json!(application.id));
        add("applicationUUId", json!(application.id));
        add("applicationname", json!(application.name));
        add("applicationtier", json!(application.throttling_policy));
        if !application.attributes.is_empty() {
            add("applicationAttributes", json!(application.attributes));
        }
    }
    for (name, value) in [
        ("iss", json!("wso2.org/products/am")),
        ("iat", json!(now)),
        ("exp", json!(now + LIFETIME_S)),
        ("jti", json!(Uuid::new_v4())),
    ] {
        claims.insert(name.to_owned(), value);
    }
    claims
}

/// The caller's claims under their local names; those without a mapping keep their own, unless they are excluded or the
/// platform's to tell.
fn told_by_the_token(claims: &Claims, mapping: &ClaimMapping, settings: &BackendJwt) -> Map<String, Value> {
    let renamed = mapping.apply(claims);
    let is_own = |name: &str| {
        let rest = name.strip_prefix(settings.dialect.as_str()).and_then(|rest| rest.strip_prefix('/'));
        rest.is_some_and(|rest| OWN.contains(&rest))
    };
    let excluded = |name: &str| settings.excluded.iter().any(|each| each == name);
    let withheld = |name: &str| OF_THE_TOKEN.contains(&name) || is_own(name) || excluded(name);
    let about_the_caller = renamed.filter(|(name, _)| !withheld(name));
    about_the_caller.map(|(name, value)| (name.to_owned(), value.to_json())).collect()
}

/// The product writes the three parts in plain base64 unless told otherwise.
fn signed(
    state: &GatewayState,
    tenant: &Tenant,
    settings: &BackendJwt,
    claims: &Map<String, Value>,
) -> Option<HeaderValue> {
    let header = Map::from_iter([("typ".to_owned(), json!("JWT"))]);
    let token = state.site.signer.sign(&tenant.domain, header, claims)?;
    let plain = || {
        let parts = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).map(|bytes| STANDARD.encode(bytes)));
        parts.collect::<Result<Vec<_>, _>>().expect("it was just encoded").join(".")
    };
    let text = if settings.url_safe { token } else { plain() };
    HeaderValue::try_from(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(rows: &[(&str, &str)], claims: &Value) -> Value {
        let mapping = ClaimMapping::new(rows.iter().map(|(remote, local)| (remote.to_string(), local.to_string())));
        let settings = BackendJwt { excluded: vec!["kept".into()], ..BackendJwt::default() };
        let claims = Claims::from_json(claims.to_string().as_bytes()).unwrap();
        told_by_the_token(&claims, &mapping, &settings).into()
    }

    #[test]
    fn a_token_tells_nothing_that_is_the_platforms_to_tell_by_its_name_or_by_a_mapping() {
        for name in OWN {
            let own = format!("http://wso2.org/claims/{name}");
            assert_eq!(told(&[], &json!({own.as_str(): "forged"})), json!({}), "{name}");
            assert_eq!(told(&[("said", &own)], &json!({"said": "forged"})), json!({}), "{name}");
        }
        let others =
            json!({"http://wso2.org/claims/email": "a", "http://other.org/claims/enduser": "b", "enduser": "c"});
        assert_eq!(told(&[], &others), others);
    }

    #[test]
    fn a_claim_is_told_by_its_local_names_and_neither_what_is_kept_nor_what_is_about_the_token_is() {
        let email = "http://wso2.org/claims/email";
        let rows = [("mail", email), ("mail", "contact")];
        for claims in [json!({"mail": "real", email: "raw"}), json!({email: "raw", "mail": "real"})] {
            assert_eq!(told(&rows, &claims), json!({email: "real", "contact": "real"}), "{claims}");
        }
        assert_eq!(told(&[], &json!({"iss": "i", "jti": "j", "kept": "k", "dept": "d"})), json!({"dept": "d"}));
    }
}
