//! What the members of an API document may hold, as a table, and which scope reads the document.
//! The members that make the API what it is are tested in `publisher`.

use super::*;

fn draft(changes: Value) -> Value {
    let document = json!({"name": "pets", "context": "pets", "version": "1", "policies": ["Unlimited"],
        "endpointConfig": {"endpoint_type": "http", "production_endpoints": {"url": "http://localhost:1"}},
        "operations": [{"target": "/*", "verb": "GET"}]});
    with(document, changes)
}

async fn create(stage: &Stage, changes: Value) -> Answer {
    stage.call("admin", "one.com", Method::POST, &format!("{PUBLISHER}/apis"), draft(changes)).await
}

#[tokio::test]
async fn a_value_that_is_none_of_the_listed_ones_is_refused() {
    let stage = Stage::open().await;
    const DISALLOWED: &str = "One or more request body parameters contain disallowed values.";
    let endpoint = |kind: Value| json!({"endpointConfig": {"endpoint_type": kind}});
    for changes in [
        json!({"visibility": "SECRET"}),
        json!({"visibility": "public"}),
        json!({"visibility": ["PUBLIC"]}),
        json!({"visibility": ""}),
        json!({"subscriptionAvailability": "EVERYBODY"}),
        json!({"type": "CORBA"}),
        json!({"type": 7}),
        json!({"transport": ["gopher"]}),
        json!({"transport": ["https", "HTTP"]}),
        json!({"accessControl": "SOME"}),
        json!({"audience": "EVERYONE"}),
        json!({"audience": ["PUBLIC"]}),
        json!({"endpointImplementationType": "REAL"}),
        endpoint(json!("carrier pigeon")),
        endpoint(json!({})),
        json!({"operations": [{"target": "/", "verb": "FETCH"}]}),
        json!({"operations": [{"target": "/", "verb": "GET", "authType": "Nobody"}]}),
    ] {
        let answer = create(&stage, changes.clone()).await;
        assert_eq!(answer.verdict(), (400, 400), "{changes}: {:?}", answer.body);
        assert_eq!(answer.text("description"), DISALLOWED, "{changes}");
    }
    for changes in [
        json!({"transport": "https"}),
        json!({"visibleRoles": "staff"}),
        json!({"visibleRoles": [7]}),
        json!({"accessControlRoles": {}}),
        json!({"audiences": "one"}),
        json!({"subscriptionAvailableTenants": [null]}),
        json!({"apiThrottlingPolicy": 7}),
        json!({"tags": 5}),
        json!({"tags": [5]}),
        json!({"isDefaultVersion": "yes"}),
        json!({"operations": [{"target": "/", "verb": "GET", "operationPolicies": "jsonToXML"}]}),
        json!({"operations": [{"target": "/", "verb": "GET", "operationPolicies": {"request": {}}}]}),
        json!({"operations": [{"target": "/", "verb": "GET", "operationPolicies": {"request": [{}]}}]}),
    ] {
        let answer = create(&stage, changes.clone()).await;
        assert_eq!(answer.verdict(), (400, 400), "{changes}: {:?}", answer.body);
        assert_eq!(answer.text("description"), "Malformed request body.", "{changes}");
    }
    stage.close().await;
}

