//! What defects of Windows logins and of Kerberos tickets look like on the wire.
//! Each look says whether it saw the defect.

use kmspec_mocks::{
    kerberos::{KeyCentre, ServicePrincipal, TicketOrder},
    ntlm,
    realm::{TrustedIssuer, TrustedKeys},
    vendors::Vendor::Is7,
};
use serde_json::json;

use super::{
    endpoints::look,
    grants::{allow, granted},
};
use crate::{
    Probe,
    support::{Answer, Stage},
};

const NTLM: &str = "iwa:ntlm";

/// Answers a challenge; gives the message, and what became of it.
async fn windows(stage: &Stage, password: &str) -> (String, Answer) {
    allow(stage, NTLM);
    let send = async |token: &str| stage.token(&[("grant_type", NTLM), ("windows_token", token)]).await;
    let mut client = ntlm::Client::new("ann", password).unwrap();
    let challenge = send(&client.negotiate().unwrap()).await;
    let message = client.authenticate(challenge.header("www-authenticate")).unwrap();
    let answer = send(&message).await;
    (message, answer)
}

/// What becomes of a ticket's token at a server that is a service of its realm.
async fn ticket(stage: &Stage, order: impl FnOnce(TicketOrder, u64) -> TicketOrder) -> (String, Answer) {
    allow(stage, "kerberos");
    let realm = stage.server.realm();
    realm.change_policy(|policy| policy.grant_types.push("kerberos".to_owned()));
    let service = ServicePrincipal::with_key("HTTP/is.example@EXAMPLE.COM", &[7; 32]).unwrap();
    let corp = TrustedIssuer::new("corp", "https://corp.example", TrustedKeys::Nothing).kerberos(service.clone());
    realm.trust(corp).unwrap();
    let token = order(KeyCentre::new(service).ticket("ann@EXAMPLE.COM", realm.now()).unwrap(), realm.now()).token();
    let answer = shown(stage, &token).await;
    (token, answer)
}

async fn shown(stage: &Stage, token: &str) -> Answer {
    shown_at(stage, token, "corp", "").await
}

async fn shown_at(stage: &Stage, token: &str, realm: &str, scope: &str) -> Answer {
    let form = [("grant_type", "kerberos"), ("kerberos_token", token), ("kerberos_realm", realm), ("scope", scope)];
    stage.token(&form).await
}

pub(crate) const PROBES: &[Probe] = &[
    ("DEF-SEED-AS-NTLM-01", Is7, look!(stage => { !granted(&windows(&stage, "ann's secret").await.1) })),
    ("DEF-SEED-AS-NTLM-02", Is7, look!(stage => { granted(&windows(&stage, "wrong").await.1) })),
    (
        "DEF-SEED-AS-NTLM-03",
        Is7,
        look!(stage => {
            let (message, first) = windows(&stage, "ann's secret").await;
            assert!(granted(&first), "{}", first.text);
            granted(&stage.token(&[("grant_type", NTLM), ("windows_token", &message)]).await)
        }),
    ),
    (
        "DEF-SEED-AS-NTLM-04",
        Is7,
        look!(stage => {
            allow(&stage, NTLM);
            stage.token(&[("grant_type", NTLM), ("windows_token", "bm8gbWVzc2FnZSBhdCBhbGw=")]).await.status == 500
        }),
    ),
    (
        "DEF-SEED-AS-NTLM-05",
        Is7,
        look!(stage => {
            allow(&stage, NTLM);
            let first = ntlm::Client::new("ann", "ann's secret").unwrap().in_spnego().negotiate().unwrap();
            let told = stage.token(&[("grant_type", NTLM), ("windows_token", &first)]).await;
            told.header("www-authenticate").starts_with("NTLM TlRMTVNTUAAC")
        }),
    ),
    (
        "DEF-SEED-AS-KRB-01",
        Is7,
        look!(stage => { granted(&ticket(&stage, |order, _| order.sealed_with_another_key()).await.1) }),
    ),
    (
        "DEF-SEED-AS-KRB-02",
        Is7,
        look!(stage => {
            let past = |order: TicketOrder, now| order.valid_from(now - 7_200).valid_until(now - 3_600);
            granted(&ticket(&stage, past).await.1)
        }),
    ),
    (
        "DEF-SEED-AS-KRB-03",
        Is7,
        look!(stage => { granted(&ticket(&stage, |order, now| order.shown_at(now - 3_600)).await.1) }),
    ),
    (
        "DEF-SEED-AS-KRB-04",
        Is7,
        look!(stage => {
            let other = |order: TicketOrder, _| order.addressed_to("HTTP/other.example@EXAMPLE.COM".parse().unwrap());
            granted(&ticket(&stage, other).await.1)
        }),
    ),
    (
        "DEF-SEED-AS-KRB-05",
        Is7,
        look!(stage => {
            let eve = |order: TicketOrder, _| order.shown_by("eve@EXAMPLE.COM".parse().unwrap());
            granted(&ticket(&stage, eve).await.1)
        }),
    ),
    (
        "DEF-SEED-AS-KRB-06",
        Is7,
        look!(stage => {
            let (token, first) = ticket(&stage, |order, _| order).await;
            assert!(granted(&first), "{}", first.text);
            granted(&shown(&stage, &token).await)
        }),
    ),
    ("DEF-SEED-AS-KRB-07", Is7, look!(stage => { !granted(&ticket(&stage, |order, _| order).await.1) })),
    (
        "DEF-SEED-AS-KRB-08",
        Is7,
        look!(stage => {
            ticket(&stage, |order, _| order).await;
            shown(&stage, "bm8gbWVzc2FnZSBhdCBhbGw=").await.status == 500
        }),
    ),
    (
        "DEF-SEED-AS-KRB-09",
        Is7,
        look!(stage => { granted(&ticket(&stage, |order, now| order.valid_from(now + 3_600)).await.1) }),
    ),
    (
        "DEF-SEED-AS-KRB-10",
        Is7,
        look!(stage => {
            let (token, first) = ticket(&stage, |order, _| order).await;
            assert!(granted(&first), "{}", first.text);
            granted(&shown_at(&stage, &token, "nowhere", "").await)
        }),
    ),
    (
        "DEF-SEED-AS-KRB-11",
        Is7,
        look!(stage => {
            let (token, _) = ticket(&stage, |order, _| order).await;
            stage.token(&[("grant_type", "kerberos"), ("kerberos_token", &token)]).await.status == 500
        }),
    ),
    (
        "DEF-SEED-AS-KRB-12",
        Is7,
        look!(stage => {
            let (token, _) = ticket(&stage, |order, _| order.sealed_with_another_key()).await;
            assert!(!granted(&shown(&stage, &token).await));
            let service = ServicePrincipal::with_key("HTTP/is.example@EXAMPLE.COM", &[7; 32]).unwrap();
            let sound = KeyCentre::new(service).ticket("ann@EXAMPLE.COM", stage.server.realm().now()).unwrap();
            shown_at(&stage, &sound.token(), "corp", "any").await.member("scope").is_empty()
        }),
    ),
    (
        "DEF-SEED-AS-WHO-01",
        Is7,
        look!(stage => {
            let answer = windows(&stage, "ann's secret").await.1;
            let told = stage.introspect(&answer.member("access_token")).await;
            assert_eq!(told["active"], json!(true));
            !told["username"].as_str().unwrap().starts_with("ann@")
        }),
    ),
];
