//! What defects of the token endpoint look like on the wire, grant by grant.
//! Each look says whether it saw the defect.

use kmspec_mocks::{
    grants::Form,
    realm::{AuthorizationRequest, ClientSpec, jwt},
    vendors::Vendor::{Custom, Is7},
};
use serde_json::{Value, json};

use super::endpoints::{look, own_token};
use crate::{
    Probe,
    support::{Answer, Stage, answer},
};

pub(super) const OWN: (&str, &str) = ("grant_type", "client_credentials");
pub(super) const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
pub(super) const CALLBACK: &str = "https://client.example/callback";
pub(super) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(super) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(super) fn granted(answer: &Answer) -> bool {
    answer.status == 200 && answer.json().get("access_token").is_some()
}

pub(super) async fn is_active(stage: &Stage, token: &str) -> bool {
    stage.introspect(token).await["active"] == json!(true)
}

/// A request to the token endpoint with this `Authorization` header field.
async fn with_header(stage: &Stage, header: &str, form: &[(&str, &str)]) -> Answer {
    let request = stage.http.post(&stage.server.endpoints().token).header("authorization", header).form(form);
    answer(request.send().await.unwrap()).await
}

async fn with_id(stage: &Stage, form: &[(&str, &str)]) -> Answer {
    let mut all = vec![OWN, ("client_id", stage.client.id.as_str())];
    all.extend_from_slice(form);
    stage.post_bare(&stage.server.endpoints().token, &all).await
}

pub(super) fn allow(stage: &Stage, grant: &str) {
    let realm = stage.server.realm();
    realm.update_client(&stage.client.id, |client| {
        client.grant_types.push(grant.to_owned());
        client.redirect_uris = vec![CALLBACK.to_owned(), format!("{CALLBACK}/other")];
    });
}

