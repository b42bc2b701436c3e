//! Revocations: what the door for them takes, and how long they are kept.

use super::*;
use crate::{
    events::Event,
    revocations::{CADENCE, KEPT_BEYOND_MS},
    store::{Document, Revocation, StoreError},
};

#[tokio::test]
async fn ended_revocations_go_by_the_clock_of_their_tenant_and_others_stay() {
    let stage = Stage::open().await;
    let clock = Clock::system();
    let ahead = TenantSpec { clock: Some(clock.clone()), ..tenant("ahead.com") };
    stage.platform.create_tenant(ahead).await.unwrap();
    let soon = clock.now_ms() + 3_600_000;
    let token = |name: &str, expires_at_ms| Revocation::Token { token: name.to_owned(), expires_at_ms };
    let consumer = Revocation::Consumer { consumer_key: "ck".into(), revoked_at_ms: 1 };
    let store = &stage.platform.site().store;
    let put = |domain: &'static str, kept: Revocation| {
        store.write_now::<_, StoreError>(|documents| documents.put(domain, &kept)).unwrap();
    };
    put("ahead.com", token("ended", soon));
    put("ahead.com", token("unlimited", i64::MAX as u64));
    put("ahead.com", token("later", soon + 7_200_000));
    put("ahead.com", consumer);
    put("two.com", token("elsewhere", soon));
    put("", token("nowhere", soon));
    put("", token("long ago", 7));
    clock.advance(std::time::Duration::from_secs(7_200));
    let names = || -> Vec<String> {
        let all: Vec<(String, Revocation)> = store.read_now::<_, StoreError>(|all| all.everywhere()).unwrap();
        all.iter().map(|(_, one)| one.id().split_once('\n').unwrap().1.to_owned()).collect()
    };
    let tell = |times: usize| {
        for _ in 0..times {
            let event = Event::TokenRevoked { tenant: String::new(), token: "told".into(), expires_at_ms: soon };
            stage.platform.site().bus.publish(event);
        }
    };
    tell(CADENCE - 1);
    assert_eq!(names().len(), 7, "not yet");
    tell(1);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while names().len() > 5 && std::time::Instant::now() < deadline {
        tokio::task::yield_now().await;
    }
    assert_eq!(names(), ["unlimited", "later", "ck", "elsewhere", "nowhere"]);
    stage.close().await;
}

#[tokio::test]
async fn a_start_forgets_revocations_that_ended_and_keeps_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let data = Data::File(folder.path().join("platform.db"));
    let stage = Stage::open_on(data.clone()).await;
    let url = format!("{}/internal/data/v1/notify", stage.platform.management_url());
    let now = Clock::system().now_ms();
    for (token, expiry) in
        [("ended", now - KEPT_BEYOND_MS - 1_000), ("just ended", now - 1_000), ("good", now + 60_000)]
    {
        let notice = json!({"type": "token_revocation", "accessToken": token, "expiryTime": expiry});
        let request =
            stage.client.post(&url).basic_auth("admin", Some("admin")).header("X-WSO2-KEY-MANAGER", "WSO2-IS");
        assert_eq!(Stage::answer(request.json(&notice)).await.status, 200);
    }
    let kept = |stage: &Stage| -> Vec<String> {
        let all: Vec<(String, Revocation)> =
            stage.platform.site().store.read_now::<_, StoreError>(|all| all.everywhere()).unwrap();
        all.iter().map(|(_, one)| one.id()).collect()
    };
    assert_eq!(kept(&stage).len(), 3);
    stage.close().await;
    let stage = Stage::open_on(data).await;
    assert_eq!(kept(&stage), ["token\njust ended", "token\ngood"]);
    stage.close().await;
}

#[tokio::test]
async fn notices_of_every_kind_are_kept_and_told_and_the_door_checks_what_it_is_told() {
    let stage = Stage::open().await;
    let mut events = stage.platform.site().bus.subscribe();
    let url = format!("{}/internal/data/v1/notify", stage.platform.management_url());
    let consumer = json!({"type": "consumer_app_revocation_event", "consumerKey": "ck", "revocationTime": 5});
    let subject = json!({"type": "subject_entity_revocation_event", "entityId": "dora", "entityType": "USER_ID",
        "revocationTime": 6});
    let forever = json!({"type": "token_revocation", "accessToken": "jti"});
    let send = async |handler: Option<&str>, body: String| {
        let request = stage.client.post(&url).basic_auth("admin", Some("admin")).body(body);
        let request = handler.iter().fold(request, |request, handler| request.header("X-WSO2-KEY-MANAGER", *handler));
        Stage::answer(request).await.status
    };
    assert_eq!(send(None, forever.to_string()).await, 400, "no handler");
    assert_eq!(Stage::answer(stage.client.post(&url).body(forever.to_string())).await.status, 401, "no credentials");
    for wrong in [
        json!({"type": "token_revocation", "accessToken": "jti", "expiryTime": "soon"}),
        json!({"type": "token_revocation", "accessToken": "jti", "expiryTime": -1}),
        json!({"type": "consumer_app_revocation_event", "consumerKey": "ck"}),
        json!({"type": "subject_entity_revocation_event", "entityId": "dora", "revocationTime": 6}),
        json!({"accessToken": "jti"}),
        json!([]),
    ] {
        assert_eq!(send(Some("WSO2-IS-7"), wrong.to_string()).await, 400, "{wrong}");
    }
    assert!(events.try_recv().is_err(), "nothing refused is told");
    for good in [consumer, subject, forever] {
        assert_eq!(send(Some("WSO2-IS-7"), good.to_string()).await, 200, "{good}");
    }
    let told = [events.try_recv().unwrap(), events.try_recv().unwrap(), events.try_recv().unwrap()];
    assert!(matches!(&told[0], Event::ConsumerRevoked { consumer_key, revoked_at_ms: 5, .. } if consumer_key == "ck"));
    assert!(matches!(&told[1], Event::SubjectRevoked { entity_id, entity_type, revoked_at_ms: 6, .. }
        if entity_id == "dora" && entity_type == "USER_ID"));
    let unlimited = i64::MAX as u64;
    assert!(
        matches!(&told[2], Event::TokenRevoked { token, expires_at_ms, .. } if token == "jti" && *expires_at_ms == unlimited)
    );
    let kept: Vec<(String, Revocation)> =
        stage.platform.site().store.read_now::<_, StoreError>(|all| all.everywhere()).unwrap();
    let expected = [
        Revocation::Consumer { consumer_key: "ck".into(), revoked_at_ms: 5 },
        Revocation::Subject { entity_id: "dora".into(), entity_type: "USER_ID".into(), revoked_at_ms: 6 },
        Revocation::Token { token: "jti".into(), expires_at_ms: unlimited },
    ];
    assert_eq!(kept.into_iter().map(|(_, one)| one).collect::<Vec<_>>(), expected);
    stage.close().await;
}
