//! Faults on demand: each is what it says, happens where and as often as it says, and is refused where it cannot.
//! Over real HTTPS; the few waits are those of the faults themselves.

mod support;

use std::time::{Duration, Instant};

use kmspec_mocks::{
    faults::{Fault, FaultError, FaultScript},
    journal::Endpoint,
    vendors::Vendor,
};
use support::{Answer, Stage, answer, stage};

const ASK: [(&str, &str); 1] = [("grant_type", "client_credentials")];

async fn script(stage: &Stage, script: FaultScript) {
    stage.server.faults().script(script).await.unwrap();
}

fn token(fault: Fault) -> FaultScript {
    FaultScript::new(fault).at(Endpoint::Token)
}

/// A token request that may break.
async fn try_token(stage: &Stage) -> Result<Answer, reqwest::Error> {
    let secret = stage.client.secret.as_deref();
    let request = stage.http.post(&stage.server.endpoints().token).basic_auth(&stage.client.id, secret).form(&ASK);
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok(Answer { status, headers, text: response.text().await? })
}

#[tokio::test]
async fn an_answer_fault_happens_where_and_as_often_as_it_was_scripted() {
    let stage = stage(Vendor::Is7).await;
    script(&stage, token(Fault::Status { status: 503 }).after(1).times(2)).await;
    assert_eq!(stage.get(&stage.server.endpoints().jwks).await.status, 200, "another endpoint is left alone");
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(stage.token(&ASK).await.status);
    }
    assert_eq!(statuses, [200, 503, 503, 200]);
    assert!(stage.server.faults().pending().is_empty());
    assert_eq!(stage.server.realm().snapshot().tokens.len(), 2, "a replaced answer issues nothing");
    assert_eq!(
        stage.server.journal().await.of(Endpoint::Token).map(|entry| entry.status).collect::<Vec<_>>(),
        statuses
    );
}

#[tokio::test]
async fn each_script_counts_requests_itself_and_of_those_due_the_earliest_happens() {
    let stage = stage(Vendor::Custom).await;
    script(&stage, token(Fault::Status { status: 500 }).after(3).times(1)).await;
    script(&stage, token(Fault::Status { status: 503 }).times(1)).await;
    script(&stage, token(Fault::Status { status: 502 }).after(2).times(2)).await;
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(stage.token(&ASK).await.status);
    }
    // At the fourth both 500 and 502 are due.
    assert_eq!(statuses, [503, 200, 502, 500, 502, 200]);
    assert!(stage.server.faults().pending().is_empty());
}

#[tokio::test]
async fn a_script_that_an_earlier_one_leaves_no_request_is_refused() {
    let stage = stage(Vendor::Custom).await;
    let faults = stage.server.faults();
    faults.script(token(Fault::Status { status: 500 }).after(2)).await.unwrap();
    let hidden = faults.script(token(Fault::MalformedJson).after(2).times(1)).await.unwrap_err();
    assert_eq!(hidden, FaultError::Hidden);
    assert!(hidden.to_string().contains("hint: give the earlier one `times`"), "{hidden}");
    faults.script(token(Fault::MalformedJson).after(1).times(1)).await.unwrap();
    faults.script(token(Fault::Reset).after(9).times(1)).await.unwrap();
    faults.script(FaultScript::new(Fault::Status { status: 502 }).at(Endpoint::Jwks)).await.unwrap();
    faults.script(FaultScript::new(Fault::Status { status: 502 })).await.unwrap();
    assert_eq!(faults.pending().len(), 5);
    let everywhere = faults.script(FaultScript::new(Fault::Status { status: 501 }).at(Endpoint::Discovery)).await;
    assert_eq!(everywhere, Err(FaultError::Hidden));
}

#[tokio::test]
async fn every_answer_fault_is_what_it_says() {
    let stage = stage(Vendor::Custom).await;
    let jwks = stage.server.endpoints().jwks.clone();
    let with = async |fault: Fault| {
        script(&stage, FaultScript::new(fault).at(Endpoint::Jwks).times(1)).await;
        stage.get(&jwks).await
    };
    let malformed = with(Fault::MalformedJson).await;
    assert_eq!(malformed.status, 200);
    assert!(serde_json::from_str::<serde_json::Value>(&malformed.text).is_err(), "{}", malformed.text);
    let huge = with(Fault::Huge { bytes: 3_000_000 }).await;
    assert!(huge.text.len() > 3_000_000 && huge.json()["keys"].is_array());
    let redirect = with(Fault::Redirect { location: "https://elsewhere.example/jwks".to_owned() }).await;
    assert_eq!((redirect.status, redirect.header("location")), (307, "https://elsewhere.example/jwks"));
    let typed = with(Fault::ContentType { media_type: "text/html".to_owned() }).await;
    assert_eq!((typed.header("content-type"), typed.json()["keys"].is_array()), ("text/html", true));
    let begun = Instant::now();
    assert_eq!(with(Fault::Delay { by_ms: 150 }).await.status, 200);
    assert!(begun.elapsed() >= Duration::from_millis(150));
    assert_eq!(stage.get(&jwks).await.header("content-type"), "application/json", "all of it is over");
}

