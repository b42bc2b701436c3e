//! What the servers say about themselves, and that it is so.
//! Over real HTTPS, each server on a port of its own.

mod support;

use kmspec_mocks::{journal::Endpoint, vendors::Vendor};
use support::stage;

#[tokio::test]
async fn every_server_is_what_its_discovery_document_says() {
    for vendor in Vendor::ALL {
        let stage = stage(vendor).await;
        let document = stage.get(&stage.server.discovery_url()).await.json();
        let endpoints = stage.server.endpoints();
        assert_eq!(document["issuer"], stage.server.issuer(), "{vendor}");
        assert_eq!(document["token_endpoint"], endpoints.token, "{vendor}");
        assert_eq!(document["jwks_uri"], endpoints.jwks, "{vendor}");
        assert_eq!(
            document.get("introspection_endpoint").and_then(|url| url.as_str()),
            endpoints.introspection.as_deref()
        );
        // Not every way to make clients is one that discovery speaks of.
        if let Some(registration) = document.get("registration_endpoint").and_then(|url| url.as_str()) {
            assert_eq!(Some(registration), endpoints.registration.as_deref(), "{vendor}");
        }
        for (name, url) in document.as_object().unwrap().iter().filter(|(name, _)| name.ends_with("_endpoint")) {
            let answer = stage.get(url.as_str().unwrap()).await;
            assert_ne!(answer.status, 404, "{vendor}: {name}");
        }
    }
}

#[tokio::test]
async fn whoever_takes_client_assertions_says_by_which_algorithms_they_are_signed() {
    let member = "token_endpoint_auth_signing_alg_values_supported";
    for vendor in Vendor::ALL {
        let stage = stage(vendor).await;
        let document = stage.get(&stage.server.discovery_url()).await.json();
        let methods = document["token_endpoint_auth_methods_supported"].to_string();
        // The two have the member whether they take any or not.
        let expected =
            methods.contains("private_key_jwt") || [Vendor::Is7, Vendor::Asgardeo, Vendor::Keycloak].contains(&vendor);
        let algorithms = document.get(member).and_then(|list| list.as_array()).cloned().unwrap_or_default();
        assert_eq!(!algorithms.is_empty(), expected, "{vendor}: {document}");
        assert_eq!(algorithms.contains(&"RS256".into()), expected, "{vendor}: RFC 8414, section 2 wants RS256");
        assert!(!algorithms.contains(&"none".into()), "{vendor}");
    }
}

#[tokio::test]
async fn the_rfc_8414_document_stands_where_the_rfc_puts_it() {
    let custom = stage(Vendor::Custom).await;
    let url = format!("{}/.well-known/oauth-authorization-server", custom.server.base_url());
    let document = custom.get(&url).await.json();
    assert_eq!(document["issuer"], custom.server.issuer());
    assert!(document.get("id_token_signing_alg_values_supported").is_none());
    let is7 = stage(Vendor::Is7).await;
    let url = format!("{}/.well-known/oauth-authorization-server/oauth2/token", is7.server.base_url());
    let document = is7.get(&url).await.json();
    assert_eq!(document["issuer"], is7.server.issuer());
    assert!(document.get("scopes_supported").is_none(), "Identity Server empties its scopes there");
}

#[tokio::test]
async fn issuers_have_the_form_of_their_vendor() {
    let issuer = async |vendor| {
        let stage = stage(vendor).await;
        stage.server.issuer().strip_prefix(stage.server.base_url()).unwrap().to_owned()
    };
    assert_eq!(issuer(Vendor::Is7).await, "/oauth2/token");
    assert_eq!(issuer(Vendor::Custom).await, "");
    assert_eq!(issuer(Vendor::Cognito).await, "/us-east-1_KmspecPool");
    assert_eq!(issuer(Vendor::Auth0).await, "/");
}

#[tokio::test]
async fn the_discovery_of_identity_server_names_a_profile_that_is_not_the_one_to_configure() {
    let stage = stage(Vendor::Is7).await;
    let document = stage.get(&stage.server.discovery_url()).await.json();
    assert!(document["userinfo_endpoint"].as_str().unwrap().ends_with("/oauth2/userinfo"));
    assert!(stage.server.endpoints().userinfo.as_ref().unwrap().ends_with("/scim2/Me"));
}

#[tokio::test]
async fn out_of_band_servers_have_no_registration_or_introspection_but_write_the_attempts_down() {
    for vendor in [Vendor::Cognito, Vendor::Auth0] {
        let stage = stage(vendor).await;
        let base = stage.server.base_url().to_owned();
        for path in ["/register", "/oidc/register", "/api/identity/oauth2/dcr/v1.1/register", "/oauth2/introspect"] {
            assert_eq!(stage.post_bare(&format!("{base}{path}"), &[("a", "b")]).await.status, 404);
        }
        let journal = stage.server.journal().await;
        assert_eq!(journal.count(Endpoint::Registration), 3, "{vendor}");
        assert_eq!(journal.count(Endpoint::Introspection), 1, "{vendor}");
        assert_eq!(journal.count(Endpoint::Token), 0, "{vendor}");
    }
}

#[tokio::test]
async fn every_grant_type_that_is_announced_is_known_at_the_token_endpoint_and_no_other() {
    for vendor in [Vendor::Is7, Vendor::Custom] {
        let stage = stage(vendor).await;
        let document = stage.get(&stage.server.discovery_url()).await.json();
        let announced: Vec<_> =
            document["grant_types_supported"].as_array().unwrap().iter().map(|grant| grant.as_str().unwrap()).collect();
        for grant in kmspec_mocks::grants::ALL.map(|grant| grant.name()).into_iter().chain(["magic"]) {
            let answer = stage.token(&[("grant_type", grant)]).await;
            let said = answer.json()["error_description"].as_str().unwrap_or_default().to_owned();
            let unknown = said.contains("Unsupported grant_type value");
            assert_eq!(unknown, !announced.contains(&grant), "{vendor}: {grant}: {}", answer.text);
        }
        let methods = &document["code_challenge_methods_supported"];
        let expected =
            if vendor == Vendor::Is7 { serde_json::json!(["S256", "plain"]) } else { serde_json::json!(["S256"]) };
        assert_eq!(*methods, expected, "{vendor}");
    }
}
