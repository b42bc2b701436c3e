//! The contract as a table: each resource once, with its status, its code where it refuses, and the members that clients
//! of the product read from the answer.
//! What refusals leave unchanged is tested in `hostile`.

use super::*;

/// A platform with one of everything, by the names that paths below use.
pub(super) struct Furnished {
    pub(super) stage: Stage,
    names: Vec<(&'static str, String)>,
}

impl Furnished {
    pub(super) async fn open() -> Self {
        let stage = Stage::open().await;
        let mut names = vec![("km", stage.key_manager(custom("acme")).await)];
        names.push(("app", stage.application("orders").await));
        let all = Self { stage, names };
        let order = json!({"keyType": "PRODUCTION", "grantTypesToBeSupported": ["client_credentials"]});
        let key = all.made("dora", "POST /dev/applications/{app}/generate-keys", order, "keyMappingId").await;
        let all = all.with("key", key);
        let api = json!({"name": "Pets", "context": "pets", "version": "1", "policies": ["Unlimited", "Gold"],
            "endpointConfig": {"production_endpoints": {"url": "http://localhost:1"}},
            "operations": [{"target": "/*", "verb": "GET"}]});
        let api = all.made("admin", "POST /pub/apis", api, "id").await;
        let all = all.with("api", api);
        let revision = all.made("admin", "POST /pub/apis/{api}/revisions", json!({}), "id").await;
        let all = all.with("rev", revision);
        assert_eq!(
            all.ask("admin", "POST /pub/apis/change-lifecycle?apiId={api}&action=Publish", Value::Null).await.status,
            200
        );
        let wanted =
            json!({"applicationId": all.name("app"), "apiId": all.name("api"), "throttlingPolicy": "Unlimited"});
        let subscription = all.made("dora", "POST /dev/subscriptions", wanted, "subscriptionId").await;
        let all = all.with("sub", subscription);
        let scope = all.made("admin", "POST /pub/scopes", json!({"name": "read", "bindings": ["admin"]}), "id").await;
        all.with("scope", scope)
    }

    fn with(mut self, name: &'static str, id: String) -> Self {
        self.names.push((name, id));
        self
    }

    pub(super) fn name(&self, name: &str) -> &str {
        &self.names.iter().find(|(known, _)| *known == name).expect("everything was made").1
    }

    /// Method and path of a line such as `GET /adm/key-managers/{km}`.
    pub(super) fn place(&self, line: &str) -> (Method, String) {
        let (method, path) = line.split_once(' ').expect("a line has a method and a path");
        let planes = [("/adm/", ADMIN), ("/dev/", DEVPORTAL), ("/pub/", PUBLISHER)];
        let mut path = path.to_owned();
        for (short, plane) in planes {
            if let Some(rest) = path.strip_prefix(short) {
                path = format!("{plane}/{rest}");
            }
        }
        for (name, id) in &self.names {
            path = path.replace(&format!("{{{name}}}"), id);
        }
        (method.parse().unwrap(), path)
    }

    pub(super) async fn ask(&self, user: &str, line: &str, body: Value) -> Answer {
        let (method, path) = self.place(line);
        let token = format!("{user}|one.com|{EVERYTHING} apim:subscription_manage apim:store_settings");
        self.stage.with_scopes(&token, method, &path, body).await
    }

    async fn made(&self, user: &str, line: &str, body: Value, member: &str) -> String {
        let made = self.ask(user, line, body).await;
        assert!(made.status < 300, "{line}: {:?}", made.body);
        made.text(member)
    }
}

/// Who asks for what, what is answered, and the members that must be in it (`list.` for those of a list's first entry).
type Row = (&'static str, &'static str, Value, (u16, i64), &'static [&'static str]);

async fn hold(all: &Furnished, rows: Vec<Row>) {
    for (user, line, body, expected, members) in rows {
        let answer = all.ask(user, line, body).await;
        assert_eq!((answer.status, answer.body["code"].as_i64().unwrap_or(0)), expected, "{line}: {:?}", answer.body);
        for member in members {
            let place = format!("/{}", member.replace("list.", "list/0/").replace('.', "/"));
            assert!(answer.body.pointer(&place).is_some(), "{line} has no {member}: {:?}", answer.body);
        }
        if answer.status >= 400 && !answer.body.is_null() {
            for member in ["message", "description", "moreInfo", "error"] {
                assert!(answer.body.get(member).is_some(), "{line} has no {member}: {:?}", answer.body);
            }
        }
    }
}

