//! What the planes take and give in header fields beside the bodies.

use super::*;

#[tokio::test]
async fn an_application_that_a_client_has_already_is_not_sent_again() {
    let stage = Stage::open().await;
    let id = stage.application("orders").await;
    let url = format!("{}{DEVPORTAL}/applications/{id}", stage.platform.management_url());
    let get = |tag: Option<String>| {
        let request = stage.client.get(&url).bearer_auth(format!("dora|one.com|{EVERYTHING}"));
        tag.into_iter().fold(request, |request, tag| request.header("If-None-Match", tag)).send()
    };
    let tag = get(None).await.unwrap().headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(get(Some(tag.clone())).await.unwrap().status(), 304);
    assert_eq!(get(Some(format!("\"other\", W/{tag}"))).await.unwrap().status(), 304);
    assert_eq!(get(Some("\"other\"".to_owned())).await.unwrap().status(), 200);
    let changed = json!({"name": "orders", "throttlingPolicy": "Unlimited", "description": "changed"});
    assert_eq!(stage.dora(Method::PUT, &format!("/applications/{id}"), changed).await.status, 200);
    assert_eq!(get(Some(tag)).await.unwrap().status(), 200);
    stage.close().await;
}

#[tokio::test]
async fn another_media_type_is_refused_on_the_way_in_and_on_the_way_out() {
    let stage = Stage::open().await;
    let url = format!("{}{DEVPORTAL}/applications", stage.platform.management_url());
    let token = format!("dora|one.com|{EVERYTHING}");
    let draft = json!({"name": "orders", "throttlingPolicy": "Unlimited"}).to_string();
    for (said, expected) in [
        (Some("text/plain"), 415),
        (Some("application/x-www-form-urlencoded"), 415),
        (Some("application/json; charset=utf-8"), 201),
        (None, 409),
    ] {
        let request = stage.client.post(&url).bearer_auth(&token).body(draft.clone());
        let request = said.into_iter().fold(request, |request, said| request.header("Content-Type", said));
        assert_eq!(Stage::answer(request).await.status, expected, "{said:?}");
    }
    for (taken, expected) in [("application/xml", 406), ("text/html, */*;q=0.1", 200)] {
        let request = stage.client.get(&url).bearer_auth(&token).header("Accept", taken);
        let answer = Stage::answer(request).await;
        assert_eq!(answer.status, expected, "{taken}");
        assert!(expected == 200 || answer.body["code"] == 406, "{:?}", answer.body);
    }
    stage.close().await;
}

#[tokio::test]
async fn each_resource_is_opened_by_its_own_scopes() {
    let stage = Stage::open().await;
    let all =
        ["apim:store_settings", "apim:subscribe", "apim:app_manage", "apim:api_view", "apim:api_publish", "openid"];
    for (path, opened) in [
        (format!("{DEVPORTAL}/settings"), &["apim:store_settings"][..]),
        (format!("{DEVPORTAL}/key-managers"), &["apim:subscribe"]),
        (format!("{DEVPORTAL}/applications"), &["apim:subscribe", "apim:app_manage"]),
        (format!("{PUBLISHER}/key-managers"), &["apim:api_view"]),
    ] {
        for scope in all {
            let token = format!("admin|one.com|{scope}");
            let status = stage.with_scopes(&token, Method::GET, &path, Value::Null).await.status;
            assert_eq!(status, if opened.contains(&scope) { 200 } else { 401 }, "{path} with {scope}");
        }
    }
    stage.close().await;
}
