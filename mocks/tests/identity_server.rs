//! Oddities of WSO2 Identity Server 7 that no other file is about, a test each.
//! Over real HTTPS, each server on a port of its own.

mod support;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kmspec_mocks::{
    forge::Forge,
    realm::{ClientSpec, KeyRing, TrustedIssuer, TrustedKeys, test_keys::KeyFamily},
    vendors::Vendor,
};
use reqwest::Method;
use serde_json::{Value, json};
use support::{Answer, Stage, answer, stage, stage_with};

const CLIENT_CREDENTIALS: (&str, &str) = ("grant_type", "client_credentials");

fn url(stage: &Stage, path: &str) -> String {
    format!("{}{path}", stage.server.base_url())
}

/// A JSON request of somebody by name and password.
async fn by(stage: &Stage, who: (&str, &str), method: Method, path: &str, body: Option<Value>) -> Answer {
    let mut request = stage.http.request(method, url(stage, path)).basic_auth(who.0, Some(who.1));
    if let Some(body) = body {
        request = request.json(&body);
    }
    answer(request.send().await.unwrap()).await
}

#[tokio::test]
async fn discovery_is_found_for_known_clients_and_nowhere_else() {
    let stage = stage(Vendor::Is7).await;
    let well_known = "/.well-known/openid-configuration";
    let of = |client: &str| url(&stage, &format!("/oauth2/token/client/{client}{well_known}"));
    let issuer = stage.server.issuer().to_owned();
    assert_eq!(stage.get(&of(&stage.client.id)).await.json()["issuer"], issuer.as_str());
    assert_eq!(stage.get(&of("nobody")).await.error(), (400, "invalid_client".to_owned()));
    let wrong = stage.get(&url(&stage, &format!("/oauth2/authorize{well_known}"))).await;
    assert_eq!((wrong.status, wrong.header("content-type")), (400, "text/plain"));
    let other = stage.get(&url(&stage, "/.well-known/oauth-authorization-server/oauth2/other")).await;
    assert_eq!(other.status, 404);
}

#[tokio::test]
async fn every_path_may_stand_behind_the_tenant() {
    let stage = stage(Vendor::Is7).await;
    let token = stage.post(&url(&stage, "/t/carbon.super/oauth2/token"), &[CLIENT_CREDENTIALS]).await;
    assert_eq!(token.status, 200, "{}", token.text);
    assert_eq!(stage.get(&url(&stage, "/t/carbon.super/oauth2/jwks")).await.status, 200);
    assert_eq!(by(&stage, ("admin", "admin"), Method::GET, "/t/carbon.super/scim2/Users", None).await.status, 200);
    assert_eq!(stage.get(&url(&stage, "/t/other.example/oauth2/jwks")).await.status, 404);
    let journal = stage.server.journal().await;
    assert!(format!("{journal:?}").contains("/t/carbon.super/oauth2/token"), "as it was asked");
}

#[tokio::test]
async fn a_user_name_may_carry_its_tenant_and_its_user_store() {
    let stage = stage(Vendor::Is7).await;
    for (name, status) in [
        ("ann@carbon.super", 200),
        ("PRIMARY/ann", 200),
        ("primary/ann@carbon.super", 200),
        ("ann@other.example", 400),
        ("OTHER/ann", 400),
    ] {
        let form = [("grant_type", "password"), ("username", name), ("password", "ann's secret")];
        assert_eq!(stage.token(&form).await.status, status, "{name}");
    }
    let admin = ("admin@carbon.super", "admin");
    assert_eq!(by(&stage, admin, Method::GET, "/scim2/Users", None).await.status, 200);
}

