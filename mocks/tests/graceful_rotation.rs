//! Graceful rotation of refresh tokens: until when, how often, and what ends it. By the server's clock, over real HTTPS.
//! Rotation without grace is tested in `deployment` and `identity_server`.

mod support;

use std::time::Duration;

use kmspec_mocks::{
    deployment_toml::DeploymentToml,
    realm::{ClientSpec, Clock, TokenFormat, UserSpec, policy::Rotation, rotation::GracefulRotation},
    server::AuthorizationServer,
    vendors::Vendor,
};
use support::{AUTHORITY, Answer, Stage, http, stage};

/// A server whose clock stands, and which lets replaced refresh tokens be used again.
async fn graceful(vendor: Vendor, rules: GracefulRotation) -> Stage {
    let stage = stage(vendor).await;
    stage.server.clock().stop();
    stage.server.realm().change_policy(|policy| policy.graceful_rotation = Some(rules));
    stage
}

async fn refreshed(stage: &Stage, token: &str) -> Answer {
    stage.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
}

/// What a refresh token brings that is still good.
async fn brought(stage: &Stage, token: &str) -> (String, String) {
    let answer = refreshed(stage, token).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    (answer.member("access_token"), answer.member("refresh_token"))
}

async fn is_active(stage: &Stage, access: &str) -> bool {
    stage.introspect(access).await["active"] == true
}

#[track_caller]
fn refused(answer: &Answer, text: &str) {
    assert_eq!(answer.error(), (400, "invalid_grant".to_owned()), "{text}");
    assert!(answer.member("error_description").contains(text), "{text}: {}", answer.text);
}

#[tokio::test]
async fn a_replaced_refresh_token_is_refused_at_once_unless_grace_is_switched_on() {
    let stage = stage(Vendor::Is7).await;
    let first = stage.password("read").await.member("refresh_token");
    brought(&stage, &first).await;
    refused(&refreshed(&stage, &first).await, "used before");
}

#[tokio::test]
async fn a_replaced_refresh_token_brings_a_new_pair_which_takes_the_place_of_what_came_of_it_before() {
    for vendor in [Vendor::Is7, Vendor::Asgardeo, Vendor::Custom] {
        let stage = graceful(vendor, GracefulRotation::default()).await;
        let pair = stage.password("read").await;
        let (access, first) = (pair.member("access_token"), pair.member("refresh_token"));
        let (access_1, second) = brought(&stage, &first).await;
        assert!(!is_active(&stage, &access).await, "{vendor}: rotation ends the old access token");
        let (access_2, third) = brought(&stage, &first).await;
        assert!(first != second && second != third && first != third, "{vendor}");
        assert!(!is_active(&stage, &access_1).await && is_active(&stage, &access_2).await, "{vendor}");
        refused(&refreshed(&stage, &second).await, "not active");
        let (access_3, _) = brought(&stage, &third).await;
        assert!(!is_active(&stage, &access_2).await && is_active(&stage, &access_3).await, "{vendor}");
    }
}

#[tokio::test]
async fn the_header_of_an_answer_names_the_access_token_that_ended_with_it() {
    let stage = graceful(Vendor::Is7, GracefulRotation::default()).await;
    let pair = stage.password("read").await;
    let first = pair.member("refresh_token");
    let mut ended = pair.member("access_token");
    for _ in 0..3 {
        let answer = refreshed(&stage, &first).await;
        assert_eq!(answer.headers["deactivatedaccesstoken"], ended.as_str());
        ended = answer.member("access_token");
    }
}

#[tokio::test]
async fn grace_lasts_until_its_last_second_and_is_not_lengthened_by_use() {
    let stage = graceful(Vendor::Is7, GracefulRotation::default()).await;
    let first = stage.password("read").await.member("refresh_token");
    let (_, second) = brought(&stage, &first).await;
    stage.server.clock().advance(Duration::from_secs(20));
    brought(&stage, &first).await;
    refused(&refreshed(&stage, &second).await, "not active");
    stage.server.clock().advance(Duration::from_secs(9));
    let (_, last) = brought(&stage, &first).await;
    stage.server.clock().advance(Duration::from_secs(1));
    refused(&refreshed(&stage, &first).await, "the time in which");
    brought(&stage, &last).await;
}

#[tokio::test]
async fn grace_ends_with_the_life_of_the_refresh_token_where_that_is_nearer() {
    let stage = graceful(Vendor::Is7, GracefulRotation::default()).await;
    stage.server.realm().change_policy(|policy| policy.lifetimes.refresh_seconds = 100);
    let first = stage.password("read").await.member("refresh_token");
    stage.server.clock().advance(Duration::from_secs(90));
    brought(&stage, &first).await;
    stage.server.clock().advance(Duration::from_secs(9));
    let (_, renewed) = brought(&stage, &first).await;
    stage.server.clock().advance(Duration::from_secs(1));
    refused(&refreshed(&stage, &first).await, "the time in which");
    stage.server.clock().advance(Duration::from_secs(98));
    brought(&stage, &renewed).await;
}

#[tokio::test]
async fn a_replaced_refresh_token_is_used_again_as_often_as_is_allowed_and_no_more() {
    for (reuses, allowed) in [(1, 1), (3, 3), (5, 5), (6, 5), (1_000, 5)] {
        let stage = graceful(Vendor::Is7, GracefulRotation::new(60, reuses)).await;
        let first = stage.password("read").await.member("refresh_token");
        let mut last = brought(&stage, &first).await.1;
        for _ in 0..allowed {
            last = brought(&stage, &first).await.1;
        }
        refused(&refreshed(&stage, &first).await, "again too often");
        brought(&stage, &last).await;
    }
}

