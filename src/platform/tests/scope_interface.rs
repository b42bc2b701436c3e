//! The scope interface of the resident key manager: scopes made by name, granted by role, and told to by another platform's
//! connector as to any server of the family.

use super::{
    deployment::{Keys, ask, keys},
    *,
};

const SCOPES: &str = "/api/identity/oauth2/v1.0/scopes";
const ADMIN_OF_ONE: (&str, &str) = ("admin@one.com", "admin-secret");

async fn call_as(stage: &Stage, user: (&str, &str), method: Method, path: &str, body: Value) -> Answer {
    let url = format!("{}/t/one.com{SCOPES}{path}", stage.platform.management_url());
    let mut request = stage.client.request(method, url).basic_auth(user.0, Some(user.1));
    if !body.is_null() {
        request = request.json(&body);
    }
    Stage::answer(request).await
}

async fn call(stage: &Stage, method: Method, path: &str, body: Value) -> Answer {
    call_as(stage, ADMIN_OF_ONE, method, path, body).await
}

fn bound(name: &str, roles: &[&str]) -> Value {
    json!({"name": name, "displayName": format!("{name} shown"), "description": "d", "bindings": roles})
}

/// What a user of `one.com` is granted who asks for this scope.
async fn granted(stage: &Stage, keys: &Keys, user: &str, scope: &str) -> String {
    let (name, password) = (format!("{user}@one.com"), format!("{user}-secret"));
    let form = [("grant_type", "password"), ("username", &name), ("password", &password), ("scope", scope)];
    ask(stage, keys, &form).await.text("scope")
}

#[tokio::test]
async fn a_scope_that_is_made_by_name_is_granted_by_its_roles_until_it_is_gone() {
    let stage = Stage::open().await;
    let keys = keys(&stage, &stage.application("orders").await).await;
    let made = call(&stage, Method::POST, "", bound("orders:read", &["staff"])).await;
    assert_eq!((made.status, made.text("displayName").as_str()), (201, "orders:read shown"), "{made:?}");
    assert_eq!(made.body["scopeBindings"], json!([{"bindingType": "DEFAULT", "bindings": ["staff"]}]));
    assert_eq!(granted(&stage, &keys, "otto", "orders:read").await, "orders:read");
    assert_eq!(granted(&stage, &keys, "dora", "orders:read").await, "default");

    let shared = stage.call("admin", "one.com", Method::GET, &format!("{PUBLISHER}/scopes"), Value::Null).await;
    let of_publisher = &shared.body["list"][0];
    assert_eq!((&of_publisher["name"], &of_publisher["bindings"]), (&json!("orders:read"), &json!(["staff"])));

    let change = json!({"displayName": "Reading", "description": "", "bindings": ["Internal/subscriber"]});
    let changed = call(&stage, Method::PUT, "/name/orders%3Aread", change).await;
    assert_eq!((changed.status, changed.text("displayName").as_str()), (200, "Reading"), "{changed:?}");
    assert_eq!(granted(&stage, &keys, "dora", "orders:read").await, "orders:read");
    let read = call(&stage, Method::GET, "/name/orders:read", Value::Null).await;
    assert_eq!((read.status, &read.body), (200, &changed.body));
    assert_eq!(read.body["scopeBindings"], json!([{"bindingType": "DEFAULT", "binding": ["Internal/subscriber"]}]));
    assert_eq!(read.body["description"], "", "as it was sent");
    let again = stage.call("admin", "one.com", Method::GET, &format!("{PUBLISHER}/scopes"), Value::Null).await;
    assert_eq!(again.body["list"][0]["id"], of_publisher["id"], "it is the scope that it was");

    let slashed =
        stage.call("admin", "one.com", Method::POST, &format!("{PUBLISHER}/scopes"), json!({"name": "a/b"})).await;
    assert_eq!(slashed.status, 201, "{slashed:?}");
    let changed = call(&stage, Method::PUT, "/name/a%2Fb", bound("a/b", &["staff"])).await;
    assert_eq!((changed.status, &changed.body["bindings"]), (200, &json!(["staff"])), "the publisher made it");

    assert_eq!(call(&stage, Method::DELETE, "/name/orders:read", Value::Null).await.status, 200);
    assert_eq!(call(&stage, Method::HEAD, "/name/orders:read", Value::Null).await.status, 404);
    assert_eq!(call(&stage, Method::DELETE, "/name/orders:read", Value::Null).await.status, 404);
    stage.close().await;
}

