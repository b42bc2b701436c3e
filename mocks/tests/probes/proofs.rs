//! What defects around codes, devices and SAML assertions look like on the wire.
//! Each look says whether it saw the defect.

use std::time::Duration;

use kmspec_mocks::{
    realm::{ClientSpec, KeyRing, test_keys::KeyFamily},
    saml::{AssertionBuilder, IdentityProvider},
    server::AuthorizationServer,
    vendors::Vendor::{Custom, Is7},
};
use serde_json::json;

use super::{
    endpoints::look,
    grants::{CALLBACK, CHALLENGE, DEVICE, VERIFIER, allow, code, device_code, granted, polled, redeemed},
};
use crate::{
    Probe,
    support::{
        AUTHORITY, Answer, Stage,
        browser::{Arrival, Page},
    },
};

const SAML: &str = "urn:ietf:params:oauth:grant-type:saml2-bearer";
const ALIAS: &str = "https://as.example/alias";

/// Presents an assertion of a trusted identity provider, after a change; whether it brings tokens.
async fn vouched(stage: &Stage, change: impl FnOnce(AssertionBuilder) -> AssertionBuilder, signed: bool) -> bool {
    vouched_for(stage, ALIAS, change, signed).await
}

/// The same for an audience.
async fn vouched_for(
    stage: &Stage,
    audience: &str,
    change: impl FnOnce(AssertionBuilder) -> AssertionBuilder,
    signed: bool,
) -> bool {
    allow(stage, SAML);
    let keys = KeyRing::of_family(KeyFamily::Rsa);
    let provider = IdentityProvider::new("https://idp.example", keys, stage.server.clock().clone());
    stage.server.realm().trust(provider.trusted("partner").alias(ALIAS)).unwrap();
    let good = provider.assertion("bob").audience(audience).recipient(&stage.server.endpoints().token);
    let assertion = change(good);
    let assertion = if signed { assertion.sign().unwrap() } else { assertion.unsigned() };
    granted(&stage.token(&[("grant_type", SAML), ("assertion", &assertion.encoded())]).await)
}

/// What the browser meets that asks for a code with these parameters.
async fn asked(stage: &Stage, more: &[(&str, &str)]) -> Arrival {
    allow(stage, "authorization_code");
    let usual = [("response_type", "code"), ("client_id", stage.client.id.as_str()), ("redirect_uri", CALLBACK)];
    let replaced = |name: &str| more.iter().any(|(other, _)| *other == name);
    let mut all: Vec<_> = usual.into_iter().filter(|(name, _)| !replaced(name)).collect();
    all.extend_from_slice(more);
    stage.authorize(&all).await
}

fn stays(arrival: &Arrival) -> Option<&Page> {
    match arrival {
        Arrival::Page(page) => Some(page),
        Arrival::Away(_) => None,
    }
}

async fn ask_as(stage: &Stage, client: &ClientSpec, form: &[(&str, &str)]) -> Answer {
    let client = stage.server.realm().add_client(client.clone());
    let request = stage.http.post(&stage.server.endpoints().token).form(form);
    crate::support::answer(request.basic_auth(&client.id, client.secret).send().await.unwrap()).await
}

fn user_code(stage: &Stage, answer: &Answer, approve: bool) {
    let realm = stage.server.realm();
    let code = answer.member("user_code");
    assert!(if approve { realm.approve_device(&code, "ann") } else { realm.deny_device(&code) });
}

async fn begun(stage: &Stage) -> Answer {
    allow(stage, DEVICE);
    let url = stage.server.endpoints().device_authorization.clone().unwrap();
    stage.post(&url, &[]).await
}

/// A server at the first free port that an offset leads to.
async fn with_offset() -> AuthorizationServer {
    for port in 9_444..9_540 {
        let builder = AuthorizationServer::builder(Is7).certificates(AUTHORITY.clone()).port(Some(port));
        if let Ok(server) = builder.start().await {
            return server;
        }
    }
    panic!("not one of a hundred ports is free");
}

