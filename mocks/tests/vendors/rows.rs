//! What is expected of each vendor, a row each.
//! Holding the servers to it is done in the tests beside this folder.

use kmspec_mocks::vendors::Vendor;

/// What is expected of a vendor.
pub(crate) struct Row {
    pub(crate) vendor: Vendor,
    /// What follows scheme, host and port in the issuer.
    pub(crate) issuer: &'static str,
    /// How many keys it publishes.
    pub(crate) keys: usize,
    /// Grant types that work.
    pub(crate) grants: &'static [&'static str],
    /// Whether discovery lists them.
    pub(crate) listed: bool,
    /// Parameters that a token request needs beside its grant.
    pub(crate) fields: &'static [(&'static str, &'static str)],
    /// The `typ` of an access token's header; empty where it has none.
    pub(crate) typ: &'static str,
    /// The claim that names the client.
    pub(crate) client_claim: &'static str,
    /// Where an application's token says what it may do, and whether as a list; `None` where it does not.
    pub(crate) scopes: Option<(&'static str, bool)>,
    /// Claims that an application's token has, and those it has not.
    pub(crate) has: &'static [&'static str],
    pub(crate) has_not: &'static [&'static str],
    /// Status and code for a wrong secret, an unknown client, an unknown grant type, and one the client may not use.
    pub(crate) wrong_secret: (u16, &'static str),
    pub(crate) unknown_client: (u16, &'static str),
    pub(crate) unknown_grant: (u16, &'static str),
    pub(crate) barred_grant: (u16, &'static str),
}

pub(crate) const CC: &str = "client_credentials";
pub(crate) const CODE: &str = "authorization_code";
pub(crate) const REFRESH: &str = "refresh_token";
pub(crate) const PASSWORD: &str = "password";
pub(crate) const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
pub(crate) const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

pub(crate) const SAML: &str = "urn:ietf:params:oauth:grant-type:saml2-bearer";
pub(crate) const NTLM: &str = "iwa:ntlm";

/// A server that refuses as the RFC says, and lists what it can.
const PLAIN: Row = Row {
    vendor: Vendor::Custom,
    issuer: "",
    keys: 1,
    grants: &[CC, PASSWORD, REFRESH, CODE, DEVICE, JWT_BEARER, EXCHANGE],
    listed: true,
    fields: &[],
    typ: "at+jwt",
    client_claim: "client_id",
    scopes: Some(("scope", false)),
    has: &["iss", "sub", "aud", "iat", "exp", "jti"],
    has_not: &["azp", "cid", "appid", "scp"],
    wrong_secret: (401, "invalid_client"),
    unknown_client: (401, "invalid_client"),
    unknown_grant: (400, "unsupported_grant_type"),
    barred_grant: (400, "unauthorized_client"),
};

const IS7: Row = Row {
    vendor: Vendor::Is7,
    issuer: "/oauth2/token",
    grants: &[CC, PASSWORD, REFRESH, CODE, DEVICE, JWT_BEARER, EXCHANGE, SAML, NTLM],
    client_claim: "azp",
    has: &["iss", "sub", "aut", "client_id", "aud", "nbf", "azp", "exp", "iat", "jti"],
    has_not: &["cid", "appid", "scp"],
    unknown_grant: (400, "invalid_request"),
    ..PLAIN
};

const OWN: [&str; 4] = [CC, PASSWORD, REFRESH, CODE];
const WITHOUT_PASSWORD: [&str; 3] = [CC, REFRESH, CODE];

/// One row a vendor.
pub(crate) fn rows() -> Vec<Row> {
    vec![
        PLAIN,
        IS7,
        Row { vendor: Vendor::Is, grants: &[CC, CODE, REFRESH, JWT_BEARER], ..IS7 },
        Row {
            vendor: Vendor::Asgardeo,
            issuer: "/t/kmspec/oauth2/token",
            grants: PLAIN.grants,
            has: &["iss", "sub", "aut", "client_id", "aud", "nbf", "jti", "org_id", "org_name", "org_handle"],
            ..IS7
        },
        Row {
            vendor: Vendor::Cognito,
            issuer: "/us-east-1_KmspecPool",
            keys: 2,
            grants: &WITHOUT_PASSWORD,
            listed: false,
            typ: "",
            has: &["sub", "iss", "client_id", "token_use", "auth_time", "iat", "exp", "jti"],
            has_not: &["aud", "username", "azp"],
            wrong_secret: (400, "invalid_client"),
            unknown_client: (400, "invalid_client"),
            ..PLAIN
        },
        Row {
            vendor: Vendor::Auth0,
            issuer: "/",
            keys: 2,
            grants: &OWN,
            listed: false,
            fields: &[("audience", "https://api.example.com/")],
            typ: "JWT",
            client_claim: "azp",
            has: &["iss", "sub", "aud", "iat", "exp", "gty"],
            has_not: &["jti", "client_id", "permissions"],
            wrong_secret: (401, "access_denied"),
            unknown_client: (401, "access_denied"),
            barred_grant: (403, "unauthorized_client"),
            ..PLAIN
        },
        entra(&[("scope", "api://kmspec-v2/.default")]),
        Row {
            vendor: Vendor::Okta,
            issuer: "/oauth2/default",
            keys: 2,
            grants: &OWN,
            typ: "",
            client_claim: "cid",
            scopes: Some(("scp", true)),
            has: &["ver", "jti", "iss", "aud", "sub", "iat", "exp"],
            has_not: &["uid", "client_id", "scope"],
            ..PLAIN
        },
        Row {
            vendor: Vendor::Keycloak,
            issuer: "/realms/kmspec",
            grants: &[CC, PASSWORD, REFRESH, CODE, DEVICE],
            typ: "JWT",
            client_claim: "azp",
            has: &[
                "exp",
                "iat",
                "jti",
                "iss",
                "aud",
                "sub",
                "typ",
                "acr",
                "realm_access",
                "preferred_username",
                "client_id",
            ],
            has_not: &["sid", "scp"],
            wrong_secret: (401, "unauthorized_client"),
            barred_grant: (401, "unauthorized_client"),
            ..PLAIN
        },
        Row {
            vendor: Vendor::PingFederate,
            keys: 2,
            grants: &OWN,
            client_claim: "client_id_name",
            has: &["iss", "exp", "iat", "jti"],
            has_not: &["Username", "client_id", "azp"],
            ..PLAIN
        },
        Row {
            vendor: Vendor::PingOne,
            issuer: "/3b1c7f52-6f0d-4e0a-9a57-2f6d1e8c4b90/as",
            grants: &WITHOUT_PASSWORD,
            typ: "",
            has: &["iss", "sub", "aud", "iat", "exp", "jti", "env", "org", "p1.rid"],
            has_not: &["acr", "auth_time", "azp"],
            ..PLAIN
        },
        Row {
            vendor: Vendor::ForgeRock,
            issuer: "/am/oauth2/realms/root/realms/kmspec",
            grants: &OWN,
            typ: "JWT",
            client_claim: "aud",
            scopes: Some(("scope", true)),
            has: &[
                "sub",
                "subname",
                "cts",
                "auditTrackingId",
                "iss",
                "tokenName",
                "authGrantId",
                "nbf",
                "realm",
                "expires_in",
            ],
            has_not: &["client_id", "scp", "azp"],
            ..PLAIN
        },
    ]
}

fn entra(fields: &'static [(&'static str, &'static str)]) -> Row {
    Row {
        vendor: Vendor::Entra,
        issuer: "/5a1c7e0d-3f5b-4a86-9b1e-6d2c8f0a4b17/v2.0",
        keys: 2,
        grants: &OWN,
        listed: false,
        fields,
        typ: "JWT",
        client_claim: "azp",
        scopes: Some(("roles", true)),
        has: &["aud", "iss", "iat", "nbf", "exp", "idp", "oid", "sub", "tid", "uti", "ver", "azpacr"],
        has_not: &["scp", "jti", "appid", "preferred_username"],
        unknown_client: (400, "unauthorized_client"),
        ..PLAIN
    }
}