/// A code for ann, asked for with a challenge.
pub(super) fn code(stage: &Stage) -> String {
    allow(stage, "authorization_code");
    let realm = stage.server.realm();
    let form = Form::of([
        ("response_type", "code"),
        ("client_id", stage.client.id.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    let request = AuthorizationRequest::read(realm, &form).unwrap();
    let url = request.approved(realm, &realm.user("ann").unwrap());
    let url = reqwest::Url::parse(&url).unwrap();
    url.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
}

pub(super) async fn redeemed(stage: &Stage, code: &str, redirect_uri: &str, verifier: Option<&str>) -> Answer {
    let mut form = vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect_uri)];
    form.extend(verifier.map(|verifier| ("code_verifier", verifier)));
    stage.token(&form).await
}

pub(super) async fn device_code(stage: &Stage) -> String {
    allow(stage, DEVICE);
    let url = stage.server.endpoints().device_authorization.clone().unwrap();
    stage.post(&url, &[]).await.member("device_code")
}

pub(super) async fn polled(stage: &Stage, device_code: &str) -> Answer {
    stage.token(&[("grant_type", DEVICE), ("device_code", device_code)]).await
}

async fn claims(stage: &Stage) -> (Value, Value) {
    let answer = stage.token(&[OWN, ("scope", "read")]).await;
    let (header, claims) = jwt::read(&answer.member("access_token")).unwrap();
    (Value::Object(header), Value::Object(claims))
}

pub(crate) const PROBES: &[Probe] = &[
    (
        "DEF-118",
        Custom,
        look!(stage => {
            stage.server.realm().update_client(&stage.client.id, |client| client.scopes = Some(vec!["read".to_owned()]));
            let answer = stage.token(&[OWN, ("scope", "write")]).await;
            granted(&answer) && answer.json()["scope"] == "write"
        }),
    ),
    (
        "DEF-119",
        Custom,
        look!(stage => {
            let answer = stage.token(&[OWN, ("scope", "nonsense")]).await;
            granted(&answer) && answer.json()["scope"] == "nonsense"
        }),
    ),
    (
        "DEF-119",
        Is7,
        look!(stage => { stage.token(&[OWN, ("scope", "nonsense")]).await.json()["scope"] == "nonsense" }),
    ),
    (
        "DEF-120",
        Custom,
        look!(stage => {
            stage.server.realm().update_client(&stage.client.id, |client| client.grant_types.clear());
            granted(&stage.token(&[OWN]).await)
        }),
    ),
    (
        "DEF-121",
        Custom,
        look!(stage => {
            stage.server.realm().update_client(&stage.client.id, |client| client.active = false);
            granted(&stage.token(&[OWN]).await)
        }),
    ),
    (
        "DEF-131",
        Custom,
        look!(stage => {
            let earlier = own_token(&stage).await;
            own_token(&stage).await;
            !is_active(&stage, &earlier).await
        }),
    ),
    (
        "DEF-SEED-AS-SCOPE-01",
        Custom,
        look!(stage => {
            stage.token(&[OWN, ("scope", "read")]).await.json()["scope"] != "read"
        }),
    ),
    (
        "DEF-125",
        Custom,
        look!(stage => {
            let code = code(&stage);
            granted(&redeemed(&stage, &code, CALLBACK, None).await)
        }),
    ),
    (
        "DEF-SEED-AS-CODE-01",
        Custom,
        look!(stage => {
            let code = code(&stage);
            assert!(granted(&redeemed(&stage, &code, CALLBACK, Some(VERIFIER)).await));
            granted(&redeemed(&stage, &code, CALLBACK, Some(VERIFIER)).await)
        }),
    ),
    (
        "DEF-SEED-AS-CODE-02",
        Custom,
        look!(stage => {
            let code = code(&stage);
            granted(&redeemed(&stage, &code, &format!("{CALLBACK}/other"), Some(VERIFIER)).await)
        }),
    ),
    (
        "DEF-SEED-AS-CODE-03",
        Custom,
        look!(stage => {
            let code = code(&stage);
            let token = redeemed(&stage, &code, CALLBACK, Some(VERIFIER)).await.member("access_token");
            redeemed(&stage, &code, CALLBACK, Some(VERIFIER)).await;
            is_active(&stage, &token).await
        }),
    ),
    (
        "DEF-SEED-AS-DEVICE-01",
        Custom,
        look!(stage => {
            let code = device_code(&stage).await;
            granted(&polled(&stage, &code).await)
        }),
    ),
    (
        "DEF-SEED-AS-DEVICE-02",
        Custom,
        look!(stage => {
            let code = device_code(&stage).await;
            polled(&stage, &code).await;
            polled(&stage, &code).await.error().1 != "slow_down"
        }),
    ),
    ("DEF-127", Custom, look!(stage => { with_header(&stage, "Basic !!", &[OWN]).await.status == 500 })),
    ("DEF-127", Is7, look!(stage => { stage.post_bare(&stage.server.endpoints().token, &[OWN]).await.status == 500 })),
    ("DEF-SEED-AS-AUTH-01", Custom, look!(stage => { granted(&with_id(&stage, &[("client_secret", "wrong")]).await) })),
    (
        "DEF-SEED-AS-AUTH-02",
        Custom,
        look!(stage => {
            with_header(&stage, "Basic eDp5", &[OWN]).await.header("www-authenticate").is_empty()
        }),
    ),
    ("DEF-SEED-AS-AUTH-03", Custom, look!(stage => { granted(&with_id(&stage, &[]).await) })),
    (
        "DEF-SEED-AS-AUTH-04",
        Custom,
        look!(stage => {
            let secret = stage.client.secret.clone().unwrap();
            let url = format!("{}?client_id={}&client_secret={secret}", stage.server.endpoints().token, stage.client.id);
            granted(&stage.post_bare(&url, &[OWN]).await)
        }),
    ),
    (
        "DEF-SEED-AS-AUTH-05",
        Custom,
        look!(stage => {
            let secret = stage.client.secret.clone().unwrap();
            granted(&stage.token(&[OWN, ("client_id", &stage.client.id), ("client_secret", &secret)]).await)
        }),
    ),
    (
        "DEF-SEED-AS-AUTH-06",
        Custom,
        look!(stage => {
            let spec = ClientSpec::new("percent").id("per cent").secret("a%b");
            stage.server.realm().add_client(spec);
            !granted(&with_header(&stage, "Basic cGVyJTIwY2VudDphJTI1Yg==", &[OWN]).await)
        }),
    ),
    (
        "DEF-SEED-AS-AUTH-07",
        Custom,
        look!(stage => {
            granted(&stage.token(&[("grant_type", "password"), ("username", "ann"), ("password", "wrong")]).await)
        }),
    ),
    ("DEF-SEED-AS-AUTH-08", Custom, look!(stage => { !granted(&stage.password("read").await) })),
    ("DEF-SEED-AS-REQUEST-01", Custom, look!(stage => { !granted(&stage.token(&[OWN, ("stray", "1")]).await) })),
    ("DEF-SEED-AS-REQUEST-02", Custom, look!(stage => { granted(&stage.token(&[("grant_type", "magic")]).await) })),
    ("DEF-SEED-AS-REQUEST-03", Custom, look!(stage => { granted(&stage.token(&[OWN, OWN]).await) })),
    (
        "DEF-SEED-AS-REQUEST-04",
        Custom,
        look!(stage => {
            let secret = stage.client.secret.as_deref();
            let url = format!("{}?grant_type=client_credentials", stage.server.endpoints().token);
            granted(&answer(stage.http.get(url).basic_auth(&stage.client.id, secret).send().await.unwrap()).await)
        }),
    ),
    ("DEF-126", Custom, look!(stage => { stage.token(&[OWN]).await.header("cache-control").is_empty() })),
    (
        "DEF-128",
        Custom,
        look!(stage => {
            stage.server.realm().keys().rotate();
            stage.verified(&own_token(&stage).await).await.is_err()
        }),
    ),
    ("DEF-130", Custom, look!(stage => { stage.token(&[OWN]).await.json()["expires_in"] != 3_600 })),
    ("DEF-SEED-AS-TOKEN-01", Custom, look!(stage => { stage.token(&[OWN]).await.json()["expires_in"].is_string() })),
    (
        "DEF-SEED-AS-TOKEN-02",
        Custom,
        look!(stage => { stage.token(&[OWN]).await.header("content-type") == "text/html" }),
    ),
    ("DEF-SEED-AS-TOKEN-03", Custom, look!(stage => { own_token(&stage).await == own_token(&stage).await })),
    (
        "DEF-SEED-AS-TOKEN-04",
        Custom,
        look!(stage => { stage.token(&[OWN]).await.json().get("refresh_token").is_some() }),
    ),
    (
        "DEF-SEED-AS-TOKEN-05",
        Custom,
        look!(stage => {
            stage.token(&[("grant_type", "\"magic\"")]).await.member("error_description").contains('"')
        }),
    ),
    ("DEF-SEED-AS-TOKEN-06", Custom, look!(stage => { stage.verified(&own_token(&stage).await).await.is_err() })),
    ("DEF-SEED-AS-TOKEN-07", Custom, look!(stage => { claims(&stage).await.1.get("client_id").is_none() })),
    ("DEF-SEED-AS-TOKEN-08", Custom, look!(stage => { claims(&stage).await.0["typ"] != "at+jwt" })),
    ("DEF-SEED-AS-TOKEN-09", Custom, look!(stage => { claims(&stage).await.1.get("jti").is_none() })),
    ("DEF-SEED-AS-TOKEN-11", Custom, look!(stage => { claims(&stage).await.1["iss"] != stage.server.issuer() })),
    ("DEF-SEED-AS-TOKEN-10", Custom, look!(stage => { claims(&stage).await.1.get("scope").is_none() })),
];
