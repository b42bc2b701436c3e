//! Tokens that end elsewhere than at the endpoint that revokes them: with a password, by a notice, with their API's state.

use super::{credentials::Open, *};

/// The keys of dora's application, and what is asked of the resident key manager with them.
struct Keys<'a> {
    open: &'a Open,
    key: String,
    secret: String,
}

impl<'a> Keys<'a> {
    async fn of(open: &'a Open) -> Self {
        let order = json!({"keyType": "PRODUCTION",
            "grantTypesToBeSupported": ["client_credentials", "password", "refresh_token"]});
        let made =
            open.stage.dora(Method::POST, &format!("/applications/{}/generate-keys", open.application), order).await;
        Self { open, key: made.text("consumerKey"), secret: made.text("consumerSecret") }
    }

    async fn ask(&self, form: &[(&str, &str)]) -> Answer {
        let url = format!("{}/oauth2/token", self.open.stage.platform.management_url());
        Stage::answer(self.open.stage.client.post(url).basic_auth(&self.key, Some(&self.secret)).form(form)).await
    }

    async fn of_user(&self, user: &str) -> (String, String) {
        let (name, password) = (format!("{user}@one.com"), format!("{user}-secret"));
        let made = self.ask(&[("grant_type", "password"), ("username", &name), ("password", &password)]).await;
        (made.text("access_token"), made.text("refresh_token"))
    }

    async fn is_active(&self, token: &str) -> bool {
        let url = format!("{}/t/one.com/oauth2/introspect", self.open.stage.platform.management_url());
        let request = self.open.stage.client.post(url).basic_auth("admin@one.com", Some("admin-secret"));
        let answer = Stage::answer(request.form(&[("token", token)])).await;
        answer.body["active"].as_bool().unwrap_or_else(|| panic!("{answer:?}"))
    }

