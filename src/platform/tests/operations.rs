//! The key manager operations of the resident key manager: clients, their secrets, claims of users, one-time revocation.
//! Clients of applications are tested with the connector.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::*;

const REGISTER: &str = "/keymanager-operations/dcr/register";

/// A call with Basic credentials below a tenant's base.
async fn operation(
    stage: &Stage,
    tenant: &str,
    (user, password): (&str, &str),
    method: Method,
    path: &str,
    body: Value,
) -> Answer {
    let url = format!("{}/t/{tenant}{path}", stage.platform.management_url());
    let mut request = stage.client.request(method, url).basic_auth(user, Some(password));
    if !body.is_null() {
        request = request.json(&body);
    }
    Stage::answer(request).await
}

const ADMIN_OF_ONE: (&str, &str) = ("admin@one.com", "admin-secret");

async fn of_one(stage: &Stage, method: Method, path: &str, body: Value) -> Answer {
    operation(stage, "one.com", ADMIN_OF_ONE, method, path, body).await
}

fn place(client: &str) -> String {
    format!("{REGISTER}/{}", URL_SAFE_NO_PAD.encode(client))
}

fn shop() -> Value {
    json!({
        "client_name": "shop", "grant_types": ["client_credentials", "password", "kerberos"],
        "redirect_uris": ["https://shop.example/cb"], "ext_application_owner": "dora",
        "ext_application_token_lifetime": 120, "pkceMandatory": true, "token_type_extension": "JWT",
    })
}

async fn token(stage: &Stage, client: &str, secret: &str, more: &[(&str, &str)]) -> Answer {
    let url = format!("{}/t/one.com/oauth2/token", stage.platform.management_url());
    let form: Vec<_> = [("grant_type", "client_credentials")].into_iter().chain(more.iter().copied()).collect();
    Stage::answer(stage.client.post(url).basic_auth(client, Some(secret)).form(&form)).await
}

#[tokio::test]
async fn a_client_lives_at_the_place_that_the_document_of_the_key_manager_names() {
    let stage = Stage::open().await;
    let listed = stage.admin(Method::GET, "/key-managers", Value::Null).await;
    let id = listed.body["list"][0]["id"].as_str().unwrap().to_owned();
    let resident = stage.admin(Method::GET, &format!("/key-managers/{id}"), Value::Null).await;
    let named = resident.text("clientRegistrationEndpoint");
    assert_eq!(named, format!("{}/t/one.com{REGISTER}", stage.platform.management_url()));

    let made = of_one(&stage, Method::POST, REGISTER, shop()).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.body["grant_types"], json!(["client_credentials", "password"]), "what is not served is left out");
    assert_eq!(made.body["ext_application_token_lifetime"], 120);
    assert_eq!(made.body["pkceMandatory"], true);
    assert_eq!(made.body["ext_application_owner"], "dora");
    let (client, secret) = (made.text("client_id"), made.text("client_secret"));
    let granted = token(&stage, &client, &secret, &[]).await;
    assert_eq!((granted.status, granted.body["expires_in"].as_u64()), (200, Some(120)), "{granted:?}");

    let read = of_one(&stage, Method::GET, &place(&client), Value::Null).await;
    assert_eq!((read.status, &read.body), (200, &made.body));
    let change = json!({"client_name": "shop", "grant_types": ["password"], "ext_application_owner": "otto@one.com"});
    let changed = of_one(&stage, Method::PUT, &place(&client), change).await;
    assert_eq!((changed.status, &changed.body["grant_types"]), (200, &json!(["password"])), "{changed:?}");
    assert_eq!(changed.body["ext_application_owner"], "otto");
    assert_eq!(changed.body.get("ext_application_token_lifetime"), None, "it is replaced as a whole");
    assert_eq!(token(&stage, &client, &secret, &[]).await.status, 400, "the grant is gone");

    let again = format!("{}/change-owner?applicationOwner=dora", place(&client));
    let again = of_one(&stage, Method::POST, &again, Value::Null).await;
    assert_eq!(again.body["ext_application_owner"], "dora");
    assert_eq!(of_one(&stage, Method::DELETE, &place(&client), Value::Null).await.status, 204);
    assert_eq!(of_one(&stage, Method::GET, &place(&client), Value::Null).await.status, 401);
    assert_eq!(token(&stage, &client, &secret, &[]).await.status, 401);
    stage.close().await;
}

