//! Who is let in: which credentials an API demands, whether those of a call will do, and for whom it is then.
//! Judging each kind of credentials is left to the files beside this one.

use std::sync::Arc;

use axum::http::{HeaderName, request::Parts};
use uuid::Uuid;

use super::{
    authenticate::{Caller, authenticate},
    client_certificates,
    credentials::{Credentials, INTERNAL_KEY, api_key_header, credentials, token_header},
    refusal::Refusal,
    server::GatewayState,
    state::Tenant,
    subscriptions, users, vouched,
};
use crate::{
    domain::{Api, ClientCertificate, KeyType, Operation},
    handshake::PresentedChain,
};
use kmspec_validation::Claims;

/// Who passed, as far as the rest of the way needs it.
#[derive(Debug, Default)]
pub(super) struct Admitted {
    /// Which endpoint the credentials lead to; whichever there is when they name none.
    pub(super) key_type: Option<KeyType>,
    /// The application that calls.
    pub(super) application_id: Option<Uuid>,
    /// The user, as a principal.
    pub(super) user: Option<String>,
    /// What the token says, and the key manager that issued it.
    pub(super) token: Option<Caller>,
    /// The token or key itself, which tells this caller from every other.
    pub(super) presented: Option<Arc<str>>,
}

impl Admitted {
    /// Whether no user is involved.
    pub(super) fn is_application(&self) -> bool {
        self.token.as_ref().is_some_and(Caller::is_application)
    }

    /// By a certificate alone: nobody but its owner is known to call.
    fn by(certificate: &ClientCertificate) -> Self {
        Self { key_type: Some(certificate.key_type), ..Self::default() }
    }
}

/// Which of the two kinds of security an API demands: a client certificate, and what an application or a user presents.
/// One that is offered alone is demanded; of two that are offered either will do, unless one is said to be mandatory
/// (MTLS-04, MTLS-05, MTLS-07).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Demands {
    takes_certificates: bool,
    certificate: bool,
    credentials: bool,
}

impl Demands {
    fn of(api: &Api) -> Self {
        let says = |word: &str| api.security_scheme.iter().any(|own| own == word);
        let credentials_named = ["oauth2", "basic_auth", "api_key"].into_iter().any(says);
        let takes_certificates = says("mutualssl") || says("mutualssl_mandatory");
        let credentials = says("oauth_basic_auth_api_key_mandatory") || !takes_certificates;
        let alone = takes_certificates && !credentials_named && !credentials;
        Self { takes_certificates, certificate: says("mutualssl_mandatory") || alone, credentials }
    }
}

/// Lets a call pass, or says why not. The order is that of the product: first the certificate, then the rest. A
/// publisher's own key opens the API whatever it demands (AK-14).
///
/// # Errors
///
/// [`Refusal`].
pub(super) async fn admit(
    state: &GatewayState,
    tenant: &Tenant,
    api: &Api,
    operation: &Operation,
    parts: &Parts,
) -> Result<Admitted, Refusal> {
    let query = parts.uri.query().unwrap_or_default();
    let presented = credentials(api, &state.site.config.deployment.token_header, &parts.headers, query);
    let call = Call { state, tenant, api, operation, parts };
    let demands = Demands::of(api);
    if !demands.takes_certificates || matches!(presented, Ok(Credentials::InternalKey(_))) {
        return call.by(presented?).await;
    }
    match call.by_certificate() {
        None if demands.certificate => Err(Refusal::InvalidCredentials),
        Some(admitted) if !demands.credentials => Ok(admitted),
        _ => call.by(presented?).await,
    }
}

/// A call whose credentials are weighed.
struct Call<'a> {
    state: &'a GatewayState,
    tenant: &'a Tenant,
    api: &'a Api,
    operation: &'a Operation,
    parts: &'a Parts,
}

