//! Settings read back as they were put, whichever they are.
//! What each of them means is tested beside this folder.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::stage::{Stage, stage};

/// Another value than this one that fits a schema of the document.
fn another(stage: &Stage, name: &str, schema: &Value, value: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return another(stage, name, stage.schema(reference), value);
    }
    if let Some(some) = schema["oneOf"].as_array() {
        return another(stage, name, &some[0], &Value::Null);
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().find(|word| *word != value).unwrap().clone();
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str()).unwrap();
    match kind {
        "boolean" => json!(!value.as_bool().unwrap()),
        "integer" => json!(value.as_u64().map_or(7, |number| number + 7)),
        "string" => json!("another"),
        "array" if name == "response_types" => json!(["code", "code id_token"]),
        "array" if name == "code_challenge_methods" => json!(["plain"]),
        "array" => json!(["another"]),
        "object" => {
            let members = schema["properties"].as_object().unwrap().iter();
            members.map(|(name, schema)| (name.clone(), another(stage, name, schema, &value[name]))).collect()
        }
        other => panic!("{name}: {other}"),
    }
}

#[tokio::test]
async fn every_setting_reads_back_as_it_was_put() {
    let stage = stage().await;
    let at = "/servers/custom/settings";
    let before = stage.send("get", at, None).await.json();
    let described = stage.schema("#/components/schemas/SettingsChange")["properties"].as_object().unwrap().clone();
    let names: BTreeSet<&String> = before.as_object().unwrap().keys().collect();
    assert_eq!(names, described.keys().collect(), "what is told is what can be set");
    let changes: Value =
        described.iter().map(|(name, schema)| (name.clone(), another(&stage, name, schema, &before[name]))).collect();
    for (name, value) in changes.as_object().unwrap() {
        assert_ne!(*value, before[name], "{name}");
        let told = stage.send("patch", at, Some(&json!({ name: value }))).await;
        assert_eq!(told.json()[name], *value, "{name}: {}", told.text);
    }
    assert_eq!(stage.send("get", at, None).await.json(), changes);
    let back = stage.send("patch", at, Some(&before)).await;
    assert_eq!(back.json(), before, "and all of them at once");
}

#[tokio::test]
async fn answers_that_stand_in_for_others_read_back_as_they_were_put() {
    let stage = stage().await;
    let plain = json!({ "status": 200, "body": "no keys today", "content_type": "text/plain" });
    stage.send("put", "/servers/custom/answers/jwks", Some(&plain)).await;
    stage.send("put", "/servers/custom/answers/token", Some(&json!({ "status": 500, "body": "" }))).await;
    let known = json!([
        { "endpoint": "jwks", "status": 200, "body": "no keys today", "content_type": "text/plain" },
        { "endpoint": "token", "status": 500, "body": "", "content_type": "application/json" },
    ]);
    assert_eq!(stage.send("get", "/servers/custom/answers", None).await.json(), known);
    stage.send("delete", "/servers/custom/answers/jwks", None).await;
    assert_eq!(stage.send("get", "/servers/custom/answers", None).await.json(), json!([known[1]]));
}
