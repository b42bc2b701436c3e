//! Redirect URIs that Identity Server keeps several of as one pattern: what is registered as addresses is compared as
//! addresses. That other vendors compare plain strings is tested in `authorization_code`.

use kmspec_mocks::{deployment_toml::DeploymentToml, realm::ClientSpec, server::AuthorizationServer, vendors::Vendor};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{AUTHORITY, Stage, browser::Arrival, http, stage};

const REGISTERED: [&str; 3] = ["https://a.example/cb", "https://b.example/cb", "https://a.example/cb?x=1"];

/// Whether the user gets as far as a login for that redirect URI.
async fn accepted(stage: &Stage, id: &str, uri: &str) -> bool {
    let parameters = [("response_type", "code"), ("client_id", id), ("redirect_uri", uri), ("scope", "openid")];
    match stage.authorize(&parameters).await {
        Arrival::Page(page) => !page.url.as_str().contains("oauth2_error"),
        Arrival::Away(url) => panic!("sent away to {url}"),
    }
}

async fn compared_as_addresses(stage: &Stage, id: &str) {
    for uri in REGISTERED {
        assert!(accepted(stage, id, uri).await, "{uri}");
    }
    for uri in [
        "https://bXexample/cb",
        "https://a.example/cb?x=1&y=2",
        "https://a.example/c",
        "https://a.example/cbb",
        "https://a.example/cb|https://b.example/cb",
    ] {
        assert!(!accepted(stage, id, uri).await, "{uri}");
    }
}

#[tokio::test]
async fn several_redirect_uris_of_an_older_identity_server_are_no_pattern_for_others() {
    let stage = stage(Vendor::Is).await;
    let url = stage.server.endpoints().registration.clone().unwrap();
    let mut asked =
        json!({ "client_name": "shop", "grant_types": ["authorization_code"], "redirect_uris": REGISTERED });
    let made = stage.admin(Method::POST, &url, Some(asked.clone())).await;
    let kept = json!([format!("regexp=({})", REGISTERED.join("|"))]);
    assert_eq!((made.status, &made.json()["redirect_uris"]), (201, &kept), "{}", made.text);
    let id = made.member("client_id");
    compared_as_addresses(&stage, &id).await;

    // What was read comes back, and is what it was.
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    asked["redirect_uris"] = kept.clone();
    let one = format!("{url}/{}", URL_SAFE_NO_PAD.encode(&id));
    let changed = stage.admin(Method::PUT, &one, Some(asked.clone())).await;
    assert_eq!((changed.status, &changed.json()["redirect_uris"]), (200, &kept), "{}", changed.text);
    compared_as_addresses(&stage, &id).await;

    // A pattern that somebody wrote is one.
    asked["redirect_uris"] = json!(["regexp=https://(a|b)[.]example/.+"]);
    assert_eq!(stage.admin(Method::PUT, &one, Some(asked)).await.status, 200);
    assert!(accepted(&stage, &id, "https://b.example/anything").await);
    assert!(!accepted(&stage, &id, "https://c.example/anything").await);
}

#[tokio::test]
async fn redirect_uris_read_as_one_pattern_and_written_back_are_the_addresses_that_they_were() {
    let text = "[oauth.dcrm]\ndecode_redirect_uris_in_response = false\n";
    let builder = AuthorizationServer::builder(Vendor::Is7).certificates(AUTHORITY.clone());
    let server = builder.deployment(DeploymentToml::parse(text).unwrap()).start().await.unwrap();
    let client = server.realm().add_client(ClientSpec::new("orders"));
    let stage = Stage { server, http: http(), client };
    let url = stage.server.endpoints().registration.clone().unwrap();
    let asked = json!({ "client_name": "shop", "grant_types": ["authorization_code"], "redirect_uris": REGISTERED });
    let made = stage.admin(Method::POST, &url, Some(asked)).await;
    let one = format!("{url}/{}", made.member("client_id"));
    let read = stage.admin(Method::GET, &one, None).await.json();
    assert!(read["redirect_uris"][0].as_str().unwrap().starts_with("regexp=("), "{read}");
    let members = ["client_name", "grant_types", "redirect_uris"];
    let written: Value = members.iter().map(|&name| (name.to_owned(), read[name].clone())).collect();
    assert_eq!(stage.admin(Method::PUT, &one, Some(written)).await.status, 200);
    compared_as_addresses(&stage, &made.member("client_id")).await;
}
