//! Throttling policies: made by administrators, offered to whom they are meant for, and named by nobody else.

use super::*;

async fn policy(stage: &Stage, level: &str, document: Value) -> Answer {
    stage.admin(Method::POST, &format!("/throttling/policies/{level}"), document).await
}

#[tokio::test]
async fn a_tenants_application_policy_is_nobody_elses() {
    let stage = Stage::open().await;
    let made =
        policy(&stage, "application", json!({"policyName": "Slow", "displayName": "Slow", "defaultLimit": {}})).await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    let place = format!("/throttling/policies/application/{}", made.text("policyId"));
    assert_eq!(policy(&stage, "application", json!({"policyName": "Slow"})).await.status, 409);
    assert_eq!(policy(&stage, "application", json!({"policyName": "Unlimited"})).await.status, 409);
    assert_eq!(policy(&stage, "application", json!({"displayName": "x"})).await.status, 400);
    assert_eq!(policy(&stage, "api", json!({"policyName": "Slow"})).await.status, 404);
    let order = json!({"name": "slow one", "throttlingPolicy": "Slow"});
    let path = format!("{DEVPORTAL}/applications");
    let foreign = stage.call("dora", "two.com", Method::POST, &path, order.clone()).await;
    assert_eq!(foreign.verdict(), (400, 900305), "TEN-12");
    let own = stage.dora(Method::POST, "/applications", order).await;
    assert_eq!(own.status, 201, "{:?}", own.body);
    let list = stage.dora(Method::GET, "/throttling-policies/application", Value::Null).await;
    let names: Vec<&str> =
        list.body["list"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
    assert!(names.contains(&"Slow") && names.contains(&"Unlimited"), "{names:?}");
    assert_eq!(stage.admin(Method::DELETE, &place, Value::Null).await.status, 403, "it is named");
    let application = format!("/applications/{}", own.text("applicationId"));
    assert_eq!(stage.dora(Method::DELETE, &application, Value::Null).await.status, 200);
    assert_eq!(stage.admin(Method::DELETE, &place, Value::Null).await.status, 200);
    assert_eq!(stage.admin(Method::GET, &place, Value::Null).await.status, 404);
    stage.close().await;
}

#[tokio::test]
async fn the_policies_that_every_tenant_has_are_listed_with_ids_of_their_own() {
    let stage = Stage::open().await;
    let list = stage.admin(Method::GET, "/throttling/policies/subscription", Value::Null).await;
    let ids: Vec<String> =
        list.body["list"].as_array().unwrap().iter().map(|one| one["policyId"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 4);
    for id in &ids {
        let place = format!("/throttling/policies/subscription/{id}");
        assert_eq!(stage.admin(Method::GET, &place, Value::Null).await.text("policyId"), *id);
        assert_eq!(stage.admin(Method::DELETE, &place, Value::Null).await.status, 404, "it is not theirs to delete");
    }
    stage.close().await;
}

#[tokio::test]
async fn a_plan_kept_for_a_role_is_hidden_from_others_and_refused_to_them() {
    let stage = Stage::open().await;
    let unknown = json!({"policyName": "Staff", "permissions": {"permissionType": "ALLOW", "roles": ["ghosts"]}});
    assert_eq!(policy(&stage, "subscription", unknown).await.verdict(), (404, 900607));
    let kept = json!({"policyName": "Staff", "permissions": {"permissionType": "ALLOW", "roles": ["staff"]}});
    assert_eq!(policy(&stage, "subscription", kept).await.status, 201);
    let api = json!({"name": "Pets", "context": "pets", "version": "1", "policies": ["Unlimited", "Staff"]});
    let publisher = |method, path: String, body| {
        let stage = &stage;
        async move { stage.call("admin", "one.com", method, &format!("{PUBLISHER}{path}"), body).await }
    };
    let unknown = with(api.clone(), json!({"policies": ["Platinum"]}));
    assert_eq!(publisher(Method::POST, "/apis".into(), unknown).await.verdict(), (400, 900305));
    let id = publisher(Method::POST, "/apis".into(), api).await.text("id");
    let publish = format!("/apis/change-lifecycle?apiId={id}&action=Publish");
    assert_eq!(publisher(Method::POST, publish, Value::Null).await.status, 200);
    for (user, plans, expected) in
        [("dora", json!(["Unlimited"]), (403, 902002)), ("otto", json!(["Unlimited", "Staff"]), (201, 0))]
    {
        let portal = async |method, path: &str, body| {
            stage.call(user, "one.com", method, &format!("{DEVPORTAL}{path}"), body).await
        };
        let seen = portal(Method::GET, &format!("/apis/{id}"), Value::Null).await;
        assert_eq!(seen.body["throttlingPolicies"], plans, "{user}");
        let mine = portal(Method::POST, "/applications", json!({"name": user, "throttlingPolicy": "Unlimited"})).await;
        let wanted = json!({"applicationId": mine.text("applicationId"), "apiId": id, "throttlingPolicy": "Staff"});
        let answer = portal(Method::POST, "/subscriptions", wanted).await;
        assert_eq!(answer.verdict(), expected, "{user}: {:?}", answer.body);
        if expected.0 == 201 {
            assert_eq!(answer.body["apiInfo"]["name"], "Pets");
            assert_eq!(answer.body["applicationInfo"]["name"], "otto");
        }
    }
    stage.close().await;
}
