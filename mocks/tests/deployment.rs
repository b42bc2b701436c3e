//! What a `deployment.toml` changes at WSO2 Identity Server 7: each switch seen from outside, on and off.
//! Over real HTTPS. How a file is read is tested where it is read.

mod support;

use std::time::Duration;

use kmspec_mocks::{
    certificates::CertificateAuthority,
    deployment_toml::DeploymentToml,
    realm::{ClientSpec, Scope, TrustedIssuer, TrustedKeys, UserSpec},
    server::{AuthorizationServer, MockError},
    vendors::Vendor,
};
use reqwest::Method;
use serde_json::json;
use support::{AUTHORITY, Answer, Stage, answer, http};

const ME: &str = "[[resource.access_control]]\ncontext=\"(.*)/scim2/Me\"\nsecure=true\nhttp_method=\"GET\"\n\
                  cross_tenant=true\npermissions=[]\nscopes=[]\n";
const ROLE_BASED: &str = "[oauth.global_rbac_scope_issuer]\nenable = true\n\
                          [oauth.global_scope_validators.role_based_scope_issuer]\nenable = true\n";

/// A server with this file, the scopes `read` and `ship` (for shippers), the user ann, and a client for all that
/// needs no browser.
async fn configured(file: &str) -> Stage {
    let deployment = DeploymentToml::parse(file).unwrap_or_else(|error| panic!("{error}"));
    let server = AuthorizationServer::builder(Vendor::Is7)
        .certificates(AUTHORITY.clone())
        .port(Some(0))
        .deployment(deployment)
        .start()
        .await
        .unwrap();
    let realm = server.realm();
    realm.register_scope("read");
    realm.add_scope(Scope { name: "ship".to_owned(), roles: vec!["shipper".to_owned()], ..Scope::default() });
    realm.add_user(UserSpec::new("ann", "ann's secret"));
    let client = realm.add_client(ClientSpec::new("orders"));
    realm.update_client(&client.id, |client| client.owner = Some("dora".to_owned()));
    Stage { server, http: http(), client }
}

async fn application(stage: &Stage) -> Answer {
    stage.token(&[("grant_type", "client_credentials")]).await
}

fn url(stage: &Stage, path: &str) -> String {
    format!("{}{path}", stage.server.base_url())
}

#[tokio::test]
async fn scopes_are_granted_by_role_only_with_both_switches() {
    for (file, granted) in [
        (ROLE_BASED.to_owned(), Some("read")),
        ("[oauth]\nauthorize_all_scopes = true".to_owned(), Some("read ship")),
        ("[server]\nlegacy_mode = true".to_owned(), Some("read ship")),
        (String::new(), None),
        ("[oauth.global_rbac_scope_issuer]\nenable = true".to_owned(), None),
    ] {
        let answer = configured(&file).await.password("read ship unknown").await.json();
        assert_eq!(answer.get("scope").and_then(|scope| scope.as_str()), granted, "{file}");
    }
}

#[tokio::test]
async fn when_no_scope_is_left_only_the_role_based_issuer_gives_the_default_one() {
    assert_eq!(configured(ROLE_BASED).await.password("ship").await.json()["scope"], "default");
    assert!(configured("").await.password("ship").await.json().get("scope").is_none());
}

#[tokio::test]
async fn by_default_a_client_gets_the_scopes_that_it_is_authorised_for() {
    let stage = configured("").await;
    let id = stage.client.id.clone();
    stage.server.realm().update_client(&id, |client| client.scopes = Some(vec!["read".to_owned(), "ship".to_owned()]));
    assert_eq!(stage.password("read ship").await.json()["scope"], "read", "ann is no shipper");
    stage.server.realm().update_user("ann", |ann| ann.roles.push("shipper".to_owned()));
    assert_eq!(stage.password("read ship").await.json()["scope"], "read ship");
    let application = stage.token(&[("grant_type", "client_credentials"), ("scope", "read ship")]).await;
    assert_eq!(application.json()["scope"], "read ship", "roles are for users");
}

