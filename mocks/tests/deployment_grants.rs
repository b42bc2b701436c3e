//! What a `deployment.toml` says of grant types, devices, assertions, scopes and certificates of Identity Server 7: each
//! switch seen from outside, on and off. Its other switches are tested in `deployment`.

mod support;

use kmspec_mocks::{
    certificates::{ClientCertificates, TlsIdentity},
    deployment_toml::DeploymentToml,
    realm::{ClientSpec, KeyRing, UserSpec, test_keys::KeyFamily},
    saml::IdentityProvider,
    server::{AuthorizationServer, TenantError},
    vendors::Vendor,
};
use reqwest::Method;
use serde_json::json;
use support::{AUTHORITY, Answer, Stage, answer, http, http_with};

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const SAML: &str = "urn:ietf:params:oauth:grant-type:saml2-bearer";

/// A server with this file, the user ann, and a client for these grant types.
async fn configured(file: &str, grants: &[&str]) -> Stage {
    let deployment = DeploymentToml::parse(file).unwrap_or_else(|error| panic!("{error}"));
    let builder = AuthorizationServer::builder(Vendor::Is7).certificates(AUTHORITY.clone()).port(Some(0));
    let server = builder.deployment(deployment).start().await.unwrap();
    server.realm().add_user(UserSpec::new("ann", "ann's secret"));
    let client = server.realm().add_client(ClientSpec::new("orders").grant_types(grants.iter().copied()));
    Stage { server, http: http(), client }
}

async fn user_code(stage: &Stage) -> String {
    let url = stage.server.endpoints().device_authorization.clone().unwrap();
    stage.post(&url, &[("scope", "read")]).await.member("user_code")
}

#[tokio::test]
async fn user_codes_of_devices_are_as_long_and_of_such_characters_as_configured() {
    let file = "[oauth.grant_type.device_code]\nkey_length = 9\nkey_set = \"XYZ\"\n";
    let code = user_code(&configured(file, &[DEVICE]).await).await;
    assert_eq!((code.len(), code.chars().all(|c| "XYZ".contains(c))), (9, true), "{code}");
    assert_eq!(user_code(&configured("", &[DEVICE]).await).await.len(), 6);
}

#[tokio::test]
async fn devices_are_turned_away_where_their_grant_is_switched_off() {
    let asked = async |file: &str| {
        let stage = configured(file, &[DEVICE]).await;
        let url = format!("{}/oauth2/device_authorize", stage.server.base_url());
        (stage.post(&url, &[("scope", "read")]).await, stage.post_bare(&url, &[("client_id", "nobody")]).await)
    };
    let (refused, stranger) = asked("[oauth.grant_type.device_code]\nenable = false\n").await;
    assert_eq!(refused.error(), (400, "invalid_request".to_owned()));
    assert!(refused.member("error_description").contains(DEVICE), "{}", refused.text);
    assert_eq!(stranger.error(), (401, "invalid_client".to_owned()), "who asks is found out first");
    let (begun, _) = asked("[oauth.grant_type.device_code]\nenable = true\n").await;
    assert_eq!(begun.status, 200, "{}", begun.text);
}

#[tokio::test]
async fn where_there_are_few_user_codes_the_latest_device_has_the_code() {
    let stage = configured("[oauth.grant_type.device_code]\nkey_length = 1\nkey_set = \"A\"\n", &[DEVICE]).await;
    for _ in 0..3 {
        assert_eq!(user_code(&stage).await, "A");
    }
    assert!(stage.server.realm().approve_device("A", "ann"));
    assert!(!stage.server.realm().approve_device("A", "ann"), "the others have it no longer");
}

#[tokio::test]
async fn a_grant_type_of_somebodys_own_is_announced_and_registered_and_its_handler_is_not_played() {
    let file = "[[oauth.custom_grant_type]]\nname = \"mobile\"\ngrant_handler = \"a.B\"\ngrant_validator = \"a.C\"\n\
                [oauth.custom_grant_type.properties]\nIdTokenAllowed = true\n";
    let stage = configured(file, &["mobile"]).await;
    let announced = stage.get(&stage.server.discovery_url()).await.json()["grant_types_supported"].clone();
    assert!(announced.as_array().unwrap().contains(&json!("mobile")), "{announced}");
    let registration = stage.server.endpoints().registration.clone().unwrap();
    let body = json!({ "client_name": "app", "grant_types": ["mobile"] });
    let made = stage.admin(Method::POST, &registration, Some(body)).await;
    assert_eq!((made.status, made.json()["grant_types"].clone()), (201, json!(["mobile"])));
    let refused = stage.token(&[("grant_type", "mobile")]).await;
    assert_eq!(refused.error(), (400, "invalid_grant".to_owned()));
    assert!(refused.member("error_description").contains("mobile"), "{}", refused.text);
    let other = configured(file, &["password"]).await;
    assert_eq!(other.token(&[("grant_type", "mobile")]).await.error(), (400, "unauthorized_client".to_owned()));
    let bare = stage.post_bare(&stage.server.endpoints().token, &[("grant_type", "mobile")]).await;
    assert_eq!(bare.error(), (401, "invalid_client".to_owned()));
    let unknown = configured("", &["mobile"]).await.token(&[("grant_type", "mobile")]).await;
    assert_eq!(unknown.error(), (400, "invalid_request".to_owned()), "without the table nobody knows it");
}