#[tokio::test]
async fn scopes_are_listed_by_name_page_or_all_with_those_of_apis() {
    let stage = Stage::open().await;
    for name in ["c", "a"] {
        assert_eq!(call(&stage, Method::POST, "", bound(name, &["staff"])).await.status, 201);
    }
    let local = json!([{"scope": {"name": "b", "bindings": ["staff"]}, "shared": false}]);
    let api = json!({"name": "Pets", "context": "pets", "version": "1", "scopes": local});
    let api = stage.call("admin", "one.com", Method::POST, &format!("{PUBLISHER}/apis"), api).await;
    assert_eq!(api.status, 201, "{api:?}");
    for (query, names) in [
        ("", vec!["a", "b", "c"]),
        ("?startIndex=2&count=1", vec!["b"]),
        ("?count=0", vec![]),
        ("?requestedScopes=c%20b%20x", vec!["b", "c"]),
    ] {
        let listed = call(&stage, Method::GET, query, Value::Null).await;
        let told: Vec<&str> = listed.body.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(told, names, "{query}");
    }
    assert_eq!(call(&stage, Method::HEAD, "/name/b", Value::Null).await.status, 200);
    for (method, body) in [(Method::PUT, bound("b", &[])), (Method::DELETE, Value::Null)] {
        let refused = call(&stage, method, "/name/b", body).await;
        assert_eq!(refused.status, 403, "it is the API's: {refused:?}");
    }
    assert_eq!(call(&stage, Method::POST, "", bound("b", &[])).await.status, 409);
    let shared = json!([{"scope": {"name": "a"}, "shared": true}]);
    let carrying = with(api.body.clone(), json!({"scopes": shared}));
    let path = format!("{PUBLISHER}/apis/{}", api.text("id"));
    assert_eq!(stage.call("admin", "one.com", Method::PUT, &path, carrying).await.status, 200);
    assert_eq!(call(&stage, Method::DELETE, "/name/a", Value::Null).await.status, 409, "an API carries it");
    assert_eq!(call(&stage, Method::HEAD, "/name/a", Value::Null).await.status, 200);
    stage.close().await;
}

