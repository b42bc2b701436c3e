//! The secrets of a key: several at a time, or one that is replaced.
//! What a secret opens is asked at the resident key manager's own token endpoint.

use super::*;

/// An application of dora's with resident keys: where they are, and as they were told.
async fn keys_of(stage: &Stage, application: &str) -> (String, Value) {
    let id = stage.application(application).await;
    let order = json!({"keyType": "PRODUCTION", "grantTypesToBeSupported": ["client_credentials"]});
    let made = stage.dora(Method::POST, &format!("/applications/{id}/generate-keys"), order).await;
    assert_eq!(made.status, 200, "{:?}", made.body);
    (format!("/applications/{id}/oauth-keys/{}", made.text("keyMappingId")), made.body)
}

/// Status of a token request with this secret.
async fn opened_by(stage: &Stage, keys: &Value, secret: &str) -> u16 {
    let url = format!("{}/oauth2/token", stage.platform.management_url());
    let form = [("grant_type", "client_credentials")];
    let request = stage.client.post(url).basic_auth(keys["consumerKey"].as_str().unwrap(), Some(secret)).form(&form);
    Stage::answer(request).await.status
}

async fn listed(stage: &Stage, keys: &str) -> Vec<String> {
    let list = stage.dora(Method::GET, &format!("{keys}/secrets"), Value::Null).await;
    assert_eq!(list.body["count"], list.body["list"].as_array().unwrap().len());
    assert!(!list.body.to_string().contains("secretValue"), "{:?}", list.body);
    list.body["list"].as_array().unwrap().iter().map(|one| one["secretId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_secret_of_a_key_opens_until_it_is_revoked_in_whatever_order() {
    let stage = Stage::open().await;
    let (path, keys) = keys_of(&stage, "orders").await;
    let first = keys["consumerSecret"].as_str().unwrap().to_owned();
    let mut made = Vec::new();
    for body in [json!({"additionalProperties": {"description": "spare", "expiresIn": 3600}}), json!({}), Value::Null] {
        let answer = stage.dora(Method::POST, &format!("{path}/generate-secret"), body).await;
        assert_eq!(answer.status, 201, "{:?}", answer.body);
        made.push((answer.text("secretId"), answer.text("secretValue")));
    }
    for secret in [&first, &made[0].1, &made[1].1, &made[2].1] {
        assert_eq!(opened_by(&stage, &keys, secret).await, 200);
    }
    assert_eq!(opened_by(&stage, &keys, "another").await, 401);
    let ids = listed(&stage, &path).await;
    assert_eq!(ids.len(), 4);
    let revoke = async |id: &str| {
        let answer = stage.dora(Method::POST, &format!("{path}/revoke-secret"), json!({"secretId": id})).await;
        answer.status
    };
    assert_eq!(revoke(&made[2].0).await, 204, "the latest");
    assert_eq!(revoke(&made[2].0).await, 404, "twice");
    assert_eq!(revoke(&ids[0]).await, 204, "the first");
    assert_eq!(revoke(&ids[0]).await, 404, "the first, twice");
    assert_eq!(listed(&stage, &path).await, [made[0].0.as_str(), &made[1].0], "the others keep their ids");
    for (secret, status) in [(&first, 401), (&made[0].1, 200), (&made[1].1, 200), (&made[2].1, 401)] {
        assert_eq!(opened_by(&stage, &keys, secret).await, status);
    }
    let read = stage.dora(Method::GET, &path, Value::Null).await;
    assert_eq!(read.text("consumerSecret"), made[1].1, "the newest took the place of the first");
    assert_eq!(revoke(&made[0].0).await, 204);
    let last = listed(&stage, &path).await;
    assert_eq!((last.len(), revoke(&last[0]).await), (1, 400), "no client is left without a secret");
    stage.close().await;
}

#[tokio::test]
async fn a_secret_that_has_ended_is_not_brought_back_by_revoking_the_first() {
    let stage = Stage::open().await;
    let (path, keys) = keys_of(&stage, "orders").await;
    let first = keys["consumerSecret"].as_str().unwrap().to_owned();
    let clock = stage.platform.site().clocks.of("one.com");
    let add = async |life: u64| {
        let order = json!({"additionalProperties": {"expiresIn": life}});
        let made = stage.dora(Method::POST, &format!("{path}/generate-secret"), order).await;
        (made.text("secretId"), made.text("secretValue"))
    };
    let revoke = async |id: &str| {
        stage.dora(Method::POST, &format!("{path}/revoke-secret"), json!({"secretId": id})).await.status
    };
    let short = add(60).await;
    clock.advance(std::time::Duration::from_secs(61));
    let first_id = listed(&stage, &path).await.remove(0);
    assert_eq!(revoke(&first_id).await, 400, "no other opens anything");
    assert_eq!(opened_by(&stage, &keys, &first).await, 200);
    assert_eq!(opened_by(&stage, &keys, &short.1).await, 401);

    let long = add(3600).await;
    assert_eq!(revoke(&first_id).await, 204);
    for (secret, status) in [(&first, 401), (&short.1, 401), (&long.1, 200)] {
        assert_eq!(opened_by(&stage, &keys, secret).await, status);
    }
    let list = stage.dora(Method::GET, &format!("{path}/secrets"), Value::Null).await.body["list"].clone();
    assert_eq!((&list[0]["secretId"], &list[1]["secretId"], list.get(2)), (&json!(short.0), &json!(long.0), None));
    assert!(list.as_array().unwrap().iter().all(|one| one["additionalProperties"]["expiresAt"] != 0), "{list}");
    assert_eq!(revoke(&first_id).await, 404, "again");
    assert_eq!(opened_by(&stage, &keys, &long.1).await, 200);
    clock.advance(std::time::Duration::from_secs(3600));
    assert_eq!(opened_by(&stage, &keys, &long.1).await, 401, "the one in the place of the first ends, too");
    stage.close().await;
}

#[tokio::test]
async fn a_secret_order_that_cannot_be_meant_is_refused_and_makes_none() {
    let stage = Stage::open().await;
    let (path, _) = keys_of(&stage, "orders").await;
    let table = [
        json!({"additionalProperties": {"expiresIn": 0}}),
        json!({"additionalProperties": {"expiresIn": -5}}),
        json!({"additionalProperties": {"expiresIn": "soon"}}),
        json!({"additionalProperties": {"description": "x".repeat(256)}}),
        json!({"additionalProperties": 7}),
        json!({"surplus": 1}),
    ];
    for body in table {
        let refused = stage.dora(Method::POST, &format!("{path}/generate-secret"), body.clone()).await;
        assert_eq!(refused.status, 400, "{body}");
    }
    assert_eq!(listed(&stage, &path).await.len(), 1);
    let renewed = stage.dora(Method::POST, &format!("{path}/regenerate-secret"), Value::Null).await;
    assert_eq!(renewed.status, 400, "with several secrets there is nothing to regenerate");
    stage.close().await;
}

#[tokio::test]
async fn where_a_key_has_one_secret_it_is_replaced_and_the_old_one_opens_nothing() {
    let stage = Stage::open_with(Data::Memory, |config| config.deployment.several_secrets = false).await;
    let (path, keys) = keys_of(&stage, "orders").await;
    let renewed = stage.dora(Method::POST, &format!("{path}/regenerate-secret"), Value::Null).await;
    assert_eq!((renewed.status, &renewed.body["consumerKey"]), (200, &keys["consumerKey"]));
    assert_eq!(opened_by(&stage, &keys, &renewed.text("consumerSecret")).await, 200);
    assert_eq!(opened_by(&stage, &keys, keys["consumerSecret"].as_str().unwrap()).await, 401);
    let read = stage.dora(Method::GET, &path, Value::Null).await;
    assert_eq!(read.text("consumerSecret"), renewed.text("consumerSecret"));
    for action in ["generate-secret", "revoke-secret"] {
        let refused = stage.dora(Method::POST, &format!("{path}/{action}"), json!({"secretId": "x"})).await;
        assert_eq!(refused.status, 400, "{action}: {:?}", refused.body);
    }
    assert_eq!(stage.dora(Method::GET, &format!("{path}/secrets"), Value::Null).await.verdict(), (400, 900916));
    stage.close().await;
}