#[tokio::test]
async fn a_grant_type_of_somebodys_own_is_for_public_clients_where_its_properties_say_so() {
    for (public, expected) in [("true", (400, "invalid_grant")), ("false", (401, "invalid_client"))] {
        let file =
            format!("[[oauth.custom_grant_type]]\nname = \"mobile\"\nproperties.PublicClientAllowed = {public}\n");
        let stage = configured(&file, &["mobile"]).await;
        let app = stage.server.realm().add_client(ClientSpec::new("app").public().grant_types(["mobile"]));
        let form = [("grant_type", "mobile"), ("client_id", app.id.as_str())];
        let refused = stage.post_bare(&stage.server.endpoints().token, &form).await;
        assert_eq!(refused.error(), (expected.0, expected.1.to_owned()), "{public}");
    }
}

#[tokio::test]
async fn a_played_grant_type_may_be_declared_as_somebodys_own() {
    let file = "[oauth.grant_type.password]\nenable = false\n[[oauth.custom_grant_type]]\nname = \"password\"\n";
    assert_eq!(configured(file, &["password"]).await.password("openid").await.status, 200);
}

#[tokio::test]
async fn scopes_of_an_allowed_pattern_need_no_registration() {
    for (file, consent, device) in [("[oauth]\nallowed_scopes = [\"consent.*\"]\n", true, false), ("", false, true)] {
        let stage = configured(file, &["password"]).await;
        let granted = stage.password("consent_7 device_a").await.json();
        let granted = granted.get("scope").and_then(|scope| scope.as_str()).unwrap_or_default().to_owned();
        assert_eq!((granted.contains("consent_7"), granted.contains("device_a")), (consent, device), "{file}");
    }
}

