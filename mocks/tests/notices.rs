//! Revocation notices: whom WSO2 Identity Server tells of tokens that ended, and in which words.
//! What a platform does with a notice is tested there.

mod support;

use std::time::{Duration, Instant};

use kmspec_mocks::{
    deployment_toml::DeploymentToml,
    notices::{NoticeError, NoticeTarget},
    realm::{ClientSpec, TokenFormat},
    server::AuthorizationServer,
    vendors::Vendor,
};
use serde_json::{Value, json};
use support::{AUTHORITY, Stage, stage, stage_with};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
};

const INTAKE: &str = "/internal/data/v1/notify";

/// Somebody who takes notices down: the header and the body of each.
struct Intake {
    url: String,
    taken: UnboundedReceiver<(String, Value)>,
}

impl Intake {
    /// One that answers with this status.
    async fn open(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}{INTAKE}", listener.local_addr().unwrap());
        let (told, taken) = unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let told = told.clone();
                tokio::spawn(async move {
                    let mut bytes = Vec::new();
                    loop {
                        assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "the notice ends early");
                        let text = String::from_utf8_lossy(&bytes).into_owned();
                        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                        let Ok(body) = serde_json::from_str(body) else { continue };
                        told.send((head.to_owned(), body)).unwrap();
                        let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                        return stream.write_all(answer.as_bytes()).await.unwrap();
                    }
                });
            }
        });
        Self { url, taken }
    }

    async fn next(&mut self) -> (String, Value) {
        let waited = tokio::time::timeout(Duration::from_secs(10), self.taken.recv()).await;
        waited.expect("a notice comes within ten seconds").expect("the intake is open")
    }

    fn target(&self) -> NoticeTarget {
        NoticeTarget::new(&self.url, "ruth", "ruth's secret")
    }
}

async fn told(stage: &Stage) -> Intake {
    let intake = Intake::open(200).await;
    stage.server.send_notices(Some(intake.target())).await.unwrap();
    intake
}

#[tokio::test]
async fn a_revoked_jwt_is_told_by_its_id_in_the_name_of_the_handler() {
    let stage = stage(Vendor::Is7).await;
    let mut intake = told(&stage).await;
    let token = stage.password("read").await.member("access_token");
    let claims = stage.verified(&token).await.unwrap().1;
    assert_eq!(stage.revoke(&token).await.status, 200);
    let (head, notice) = intake.next().await;
    assert!(head.starts_with(&format!("POST {INTAKE} HTTP/1.1")), "{head}");
    let head = head.to_ascii_lowercase();
    assert!(head.contains("\r\nx-wso2-key-manager: wso2-is"), "{head}");
    // ruth:ruth's secret
    assert!(head.contains("\r\nauthorization: basic cnv0adpydxroj3mgc2vjcmv0"), "{head}");
    for (member, value) in [
        ("type", json!("token_revocation")),
        ("accessToken", claims["jti"].clone()),
        ("expiryTime", json!(claims["exp"].as_u64().unwrap() * 1_000)),
        ("consumerKey", json!(stage.client.id)),
        ("user", json!("ann")),
        ("tokenType", json!("JWT")),
        ("tenantId", json!(-1234)),
        ("tenantDomain", json!("carbon.super")),
        ("properties", json!({})),
    ] {
        assert_eq!(notice[member], value, "{member}");
    }
    let sent_ms = notice["timeStamp"].as_u64().unwrap();
    assert!(stage.server.clock().now_ms().abs_diff(sent_ms) < 60_000 && notice["eventId"].is_string());
}

#[tokio::test]
async fn tenants_are_told_of_in_their_own_name_whenever_they_were_added() {
    let stage = stage(Vendor::Is7).await;
    stage.server.add_tenant("one.com").unwrap();
    let mut intake = told(&stage).await;
    stage.server.add_tenant("two.com").unwrap();
    for (domain, id) in [("one.com", 1), ("two.com", 2), ("carbon.super", -1234)] {
        let realm = stage.server.tenant(domain).unwrap();
        let client = realm.add_client(ClientSpec::new(domain));
        realm.remove_client(&client.id);
        let notice = intake.next().await.1;
        assert_eq!(notice["consumerKey"], client.id, "{domain}");
        assert_eq!((&notice["tenantDomain"], &notice["tenantId"]), (&json!(domain), &json!(id)));
    }
    stage.server.send_notices(None).await.unwrap();
    stage.server.add_tenant("three.com").unwrap();
    for domain in stage.server.tenants() {
        let realm = stage.server.tenant(&domain).unwrap();
        realm.remove_client(&realm.add_client(ClientSpec::new("a")).id);
    }
    assert!(intake.taken.try_recv().is_err());
    let mut other = told(&stage).await;
    let realm = stage.server.tenant("three.com").unwrap();
    realm.remove_client(&realm.add_client(ClientSpec::new("b")).id);
    assert_eq!(other.next().await.1["tenantId"], 3);
    assert!(intake.taken.try_recv().is_err(), "whoever was told before is told no more");
}

