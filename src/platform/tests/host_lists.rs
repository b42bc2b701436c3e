//! Hosts that a tenant lets the platform be sent to, at the key managers of its administrators.

use super::*;

async fn list(stage: &Stage, setting: Value) -> Answer {
    stage.admin(Method::PUT, "/tenant-config", json!({"OutboundRequestSecurity": setting})).await
}

#[tokio::test]
async fn key_managers_at_hosts_that_are_not_on_the_list_are_refused() {
    let stage = Stage::open().await;
    let id = stage.key_manager(is7("early", "https://early.other.test")).await;
    let setting = json!({"EnableHostAllowlist": true, "HostAllowlistPatterns": ["*.good.test"]});
    assert_eq!(list(&stage, setting).await.status, 200);
    stage.key_manager(is7("fine", "https://is.good.test")).await;
    let bad = "https://evil.test/x";
    let changes = [
        json!({"wellKnownEndpoint": bad}),
        json!({"tokenEndpoint": bad}),
        json!({"introspectionEndpoint": bad}),
        json!({"clientRegistrationEndpoint": bad}),
        json!({"revokeEndpoint": bad}),
        json!({"userInfoEndpoint": bad}),
        json!({"authorizeEndpoint": bad}),
        json!({"scopeManagementEndpoint": bad}),
        json!({"endpoints": [{"name": "own", "value": bad}]}),
        json!({"certificates": {"type": "JWKS", "value": bad}}),
    ];
    let refused = async |document: Value, member: &str| {
        let answer = stage.admin(Method::POST, "/key-managers", document).await;
        assert_eq!(answer.verdict(), (400, 400), "{member}");
        let said = answer.text("description");
        assert!(said.contains("evil.test is not trusted") && said.starts_with(member), "{answer:?}");
    };
    for change in changes {
        let document = with(is7("next", "https://is.good.test"), change.clone());
        refused(document, change.as_object().unwrap().keys().next().unwrap()).await;
    }
    for (kind, property) in [
        ("WSO2-IS-7", "api_resource_management_endpoint"),
        ("WSO2-IS-7", "is7_roles_endpoint"),
        ("AzureAD", "microsoft_graph_api_endpoint"),
        ("Auth0", "audience"),
        ("Asgardeo", "asgardeo_api_resource_management_endpoint"),
        ("Asgardeo", "asgardeo_roles_endpoint"),
    ] {
        let document = json!({"name": "next", "type": kind, "additionalProperties": {property: format!(" {bad}")}});
        refused(document, &format!("additionalProperties.{property}")).await;
    }
    let path = format!("/key-managers/{id}");
    let read = stage.admin(Method::GET, &path, Value::Null).await.body;
    let elsewhere = with(read.clone(), json!({"tokenEndpoint": "https://early.other.test/elsewhere"}));
    assert_eq!(stage.admin(Method::PUT, &path, elsewhere).await.status, 400, "a new address");
    let stopped = with(read.clone(), json!({"enabled": false}));
    assert_eq!(stage.admin(Method::PUT, &path, stopped).await.status, 200, "it was there before the list");
    let all = stage.admin(Method::GET, "/key-managers", Value::Null).await;
    let all = all.body["list"].as_array().unwrap();
    let resident = all.iter().find(|one| one["name"] == "Resident Key Manager").unwrap();
    let own = format!("/key-managers/{}", resident["id"].as_str().unwrap());
    for enabled in [false, true] {
        let document = with(stage.admin(Method::GET, &own, Value::Null).await.body, json!({"enabled": enabled}));
        assert_eq!(stage.admin(Method::PUT, &own, document).await.status, 200, "the resident, {enabled}");
    }
    for (tenant, expected) in [("one.com", 400), ("two.com", 200)] {
        let order = json!({"url": bad, "type": "WSO2-IS-7"});
        let path = format!("{ADMIN}/key-managers/discover");
        assert_eq!(stage.call("admin", tenant, Method::POST, &path, order).await.status, expected, "{tenant}");
    }
    let off = json!({"EnableHostAllowlist": false, "HostAllowlistPatterns": ["*.good.test"]});
    assert_eq!(list(&stage, off).await.status, 200);
    assert_eq!(stage.admin(Method::PUT, &path, read).await.status, 200);
    assert_eq!(list(&stage, json!({"HostAllowlistPatterns": "good.test"})).await.status, 400);
    stage.close().await;
}

#[tokio::test]
async fn what_is_decided_once_is_not_decided_again() {
    let stage = Stage::open().await;
    let properties = json!({"microsoft_graph_api_endpoint": "https://graph.test", "v1.0": "v1.0",
        "azure_ad_client_id": "id", "azure_ad_client_secret": "secret"});
    let document = json!({"name": "azure", "type": "AzureAD", "issuer": "https://azure.test",
        "tokenEndpoint": "https://azure.test/token", "additionalProperties": properties});
    let path = format!("/key-managers/{}", stage.key_manager(document).await);
    let version = "azure_ad_requested_access_token_version";
    for (value, expected) in [(json!("v2.0"), 400), (json!("v1.0"), 200), (json!(""), 200), (json!("v2.0"), 400)] {
        let mut read = stage.admin(Method::GET, &path, Value::Null).await.body;
        read["additionalProperties"][version] = value.clone();
        read["description"] = json!(format!("with {value}"));
        let answer = stage.admin(Method::PUT, &path, read).await;
        assert_eq!(answer.status, expected, "{value}: {answer:?}");
    }
    let read = stage.admin(Method::GET, &path, Value::Null).await;
    assert_eq!(read.text("description"), "with \"\"", "the last that was granted");
    stage.close().await;
}
