//! API resources, users and roles of WSO2 Identity Server 7, and what they do to tokens.
//! Over real HTTPS, each server on a port of its own.

mod support;

use kmspec_mocks::{
    journal::Endpoint,
    vendors::{MANAGER, Vendor},
};
use reqwest::Method;
use serde_json::{Value, json};
use support::{Answer, Stage, answer, stage};

const IDENTIFIER: &str = "User-defined-oauth2-resource";

fn url(stage: &Stage, path: &str) -> String {
    format!("{}{path}", stage.server.base_url())
}

async fn resources(stage: &Stage, method: Method, below: &str, body: Option<Value>) -> Answer {
    stage.admin(method, &url(stage, &format!("/api/server/v1/api-resources{below}")), body).await
}

/// The resource in which connectors keep every scope, with the scopes `stock` and `price`.
async fn resource(stage: &Stage) -> String {
    let body = json!({
        "name": "User-defined OAuth2 Resource", "identifier": IDENTIFIER, "requiresAuthorization": true,
        "scopes": [{ "name": "stock", "displayName": "Stock" }, { "name": "price", "displayName": "Price" }],
    });
    let created = resources(stage, Method::POST, "", Some(body)).await;
    assert_eq!(created.status, 201, "{}", created.text);
    created.member("id")
}

