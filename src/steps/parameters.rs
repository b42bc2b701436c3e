//! Words that sentences vary by: a kind of server, a key manager by name or the resident one, a kind of keys.
//! Each has a closed list of spellings; another spelling makes the sentence an undefined one.

use std::str::FromStr;

use cucumber::Parameter;

use kmspec_drivers::devportal::KeyType;
use kmspec_model::exchange::Role;

/// Where the platform's own claims have their names.
pub(super) const OWN_CLAIMS: &str = "http://wso2.org/claims";
/// The scenario's name of the resident key manager among the key managers.
pub(super) const RESIDENT: &str = "the resident key manager";

/// A kind of authorization server that features speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Parameter)]
#[param(
    name = "kind",
    regex = "WSO2 Identity Server 7|WSO2 Identity Server|a custom server|Amazon Cognito|Auth0|\
             Microsoft Entra ID with v1 tokens|Microsoft Entra ID|Okta|Keycloak|PingFederate|PingOne|ForgeRock|Asgardeo"
)]
pub(super) enum ServerKind {
    /// WSO2 Identity Server 7, which registers clients.
    Is7,
    /// WSO2 Identity Server as open banking uses it.
    OpenBanking,
    /// A custom server, attached out of band.
    Custom,
    /// Amazon Cognito, attached out of band.
    Cognito,
    /// Auth0, attached out of band.
    Auth0,
    /// Microsoft Entra ID, attached out of band, with an API that takes tokens of the first version.
    EntraV1,
    /// The same with an API that takes tokens of the second version.
    Entra,
    /// Okta, attached out of band.
    Okta,
    /// Keycloak, attached out of band.
    Keycloak,
    /// PingFederate, attached out of band.
    PingFederate,
    /// PingOne, attached out of band.
    PingOne,
    /// ForgeRock, attached out of band.
    ForgeRock,
    /// Asgardeo, attached out of band.
    Asgardeo,
}

impl FromStr for ServerKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "WSO2 Identity Server 7" => Self::Is7,
            "WSO2 Identity Server" => Self::OpenBanking,
            "a custom server" => Self::Custom,
            "Amazon Cognito" => Self::Cognito,
            "Auth0" => Self::Auth0,
            "Microsoft Entra ID with v1 tokens" => Self::EntraV1,
            "Microsoft Entra ID" => Self::Entra,
            "Okta" => Self::Okta,
            "Keycloak" => Self::Keycloak,
            "PingFederate" => Self::PingFederate,
            "PingOne" => Self::PingOne,
            "ForgeRock" => Self::ForgeRock,
            "Asgardeo" => Self::Asgardeo,
            _ => return Err(format!("no kind of authorization server is called `{text}`")),
        })
    }
}

/// A key manager: by the scenario's name, or the resident one.
#[derive(Debug, Clone, PartialEq, Eq, Parameter)]
#[param(name = "place", regex = r#""[^"]*"|the resident key manager"#)]
pub(super) struct Place(pub(super) String);

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.trim_matches('"').to_owned()))
    }
}

/// Production or sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Parameter)]
#[param(name = "keys", regex = "keys|production keys|sandbox keys")]
pub(super) struct Keys(pub(super) KeyType);

impl FromStr for Keys {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(if text.starts_with("sandbox") { KeyType::Sandbox } else { KeyType::Production }))
    }
}

/// A developer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Parameter)]
#[param(name = "developer", regex = "the developer|the other developer")]
pub(super) struct Developer(pub(super) Role);

impl FromStr for Developer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(if text.contains("other") { Role::OtherDeveloper } else { Role::Developer }))
    }
}

/// Somebody who has no business at the administration; `None` is a stranger without any token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Parameter)]
#[param(name = "outsider", regex = "the publisher|the developer|a stranger")]
pub(super) struct Outsider(pub(super) Option<Role>);

impl FromStr for Outsider {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(match text {
            "the publisher" => Some(Role::Publisher),
            "the developer" => Some(Role::Developer),
            _ => None,
        }))
    }
}

/// How a token is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Parameter)]
#[param(name = "grant", regex = "client credentials|password|refresh")]
pub(super) enum Grant {
    /// RFC 6749, section 4.4.
    ClientCredentials,
    /// RFC 6749, section 4.3.
    Password,
    /// RFC 6749, section 6, after a password.
    Refresh,
}

impl FromStr for Grant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "client credentials" => Self::ClientCredentials,
            "password" => Self::Password,
            _ => Self::Refresh,
        })
    }
}
