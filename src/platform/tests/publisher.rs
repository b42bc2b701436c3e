//! APIs, scopes and deployment at the publisher plane.

use super::*;
use crate::events::Event;

fn api(name: &str) -> Value {
    json!({
        "name": name,
        "context": name,
        "version": "1.0.0",
        "policies": ["Unlimited"],
        "endpointConfig": {"endpoint_type": "http", "production_endpoints": {"url": "https://backend"}},
        "operations": [{"target": "/*", "verb": "get", "scopes": ["read"]}],
        "scopes": [{"scope": {"name": "read", "bindings": ["staff"]}}],
    })
}

impl Stage {
    async fn publisher(&self, method: Method, path: &str, body: Value) -> Answer {
        self.call("pat", "one.com", method, &format!("{PUBLISHER}{path}"), body).await
    }
}

#[tokio::test]
async fn an_api_document_is_refused_with_the_code_of_its_mistake() {
    let stage = Stage::open().await;
    let taken =
        stage.publisher(Method::POST, "/apis", with(api("taken"), json!({"scopes": [], "operations": []}))).await;
    assert_eq!(taken.status, 201, "{:?}", taken.body);
    assert_eq!(taken.body["keyManagers"], json!(["all"]));
    assert_eq!(taken.text("context"), "/t/one.com/taken");
    let table = [
        (json!({"keyManagers": "all"}), (400, 903203)),
        (json!({"keyManagers": [7]}), (400, 903203)),
        (json!({"keyManagers": ["unheard"]}), (400, 901403)),
        (json!({"colour": "red"}), (400, 400)),
        (json!({"context": null}), (400, 400)),
        (json!({"context": "a b"}), (400, 900706)),
        (json!({"version": 7}), (400, 400)),
        (json!({"operations": [{"target": "/", "verb": "JUMP"}]}), (400, 400)),
        (json!({"operations": [{"target": "/", "verb": "GET", "scopes": ["other"]}]}), (400, 400)),
        (json!({"scopes": [{"scope": {"name": "read", "bindings": ["ghost"]}}]}), (400, 903250)),
        (json!({"endpointConfig": "http://localhost:1"}), (400, 400)),
        (json!({"endpointConfig": []}), (400, 400)),
        (json!({"scopes": [{"scope": {"name": "read"}, "shared": true}]}), (404, 900981)),
        (json!({"context": "taken"}), (409, 409)),
        (json!({"keyManagers": ["Resident Key Manager"]}), (201, 0)),
    ];
    for (changes, expected) in table {
        let answer = stage.publisher(Method::POST, "/apis", with(api("a"), changes.clone())).await;
        assert_eq!(answer.verdict(), expected, "{changes} gave {:?}", answer.body);
    }
    stage.close().await;
}

#[tokio::test]
async fn what_is_deployed_is_the_revision_and_not_the_document() {
    let stage = Stage::open().await;
    let mut events = stage.platform.site().bus.subscribe();
    let made = stage.publisher(Method::POST, "/apis", api("orders")).await;
    let id = made.text("id");
    let revision = stage.publisher(Method::POST, &format!("/apis/{id}/revisions"), json!({})).await;
    assert_eq!(revision.status, 201);
    let changed = with(made.body, json!({"audiences": ["late"]}));
    assert_eq!(stage.publisher(Method::PUT, &format!("/apis/{id}"), changed).await.status, 200);
    let deploy = format!("/apis/{id}/deploy-revision?revisionId={}", revision.text("id"));
    let places = json!([{"name": "Default", "vhost": "localhost", "displayOnDevportal": true}]);
    assert_eq!(stage.publisher(Method::POST, &deploy, json!([])).await.status, 400);
    assert_eq!(stage.publisher(Method::POST, &deploy, places).await.status, 201);
    let event = events.recv().await.unwrap();
    let Event::ApiDeployed { tenant, revision } = event else { panic!("{event:?}") };
    assert_eq!((tenant.as_str(), revision.api.audiences.as_slice()), ("one.com", &[] as &[String]));
    assert_eq!(revision.api.operations[0].verb, "GET");
    let application = stage.application("orders").await;
    let subscription = json!({"applicationId": application, "apiId": id, "throttlingPolicy": "Unlimited"});
    let early = stage.dora(Method::POST, "/subscriptions", subscription.clone()).await;
    assert_eq!(early.status, 403, "not published yet");
    let publish = format!("/apis/change-lifecycle?apiId={id}&action=Publish");
    assert_eq!(stage.publisher(Method::POST, &publish, Value::Null).await.status, 200);
    assert_eq!(stage.dora(Method::POST, "/subscriptions", subscription.clone()).await.status, 201);
    assert_eq!(stage.dora(Method::POST, "/subscriptions", subscription).await.status, 409);
    assert_eq!(stage.publisher(Method::DELETE, &format!("/apis/{id}"), Value::Null).await.status, 409);
    stage.close().await;
}

#[tokio::test]
async fn a_shared_scope_is_kept_while_an_api_uses_it() {
    let stage = Stage::open().await;
    let scope = json!({"name": "pay", "displayName": "Pay", "bindings": ["nowhere"]});
    let made = stage.publisher(Method::POST, "/scopes", scope.clone()).await;
    assert_eq!((made.status, &made.body["bindings"]), (201, &json!(["nowhere"])));
    assert_eq!(stage.publisher(Method::POST, "/scopes", scope).await.verdict(), (409, 900984));
    let attached = json!({"scopes": [{"scope": {"name": "pay"}, "shared": true}], "operations": []});
    let user = stage.publisher(Method::POST, "/apis", with(api("a"), attached)).await;
    let path = format!("/scopes/{}", made.text("id"));
    assert_eq!(stage.publisher(Method::DELETE, &path, Value::Null).await.verdict(), (409, 900985));
    let api = format!("/apis/{}", user.text("id"));
    assert_eq!(stage.publisher(Method::DELETE, &api, Value::Null).await.status, 200);
    assert_eq!(stage.publisher(Method::DELETE, &path, Value::Null).await.status, 200);
    stage.close().await;
}
