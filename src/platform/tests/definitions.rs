//! The definition of an API: what it says of the operations comes in, and goes out as it came.
//! That there is one is told by `contract`.

use super::{contract::Furnished, *};

async fn update(all: &Furnished, definition: &Value) -> Answer {
    let (method, path) = all.place("PUT /pub/apis/{api}/swagger");
    let form = reqwest::multipart::Form::new().text("apiDefinition", definition.to_string());
    let url = format!("{}{path}", all.stage.platform.management_url());
    let request = all.stage.client.request(method, url).bearer_auth(format!("admin|one.com|{EVERYTHING}"));
    Stage::answer(request.multipart(form)).await
}

#[tokio::test]
async fn a_definition_that_comes_back_as_it_went_changes_nothing() {
    let all = Furnished::open().await;
    let policy = json!({"request": [{"policyName": "jsonToXML", "policyVersion": "v1"}]});
    let operations = json!([
        {"target": "/a", "verb": "GET", "authType": "Application", "throttlingPolicy": "10KPerMin", "scopes": ["own", "read"],
            "operationPolicies": policy},
        {"target": "/a", "verb": "POST", "authType": "None", "scopes": []},
        {"target": "/b/{id}", "verb": "DELETE", "throttlingPolicy": "50KPerMin", "scopes": ["read"]},
    ]);
    let scopes = json!([{"scope": {"name": "own"}, "shared": false}, {"scope": {"name": "read"}, "shared": true}]);
    let read = all.ask("admin", "GET /pub/apis/{api}", Value::Null).await.body;
    let changed = with(read, json!({"operations": operations, "scopes": scopes}));
    assert_eq!(all.ask("admin", "PUT /pub/apis/{api}", changed).await.status, 200);
    let before = all.ask("admin", "GET /pub/apis/{api}", Value::Null).await.body;
    assert_eq!(before["operations"][0]["operationPolicies"], policy);

    let definition = all.ask("admin", "GET /pub/apis/{api}/swagger", Value::Null).await.body;
    let told = |path: &str, verb: &str, member: &str| definition["paths"][path][verb][member].clone();
    assert_eq!(told("/a", "get", "x-throttling-tier"), "10KPerMin");
    assert_eq!(told("/a", "get", "x-auth-type"), "Application");
    assert_eq!(told("/a", "get", "security"), json!([{"default": ["own", "read"]}]));
    assert_eq!(told("/a", "post", "x-throttling-tier"), "Unlimited");
    assert_eq!(told("/b/{id}", "delete", "x-throttling-tier"), "50KPerMin");
    let answer = update(&all, &definition).await;
    assert_eq!((answer.status, &answer.body), (200, &definition));
    let after = all.ask("admin", "GET /pub/apis/{api}", Value::Null).await.body;
    let telling = |document: &Value| {
        let rows = document["operations"].as_array().unwrap().iter();
        // No plan is the same as the unlimited one.
        let told = rows.map(|row| {
            with(row.clone(), json!({"throttlingPolicy": row["throttlingPolicy"].as_str().unwrap_or("Unlimited")}))
        });
        told.collect::<Vec<_>>()
    };
    assert_eq!(telling(&after), telling(&before));
    assert_eq!(with(after, json!({"operations": null})), with(before, json!({"operations": null})));

    let mut other = definition.clone();
    other["paths"]["/a"]["get"]["x-throttling-tier"] = json!("20KPerMin");
    assert_eq!(update(&all, &other).await.body["paths"]["/a"]["get"]["x-throttling-tier"], "20KPerMin");
    other["paths"]["/a"]["get"]["x-throttling-tier"] = json!("Ludicrous");
    assert_eq!(update(&all, &other).await.status, 400);
    all.stage.close().await;
}

#[tokio::test]
async fn a_definition_brings_other_operations() {
    let all = Furnished::open().await;
    let (method, path) = all.place("PUT /pub/apis/{api}/swagger");
    let definition = json!({"openapi": "3.0.1", "paths": {"/open": {"get": {"x-auth-type": "None"}}}}).to_string();
    let form = reqwest::multipart::Form::new().text("apiDefinition", definition);
    let url = format!("{}{path}", all.stage.platform.management_url());
    let request = all.stage.client.request(method, url).bearer_auth(format!("admin|one.com|{EVERYTHING}"));
    assert_eq!(Stage::answer(request.multipart(form)).await.status, 200);
    let read = all.ask("admin", "GET /pub/apis/{api}", Value::Null).await;
    let operation = &read.body["operations"][0];
    assert_eq!(
        (&operation["target"], &operation["verb"], &operation["authType"]),
        (&json!("/open"), &json!("GET"), &json!("None"))
    );
    all.stage.close().await;
}

#[tokio::test]
async fn a_misspelt_way_of_logging_in_opens_no_operation() {
    let all = Furnished::open().await;
    let before = all.ask("admin", "GET /pub/apis/{api}", Value::Null).await.body;
    for misspelt in ["none", "NONE", "application", "X"] {
        let mut changed = before.clone();
        changed["operations"][0]["authType"] = json!(misspelt);
        assert_eq!(all.ask("admin", "PUT /pub/apis/{api}", changed).await.status, 400, "{misspelt}");
        let (method, path) = all.place("PUT /pub/apis/{api}/swagger");
        let definition = json!({"openapi": "3.0.1", "paths": {"/open": {"get": {"x-auth-type": misspelt}}}});
        let form = reqwest::multipart::Form::new().text("apiDefinition", definition.to_string());
        let url = format!("{}{path}", all.stage.platform.management_url());
        let request = all.stage.client.request(method, url).bearer_auth(format!("admin|one.com|{EVERYTHING}"));
        assert_eq!(Stage::answer(request.multipart(form)).await.status, 400, "{misspelt}");
    }
    assert_eq!(all.ask("admin", "GET /pub/apis/{api}", Value::Null).await.body, before);
    all.stage.close().await;
}