pub(crate) const PROBES: &[Probe] = &[
    ("DEF-SEED-AS-SAML-01", Is7, look!(stage => { vouched(&stage, |good| good, false).await })),
    (
        "DEF-SEED-AS-SAML-02",
        Is7,
        look!(stage => {
            let past = Some(stage.server.realm().now() - 60);
            vouched(&stage, |good| good.not_on_or_after(past).confirmed_until(past), true).await
        }),
    ),
    (
        "DEF-SEED-AS-SAML-03",
        Is7,
        look!(stage => { vouched_for(&stage, "https://elsewhere.example", |good| good, true).await }),
    ),
    (
        "DEF-SEED-AS-SAML-04",
        Is7,
        look!(stage => { vouched(&stage, |good| good.recipient("https://elsewhere.example"), true).await }),
    ),
    ("DEF-SEED-AS-SAML-05", Is7, look!(stage => { vouched(&stage, AssertionBuilder::without_subject, true).await })),
    (
        "DEF-SEED-AS-SAML-06",
        Is7,
        look!(stage => { vouched(&stage, |good| good.issuer(Some("https://nobody.example")), true).await }),
    ),
    ("DEF-SEED-AS-SAML-07", Is7, look!(stage => { !vouched(&stage, |good| good, true).await })),
    ("DEF-SEED-AS-SAML-08", Is7, look!(stage => { vouched(&stage, |good| good.issuer(Some("partner")), true).await })),
    (
        "DEF-SEED-AS-CODE-04",
        Custom,
        look!(stage => {
            let code = code(&stage);
            let form = [
                ("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ];
            let other = ClientSpec::new("other").grant_types(["authorization_code"]).redirect_uris([CALLBACK]);
            granted(&ask_as(&stage, &other, &form).await)
        }),
    ),
    (
        "DEF-SEED-AS-CODE-05",
        Custom,
        look!(stage => {
            let code = code(&stage);
            stage.server.clock().advance(Duration::from_secs(660));
            granted(&redeemed(&stage, &code, CALLBACK, Some(VERIFIER)).await)
        }),
    ),
    (
        "DEF-SEED-AS-CODE-06",
        Custom,
        look!(stage => { granted(&redeemed(&stage, &code(&stage), CALLBACK, Some(&VERIFIER.repeat(2))).await) }),
    ),
    (
        "DEF-SEED-AS-CODE-07",
        Custom,
        look!(stage => { !granted(&redeemed(&stage, &code(&stage), CALLBACK, Some(VERIFIER)).await) }),
    ),
    (
        "DEF-SEED-AS-CODE-08",
        Is7,
        look!(stage => { !granted(&redeemed(&stage, &code(&stage), CALLBACK, Some(VERIFIER)).await) }),
    ),
    (
        "DEF-SEED-AS-CODE-09",
        Is7,
        look!(stage => {
            let arrival = asked(&stage, &[("state", "a b")]).await;
            let page = stays(&arrival).expect("the login page");
            stage.log_in(page).await.away().get("state").map(String::as_str) != Some("a b")
        }),
    ),
    (
        "DEF-SEED-AS-CODE-10",
        Is7,
        look!(stage => {
            let away = asked(&stage, &[("redirect_uri", "https://elsewhere.example/")]).await;
            matches!(away, Arrival::Away(url) if url.host_str() == Some("elsewhere.example"))
        }),
    ),
    (
        "DEF-SEED-AS-CODE-11",
        Custom,
        look!(stage => { stays(&asked(&stage, &[("response_type", "strange")]).await).is_some() }),
    ),
    (
        "DEF-SEED-AS-CODE-12",
        Custom,
        look!(stage => {
            let strange = [("code_challenge", CHALLENGE), ("code_challenge_method", "S4711")];
            stays(&asked(&stage, &strange).await).is_some()
        }),
    ),
    ("DEF-SEED-AS-DEVICE-03", Is7, look!(stage => { begun(&stage).await.json().get("expires_in").is_none() })),
    (
        "DEF-SEED-AS-DEVICE-04",
        Custom,
        look!(stage => {
            let device = begun(&stage).await;
            user_code(&stage, &device, true);
            polled(&stage, &device.member("device_code")).await.error() == (400, "authorization_pending".to_owned())
        }),
    ),
    (
        "DEF-SEED-AS-DEVICE-05",
        Custom,
        look!(stage => {
            let device = begun(&stage).await;
            user_code(&stage, &device, false);
            polled(&stage, &device.member("device_code")).await.error().1 == "authorization_pending"
        }),
    ),
    (
        "DEF-SEED-AS-DEVICE-06",
        Custom,
        look!(stage => {
            let code = device_code(&stage).await;
            stage.server.clock().advance(Duration::from_secs(3_600));
            polled(&stage, &code).await.error().1 == "authorization_pending"
        }),
    ),
    (
        "DEF-SEED-AS-DEVICE-07",
        Custom,
        look!(stage => {
            let device = begun(&stage).await;
            user_code(&stage, &device, true);
            assert!(granted(&polled(&stage, &device.member("device_code")).await));
            stage.server.clock().advance(Duration::from_secs(30));
            granted(&polled(&stage, &device.member("device_code")).await)
        }),
    ),
    (
        "DEF-SEED-AS-DEVICE-08",
        Custom,
        look!(stage => {
            let device = begun(&stage).await;
            user_code(&stage, &device, true);
            let code = device.member("device_code");
            let form = [("grant_type", DEVICE), ("device_code", code.as_str())];
            granted(&ask_as(&stage, &ClientSpec::new("other").grant_types([DEVICE]), &form).await)
        }),
    ),
    (
        "DEF-SEED-AS-DISCO-09",
        Is7,
        look!(stage => {
            let document = stage.get(&stage.server.discovery_url()).await.json();
            document["response_types_supported"].as_array().unwrap().contains(&json!("token"))
        }),
    ),
    (
        "DEF-SEED-AS-DISCO-10",
        Is7,
        look!(stage => {
            let server = with_offset().await;
            let on = stage.server.defects().list();
            on.iter().for_each(|defect| assert!(server.can_show(defect.id).is_ok()));
            on.iter().for_each(|defect| server.defects().switch_on(defect.id).unwrap());
            let document = stage.get(&server.discovery_url()).await.json();
            document["token_endpoint"] == "https://localhost:9443/oauth2/token"
        }),
    ),
    (
        "DEF-SEED-AS-DISCO-11",
        Is7,
        look!(stage => {
            let document = stage.get(&stage.server.discovery_url()).await.json();
            document.get("token_endpoint_auth_signing_alg_values_supported").is_none()
        }),
    ),
    (
        "DEF-SEED-AS-DCR-18",
        Is7,
        look!(stage => {
            let url = stage.server.endpoints().registration.clone().unwrap();
            let ask = async |name: &str| {
                let body = json!({ "client_name": name, "grant_types": ["client_credentials"], "ext_param_client_id": "chosen_by_somebody" });
                stage.admin(reqwest::Method::POST, &url, Some(body)).await.status
            };
            (ask("one").await, ask("two").await) == (201, 201)
        }),
    ),
];