#[tokio::test]
async fn subjects_of_saml_assertions_are_local_users_where_that_is_configured() {
    for (kind, subject) in [("LOCAL", "ann"), ("FEDERATED", "corp/ann")] {
        let file = format!("[oauth.grant_type.saml_bearer]\nuser_type = \"{kind}\"\n");
        let stage = configured(&file, &[SAML]).await;
        let (keys, clock) = (KeyRing::of_family(KeyFamily::Rsa), stage.server.clock().clone());
        let provider = IdentityProvider::new("https://corp.example", keys, clock);
        stage.server.realm().trust(provider.trusted("corp").alias("as")).unwrap();
        let assertion = provider.assertion("ann").audience("as").sign().unwrap().encoded();
        let answer = stage.token(&[("grant_type", SAML), ("assertion", &assertion)]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let row = stage.server.realm().token(&answer.member("access_token")).unwrap().0;
        assert_eq!(row.username.as_deref(), Some(subject), "{kind}");
    }
}

#[tokio::test]
async fn a_rule_may_name_a_permission_for_users_and_a_scope_for_tokens_as_text() {
    let file = "[oauth]\nauthorize_all_scopes = true\n[[resource.access_control]]\ncontext = \"(.*)/scim2/Users\"\n\
                secure = \"true\"\nhttp_method = \"GET\"\npermissions = \"/permission/admin/list, /permission/other\"\n\
                scopes = \"reading, looking\"\n";
    let stage = configured(file, &["password"]).await;
    for scope in ["reading", "looking"] {
        stage.server.realm().register_scope(scope);
    }
    let users = format!("{}/scim2/Users", stage.server.base_url());
    let with = async |scope: &str| {
        let token = stage.password(scope).await.member("access_token");
        stage.http.get(&users).bearer_auth(token).send().await.unwrap().status().as_u16()
    };
    assert_eq!((with("reading looking").await, with("reading").await), (200, 403));
    let ann = stage.http.get(&users).basic_auth("ann", Some("ann's secret")).send().await.unwrap();
    assert_eq!((ann.status().as_u16(), stage.admin(Method::GET, &users, None).await.status), (403, 200));
}

#[tokio::test]
async fn in_the_old_mode_a_client_that_nobody_registered_belongs_to_the_administrator() {
    let file = "[super_admin]\nusername = \"root\"\npassword = \"s3cret\"\n[server]\nlegacy_mode = true\n";
    let stage = configured(file, &["client_credentials"]).await;
    let token = stage.token(&[("grant_type", "client_credentials")]).await.member("access_token");
    assert_eq!(stage.verified(&token).await.unwrap().1["sub"], "root");
    assert_eq!(stage.introspect(&token).await["username"], "root@carbon.super");
}

#[tokio::test]
async fn in_the_old_mode_tenants_have_no_paths_and_roles_are_there_in_their_old_form_too() {
    for (file, tenants, old) in [("[server]\nlegacy_mode = true\n", 404, 200), ("", 200, 404)] {
        let stage = configured(file, &["client_credentials"]).await;
        let base = stage.server.base_url().to_owned();
        assert_eq!(stage.get(&format!("{base}/t/carbon.super/oauth2/jwks")).await.status, tenants, "{file}");
        assert_eq!(stage.get(&format!("{base}/oauth2/jwks")).await.status, 200);
        let added = stage.server.add_tenant("tenant1.com");
        assert_eq!(matches!(added, Err(TenantError::Paths)), tenants == 404);
        assert_eq!(stage.admin(Method::GET, &format!("{base}/scim2/Roles"), None).await.status, old, "{file}");
    }
    let stage = configured("[server]\nlegacy_mode = true\n", &[]).await;
    let base = stage.server.base_url().to_owned();
    let made = stage.admin(Method::POST, &format!("{base}/scim2/Roles"), Some(json!({ "displayName": "clerk" }))).await;
    let (role, location) = (made.json(), made.header("location").to_owned());
    assert_eq!((made.status, role.get("audience")), (201, None), "{role}");
    assert!(location.starts_with(&format!("{base}/scim2/Roles/")), "{location}");
    assert_eq!(stage.admin(Method::GET, &location, None).await.json(), role);
    let new = location.replace("/scim2/Roles", "/scim2/v2/Roles");
    assert_eq!(stage.admin(Method::GET, &new, None).await.json()["audience"]["type"], "organization");
    assert_eq!(stage.admin(Method::DELETE, &location, None).await.status, 204);
}

#[tokio::test]
async fn a_rule_for_roles_is_for_the_form_of_roles_whose_path_it_names() {
    for (context, old, new) in [("(.*)/scim2/Roles(.*)", 200, 401), ("(.*)/scim2/v2/Roles(.*)", 401, 200)] {
        let file = format!(
            "[server]\nlegacy_mode = true\n[[resource.access_control]]\ncontext = \"{context}\"\nsecure = false\n\
             http_method = \"all\"\n"
        );
        let stage = configured(&file, &[]).await;
        let status = async |path: &str| stage.get(&format!("{}{path}", stage.server.base_url())).await.status;
        assert_eq!((status("/scim2/Roles").await, status("/scim2/v2/Roles").await), (old, new), "{context}");
    }
}

#[tokio::test]
async fn in_the_old_mode_roles_in_their_old_form_have_permissions_and_those_count() {
    const APPLICATIONS: &str = "/permission/admin/manage/identity/applicationmgt";
    let stage = configured("[server]\nlegacy_mode = true\n", &[]).await;
    stage.server.realm().register_scope("read");
    let base = stage.server.base_url().to_owned();
    let (old, registration) = (format!("{base}/scim2/Roles"), stage.server.endpoints().registration.clone().unwrap());
    let registers = async || {
        let body = json!({ "client_name": random_name(), "grant_types": ["client_credentials"] });
        let request = stage.http.post(&registration).basic_auth("ann", Some("ann's secret")).json(&body);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(registers().await, 403);
    let ann = stage.server.realm().user("ann").unwrap().id;
    let registrar = json!({
        "displayName": "registrar", "permissions": [APPLICATIONS], "users": [{ "value": ann }],
    });
    let made = stage.admin(Method::POST, &old, Some(registrar)).await;
    assert_eq!((made.status, &made.json()["permissions"]), (201, &json!([APPLICATIONS])), "{}", made.text);
    assert_eq!(registers().await, 201);
    let location = made.header("location").to_owned();
    let change = async |operation: serde_json::Value| {
        let answer = stage.admin(Method::PATCH, &location, Some(json!({ "Operations": [operation] }))).await;
        (answer.status, answer.json())
    };
    let login = "/permission/admin/login";
    let (status, role) = change(json!({ "op": "add", "path": "permissions", "value": [login, APPLICATIONS] })).await;
    assert_eq!((status, &role["permissions"]), (200, &json!([login, APPLICATIONS])), "{role}");
    for wrong in ["read", "/permissions/admin"] {
        assert_eq!(change(json!({ "op": "add", "path": "permissions", "value": [wrong] })).await.0, 400, "{wrong}");
    }
    let listed = stage.admin(Method::GET, &old, None).await.json()["Resources"].clone();
    let listed: Vec<_> = listed.as_array().unwrap().iter().filter(|role| role["displayName"] == "registrar").collect();
    assert_eq!(listed, [&role]);
    let new = stage.admin(Method::GET, &location.replace("/scim2/Roles", "/scim2/v2/Roles"), None).await.json();
    assert_eq!(new["permissions"], json!([]), "a permission of the old form is no scope");
    let chosen = format!("permissions[value eq \"{APPLICATIONS}\"]");
    assert_eq!(change(json!({ "op": "remove", "path": chosen })).await.1["permissions"], json!([login]));
    assert_eq!(registers().await, 403);
}

/// A name that no client has yet.
fn random_name() -> String {
    kmspec_mocks::realm::random::text(12)
}

async fn users(stage: &Stage, identity: &TlsIdentity, user: &str) -> u16 {
    let request = http_with(identity).get(format!("{}/scim2/Users", stage.server.base_url()));
    let answer: Answer = answer(request.header("WSO2-Identity-User", user).send().await.unwrap()).await;
    answer.status
}

#[tokio::test]
async fn certificates_stand_for_the_users_that_the_file_maps_them_to_once_that_is_switched_on() {
    let platform = AUTHORITY.issue(&["platform.test"]).unwrap();
    let digits: String = {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        let bytes = URL_SAFE_NO_PAD.decode(platform.x5t_s256()).unwrap();
        bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
    };
    let on = "[client_certificate_based_authentication]\nenable = true\n";
    let row = |thumbprint: &str, users: &str| {
        format!(
            "{on}[[client_certificate_based_authentication.user_thumbprint_mapping]]\n\
             trusted_issuer = \"CN=kmspec tests\"\ncert_thumbprint = \"{thumbprint}\"\nallowed_username = {users}\n"
        )
    };
    for (file, expected) in [
        (row("*", "[\"*\"]"), 200),
        (row(&digits, "[\"admin\"]"), 200),
        (row(&digits, "\"admin, ann\""), 200),
        (row(&digits, "[\"ann\"]"), 401),
        (row("*", "[\"*\"]").replace("kmspec tests", "Somebody"), 401),
        (row("*", "[\"*\"]").replace("enable = true", "enable = false"), 401),
        (on.to_owned(), 401),
    ] {
        let stage = configured(&file, &[]).await;
        assert_eq!(users(&stage, &platform, "admin").await, expected, "{file}");
    }
    let file = DeploymentToml::parse("").unwrap();
    let builder = AuthorizationServer::builder(Vendor::Is7).certificates(AUTHORITY.clone()).port(Some(0));
    let asked = builder.deployment(file).client_certificates(ClientCertificates::Asked).start().await.unwrap();
    let client = asked.realm().add_client(ClientSpec::new("orders"));
    let stage = Stage { server: asked, http: http(), client };
    assert_eq!(users(&stage, &platform, "admin").await, 401, "a file that is silent maps nobody");
}

#[tokio::test]
async fn in_the_old_mode_permissions_of_roles_open_what_scopes_open_otherwise() {
    let applications = "/permission/admin/manage/identity/applicationmgt";
    for (file, status) in [("[server]\nlegacy_mode = true\n", 201), ("", 403)] {
        let stage = configured(file, &["password"]).await;
        let realm = stage.server.realm().clone();
        realm.add_role("1", "Registrar");
        realm.permit("Registrar", vec![format!("{applications}/create"), format!("{applications}/view")]);
        realm.update_user("ann", |ann| ann.roles.push("registrar".to_owned()));
        let asked = stage.password("internal_dcr_create internal_dcr_delete internal_user_mgt_list").await;
        let granted = asked.json().get("scope").cloned();
        assert_eq!(granted, (status == 201).then(|| json!("internal_dcr_create")), "{file}");
        let registration = stage.server.endpoints().registration.clone().unwrap();
        let body = json!({ "client_name": "app", "grant_types": ["client_credentials"] });
        let ann = |method| stage.http.request(method, &registration).basic_auth("ann", Some("ann's secret"));
        let made = answer(ann(Method::POST).json(&body).send().await.unwrap()).await;
        assert_eq!(made.status, status, "{file}");
        if status == 201 {
            let own = format!("{registration}/{}", made.member("client_id"));
            let by_ann = |method| stage.http.request(method, &own).basic_auth("ann", Some("ann's secret")).send();
            assert_eq!(by_ann(Method::GET).await.unwrap().status(), 200);
            assert_eq!(by_ann(Method::DELETE).await.unwrap().status(), 403, "that takes another permission");
            realm.remove_role("1");
            assert_eq!(by_ann(Method::GET).await.unwrap().status(), 403);
        }
    }
}
