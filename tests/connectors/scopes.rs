//! Scopes at key managers that keep them: what each type's server is told, and told again until it knows.
//! Who gets them in a token is left to the scenarios.

use std::time::{Duration, Instant};

use kmspec_mocks::{
    journal::Endpoint,
    realm::Scope,
    server::AuthorizationServer,
    vendors::{MANAGER, Vendor},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    house::{BASIC_ADMIN, House, LIMIT, text},
    relay::{Relay, Way},
};

const RESOURCE: &str = "User-defined-oauth2-resource";

async fn create(house: &House, scope: Value) -> String {
    let (status, created) = house.call(Method::POST, "/publisher/v4/scopes", scope).await;
    assert_eq!(status, 201, "{created}");
    format!("/publisher/v4/scopes/{}", text(&created["id"]))
}

fn carried(server: &AuthorizationServer, role: &str) -> Vec<String> {
    server.realm().carried_by(role)
}

fn roles(server: &AuthorizationServer) -> Vec<String> {
    let mut names: Vec<_> = server.realm().roles().into_iter().map(|(_, name)| name).collect();
    names.sort();
    names
}

/// What the administrator reads of a scope at the key manager: status, failed attempts, and whether a failure is told.
async fn standing(house: &House, key_manager: &Value, scope: &str) -> Option<(String, u64, bool)> {
    let path = format!("/admin/v4/key-managers/{}/scope-registrations", text(&key_manager["id"]));
    let (status, told) = house.call(Method::GET, &path, Value::Null).await;
    assert_eq!(status, 200, "{told}");
    let found = told["list"].as_array().unwrap().iter().find(|one| one["scope"] == scope)?.clone();
    Some((text(&found["status"]), found["attempts"].as_u64().unwrap(), found["failure"].is_string()))
}