#[tokio::test]
async fn a_scope_is_refused_with_the_number_of_its_mistake_and_nothing_is_kept() {
    let stage = Stage::open().await;
    assert_eq!(call(&stage, Method::POST, "", bound("taken", &[])).await.status, 201);
    let url = format!("{}/t/one.com{SCOPES}", stage.platform.management_url());
    let repeating = r#"{"name": "a", "displayName": "one", "displayName": "other"}"#;
    let (name, password) = ADMIN_OF_ONE;
    let refused = Stage::answer(stage.client.post(url).basic_auth(name, Some(password)).body(repeating)).await;
    assert_eq!((refused.status, refused.text("code").as_str()), (400, "41005"), "{refused:?}");
    let twice = json!([{"bindingType": "PERMISSION", "binding": ["x"]}]);
    for (body, expected) in [
        (json!([]), (400, "41005")),
        (with(bound("a", &[]), json!({"name": null})), (400, "41001")),
        (with(bound("a", &[]), json!({"name": 7})), (400, "41005")),
        (with(bound("a", &[]), json!({"displayName": " "})), (400, "41002")),
        (with(bound("a", &[]), json!({"bindings": "staff"})), (400, "41005")),
        (with(bound("a", &[]), json!({"bindings": [1]})), (400, "41005")),
        (with(bound("a", &[]), json!({"scopeBindings": twice})), (400, "41005")),
        (with(bound("a", &[]), json!({"colour": "red"})), (400, "41007")),
        (with(bound("a", &[]), json!({"displayName": "x".repeat(256)})), (400, "41014")),
        (with(bound("a", &[]), json!({"description": "x".repeat(513)})), (400, "41015")),
        (bound("a b", &[]), (400, "41006")),
        (bound("a/b", &[]), (400, "41011")),
        (bound("\u{e9}", &[]), (400, "41011")),
        (bound(&"x".repeat(256), &[]), (400, "41013")),
        (bound("taken", &["staff"]), (409, "41004")),
        (bound("apim:admin", &["staff"]), (403, "41008")),
        (bound("openid", &["staff"]), (403, "41008")),
    ] {
        let refused = call(&stage, Method::POST, "", body.clone()).await;
        assert_eq!((refused.status, refused.body["code"].as_str().unwrap()), expected, "{body} gave {refused:?}");
        assert!(refused.body["traceId"].is_string() && refused.body["description"].is_string(), "{refused:?}");
    }
    assert_eq!(call(&stage, Method::GET, "/name/none", Value::Null).await.text("code"), "41003");
    assert_eq!(call(&stage, Method::PUT, "/name/none", bound("none", &[])).await.status, 404);
    assert_eq!(call(&stage, Method::GET, "?count=x", Value::Null).await.status, 400);
    for (user, status) in [
        (("admin@one.com", "wrong"), 401),
        (("admin@two.com", "admin-secret"), 401),
        (("admin", "admin"), 401),
        (("dora@one.com", "dora-secret"), 403),
    ] {
        for (method, path) in [(Method::POST, ""), (Method::GET, ""), (Method::DELETE, "/name/taken")] {
            let refused = call_as(&stage, user, method.clone(), path, bound("b", &[])).await;
            assert_eq!(refused.status, status, "{method} {path} {user:?}");
        }
    }
    let listed = call(&stage, Method::GET, "", Value::Null).await;
    assert_eq!(listed.body.as_array().unwrap().len(), 1, "{listed:?}");
    stage.close().await;
}

#[tokio::test]
async fn a_connector_tells_it_of_scopes_as_it_tells_any_server_of_the_family() {
    let stage = Stage::open().await;
    let listed = stage.admin(Method::GET, "/key-managers", Value::Null).await;
    let path = format!("/key-managers/{}", listed.body["list"][0]["id"].as_str().unwrap());
    let resident = stage.admin(Method::GET, &path, Value::Null).await;
    let there = json!({
        "name": "one", "type": "WSO2-IS", "issuer": resident.text("issuer"),
        "tokenEndpoint": resident.text("tokenEndpoint"), "revokeEndpoint": resident.text("revokeEndpoint"),
        "introspectionEndpoint": resident.text("introspectionEndpoint"),
        "clientRegistrationEndpoint": resident.text("clientRegistrationEndpoint"),
        "scopeManagementEndpoint": resident.text("scopeManagementEndpoint"), "enableOAuthAppCreation": true,
        "additionalProperties": {"Username": ADMIN_OF_ONE.0, "Password": ADMIN_OF_ONE.1},
    });
    let of_two =
        async |method: Method, path: &str, body: Value| stage.call("admin", "two.com", method, path, body).await;
    let made = of_two(Method::POST, &format!("{ADMIN}/key-managers"), there).await;
    assert_eq!(made.status, 201, "{made:?}");
    let scopes = format!("{PUBLISHER}/scopes");
    let shared = of_two(Method::POST, &scopes, bound("orders:read", &["staff"])).await;
    assert_eq!(shared.status, 201, "{shared:?}");
    let told = call(&stage, Method::GET, "/name/orders:read", Value::Null).await;
    assert_eq!((told.status, &told.body["bindings"]), (200, &json!(["staff"])), "{told:?}");
    let path = format!("{scopes}/{}", shared.text("id"));
    assert_eq!(of_two(Method::PUT, &path, bound("orders:read", &["admin"])).await.status, 200);
    let told = call(&stage, Method::GET, "/name/orders:read", Value::Null).await;
    assert_eq!(told.body["bindings"], json!(["admin"]));
    assert_eq!(of_two(Method::DELETE, &path, Value::Null).await.status, 200);
    assert_eq!(call(&stage, Method::HEAD, "/name/orders:read", Value::Null).await.status, 404);
    stage.close().await;
}
