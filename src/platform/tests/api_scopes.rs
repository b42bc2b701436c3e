//! Scopes that an API has to itself: no other API has them, nor are they shared.
//! Who gets scopes in a token is tested with the resident key manager.

use super::{contract::Furnished, *};

fn api(name: &str, version: &str, scope: Value, shared: bool) -> Value {
    json!({"name": name, "context": name, "version": version, "policies": ["Unlimited"],
        "operations": [{"target": "/*", "verb": "GET", "scopes": [scope["name"]]}],
        "scopes": [{"scope": scope, "shared": shared}]})
}

#[tokio::test]
async fn a_scope_has_one_owner_whose_roles_count() {
    let all = Furnished::open().await;
    let bound = json!({"name": "secretsc", "bindings": ["staff"]});
    let open = json!({"name": "secretsc"});
    let taken = json!({"name": "read"});
    let made = all.ask("admin", "POST /pub/apis", api("first", "1", bound.clone(), false)).await;
    assert_eq!(made.status, 201, "{made:?}");
    let twice = json!([{"scope": {"name": "a", "bindings": ["staff"]}}, {"scope": {"name": "a"}}]);
    for (line, body, expected) in [
        ("POST /pub/apis", api("second", "1", open.clone(), false), (400, 900988)),
        ("POST /pub/apis", api("second", "1", bound.clone(), false), (400, 900988)),
        ("POST /pub/apis", api("second", "1", open.clone(), true), (404, 900981)),
        ("POST /pub/apis", api("second", "1", taken.clone(), false), (409, 900984)),
        ("POST /pub/scopes", open.clone(), (409, 900984)),
        (
            "POST /pub/apis",
            with(api("second", "1", open.clone(), false), json!({"operations": [], "scopes": twice})),
            (400, 400),
        ),
        ("POST /pub/apis", api("second", "1", taken, true), (201, 0)),
        ("POST /pub/apis", api("first", "2", bound.clone(), false), (201, 0)),
    ] {
        let answer = all.ask("admin", line, body.clone()).await;
        assert_eq!(answer.verdict(), expected, "{line} {body}: {:?}", answer.body);
    }
    let line = format!("PUT /pub/apis/{}", made.text("id"));
    let kept = all.ask("admin", &line, api("first", "1", bound, false)).await;
    assert_eq!(kept.status, 200, "it is its own: {kept:?}");
    let other = all.name("api").to_owned();
    let read = all.ask("admin", "GET /pub/apis/{api}", Value::Null).await.body;
    let line = format!("PUT /pub/apis/{other}");
    let changed = all.ask("admin", &line, with(read, json!({"scopes": [{"scope": open}]}))).await;
    assert_eq!(changed.verdict(), (400, 900988), "{changed:?}");
    all.stage.close().await;
}
