//! Lists in the place of objects, at every depth of every document: they are refused, and nothing changes.
//! Other odd values are the business of `hostile`.

use super::{contract::Furnished, hostile::everything, *};

/// Documents that are taken as they are, with an object at every place that may have one.
fn documents() -> Vec<(&'static str, Value)> {
    let key_manager = json!({
        "permissions": {"permissionType": "DENY", "roles": ["staff"]},
        "certificates": {"type": "JWKS", "value": "https://acme.example/keys"},
        "claimMapping": [{"remoteClaim": "a", "localClaim": "b"}],
        "tokenValidation": [{"id": 1, "enable": true, "type": "REFERENCE", "value": "x.*"}],
        "endpoints": [{"name": "a", "value": "https://acme.example"}],
        "additionalProperties": {},
    });
    let policy = json!([{"policyName": "jsonToXML", "policyVersion": "v1", "parameters": {}}]);
    let api = json!({
        "name": "Nested", "context": "nested", "version": "1", "policies": ["Unlimited"],
        "endpointConfig": {"endpoint_type": "http",
            "endpoint_security": {"production": {"enabled": true, "type": "BASIC", "username": "a", "password": "b"}}},
        "operations": [{"target": "/x", "verb": "GET", "operationPolicies": {"request": policy}}],
        "scopes": [{"scope": {"name": "nested"}, "shared": false}],
        "apiPolicies": {"request": policy},
        "corsConfiguration": {"corsConfigurationEnabled": false}, "businessInformation": {"businessOwner": "x"},
        "monetization": {"enabled": false}, "advertiseInfo": {"advertised": false},
        "mediationPolicies": [],
    });
    let keys = json!({"keyType": "SANDBOX", "grantTypesToBeSupported": ["client_credentials"],
        "additionalProperties": {"application_access_token_expiry_time": "60"}});
    let token = json!({"consumerSecret": "", "additionalProperties": {"a": "b"}});
    vec![
        ("PUT /adm/key-managers/{km}", with(custom("acme"), key_manager)),
        ("POST /adm/key-managers", is7("further", "https://is7.example")),
        ("POST /adm/throttling/policies/application", json!({"policyName": "p", "permissions": {"roles": []}})),
        ("PUT /adm/system-scopes/role-aliases", json!({"list": [{"role": "Internal/subscriber", "aliases": ["x"]}]})),
        ("POST /pub/apis", api),
        ("POST /pub/apis/{api}/deploy-revision?revisionId={rev}", json!([{"name": "Default"}])),
        ("POST /pub/scopes", json!({"name": "nested-shared"})),
        (
            "POST /dev/applications",
            json!({"name": "nested", "throttlingPolicy": "Unlimited", "attributes": {"a": "b"}}),
        ),
        ("POST /dev/applications/{app}/generate-keys", keys),
        ("POST /dev/applications/{app}/oauth-keys/{key}/generate-token", token),
        (
            "POST /dev/applications/{app}/oauth-keys/{key}/generate-secret",
            json!({"additionalProperties": {"description": "d"}}),
        ),
        (
            "PUT /dev/applications/{app}/oauth-keys/{key}",
            json!({"supportedGrantTypes": ["client_credentials"], "additionalProperties": {}}),
        ),
        ("POST /dev/applications/{app}/api-keys/PRODUCTION/generate", json!({"additionalProperties": {}})),
    ]
}

/// Where the objects of a document are, the document itself included.
fn objects(document: &Value, place: &str, found: &mut Vec<String>) {
    match document {
        Value::Object(members) => {
            found.push(place.to_owned());
            members.iter().for_each(|(name, value)| objects(value, &format!("{place}/{name}"), found));
        }
        Value::Array(rows) => {
            rows.iter().enumerate().for_each(|(index, row)| objects(row, &format!("{place}/{index}"), found));
        }
        _ => {}
    }
}

#[tokio::test]
async fn a_list_in_the_place_of_an_object_is_refused_and_changes_nothing() {
    let all = Furnished::open().await;
    for (line, document) in documents() {
        let user = if line.contains("/dev/") { "dora" } else { "admin" };
        let mut places = Vec::new();
        objects(&document, "", &mut places);
        assert!(!places.is_empty(), "{line}");
        let before = everything(&all);
        for place in places {
            let members: Vec<Value> =
                document.pointer(&place).unwrap().as_object().unwrap().values().cloned().collect();
            for list in [json!([]), json!(members), json!([[]]), json!(["x"])] {
                let mut odd = document.clone();
                *odd.pointer_mut(&place).unwrap() = list.clone();
                let answer = all.ask(user, line, odd).await;
                assert_eq!(answer.verdict(), (400, 400), "{line} took {list} at `{place}`: {:?}", answer.body);
                assert_eq!(everything(&all), before, "{line} refused {list} at `{place}` and changed something");
            }
        }
        let taken = all.ask(user, line, document).await;
        // There is no server that gives tokens, and keys have one secret here.
        assert_ne!(taken.verdict(), (400, 400), "{line}: {:?}", taken.body);
    }
    all.stage.close().await;
}
