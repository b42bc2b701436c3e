//! Opaque tokens at the gateway: whose they are, and who is asked.
//! What ends them is told in `changes`.

use std::time::Duration;

use kmspec_mocks::{
    journal::Endpoint,
    realm::{ClientSpec, TokenFormat},
    server::AuthorizationServer,
};
use serde_json::{Value, json};

use super::house::House;

#[tokio::test]
async fn an_opaque_token_is_introspected_at_the_key_manager_that_it_looks_like() {
    let house = House::build().await;
    let (first, second) = (house.server().await, house.server().await);
    let resource = |server: &AuthorizationServer| {
        let client = server.realm().add_client(ClientSpec::new("gateway"));
        json!({"client_id": client.id, "client_secret": client.secret})
    };
    let rules = json!([{"id": 1, "enable": true, "type": "CUSTOM", "value": "prefix:ops_"}]);
    // One that generates tokens is not out-of-band, so it may be asked.
    let open = json!({"additionalProperties": resource(&first), "enableTokenGeneration": true});
    let ruled =
        json!({"additionalProperties": resource(&second), "tokenValidation": rules, "enableTokenGeneration": true});
    let one = house.key_manager("first", &first, open).await;
    house.key_manager("second", &second, ruled).await;
    let api = house.api("orders", json!({})).await;
    let application = house.application("app").await;
    house.subscribe(&application, &api).await;
    let client = first.realm().add_client(ClientSpec::new("app").token_format(TokenFormat::Opaque));
    house.map(&application, &client.id, &one).await;
    let form = [("grant_type", "client_credentials")];
    let token: Value = house
        .http
        .post(&first.endpoints().token)
        .basic_auth(&client.id, client.secret.clone())
        .form(&form)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let token = token["access_token"].as_str().unwrap();
    house.until(200, &api.path, token).await;
    let asked = async |server: &AuthorizationServer| server.journal().await.count(Endpoint::Introspection);
    let before = asked(&first).await;
    assert_eq!(house.with_token(&api.path, token).await.status, 200);
    assert_eq!((asked(&first).await, asked(&second).await), (before, 0), "a second call asks nobody");
    assert_eq!(house.with_token(&api.path, "ops_1").await.status, 401);
    assert_eq!((asked(&first).await, asked(&second).await), (before, 1), "rules decide who is asked");
    first.realm().revoke(token, None);
    house.clock.advance(Duration::from_secs(16));
    assert_eq!(house.with_token(&api.path, token).await.status, 401, "the answer is not used for ever");
    drop(first);
    assert_eq!(house.with_token(&api.path, "another").await.status, 401, "nobody to ask is nobody to trust");
    house.close().await;
}