#[tokio::test]
async fn a_client_has_the_secrets_that_were_made_for_it_and_no_others() {
    let stage = Stage::open().await;
    let chosen = with(shop(), json!({"client_id": "chosen_id_000001", "ext_param_client_secret": "chosen"}));
    let made = of_one(&stage, Method::POST, REGISTER, chosen.clone()).await;
    assert_eq!((made.text("client_id").as_str(), made.text("client_secret").as_str()), ("chosen_id_000001", "chosen"));
    let place = place("chosen_id_000001");
    let opens = async |secret: &str| token(&stage, "chosen_id_000001", secret, &[]).await.status;
    assert_eq!(opens("chosen").await, 200);
    let other = of_one(&stage, Method::POST, &format!("{place}/regenerate-consumer-secret"), Value::Null).await;
    let other = other.text("client_secret");
    assert_eq!((opens("chosen").await, opens(&other).await), (401, 200));

    let order = json!({"description": "for the night", "expires_in": 3600});
    let more = of_one(&stage, Method::POST, &format!("{place}/generate-secret"), order).await;
    assert_eq!((more.status, more.text("description").as_str()), (201, "for the night"), "{more:?}");
    let (id, value) = (more.text("id"), more.text("client_secret"));
    assert_eq!((opens(&other).await, opens(&value).await), (200, 200));
    let listed = of_one(&stage, Method::GET, &format!("{place}/secrets"), Value::Null).await;
    assert_eq!((&listed.body["count"], &listed.body["list"][0]["id"]), (&json!(1), &json!(id)));
    assert!(!listed.body.to_string().contains(&value), "a secret is told once");
    let own = format!("{place}/secrets/{id}");
    assert_eq!(of_one(&stage, Method::GET, &own, Value::Null).await.text("id"), id);
    assert_eq!(of_one(&stage, Method::DELETE, &own, Value::Null).await.status, 204);
    assert_eq!(of_one(&stage, Method::DELETE, &own, Value::Null).await.status, 404);
    assert_eq!((opens(&other).await, opens(&value).await), (200, 401));
    stage.close().await;
}

#[tokio::test]
async fn where_a_client_has_one_secret_no_further_ones_are_kept() {
    let stage = Stage::configured("[oauth.multiple_client_secrets]\nenable = false\n").await;
    let made = of_one(&stage, Method::POST, REGISTER, shop()).await;
    let (client, secret) = (made.text("client_id"), made.text("client_secret"));
    let place = place(&client);
    let order = json!({"client_secret": "another"});
    let more = of_one(&stage, Method::POST, &format!("{place}/generate-secret"), order).await;
    assert_eq!((more.status, more.text("message").as_str()), (400, "invalid_request"));
    assert_eq!(of_one(&stage, Method::GET, &format!("{place}/secrets"), Value::Null).await.status, 400);
    assert_eq!(of_one(&stage, Method::DELETE, &format!("{place}/secrets/x"), Value::Null).await.status, 400);
    assert_eq!(token(&stage, &client, "another", &[]).await.status, 401);
    let other = of_one(&stage, Method::POST, &format!("{place}/regenerate-consumer-secret"), Value::Null).await;
    assert_eq!(token(&stage, &client, &secret, &[]).await.status, 401);
    assert_eq!(token(&stage, &client, &other.text("client_secret"), &[]).await.status, 200);
    stage.close().await;
}