impl Call<'_> {
    /// What the handshake showed; no header stands in for it (MTLS-06).
    fn by_certificate(&self) -> Option<Admitted> {
        let shown = self.parts.extensions.get::<PresentedChain>()?;
        let (chains, now) = (self.state.site.config.deployment.certificate_chains, self.tenant.clock.now());
        self.tenant.read(|known| {
            client_certificates::opening(known.certificates(self.api.id), &shown.0, chains, now).map(Admitted::by)
        })
    }

    async fn by(&self, presented: Credentials<'_>) -> Result<Admitted, Refusal> {
        match presented {
            Credentials::Bearer(token) => self.by_token(token).await,
            Credentials::ApiKey(text) => {
                let caller = vouched::api_key(self.state, self.tenant, self.api, text, &self.parts.headers)?;
                Ok(Admitted {
                    key_type: Some(caller.key_type),
                    application_id: Some(caller.application_id),
                    user: caller.claims.subject().map(str::to_owned),
                    token: None,
                    presented: Some(text.into()),
                })
            }
            Credentials::InternalKey(text) => {
                let key_type = vouched::internal_key(self.state, self.tenant, self.api, text)?;
                Ok(Admitted { key_type: Some(key_type), ..Admitted::default() })
            }
            Credentials::Basic(user, password) => {
                users::check(self.state, self.tenant, self.api, self.operation, (&user, &password)).await?;
                Ok(Admitted { user: Some(user), ..Admitted::default() })
            }
        }
    }

    /// Whether a token is bound to nothing, or to the certificate that the handshake showed (contract sheet, 4.2 d; RFC 8705,
    /// section 3).
    fn is_held(&self, claims: &Claims) -> bool {
        let Some(_) = claims.value("cnf") else { return true };
        let shown = self.parts.extensions.get::<PresentedChain>().and_then(|chain| chain.0.first());
        match (claims.bound_certificate(), shown) {
            (Some(thumbprint), Some(leaf)) => client_certificates::thumbprint(leaf) == thumbprint,
            _ => false,
        }
    }

    async fn by_token(&self, token: &str) -> Result<Admitted, Refusal> {
        let caller = authenticate(self.state, self.tenant, self.api, token).await?;
        // Where they are not compared, a JWT that is bound was refused already, and what introspection says of it is not read.
        let compared = self.state.site.config.deployment.certificate_bound_tokens;
        if compared && !self.is_held(&caller.claims) {
            return Err(Refusal::InvalidCredentials);
        }
        let key_type = authorize(self.tenant, self.api, self.operation, &caller)?;
        let key_manager = &caller.key_manager.document.name;
        let application_id = caller.consumer_key().and_then(|key| {
            self.tenant.read(|known| known.mapping(key, key_manager).map(|mapping| mapping.application_id))
        });
        let user = caller.subject().map(str::to_owned);
        let (key_type, presented) = (Some(key_type), Some(token.into()));
        Ok(Admitted { key_type, application_id, user, token: Some(caller), presented })
    }
}

/// Headers that carried credentials and are for the gateway alone.
pub(super) fn credential_headers(api: &Api, usual: &HeaderName) -> [HeaderName; 3] {
    [token_header(api, usual), api_key_header(api), INTERNAL_KEY]
}

/// What a caller may do, once it is known who that is.
fn authorize(tenant: &Tenant, api: &Api, operation: &Operation, caller: &Caller) -> Result<KeyType, Refusal> {
    let key_manager = &caller.key_manager.document.name;
    let key_type = tenant.read(|state| subscriptions::check(state, caller.consumer_key(), key_manager, api))?;
    if !operation.scopes.is_empty() && !caller.has_scope_of(&operation.scopes) {
        return Err(Refusal::ScopeMissing { resource: operation.target.clone(), scopes: operation.scopes.clone() });
    }
    if !api.audiences.is_empty() && !caller.claims.is_for_any_of(&api.audiences) {
        return Err(Refusal::WrongAudience);
    }
    let wanted = operation.auth_type.replace(['_', ' '], "").to_ascii_lowercase();
    match (wanted.as_str(), caller.is_application()) {
        ("application", false) | ("applicationuser", true) => Err(Refusal::WrongTokenType),
        _ => Ok(key_type),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::state::tests::api;

    #[test]
    fn what_is_offered_alone_is_demanded_and_of_two_either_will_do_unless_one_is_mandatory() {
        const BOTH: &str = "oauth_basic_auth_api_key_mandatory";
        for (schemes, certificate, credentials) in [
            (&[][..], false, true),
            (&["oauth2"], false, true),
            (&["api_key", BOTH], false, true),
            (&["mutualssl"], true, false),
            (&["mutualssl", "oauth2"], false, false),
            (&["mutualssl_mandatory"], true, false),
            (&["mutualssl_mandatory", "mutualssl", "oauth2"], true, false),
            (&["mutualssl", "mutualssl_mandatory", "oauth2", BOTH], true, true),
            (&["mutualssl", "oauth2", BOTH], false, true),
        ] {
            let mut api = api("/orders");
            api.security_scheme = schemes.iter().map(ToString::to_string).collect();
            let demands = Demands::of(&api);
            assert_eq!((demands.certificate, demands.credentials), (certificate, credentials), "{schemes:?}");
            let named = schemes.iter().any(|word| word.starts_with("mutualssl"));
            assert_eq!(demands.takes_certificates, named, "{schemes:?}");
        }
    }
}