#[tokio::test]
async fn an_unknown_client_hears_that_before_it_hears_of_its_two_methods() {
    let stage = stage(Vendor::Is7).await;
    let token = stage.server.endpoints().token.clone();
    let secret = stage.client.secret.clone().unwrap();
    for (id, expected) in [(stage.client.id.as_str(), (400, "invalid_request")), ("nobody", (401, "invalid_client"))] {
        let form = [CLIENT_CREDENTIALS, ("client_id", id), ("client_secret", &secret)];
        let sent = stage.http.post(&token).basic_auth(id, Some(&secret)).form(&form).send().await.unwrap();
        assert_eq!(answer(sent).await.error(), (expected.0, expected.1.to_owned()), "{id}");
    }
}

#[tokio::test]
async fn a_grant_whose_name_is_part_of_a_clients_grant_is_allowed() {
    let stage = stage_with(Vendor::Is7, ClientSpec::new("app").grant_types(["my_password_grant"])).await;
    assert_eq!(stage.password("read").await.status, 200);
    assert_eq!(stage.token(&[CLIENT_CREDENTIALS]).await.error(), (400, "unauthorized_client".to_owned()));
}

#[tokio::test]
async fn the_url_holds_no_name_and_no_secret() {
    let stage = stage(Vendor::Is7).await;
    let token = stage.server.endpoints().token.clone();
    for name in ["username", "password", "client_secret"] {
        let refused = stage.post(&format!("{token}?{name}=x"), &[("grant_type", "magic")]).await;
        assert!(refused.member("error_description").contains("sensitive"), "{name}: {}", refused.text);
    }
    assert_eq!(stage.post(&format!("{token}?refresh_token=x"), &[CLIENT_CREDENTIALS]).await.status, 200);
}

