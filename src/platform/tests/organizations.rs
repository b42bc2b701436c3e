//! Organizations, the key managers that are kept for them (ORG-01, ORG-02), and what is set for a whole tenant.
//! Roles that keep key managers from users are tested with the developer portal.

use super::{sharing::sign_up, *};

async fn organization(stage: &Stage, name: &str) -> String {
    let body = json!({"externalOrganizationId": format!("ext-{name}"), "displayName": name});
    let made = stage.admin(Method::POST, "/organizations", body).await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    let member = json!([{"uri": "http://wso2.org/claims/organizationId", "value": format!("ext-{name}")}]);
    sign_up(stage, name, member).await;
    made.text("organizationId")
}

/// Whether the key manager is in the portal's list for a user.
async fn sees(stage: &Stage, user: &str, key_manager: &str) -> bool {
    let list = stage.call(user, "one.com", Method::GET, &format!("{DEVPORTAL}/key-managers"), Value::Null).await;
    list.body["list"].as_array().unwrap().iter().any(|one| one["name"] == key_manager)
}

#[tokio::test]
async fn a_key_manager_is_shown_to_its_organizations_and_to_nobody_once_it_is_for_none() {
    let stage = Stage::open().await;
    let (red, _) = (organization(&stage, "red").await, organization(&stage, "blue").await);
    let made =
        stage.admin(Method::POST, "/key-managers", with(custom("acme"), json!({"allowedOrganizations": [red]}))).await;
    assert_eq!((made.status, &made.body["allowedOrganizations"]), (201, &json!([red])));
    let shown = async || {
        [sees(&stage, "red", "acme").await, sees(&stage, "blue", "acme").await, sees(&stage, "dora", "acme").await]
    };
    assert_eq!(shown().await, [true, false, false]);
    for (allowed, expected) in
        [(json!(["none"]), [false, false, true]), (json!(["ALL"]), [true; 3]), (json!([]), [true; 3])]
    {
        let document = with(made.body.clone(), json!({"allowedOrganizations": allowed}));
        let changed = stage.admin(Method::PUT, &format!("/key-managers/{}", made.text("id")), document).await;
        assert_eq!((changed.status, &changed.body["allowedOrganizations"]), (200, &allowed));
        assert_eq!(shown().await, expected, "{allowed}");
    }
    stage.close().await;

    let stage = Stage::configured("[apim.organization_based_access_control]\nenable = false").await;
    stage.key_manager(with(custom("acme"), json!({"allowedOrganizations": ["none-such"]}))).await;
    assert!(sees(&stage, "dora", "acme").await, "organizations do not count here");
    stage.close().await;
}

#[tokio::test]
async fn organizations_are_made_changed_and_deleted_in_their_tenant() {
    let stage = Stage::open().await;
    let body = json!({"externalOrganizationId": "ext", "displayName": "First"});
    let made = stage.admin(Method::POST, "/organizations", body.clone()).await;
    assert_eq!(made.status, 201);
    let path = format!("/organizations/{}", made.text("organizationId"));
    assert_eq!(stage.admin(Method::POST, "/organizations", body.clone()).await.verdict(), (409, 409));
    for wrong in [json!({"displayName": "x"}), json!({"externalOrganizationId": " ", "displayName": "x"}), json!({})] {
        assert_eq!(stage.admin(Method::POST, "/organizations", wrong.clone()).await.verdict(), (400, 400), "{wrong}");
    }
    let odd = with(body, json!({"colour": "red"}));
    assert_eq!(
        stage.admin(Method::POST, "/organizations", odd).await.text("description"),
        "Unrecognized property 'colour'"
    );
    let changed = stage.admin(Method::PUT, &path, with(made.body, json!({"displayName": "Second"}))).await;
    assert_eq!((changed.status, changed.text("displayName").as_str()), (200, "Second"));
    assert_eq!(stage.admin(Method::GET, &path, Value::Null).await.text("displayName"), "Second");
    let elsewhere = stage.call("admin", "two.com", Method::GET, &format!("{ADMIN}{path}"), Value::Null).await;
    assert_eq!(elsewhere.verdict(), (404, 901301));
    let reader = "admin|one.com|apim:organization_read";
    let list = stage.with_scopes(reader, Method::GET, &format!("{ADMIN}/organizations"), Value::Null).await;
    assert_eq!((list.status, list.body["count"].as_u64()), (200, Some(1)));
    assert_eq!(stage.with_scopes(reader, Method::DELETE, &format!("{ADMIN}{path}"), Value::Null).await.status, 401);
    assert_eq!(stage.admin(Method::DELETE, &path, Value::Null).await.status, 200);
    assert_eq!(stage.admin(Method::DELETE, &path, Value::Null).await.verdict(), (404, 901301));
    stage.close().await;
}