#[tokio::test]
async fn the_administrators_resources_answer_as_the_contract_says() {
    let all = Furnished::open().await;
    let gone = "00000000-0000-4000-8000-00000000dead";
    let unknown: &'static str = Box::leak(format!("DELETE /adm/key-managers/{gone}").into_boxed_str());
    let none = Value::Null;
    hold(
        &all,
        vec![
            (
                "admin",
                "GET /adm/key-managers",
                none.clone(),
                (200, 0),
                &["count", "list.id", "list.name", "list.type", "list.enabled", "list.tokenType", "list.isUsed"],
            ),
            (
                "admin",
                "POST /adm/key-managers",
                custom("new"),
                (201, 0),
                &[
                    "id",
                    "name",
                    "type",
                    "tokenType",
                    "enabled",
                    "permissions",
                    "additionalProperties",
                    "availableGrantTypes",
                    "enableSelfValidationJWT",
                    "enableProvisionedAppValidation",
                ],
            ),
            ("admin", "POST /adm/key-managers", custom("new"), (409, 901402), &[]),
            ("admin", "POST /adm/key-managers", with(custom("w"), json!({"isGlobal": true})), (400, 400), &[]),
            (
                "admin",
                "POST /adm/key-managers",
                with(custom("w"), json!({"endpoints": [{"name": "a", "value": "b"}], "isGlobal": false})),
                (201, 0),
                &["endpoints"],
            ),
            ("admin", "GET /adm/key-managers/{km}", none.clone(), (200, 0), &["issuer", "tokenEndpoint"]),
            ("admin", "PUT /adm/key-managers/{km}", with(custom("acme"), json!({"type": "Okta"})), (400, 400), &[]),
            (
                "admin",
                "PUT /adm/key-managers/{km}",
                with(custom("acme"), json!({"description": "changed"})),
                (200, 0),
                &["description"],
            ),
            ("admin", "GET /adm/key-managers/{km}/api-usages", none.clone(), (200, 0), &["count", "pagination"]),
            ("admin", "GET /adm/key-managers/{km}/app-usages", none.clone(), (200, 0), &["count", "pagination"]),
            ("admin", unknown, none.clone(), (404, 901411), &[]),
            (
                "admin",
                "POST /adm/key-managers/discover",
                json!({"url": "", "type": "custom"}),
                (200, 0),
                &["valid", "value"],
            ),
            ("admin", "POST /adm/key-managers/discover", json!({"url": "https://x", "type": "no"}), (400, 901400), &[]),
            (
                "admin",
                "GET /adm/settings",
                none.clone(),
                (200, 0),
                &["scopes", "keyManagerConfiguration.0.type", "keyManagerConfiguration.0.configurations.0.name"],
            ),
            ("admin", "GET /adm/applications?user=dora", none.clone(), (200, 0), &["list.applicationId", "list.owner"]),
            ("admin", "POST /adm/applications/{app}/change-owner?owner=nobody", none.clone(), (500, 900967), &[]),
            ("admin", "POST /adm/applications/{app}/change-owner?owner=otto", none.clone(), (200, 0), &[]),
            ("dora", "GET /dev/applications/{app}", none.clone(), (403, 900915), &[]),
            ("otto", "GET /dev/applications/{app}", none.clone(), (200, 0), &[]),
            ("admin", "DELETE /adm/key-managers/{km}", none.clone(), (200, 0), &[]),
            ("admin", "GET /adm/key-managers/{km}", none, (404, 901411), &[]),
        ],
    )
    .await;
    all.stage.close().await;
}