#[tokio::test]
async fn an_api_resource_lives_from_post_to_delete_and_its_scopes_with_it() {
    let stage = stage(Vendor::Is7).await;
    let id = resource(&stage).await;
    let twice = json!({ "name": "again", "identifier": IDENTIFIER, "scopes": [{ "name": "new" }] });
    assert_eq!(resources(&stage, Method::POST, "", Some(twice)).await.status, 409);
    assert!(stage.server.realm().scope("new").is_none(), "what was refused left nothing behind");
    let found = resources(&stage, Method::GET, &format!("?filter=identifier%20eq%20{IDENTIFIER}"), None).await.json();
    assert_eq!((&found["totalResults"], &found["apiResources"][0]["id"]), (&json!(1), &json!(id)));
    assert_eq!(resources(&stage, Method::GET, "?filter=identifier%20eq%20x", None).await.json()["totalResults"], 0);
    assert_eq!(resources(&stage, Method::GET, "?filter=identifier%20sw%20x", None).await.status, 400);

    let own = format!("/{id}");
    let add = json!({ "description": "all of them", "addedScopes": [{ "name": "cost", "displayName": "Cost" }] });
    assert_eq!(resources(&stage, Method::PATCH, &own, Some(add.clone())).await.status, 204);
    assert_eq!(resources(&stage, Method::PATCH, &own, Some(add)).await.status, 409, "a scope is added once");
    let removal = json!({ "removedScopes": ["cost"] });
    assert_eq!(resources(&stage, Method::PATCH, &own, Some(removal)).await.status, 400);
    let whole = resources(&stage, Method::GET, &own, None).await.json();
    let names = |listed: &Value| -> Vec<String> {
        listed.as_array().unwrap().iter().map(|scope| scope["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        (whole["description"].as_str(), names(&whole["scopes"])),
        (Some("all of them"), vec!["stock".to_owned(), "price".to_owned(), "cost".to_owned()])
    );
    let renamed = json!({ "displayName": "What it costs" });
    assert_eq!(resources(&stage, Method::PATCH, &format!("{own}/scopes/cost"), Some(renamed)).await.status, 204);
    assert_eq!(stage.server.realm().scope("cost").unwrap().display_name, "What it costs");
    assert_eq!(resources(&stage, Method::DELETE, &format!("{own}/scopes/cost"), None).await.status, 204);
    assert_eq!(resources(&stage, Method::DELETE, &format!("{own}/scopes/read"), None).await.status, 404, "not its own");
    let fewer = json!([{ "name": "price", "displayName": "Price" }]);
    assert_eq!(resources(&stage, Method::PUT, &format!("{own}/scopes"), Some(fewer)).await.status, 204);
    assert_eq!(names(&resources(&stage, Method::GET, &format!("{own}/scopes"), None).await.json()), ["price"]);
    assert!(stage.server.realm().scope("stock").is_none());
    assert_eq!(resources(&stage, Method::DELETE, &own, None).await.status, 204);
    assert!(stage.server.realm().scope("price").is_none());
    assert_eq!(resources(&stage, Method::GET, &own, None).await.status, 404);
    assert!(stage.server.journal().await.count(Endpoint::ApiResources) > 10);
}

#[tokio::test]
async fn a_scope_that_a_role_carries_is_for_those_who_hold_the_role() {
    let stage = stage(Vendor::Is7).await;
    resource(&stage).await;
    let roles = url(&stage, "/scim2/v2/Roles");
    let body = json!({ "displayName": "buyer" });
    let created = stage.admin(Method::POST, &roles, Some(body.clone())).await;
    assert_eq!((created.status, created.header("content-type")), (201, "application/scim+json"));
    assert_eq!(stage.admin(Method::POST, &roles, Some(json!({ "displayName": "BUYER" }))).await.status, 409);
    let found = stage.admin(Method::GET, &format!("{roles}?filter=displayName%20eq%20buyer"), None).await.json();
    assert_eq!(found["Resources"][0]["id"], created.json()["id"]);
    let own = format!("{roles}/{}", created.member("id"));
    let replace =
        |scopes: Value| json!({ "Operations": [{ "op": "replace", "path": "permissions", "value": scopes }] });
    let unknown = stage.admin(Method::PATCH, &own, Some(replace(json!([{ "value": "nonsense" }])))).await;
    assert_eq!(unknown.status, 400);
    let patched = stage.admin(Method::PATCH, &own, Some(replace(json!([{ "value": "stock" }])))).await;
    assert_eq!((patched.status, &patched.json()["permissions"][0]["value"]), (200, &json!("stock")));

    assert_eq!(stage.password("stock price").await.json()["scope"], "price", "ann holds no role");
    stage.server.realm().update_user("ann", |user| user.roles.push("buyer".to_owned()));
    assert_eq!(stage.password("stock price").await.json()["scope"], "stock price");
    assert_eq!(stage.admin(Method::GET, &own, None).await.json()["users"][0]["display"], "ann");

    assert_eq!(stage.admin(Method::DELETE, &own, None).await.status, 204);
    assert!(stage.server.realm().user("ann").unwrap().roles.is_empty());
    assert_eq!(stage.admin(Method::GET, &own, None).await.status, 404);
}

/// The `PATCH` of a role with these operations.
async fn patch_role(stage: &Stage, own: &str, operations: Value) -> Answer {
    let schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"];
    let body = json!({ "schemas": schemas, "Operations": operations });
    stage.admin(Method::PATCH, own, Some(body)).await
}

#[tokio::test]
async fn whoever_is_put_into_a_role_gets_its_scopes_and_loses_them_with_it() {
    let stage = stage(Vendor::Is7).await;
    resource(&stage).await;
    let ann = stage.server.realm().user("ann").unwrap().id;
    let body = json!({ "displayName": "buyer", "permissions": [{ "value": "stock" }] });
    let created = stage.admin(Method::POST, &url(&stage, "/scim2/v2/Roles"), Some(body)).await;
    let own = format!("{}/{}", url(&stage, "/scim2/v2/Roles"), created.member("id"));
    let granted = async || stage.password("stock").await.json()["scope"].clone();
    let without = granted().await;
    assert_ne!(without, "stock");
    let member = json!([{ "value": ann, "display": "ann" }]);
    let other = stage.server.realm().add_user(kmspec_mocks::realm::UserSpec::new("bea", "first")).id;
    for (operations, scope) in [
        (json!([{ "op": "add", "path": "users", "value": member }]), json!("stock")),
        (json!([{ "op": "remove", "path": format!("users[value eq \"{ann}\"]") }]), without.clone()),
        (json!([{ "op": "Add", "value": { "users": member } }]), json!("stock")),
        (json!([{ "op": "remove", "path": "users[display eq ann]" }]), without.clone()),
        (
            json!([{ "op": "replace", "path": "urn:ietf:params:scim:schemas:extension:2.0:Role:users", "value": member }]),
            json!("stock"),
        ),
        (json!([{ "op": "replace", "path": "users", "value": [{ "value": other }] }]), without.clone()),
        (json!([{ "op": "add", "path": "users", "value": member[0] }]), json!("stock")),
        (json!([{ "op": "remove", "path": "permissions[value eq stock]" }]), json!("stock")),
        (json!([{ "op": "add", "path": "permissions", "value": [{ "value": "stock" }] }]), json!("stock")),
        (json!([{ "op": "remove", "path": "users" }]), without.clone()),
    ] {
        let patched = patch_role(&stage, &own, operations.clone()).await;
        assert_eq!(patched.status, 200, "{operations}: {}", patched.text);
        assert_eq!(granted().await, scope, "{operations}");
        let names = stage.admin(Method::GET, &own, None).await.json()["users"].to_string();
        assert_eq!(names.contains(&ann), stage.server.realm().user("ann").unwrap().has_role("buyer"), "{operations}");
    }
    assert!(stage.server.realm().user("bea").unwrap().roles.is_empty());
}

#[tokio::test]
async fn a_change_of_a_role_that_is_wrong_in_one_place_changes_nothing() {
    let stage = stage(Vendor::Is7).await;
    resource(&stage).await;
    let ann = stage.server.realm().user("ann").unwrap().id;
    let body = json!({ "displayName": "buyer", "permissions": [{ "value": "stock" }], "users": [{ "value": ann }] });
    let created = stage.admin(Method::POST, &url(&stage, "/scim2/v2/Roles"), Some(body)).await;
    assert_eq!(created.json()["users"][0]["display"], "ann", "{}", created.text);
    let own = format!("{}/{}", url(&stage, "/scim2/v2/Roles"), created.member("id"));
    let clear = json!({ "op": "remove", "path": "users" });
    for wrong in [
        json!({ "op": "add", "path": "users", "value": [{ "value": "nobody" }] }),
        json!({ "op": "add", "path": "permissions", "value": [{ "value": "nonsense" }] }),
        json!({ "op": "add", "path": "users", "value": ["ann"] }),
        json!({ "op": "add", "path": "users" }),
        json!({ "op": "add", "path": "groups", "value": [] }),
        json!({ "op": "replace", "path": "displayName", "value": "seller" }),
        json!({ "op": "replace", "path": format!("users[value eq \"{ann}\"]"), "value": [] }),
        json!({ "op": "remove", "path": "users", "value": [{ "value": ann }] }),
        json!({ "op": "remove", "path": "users[name eq ann]" }),
        json!({ "op": "remove", "path": "users[value eq" }),
        json!({ "op": "remove" }),
        json!({ "op": "move", "path": "users" }),
        json!({ "op": "add", "path": 3, "value": [] }),
        json!({ "op": "add", "value": [] }),
        json!("add"),
    ] {
        let refused = patch_role(&stage, &own, json!([clear, wrong])).await;
        assert_eq!((refused.status, &refused.json()["status"]), (400, &json!("400")), "{wrong}");
        assert!(stage.server.realm().user("ann").unwrap().has_role("buyer"), "{wrong}");
    }
    assert_eq!(patch_role(&stage, &own, json!({})).await.status, 400);
    let put = json!({ "displayName": "buyer", "permissions": [{ "value": "stock" }] });
    let put = stage.admin(Method::PUT, &own, Some(put)).await;
    assert_eq!((put.status, &put.json()["users"]), (200, &json!([])), "what a PUT leaves out is gone");
}

#[tokio::test]
async fn a_user_is_created_found_changed_and_removed() {
    let stage = stage(Vendor::Is7).await;
    let users = url(&stage, "/scim2/Users");
    let body = json!({ "userName": "bea", "password": "first", "name": { "givenName": "Bea" }, "emails": [{ "value": "bea@example.com" }] });
    let created = stage.admin(Method::POST, &users, Some(body.clone())).await;
    assert_eq!(
        (created.status, created.json()["emails"][0]["value"].as_str()),
        (201, Some("bea@example.com")),
        "{}",
        created.text
    );
    assert!(!created.text.contains("first"), "passwords are never told");
    assert_eq!(stage.admin(Method::POST, &users, Some(body)).await.status, 409);
    let found = stage.admin(Method::GET, &format!("{users}?filter=userName%20eq%20bea"), None).await.json();
    assert_eq!((&found["totalResults"], &found["Resources"][0]["id"]), (&json!(1), &created.json()["id"]));
    let own = format!("{users}/{}", created.member("id"));
    let log_in = async |password: &str| {
        stage.token(&[("grant_type", "password"), ("username", "bea"), ("password", password)]).await.status
    };
    assert_eq!(log_in("first").await, 200);
    let patch = json!({ "Operations": [{ "op": "replace", "value": { "password": "second" } }] });
    assert_eq!(stage.admin(Method::PATCH, &own, Some(patch)).await.status, 200);
    assert_eq!((log_in("first").await, log_in("second").await), (400, 200));
    let lock = json!({ "Operations": [{ "op": "replace", "path": "active", "value": false }] });
    assert_eq!(stage.admin(Method::PATCH, &own, Some(lock)).await.json()["active"], false);
    assert_eq!(log_in("second").await, 400);
    let remove = json!({ "Operations": [{ "op": "remove", "path": "emails" }] });
    assert_eq!(stage.admin(Method::PATCH, &own, Some(remove)).await.status, 400);
    assert_eq!(stage.admin(Method::DELETE, &own, None).await.status, 204);
    assert_eq!(stage.admin(Method::GET, &own, None).await.status, 404);
}

#[tokio::test]
async fn only_administrators_and_tokens_with_the_permission_manage() {
    let stage = stage(Vendor::Is7).await;
    for path in ["/api/server/v1/api-resources", "/scim2/Users", "/scim2/v2/Roles"] {
        let url = url(&stage, path);
        assert_eq!(stage.get(&url).await.status, 401, "{path}");
        let ann = stage.http.get(&url).basic_auth("ann", Some("ann's secret")).send().await.unwrap();
        assert_eq!(answer(ann).await.status, 403, "{path}");
        assert_eq!(stage.admin(Method::GET, &url, None).await.status, 200, "{path}");
        assert_eq!(stage.admin(Method::POST, &url, Some(json!([]))).await.status, 400, "{path}");
    }
}

#[tokio::test]
async fn users_are_searched_for_parts_of_what_they_are_and_shown_in_parts() {
    let stage = stage(Vendor::Is7).await;
    stage.server.realm().add_user(kmspec_mocks::realm::UserSpec::new("anna", "x").claim("given_name", "Anna"));
    let users = url(&stage, "/scim2/Users");
    let search = async |query: &str| stage.admin(Method::GET, &format!("{users}?{query}"), None).await;
    for (query, total) in [
        ("filter=userName%20sw%20ann", 2),
        ("filter=userName%20co%20nna", 1),
        ("filter=name.givenName%20eq%20Anna", 1),
        ("filter=emails%20eq%20ann@example.com", 1),
        ("domain=PRIMARY", 3),
        ("domain=OTHER", 0),
        ("count=-1&startIndex=-5", 3),
    ] {
        assert_eq!(search(query).await.json()["totalResults"], total, "{query}");
    }
    for query in ["filter=rubbish", "filter=userName%20gt%20a", "count=many", "startIndex=first"] {
        assert_eq!(search(query).await.status, 400, "{query}");
    }
    let members = async |query: &str| -> Vec<String> {
        search(query).await.json()["Resources"][0].as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(members("attributes=userName").await, ["schemas", "id", "userName"]);
    let rest = members("excludedAttributes=roles,meta").await;
    assert!(rest.contains(&"groups".to_owned()) && !rest.contains(&"roles".to_owned()), "{rest:?}");
}

#[tokio::test]
async fn a_user_is_changed_in_one_part_of_a_name_and_says_when() {
    let stage = stage(Vendor::Is7).await;
    let own = format!("{}/{}", url(&stage, "/scim2/Users"), stage.server.realm().user("ann").unwrap().id);
    let before = stage.admin(Method::GET, &own, None).await.json();
    assert_eq!(before["meta"]["created"], before["meta"]["lastModified"]);
    stage.server.clock().advance(std::time::Duration::from_secs(3_600));
    let family = json!({ "Operations": [{ "op": "add", "path": "name.familyName", "value": "Lee" }] });
    stage.admin(Method::PATCH, &own, Some(family)).await;
    let given = json!({ "Operations": [{ "op": "replace", "path": "name.givenName", "value": "Anne" }] });
    let after = stage.admin(Method::PATCH, &own, Some(given)).await.json();
    assert_eq!(after["name"], json!({ "givenName": "Anne", "familyName": "Lee" }));
    assert_eq!(after["meta"]["created"], before["meta"]["created"]);
    assert!(after["meta"]["lastModified"].as_str() > before["meta"]["lastModified"].as_str(), "{after}");
}

#[tokio::test]
async fn scopes_are_listed_by_name_and_those_of_openid_on_request() {
    let stage = stage(Vendor::Is7).await;
    let names = async |query: &str| -> Vec<String> {
        let listed =
            stage.admin(Method::GET, &url(&stage, &format!("/api/identity/oauth2/v1.0/scopes{query}")), None).await;
        listed.json().as_array().unwrap().iter().map(|scope| scope["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("").await, ["read", "write"]);
    assert_eq!(names("?requestedScopes=write%20unknown").await, ["write"]);
    let with_openid = names("?includeOIDCScopes=true").await;
    assert!(with_openid.contains(&"openid".to_owned()) && with_openid.contains(&"read".to_owned()), "{with_openid:?}");
}

#[tokio::test]
async fn a_token_says_what_a_role_carries_only_with_the_scope_for_that() {
    let stage = stage(Vendor::Is7).await;
    let realm = stage.server.realm();
    let roles = url(&stage, "/scim2/v2/Roles");
    let made = stage.admin(Method::POST, &roles, Some(json!({ "displayName": "buyer" }))).await;
    let own = format!("{roles}/{}", made.member("id"));
    let read = json!([{ "value": "read" }]);
    let patch = json!({ "Operations": [{ "op": "replace", "path": "permissions", "value": read }] });
    let whole = json!({ "Operations": [{ "op": "replace", "value": { "permissions": read } }] });
    let new = json!({ "displayName": "seller", "permissions": read });
    for (method, url, body, scope) in [
        (Method::PATCH, &own, patch, "internal_role_mgt_update"),
        (Method::PATCH, &own, whole, "internal_role_mgt_update"),
        (Method::PUT, &own, json!({ "displayName": "buyer", "permissions": read }), "internal_role_mgt_update"),
        (Method::POST, &roles, new, "internal_role_mgt_create"),
    ] {
        for (more, status) in [(None, 403), (Some("internal_role_mgt_permissions_update"), 200)] {
            let scopes = std::iter::once(scope).chain(more).map(str::to_owned).collect();
            let order = kmspec_mocks::grants::Issue::new(&stage.client, None, "client_credentials", scopes);
            let token = kmspec_mocks::grants::issue(realm, &order).access_token;
            let sent = stage.http.request(method.clone(), url).bearer_auth(token).json(&body).send().await.unwrap();
            let expected = if status == 200 && method == Method::POST { 201 } else { status };
            assert_eq!(sent.status().as_u16(), expected, "{method} {more:?} {body}");
        }
    }
}

#[tokio::test]
async fn the_list_of_api_resources_comes_in_pages_that_lead_to_each_other() {
    let stage = stage(Vendor::Is7).await;
    for identifier in ["a", "b", "c", "d", "e"] {
        let body = json!({ "name": identifier, "identifier": identifier });
        assert_eq!(resources(&stage, Method::POST, "", Some(body)).await.status, 201);
    }
    let shown = |page: &Value| -> Vec<String> {
        let listed = page["apiResources"].as_array().unwrap().iter();
        listed.map(|each| each["identifier"].as_str().unwrap().to_owned()).collect()
    };
    let link = |page: &Value, rel: &str| -> Option<String> {
        let link = page["links"].as_array().unwrap().iter().find(|link| link["rel"] == rel)?;
        Some(link["href"].as_str().unwrap().to_owned())
    };
    let follow = async |page: &Value, rel: &str| {
        let href = link(page, rel).unwrap_or_else(|| panic!("no {rel} in {page}"));
        stage.admin(Method::GET, &url(&stage, &href), None).await.json()
    };
    let whole = resources(&stage, Method::GET, "", None).await.json();
    assert_eq!((&whole["totalResults"], &whole["links"]), (&json!(5), &json!([])));
    let all = shown(&whole);
    let first = resources(&stage, Method::GET, "?limit=2", None).await.json();
    assert_eq!((shown(&first), &first["totalResults"], link(&first, "previous")), (all[..2].to_vec(), &json!(5), None));
    let second = follow(&first, "next").await;
    assert_eq!(shown(&second), all[2..4]);
    let last = follow(&second, "next").await;
    assert_eq!((shown(&last), link(&last, "next")), (all[4..].to_vec(), None));
    assert_eq!(shown(&follow(&last, "previous").await), all[2..4]);
    assert_eq!(shown(&follow(&second, "previous").await), all[..2]);
    let (after, before) = (link(&first, "next").unwrap(), link(&second, "previous").unwrap());
    let both = format!("{after}&{}", before.rsplit('&').next().unwrap());
    for wrong in ["?limit=0", "?limit=x", "?after=nothing", "?before=nothing", &both[both.find('?').unwrap()..]] {
        assert_eq!(resources(&stage, Method::GET, wrong, None).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn asgardeo_names_what_it_made_by_addresses_below_the_organisation() {
    let stage = stage(Vendor::Asgardeo).await;
    let scopes = "internal_api_resource_create internal_api_resource_view internal_role_mgt_create \
                  internal_role_mgt_view internal_api_resource_delete";
    let form = [("grant_type", "client_credentials"), ("scope", scopes)];
    let asked = stage.http.post(&stage.server.endpoints().token).basic_auth(MANAGER.0, Some(MANAGER.1)).form(&form);
    let token = answer(asked.send().await.unwrap()).await.member("access_token");
    let get = async |url: &str| answer(stage.http.get(url).bearer_auth(&token).send().await.unwrap()).await;
    let schemas = json!(["urn:ietf:params:scim:schemas:extension:2.0:Role"]);
    for (path, body) in [
        ("/scim2/v2/Roles", json!({ "displayName": "shipper", "schemas": schemas })),
        ("/api/server/v1/api-resources", json!({ "name": "one", "identifier": "one" })),
    ] {
        let asked = stage.http.post(url(&stage, &format!("/t/kmspec{path}"))).bearer_auth(&token).json(&body);
        let made = answer(asked.send().await.unwrap()).await;
        assert_eq!(made.status, 201, "{path}: {}", made.text);
        let location = made.header("location").to_owned();
        let found = get(&location).await;
        assert_eq!((found.status, found.member("id")), (200, made.member("id")), "{location}");
        match found.json() {
            role if path.starts_with("/scim2") => assert_eq!(role["meta"]["location"], location),
            resource => assert_eq!(url(&stage, resource["self"].as_str().unwrap()), location),
        }
    }
}