#[tokio::test]
async fn a_lost_answer_was_carried_out() {
    for fault in [Fault::Reset, Fault::Cut { after_bytes: 20 }, Fault::Stall { for_ms: 50 }] {
        let stage = stage(Vendor::Is7).await;
        assert_eq!(stage.token(&ASK).await.status, 200, "the connection is open already");
        script(&stage, token(fault.clone()).times(1)).await;
        assert_eq!(stage.get(&stage.server.endpoints().jwks).await.status, 200, "{fault:?}: another endpoint");
        assert!(try_token(&stage).await.is_err(), "{fault:?}");
        let journal = stage.server.journal().await;
        assert_eq!(journal.of(Endpoint::Token).last().unwrap().status, 200, "{fault:?}: it was carried out");
        assert_eq!(stage.token(&ASK).await.status, 200, "{fault:?}: once, as scripted");
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_in_its_body_has_a_head_and_no_end() {
    let stage = stage(Vendor::Custom).await;
    let jwks = stage.server.endpoints().jwks.clone();
    let whole = stage.http.get(&jwks).send().await.unwrap();
    let length = usize::try_from(whole.content_length().unwrap()).unwrap();
    script(&stage, FaultScript::new(Fault::Cut { after_bytes: length }).at(Endpoint::Jwks)).await;
    let cut = stage.http.get(&jwks).send().await.unwrap();
    assert_eq!(cut.status(), 200);
    assert!(cut.text().await.is_err());
    stage.server.faults().clear().await;
    assert_eq!(stage.get(&jwks).await.status, 200);
}

#[tokio::test]
async fn a_dripping_answer_arrives_whole_but_slowly() {
    let stage = stage(Vendor::Custom).await;
    let jwks = stage.server.endpoints().jwks.clone();
    let whole = stage.get(&jwks).await.text;
    let pieces = u32::try_from(whole.len() / 100).unwrap();
    script(&stage, FaultScript::new(Fault::Drip { bytes: 100, every_ms: 10 }).at(Endpoint::Jwks).times(1)).await;
    let begun = Instant::now();
    assert_eq!(stage.get(&jwks).await.text, whole);
    assert!(begun.elapsed() >= Duration::from_millis(10) * pieces);
    assert_eq!(stage.token(&ASK).await.status, 200, "the same connection goes on as before");
}

#[tokio::test]
async fn a_refusing_server_is_not_there_and_comes_back_on_its_port() {
    let stage = stage(Vendor::Is7).await;
    assert_eq!(stage.token(&ASK).await.status, 200);
    for _ in 0..3 {
        script(&stage, FaultScript::new(Fault::Refuse)).await;
        let error = support::http().get(stage.server.discovery_url()).send().await.unwrap_err();
        assert!(error.is_connect(), "{error:?}");
        let address = stage.server.base_url().replace("https://localhost", "127.0.0.1");
        let refused = std::net::TcpStream::connect(address).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
        stage.server.faults().clear().await;
        assert_eq!(stage.token(&ASK).await.status, 200);
    }
}

#[tokio::test]
async fn a_script_that_cannot_apply_is_refused_and_changes_nothing() {
    let stage = stage(Vendor::Cognito).await;
    let status = || Fault::Status { status: 503 };
    let cases = [
        (FaultScript::new(status()).at(Endpoint::Introspection), "Introspection"),
        (FaultScript::new(status()).at(Endpoint::Registration), "Registration"),
        (token(status()).times(0), "zero times"),
        (token(Fault::Status { status: 101 }), "status"),
        (token(Fault::Status { status: 600 }), "status"),
        (token(Fault::Delay { by_ms: 0 }), "time"),
        (token(Fault::Stall { for_ms: 600_001 }), "time"),
        (token(Fault::Drip { bytes: 0, every_ms: 1 }), "size"),
        (token(Fault::Huge { bytes: usize::MAX }), "size"),
        (token(Fault::Redirect { location: "nowhere".to_owned() }), "location"),
        (token(Fault::Redirect { location: "data:x".to_owned() }), "location"),
        (token(Fault::Cut { after_bytes: usize::MAX }), "size"),
        (FaultScript::new(Fault::MalformedJson).at(Endpoint::Authorize), "pages"),
        (token(Fault::ContentType { media_type: "a\r\nb: c".to_owned() }), "media type"),
        (token(Fault::Refuse), "refused before"),
        (FaultScript::new(Fault::Refuse).times(1), "refused before"),
    ];
    for (script, named) in cases {
        let error: FaultError = stage.server.faults().script(script.clone()).await.unwrap_err();
        assert!(error.to_string().contains(named), "{script:?}: {error}");
    }
    assert!(stage.server.faults().pending().is_empty());
    let jwks = stage.http.get(&stage.server.endpoints().jwks).send().await.unwrap();
    assert_eq!(answer(jwks).await.status, 200);
}
