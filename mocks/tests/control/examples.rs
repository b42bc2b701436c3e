//! What is scripted happens: on the wire, and as the examples of CONTROL.md have it.
//! Route by route it is tested in `routes`.

use std::process::Command;

use serde_json::json;

use crate::{
    stage::stage,
    support::{answer, http},
};

#[tokio::test]
async fn what_is_scripted_over_http_happens_on_the_wire() {
    let stage = stage().await;
    let server = stage.house.server("custom").unwrap();
    stage
        .send(
            "post",
            "/servers/custom/clients",
            Some(&json!({ "id": "c1", "secret": "s1", "name": "orders", "token_format": "opaque" })),
        )
        .await;
    let ask = async || {
        let form = [("grant_type", "client_credentials")];
        let request = http().post(&server.endpoints().token).basic_auth("c1", Some("s1")).form(&form);
        answer(request.send().await.unwrap()).await
    };
    assert!(!ask().await.member("access_token").contains('.'), "opaque, as was asked for");
    stage.send("patch", "/servers/custom/clients/c1", Some(&json!({ "token_format": "jwt" }))).await;
    assert!(ask().await.member("access_token").contains('.'));
    stage
        .send(
            "post",
            "/servers/custom/faults",
            Some(&json!({ "fault": { "kind": "status", "status": 503 }, "endpoint": "token", "times": 1 })),
        )
        .await;
    assert_eq!((ask().await.status, ask().await.status), (503, 200));
    let found = stage.send("get", "/servers/custom/journal?endpoint=token&status=503", None).await.json();
    assert_eq!(found.as_array().unwrap().len(), 1);
    let plain = json!({ "status": 200, "body": "no keys today", "content_type": "text/plain" });
    stage.send("put", "/servers/custom/answers/jwks", Some(&plain)).await;
    let spoiled = answer(http().get(&server.endpoints().jwks).send().await.unwrap()).await;
    assert_eq!((spoiled.header("content-type"), spoiled.text.as_str()), ("text/plain", "no keys today"));
    stage.send("delete", "/servers/custom/answers/jwks", None).await;
    let no_basic = json!({ "basic_accepted": false, "device": { "lifetime_seconds": 9, "interval_seconds": 1, "slow_down_seconds": 0, "first_poll_waits": false } });
    let now = stage.send("patch", "/servers/custom/settings", Some(&no_basic)).await.json();
    assert_eq!((&now["basic_accepted"], &now["device"]["lifetime_seconds"]), (&json!(false), &json!(9)));
    assert_eq!(ask().await.error(), (401, "invalid_client".to_owned()));
    stage.send("patch", "/servers/custom/settings", Some(&json!({ "basic_accepted": true }))).await;
    let wrong = json!({ "from": { "test-key": "rsa-birch" }, "members": { "use": "enc", "kid": null } });
    stage.send("post", "/servers/custom/keys", Some(&wrong)).await;
    let set = answer(http().get(&server.endpoints().jwks).send().await.unwrap()).await.json();
    let added = set["keys"].as_array().unwrap().last().unwrap();
    assert_eq!((&added["use"], added.get("kid")), (&json!("enc"), None));
    stage.send("delete", "/servers/custom", None).await;
    drop(server);
    assert!(stage.house.all().is_empty());
}

/// Skipped where there is no curl.
#[tokio::test]
async fn the_examples_of_the_description_run() {
    if Command::new("curl").arg("--version").output().is_err() {
        return;
    }
    let stage = stage().await;
    let folder = tempfile::tempdir().unwrap();
    let text = include_str!("../../CONTROL.md");
    let examples: Vec<&str> = text.lines().filter(|line| line.starts_with("curl ")).collect();
    assert!(examples.len() > 40, "{}", examples.len());
    for example in examples {
        let mut shell = tokio::process::Command::new("sh");
        shell.args(["-c", &example.replace("-sf", "-s --fail-with-body")]).current_dir(folder.path());
        let done = shell.env("CONTROL", stage.control.url()).output().await.unwrap();
        assert!(done.status.success(), "{example}\n{}", String::from_utf8_lossy(&done.stdout));
    }
    assert!(std::fs::metadata(folder.path().join("ca.p12")).unwrap().len() > 100);
}