#[tokio::test]
async fn a_tenants_configuration_is_kept_as_sent() {
    let stage = Stage::open().await;
    let read = stage.admin(Method::GET, "/tenant-config", Value::Null).await;
    assert_eq!((read.status, &read.body["AllowSubscriptionValidationDisabling"]), (200, &json!(true)));
    let sent = with(read.body, json!({"AllowSubscriptionValidationDisabling": false, "Own": {"a": [1]}}));
    assert_eq!(stage.admin(Method::PUT, "/tenant-config", sent.clone()).await.status, 200);
    assert_eq!(stage.admin(Method::GET, "/tenant-config", Value::Null).await.body, sent);
    let wrong = with(sent.clone(), json!({"AllowSubscriptionValidationDisabling": "no"}));
    assert_eq!(stage.admin(Method::PUT, "/tenant-config", wrong).await.status, 400);
    assert_eq!(stage.admin(Method::GET, "/tenant-config", Value::Null).await.body, sent, "nothing changed");
    let elsewhere = stage.call("admin", "two.com", Method::GET, &format!("{ADMIN}/tenant-config"), Value::Null).await;
    assert_eq!(elsewhere.body.get("Own"), None);
    assert_eq!(
        stage
            .with_scopes("dora|one.com|apim:subscribe", Method::GET, &format!("{ADMIN}/tenant-config"), Value::Null)
            .await
            .status,
        401
    );
    stage.close().await;
}

#[tokio::test]
async fn who_holds_a_roles_other_name_gets_the_scopes_of_the_role() {
    let stage = Stage::open().await;
    let token = async || {
        let base = stage.platform.management_url();
        let order = json!({"clientName": "rest", "callbackUrl": "", "grantType": "password", "owner": "otto@one.com", "saasApp": true});
        let register = stage.client.post(format!("{base}/client-registration/v0.17/register"));
        let client = Stage::answer(register.basic_auth("otto@one.com", Some("otto-secret")).json(&order)).await;
        let request = stage.client.post(format!("{base}/oauth2/token"));
        let form = [
            ("grant_type", "password"),
            ("username", "otto@one.com"),
            ("password", "otto-secret"),
            ("scope", "apim:api_create"),
        ];
        let request = request.basic_auth(client.text("clientId"), Some(client.text("clientSecret"))).form(&form);
        Stage::answer(request).await.text("scope")
    };
    assert_eq!(token().await, "default");
    let aliases = json!({"list": [{"role": "Internal/creator", "aliases": ["staff"]}]});
    let kept = stage.admin(Method::PUT, "/system-scopes/role-aliases", aliases).await;
    assert_eq!((kept.status, kept.body["count"].as_u64()), (200, Some(1)));
    assert_eq!(stage.admin(Method::GET, "/system-scopes/role-aliases", Value::Null).await.body, kept.body);
    assert_eq!(token().await, "apim:api_create");
    let wrong = json!({"list": [{"role": "", "aliases": []}]});
    assert_eq!(stage.admin(Method::PUT, "/system-scopes/role-aliases", wrong).await.status, 400);
    stage.close().await;
}
