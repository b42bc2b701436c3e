//! What defects of refresh tokens look like on the wire.
//! Each look says whether it saw the defect.

use kmspec_mocks::vendors::Vendor::Custom;

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
];
