//! Generating, changing and deleting keys: what the authorization server sees, and what is left when it fails.
//! Mapping clients that exist is left to `mapping`.

use std::time::Instant;

use kmspec_mocks::{realm::TokenFormat, vendors::Vendor};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    house::{BASIC_ADMIN, House, LIMIT, body, clients, key_path, registrations, text, verdict},
    relay::{Relay, Way},
};

#[tokio::test]
async fn version_seven_gets_one_client_with_the_documented_members_which_is_updated_and_deleted_there() {
    let house = House::build().await;
    let server = house.server(Vendor::Is7).await;
    let before = clients(&server).len();
    let key_manager = house.is7(&server, server.base_url(), "admin").await;
    let application = house.application().await;
    let asked = json!({"grantTypesToBeSupported": ["client_credentials", "authorization_code"],
        "callbackUrl": "https://one.example/cb,https://two.example/cb",
        "additionalProperties": {"ext_application_token_lifetime": "1200", "ext_public_client": "false", "ext_user_token_lifetime": "N/A"}});
    let (status, key) = house.generate(&application, &key_manager, asked).await;
    assert_eq!(status, 200, "{key}");
    let sent = registrations(&server).await;
    assert_eq!(sent.len(), 1, "{sent:?}");
    let name = format!("admin_{application}_PRODUCTION");
    let expected = json!({
        "client_name": name, "grant_types": ["client_credentials", "authorization_code"],
        "ext_application_display_name": "admin_orders_PRODUCTION", "ext_allowed_audience": "organization",
        "token_type_extension": "JWT", "redirect_uris": ["https://one.example/cb", "https://two.example/cb"],
        "ext_application_token_lifetime": 1200, "ext_public_client": false,
    });
    assert_eq!((sent[0].method.as_str(), body(&sent[0])), ("POST", expected));
    assert_eq!(sent[0].header("authorization"), Some(BASIC_ADMIN), "the connector's own credentials");
    assert_eq!(clients(&server).len(), before + 1);
    let id = text(&key["consumerKey"]);
    let client = server.realm().client(&id).unwrap();
    assert_eq!((client.name.as_str(), client.secret.as_deref()), (name.as_str(), key["consumerSecret"].as_str()));
    assert_eq!((client.token_format, client.app_token_seconds), (TokenFormat::Jwt, Some(1200)));
    let token = text(&key["token"]["accessToken"]);
    assert_eq!(
        (server.realm().active_access(&token).unwrap().client_id, key["token"]["validityTime"].as_i64()),
        (id.clone(), Some(1200))
    );

    let path = key_path(&application, &key);
    let change = json!({"supportedGrantTypes": ["client_credentials", "refresh_token"], "callbackUrl": "https://three.example/cb"});
    let (status, changed) = house.call(Method::PUT, &path, change).await;
    assert_eq!(status, 200, "{changed}");
    let sent = registrations(&server).await;
    assert_eq!((sent.len(), sent[1].method.as_str()), (2, "PUT"));
    assert!(sent[1].path.ends_with(&format!("/register/{id}")), "{}", sent[1].path);
    let client = server.realm().client(&id).unwrap();
    assert_eq!(client.grant_types, ["client_credentials", "refresh_token"]);
    assert_eq!((client.redirect_uris, client.name), (vec!["https://three.example/cb".to_owned()], name));
    assert_eq!(client.app_token_seconds, Some(1200), "what was not changed stays");
    assert_eq!(changed["consumerSecret"], key["consumerSecret"]);

    assert_eq!(house.call(Method::DELETE, &path, Value::Null).await.0, 200);
    let sent = registrations(&server).await;
    assert_eq!((sent.len(), sent[2].method.as_str(), sent[2].status), (3, "DELETE", 204));
    assert_eq!((clients(&server).len(), house.keys(&application).await), (before, 0));
    house.close().await;
}

