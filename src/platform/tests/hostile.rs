//! Requests that nobody in their right mind sends: no resource fails at them, and none that refuses changes anything.
//! What the right requests do is tested in `contract`.

use super::{contract::Furnished, *};
use crate::{
    domain::{Api, Application, KeyManager, KeyMapping, OAuthClient, Revision, Scope, Subscription, User},
    store::{Document, Documents, StoreError},
};

/// Every resource that takes a body.
const WRITERS: &[&str] = &[
    "POST /adm/key-managers",
    "PUT /adm/key-managers/{km}",
    "POST /adm/key-managers/discover",
    "POST /dev/applications",
    "PUT /dev/applications/{app}",
    "POST /dev/applications/{app}/generate-keys",
    "POST /dev/applications/{app}/map-keys",
    "PUT /dev/applications/{app}/oauth-keys/{key}",
    "POST /dev/applications/{app}/oauth-keys/{key}/generate-token",
    "POST /dev/applications/{app}/oauth-keys/{key}/generate-secret",
    "POST /dev/applications/{app}/oauth-keys/{key}/revoke-secret",
    "PUT /dev/applications/{app}/keys/PRODUCTION",
    "POST /dev/subscriptions",
    "POST /dev/subscriptions/multiple",
    "PUT /dev/subscriptions/{sub}",
    "POST /dev/me/change-password",
    "POST /pub/apis",
    "PUT /pub/apis/{api}",
    "PUT /pub/apis/{api}/swagger",
    "POST /pub/apis/{api}/revisions",
    "POST /pub/apis/{api}/deploy-revision?revisionId={rev}",
    "POST /pub/scopes",
    "PUT /pub/scopes/{scope}",
];

/// Every resource by an id, which here is none.
const LOST: &[&str] = &[
    "GET /adm/key-managers/%",
    "GET /adm/key-managers/%ff",
    "DELETE /adm/key-managers/..%2f..",
    "GET /adm/key-managers/%00",
    "GET /adm/key-managers/%F0%9F%94%91/api-usages",
    "POST /adm/applications/%00/change-owner?owner=%00",
    "GET /dev/applications/%27%20OR%201=1",
    "GET /dev/applications/{app}/oauth-keys/%00",
    "GET /dev/applications?limit=-1",
    "GET /dev/applications?limit=99999999999999999999",
    "GET /dev/applications?offset=18446744073709551615&limit=18446744073709551615",
    "GET /dev/subscriptions/%00",
    "POST /pub/subscriptions/block-subscription?subscriptionId=%00&blockState=BLOCKED",
    "POST /pub/apis/change-lifecycle?apiId={api}&action=%00",
    "POST /pub/apis/change-lifecycle",
    "POST /pub/apis/{api}/deploy-revision",
    "GET /pub/scopes/%00",
];

/// Bodies that are no documents.
fn texts() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = ["", " ", "{", "}", "[", "null", "7", "-1e999", "\"x\"", "[]", "[[]]", "[null]"]
        .map(|text| text.as_bytes().to_vec())
        .to_vec();
    all.push(b"\xff\xfe{}".to_vec());
    all.push("[".repeat(50_000).into_bytes());
    all.push(format!("{{\"name\":\"{}\"}}", "x".repeat(1_000_000)).into_bytes());
    all.push(vec![b'x'; 3_000_000]);
    all
}

/// Values that fit nowhere, or nearly everywhere.
fn values() -> Vec<Value> {
    let deep = (0..100).fold(json!(1), |inside, _| json!([inside]));
    vec![
        json!(7),
        json!(-1),
        json!(1e300),
        json!(u64::MAX),
        json!(true),
        json!(""),
        json!(" "),
        json!("\u{0}"),
        json!("\u{202e}x"),
        json!("x".repeat(10_000)),
        json!("%2e%2e/'\"<>;--"),
        json!([]),
        json!([7]),
        json!(["\u{0}"]),
        json!({}),
        json!({"a": {"b": []}}),
        deep,
    ]
}

/// Everything that is kept.
pub(super) fn everything(all: &Furnished) -> Vec<Value> {
    fn kept<D: Document>(documents: &Documents<'_>) -> Result<Value, StoreError> {
        Ok(json!(documents.everywhere::<D>()?))
    }
    let read = |documents: &Documents<'_>| {
        Ok::<_, StoreError>(vec![
            kept::<KeyManager>(documents)?,
            kept::<Application>(documents)?,
            kept::<KeyMapping>(documents)?,
            kept::<OAuthClient>(documents)?,
            kept::<Subscription>(documents)?,
            kept::<Api>(documents)?,
            kept::<Revision>(documents)?,
            kept::<Scope>(documents)?,
            kept::<User>(documents)?,
        ])
    };
    all.stage.platform.site().store.read_now(read).unwrap()
}

