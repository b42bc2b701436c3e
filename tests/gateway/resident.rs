//! The resident key manager: its tokens, who gets which, and whom it tells about them.
//! Tokens of third parties stand beside it.

use reqwest::Method;
use serde_json::{Value, json};

use super::house::{ADMIN, House, PASSWORD, TENANT};

#[tokio::test]
async fn resident_tokens_pass_until_they_are_revoked_or_the_resident_key_manager_is_disabled() {
    let house = House::build().await;
    let api = house.api("orders", json!({})).await;
    let application = house.application("app").await;
    house.subscribe(&application, &api).await;
    let generate = json!({"keyType": "PRODUCTION", "grantTypesToBeSupported": ["client_credentials", "password"],
                          "keyManager": "Resident Key Manager"});
    let path = format!("/devportal/v3/applications/{application}/generate-keys");
    let keys = house.plane(Method::POST, &path, Some(generate)).await;
    let client = (keys["consumerKey"].as_str().unwrap(), keys["consumerSecret"].as_str().unwrap());
    let form = [("grant_type", "client_credentials"), ("scope", "PRODUCTION")];
    let (status, first) = house.token(&form, client).await;
    assert_eq!((status, first["scope"].as_str()), (200, Some("PRODUCTION")));
    let first = first["access_token"].as_str().unwrap();
    let (header, claims) = kmspec_mocks::realm::jwt::read(first).unwrap();
    assert_eq!((header["typ"].as_str(), claims["aud"].as_str()), (Some("at+jwt"), Some(client.0)));
    let base = house.management(&format!("/t/{TENANT}/oauth2"));
    let jwks: Value = house.http.get(format!("{base}/jwks")).send().await.unwrap().json().await.unwrap();
    assert_eq!((&jwks["keys"][0]["kid"], &jwks["keys"][0]["x5t"]), (&header["kid"], &header["x5t"]));
    let discovery = format!("{base}/token/.well-known/openid-configuration");
    let discovery: Value = house.http.get(discovery).send().await.unwrap().json().await.unwrap();
    assert_eq!(discovery["issuer"], claims["iss"]);
    house.until(200, &api.path, first).await;
    let revoke = house.http.post(house.management("/oauth2/revoke")).basic_auth(client.0, Some(client.1));
    assert_eq!(revoke.form(&[("token", first)]).send().await.unwrap().status(), 200);
    house.until(401, &api.path, first).await;
    let introspect = house.http.post(format!("{base}/introspect")).basic_auth(ADMIN, Some(PASSWORD));
    let told: Value = introspect.form(&[("token", first)]).send().await.unwrap().json().await.unwrap();
    assert_eq!(told, json!({"active": false}));

    let second = house.token(&form, client).await.1["access_token"].as_str().unwrap().to_owned();
    assert_eq!(house.with_token(&api.path, &second).await.status, 200);
    let form = [("grant_type", "password"), ("username", ADMIN), ("password", PASSWORD), ("scope", "openid")];
    let (_, login) = house.token(&form, client).await;
    assert_eq!(house.with_token(&api.path, login["id_token"].as_str().unwrap()).await.status, 401);
    assert_eq!(house.with_token(&api.path, login["access_token"].as_str().unwrap()).await.status, 200);
    let (status, wrong) = house.token(&[("grant_type", "client_credentials")], (client.0, "wrong")).await;
    assert_eq!((status, wrong["error_description"].as_str()), (401, Some("Client credentials are invalid.")));

    let list = house.plane(Method::GET, "/admin/v4/key-managers", None).await;
    let id = list["list"][0]["id"].as_str().unwrap();
    let mut resident = house.plane(Method::GET, &format!("/admin/v4/key-managers/{id}"), None).await;
    resident["enabled"] = json!(false);
    house.plane(Method::PUT, &format!("/admin/v4/key-managers/{id}"), Some(resident)).await;
    house.until(401, &api.path, &second).await;
    house.close().await;
}

#[tokio::test]
async fn plane_scopes_follow_roles_and_wrong_passwords_get_no_client() {
    let house = House::build().await;
    let scopes = "apim:admin apim:subscribe apim:api_publish";
    let granted = house.plane_token("dora@t.example", scopes).await;
    assert_eq!(granted["scope"], "apim:subscribe");
    assert_eq!(house.plane_token("pat@t.example", scopes).await["scope"], "apim:api_publish");
    assert_eq!(house.register(ADMIN, "wrong", "x").await.status(), 401);
    assert_eq!(house.client(ADMIN).await, house.client(ADMIN).await, "registering again gives the same client");
    let answer = house.http.get(house.management("/api/am/admin/v4/key-managers"));
    let answer = answer.bearer_auth(granted["access_token"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    house.close().await;
}

#[tokio::test]
async fn the_resident_key_manager_tells_about_tokens_only_those_who_may_know() {
    let house = House::build().await;
    let (one, two) = (house.client(ADMIN).await, house.client("dora@t.example").await);
    let issue = async |client: &(String, String)| {
        let (_, token) = house.token(&[("grant_type", "client_credentials")], (&client.0, &client.1)).await;
        token["access_token"].as_str().unwrap().to_owned()
    };
    let token = issue(&one).await;
    let ask = async |user: &str, password: &str| {
        let call = house.http.post(house.management(&format!("/t/{TENANT}/oauth2/introspect")));
        let answer = call.basic_auth(user, Some(password)).form(&[("token", &token)]).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap()["active"].clone())
    };
    assert_eq!(ask(ADMIN, PASSWORD).await, (200, json!(true)));
    assert_eq!(ask(ADMIN, "wrong").await.0, 401);
    assert_eq!(ask("dora@t.example", PASSWORD).await.0, 403);
    assert_eq!(ask("admin", "admin").await.0, 401, "another tenant's administrator");
    assert_eq!(ask(&one.0, &one.1).await, (200, json!(true)), "a client about its own token");
    assert_eq!(ask(&two.0, &two.1).await, (200, json!(false)), "a client about another's");
    assert_eq!(ask(&two.0, "wrong").await.0, 401);

    let revoke = house.http.post(house.management("/oauth2/revoke")).basic_auth(&one.0, Some("wrong"));
    assert_eq!(revoke.form(&[("token", &token)]).send().await.unwrap().status(), 401);
    assert_eq!(ask(ADMIN, PASSWORD).await.1, json!(true), "a refused revocation ends nothing");
    for (name, password, status) in
        [(ADMIN, PASSWORD, 200), (ADMIN, "wrong", 400), ("admin", "admin", 400), (ADMIN, PASSWORD, 200)]
    {
        let form = [("grant_type", "password"), ("username", name), ("password", password)];
        assert_eq!(house.token(&form, (&one.0, &one.1)).await.0, status, "{name} {password}");
    }
    let body = json!({"clientName": "x", "owner": ADMIN, "grantType": "password"});
    let url = house.management("/client-registration/v0.17/register");
    let foreign = house.http.post(url).basic_auth("dora@t.example", Some(PASSWORD)).json(&body);
    assert_eq!(foreign.send().await.unwrap().status(), 403, "nobody registers a client for someone else");
    assert_eq!(house.register(ADMIN, PASSWORD, "a<b").await.status(), 400);
    house.close().await;
}
