//! Microsoft Graph: what is no application is not found, and no list of all of them instead.
//! Making and changing applications is tested in `vendor_clients`.

use kmspec_mocks::vendors::{MANAGER, Vendor};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Stage, answer, stage};

async fn manager(stage: &Stage) -> String {
    let scope = format!("{}/.default", stage.server.base_url());
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", scope.as_str()),
        ("client_id", MANAGER.0),
        ("client_secret", MANAGER.1),
    ];
    stage.post_bare(&stage.server.endpoints().token, &form).await.member("access_token")
}

async fn graph(stage: &Stage, token: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
    let url = format!("{}/v1.0/{path}", stage.server.base_url());
    let mut request = stage.http.request(method, url).bearer_auth(token);
    if let Some(body) = body {
        request = request.json(&body);
    }
    answer(request.send().await.unwrap()).await
}

#[tokio::test]
async fn a_path_that_names_no_application_lists_none() {
    let stage = stage(Vendor::Entra).await;
    let token = manager(&stage).await;
    let made = graph(&stage, &token, Method::POST, "applications", Some(json!({ "displayName": "shop" }))).await;
    let (id, app_id) = (made.member("id"), made.member("appId"));
    for good in [format!("applications/{id}"), format!("applications(appId='{app_id}')"), "applications".to_owned()] {
        assert_eq!(graph(&stage, &token, Method::GET, &good, None).await.status, 200, "{good}");
    }
    for (bad, status) in [
        ("applicationsxyz".to_owned(), 404),
        ("applications/%ff".to_owned(), 404),
        (format!("applications(appId='{app_id}"), 400),
        (format!("applications(appId={app_id})"), 400),
        (format!("applications(appId='{app_id}')x"), 400),
        ("applications()".to_owned(), 400),
        (format!("applications(appId='{app_id}')/nothing"), 400),
    ] {
        for method in [Method::GET, Method::DELETE] {
            let refused = graph(&stage, &token, method.clone(), &bad, None).await;
            assert_eq!(refused.status, status, "{method} {bad}: {}", refused.text);
        }
    }
    assert_eq!(
        graph(&stage, &token, Method::GET, &format!("applications/{id}"), None).await.status,
        200,
        "it is there"
    );
}

#[tokio::test]
async fn members_of_an_application_are_of_the_kind_that_they_have_to_be() {
    let stage = stage(Vendor::Entra).await;
    let token = manager(&stage).await;
    let made = graph(&stage, &token, Method::POST, "applications", Some(json!({ "displayName": "shop" }))).await;
    let one = format!("applications/{}", made.member("id"));
    for body in [
        json!({ "api": 7 }),
        json!({ "api": [] }),
        json!({ "api": { "requestedAccessTokenVersion": 3 } }),
        json!({ "web": "x" }),
        json!({ "web": { "redirectUris": "x" } }),
        json!({ "signInAudience": 1 }),
        json!({ "requiredResourceAccess": {} }),
        json!({ "displayName": 5 }),
        json!({ "tags": "x" }),
        json!({ "identifierUris": [1] }),
    ] {
        let refused = graph(&stage, &token, Method::PATCH, &one, Some(body.clone())).await;
        assert_eq!(refused.status, 400, "{body}");
        assert!(refused.json()["error"]["code"].is_string(), "{body}: {}", refused.text);
    }
    let good = json!({ "api": { "requestedAccessTokenVersion": 2 }, "signInAudience": "AzureADMyOrg", "web": { "redirectUris": ["https://a.example/cb"] } });
    assert_eq!(graph(&stage, &token, Method::PATCH, &one, Some(good)).await.status, 204);
    let kept = graph(&stage, &token, Method::GET, &one, None).await.json();
    assert_eq!(kept["api"]["requestedAccessTokenVersion"], 2, "{kept}");
}
