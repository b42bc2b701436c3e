//! What defects of refresh tokens look like on the wire.
//! Each look says whether it saw the defect.

use std::time::Duration;

use kmspec_mocks::{
    realm::rotation::GracefulRotation,
    vendors::Vendor::{Custom, Is7},
};

use super::{
    endpoints::{by_another, look, users_tokens},
    grants::{granted, is_active},
};
use crate::{
    Probe,
    support::{Answer, Stage},
};

async fn refreshed(stage: &Stage, token: &str) -> Answer {
    stage.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
}

async fn refreshed_for(stage: &Stage, token: &str, scope: &str) -> Answer {
    stage.token(&[("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)]).await
}

/// Four refreshes at once.
async fn futures(stage: &Stage, refresh: &str) -> [Answer; 4] {
    tokio::join!(
        refreshed(stage, refresh),
        refreshed(stage, refresh),
        refreshed(stage, refresh),
        refreshed(stage, refresh),
    )
    .into()
}

/// Lets refresh tokens that were replaced be used again, for half a minute, so often.
fn gracious(stage: &Stage, reuses: u64) {
    stage.server.realm().change_policy(|policy| policy.graceful_rotation = Some(GracefulRotation::new(30, reuses)));
}

pub(crate) const PROBES: &[Probe] = &[
    (
        "DEF-114",
        Custom,
        look!(stage => {
            let (_, refresh) = users_tokens(&stage).await;
            let attempts = futures(&stage, &refresh).await;
            attempts.iter().filter(|answer| granted(answer)).count() > 1
        }),
    ),
    (
        "DEF-115",
        Custom,
        look!(stage => {
            let (_, refresh) = users_tokens(&stage).await;
            assert!(granted(&refreshed(&stage, &refresh).await));
            granted(&refreshed(&stage, &refresh).await)
        }),
    ),
    ("DEF-116", Custom, look!(stage => { granted(&refreshed(&stage, "made-up").await) })),
    (
        "DEF-117",
        Custom,
        look!(stage => {
            let (_, refresh) = users_tokens(&stage).await;
            let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str()), ("scope", "write")];
            granted(&stage.token(&form).await)
        }),
    ),
    (
        "DEF-SEED-AS-REFRESH-01",
        Custom,
        look!(stage => {
            let (_, refresh) = users_tokens(&stage).await;
            let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
            granted(&by_another(&stage, &stage.server.endpoints().token, &form).await)
        }),
    ),
    (
        "DEF-SEED-AS-REFRESH-02",
        Custom,
        look!(stage => {
            let (_, refresh) = users_tokens(&stage).await;
            !granted(&refreshed(&stage, &refresh).await)
        }),
    ),
    (
        "DEF-SEED-AS-REFRESH-03",
        Custom,
        look!(stage => {
            let (_, refresh) = users_tokens(&stage).await;
            let second = refreshed(&stage, &refresh).await.member("access_token");
            refreshed(&stage, &refresh).await;
            is_active(&stage, &second).await
        }),
    ),
    (
        "DEF-SEED-AS-REFRESH-04",
        Custom,
        look!(stage => {
            let (access, refresh) = users_tokens(&stage).await;
            refreshed(&stage, &refresh).await.member("access_token") == access
        }),
    ),
    (
        "DEF-SEED-AS-REFRESH-08",
        Custom,
        look!(stage => {
            let refresh = stage.password("read write").await.member("refresh_token");
            let less = refreshed_for(&stage, &refresh, "read").await;
            !granted(&refreshed_for(&stage, &less.member("refresh_token"), "read write").await)
        }),
    ),
    (
        "DEF-SEED-AS-REFRESH-05",
        Is7,
        look!(stage => {
            gracious(&stage, 5);
            let (_, refresh) = users_tokens(&stage).await;
            assert!(granted(&refreshed(&stage, &refresh).await));
            stage.server.clock().advance(Duration::from_secs(31));
            granted(&refreshed(&stage, &refresh).await)
        }),
    ),
    (
        "DEF-SEED-AS-REFRESH-06",
        Is7,
        look!(stage => {
            gracious(&stage, 1);
            let (_, refresh) = users_tokens(&stage).await;
            assert!(granted(&refreshed(&stage, &refresh).await));
            assert!(granted(&refreshed(&stage, &refresh).await));
            granted(&refreshed(&stage, &refresh).await)
        }),
    ),
    (
        "DEF-SEED-AS-REFRESH-07",
        Is7,
        look!(stage => {
            gracious(&stage, 5);
            let (_, refresh) = users_tokens(&stage).await;
            let second = refreshed(&stage, &refresh).await.member("refresh_token");
            assert!(granted(&refreshed(&stage, &second).await));
            granted(&refreshed(&stage, &refresh).await)
        }),
    ),
];
