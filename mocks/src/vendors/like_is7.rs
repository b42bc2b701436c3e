//! What WSO2 Identity Server 5, 6 and Asgardeo answer as Identity Server 7 does.
//! In what each of them differs stands in its own file.

/// Methods of a [`Dialect`](super::Dialect) whose answers are those of Identity Server 7.
macro_rules! answers_like_is7 {
    () => {
        fn jwks(&self, realm: &$crate::realm::Realm) -> serde_json::Value {
            Is7.jwks(realm)
        }

        fn token_headers(&self, answer: &$crate::grants::TokenAnswer) -> Vec<(String, String)> {
            Is7.token_headers(answer)
        }

        fn may_introspect(
            &self,
            site: &$crate::server::Site,
            call: &$crate::endpoints::call::Call,
            request: &$crate::grants::TokenRequest,
        ) -> Result<(), $crate::endpoints::call::Reply> {
            Is7.may_introspect(site, call, request)
        }

        fn introspection_without_token(&self, error: $crate::realm::OAuthError) -> $crate::endpoints::call::Reply {
            Is7.introspection_without_token(error)
        }

        fn foreign_token(&self, kind: $crate::realm::TokenKind) -> Result<(), $crate::realm::OAuthError> {
            Is7.foreign_token(kind)
        }

        fn revoked(
            &self,
            site: &$crate::server::Site,
            row: Option<&$crate::realm::TokenRow>,
        ) -> $crate::endpoints::call::Reply {
            Is7.revoked(site, row)
        }

        fn called_back(&self, reply: $crate::endpoints::call::Reply, callback: &str) -> $crate::endpoints::call::Reply {
            Is7.called_back(reply, callback)
        }

        fn revocation_refusal(
            &self,
            error: $crate::realm::OAuthError,
            policy: &$crate::realm::Policy,
        ) -> $crate::endpoints::call::Reply {
            Is7.revocation_refusal(error, policy)
        }

        fn log_in(&self, site: &$crate::server::Site, key: &str) -> $crate::endpoints::call::Reply {
            Is7.log_in(site, key)
        }

        fn shown(
            &self,
            site: &$crate::server::Site,
            error: &$crate::realm::OAuthError,
        ) -> $crate::endpoints::call::Reply {
            Is7.shown(site, error)
        }

        fn userinfo_without_token(&self, realm: &str) -> $crate::endpoints::call::Reply {
            Is7.userinfo_without_token(realm)
        }
    };
}

pub(super) use answers_like_is7;