#[tokio::test]
async fn the_developers_resources_answer_as_the_contract_says() {
    let all = Furnished::open().await;
    let none = Value::Null;
    let draft = |name: &str| json!({"name": name, "throttlingPolicy": "10PerMin"});
    let app = all.name("app").to_owned();
    let plan = |requested: &str| json!({"applicationId": app, "throttlingPolicy": "Unlimited", "requestedThrottlingPolicy": requested});
    hold(&all, vec![
        ("dora", "GET /dev/applications?sortBy=name&sortOrder=desc", none.clone(), (200, 0), &["list.applicationId", "list.owner", "list.subscriptionCount", "pagination.total"]),
        ("dora", "GET /dev/applications?limit=x", none.clone(), (400, 400), &[]),
        ("dora", "POST /dev/applications", draft("Orders ${a}:{b}"), (201, 0), &["applicationId", "status", "tokenType", "groups", "attributes"]),
        ("dora", "POST /dev/applications", draft("orders"), (409, 409), &[]),
        ("dora", "POST /dev/applications", json!({"name": "x", "throttlingPolicy": "2PerYear"}), (400, 900305), &[]),
        ("dora", "POST /dev/applications/{app}/generate-keys", json!({"keyType": "PRODUCTION", "grantTypesToBeSupported": []}), (409, 901409), &[]),
        ("dora", "POST /dev/applications/{app}/generate-keys", json!({"keyType": "SANDBOX", "grantTypesToBeSupported": ["implicit"], "callbackUrl": ""}), (400, 400), &[]),
        ("dora", "POST /dev/applications/{app}/generate-keys", json!({"keyType": "SANDBOX", "grantTypesToBeSupported": ["password"], "callbackUrl": "", "keyManager": "acme"}), (400, 901405), &[]),
        ("dora", "POST /dev/applications/{app}/generate-keys", json!({"keyType": "SANDBOX", "grantTypesToBeSupported": [], "keyManager": "nowhere"}), (400, 901403), &[]),
        ("dora", "POST /dev/applications/{app}/map-keys", json!({"keyType": "SANDBOX", "consumerKey": "ck", "keyManager": "acme"}), (200, 0), &["keyMappingId", "consumerKey", "mode"]),
        ("dora", "GET /dev/applications/{app}/oauth-keys", none.clone(), (200, 0), &["count", "list.keyMappingId", "list.keyManager", "list.keyType", "list.keyState", "list.mode"]),
        ("dora", "GET /dev/applications/{app}/oauth-keys/{key}", none.clone(), (200, 0), &["consumerKey", "consumerSecret", "supportedGrantTypes", "additionalProperties"]),
        ("dora", "GET /dev/applications/{app}/oauth-keys/{km}", none.clone(), (404, 900331), &[]),
        ("dora", "GET /dev/applications/{app}/keys", none.clone(), (200, 0), &["list.keyMappingId"]),
        ("dora", "GET /dev/applications/{app}/keys/PRODUCTION", none.clone(), (200, 0), &["consumerKey"]),
        ("dora", "GET /dev/applications/{app}/keys/SANDBOX", none.clone(), (404, 900331), &[]),
        ("dora", "GET /dev/applications/{app}/keys/MIDDLE", none.clone(), (400, 904013), &[]),
        ("dora", "POST /dev/applications/{app}/keys/PRODUCTION/generate-token", json!({}), (200, 0), &["accessToken", "tokenScopes", "validityTime"]),
        ("dora", "PUT /dev/applications/{app}/oauth-keys/{key}", json!({"supportedGrantTypes": ["password"]}), (200, 0), &["supportedGrantTypes"]),
        ("dora", "POST /dev/applications/{app}/oauth-keys/{key}/regenerate-secret", none.clone(), (400, 400), &[]),
        ("dora", "POST /dev/applications/{app}/oauth-keys/{key}/generate-secret", json!({}), (201, 0), &["secretId", "secretValue", "additionalProperties.expiresAt"]),
        ("dora", "GET /dev/applications/{app}/oauth-keys/{key}/secrets", none.clone(), (200, 0), &["count", "list.secretId"]),
        ("dora", "POST /dev/applications/{app}/oauth-keys/{key}/revoke-secret", json!({"secretId": "none"}), (404, 404), &[]),
        ("dora", "GET /dev/key-managers", none.clone(), (200, 0), &["list.id", "list.name", "list.type", "list.tokenEndpoint", "list.revokeEndpoint", "list.applicationConfiguration"]),
        ("dora", "GET /dev/apis", none.clone(), (200, 0), &["list.id", "list.throttlingPolicies"]),
        ("dora", "GET /dev/apis/{api}", none.clone(), (200, 0), &["id", "context"]),
        ("dora", "GET /dev/throttling-policies/subscription", none.clone(), (200, 0), &["list.name"]),
        ("dora", "GET /dev/throttling-policies/nowhere", none.clone(), (404, 404), &[]),
        ("dora", "GET /dev/subscriptions?apiId={api}", none.clone(), (200, 0), &["list.subscriptionId", "list.apiId", "list.status"]),
        ("dora", "PUT /dev/subscriptions/{sub}", plan("Gold"), (200, 0), &["throttlingPolicy"]),
        ("dora", "PUT /dev/subscriptions/{sub}", plan("Platinum"), (200, 0), &["throttlingPolicy"]),
        ("dora", "POST /dev/subscriptions/multiple", json!([{"applicationId": app, "apiId": all.name("api"), "throttlingPolicy": "Gold"}]), (409, 409), &[]),
        ("admin", "GET /pub/subscriptions?apiId={api}", none.clone(), (200, 0), &["list.throttlingPolicy", "list.subscriptionStatus"]),
        ("admin", "POST /pub/subscriptions/block-subscription?subscriptionId={sub}&blockState=BLOCKED", none.clone(), (200, 0), &[]),
        ("dora", "GET /dev/subscriptions/{sub}", none.clone(), (200, 0), &["status"]),
        ("admin", "POST /pub/subscriptions/unblock-subscription?subscriptionId={sub}", none.clone(), (200, 0), &[]),
        ("admin", "POST /pub/subscriptions/change-business-plan?subscriptionId={sub}&businessPlan=Gold", none.clone(), (200, 0), &["throttlingPolicy"]),
        ("admin", "POST /pub/subscriptions/change-business-plan?subscriptionId={sub}&businessPlan=Bronze", none.clone(), (400, 900305), &[]),
        ("admin", "POST /pub/subscriptions/change-business-plan?subscriptionId=&businessPlan=Gold", none.clone(), (400, 400), &[]),
        ("admin", "POST /pub/subscriptions/change-business-plan?subscriptionId=none&businessPlan=Gold", none.clone(), (404, 404), &[]),
        ("dora", "POST /dev/me/change-password", json!({"currentPassword": "wrong", "newPassword": "fresh-one"}), (400, 901451), &[]),
        ("dora", "POST /dev/me/change-password", json!({"currentPassword": "dora-secret", "newPassword": "x"}), (400, 901452), &[]),
        ("dora", "POST /dev/me/change-password", json!({"currentPassword": "dora-secret", "newPassword": "fresh-one"}), (200, 0), &[]),
        ("dora", "POST /dev/me/change-password", json!({"currentPassword": "dora-secret", "newPassword": "other-one"}), (400, 901451), &[]),
        ("dora", "DELETE /dev/subscriptions/{sub}", none.clone(), (200, 0), &[]),
        ("dora", "POST /dev/applications/{app}/oauth-keys/{key}/clean-up", none.clone(), (200, 0), &[]),
        ("dora", "DELETE /dev/applications/{app}", none.clone(), (200, 0), &[]),
        ("dora", "DELETE /dev/applications/{app}", none, (404, 404), &[]),
    ]).await;
    all.stage.close().await;
}

