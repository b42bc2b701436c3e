//! What defects of discovery, keys, introspection, revocation and profile look like on the wire.
//! Each look says whether it saw the defect.

use std::time::Duration;

use kmspec_mocks::{realm::ClientSpec, vendors::Vendor::Custom};
use serde_json::{Value, json};

use crate::{
    Probe,
    support::{Answer, Stage},
};

macro_rules! look {
    ($stage:ident => $body:block) => {
        |$stage| Box::pin(async move { $body })
    };
}
pub(crate) use look;

pub(crate) async fn own_token(stage: &Stage) -> String {
    stage.token(&[("grant_type", "client_credentials")]).await.member("access_token")
}

pub(crate) async fn users_tokens(stage: &Stage) -> (String, String) {
    let answer = stage.password("openid read").await;
    (answer.member("access_token"), answer.member("refresh_token"))
}

/// A form posted to an endpoint by a second client.
pub(crate) async fn by_another(stage: &Stage, url: &str, form: &[(&str, &str)]) -> Answer {
    let other = stage.server.realm().add_client(ClientSpec::new("other"));
    let secret = other.secret.as_deref();
    crate::support::answer(stage.http.post(url).basic_auth(&other.id, secret).form(form).send().await.unwrap()).await
}

fn introspection(stage: &Stage) -> String {
    stage.server.endpoints().introspection.clone().unwrap()
}

fn revocation(stage: &Stage) -> String {
    stage.server.endpoints().revocation.clone().unwrap()
}

async fn is_active(stage: &Stage, token: &str) -> bool {
    stage.introspect(token).await["active"] == json!(true)
}

async fn discovery(stage: &Stage) -> Value {
    stage.get(&stage.server.discovery_url()).await.json()
}

async fn keys(stage: &Stage) -> Vec<Value> {
    stage.get(&stage.server.endpoints().jwks).await.json()["keys"].as_array().cloned().unwrap_or_default()
}

async fn hinted(stage: &Stage, url: &str, token: &str, hint: &str) -> Answer {
    stage.post(url, &[("token", token), ("token_type_hint", hint)]).await
}