#[tokio::test]
async fn the_profile_needs_its_scope_until_a_rule_opens_it() {
    for (file, expected) in [("", 403), (ME, 200)] {
        let stage = configured(file).await;
        let token = stage.password("read").await.member("access_token");
        let me = url(&stage, "/scim2/Me");
        let without = answer(stage.http.get(&me).bearer_auth(&token).send().await.unwrap()).await;
        assert_eq!(without.status, expected, "{file}");
        let patch = stage.http.patch(&me).bearer_auth(&token).json(&json!({ "Operations": [] }));
        assert_eq!(answer(patch.send().await.unwrap()).await.status, 403, "the rule is for reading: {file}");
        let with = stage.password("internal_login").await.member("access_token");
        assert_eq!(answer(stage.http.get(&me).bearer_auth(&with).send().await.unwrap()).await.status, 200);
        let basic = stage.http.get(&me).basic_auth("ann", Some("ann's secret")).send().await.unwrap();
        assert_eq!(answer(basic).await.status, 200);
        assert_eq!(stage.get(&me).await.status, 401);
    }
}

#[tokio::test]
async fn a_rule_can_open_any_management_path_to_everybody_or_close_it() {
    let file = "[[resource.access_control]]\ncontext=\"(.*)/scim2/Users\"\nsecure=false\nhttp_method=\"GET\"\n\
                [[resource.access_control]]\ncontext=\"(.*)/scopes(.*)\"\nscopes=[\"special\"]\n";
    let stage = configured(file).await;
    assert_eq!(stage.get(&url(&stage, "/scim2/Users")).await.status, 200);
    assert_eq!(stage.get(&url(&stage, "/scim2/v2/Roles")).await.status, 401);
    let scopes = url(&stage, "/api/identity/oauth2/v1.0/scopes");
    let ann = stage.http.get(&scopes).basic_auth("ann", Some("ann's secret")).send().await.unwrap();
    assert_eq!((ann.status().as_u16(), stage.admin(Method::GET, &scopes, None).await.status), (403, 200));
}

#[tokio::test]
async fn the_old_mode_shows_the_owner_and_shorter_secrets_and_what_was_revoked() {
    let file = format!("[server]\nlegacy_mode = true\n{ROLE_BASED}");
    for (file, subject, username, secret) in
        [(file.as_str(), "dora", Some("dora@carbon.super"), 28), (ROLE_BASED, "", None, 44)]
    {
        let stage = configured(file).await;
        let subject = if subject.is_empty() { stage.client.id.as_str() } else { subject };
        let token = application(&stage).await.member("access_token");
        let (header, claims) = stage.verified(&token).await.unwrap();
        assert_eq!(claims["sub"], subject);
        assert_eq!(header["x5t#S256"].as_str().map(str::len), Some(43));
        let told = stage.introspect(&token).await;
        assert_eq!(told.get("username").and_then(|name| name.as_str()), username);
        let registration = stage.server.endpoints().registration.clone().unwrap();
        let body = json!({ "client_name": "new", "grant_types": ["client_credentials"] });
        let made = stage.admin(Method::POST, &registration, Some(body)).await;
        assert_eq!(made.member("client_secret").len(), secret);
        let revoked = stage.revoke(&token).await;
        let expected = if secret == 28 { token.as_str() } else { "" };
        assert_eq!((revoked.status, revoked.header("revokedaccesstoken")), (200, expected));
    }
}

#[tokio::test]
async fn the_old_mode_names_keys_by_another_digest_and_lets_public_clients_act_for_themselves() {
    let old = configured("[server]\nlegacy_mode = true").await;
    let new = configured("").await;
    let length = |stage: &Stage| stage.server.realm().keys().published()[0].len();
    // base64url of 40 and of 64 hexadecimal digits, and the algorithm.
    assert_eq!((length(&old), length(&new)), (54 + 6, 86 + 6));
    for (stage, expected) in [(old, 200), (new, 401)] {
        let public = stage.server.realm().add_client(ClientSpec::new("app").public());
        let form = [("grant_type", "client_credentials"), ("client_id", public.id.as_str())];
        assert_eq!(stage.post_bare(&stage.server.endpoints().token, &form).await.status, expected);
    }
}