#[tokio::test]
async fn a_request_may_be_a_flat_json_object() {
    let stage = stage(Vendor::Is7).await;
    let send = async |body: &'static str| {
        let request = stage.http.post(&stage.server.endpoints().token).header("content-type", "application/json");
        let request = request.basic_auth(&stage.client.id, stage.client.secret.as_ref()).body(body);
        answer(request.send().await.unwrap()).await
    };
    assert_eq!(send(r#"{"grant_type": "client_credentials"}"#).await.status, 200);
    for body in ["{", "[]", r#"{"grant_type": {}}"#] {
        assert_eq!(send(body).await.error(), (400, "invalid_request".to_owned()), "{body}");
    }
}

#[tokio::test]
async fn a_revocation_may_be_answered_as_a_script() {
    let stage = stage(Vendor::Is7).await;
    let revocation = stage.server.endpoints().revocation.clone().unwrap();
    let plain = stage.post(&revocation, &[("token", "x")]).await;
    assert_eq!((plain.status, plain.text.as_str(), plain.header("content-type")), (200, "", "application/json"));
    assert_eq!(plain.header("content-length"), "0");
    let script = stage.post(&revocation, &[("token", "x"), ("callback", "done")]).await;
    assert_eq!((script.text.as_str(), script.header("content-type")), ("done();", "application/javascript"));
    let refused = stage.post(&revocation, &[("callback", "done")]).await;
    assert!(refused.status == 400 && refused.text.starts_with("done({"), "{}", refused.text);
    let injected = stage.post(&revocation, &[("token", "x"), ("callback", "alert(1);x")]).await;
    assert_eq!(injected.text, "");
}

#[tokio::test]
async fn a_user_manages_the_own_account_at_me() {
    let stage = stage(Vendor::Is7).await;
    let me = "/scim2/Me";
    let ann = ("ann", "ann's secret");
    let patch = json!({ "Operations": [{ "op": "replace", "value": { "name": { "givenName": "Ann" } } }] });
    assert_eq!(by(&stage, ann, Method::PATCH, me, Some(patch)).await.json()["name"]["givenName"], "Ann");
    let replaced =
        by(&stage, ann, Method::PUT, me, Some(json!({ "userName": "ann", "emails": ["a@b.example"] }))).await;
    assert_eq!((replaced.status, &replaced.json()["emails"][0]["value"]), (200, &json!("a@b.example")));
    assert_eq!(replaced.json()["name"]["givenName"], "ann", "what is not sent is gone");
    let body = json!({ "userName": "bea", "password": "first" });
    assert_eq!(by(&stage, ("admin", "admin"), Method::POST, me, Some(body)).await.status, 201);
    let token = stage.password("openid").await.member("access_token");
    let barred = stage.http.delete(url(&stage, me)).bearer_auth(&token).send().await.unwrap();
    assert_eq!(barred.status().as_u16(), 403);
    stage.server.realm().update_user("ann", |ann| ann.roles.push("admin".to_owned()));
    assert_eq!(by(&stage, ann, Method::DELETE, me, None).await.status, 204);
    assert!(stage.server.realm().user("ann").is_none());
}

#[tokio::test]
async fn a_user_without_the_permission_neither_makes_nor_removes_an_account_at_me() {
    let stage = stage(Vendor::Is7).await;
    let (me, ann) = ("/scim2/Me", ("ann", "ann's secret"));
    let bea = json!({ "userName": "bea", "password": "first" });
    let made = by(&stage, ann, Method::POST, me, Some(bea.clone())).await;
    assert_eq!((made.status, made.json()["status"].clone()), (403, json!("403")));
    assert!(stage.server.realm().user("bea").is_none());
    assert_eq!(by(&stage, ann, Method::DELETE, me, None).await.status, 403);
    assert!(stage.server.realm().user("ann").is_some());
    assert_eq!(by(&stage, ann, Method::GET, me, None).await.status, 200, "everybody holds what that takes");
    let wrong = by(&stage, ("ann", "wrong"), Method::POST, me, Some(bea)).await;
    assert_eq!(wrong.status, 401);
}

#[tokio::test]
async fn users_and_roles_are_searched_by_post_and_replaced_by_put() {
    let stage = stage(Vendor::Is7).await;
    let admin = ("admin", "admin");
    let search = |filter: &str| Some(json!({ "filter": filter, "startIndex": 1, "count": 5 }));
    let found = by(&stage, admin, Method::POST, "/scim2/Users/.search", search("userName eq ann")).await.json();
    assert_eq!((&found["totalResults"], &found["Resources"][0]["userName"]), (&json!(1), &json!("ann")));
    let ann = stage.server.realm().user("ann").unwrap();
    let body = json!({ "userName": "ann", "name": { "familyName": "Lee" }, "active": true });
    let put = by(&stage, admin, Method::PUT, &format!("/scim2/Users/{}", ann.id), Some(body)).await;
    assert_eq!((put.status, &put.json()["name"]["familyName"]), (200, &json!("Lee")));
    assert_eq!(stage.password("read").await.status, 200, "the password stays");

    let body = json!({ "displayName": "buyer", "permissions": [{ "value": "read" }] });
    let role = by(&stage, admin, Method::POST, "/scim2/v2/Roles", Some(body)).await;
    let found = by(&stage, admin, Method::POST, "/scim2/v2/Roles/.search", search("displayName eq buyer")).await.json();
    assert_eq!(found["Resources"][0]["id"], role.json()["id"]);
    let own = format!("/scim2/v2/Roles/{}", role.member("id"));
    let put = by(&stage, admin, Method::PUT, &own, Some(json!({ "displayName": "buyer", "permissions": [] }))).await;
    assert_eq!((put.status, &put.json()["permissions"]), (200, &json!([])));
    let renamed = by(&stage, admin, Method::PUT, &own, Some(json!({ "displayName": "seller" }))).await;
    assert_eq!(renamed.status, 400);
}

#[tokio::test]
async fn scim_says_what_it_is_to_everybody_and_its_schemas_to_somebody() {
    let stage = stage(Vendor::Is7).await;
    for path in ["/scim2/ServiceProviderConfig", "/scim2/ResourceTypes"] {
        let told = stage.get(&url(&stage, path)).await;
        assert_eq!((told.status, told.header("content-type")), (200, "application/scim+json"), "{path}");
    }
    assert_eq!(stage.get(&url(&stage, "/scim2/Schemas")).await.status, 401);
    let schemas = by(&stage, ("ann", "ann's secret"), Method::GET, "/scim2/Schemas", None).await;
    assert_eq!((schemas.status, &schemas.json()["totalResults"]), (200, &json!(2)));
}

#[tokio::test]
async fn a_scope_is_refused_by_number() {
    let stage = stage(Vendor::Is7).await;
    let base = "/api/identity/oauth2/v1.0/scopes";
    let long = "x".repeat(600);
    for (method, below, body, expected) in [
        (Method::POST, "", json!({ "displayName": "x" }), (400, "41001")),
        (Method::POST, "", json!({ "name": "x" }), (400, "41002")),
        (Method::POST, "", json!([]), (400, "41005")),
        (Method::POST, "", json!({ "name": "a b", "displayName": "x" }), (400, "41006")),
        (Method::POST, "", json!({ "name": "x", "displayName": "x", "nonsense": 1 }), (400, "41007")),
        (Method::POST, "", json!({ "name": "a?b", "displayName": "x" }), (400, "41011")),
        (Method::POST, "", json!({ "name": long, "displayName": "x" }), (400, "41013")),
        (Method::POST, "", json!({ "name": "x", "displayName": long }), (400, "41014")),
        (Method::POST, "", json!({ "name": "x", "displayName": "x", "description": long }), (400, "41015")),
        (Method::POST, "", json!({ "name": "internal_x", "displayName": "x" }), (403, "41008")),
        (Method::PUT, "/name/internal_x", json!({ "displayName": "x" }), (403, "41009")),
        (Method::DELETE, "/name/internal_x", json!({}), (403, "41010")),
        (Method::POST, "", json!({ "name": "read", "displayName": "x" }), (409, "41004")),
        (Method::PUT, "/name/unknown", json!({ "displayName": "x" }), (404, "41003")),
        (Method::DELETE, "/name/unknown", json!({}), (404, "41003")),
    ] {
        let refused = by(&stage, ("admin", "admin"), method, &format!("{base}{below}"), Some(body.clone())).await;
        assert_eq!((refused.status, refused.member("code").as_str()), expected, "{body}");
    }
}

#[tokio::test]
async fn a_software_statement_counts_only_from_a_trusted_issuer() {
    let stage = stage(Vendor::Is7).await;
    let keys = KeyRing::of_family(KeyFamily::Rsa);
    let forge = Forge::new("https://partner.example", keys.clone(), stage.server.clock().clone());
    let statement = forge.token("registration", "software").encode();
    let ask = async |statement: &str, name: &str| {
        let body = json!({
            "client_name": name, "grant_types": ["client_credentials"], "software_statement": statement,
        });
        by(&stage, ("admin", "admin"), Method::POST, "/api/identity/oauth2/dcr/v1.1/register", Some(body)).await
    };
    for wrong in ["nonsense", statement.as_str()] {
        assert_eq!(ask(wrong, "one").await.error(), (400, "invalid_software_statement".to_owned()), "{wrong}");
    }
    let trusted = TrustedIssuer::new("partner", "https://partner.example", TrustedKeys::Ring(keys));
    stage.server.realm().trust(trusted).unwrap();
    assert_eq!(ask(&statement, "two").await.status, 201);
}

#[tokio::test]
async fn a_client_that_may_not_act_for_anybody_is_told_so_after_the_grant_and_before_the_scopes() {
    let stage = stage_with(Vendor::Is7, ClientSpec::new("orders").grant_types(["password", "refresh_token"])).await;
    let pair = stage.password("read").await;
    let id = stage.client.id.clone();
    stage.server.realm().change_policy(|policy| policy.undelegated_clients.push(id.clone()));
    assert_eq!(stage.password("read").await.error(), (400, "unauthorized_client".to_owned()));
    let wrong = [("grant_type", "password"), ("username", "ann"), ("password", "wrong")];
    assert_eq!(stage.token(&wrong).await.error(), (400, "invalid_grant".to_owned()), "the grant comes first");
    let refresh = pair.member("refresh_token");
    let wider = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str()), ("scope", "read write")];
    assert_eq!(stage.token(&wider).await.error(), (400, "unauthorized_client".to_owned()), "the scopes come after it");
    stage.server.realm().change_policy(|policy| policy.undelegated_clients.clear());
    assert_eq!(stage.token(&wider).await.error(), (400, "invalid_scope".to_owned()));
    assert_eq!(stage.token(&wider[..2]).await.status, 200, "the refresh token was not used up");
}