/// Waits until something holds.
async fn comes_to(what: &str, holds: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds().await {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn known(server: &AuthorizationServer, name: &str) -> Option<Scope> {
    server.realm().scope(name)
}

#[tokio::test]
async fn version_seven_keeps_every_scope_in_one_resource_and_binds_it_to_roles() {
    let house = House::build().await;
    let server = house.server(Vendor::Is7).await;
    house.is7_with_scopes(&server, server.base_url(), json!({})).await;
    let before = roles(&server);
    let write = json!({"name": "pets:write", "displayName": "Write", "description": "to write", "bindings": ["editor", "Internal/publisher"]});
    let at = create(&house, write.clone()).await;
    create(&house, json!({"name": "pets:read", "bindings": ["editor"]})).await;
    let resources = server.realm().api_resources();
    let told: Vec<_> = resources.iter().map(|one| (one.identifier.as_str(), one.scopes.as_slice())).collect();
    assert_eq!(told, [(RESOURCE, ["pets:write".to_owned(), "pets:read".to_owned()].as_slice())]);
    let scope = known(&server, "pets:write").unwrap();
    assert_eq!((scope.display_name.as_str(), scope.description.as_deref()), ("Write", Some("to write")));
    let both = ["pets:read", "pets:write"];
    assert_eq!(
        (carried(&server, "system_primary_editor"), carried(&server, "publisher")),
        (both.map(str::to_owned).to_vec(), vec!["pets:write".to_owned()])
    );
    let mut expected = before;
    expected.extend(["publisher", "system_primary_editor"].map(str::to_owned));
    expected.sort();
    assert_eq!(roles(&server), expected, "a role is made once");

    let mut other = write;
    other["description"] = json!("otherwise");
    other["bindings"] = json!(["author"]);
    assert_eq!(house.call(Method::PUT, &at, other).await.0, 200);
    assert_eq!(known(&server, "pets:write").unwrap().description.as_deref(), Some("otherwise"));
    assert_eq!(carried(&server, "system_primary_author"), ["pets:write"]);
    assert_eq!(
        (carried(&server, "system_primary_editor"), carried(&server, "publisher").len()),
        (vec!["pets:read".to_owned()], 0)
    );

    assert_eq!(house.call(Method::DELETE, &at, Value::Null).await.0, 200);
    assert_eq!((known(&server, "pets:write"), server.realm().api_resources()[0].scopes.len()), (None, 1));
    let journal = server.journal().await;
    let managed =
        journal.entries().iter().filter(|entry| matches!(entry.endpoint, Endpoint::ApiResources | Endpoint::Roles));
    assert!(
        managed.clone().count() > 5 && managed.clone().all(|entry| entry.header("authorization") == Some(BASIC_ADMIN))
    );
    assert_eq!(journal.of(Endpoint::Scopes).count(), 0, "this type does not use the scope interface");
    house.close().await;
}

#[tokio::test]
async fn missing_roles_are_made_only_where_that_is_switched_on() {
    let house = House::build().await;
    let server = house.server(Vendor::Is7).await;
    let key_manager =
        house.is7_with_scopes(&server, server.base_url(), json!({"enable_roles_creation": "false"})).await;
    server.realm().add_role("r1", "system_primary_editor");
    create(&house, json!({"name": "pets", "bindings": ["editor", "author"]})).await;
    assert_eq!(carried(&server, "system_primary_editor"), ["pets"], "a role that is there carries it");
    assert!(!roles(&server).contains(&"system_primary_author".to_owned()), "{:?}", roles(&server));
    assert_eq!(standing(&house, &key_manager, "pets").await, Some(("REGISTERED".to_owned(), 0, false)));

    let mut ticked = key_manager;
    ticked["additionalProperties"]["enable_roles_creation"] = json!(["Create Roles in WSO2 IS 7"]);
    let path = format!("/admin/v4/key-managers/{}", text(&ticked["id"]));
    assert_eq!(house.call(Method::PUT, &path, ticked.clone()).await.0, 200);
    comes_to("the missing role is made", async || carried(&server, "system_primary_author") == ["pets"]).await;

    create(&house, json!({"name": "inner", "bindings": ["Application/clerk"]})).await;
    let told = standing(&house, &ticked, "inner").await;
    assert_eq!(told, Some(("REFUSED".to_owned(), 1, true)), "roles of an application are refused, and that is final");
    house.close().await;
}

#[tokio::test]
async fn earlier_versions_are_told_by_the_scope_interface() {
    for kind in ["WSO2-IS", "ObKeyManager"] {
        let house = House::build().await;
        let server = house.server(Vendor::Is).await;
        let mut key_manager = house
            .key_manager(kind, &server, server.base_url(), json!({"Username": "admin", "Password": "admin"}))
            .await;
        create(&house, json!({"name": "early"})).await;
        assert_eq!(known(&server, "early"), None, "{kind} does not say where its scopes are");
        key_manager["scopeManagementEndpoint"] = json!(server.endpoints().scopes);
        let path = format!("/admin/v4/key-managers/{}", text(&key_manager["id"]));
        assert_eq!(house.call(Method::PUT, &path, key_manager.clone()).await.0, 200);
        comes_to("a scope from before is made known", async || known(&server, "early").is_some()).await;

        let scope =
            json!({"name": "pets", "displayName": "Pets", "description": "of all kinds", "bindings": ["editor"]});
        let at = create(&house, scope.clone()).await;
        let expected = Scope {
            name: "pets".into(),
            display_name: "Pets".into(),
            description: Some("of all kinds".into()),
            roles: vec!["editor".into()],
            permissions: vec![],
        };
        assert_eq!(known(&server, "pets"), Some(expected.clone()), "{kind}");
        let mut other = scope;
        other["bindings"] = json!(["author", "clerk"]);
        assert_eq!(house.call(Method::PUT, &at, other).await.0, 200);
        let roles = vec!["author".to_owned(), "clerk".to_owned()];
        assert_eq!(known(&server, "pets"), Some(Scope { roles, ..expected }), "{kind}");
        assert_eq!(house.call(Method::DELETE, &at, Value::Null).await.0, 200);
        assert_eq!(known(&server, "pets"), None, "{kind}");
        let journal = server.journal().await;
        let methods: Vec<_> = journal.of(Endpoint::Scopes).map(|entry| (entry.method.as_str(), entry.status)).collect();
        let early = [("HEAD", 404), ("POST", 201)];
        assert_eq!(methods, [&early[..], &early[..], &[("HEAD", 200), ("PUT", 200), ("DELETE", 200)]].concat());
        assert!(journal.of(Endpoint::Scopes).all(|entry| entry.header("authorization") == Some(BASIC_ADMIN)));

        create(&house, json!({"name": "pets/all"})).await;
        let told = standing(&house, &key_manager, "pets/all").await;
        assert_eq!(told, Some(("REFUSED".to_owned(), 1, true)), "{kind}: a character that it has no scopes with");
        house.close().await;
    }
}

#[tokio::test]
async fn asgardeo_is_told_with_a_token_of_its_management_client() {
    let house = House::build().await;
    let server = house.server(Vendor::Asgardeo).await;
    let base = format!("{}/t/kmspec", server.base_url());
    let properties = json!({
        "org_name": "kmspec", "mgmt_client_id": MANAGER.0, "mgmt_client_secret": MANAGER.1, "APIM_GLOBAL_SCOPES": "platform-scopes",
        "asgardeo_api_resource_management_endpoint": format!("{base}/api/server/v1/api-resources"),
        "asgardeo_roles_endpoint": format!("{base}/scim2/v2/Roles"), "asgardeo_role_creation": true,
    });
    house.key_manager("Asgardeo", &server, server.base_url(), properties).await;
    let at = create(&house, json!({"name": "pets", "bindings": ["editor"]})).await;
    assert_eq!(carried(&server, "apim_primary_editor"), ["pets"]);
    assert_eq!(server.realm().api_resources()[0].name, "platform-scopes");
    assert_eq!(house.call(Method::DELETE, &at, Value::Null).await.0, 200);
    assert_eq!(known(&server, "pets"), None);
    house.close().await;
}

#[tokio::test]
async fn scopes_of_an_api_are_told_as_shared_ones_are() {
    let house = House::build().await;
    let server = house.server(Vendor::Is7).await;
    house.is7_with_scopes(&server, server.base_url(), json!({})).await;
    let scope = |name: &str| json!({"scope": {"name": name, "bindings": ["Internal/publisher"]}, "shared": false});
    let mut api = json!({"name": "pets", "context": "/pets", "version": "1", "scopes": [scope("own"), scope("other")],
        "operations": [{"target": "/*", "verb": "GET", "scopes": ["own"]}]});
    let (status, created) = house.call(Method::POST, "/publisher/v4/apis", api.clone()).await;
    assert_eq!(status, 201, "{created}");
    assert_eq!(carried(&server, "publisher"), ["other", "own"]);
    let asked = server.journal().await.entries().len();
    let path = format!("/publisher/v4/apis/{}", text(&created["id"]));
    api["description"] = json!("reworded");
    assert_eq!(house.call(Method::PUT, &path, api.clone()).await.0, 200);
    assert_eq!(server.journal().await.entries().len(), asked, "what does not change scopes asks nobody");
    api["scopes"] = json!([scope("own")]);
    assert_eq!(house.call(Method::PUT, &path, api).await.0, 200);
    assert_eq!((known(&server, "other"), carried(&server, "publisher")), (None, vec!["own".to_owned()]));
    assert_eq!(house.call(Method::DELETE, &path, Value::Null).await.0, 200);
    assert_eq!(known(&server, "own"), None);
    house.close().await;
}

#[tokio::test]
async fn a_key_manager_that_cannot_be_told_stops_nobody_and_is_told_again() {
    let house = House::build().await;
    let server = house.server(Vendor::Is7).await;
    let (base, relay) = Relay::before(&server, house.http.clone()).await;
    let key_manager = house.is7_with_scopes(&server, &base, json!({})).await;
    for (index, way) in
        [Way::Fails, Way::Stalls, Way::LosesAnswer, Way::CutsAnswer, Way::OtherJson].into_iter().enumerate()
    {
        let name = format!("scope-{index}");
        relay.set(&[Method::GET, Method::POST, Method::PATCH].map(|method| (method, way)));
        let begun = Instant::now();
        create(&house, json!({"name": name, "bindings": ["editor"]})).await;
        assert!(begun.elapsed() < 2 * LIMIT, "{way:?} took {:?}", begun.elapsed());
        comes_to("the failure is told at the key manager", async || {
            let told = standing(&house, &key_manager, &name).await.unwrap();
            told.0 == "PENDING" && told.1 > 0 && told.2
        })
        .await;
        relay.set(&[]);
        comes_to("the scope is known after all", async || carried(&server, "system_primary_editor").contains(&name))
            .await;
        comes_to("and that is told", async || {
            standing(&house, &key_manager, &name).await == Some(("REGISTERED".to_owned(), 0, false))
        })
        .await;
    }
    assert_eq!(server.realm().api_resources().len(), 1, "one resource in spite of lost answers");

    relay.set(&[(Method::DELETE, Way::Fails), (Method::GET, Way::Fails)]);
    let (_, all) = house.call(Method::GET, "/publisher/v4/scopes", Value::Null).await;
    let at = format!("/publisher/v4/scopes/{}", text(&all["list"][0]["id"]));
    assert_eq!(house.call(Method::DELETE, &at, Value::Null).await.0, 200);
    assert!(known(&server, "scope-0").is_some());
    relay.set(&[]);
    comes_to("the scope goes after all", async || known(&server, "scope-0").is_none()).await;
    comes_to("and nothing of it is left", async || standing(&house, &key_manager, "scope-0").await.is_none()).await;
    house.close().await;
}

#[tokio::test]
async fn a_corrected_password_tells_what_was_refused_and_key_managers_that_keep_no_scopes_are_not_asked() {
    let house = House::build().await;
    let server = house.server(Vendor::Is7).await;
    let custom = house.server(Vendor::Custom).await;
    house.key_manager("custom", &custom, custom.base_url(), json!({})).await;
    let mut key_manager = house.is7_with_scopes(&server, server.base_url(), json!({"Password": "wrong"})).await;
    create(&house, json!({"name": "pets"})).await;
    assert_eq!(standing(&house, &key_manager, "pets").await, Some(("PENDING".to_owned(), 1, true)));
    let path = format!("/admin/v4/key-managers/{}", text(&key_manager["id"]));
    key_manager["additionalProperties"]["Password"] = json!("admin");
    assert_eq!(house.call(Method::PUT, &path, key_manager.clone()).await.0, 200);
    comes_to("it is told", async || known(&server, "pets").is_some()).await;

    key_manager["enabled"] = json!(false);
    assert_eq!(house.call(Method::PUT, &path, key_manager.clone()).await.0, 200);
    create(&house, json!({"name": "late"})).await;
    assert_eq!(known(&server, "late"), None, "it is switched off");
    key_manager["enabled"] = json!(true);
    assert_eq!(house.call(Method::PUT, &path, key_manager.clone()).await.0, 200);
    comes_to("it is told once it is switched on", async || known(&server, "late").is_some()).await;
    assert_eq!(custom.journal().await.entries().len(), 0, "nobody asks a server that keeps no scopes");
    assert_eq!(house.call(Method::DELETE, &path, Value::Null).await.0, 200);
    house.close().await;
}