async fn send(all: &Furnished, line: &str, body: Vec<u8>) -> Answer {
    let (method, path) = all.place(line);
    let user = if line.contains("/dev/") { "dora" } else { "admin" };
    let url = format!("{}{path}", all.stage.platform.management_url());
    let request = all.stage.client.request(method, url).bearer_auth(format!("{user}|one.com|{EVERYTHING}"));
    Stage::answer(request.header("content-type", "application/json").body(body)).await
}

fn is_a_proper_refusal(line: &str, sent: &str, answer: &Answer) {
    assert!(answer.status < 500, "{line} failed at {sent}: {:?}", answer.body);
    if answer.status >= 400 {
        assert!(answer.body["code"].is_u64(), "{line} refused {sent} without a code: {:?}", answer.body);
        assert!(answer.body["description"].is_string(), "{line} refused {sent}: {:?}", answer.body);
    }
}

#[tokio::test]
async fn what_is_no_document_is_refused_by_every_resource_and_changes_nothing() {
    let all = Furnished::open().await;
    let before = everything(&all);
    for line in WRITERS {
        for text in texts() {
            let shown: String = String::from_utf8_lossy(&text).chars().take(40).collect();
            // An empty order is one where everything may be left out, and so is an empty list of wishes.
            let harmless =
                ["generate-secret", "generate-token"].iter().any(|act| line.ends_with(act)) && shown.trim().is_empty();
            if harmless || (line.ends_with("/multiple") && shown == "[]") {
                continue;
            }
            let answer = send(&all, line, text).await;
            is_a_proper_refusal(line, &shown, &answer);
        }
    }
    for line in LOST {
        let answer = all.ask(if line.contains("/dev/") { "dora" } else { "admin" }, line, Value::Null).await;
        is_a_proper_refusal(line, "", &answer);
    }
    let after = everything(&all);
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before, after);
    }
    all.stage.close().await;
}

#[tokio::test]
async fn odd_values_in_any_member_never_fail_and_a_refusal_changes_nothing() {
    let all = Furnished::open().await;
    let key_manager = all.ask("admin", "GET /adm/key-managers/{km}", Value::Null).await.body;
    let api = all.ask("admin", "GET /pub/apis/{api}", Value::Null).await.body;
    let application = all.ask("dora", "GET /dev/applications/{app}", Value::Null).await.body;
    let subscription = all.ask("dora", "GET /dev/subscriptions/{sub}", Value::Null).await.body;
    let scope = all.ask("admin", "GET /pub/scopes/{scope}", Value::Null).await.body;
    let keys = json!({"keyType": "SANDBOX", "keyManager": "nowhere", "grantTypesToBeSupported": [], "callbackUrl": "",
        "validityTime": 1, "scopes": [], "additionalProperties": {}});
    let map = json!({"keyType": "SANDBOX", "keyManager": "nowhere", "consumerKey": "a", "consumerSecret": "b"});
    let documents = [
        ("PUT /adm/key-managers/{km}", is7("acme", "https://acme.example")),
        ("PUT /adm/key-managers/{km}", key_manager),
        ("PUT /pub/apis/{api}", api),
        ("PUT /dev/applications/{app}", application),
        ("PUT /dev/subscriptions/{sub}", subscription),
        ("PUT /pub/scopes/{scope}", scope),
        ("POST /dev/applications/{app}/generate-keys", keys),
        ("POST /dev/applications/{app}/map-keys", map),
    ];
    for (line, document) in documents {
        let members: Vec<String> = document.as_object().unwrap().keys().cloned().collect();
        for member in members {
            for value in values() {
                let before = everything(&all);
                let body = with(document.clone(), json!({member.as_str(): value}));
                let shown: String = format!("{member} = {value}").chars().take(60).collect();
                let answer = send(&all, line, body.to_string().into_bytes()).await;
                is_a_proper_refusal(line, &shown, &answer);
                if answer.status >= 400 {
                    assert_eq!(everything(&all), before, "{line} refused {shown} and changed something");
                }
            }
        }
    }
    all.stage.close().await;
}
