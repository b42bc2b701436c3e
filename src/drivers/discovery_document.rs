//! A discovery document as it was served (RFC 8414, OpenID Connect Discovery 1.0), and where one may be found.
//! Whether what stands in it is right is for the steps to judge.

use serde_json::{Map, Value};
use url::Url;

use super::authorization_server::OauthEndpoints;

/// The members of a document, and where it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct DiscoveryDocument {
    /// The address it was asked for at.
    pub found_at: Url,
    /// Its members, untouched.
    pub members: Map<String, Value>,
}

impl DiscoveryDocument {
    /// A member that is a text.
    pub fn text(&self, member: &str) -> Option<&str> {
        self.members.get(member)?.as_str()
    }

    /// The texts of a member that is a list.
    pub fn list(&self, member: &str) -> Option<Vec<&str>> {
        Some(self.members.get(member)?.as_array()?.iter().filter_map(Value::as_str).collect())
    }

    /// A member that is an absolute URL.
    pub fn address(&self, member: &str) -> Option<Url> {
        self.text(member)?.parse().ok()
    }

    /// Whether a list contains this text; `None` when there is no such list.
    pub fn offers(&self, member: &str, value: &str) -> Option<bool> {
        self.list(member).map(|list| list.contains(&value))
    }

    /// Whether it is a document of OpenID Connect, by the address it was found at.
    pub fn is_openid_connect(&self) -> bool {
        self.found_at.path().contains("openid-configuration")
    }

    /// The addresses it names.
    pub fn endpoints(&self) -> OauthEndpoints {
        OauthEndpoints {
            token: self.address("token_endpoint"),
            introspection: self.address("introspection_endpoint"),
            revocation: self.address("revocation_endpoint"),
            registration: self.address("registration_endpoint"),
            device_authorization: self.address("device_authorization_endpoint"),
            jwks: self.address("jwks_uri"),
            userinfo: self.address("userinfo_endpoint"),
            discovery: Some(self.found_at.clone()),
        }
    }
}

/// Where the document of an issuer may be found: the well-known path appended to the issuer (OpenID Connect Discovery,
/// section 4), or put between host and path (RFC 8414, section 3). Empty for an issuer that is no URL.
pub fn addresses_for(issuer: &str) -> Vec<String> {
    let Ok(url) = issuer.parse::<Url>() else { return Vec::new() };
    let origin = url.origin().ascii_serialization();
    let path = url.path().trim_end_matches('/');
    let bare = issuer.trim_end_matches('/');
    vec![
        format!("{bare}/.well-known/openid-configuration"),
        format!("{bare}/.well-known/oauth-authorization-server"),
        format!("{origin}/.well-known/oauth-authorization-server{path}"),
        format!("{origin}/.well-known/openid-configuration{path}"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_with_a_path_has_its_document_before_or_behind_the_path() {
        let addresses = addresses_for("https://localhost:9444/oauth2/token");
        assert!(addresses.contains(&"https://localhost:9444/oauth2/token/.well-known/openid-configuration".to_owned()));
        assert!(
            addresses
                .contains(&"https://localhost:9444/.well-known/oauth-authorization-server/oauth2/token".to_owned())
        );
        assert!(addresses_for("no address").is_empty());
    }

    #[test]
    fn a_trailing_slash_is_dropped_before_the_path_is_appended() {
        assert_eq!(addresses_for("https://a.example/")[0], "https://a.example/.well-known/openid-configuration");
    }

    #[test]
    fn members_of_the_wrong_form_are_not_there() {
        let members =
            serde_json::from_str(r#"{"jwks_uri":7,"token_endpoint":"/relative","grant_types_supported":["a"]}"#);
        let document = DiscoveryDocument { found_at: "https://a.example/".parse().unwrap(), members: members.unwrap() };
        assert_eq!((document.text("jwks_uri"), document.address("token_endpoint")), (None, None));
        assert_eq!(document.offers("grant_types_supported", "a"), Some(true));
        assert_eq!(document.offers("scopes_supported", "a"), None);
    }
}