#[tokio::test]
async fn an_opaque_token_is_told_by_its_own_text() {
    let client = ClientSpec::new("orders").token_format(TokenFormat::Opaque);
    let stage = stage_with(Vendor::Is, client).await;
    let mut intake = told(&stage).await;
    let token = stage.token(&[("grant_type", "client_credentials")]).await.member("access_token");
    stage.revoke(&token).await;
    let notice = intake.next().await.1;
    assert_eq!((&notice["accessToken"], &notice["tokenType"]), (&json!(token), &json!("DEFAULT")));
}

#[tokio::test]
async fn whatever_ends_a_token_early_is_told_and_what_was_over_is_not() {
    let stage = stage(Vendor::Is7).await;
    let mut intake = told(&stage).await;
    let jti = async |token: &str| stage.verified(token).await.unwrap().1["jti"].clone();
    let first = stage.password("read").await;
    let refresh = first.member("refresh_token");
    let next = stage.token(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await;
    assert_eq!(
        intake.next().await.1["accessToken"],
        jti(&first.member("access_token")).await,
        "replaced by refreshing"
    );
    let again = stage.password("read").await;
    assert_eq!(intake.next().await.1["accessToken"], jti(&next.member("access_token")).await, "replaced by a twin");
    stage.revoke(&again.member("refresh_token")).await;
    assert_eq!(
        intake.next().await.1["accessToken"],
        jti(&again.member("access_token")).await,
        "with its refresh token"
    );
    stage.revoke(&again.member("access_token")).await;
    stage.server.realm().remove_user("ann");
    let user = intake.next().await.1;
    assert_eq!(user["type"], "subject_entity_revocation_event", "what had ended is not told again");
    assert_eq!(user["entityType"], "USER_ID");
    stage.server.realm().remove_client(&stage.client.id);
    let client = intake.next().await.1;
    assert_eq!(
        (&client["type"], &client["consumerKey"]),
        (&json!("consumer_app_revocation_event"), &json!(stage.client.id))
    );
    assert!(client["revocationTime"].as_u64().is_some());
}

#[tokio::test]
async fn nobody_waits_for_a_notice_or_looks_at_its_answer() {
    let stage = stage(Vendor::Is7).await;
    let mut intake = Intake::open(500).await;
    stage.server.send_notices(Some(intake.target())).await.unwrap();
    for _ in 0..2 {
        let token = stage.token(&[("grant_type", "client_credentials")]).await.member("access_token");
        assert_eq!(stage.revoke(&token).await.status, 200);
        intake.next().await;
    }
    // A place where somebody listens and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}{INTAKE}", silent.local_addr().unwrap());
    stage.server.send_notices(Some(NoticeTarget::new(url, "ruth", "x"))).await.unwrap();
    let token = stage.token(&[("grant_type", "client_credentials")]).await.member("access_token");
    let began = Instant::now();
    assert_eq!(stage.revoke(&token).await.status, 200);
    assert!(began.elapsed() < Duration::from_secs(5), "the answer does not wait for the notice");
    stage.server.send_notices(None).await.unwrap();
    assert_eq!(stage.server.notice_target(), None);
}

#[tokio::test]
async fn a_deployment_toml_names_whom_to_tell() {
    let mut intake = Intake::open(200).await;
    let file = format!(
        "[[event_listener]]\nname = \"org.wso2.is.notification.ApimOauthEventInterceptor\"\n\
         [event_listener.properties]\nnotification_endpoint = \"{}\"\nusername = \"${{admin.username}}\"\n\
         password = \"${{admin.password}}\"\n'header.X-WSO2-KEY-MANAGER' = \"WSO2-IS-7\"\n",
        intake.url
    );
    let builder = AuthorizationServer::builder(Vendor::Is7).certificates(AUTHORITY.clone()).port(Some(0));
    let server = builder.deployment(DeploymentToml::parse(&file).unwrap()).start().await.unwrap();
    let client = server.realm().add_client(ClientSpec::new("orders"));
    server.realm().remove_client(&client.id);
    let head = intake.next().await.0.to_ascii_lowercase();
    assert!(head.contains("\r\nx-wso2-key-manager: wso2-is-7") && head.contains("basic ywrtaw46ywrtaw4="), "{head}");
}

#[tokio::test]
async fn notices_cannot_go_where_nobody_could_take_them() {
    let okta = stage(Vendor::Okta).await;
    let target = NoticeTarget::new("https://localhost:1/", "ruth", "x");
    assert!(matches!(okta.server.send_notices(Some(target.clone())).await, Err(NoticeError::Vendor(_))));
    let stage = stage(Vendor::Is7).await;
    let wrong = [
        NoticeTarget { url: "notify".to_owned(), ..target.clone() },
        NoticeTarget { url: "ftp://localhost/".to_owned(), ..target.clone() },
        NoticeTarget { handler: "a\nb".to_owned(), ..target.clone() },
        NoticeTarget {
            ca_pem: Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----".to_owned()),
            ..target
        },
    ];
    for wrong in wrong {
        let said = format!("{wrong:?}");
        assert!(stage.server.send_notices(Some(wrong)).await.is_err(), "{said}");
    }
    assert_eq!(stage.server.notice_target(), None);
}
