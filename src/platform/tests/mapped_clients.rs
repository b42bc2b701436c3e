//! Clients that somebody else made and that were mapped: nothing that the platform does deletes them.
//! What becomes of its own ones is tested with key generation.

use std::{collections::HashMap, sync::Mutex};

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    routing::{get, post},
};

use super::{devportal::plain_server, *};

/// Clients by id, whose names are unique.
type Clients = Arc<Mutex<HashMap<String, Value>>>;

/// An authorization server of version 7's dialect, with the client `elsewhere` that it was given by hand.
async fn server() -> (String, Clients) {
    let clients = Clients::default();
    let by_hand = json!({"client_id": "elsewhere", "client_secret": "s", "client_name": "a shop",
        "grant_types": ["client_credentials"]});
    clients.lock().unwrap().insert("elsewhere".to_owned(), by_hand);
    let make = async |State(clients): State<Clients>, Json(mut body): Json<Value>| {
        let mut clients = clients.lock().unwrap();
        if clients.values().any(|one| one["client_name"] == body["client_name"]) {
            return (StatusCode::CONFLICT, Json(json!({"error": "invalid_client_metadata"})));
        }
        let id = format!("client-{}", clients.len());
        body["client_id"] = json!(id);
        body["client_secret"] = json!("s");
        clients.insert(id, body.clone());
        (StatusCode::CREATED, Json(body))
    };
    let find = async |State(clients): State<Clients>, Query(asked): Query<HashMap<String, String>>| {
        let name = asked["client_name"].clone();
        let found = clients.lock().unwrap().values().find(|one| one["client_name"] == name).cloned();
        found.map(Json).ok_or(StatusCode::NOT_FOUND)
    };
    let read = async |State(clients): State<Clients>, Path(id): Path<String>| {
        clients.lock().unwrap().get(&id).cloned().map(Json).ok_or(StatusCode::NOT_FOUND)
    };
    let change = async |State(clients): State<Clients>, Path(id): Path<String>, Json(body): Json<Value>| {
        let mut clients = clients.lock().unwrap();
        let Some(client) = clients.get_mut(&id) else { return Err(StatusCode::NOT_FOUND) };
        client.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        Ok(Json(client.clone()))
    };
    let delete = async |State(clients): State<Clients>, Path(id): Path<String>| {
        clients.lock().unwrap().remove(&id).map(|_| StatusCode::NO_CONTENT).ok_or(StatusCode::NOT_FOUND)
    };
    let router = Router::new()
        .route("/register", post(make).get(find))
        .route("/register/{id}", get(read).put(change).delete(delete))
        .with_state(clients.clone());
    (plain_server(router).await, clients)
}

#[tokio::test]
async fn a_mapped_client_that_a_change_renamed_is_not_taken_for_one_that_was_left_behind() {
    let stage = Stage::open().await;
    let (base, clients) = server().await;
    stage.key_manager(with(is7("is7", &base), json!({"enableTokenGeneration": false}))).await;
    let application = stage.application("orders").await;
    let at = |path: &str| format!("/applications/{application}/{path}");
    let map = json!({"consumerKey": "elsewhere", "consumerSecret": "s", "keyType": "PRODUCTION", "keyManager": "is7"});
    let mapped = stage.dora(Method::POST, &at("map-keys"), map).await;
    assert_eq!(mapped.status, 200, "{mapped:?}");
    let key = at(&format!("oauth-keys/{}", mapped.text("keyMappingId")));
    let change = json!({"supportedGrantTypes": ["client_credentials", "refresh_token"]});
    assert_eq!(stage.dora(Method::PUT, &key, change).await.status, 200);
    assert_ne!(clients.lock().unwrap()["elsewhere"]["client_name"], "a shop", "the case that this is about");
    assert_eq!(stage.dora(Method::POST, &format!("{key}/clean-up"), Value::Null).await.status, 200);
    let order =
        json!({"keyType": "PRODUCTION", "keyManager": "is7", "grantTypesToBeSupported": ["client_credentials"]});
    let refused = stage.dora(Method::POST, &at("generate-keys"), order.clone()).await;
    assert!((400..500).contains(&refused.status), "the name is taken: {refused:?}");
    assert!(clients.lock().unwrap().contains_key("elsewhere"), "it is somebody else's");
    assert_eq!(stage.dora(Method::GET, &at("oauth-keys"), Value::Null).await.body["count"], 0);

    // The platform's own one of that name goes, as before.
    clients.lock().unwrap().remove("elsewhere");
    let made = stage.dora(Method::POST, &at("generate-keys"), order.clone()).await;
    let key = at(&format!("oauth-keys/{}/clean-up", made.text("keyMappingId")));
    assert_eq!(stage.dora(Method::POST, &key, Value::Null).await.status, 200);
    assert_eq!(stage.dora(Method::POST, &at("generate-keys"), order).await.status, 200);
    assert_eq!(clients.lock().unwrap().len(), 1);
    stage.close().await;
}

#[tokio::test]
async fn a_client_is_changed_at_its_server_only_by_who_proved_its_secret() {
    let stage = Stage::open().await;
    let (base, clients) = server().await;
    stage.key_manager(with(is7("is7", &base), json!({"enableTokenGeneration": false}))).await;
    // The same server where mapping asks for nothing, so that any secret is taken.
    let unasked = json!({"enableTokenGeneration": false, "enableProvisionedAppValidation": false});
    stage.key_manager(with(is7("unasked", &base), unasked)).await;
    let application = stage.application("orders").await;
    let at = |path: &str| format!("/applications/{application}/{path}");
    let change = json!({"supportedGrantTypes": ["password"], "callbackUrl": "https://evil.example/cb"});
    for (place, secret, told, changes) in [
        ("is7", Value::Null, true, false),
        ("is7", json!("s"), true, true),
        ("unasked", json!("wrong"), true, false),
        ("unasked", json!("s"), false, false),
        ("unasked", json!("s"), true, true),
    ] {
        let by_hand = json!({"client_id": "elsewhere", "client_name": "a shop", "grant_types": ["client_credentials"]});
        let by_hand = if told { with(by_hand, json!({"client_secret": "s"})) } else { by_hand };
        clients.lock().unwrap().insert("elsewhere".to_owned(), by_hand.clone());
        let map =
            json!({"consumerKey": "elsewhere", "consumerSecret": secret, "keyType": "PRODUCTION", "keyManager": place});
        let mapped = stage.dora(Method::POST, &at("map-keys"), map).await;
        assert_eq!(mapped.status, 200, "{place} {secret}: {mapped:?}");
        let key = at(&format!("oauth-keys/{}", mapped.text("keyMappingId")));
        let changed = stage.dora(Method::PUT, &key, change.clone()).await;
        assert_eq!((changed.status, &changed.body["supportedGrantTypes"]), (200, &json!(["password"])), "{changed:?}");
        let read = stage.dora(Method::GET, &key, Value::Null).await.body;
        assert_eq!((&read["callbackUrl"], &read["consumerSecret"]), (&change["callbackUrl"], &secret));
        let kept = clients.lock().unwrap()["elsewhere"] == by_hand;
        assert_eq!(kept, !changes, "{place} {secret} {told}: {:?}", clients.lock().unwrap());
        assert_eq!(stage.dora(Method::POST, &format!("{key}/clean-up"), Value::Null).await.status, 200);
    }
    stage.close().await;
}