#[tokio::test]
async fn the_publishers_resources_answer_as_the_contract_says() {
    let all = Furnished::open().await;
    let none = Value::Null;
    let api = json!({"name": "Zoo", "context": "zoo", "version": "1", "policies": []});
    hold(
        &all,
        vec![
            (
                "admin",
                "GET /pub/key-managers",
                none.clone(),
                (200, 0),
                &["list.id", "list.name", "list.type", "list.enabled"],
            ),
            ("admin", "POST /pub/apis", with(api.clone(), json!({"keyManagers": "all"})), (400, 903203), &[]),
            ("admin", "POST /pub/apis", with(api.clone(), json!({"surplus": 1})), (400, 400), &[]),
            (
                "admin",
                "POST /pub/apis",
                api,
                (201, 0),
                &["id", "context", "keyManagers", "policies.0", "securityScheme"],
            ),
            (
                "admin",
                "POST /pub/apis/{api}/deploy-revision?revisionId={rev}",
                json!([{"name": "Default", "vhost": "localhost", "displayOnDevportal": true}]),
                (201, 0),
                &["0.name"],
            ),
            (
                "admin",
                "GET /pub/apis/{api}/revisions?query=deployed:true",
                none.clone(),
                (200, 0),
                &["list.deploymentInfo.0.name"],
            ),
            ("admin", "GET /pub/apis/{api}/lifecycle-state", none.clone(), (200, 0), &["state"]),
            ("admin", "GET /pub/apis/{api}/swagger", none.clone(), (200, 0), &["openapi", "paths"]),
            ("admin", "GET /pub/throttling-policies/subscription", none.clone(), (200, 0), &["list.name"]),
            ("admin", "HEAD /pub/roles/SW50ZXJuYWwvcHVibGlzaGVy", none.clone(), (200, 0), &[]),
            ("admin", "HEAD /pub/roles/Z2hvc3Q", none.clone(), (404, 0), &[]),
            ("admin", "HEAD /pub/roles/!!", none.clone(), (404, 0), &[]),
            ("admin", "HEAD /pub/scopes/cmVhZA", none.clone(), (200, 0), &[]),
            ("admin", "HEAD /pub/scopes/d3JpdGU", none.clone(), (404, 0), &[]),
            ("admin", "GET /pub/scopes/{scope}/usage", none.clone(), (200, 0), &["usedApiList"]),
            ("admin", "POST /pub/scopes", json!({"name": "read"}), (409, 900984), &[]),
            ("admin", "POST /pub/apis/{api}/undeploy-revision?revisionId={rev}", none.clone(), (201, 0), &[]),
            ("admin", "DELETE /pub/scopes/{scope}", none.clone(), (200, 0), &[]),
            ("admin", "GET /pub/scopes/{scope}", none, (404, 900981), &[]),
        ],
    )
    .await;
    all.stage.close().await;
}