#[tokio::test]
async fn a_wrong_connector_password_is_told_and_leaves_nothing_until_it_is_corrected() {
    let house = House::build().await;
    let server = house.server(Vendor::Is7).await;
    let before = clients(&server).len();
    let mut key_manager = house.is7(&server, server.base_url(), "wrong").await;
    let path = format!("/admin/v4/key-managers/{}", text(&key_manager["id"]));
    let application = house.application().await;
    for _ in 0..2 {
        let refused = house.generate(&application, &key_manager, json!({})).await;
        assert_eq!(verdict(&refused), (400, 902003), "{refused:?}");
        assert!(refused.1["description"].as_str().unwrap().contains("WSO2-IS-7"), "it names the key manager");
        assert!(!refused.1.to_string().contains("wrong"), "and not the password");
        assert_eq!((house.keys(&application).await, clients(&server).len()), (0, before));
    }
    let set = async |key_manager: &mut Value, password: &str| {
        key_manager["additionalProperties"]["Password"] = json!(password);
        assert_eq!(house.call(Method::PUT, &path, key_manager.clone()).await.0, 200);
    };
    set(&mut key_manager, "admin").await;
    let (status, key) = house.generate(&application, &key_manager, json!({})).await;
    assert_eq!((status, clients(&server).len()), (200, before + 1), "{key}");

    set(&mut key_manager, "wrong").await;
    let refused = house.call(Method::DELETE, &key_path(&application, &key), Value::Null).await;
    assert_eq!(verdict(&refused), (412, 902014), "{refused:?}");
    assert_eq!((house.keys(&application).await, clients(&server).len()), (1, before + 1), "neither is gone");
    set(&mut key_manager, "admin").await;
    server.realm().remove_client(&text(&key["consumerKey"]));
    assert_eq!(house.call(Method::DELETE, &key_path(&application, &key), Value::Null).await.0, 200, "gone already");
    assert_eq!(house.keys(&application).await, 0);
    house.close().await;
}

#[tokio::test]
async fn a_registration_that_breaks_on_the_way_leaves_nothing_and_can_be_tried_again() {
    let house = House::build().await;
    let server = house.server(Vendor::Is7).await;
    let (base, relay) = Relay::before(&server, house.http.clone()).await;
    let key_manager = house.is7(&server, &base, "admin").await;
    let application = house.application().await;
    let before = clients(&server).len();
    for (way, expected) in [
        (Way::Fails, (500, 902004)),
        (Way::Stalls, (500, 900967)),
        (Way::LosesAnswer, (500, 900967)),
        (Way::CutsAnswer, (500, 902004)),
        (Way::OtherJson, (500, 902004)),
        (Way::Floods, (500, 902004)),
        (Way::Redirects, (500, 902004)),
    ] {
        relay.set(&[(Method::POST, way)]);
        let begun = Instant::now();
        let refused = house.generate(&application, &key_manager, json!({})).await;
        assert_eq!(verdict(&refused), expected, "{way:?}: {refused:?}");
        assert!(begun.elapsed() < 3 * LIMIT, "{way:?} took {:?}", begun.elapsed());
        assert!(refused.1.to_string().len() < 1_000, "{way:?}: a page of what it said");
        assert_eq!((house.keys(&application).await, clients(&server).len()), (0, before), "{way:?}");
    }
    // When even clearing away fails, the next attempt finds the leftover in its way.
    relay.set(&[(Method::POST, Way::LosesAnswer), (Method::GET, Way::Fails)]);
    assert_eq!(house.generate(&application, &key_manager, json!({})).await.0, 500);
    assert_eq!(clients(&server).len(), before + 1);
    relay.set(&[]);
    let (status, key) = house.generate(&application, &key_manager, json!({})).await;
    assert_eq!((status, clients(&server).len()), (200, before + 1), "{key}");
    assert!(server.realm().client(&text(&key["consumerKey"])).is_some());

    relay.set(&[(Method::DELETE, Way::Stalls), (Method::PUT, Way::Fails)]);
    let path = key_path(&application, &key);
    let change = json!({"supportedGrantTypes": ["password"], "additionalProperties": {}});
    assert_eq!(verdict(&house.call(Method::PUT, &path, change).await), (500, 902004));
    assert_eq!(
        house.call(Method::GET, &path, Value::Null).await.1["supportedGrantTypes"],
        json!(["client_credentials"])
    );
    assert_eq!(verdict(&house.call(Method::DELETE, &path, Value::Null).await), (412, 902014));
    assert_eq!((house.keys(&application).await, clients(&server).len()), (1, before + 1));
    house.close().await;
}