#[tokio::test]
async fn lifetimes_are_as_configured() {
    let file = "[oauth.token_validation]\napp_access_token_validity = 60\nuser_access_token_validity = \"2m\"\n\
                refresh_token_validity = \"10m\"\n";
    let stage = configured(file).await;
    assert_eq!(application(&stage).await.json()["expires_in"], 60);
    let pair = stage.password("read").await;
    assert_eq!(pair.json()["expires_in"], 120);
    stage.server.clock().advance(Duration::from_secs(600));
    let refresh = pair.member("refresh_token");
    let late = stage.token(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await;
    assert!(late.member("error_description").contains("expired"), "{}", late.text);
}

#[tokio::test]
async fn refresh_tokens_rotate_unless_that_is_switched_off() {
    for (file, rotates) in [("", true), ("[oauth.token_renewal]\nrenew_refresh_token = false", false)] {
        let stage = configured(file).await;
        let pair = stage.password("read").await;
        let (access, refresh) = (pair.member("access_token"), pair.member("refresh_token"));
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        let refreshed = stage.token(&form).await;
        assert_eq!(refreshed.header("deactivatedaccesstoken"), access);
        assert_eq!(refreshed.member("refresh_token") != refresh, rotates);
        assert_eq!(stage.introspect(&access).await["active"], false, "rotates: {rotates}");
        assert_eq!(stage.token(&form).await.status, if rotates { 400 } else { 200 });
    }
}

#[tokio::test]
async fn a_grant_that_is_switched_off_is_unknown_and_not_announced() {
    let file = "[oauth.grant_type.iwa_ntlm]\nenable = false\n[oauth.grant_type.kerberos]\nenable = true\n";
    let stage = configured(file).await;
    let refused = stage.token(&[("grant_type", "iwa:ntlm"), ("windows_token", "x")]).await;
    assert_eq!(refused.error(), (400, "invalid_request".to_owned()));
    assert!(refused.member("error_description").contains("iwa:ntlm"), "{}", refused.text);
    let announced = stage.get(&stage.server.discovery_url()).await.json()["grant_types_supported"].to_string();
    assert!(!announced.contains("iwa:ntlm") && announced.contains("kerberos"), "{announced}");
}

#[tokio::test]
async fn the_kerberos_grant_refuses_for_what_is_wrong() {
    let stage = configured("[oauth.grant_type.kerberos]\nenable = true\n").await;
    let id = stage.client.id.clone();
    stage.server.realm().update_client(&id, |client| client.grant_types.push("kerberos".to_owned()));
    let ask = async |ticket: &str, realm: &str| {
        stage.token(&[("grant_type", "kerberos"), ("kerberos_token", ticket), ("kerberos_realm", realm)]).await
    };
    let missing = stage.token(&[("grant_type", "kerberos"), ("kerberos_token", "YA==")]).await;
    assert_eq!(missing.error(), (400, "invalid_request".to_owned()));
    let nonsense = ask("???", "corp").await;
    assert_eq!(nonsense.error(), (400, "invalid_grant".to_owned()));
    assert!(nonsense.headers.contains_key("sampleheader-999"));
    let unknown = ask("YA==", "corp").await;
    assert_eq!(unknown.error(), (400, "invalid_grant".to_owned()));
    assert!(unknown.member("error_description").contains("no identity provider"));
    let provider = TrustedIssuer::new("corp", "https://corp.example", TrustedKeys::Nothing);
    stage.server.realm().trust(provider).unwrap();
    assert!(ask("YA==", "corp").await.member("error_description").contains("service principal"));
}

#[tokio::test]
async fn introspection_asks_for_the_scopes_that_are_configured() {
    let file = "[resource_access_control.introspect]\nscopes = []\n";
    for (file, expected) in [(file, 200), ("", 403)] {
        let stage = configured(file).await;
        let introspection = stage.server.endpoints().introspection.clone().unwrap();
        let request = stage.http.post(&introspection).basic_auth("ann", Some("ann's secret")).form(&[("token", "x")]);
        assert_eq!(answer(request.send().await.unwrap()).await.status, expected, "{file}");
        let anonymous = stage.post_bare(&introspection, &[("token", "x")]).await;
        assert_eq!(anonymous.status, 401);
    }
}

#[tokio::test]
async fn introspection_is_open_to_everybody_where_that_is_switched_so_and_no_rule_closes_it() {
    let open = "[resource_access_control.introspect]\nsecured = false\n";
    let closed = format!("{open}[[resource.access_control]]\ncontext=\"(.*)/oauth2/introspect\"\nsecure=true\n");
    for (file, expected) in [(open, 200), (closed.as_str(), 401), ("", 401)] {
        let stage = configured(file).await;
        let token = application(&stage).await.member("access_token");
        let introspection = stage.server.endpoints().introspection.clone().unwrap();
        let told = stage.post_bare(&introspection, &[("token", &token)]).await;
        assert_eq!(told.status, expected, "{file}");
        if expected == 200 {
            assert_eq!(told.json()["active"], true);
            assert_eq!(stage.post_bare(&introspection, &[]).await.status, 400);
        }
    }
}

#[tokio::test]
async fn a_new_jwt_leaves_the_old_one_alone_for_the_grants_that_are_configured() {
    const SWITCH: &str = "[oauth.jwt.renew_token_without_revoking_existing]\nenable = true\n";
    let both = format!("{SWITCH}allowed_grant_types = [\"client_credentials\", \"password\"]\n");
    let off = both.replace("true", "false");
    for (file, application_lives, user_lives) in
        [("", false, false), (SWITCH, true, false), (&both, true, true), (&off, false, false)]
    {
        let stage = configured(file).await;
        let [first, second] = [application(&stage).await, application(&stage).await];
        let [ann, again] = [stage.password("read").await, stage.password("read").await];
        for (token, lives) in [(first, application_lives), (second, true), (ann, user_lives), (again, true)] {
            let told = stage.introspect(&token.member("access_token")).await;
            assert_eq!(told["active"], lives, "{file}");
        }
    }
}

#[tokio::test]
async fn why_a_password_was_refused_is_told_only_where_that_is_switched_on() {
    for (file, told) in [("", false), ("[oauth.grant_type.password]\nshow_auth_failure_reason = true\n", true)] {
        let stage = configured(file).await;
        stage.server.realm().add_user(UserSpec::new("bob", "bob's secret"));
        stage.server.realm().update_user("bob", |bob| bob.active = false);
        for (name, reason) in [("ann", "password is wrong"), ("bob", "disabled"), ("nobody", "no such user")] {
            let form = [("grant_type", "password"), ("username", name), ("password", "x")];
            let refused = stage.token(&form).await;
            assert_eq!(refused.error(), (400, "invalid_grant".to_owned()));
            let description = refused.member("error_description");
            assert_eq!((description.contains(name), description.contains(reason)), (true, told), "{description}");
        }
    }
}

#[tokio::test]
async fn what_must_not_stand_in_the_url_is_configured() {
    let stage = configured("[oauth]\nrestricted_query_parameters = [\"scope\"]\n").await;
    let token = stage.server.endpoints().token.clone();
    let barred = stage.post(&format!("{token}?scope=read"), &[("grant_type", "client_credentials")]).await;
    assert_eq!(barred.error(), (400, "invalid_request".to_owned()));
    assert_eq!(stage.post(&format!("{token}?username=ann"), &[("grant_type", "client_credentials")]).await.status, 200);
}

#[tokio::test]
async fn registration_answers_as_configured() {
    let file = "[oauth.dcrm]\nreturn_null_fields_in_response = true\ndecode_redirect_uris_in_response = false\n";
    let stage = configured(file).await;
    let registration = stage.server.endpoints().registration.clone().unwrap();
    let body = json!({
        "client_name": "web", "grant_types": ["authorization_code"],
        "redirect_uris": ["https://a.example/cb", "https://b.example/cb"], "jwks_uri": "https://a.example/jwks",
    });
    let made = stage.admin(Method::POST, &registration, Some(body)).await.json();
    assert_eq!(made["redirect_uris"], json!(["regexp=(https://a.example/cb|https://b.example/cb)"]));
    assert!(made.get("ext_application_token_lifetime").is_some_and(|value| value.is_null()));
    assert_eq!(made["jwks_uri"], "https://a.example/jwks");
}

#[tokio::test]
async fn names_of_roles_may_begin_with_system_where_that_is_switched_on() {
    for (file, expected) in [("", 400), ("[role_mgt]\nallow_system_prefix_for_role = true", 201)] {
        let stage = configured(file).await;
        let body = json!({ "displayName": "system_primary_buyer" });
        assert_eq!(stage.admin(Method::POST, &url(&stage, "/scim2/v2/Roles"), Some(body)).await.status, expected);
    }
}

#[tokio::test]
async fn discovery_speaks_of_devices_only_where_they_may_ask() {
    for (file, told) in [("", true), ("[oauth.grant_type.device_code]\nenable = false\n", false)] {
        let stage = configured(file).await;
        let document = stage.get(&stage.server.discovery_url()).await.json();
        assert_eq!(document.get("device_authorization_endpoint").is_some(), told, "{file}");
        let grants = document["grant_types_supported"].as_array().unwrap();
        assert_eq!(grants.contains(&json!("urn:ietf:params:oauth:grant-type:device_code")), told, "{file}");
    }
}

#[tokio::test]
async fn the_administrator_is_the_one_that_is_configured() {
    let stage = configured("[super_admin]\nusername = \"root\"\npassword = \"s3cret\"\n").await;
    let roles = url(&stage, "/scim2/v2/Roles");
    assert_eq!(stage.admin(Method::GET, &roles, None).await.status, 401);
    let root = stage.http.get(&roles).basic_auth("root", Some("s3cret")).send().await.unwrap();
    assert_eq!(root.status().as_u16(), 200);
}

#[tokio::test]
async fn the_documented_port_is_one_above_the_usual_one_and_a_given_one_counts_more() {
    let file = DeploymentToml::parse("[server]\noffset = 1\nhostname = \"127.0.0.1\"\n").unwrap();
    assert_eq!(file.port_offset(), Some(1));
    let server = AuthorizationServer::builder(Vendor::Is7).port(Some(0)).deployment(file).start().await.unwrap();
    assert!(server.base_url().starts_with("https://127.0.0.1:"), "{}", server.base_url());
    assert!(!server.base_url().ends_with(":9444"));
}

#[tokio::test]
async fn a_vendor_that_reads_no_such_file_says_so() {
    let authority = std::sync::Arc::new(CertificateAuthority::new("kmspec tests").unwrap());
    let builder = AuthorizationServer::builder(Vendor::Cognito).certificates(authority);
    let error = builder.deployment(DeploymentToml::parse("").unwrap()).start().await.unwrap_err();
    assert!(matches!(error, MockError::Deployment(_)) && error.to_string().contains("cognito"), "{error}");
}

#[tokio::test]
async fn scopes_of_the_platforms_own_interfaces_pass_the_role_based_issuer() {
    let scopes = "apim:api_view ship apim:other";
    assert_eq!(configured(ROLE_BASED).await.password(scopes).await.json()["scope"], "apim:api_view apim:other");
    let application = [("grant_type", "client_credentials"), ("scope", "apim:api_view")];
    assert_eq!(configured(ROLE_BASED).await.token(&application).await.json()["scope"], "apim:api_view");
    assert!(configured("").await.password(scopes).await.json().get("scope").is_none(), "nobody registered them");
}

#[tokio::test]
async fn how_long_id_tokens_live_has_nothing_to_do_with_access_tokens() {
    let stage = configured("[oauth.token_validation]\nuser_access_token_validity = 60").await;
    let granted = stage.password("openid").await;
    assert_eq!(granted.json()["expires_in"], 60);
    let (_, claims) = stage.verified(&granted.member("id_token")).await.unwrap();
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 3_600);
}
