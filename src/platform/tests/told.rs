//! What backends are told of users and applications, beside what tokens say themselves.
//! In which header and how it is encoded is tested with the deployment.

use super::{
    credentials::Open,
    deployment::{ask, bearer, keys, told},
    sharing::sign_up,
    *,
};

const CLAIM: &str = "http://wso2.org/claims";

/// Claims of the assertion that came with a call by this user's token.
async fn told_of(open: &Open, user: &str, scope: &str) -> Value {
    let keys = keys(&open.stage, &open.application).await;
    let (name, password) = (format!("{user}@one.com"), format!("{user}-secret"));
    let form = [("grant_type", "password"), ("username", &name), ("password", &password), ("scope", scope)];
    let answer = ask(&open.stage, &keys, &form).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    open.until(200, "Authorization", &bearer(&answer.text("access_token"))).await;
    told(open, "x-jwt-assertion").unwrap().1
}

#[tokio::test]
async fn a_user_is_told_of_once_the_profile_is_granted() {
    let claim = |name: &str, value: &str| json!({"uri": format!("{CLAIM}/{name}"), "value": value});
    let profile = json!([
        claim("givenname", "Petra"),
        claim("lastname", "Roth"),
        claim("mobile", "007"),
        claim("organization", "acme"),
        claim("emailaddress", "p@example.com"),
    ]);
    for (scope, granted) in [("openid profile", true), ("openid", false), ("profile", false), ("openid email", false)] {
        let open = Open::on(Stage::open().await, &["oauth2"]).await;
        sign_up(&open.stage, "petra", profile.clone()).await;
        let told = told_of(&open, "petra", scope).await;
        for (name, value) in [("givenname", "Petra"), ("lastname", "Roth"), ("mobile", "007"), ("organization", "acme")]
        {
            let expected = granted.then(|| json!(value));
            assert_eq!(told.get(format!("{CLAIM}/{name}")), expected.as_ref(), "{scope}");
        }
        assert_eq!(told.get(format!("{CLAIM}/emailaddress")), None, "it is no part of the profile");
        open.stage.close().await;
    }
}

#[tokio::test]
async fn a_claim_of_the_profile_that_is_excluded_is_not_told() {
    let text = format!("[apim.jwt.gateway_generator]\nexcluded_claims = [\"{CLAIM}/mobile\"]");
    let open = Open::on(Stage::configured(&text).await, &["oauth2"]).await;
    let claims = ["mobile", "lastname"].map(|name| json!({"uri": format!("{CLAIM}/{name}"), "value": "x"}));
    sign_up(&open.stage, "petra", json!(claims)).await;
    let told = told_of(&open, "petra", "openid profile").await;
    assert_eq!((told.get(format!("{CLAIM}/mobile")), &told[format!("{CLAIM}/lastname")]), (None, &json!("x")));
    open.stage.close().await;
}

#[tokio::test]
async fn the_subscriber_is_the_applications_owner_whoever_calls_with_it() {
    let open = Open::on(Stage::open().await, &["oauth2"]).await;
    let told = told_of(&open, "otto", "read").await;
    assert_eq!(told[format!("{CLAIM}/subscriber")], "dora@one.com");
    assert_eq!(told[format!("{CLAIM}/enduser")], "otto@one.com");
    open.stage.close().await;
}
