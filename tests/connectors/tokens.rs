//! Tokens that a developer has made: whose they are, and what is told when there are none.
//! What a token is worth at the gateway is left to the gateway's tests.

use std::time::Instant;

use kmspec_mocks::{journal::Endpoint, vendors::Vendor};
use reqwest::Method;
use serde_json::json;

use crate::{
    house::{House, LIMIT, key_path, text, verdict},
    relay::{Relay, Way},
};

#[tokio::test]
async fn a_token_is_the_authorization_servers_own_and_its_refusal_is_told() {
    let house = House::build().await;
    let server = house.server(Vendor::Is7).await;
    let (base, relay) = Relay::before(&server, house.http.clone()).await;
    let key_manager = house.is7(&server, &base, "admin").await;
    let application = house.application().await;
    let (_, key) = house
        .generate(&application, &key_manager, json!({"grantTypesToBeSupported": ["client_credentials", "password"]}))
        .await;
    let path = format!("{}/generate-token", key_path(&application, &key));
    let (id, first) = (text(&key["consumerKey"]), text(&key["token"]["accessToken"]));
    let order = json!({"consumerSecret": key["consumerSecret"], "scopes": ["read"], "revokeToken": first});
    let (status, told) = house.call(Method::POST, &path, order).await;
    assert_eq!(status, 200, "{told}");
    let token = text(&told["accessToken"]);
    assert_eq!(server.realm().active_access(&token).unwrap().client_id, id);
    assert!(token != first, "a new one");
    let journal = server.journal().await;
    // This server has one live token for a client, so that the first one ends in any case: what counts is the request.
    let revoked: Vec<_> = journal.of(Endpoint::Revocation).map(|entry| entry.form("token")).collect();
    assert_eq!(revoked, [Some(first)]);
    let asked = journal.of(Endpoint::Token).last().unwrap();
    assert_eq!(
        (asked.form("grant_type").as_deref(), asked.form("scope").as_deref()),
        (Some("client_credentials"), Some("read"))
    );
    assert!(asked.header("authorization").unwrap().starts_with("Basic "));
    assert!(
        !journal
            .entries()
            .iter()
            .any(|entry| entry.endpoint == Endpoint::Token && entry.body.contains("client_secret"))
    );

    let wrong = house.call(Method::POST, &path, json!({"consumerSecret": "wrong"})).await;
    assert_eq!(verdict(&wrong), (500, 900957), "{wrong:?}");
    for way in [Way::Fails, Way::Stalls, Way::CutsAnswer, Way::OtherJson, Way::Floods, Way::Redirects] {
        relay.set(&[(Method::POST, way)]);
        let begun = Instant::now();
        let failed = house.call(Method::POST, &path, json!({"consumerSecret": key["consumerSecret"]})).await;
        assert_eq!(verdict(&failed), (500, 900957), "{way:?}: {failed:?}");
        assert!(begun.elapsed() < 2 * LIMIT, "{way:?}");
    }
    house.close().await;
}