pub(crate) const PROBES: &[Probe] = &[
    (
        "DEF-107",
        Custom,
        look!(stage => {
            let token = own_token(&stage).await;
            let parts: Vec<&str> = token.split('.').collect();
            is_active(&stage, &format!("{}.{}.", parts[0], parts[1])).await
        }),
    ),
    (
        "DEF-108",
        Custom,
        look!(stage => {
            let token = own_token(&stage).await;
            stage.post_bare(&introspection(&stage), &[("token", &token)]).await.status == 200
        }),
    ),
    (
        "DEF-109",
        Custom,
        look!(stage => {
            let (token, _) = users_tokens(&stage).await;
            let seen = by_another(&stage, &introspection(&stage), &[("token", &token)]).await.json();
            seen.get("username").is_some()
        }),
    ),
    (
        "DEF-110",
        Custom,
        look!(stage => {
            let token = own_token(&stage).await;
            stage.introspect(&token).await["exp"].is_string()
        }),
    ),
    (
        "DEF-122",
        Custom,
        look!(stage => {
            let (token, realm) = (own_token(&stage).await, stage.server.realm());
            realm.end_issued_before(None, realm.now() - 3_600);
            realm.end_issued_before(Some(&stage.client.id), realm.now() + 1);
            is_active(&stage, &token).await
        }),
    ),
    (
        "DEF-SEED-AS-INTRO-01",
        Custom,
        look!(stage => {
            stage.introspect("nobody").await.as_object().unwrap().len() > 1
        }),
    ),
    (
        "DEF-SEED-AS-INTRO-02",
        Custom,
        look!(stage => {
            let token = own_token(&stage).await;
            hinted(&stage, &introspection(&stage), &token, "refresh_token").await.json()["active"] != json!(true)
        }),
    ),
    (
        "DEF-SEED-AS-INTRO-03",
        Custom,
        look!(stage => {
            let token = own_token(&stage).await;
            !is_active(&stage, &token).await
        }),
    ),
    (
        "DEF-SEED-AS-INTRO-04",
        Custom,
        look!(stage => {
            stage.post(&introspection(&stage), &[("token", "x")]).await.header("content-type").starts_with("text/html")
        }),
    ),
    (
        "DEF-SEED-AS-INTRO-05",
        Custom,
        look!(stage => {
            stage.post(&introspection(&stage), &[("token", "x")]).await.status == 404
        }),
    ),
    (
        "DEF-SEED-AS-INTRO-06",
        Custom,
        look!(stage => {
            let token = own_token(&stage).await;
            stage.server.clock().advance(Duration::from_secs(4_000));
            is_active(&stage, &token).await
        }),
    ),
    (
        "DEF-111",
        Custom,
        look!(stage => {
            let token = own_token(&stage).await;
            stage.revoke(&token).await.status == 200 && is_active(&stage, &token).await
        }),
    ),
    (
        "DEF-112",
        Custom,
        look!(stage => {
            let (access, refresh) = users_tokens(&stage).await;
            stage.revoke(&refresh).await;
            is_active(&stage, &access).await
        }),
    ),
    (
        "DEF-113",
        Custom,
        look!(stage => {
            let token = own_token(&stage).await;
            by_another(&stage, &revocation(&stage), &[("token", &token)]).await;
            !is_active(&stage, &token).await
        }),
    ),
    (
        "DEF-SEED-AS-REVOKE-01",
        Custom,
        look!(stage => {
            let token = own_token(&stage).await;
            stage.post_bare(&revocation(&stage), &[("token", &token)]).await;
            !is_active(&stage, &token).await
        }),
    ),
    (
        "DEF-SEED-AS-REVOKE-02",
        Custom,
        look!(stage => {
            let token = own_token(&stage).await;
            hinted(&stage, &revocation(&stage), &token, "refresh_token").await;
            is_active(&stage, &token).await
        }),
    ),
    (
        "DEF-SEED-AS-REVOKE-03",
        Custom,
        look!(stage => {
            let (one, other) = (own_token(&stage).await, own_token(&stage).await);
            stage.revoke(&one).await;
            !is_active(&stage, &other).await
        }),
    ),
    ("DEF-SEED-AS-REVOKE-04", Custom, look!(stage => { stage.revoke("nobody").await.status != 200 })),
    (
        "DEF-SEED-AS-REVOKE-05",
        Custom,
        look!(stage => {
            let token = own_token(&stage).await;
            stage.revoke(&token).await.status == 400
        }),
    ),
    (
        "DEF-129",
        Custom,
        look!(stage => {
            own_token(&stage).await;
            stage.server.restart();
            let at_once = stage.get(&stage.server.endpoints().jwks).await.status;
            own_token(&stage).await;
            at_once != 200 && stage.get(&stage.server.endpoints().jwks).await.status == 200
        }),
    ),
    ("DEF-SEED-AS-KEYS-01", Custom, look!(stage => { keys(&stage).await[0].get("d").is_some() })),
    (
        "DEF-SEED-AS-KEYS-02",
        Custom,
        look!(stage => {
            let keys = keys(&stage).await;
            keys.len() > 1 && keys[0]["kid"] == keys[1]["kid"] && keys[0]["n"] != keys[1]["n"]
        }),
    ),
    (
        "DEF-SEED-AS-KEYS-03",
        Custom,
        look!(stage => {
            keys(&stage).await.iter().any(|key| key["n"].as_str().is_some_and(|n| n.len() < 200))
        }),
    ),
    (
        "DEF-SEED-AS-KEYS-04",
        Custom,
        look!(stage => {
            let keys = keys(&stage).await;
            keys.iter().any(|key| key["use"] == "enc") && keys.iter().any(|key| key.get("use").is_none())
        }),
    ),
    ("DEF-SEED-AS-KEYS-05", Custom, look!(stage => { keys(&stage).await.is_empty() })),
    ("DEF-132", Custom, look!(stage => { discovery(&stage).await["issuer"] != stage.server.issuer() })),
    (
        "DEF-SEED-AS-DISCO-01",
        Custom,
        look!(stage => { discovery(&stage).await.get("response_types_supported").is_none() }),
    ),
    (
        "DEF-SEED-AS-DISCO-02",
        Custom,
        look!(stage => { discovery(&stage).await.get("subject_types_supported").is_none() }),
    ),
    (
        "DEF-SEED-AS-DISCO-03",
        Custom,
        look!(stage => {
            discovery(&stage).await["id_token_signing_alg_values_supported"] != json!(["RS256"])
        }),
    ),
    (
        "DEF-SEED-AS-DISCO-04",
        Custom,
        look!(stage => { discovery(&stage).await.get("grant_types_supported").is_none() }),
    ),
    (
        "DEF-SEED-AS-DISCO-05",
        Custom,
        look!(stage => {
            discovery(&stage).await["jwks_uri"].as_str().unwrap().contains('#')
        }),
    ),
    (
        "DEF-SEED-AS-DISCO-06",
        Custom,
        look!(stage => {
            discovery(&stage).await.as_object().unwrap().values().any(|value| value == &json!([]))
        }),
    ),
    (
        "DEF-SEED-AS-DISCO-08",
        Custom,
        look!(stage => {
            discovery(&stage).await["issuer"].as_str().unwrap().contains('?')
        }),
    ),
    (
        "DEF-SEED-AS-DISCO-07",
        Custom,
        look!(stage => {
            stage.get(&stage.server.discovery_url()).await.header("content-type") == "text/plain"
        }),
    ),
    (
        "DEF-SEED-AS-USER-01",
        Custom,
        look!(stage => {
            let (token, _) = users_tokens(&stage).await;
            profile(&stage, Some(&token)).await.json().get("sub").is_none()
        }),
    ),
    (
        "DEF-SEED-AS-USER-02",
        Custom,
        look!(stage => {
            profile(&stage, None).await.header("www-authenticate").is_empty()
        }),
    ),
    ("DEF-SEED-AS-USER-03", Custom, look!(stage => { profile(&stage, Some("nobody")).await.status == 200 })),
    ("DEF-SEED-AS-USER-04", Custom, look!(stage => { profile(&stage, None).await.status == 403 })),
    (
        "DEF-SEED-AS-USER-05",
        Custom,
        look!(stage => {
            let (token, _) = users_tokens(&stage).await;
            let ann = stage.server.realm().user("ann").unwrap();
            profile(&stage, Some(&token)).await.member("sub") != ann.id
        }),
    ),
];

async fn profile(stage: &Stage, token: Option<&str>) -> Answer {
    let request = stage.http.get(stage.server.endpoints().userinfo.clone().unwrap());
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    crate::support::answer(request.send().await.unwrap()).await
}
