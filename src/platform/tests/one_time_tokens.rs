//! Tokens that count once, where an operation says so by its policy (REV-08 to REV-10).
//! Other revocations are tested with the gateway.

use super::{
    credentials::{Open, refused},
    *,
};

/// Attaches the policy to the operation `/items`, and deploys the API again.
async fn once_only(open: &Open) {
    let publisher = async |method: Method, path: &str, body: Value| {
        let path = format!("{PUBLISHER}/apis/{}{path}", open.api);
        let answer = open.stage.call("admin", "one.com", method, &path, body).await;
        assert!((200..300).contains(&answer.status), "{path}: {answer:?}");
        answer.body
    };
    let mut document = publisher(Method::GET, "", Value::Null).await;
    let policy = json!({"policyName": "revokeOneTimeToken", "policyVersion": "v1", "parameters": {"scope": "OTT"}});
    document["operations"][0]["operationPolicies"] = json!({"request": [policy], "response": [], "fault": []});
    publisher(Method::PUT, "", document).await;
    let revision = publisher(Method::POST, "/revisions", json!({})).await["id"].as_str().unwrap().to_owned();
    let deployment = json!([{"name": "Default", "displayOnDevportal": true}]);
    publisher(Method::POST, &format!("/deploy-revision?revisionId={revision}"), deployment).await;
}

#[tokio::test]
async fn a_token_with_the_scope_counts_once_and_others_as_often_as_they_like() {
    let open = Open::on(Stage::open().await, &["oauth2"]).await;
    let nobody = UserSpec { name: "nora".into(), password: "nora-secret".into(), roles: vec![] };
    open.stage.platform.add_users("one.com", vec![nobody]).await.unwrap();
    let order = json!({"keyType": "PRODUCTION", "grantTypesToBeSupported": ["client_credentials", "password"]});
    let path = format!("/applications/{}/generate-keys", open.application);
    let keys = open.stage.dora(Method::POST, &path, order).await;
    let token = async |more: &[(&str, &str)]| {
        let url = format!("{}/t/one.com/oauth2/token", open.stage.platform.management_url());
        let request = open.stage.client.post(url).form(more);
        let request = request.basic_auth(keys.text("consumerKey"), Some(keys.text("consumerSecret")));
        format!("Bearer {}", Stage::answer(request).await.text("access_token"))
    };
    let application = [("grant_type", "client_credentials")];
    let plain = token(&application).await;
    open.until(200, "Authorization", &plain).await;
    once_only(&open).await;
    // Seen to count once as soon as the gateway serves the new revision.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(8);
    loop {
        let probe = token(&[application[0], ("scope", "OTT")]).await;
        assert_eq!(open.with("Authorization", &probe).await.0, 200);
        if open.with("Authorization", &probe).await == refused(401, "900901") {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "the policy never counted");
    }
    let user =
        [("grant_type", "password"), ("username", "nora@one.com"), ("password", "nora-secret"), ("scope", "OTT")];
    let users = token(&user).await;
    assert_eq!(open.with("Authorization", &users).await.0, 200);
    open.until(401, "Authorization", &users).await;
    for _ in 0..3 {
        assert_eq!(open.with("Authorization", &plain).await.0, 200, "it has not got the scope");
    }
    open.stage.close().await;
}