#[tokio::test]
async fn a_portal_that_is_looked_at_from_another_tenant_shows_its_own_key_managers_only() {
    let all = Furnished::open().await;
    let url = format!("{}{DEVPORTAL}/key-managers", all.stage.platform.management_url());
    let looking_at = async |tenant: &str| {
        let request = all.stage.client.get(&url).bearer_auth(format!("dora|one.com|{EVERYTHING}"));
        let answer = Stage::answer(request.header("X-WSO2-Tenant", tenant)).await;
        let names = answer.body["list"].as_array().cloned().unwrap_or_default();
        (answer.status, names.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(looking_at("one.com").await, (200, vec!["Resident Key Manager".to_owned(), "acme".to_owned()]));
    assert_eq!(looking_at("two.com").await, (200, vec!["Resident Key Manager".to_owned()]));
    assert_eq!(looking_at("nowhere.com").await, (400, vec![]));
    all.stage.close().await;
}

#[tokio::test]
async fn readiness_and_sign_up_need_no_plane_token() {
    let all = Furnished::open().await;
    let url = all.stage.platform.management_url().to_owned();
    let get = async |path: &str, user: Option<(&str, &str)>| {
        let request = all.stage.client.get(format!("{url}{path}"));
        let request = match user {
            Some((name, password)) => request.basic_auth(name, Some(password)),
            None => request,
        };
        Stage::answer(request).await.status
    };
    assert_eq!(get("/api/am/gateway/v2/server-startup-healthcheck", None).await, 200);
    assert_eq!(get("/services/Version", None).await, 200);
    let artifact = "/api/am/gateway/v2/api-artifact?apiName=Pets&version=1&tenantDomain=one.com";
    let admin = ("admin@one.com", "admin-secret");
    assert_eq!(get(artifact, None).await, 401);
    assert_eq!(get(artifact, Some(("dora@one.com", "dora-secret"))).await, 401);
    assert_eq!(get(artifact, Some(admin)).await, 404, "nothing is deployed yet");
    let place = json!([{"name": "Default", "vhost": "localhost"}]);
    all.ask("admin", "POST /pub/apis/{api}/deploy-revision?revisionId={rev}", place).await;
    assert_eq!(get(artifact, Some(admin)).await, 200);

    let sign_up = async |user: Value, who: (&str, &str)| {
        let request = all.stage.client.post(format!("{url}/t/one.com/api/identity/user/v1.0/me"));
        Stage::answer(request.basic_auth(who.0, Some(who.1)).json(&user)).await.status
    };
    let fresh = json!({"user": {"username": "fresh-one", "password": "secret"}});
    assert_eq!(sign_up(fresh.clone(), ("dora@one.com", "dora-secret")).await, 401);
    assert_eq!(sign_up(fresh.clone(), admin).await, 201);
    assert_eq!(sign_up(fresh, admin).await, 409);
    assert_eq!(sign_up(json!({"username": "bare", "password": "secret", "claims": []}), admin).await, 201);
    assert_eq!(sign_up(json!({"username": 7}), admin).await, 400);
    for odd in ["a:b", "a\nb", " a", "a ", &"x".repeat(256)] {
        assert_eq!(sign_up(json!({"username": odd, "password": "secret"}), admin).await, 400, "{odd:?}");
    }
    let in_super_tenant = async |name: &str| {
        let request = all.stage.client.post(format!("{url}/api/identity/user/v1.0/me"));
        let user = json!({"username": name, "password": "secret"});
        Stage::answer(request.basic_auth("admin", Some("admin")).json(&user)).await.status
    };
    assert_eq!(in_super_tenant("dora@one.com").await, 400, "dora of one.com is called so");
    assert_eq!(in_super_tenant("dora@mail.example").await, 201);
    assert_eq!(in_super_tenant("dora@mail.example@carbon.super").await, 409);
    all.stage.close().await;
}
