//! Policies of operations and of whole APIs: what they do to messages, and that one which is taken is played.
//! Which documents are refused for them is tested with the other members of an API.

use super::{credentials::Open, *};

/// Attaches policies to the API and to its operation `/items`, and deploys it again; the answer that changed the document.
async fn attach(open: &Open, of_api: Value, own: Value) {
    let publisher = async |method: Method, path: &str, body: Value| {
        let path = format!("{PUBLISHER}/apis/{}{path}", open.api);
        let answer = open.stage.call("admin", "one.com", method, &path, body).await;
        assert!((200..300).contains(&answer.status), "{path}: {answer:?}");
        answer.body
    };
    let mut document = publisher(Method::GET, "", Value::Null).await;
    document["apiPolicies"] = of_api;
    document["operations"][0]["operationPolicies"] = own;
    publisher(Method::PUT, "", document).await;
    let revision = publisher(Method::POST, "/revisions", json!({})).await["id"].as_str().unwrap().to_owned();
    let deployment = json!([{"name": "Default", "displayOnDevportal": true}]);
    publisher(Method::POST, &format!("/deploy-revision?revisionId={revision}"), deployment).await;
}

fn header(policy: &str, name: &str, value: Option<&str>) -> Value {
    json!({"policyName": policy, "policyVersion": "v1", "parameters": {"headerName": name, "headerValue": value}})
}

#[tokio::test]
async fn fields_are_set_and_taken_away_and_an_answer_becomes_xml() {
    let open = Open::to(&["oauth2"]).await;
    let order = json!({"keyType": "PRODUCTION", "grantTypesToBeSupported": ["client_credentials"]});
    let keys = open.stage.dora(Method::POST, &format!("/applications/{}/generate-keys", open.application), order).await;
    let token = format!("Bearer {}", keys.body["token"]["accessToken"].as_str().unwrap());
    let of_api =
        json!({"request": [header("addHeader", "X-Trace", Some("api")), header("addHeader", "X-Api", Some("1"))]});
    let own = json!({
        "request": [header("addHeader", "X-Trace", Some("on")), header("removeHeader", "X-Gone", None)],
        "response": [header("addHeader", "X-Answer", Some("yes")), {"policyName": "jsonToXML"}],
    });
    attach(&open, of_api, own).await;
    let url = format!("{}/t/one.com/orders/1.0/items", open.stage.platform.gateway_url());
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(8);
    let answer = loop {
        open.backend.clear();
        let request = open.stage.client.get(&url).header("Authorization", &token);
        let answer = request.header("X-Gone", "here").header("X-Trace", "own").send().await.unwrap();
        if answer.headers().contains_key("x-answer") {
            break answer;
        }
        assert!(std::time::Instant::now() < deadline, "the policies are never played: {answer:?}");
    };
    let seen = open.backend.requests().pop().unwrap();
    let fields = |name| seen.header(name).collect::<Vec<_>>();
    assert_eq!((fields("x-trace"), fields("x-api"), fields("x-gone")), (vec!["on"], vec!["1"], vec![]));
    assert_eq!((answer.status().as_u16(), &answer.headers()["x-answer"]), (200, &"yes".parse().unwrap()));
    assert_eq!(answer.headers()["content-type"], "application/xml");
    let text = answer.text().await.unwrap();
    assert!(text.starts_with("<jsonObject>") && text.contains("<method>GET</method>"), "{text}");
    open.stage.close().await;
}