#[tokio::test]
async fn what_cannot_be_registered_is_refused_and_changes_nothing() {
    let stage = Stage::open().await;
    let made = of_one(&stage, Method::POST, REGISTER, with(shop(), json!({"client_id": "first_client_0001"}))).await;
    assert_eq!(made.status, 201);
    for (change, expected) in [
        (json!({"client_name": null}), (400, "invalid_client_metadata")),
        (json!({"client_name": 7}), (400, "invalid_client_metadata")),
        (json!({"client_name": "shop"}), (409, "invalid_client_metadata")),
        (json!({"client_id": "first_client_0001"}), (409, "invalid_client_metadata")),
        (json!({"client_id": "a:b"}), (400, "invalid_client_metadata")),
        (json!({"grant_types": "password"}), (400, "invalid_client_metadata")),
        (json!({"grant_types": ["authorization_code"], "redirect_uris": []}), (400, "invalid_redirect_uri")),
        (json!({"redirect_uris": ["/cb"]}), (400, "invalid_redirect_uri")),
        (json!({"redirect_uris": ["https://a/cb#x"]}), (400, "invalid_redirect_uri")),
        (json!({"ext_application_owner": "nobody"}), (400, "invalid_client_metadata")),
        (json!({"ext_application_token_lifetime": -1}), (400, "invalid_client_metadata")),
        (json!({"pkceMandatory": "perhaps"}), (400, "invalid_client_metadata")),
        (json!({"token_type_extension": "SAML"}), (400, "invalid_client_metadata")),
    ] {
        let order = with(with(shop(), json!({"client_name": "other"})), change.clone());
        let refused = of_one(&stage, Method::POST, REGISTER, order).await;
        assert_eq!((refused.status, refused.text("message").as_str()), expected, "{change}");
    }
    let listed = of_one(&stage, Method::GET, &place("first_client_0001"), Value::Null).await;
    assert_eq!(listed.body, made.body);
    for body in ["", "[]", "{"] {
        let url = format!("{}/t/one.com{REGISTER}", stage.platform.management_url());
        let request = stage.client.post(url).basic_auth(ADMIN_OF_ONE.0, Some(ADMIN_OF_ONE.1)).body(body);
        assert_eq!(Stage::answer(request).await.status, 400, "{body}");
    }
    stage.close().await;
}

#[tokio::test]
async fn only_an_administrator_of_the_tenant_may_and_sees_its_clients_only() {
    let stage = Stage::open().await;
    let order = with(shop(), json!({"client_id": "first_client_0001"}));
    for (tenant, caller, status) in [
        ("one.com", ("admin@one.com", "wrong"), 401),
        ("one.com", ("nobody@one.com", "admin-secret"), 401),
        ("one.com", ("admin@two.com", "admin-secret"), 401),
        ("none.com", ("admin@one.com", "admin-secret"), 401),
        ("one.com", ("dora@one.com", "dora-secret"), 403),
        ("one.com", ("admin", "admin-secret"), 201),
    ] {
        let told = operation(&stage, tenant, caller, Method::POST, REGISTER, order.clone()).await;
        assert_eq!(told.status, status, "{tenant} {caller:?}: {told:?}");
    }
    let (path, administrator) = (place("first_client_0001"), ("admin@two.com", "admin-secret"));
    let elsewhere = operation(&stage, "two.com", administrator, Method::GET, &path, Value::Null).await;
    assert_eq!(elsewhere.status, 401, "another tenant's client is unknown");
    stage.close().await;
}

#[tokio::test]
async fn a_token_that_counts_once_is_ended_and_a_users_claims_are_told() {
    let stage = Stage::open().await;
    let made = of_one(&stage, Method::POST, REGISTER, shop()).await;
    let (client, secret) = (made.text("client_id"), made.text("client_secret"));
    let issued = token(&stage, &client, &secret, &[]).await.text("access_token");
    let alive = async || {
        let url = format!("{}/t/one.com/oauth2/introspect", stage.platform.management_url());
        let request = stage.client.post(url).basic_auth(ADMIN_OF_ONE.0, Some(ADMIN_OF_ONE.1));
        Stage::answer(request.form(&[("token", &issued)])).await.body["active"].clone()
    };
    const REVOKE: &str = "/keymanager-operations/revoke-one-time-token";
    let foreign = json!({"token": issued, "consumer_key": "somebody_else"});
    assert_eq!(of_one(&stage, Method::POST, REVOKE, foreign).await.status, 401);
    assert_eq!(of_one(&stage, Method::POST, REVOKE, json!({"consumer_key": client})).await.status, 400);
    assert_eq!(alive().await, true);
    assert_eq!(
        of_one(&stage, Method::POST, REVOKE, json!({"token": issued, "consumer_key": client})).await.status,
        200
    );
    assert_eq!(alive().await, false);

    const CLAIMS: &str = "/keymanager-operations/user-info/claims";
    let dora = of_one(&stage, Method::GET, &format!("{CLAIMS}?username=dora@one.com"), Value::Null).await;
    assert_eq!((dora.status, dora.body), (200, json!({"count": 0, "list": []})));
    let nobody = of_one(&stage, Method::POST, &format!("{CLAIMS}/generate"), json!({"username": "nobody"})).await;
    assert_eq!(nobody.status, 404);
    assert_eq!(of_one(&stage, Method::GET, CLAIMS, Value::Null).await.status, 400);
    stage.close().await;
}
