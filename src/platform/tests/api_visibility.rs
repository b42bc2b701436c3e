//! Who sees an API in the developer portal, and who may subscribe to it: by visibility, tenant and roles.
//! What a member of the document may hold is tested in `api_members`.

use super::*;

/// The APIs `open`, `inner` and `staff` of `one.com`, for everybody, for its users and for its staff; their ids.
async fn three(stage: &Stage) -> Vec<(&'static str, String)> {
    let mut made = Vec::new();
    for (name, visibility, roles) in
        [("open", "PUBLIC", json!([])), ("inner", "PRIVATE", json!([])), ("staff", "RESTRICTED", json!(["staff"]))]
    {
        let document = json!({"name": name, "context": name, "version": "1", "policies": ["Unlimited"],
            "visibility": visibility, "visibleRoles": roles, "subscriptionAvailability": "ALL_TENANTS",
            "endpointConfig": {"endpoint_type": "http", "production_endpoints": {"url": "http://localhost:1"}},
            "operations": [{"target": "/*", "verb": "GET"}]});
        let api = stage.call("admin", "one.com", Method::POST, &format!("{PUBLISHER}/apis"), document).await;
        assert_eq!((api.status, api.text("visibility").as_str()), (201, visibility), "{api:?}");
        let publish = format!("{PUBLISHER}/apis/change-lifecycle?apiId={}&action=Publish", api.text("id"));
        assert_eq!(stage.call("admin", "one.com", Method::POST, &publish, Value::Null).await.status, 200);
        made.push((name, api.text("id")));
    }
    made
}

/// A call in the portal of `one.com`, by `user@tenant` or by nobody.
async fn visit(stage: &Stage, who: Option<&str>, method: Method, path: &str, body: Value) -> Answer {
    let url = format!("{}{DEVPORTAL}{path}", stage.platform.management_url());
    let mut request = stage.client.request(method, url).header("X-WSO2-Tenant", "one.com");
    if let Some((user, tenant)) = who.and_then(|who| who.split_once('@')) {
        request = request.bearer_auth(format!("{user}|{tenant}|{EVERYTHING}"));
    }
    Stage::answer(if body.is_null() { request } else { request.json(&body) }).await
}

#[tokio::test]
async fn everybody_sees_in_the_portal_what_is_for_them_and_nothing_else() {
    const ALLOWED: &str = "[apim.devportal]\nenable_cross_tenant_subscriptions = true";
    let stage = Stage::configured(ALLOWED).await;
    let apis = three(&stage).await;
    for (who, seen) in [
        (None, &["open"][..]),
        (Some("dora@one.com"), &["open", "inner"]),
        (Some("otto@one.com"), &["open", "inner", "staff"]),
        (Some("otto@two.com"), &["open"]),
    ] {
        let listed = visit(&stage, who, Method::GET, "/apis", Value::Null).await;
        let mut names: Vec<_> = listed.body["list"].as_array().unwrap().iter().map(|api| api["name"].clone()).collect();
        names.sort_by_key(|name| apis.iter().position(|(own, _)| name == own));
        assert_eq!((listed.status, json!(names)), (200, json!(seen)), "{who:?}");
        for (name, id) in &apis {
            let read = visit(&stage, who, Method::GET, &format!("/apis/{id}"), Value::Null).await;
            let expected = if seen.contains(name) { (200, 0) } else { (403, 900915) };
            assert_eq!(read.verdict(), expected, "{who:?} {name}");
        }
    }
    let bad = stage.client.get(format!("{}{DEVPORTAL}/apis", stage.platform.management_url())).bearer_auth("nobody");
    assert_eq!(Stage::answer(bad).await.status, 401, "who sends a token has to send a good one");
    stage.close().await;
}

#[tokio::test]
async fn only_who_sees_an_api_subscribes_to_it_and_its_loss_breaks_no_list() {
    let stage = Stage::open().await;
    let apis = three(&stage).await;
    let mut subscribed = Vec::new();
    for (user, allowed) in [("dora", &["open", "inner"][..]), ("otto", &["open", "inner", "staff"])] {
        let who = format!("{user}@one.com");
        let draft = json!({"name": "app", "throttlingPolicy": "Unlimited"});
        let application = visit(&stage, Some(&who), Method::POST, "/applications", draft).await.text("applicationId");
        for (name, id) in &apis {
            let order = json!({"applicationId": application, "apiId": id, "throttlingPolicy": "Unlimited"});
            let answer = visit(&stage, Some(&who), Method::POST, "/subscriptions", order).await;
            let expected = if allowed.contains(name) { (201, 0) } else { (403, 900915) };
            assert_eq!(answer.verdict(), expected, "{user} {name}");
            if answer.status == 201 {
                subscribed.push((who.clone(), application.clone(), *name, answer));
            }
        }
    }
    // The API that both subscribed to becomes the staff's.
    let path = format!("{PUBLISHER}/apis/{}", apis[1].1);
    let document = stage.call("admin", "one.com", Method::GET, &path, Value::Null).await.body;
    let document = with(document, json!({"visibility": "RESTRICTED", "visibleRoles": ["staff"]}));
    assert_eq!(stage.call("admin", "one.com", Method::PUT, &path, document).await.status, 200);
    for (who, application, name, subscription) in &subscribed {
        let own = subscription.text("subscriptionId");
        let list = format!("/subscriptions?applicationId={application}");
        let listed = visit(&stage, Some(who), Method::GET, &list, Value::Null).await;
        let entries = listed.body["list"].as_array().unwrap();
        let entry = entries.iter().find(|one| one["subscriptionId"] == own.as_str()).unwrap();
        let hidden = *name == "inner" && who == "dora@one.com";
        assert_eq!((listed.status, entry["apiInfo"].is_null()), (200, hidden), "{who} {name}");
        let read = visit(&stage, Some(who), Method::GET, &format!("/subscriptions/{own}"), Value::Null).await;
        assert_eq!((read.status, read.body["apiInfo"].is_null()), (200, hidden), "{who} {name}");
    }
    stage.close().await;
}