#[tokio::test]
async fn using_the_new_refresh_token_ends_the_grace_of_the_old_one() {
    let stage = graceful(Vendor::Is7, GracefulRotation::default()).await;
    let first = stage.password("read").await.member("refresh_token");
    let (_, second) = brought(&stage, &first).await;
    let (access, third) = brought(&stage, &second).await;
    refused(&refreshed(&stage, &first).await, "used before");
    assert!(is_active(&stage, &access).await, "the refusal ends nothing");
    brought(&stage, &second).await;
    refused(&refreshed(&stage, &third).await, "not active");
}

#[tokio::test]
async fn revocation_ends_grace_whichever_of_the_tokens_is_revoked() {
    for which in 0..2 {
        let stage = graceful(Vendor::Is7, GracefulRotation::default()).await;
        let first = stage.password("read").await.member("refresh_token");
        let (access, second) = brought(&stage, &first).await;
        assert_eq!(stage.revoke([&first, &second][which]).await.status, 200);
        assert!(!is_active(&stage, &access).await, "{which}");
        refused(&refreshed(&stage, &first).await, "not active");
        refused(&refreshed(&stage, &second).await, "not active");
    }
}

#[tokio::test]
async fn grace_is_switched_off_at_once_and_means_nothing_where_nothing_rotates() {
    let stage = graceful(Vendor::Is7, GracefulRotation::default()).await;
    let first = stage.password("read").await.member("refresh_token");
    brought(&stage, &first).await;
    stage.server.realm().change_policy(|policy| policy.graceful_rotation = None);
    refused(&refreshed(&stage, &first).await, "used before");
    stage.server.realm().change_policy(|policy| policy.graceful_rotation = Some(GracefulRotation::default()));
    refused(&refreshed(&stage, &first).await, "used before");
    stage.server.realm().change_policy(|policy| {
        policy.graceful_rotation = Some(GracefulRotation::default());
        policy.rotation = Rotation::Keep;
    });
    let kept = stage.password("write").await.member("refresh_token");
    for _ in 0..8 {
        assert_eq!(brought(&stage, &kept).await.1, kept);
    }
}

#[tokio::test]
async fn where_reuse_ends_a_grant_it_does_so_once_grace_is_over() {
    let stage = graceful(Vendor::Custom, GracefulRotation::new(60, 1)).await;
    let first = stage.password("read").await.member("refresh_token");
    brought(&stage, &first).await;
    let (access, last) = brought(&stage, &first).await;
    assert!(is_active(&stage, &access).await);
    refused(&refreshed(&stage, &first).await, "again too often");
    assert!(!is_active(&stage, &access).await);
    refused(&refreshed(&stage, &last).await, "not active");
}

#[tokio::test]
async fn of_many_uses_at_once_the_allowed_ones_succeed_and_one_pair_is_left() {
    for format in [TokenFormat::Jwt, TokenFormat::Opaque] {
        let stage = graceful(Vendor::Is7, GracefulRotation::new(60, 3)).await;
        stage.server.realm().update_client(&stage.client.id, |client| client.token_format = format);
        let first = stage.password("read").await.member("refresh_token");
        let answers = futures::future::join_all((0..10).map(|_| refreshed(&stage, &first))).await;
        let granted: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(granted.len(), 4, "the first use, and three more");
        let mut alive = 0;
        for answer in granted {
            alive += usize::from(is_active(&stage, &answer.member("access_token")).await);
        }
        assert_eq!(alive, 1, "{format:?}");
    }
}

#[tokio::test]
async fn a_deployment_says_how_much_grace_there_may_be_at_most() {
    let file = "[oauth.graceful_refresh_token_rotation]\nmaximum_validity_period = 90\nmaximum_reuse_limit = 7\n";
    let server = AuthorizationServer::builder(Vendor::Is7).certificates(AUTHORITY.clone()).clock(Clock::system());
    let server = server.deployment(DeploymentToml::parse(file).unwrap()).start().await.unwrap();
    let realm = server.realm();
    realm.add_user(UserSpec::new("ann", "ann's secret"));
    let client = realm.add_client(ClientSpec::new("orders"));
    realm.change_policy(|policy| policy.graceful_rotation = Some(GracefulRotation::new(1_000, 1_000)));
    server.clock().stop();
    let stage = Stage { server, http: http(), client };
    let first = stage.password("").await.member("refresh_token");
    brought(&stage, &first).await;
    stage.server.clock().advance(Duration::from_secs(89));
    for _ in 0..7 {
        brought(&stage, &first).await;
    }
    refused(&refreshed(&stage, &first).await, "again too often");
    stage.server.clock().advance(Duration::from_secs(1));
    refused(&refreshed(&stage, &first).await, "the time in which");
    for (file, said) in [
        ("[oauth.graceful_refresh_token_rotation]\nmaximum_validity_period = 0\n", "a number of seconds, one or more"),
        ("[oauth.graceful_refresh_token_rotation]\nmaximum_reuse_limit = \"often\"\n", "takes a number"),
        ("[oauth.graceful_refresh_token_rotation]\nmaximum_reuse_limits = 5\n", "did you mean"),
    ] {
        let error = DeploymentToml::parse(file).unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains(said), "{error}");
    }
}