#[tokio::test]
async fn a_value_that_names_nothing_or_fits_no_path_is_refused_with_its_code() {
    let stage = Stage::open().await;
    let long = |length: usize| "x".repeat(length);
    let policy = |flow: &str, name: &str| {
        let attached = json!({ flow: [{"policyName": name}] });
        json!({"operations": [{"target": "/", "verb": "GET", "operationPolicies": attached}]})
    };
    for (changes, expected) in [
        (json!({"visibility": "RESTRICTED"}), (400, 900610)),
        (json!({"visibility": "RESTRICTED", "visibleRoles": []}), (400, 900610)),
        (json!({"accessControl": "RESTRICTED", "accessControlRoles": []}), (400, 900610)),
        (json!({"visibility": "RESTRICTED", "visibleRoles": ["ghost"]}), (404, 900607)),
        (json!({"accessControlRoles": ["staff", "ghost"]}), (404, 900607)),
        (json!({"operations": [{"target": "/", "verb": "GET", "throttlingPolicy": "1PerYear"}]}), (400, 900305)),
        (json!({"apiThrottlingPolicy": "1PerYear"}), (400, 900305)),
        (json!({"name": " "}), (400, 900705)),
        (json!({"context": "/"}), (400, 900705)),
        (json!({"version": ""}), (400, 900705)),
        (json!({"name": long(61)}), (400, 900704)),
        (json!({"context": long(233)}), (400, 900704)),
        (json!({"version": long(31)}), (400, 900704)),
        (json!({"version": "1/2"}), (400, 900706)),
        (json!({"version": "1 2"}), (400, 900706)),
        (json!({"version": ".."}), (400, 900706)),
        (json!({"context": "a b"}), (400, 900706)),
        (json!({"context": "a//b"}), (400, 900706)),
        (json!({"context": "/a/../b"}), (400, 900706)),
        (json!({"context": "a?b"}), (400, 900706)),
        (json!({"context": "/{version}/x"}), (400, 900706)),
        (json!({"version": "{version}"}), (400, 900706)),
        (json!({"context": "k\u{e4}se"}), (400, 900706)),
        (json!({"context": "a;b"}), (400, 900706)),
        (json!({"apiKeyHeader": ""}), (400, 400)),
        (json!({"apiKeyHeader": 7}), (400, 400)),
        (json!({"authorizationHeader": "a b\n"}), (400, 400)),
        (json!({"mediationPolicies": [{"name": "log_in_message", "type": "in"}]}), (400, 400)),
        (json!({"mediationPolicies": {}}), (400, 400)),
        (json!({"scopes": [{"scope": {"name": ""}}]}), (400, 400)),
        (json!({"scopes": [{"scope": {"name": "a b"}}]}), (400, 400)),
        (policy("response", "revokeOneTimeToken"), (400, 400)),
        (policy("sideways", "jsonToXML"), (400, 400)),
        (policy("request", "nope"), (400, 400)),
        (policy("request", "addHeader"), (400, 400)),
        (policy("fault", "removeHeader"), (400, 400)),
        (json!({"apiPolicies": {"response": [{"policyName": "logMessage"}]}}), (400, 400)),
    ] {
        let answer = create(&stage, changes.clone()).await;
        assert_eq!(answer.verdict(), expected, "{changes}: {:?}", answer.body);
    }
    let all = stage.call("admin", "one.com", Method::GET, &format!("{PUBLISHER}/apis"), Value::Null).await;
    assert_eq!(all.body["count"], 0, "a refusal leaves nothing behind");
    assert_eq!(create(&stage, policy("response", "jsonToXML")).await.status, 201, "a policy that there is");
    stage.close().await;
}

#[tokio::test]
async fn every_listed_value_is_kept_as_it_was_sent() {
    let stage = Stage::open().await;
    let full = json!({"type": "HTTP", "audience": "SINGLE", "visibility": "RESTRICTED", "visibleRoles": ["staff"],
        "subscriptionAvailability": "SPECIFIC_TENANTS", "subscriptionAvailableTenants": ["two.com"],
        "accessControl": "RESTRICTED", "accessControlRoles": ["Internal/publisher"], "transport": ["http", "https"],
        "apiThrottlingPolicy": "10KPerMin", "endpointImplementationType": "ENDPOINT"});
    let made = create(&stage, full.clone()).await;
    assert_eq!(made.status, 201, "{made:?}");
    for (member, value) in full.as_object().unwrap() {
        assert_eq!(&made.body[member], value, "{member}");
    }
    for (index, changes) in [
        json!({"visibility": null, "type": null, "transport": []}),
        json!({"visibility": "PRIVATE", "context": "/deep/er"}),
        json!({"operations": [{"target": "/", "verb": "GET", "throttlingPolicy": "Unlimited"}]}),
        json!({"apiThrottlingPolicy": ""}),
    ]
    .into_iter()
    .enumerate()
    {
        let own = json!({"name": format!("n{index}"), "context": format!("c{index}")});
        let answer = create(&stage, with(own, changes.clone())).await;
        assert_eq!(answer.status, 201, "{changes}: {:?}", answer.body);
    }
    stage.close().await;
}

#[tokio::test]
async fn an_api_of_the_super_tenant_does_not_lie_where_other_tenants_are() {
    let stage = Stage::open().await;
    let (path, scope) = (format!("{PUBLISHER}/apis"), format!("{PUBLISHER}/scopes"));
    for (context, expected) in
        [("/t/one.com/other", (400, 900706)), ("t/one.com", (400, 900706)), ("/t", (400, 900706)), ("/tea/t", (201, 0))]
    {
        let document = draft(json!({ "context": context }));
        let answer = stage.call("admin", "carbon.super", Method::POST, &path, document).await;
        assert_eq!(answer.verdict(), expected, "{context}: {:?}", answer.body);
    }
    assert_eq!(create(&stage, json!({"context": "/t/one.com/mine"})).await.text("context"), "/t/one.com/mine");
    let blank = stage.call("admin", "one.com", Method::POST, &scope, json!({"name": "a b"})).await;
    assert_eq!(blank.verdict(), (400, 400), "{:?}", blank.body);
    stage.close().await;
}

#[tokio::test]
async fn an_api_is_read_with_the_scope_of_viewing_alone() {
    let stage = Stage::open().await;
    let path = format!("{PUBLISHER}/apis/{}", create(&stage, json!({})).await.text("id"));
    for (scope, status) in [
        ("apim:api_view", 200),
        ("apim:api_create", 401),
        ("apim:api_publish", 401),
        ("apim:api_manage", 401),
        ("apim:subscribe", 401),
    ] {
        let answer = stage.with_scopes(&format!("admin|one.com|{scope}"), Method::GET, &path, Value::Null).await;
        assert_eq!(answer.status, status, "{scope}");
    }
    stage.close().await;
}