#[tokio::test]
async fn what_breaks_behind_the_token_endpoint_is_told_last_and_with_a_challenge() {
    use kmspec_mocks::realm::policy::Breakage;
    let stage = stage_with(Vendor::Is7, ClientSpec::new("orders").grant_types(["password", "refresh_token"])).await;
    let refresh = stage.password("read").await.member("refresh_token");
    let again = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    for (broken, status) in [(Breakage::Internal, 500), (Breakage::Database, 502)] {
        stage.server.realm().change_policy(|policy| policy.broken = Some(broken));
        for answer in [stage.password("read").await, stage.token(&again).await] {
            assert_eq!(answer.error(), (status, "server_error".to_owned()));
            assert_eq!(answer.header("www-authenticate"), "Basic realm=\"localhost\"");
        }
        let wrong = [("grant_type", "password"), ("username", "ann"), ("password", "wrong")];
        assert_eq!(stage.token(&wrong).await.error(), (400, "invalid_grant".to_owned()));
    }
    stage.server.realm().change_policy(|policy| policy.broken = None);
    assert_eq!(stage.token(&again).await.status, 200, "nothing was used up");
}

#[tokio::test]
async fn a_user_removes_the_own_account_unless_that_is_not_supported() {
    let stage = stage(Vendor::Is7).await;
    stage.server.realm().update_user("ann", |ann| ann.roles.push("admin".to_owned()));
    stage.server.realm().change_policy(|policy| policy.self_removal = false);
    let ann = ("ann", "ann's secret");
    let refused = by(&stage, ann, Method::DELETE, "/scim2/Me", None).await;
    assert_eq!((refused.status, refused.json()["status"].clone()), (501, json!("501")));
    assert!(stage.server.realm().user("ann").is_some());
    stage.server.realm().change_policy(|policy| policy.self_removal = true);
    assert_eq!(by(&stage, ann, Method::DELETE, "/scim2/Me", None).await.status, 204);
    assert!(stage.server.realm().user("ann").is_none());
}

