//! Mapping clients that exist: which are looked up, and which are taken.
//! Clients that the platform registers are left to `registration`.

use kmspec_mocks::{realm::ClientSpec, vendors::Vendor};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    house::{BASIC_ADMIN, House, key_path, registrations, text, verdict},
    relay::{LONG_ID, Relay, Way},
};

#[tokio::test]
async fn mapping_looks_the_client_up_with_the_connectors_credentials_and_takes_only_the_right_one() {
    let house = House::build().await;
    let server = house.server(Vendor::Is7).await;
    let (base, relay) = Relay::before(&server, house.http.clone()).await;
    let key_manager = house.is7(&server, &base, "admin").await;
    let application = house.application().await;
    let id = LONG_ID;
    let spec = ClientSpec::new("portal").id(id).secret("real-secret").grant_types(["client_credentials", "password"]);
    server.realm().add_client(spec.redirect_uris(["https://cb.example"]));
    for (what, consumer_key, secret) in [
        ("wrong secret", id, json!("other-secret")),
        ("unknown", "nobody", json!("real-secret")),
        ("unknown, without a secret", "nobody", Value::Null),
        ("a prefix", "0808", json!("real-secret")),
        ("a prefix, without a secret", "0808", Value::Null),
        ("more than the id", "08088776_2d1c_4e5f9", Value::Null),
        ("a pattern", "0808*", Value::Null),
        ("the collection", "..", Value::Null),
        ("another path", "../register/08088776_2d1c_4e5f", Value::Null),
        ("a query", "08088776_2d1c_4e5f?x", Value::Null),
    ] {
        let refused = house.map(&application, &key_manager, consumer_key, secret).await;
        assert_eq!(verdict(&refused), (500, 900967), "{what}: {refused:?}");
        assert_eq!(house.keys(&application).await, 0, "{what}");
    }
    for way in [Way::Fails, Way::Stalls, Way::CutsAnswer, Way::OtherJson] {
        relay.set(&[(Method::GET, way)]);
        assert_eq!(house.map(&application, &key_manager, id, json!("real-secret")).await.0, 500, "{way:?}");
        assert_eq!(house.keys(&application).await, 0, "{way:?}");
    }
    relay.set(&[(Method::GET, Way::FindsByPart)]);
    for secret in [Value::Null, json!("real-secret")] {
        let refused = house.map(&application, &key_manager, "0808", secret).await;
        assert_eq!(verdict(&refused), (500, 900967), "found by a part of its id: {refused:?}");
        assert_eq!(house.keys(&application).await, 0);
    }
    relay.set(&[]);
    let (status, key) = house.map(&application, &key_manager, id, json!("real-secret")).await;
    assert_eq!((status, key["mode"].as_str()), (200, Some("MAPPED")), "{key}");
    assert_eq!(
        (&key["supportedGrantTypes"], &key["callbackUrl"]),
        (&json!(["client_credentials", "password"]), &json!("https://cb.example"))
    );
    let asked = registrations(&server).await;
    assert!(asked.iter().all(|entry| entry.method == "GET" && entry.header("authorization") == Some(BASIC_ADMIN)));
    assert_eq!(house.call(Method::DELETE, &key_path(&application, &key), Value::Null).await.0, 200);
    assert!(server.realm().client(id).is_some(), "a mapped client is not the platform's to delete");
    house.close().await;
}

#[tokio::test]
async fn out_of_band_mapping_asks_nobody() {
    let house = House::build().await;
    let (custom, is7) = (house.server(Vendor::Custom).await, house.server(Vendor::Is7).await);
    let properties = json!({"initial_access_token": custom.initial_access_token()});
    let by_custom = house.key_manager("custom", &custom, custom.base_url(), properties).await;
    let mut by_is7 = house.is7(&is7, is7.base_url(), "admin").await;
    by_is7["enableProvisionedAppValidation"] = json!(false);
    let path = format!("/admin/v4/key-managers/{}", text(&by_is7["id"]));
    assert_eq!(house.call(Method::PUT, &path, by_is7.clone()).await.0, 200);
    let application = house.application().await;
    for key_manager in [&by_custom, &by_is7] {
        let (status, key) = house.map(&application, key_manager, "made-by-hand", json!("by-hand")).await;
        assert_eq!((status, key["consumerKey"].as_str()), (200, Some("made-by-hand")), "{key}");
    }
    assert_eq!(house.keys(&application).await, 2);
    for server in [&custom, &is7] {
        assert!(server.journal().await.entries().is_empty(), "{:?}", server.journal().await);
    }
    house.close().await;
}