    async fn notice(&self, body: Value) {
        let url = format!("{}/internal/data/v1/notify", self.open.stage.platform.management_url());
        let request = self.open.stage.client.post(url).basic_auth("admin", Some("admin"));
        assert_eq!(Stage::answer(request.header("X-WSO2-KEY-MANAGER", "default").json(&body)).await.status, 200);
    }
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

#[tokio::test]
async fn another_password_ends_the_tokens_that_the_old_one_brought() {
    let open = Open::to(&["oauth2"]).await;
    let keys = Keys::of(&open).await;
    let (token, refresh) = keys.of_user("otto").await;
    let (doras, _) = keys.of_user("dora").await;
    open.until(200, "authorization", &bearer(&token)).await;
    open.until(200, "authorization", &bearer(&doras)).await;
    let change = json!({"currentPassword": "otto-secret", "newPassword": "otto-other"});
    let path = format!("{DEVPORTAL}/me/change-password");
    assert_eq!(open.stage.call("otto", "one.com", Method::POST, &path, change).await.status, 200);
    open.until(401, "authorization", &bearer(&token)).await;
    assert!(!keys.is_active(&token).await, "REV-11");
    let again = keys.ask(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await;
    assert_eq!((again.status, &again.body["error"]), (400, &json!("invalid_grant")));
    assert!(keys.is_active(&doras).await, "another user's token is none of it");
    let fresh = [("grant_type", "password"), ("username", "otto@one.com"), ("password", "otto-other")];
    let fresh = keys.ask(&fresh).await.text("access_token");
    assert!(keys.is_active(&fresh).await, "what the new password brings counts");
    open.until(200, "authorization", &bearer(&fresh)).await;
    open.stage.close().await;
}

#[tokio::test]
async fn what_a_notice_revokes_is_inactive_at_the_resident_key_manager_too() {
    let open = Open::to(&["oauth2"]).await;
    let keys = Keys::of(&open).await;
    let (token, refresh) = keys.of_user("otto").await;
    let claims = kmspec_mocks::realm::jwt::read(&token).expect("it is a JWT").1;
    keys.notice(json!({"type": "token_revocation", "accessToken": claims["jti"], "expiryTime": i64::MAX})).await;
    assert!(!keys.is_active(&token).await);
    let again = keys.ask(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await;
    assert!(keys.is_active(&again.text("access_token")).await, "the refresh token was not meant");
    let (_, refresh) = keys.of_user("otto").await;
    let other = keys.ask(&[("grant_type", "client_credentials")]).await.text("access_token");
    assert!(keys.is_active(&other).await);
    let later = Clock::system().now_ms() + 60_000;
    let gone =
        |key: &str| json!({"type": "consumer_app_revocation_event", "consumerKey": key, "revocationTime": later});
    keys.notice(gone("somebody else")).await;
    assert!(keys.is_active(&other).await);
    keys.notice(gone(&keys.key)).await;
    assert!(!keys.is_active(&other).await, "REV-07");
    let again = keys.ask(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await;
    assert_eq!(again.status, 400, "{:?}", again.body);
    open.stage.close().await;
}

#[tokio::test]
async fn the_state_of_an_api_counts_at_the_gateway_without_another_deployment() {
    let open = Open::to(&["oauth2"]).await;
    let keys = Keys::of(&open).await;
    let token = bearer(&keys.ask(&[("grant_type", "client_credentials")]).await.text("access_token"));
    open.until(200, "authorization", &token).await;
    let act = async |action: &str| {
        let path = format!("{PUBLISHER}/apis/change-lifecycle?action={action}&apiId={}", open.api);
        assert_eq!(open.stage.call("admin", "one.com", Method::POST, &path, Value::Null).await.status, 200);
    };
    for (action, status) in [("Block", 503), ("Re-Publish", 200), ("Deprecate", 200), ("Retire", 404)] {
        act(action).await;
        open.until(status, "authorization", &token).await;
    }
    open.stage.close().await;
}

#[tokio::test]
async fn an_api_is_deployed_to_environments_that_there_are() {
    let open = Open::to(&["oauth2"]).await;
    let revisions = format!("{PUBLISHER}/apis/{}/revisions", open.api);
    let list = open.stage.call("admin", "one.com", Method::GET, &revisions, Value::Null).await;
    let id = list.body["list"][0]["id"].as_str().unwrap();
    let path = format!("{PUBLISHER}/apis/{}/deploy-revision?revisionId={id}", open.api);
    let place = json!([{"name": "Default"}, {"name": "Nowhere"}]);
    assert_eq!(open.stage.call("admin", "one.com", Method::POST, &path, place).await.status, 400);
    let list = open.stage.call("admin", "one.com", Method::GET, &revisions, Value::Null).await;
    assert_eq!(list.body["list"][0]["deploymentInfo"][0]["name"], "Default", "nothing has changed");
    open.stage.close().await;
}

#[tokio::test]
async fn a_refresh_for_less_leaves_a_refresh_token_for_all_that_was_granted_after_a_restart_too() {
    let folder = tempfile::tempdir().unwrap();
    let data = Data::File(folder.path().join("platform.db"));
    let stage = Stage::open_on(data.clone()).await;
    let application = stage.application("shop").await;
    let order = json!({"keyType": "PRODUCTION", "grantTypesToBeSupported": ["password", "refresh_token"]});
    let made = stage.dora(Method::POST, &format!("/applications/{application}/generate-keys"), order).await;
    let (key, secret) = (made.text("consumerKey"), made.text("consumerSecret"));
    let ask = async |stage: &Stage, form: &[(&str, &str)]| {
        let url = format!("{}/oauth2/token", stage.platform.management_url());
        Stage::answer(stage.client.post(url).basic_auth(&key, Some(&secret)).form(form)).await
    };
    let refresh = async |stage: &Stage, token: &str, scope: &str| {
        ask(stage, &[("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)]).await
    };
    let login = [("grant_type", "password"), ("username", "dora@one.com"), ("password", "dora-secret")];
    let first = ask(&stage, &[&login[..], &[("scope", "first second")]].concat()).await;
    assert_eq!(first.text("scope"), "first second");
    let less = refresh(&stage, &first.text("refresh_token"), "first").await;
    assert_eq!(less.text("scope"), "first");
    stage.close().await;
    let stage = Stage::open_on(data).await;
    let all = refresh(&stage, &less.text("refresh_token"), "first second").await;
    assert_eq!((all.status, all.text("scope")), (200, "first second".to_owned()), "{all:?}");
    let wider = refresh(&stage, &all.text("refresh_token"), "first second third").await;
    assert_eq!((wider.status, &wider.body["error"]), (400, &json!("invalid_scope")));
    stage.close().await;
}