#[tokio::test]
async fn requests_for_one_key_at_once_register_one_client() {
    let house = House::build().await;
    for (vendor, kind) in [(Vendor::Is7, "is7"), (Vendor::Custom, "custom")] {
        let server = house.server(vendor).await;
        let key_manager = match vendor {
            Vendor::Is7 => house.is7(&server, server.base_url(), "admin").await,
            _ => {
                let properties = json!({"initial_access_token": server.initial_access_token()});
                house.key_manager("custom", &server, server.base_url(), properties).await
            }
        };
        let body = json!({"name": kind, "throttlingPolicy": "Unlimited"});
        let application = text(&house.call(Method::POST, "/devportal/v3/applications", body).await.1["applicationId"]);
        let before = clients(&server).len();
        let all = (0..6).map(|_| house.generate(&application, &key_manager, json!({})));
        let mut verdicts: Vec<_> = futures::future::join_all(all).await.iter().map(verdict).collect();
        verdicts.sort_unstable();
        assert_eq!(verdicts[0], (200, 0), "{verdicts:?}");
        assert!(verdicts[1..].iter().all(|one| *one == (409, 901409)), "{verdicts:?}");
        assert_eq!((clients(&server).len(), house.keys(&application).await), (before + 1, 1), "{kind}");
        let asked = registrations(&server).await.iter().filter(|entry| entry.method == "POST").count();
        assert_eq!(asked, 1, "{kind}");
    }
    house.close().await;
}

#[tokio::test]
async fn a_custom_server_gets_rfc_7591_registrations_and_rfc_7592_management() {
    let house = House::build().await;
    let server = house.server(Vendor::Custom).await;
    let initial = server.initial_access_token().unwrap().to_owned();
    let properties = json!({"initial_access_token": initial});
    let key_manager = house.key_manager("custom", &server, server.base_url(), properties).await;
    let application = house.application().await;
    let asked = json!({"additionalProperties": {"client_uri": "https://app.example", "client_name": "mine", "grant_types": ["password"]}});
    let (status, key) = house.generate(&application, &key_manager, asked).await;
    assert_eq!(status, 200, "{key}");
    assert!(!key.to_string().contains("registration_access_token"));
    let sent = registrations(&server).await;
    let expected = json!({"client_name": format!("admin_{application}_PRODUCTION"), "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "client_secret_basic", "response_types": [], "redirect_uris": [],
        "client_uri": "https://app.example"});
    assert_eq!((sent.len(), body(&sent[0])), (1, expected));
    assert_eq!(sent[0].header("authorization"), Some(format!("Bearer {initial}").as_str()));
    let id = text(&key["consumerKey"]);
    let management = server.realm().client(&id).unwrap().registration_token.unwrap();

    let path = key_path(&application, &key);
    let change = json!({"supportedGrantTypes": ["client_credentials", "refresh_token"]});
    let (status, changed) = house.call(Method::PUT, &path, change).await;
    assert_eq!(status, 200, "{changed}");
    let sent = registrations(&server).await;
    assert_eq!((sent[1].method.as_str(), sent[1].path.as_str()), ("PUT", format!("/register/{id}").as_str()));
    assert_eq!(sent[1].header("authorization"), Some(format!("Bearer {management}").as_str()));
    assert_eq!(
        (&body(&sent[1])["client_id"], &body(&sent[1])["client_uri"]),
        (&json!(id), &json!("https://app.example"))
    );
    assert_eq!(server.realm().client(&id).unwrap().grant_types, ["client_credentials", "refresh_token"]);

    assert_eq!(house.call(Method::DELETE, &path, Value::Null).await.0, 200);
    let sent = registrations(&server).await;
    assert_eq!((sent.len(), sent[2].method.as_str(), sent[2].status), (3, "DELETE", 204));
    assert!(server.realm().client(&id).is_none());

    let mut by_user = key_manager.clone();
    by_user["additionalProperties"] = json!({"Username": "admin", "Password": "admin"});
    let admin = format!("/admin/v4/key-managers/{}", text(&key_manager["id"]));
    assert_eq!(house.call(Method::PUT, &admin, by_user.clone()).await.0, 200);
    let (status, key) = house.generate(&application, &by_user, json!({})).await;
    assert_eq!(status, 200, "{key}");
    assert_eq!(registrations(&server).await[3].header("authorization"), Some(BASIC_ADMIN));
    assert_eq!(house.call(Method::DELETE, &key_path(&application, &key), Value::Null).await.0, 200);
    by_user["additionalProperties"] = json!({"initial_access_token": "wrong"});
    assert_eq!(house.call(Method::PUT, &admin, by_user.clone()).await.0, 200);
    assert_eq!(verdict(&house.generate(&application, &by_user, json!({})).await), (400, 902003));
    assert_eq!((house.keys(&application).await, clients(&server).len()), (0, 0));
    house.close().await;
}
