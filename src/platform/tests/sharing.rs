//! Applications that are shared with a group (APP-05 to APP-07, AK-15) or with an organization.
//! Whether they can be is configured.

use super::*;

const SHARED: &str = "[apim.devportal]\nenable_application_sharing = true\napplication_sharing_type = \"default\"";

/// Signs somebody up in `one.com` with these claims.
pub(super) async fn sign_up(stage: &Stage, name: &str, claims: Value) {
    let url = format!("{}/t/one.com/api/identity/user/v1.0/me", stage.platform.management_url());
    let order = json!({"user": {"username": name, "password": format!("{name}-secret"), "claims": claims}});
    let made = Stage::answer(stage.client.post(url).basic_auth("admin", Some("admin")).json(&order)).await;
    assert_eq!(made.status, 201, "{:?}", made.body);
}

async fn as_user(stage: &Stage, user: &str, method: Method, path: &str, body: Value) -> Answer {
    stage.call(user, "one.com", method, &format!("{DEVPORTAL}{path}"), body).await
}

#[tokio::test]
async fn a_group_sees_an_application_and_changes_nothing_of_it() {
    for (text, groups, seen) in [(SHARED, json!(["blue"]), 200), ("", json!([]), 403)] {
        let stage = Stage::configured(text).await;
        let group = |name: &str| json!([{"uri": "http://wso2.org/claims/organization", "value": name}]);
        sign_up(&stage, "mate", group("red, blue")).await;
        sign_up(&stage, "stranger", group("green")).await;
        let body = json!({"name": "orders", "throttlingPolicy": "Unlimited", "groups": ["blue"]});
        let made = stage.dora(Method::POST, "/applications", body).await;
        assert_eq!((made.status, &made.body["groups"]), (201, &groups), "{text}");
        let path = format!("/applications/{}", made.text("applicationId"));
        let settings = as_user(&stage, "mate", Method::GET, "/settings", Value::Null).await;
        assert_eq!(settings.body["applicationSharingEnabled"], seen == 200);
        assert_eq!(as_user(&stage, "mate", Method::GET, &path, Value::Null).await.status, seen);
        assert_eq!(as_user(&stage, "stranger", Method::GET, &path, Value::Null).await.verdict(), (403, 900915));
        let listed = as_user(&stage, "mate", Method::GET, "/applications", Value::Null).await;
        assert_eq!(listed.body["count"], u8::from(seen == 200));
        for (method, path) in [
            (Method::PUT, path.clone()),
            (Method::DELETE, path.clone()),
            (Method::POST, format!("{path}/api-keys/PRODUCTION/generate")),
        ] {
            let refused = as_user(&stage, "mate", method.clone(), &path, made.body.clone()).await;
            let verdict = refused.verdict();
            assert!(
                verdict == (403, 900915) || verdict == (400, 400) && method == Method::POST,
                "{method} {path} {verdict:?}"
            );
        }
        let order = json!({"keyType": "PRODUCTION", "grantTypesToBeSupported": ["password"]});
        let refused = as_user(&stage, "mate", Method::POST, &format!("{path}/generate-keys"), order).await;
        assert_eq!(refused.verdict(), (403, 900915));
        let keys = format!("{path}/api-keys/PRODUCTION");
        let own = stage.dora(Method::POST, &format!("{keys}/generate"), json!({"keyName": "mine"})).await;
        assert_eq!(own.status, 200);
        let theirs = as_user(&stage, "mate", Method::GET, &keys, Value::Null).await;
        assert_eq!((theirs.status, theirs.body["count"].as_u64()), (seen, (seen == 200).then_some(0)));
        stage.close().await;
    }
}

#[tokio::test]
async fn an_organization_sees_an_application_that_is_shared_with_it() {
    let stage = Stage::open().await;
    let member = |of: &str| json!([{"uri": "http://wso2.org/claims/organizationId", "value": of}]);
    for (name, of) in [("owner", "red"), ("mate", "red"), ("stranger", "blue")] {
        sign_up(&stage, name, member(of)).await;
    }
    let draft =
        |name: &str, visibility: &str| json!({"name": name, "throttlingPolicy": "Unlimited", "visibility": visibility});
    for (visibility, seen) in [("PRIVATE", 403), ("SHARED_WITH_ORG", 200)] {
        let made = as_user(&stage, "owner", Method::POST, "/applications", draft(visibility, visibility)).await;
        assert_eq!((made.status, made.text("visibility").as_str()), (201, visibility));
        let path = format!("/applications/{}", made.text("applicationId"));
        let status = async |user: &str, method: Method| {
            as_user(&stage, user, method, &path, draft(visibility, visibility)).await.status
        };
        assert_eq!(status("mate", Method::GET).await, seen);
        assert_eq!(status("mate", Method::PUT).await, 403);
        assert_eq!(status("stranger", Method::GET).await, 403);
        assert_eq!(status("dora", Method::GET).await, 403, "of no organization");
    }
    let listed = as_user(&stage, "mate", Method::GET, "/applications", Value::Null).await;
    assert_eq!(
        (listed.body["count"].as_u64(), listed.body["list"][0]["name"].as_str()),
        (Some(1), Some("SHARED_WITH_ORG"))
    );
    let odd = as_user(&stage, "owner", Method::POST, "/applications", draft("odd", "PUBLIC")).await;
    assert_eq!(odd.verdict(), (400, 400));
    stage.close().await;
}