#[tokio::test]
async fn a_repeated_member_of_a_json_token_request_is_refused_like_a_repeated_parameter() {
    let stage = stage(Vendor::Is7).await;
    let send = async |body: &'static str| {
        let request = stage.http.post(&stage.server.endpoints().token).header("content-type", "application/json");
        let request = request.basic_auth(&stage.client.id, stage.client.secret.as_deref()).body(body);
        answer(request.send().await.unwrap()).await
    };
    let twice = send(r#"{"grant_type":"client_credentials","scope":"read","scope":"write"}"#).await;
    assert_eq!(twice.error(), (400, "invalid_request".to_owned()));
    assert!(twice.member("error_description").contains("scope"), "{}", twice.text);
    assert_eq!(send(r#"{"grant_type":"client_credentials","scope":"read"}"#).await.status, 200);
}

/// Registers an application and makes it the one that the stage asks as.
async fn registered(stage: &mut Stage, more: Value) {
    let mut body = json!({ "client_name": "shop", "ext_token_type": "JWT", "grant_types": ["password", "implicit"],
        "redirect_uris": ["https://app.example/cb"] });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let path = "/api/identity/oauth2/dcr/v1.1/register";
    let made = by(stage, ("admin", "admin"), Method::POST, path, Some(body)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    stage.client = stage.server.realm().client(&made.member("client_id")).unwrap();
}

#[tokio::test]
async fn an_application_says_how_long_its_id_tokens_live() {
    let mut stage = stage(Vendor::Is7).await;
    registered(&mut stage, json!({ "ext_id_token_lifetime": 77, "ext_user_token_lifetime": 55 })).await;
    let path = format!("/api/identity/oauth2/dcr/v1.1/register/{}", stage.client.id);
    let kept = by(&stage, ("admin", "admin"), Method::GET, &path, None).await.json();
    assert_eq!(kept["ext_id_token_lifetime"], 77);
    let granted = stage.password("openid").await;
    assert_eq!(granted.json()["expires_in"], 55);
    let (_, claims) = stage.verified(&granted.member("id_token")).await.unwrap();
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 77);
}

#[tokio::test]
async fn a_client_with_the_implicit_grant_revokes_its_tokens_without_proof() {
    let mut stage = stage(Vendor::Is7).await;
    let revocation = stage.server.endpoints().revocation.clone().unwrap();
    let own = stage.token(&[CLIENT_CREDENTIALS]).await.member("access_token");
    let orders = [("client_id", stage.client.id.as_str()), ("token", own.as_str())];
    assert_eq!(stage.post_bare(&revocation, &orders).await.status, 401, "it has no implicit grant");
    registered(&mut stage, json!({})).await;
    let token = stage.password("read").await.member("access_token");
    let id = stage.client.id.as_str();
    let wrong = [("client_id", id), ("client_secret", "wrong"), ("token", token.as_str())];
    assert_eq!(stage.post_bare(&revocation, &wrong).await.status, 401, "a wrong secret is worse than none");
    assert_eq!(stage.post_bare(&revocation, &[("client_id", id), ("token", &own)]).await.status, 401, "of another");
    assert_eq!(stage.introspect(&token).await["active"], true);
    assert_eq!(stage.post_bare(&revocation, &[("client_id", id), ("token", &token)]).await.status, 200);
    assert_eq!(stage.introspect(&token).await["active"], false);
}

#[tokio::test]
async fn an_application_has_profiles_as_signed_jwts_when_it_is_registered_for_that() {
    let mut stage = stage(Vendor::Is7).await;
    let profile = async |stage: &Stage| {
        let token = stage.password("openid").await.member("access_token");
        let asked = stage.http.get(url(stage, "/oauth2/userinfo")).bearer_auth(token);
        answer(asked.send().await.unwrap()).await
    };
    let plain = profile(&stage).await;
    assert_eq!(plain.header("content-type"), "application/json");
    registered(&mut stage, json!({ "userinfo_signed_response_alg": "RS256" })).await;
    let signed = profile(&stage).await;
    assert_eq!((signed.status, signed.header("content-type")), (200, "application/jwt"));
    let unexpiring = signed.text.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(unexpiring).unwrap()).unwrap();
    assert_eq!((&claims["sub"], &claims["email"]), (&plain.json()["sub"], &plain.json()["email"]));
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!(stage.server.issuer()), &json!(stage.client.id)));
    assert_eq!(stage.verified(&signed.text).await.unwrap_err(), "Missing required claim: exp", "all else is right");
    let body = json!({ "client_name": "other", "grant_types": ["password"], "userinfo_signed_response_alg": "HS256" });
    let path = "/api/identity/oauth2/dcr/v1.1/register";
    let refused = by(&stage, ("admin", "admin"), Method::POST, path, Some(body)).await;
    assert_eq!(refused.error(), (400, "invalid_client_metadata".to_owned()));
}
