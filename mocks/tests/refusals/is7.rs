//! Refusals of WSO2 Identity Server 7 beside the token endpoint's order: introspection, revocation, userinfo, refresh
//! tokens, registration by owners, device authorization, Kerberos.

use kmspec_mocks::{deployment_toml::DeploymentToml, realm::UserSpec, server::AuthorizationServer, vendors::Vendor};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    OWN, Who, ask, refused,
    support::{AUTHORITY, Answer, Stage, answer, http, stage},
};

const ADMIN: Who = Who::Client("admin", "admin");

fn url(stage: &Stage, path: &str) -> String {
    format!("{}{path}", stage.server.base_url())
}

#[tokio::test]
async fn introspection_refuses_strangers_and_wants_a_token() {
    let stage = stage(Vendor::Is7).await;
    let introspection = stage.server.endpoints().introspection.clone().unwrap();
    for who in [Who::Nobody, Who::Wrong, Who::Unknown, Who::IdAlone, Who::Header("Bearer nothing")] {
        assert_eq!(ask(&stage, &introspection, who, &[("token", "x")]).await.status, 401, "{who:?}");
    }
    let user = ask(&stage, &introspection, Who::Client("ann", "ann's secret"), &[("token", "x")]).await;
    assert_eq!(user.status, 403, "a user who is no administrator");
    for form in [&[][..], &[("token", "")], &[("token", "  ")], &[("token_type_hint", "access_token")]] {
        let blank = ask(&stage, &introspection, ADMIN, form).await;
        assert_eq!((blank.status, blank.json()), (400, json!({ "error": "Invalid input" })), "{form:?}");
    }
    let inactive = ask(&stage, &introspection, ADMIN, &[("token", "unknown")]).await;
    assert_eq!((inactive.status, inactive.json()), (200, json!({ "active": false })));
}

#[tokio::test]
async fn revocation_refuses_in_forms_of_its_own() {
    let stage = stage(Vendor::Is7).await;
    let revocation = stage.server.endpoints().revocation.clone().unwrap();
    refused(
        &stage,
        &revocation,
        &[
            ("no token", Who::Right, &[], 400, "invalid_request"),
            ("repeated", Who::Right, &[("token", "a"), ("token", "b")], 400, "invalid_request"),
            ("wrong secret", Who::Wrong, &[("token", "a")], 401, "invalid_client"),
            ("unknown client", Who::Unknown, &[("token", "a")], 401, "invalid_client"),
        ],
    )
    .await;
    let page = ask(&stage, &revocation, Who::Wrong, &[("token", "a")]).await;
    assert_eq!(page.header("content-type"), "text/html");
    assert!(page.header("www-authenticate").starts_with("Basic realm="));
    let tokens = stage.password("read").await;
    let (access, refresh) = (tokens.member("access_token"), tokens.member("refresh_token"));
    let other = stage.server.realm().add_client(kmspec_mocks::realm::ClientSpec::new("other").id("other").secret("s"));
    let by = Who::Client("other", "s");
    let foreign = ask(&stage, &revocation, by, &[("token", &access)]).await;
    assert_eq!(foreign.error(), (401, "unauthorized_client".to_owned()), "{}", other.id);
    assert_eq!(foreign.header("content-type"), "application/json");
    assert!(foreign.header("www-authenticate").starts_with("Basic realm="));
    assert_eq!(ask(&stage, &revocation, by, &[("token", &refresh)]).await.status, 200);
    assert_eq!(stage.introspect(&access).await["active"], true, "nothing was revoked");
}

#[tokio::test]
async fn the_profile_is_refused_with_a_challenge_that_names_the_fault() {
    let stage = stage(Vendor::Is7).await;
    let profile = url(&stage, "/oauth2/userinfo");
    let plain = stage.password("read").await.member("access_token");
    let own = stage.token(&[OWN]).await.member("access_token");
    for (header, status, code) in [
        (None, 400, "invalid_request"),
        (Some("Bearer".to_owned()), 400, "invalid_request"),
        (Some("Basic eDp5".to_owned()), 400, "invalid_request"),
        (Some("Bearer nothing".to_owned()), 401, "invalid_token"),
        (Some(format!("Bearer {plain}")), 403, "insufficient_scope"),
        (Some(format!("Bearer {own}")), 403, "insufficient_scope"),
    ] {
        let request = stage.http.get(&profile);
        let request = header.iter().fold(request, |request, text| request.header("authorization", text));
        let refused = answer(request.send().await.unwrap()).await;
        assert_eq!(refused.error(), (status, code.to_owned()), "{header:?}");
        let challenge = refused.header("www-authenticate");
        assert!(challenge.starts_with("Bearer") && challenge.contains(&format!("error=\"{code}\"")), "{challenge}");
    }
}

#[tokio::test]
async fn a_refresh_token_that_does_not_serve_is_told_why() {
    let stage = stage(Vendor::Is7).await;
    let refresh = async |token: &str| {
        let refused = stage.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await;
        assert_eq!(refused.error(), (400, "invalid_grant".to_owned()), "{}", refused.text);
        refused.member("error_description")
    };
    let fresh = async || stage.password("read").await.member("refresh_token");
    let unknown = refresh("made up").await;
    let first = fresh().await;
    stage.token(&[("grant_type", "refresh_token"), ("refresh_token", &first)]).await;
    let superseded = refresh(&first).await;
    let ended = fresh().await;
    stage.revoke(&ended).await;
    let revoked = refresh(&ended).await;
    let old = fresh().await;
    stage.server.clock().advance(std::time::Duration::from_secs(86_400));
    let expired = refresh(&old).await;
    let texts = std::collections::BTreeSet::from([&unknown, &superseded, &revoked, &expired]);
    assert_eq!(texts.len(), 4, "a text each: {texts:?}");
}

async fn registration(stage: &Stage, method: Method, below: &str, by: (&str, &str), body: Option<Value>) -> Answer {
    let url = format!("{}{below}", stage.server.endpoints().registration.clone().unwrap());
    let request = stage.http.request(method, url).basic_auth(by.0, Some(by.1));
    let request = body.iter().fold(request, |request, body| request.json(body));
    answer(request.send().await.unwrap()).await
}

#[tokio::test]
async fn a_client_is_managed_by_its_owner_and_by_administrators() {
    let stage = stage(Vendor::Is7).await;
    let realm = stage.server.realm();
    let body = json!({ "client_name": "hers", "grant_types": ["client_credentials"], "ext_application_owner": "ann" });
    let made = registration(&stage, Method::POST, "", ("admin", "admin"), Some(body.clone())).await;
    let own = format!("/{}", made.member("client_id"));
    realm.add_user(UserSpec::new("bob", "bob's secret"));
    let scopes = ["internal_dcr_view", "internal_dcr_update", "internal_dcr_delete"];
    let token = |user: &str| {
        let user = realm.user(user).unwrap();
        let scopes = scopes.map(str::to_owned).to_vec();
        let order = kmspec_mocks::grants::Issue::new(&stage.client, Some(&user), "password", scopes);
        kmspec_mocks::grants::issue(realm, &order).access_token
    };
    let call = async |method: Method, token: &str| {
        let url = format!("{}{own}", stage.server.endpoints().registration.clone().unwrap());
        answer(stage.http.request(method, url).bearer_auth(token).json(&body).send().await.unwrap()).await
    };
    let (ann, bob) = (token("ann"), token("bob"));
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let refused = call(method.clone(), &bob).await;
        assert_eq!((refused.status, refused.text.as_str()), (403, ""), "{method}");
    }
    assert_eq!(call(Method::GET, &ann).await.member("ext_application_owner"), "ann");
    assert_eq!(registration(&stage, Method::GET, &own, ("admin", "admin"), None).await.status, 200);
    let unnamed = json!({ "client_name": "unnamed", "grant_types": ["client_credentials"] });
    let made = registration(&stage, Method::POST, "", ("admin", "admin"), Some(unnamed)).await;
    assert_eq!(made.member("ext_application_owner"), "admin", "who registers a client owns it");
}

#[tokio::test]
async fn registrations_are_refused_for_what_is_wrong_with_them() {
    let stage = stage(Vendor::Is7).await;
    let register = async |change: Value| {
        let mut body = json!({ "client_name": "one", "grant_types": ["client_credentials"] });
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        registration(&stage, Method::POST, "", ("admin", "admin"), Some(body)).await
    };
    for (change, code) in [
        (json!({ "client_name": " one" }), "invalid_client_metadata"),
        (json!({ "client_name": "one  two" }), "invalid_client_metadata"),
        (json!({ "client_name": 7 }), "invalid_client_metadata"),
        (json!({ "ext_param_client_id": "too_short" }), "invalid_client_metadata"),
        (json!({ "ext_param_client_id": "x".repeat(31) }), "invalid_client_metadata"),
        (json!({ "ext_param_client_id": "with-hyphens-in-it" }), "invalid_client_metadata"),
        (json!({ "grant_types": ["implicit"] }), "invalid_client_metadata"),
        (json!({ "grant_types": "client_credentials" }), "invalid_client_metadata"),
        (json!({ "grant_types": [7] }), "invalid_client_metadata"),
        (json!({ "redirect_uris": 5 }), "invalid_client_metadata"),
        (json!({ "ext_pkce_mandatory": "perhaps" }), "invalid_client_metadata"),
        (json!({ "ext_application_token_lifetime": "long" }), "invalid_client_metadata"),
        (json!({ "redirect_uris": ["no uri"] }), "invalid_redirect_uri"),
        (json!({ "software_statement": "a.b.c" }), "invalid_software_statement"),
    ] {
        let refused = register(change.clone()).await;
        assert_eq!(refused.error(), (400, code.to_owned()), "{change}: {}", refused.text);
        assert!(!refused.member("error_description").is_empty() && !refused.member("traceId").is_empty());
    }
    let chosen = json!({ "ext_param_client_id": "chosen_by_somebody" });
    assert_eq!(register(chosen.clone()).await.status, 201);
    let twice = register(json!({ "client_name": "two", "ext_param_client_id": "chosen_by_somebody" })).await;
    assert!(twice.status == 400 && twice.member("error_description").contains("chosen_by_somebody"));
    let named = register(json!({})).await;
    assert!(named.status == 400 && named.member("error_description").contains("one"), "the name is told");
    for (method, below) in [
        (Method::GET, "/nobody"),
        (Method::GET, "?client_name=nobody"),
        (Method::PUT, "/nobody"),
        (Method::DELETE, "/nobody"),
    ] {
        let unknown = registration(&stage, method.clone(), below, ("admin", "admin"), Some(json!({}))).await;
        assert_eq!((unknown.status, unknown.text.as_str()), (401, ""), "{method} {below}");
    }
}

#[tokio::test]
async fn a_device_is_refused_before_and_while_it_waits() {
    let stage = stage(Vendor::Is7).await;
    let begin = stage.server.endpoints().device_authorization.clone().unwrap();
    refused(
        &stage,
        &begin,
        &[
            ("wrong secret", Who::Wrong, &[("scope", "read")], 401, "invalid_client"),
            ("no client", Who::Nobody, &[("scope", "read")], 401, "invalid_request"),
            ("repeated", Who::Right, &[("scope", "read"), ("scope", "write")], 400, "invalid_request"),
        ],
    )
    .await;
    let wrong = stage.post_bare(&url(&stage, "/oauth2/device"), &[("user_code", "zzzzzz")]).await;
    assert_eq!(wrong.status, 302);
    assert!(wrong.header("location").contains("device.do?error=invalid.code"), "{}", wrong.header("location"));
}

#[tokio::test]
async fn a_kerberos_ticket_is_refused_by_the_step_at_which_it_fails() {
    let file = DeploymentToml::parse("[oauth.grant_type.kerberos]\nenable = true\n").unwrap();
    let builder = AuthorizationServer::builder(Vendor::Is7).certificates(AUTHORITY.clone()).port(Some(0));
    let server = builder.deployment(file).start().await.unwrap();
    let client = server.realm().add_client(kmspec_mocks::realm::ClientSpec::new("k").grant_types(["kerberos"]));
    let stage = Stage { server, http: http(), client };
    let token = stage.server.endpoints().token.clone();
    let grant = ("grant_type", "kerberos");
    let (ticket, realm) = (("kerberos_token", "YANhYmM="), ("kerberos_realm", "corp"));
    refused(
        &stage,
        &token,
        &[
            ("no ticket", Who::Right, &[grant, realm], 400, "invalid_request"),
            ("no realm", Who::Right, &[grant, ticket], 400, "invalid_request"),
            ("no such provider", Who::Right, &[grant, ticket, realm], 400, "invalid_grant"),
        ],
    )
    .await;
    let none = ask(&stage, &token, Who::Right, &[grant, ("kerberos_token", "x"), realm]).await;
    assert_eq!((none.error().0, none.header("sampleheader-999").is_empty()), (400, false));
    let off = stage_without_kerberos().await;
    let refused = off.token(&[grant, ticket, realm]).await;
    assert_eq!(refused.error(), (400, "invalid_request".to_owned()), "it is off unless it is configured");
}

async fn stage_without_kerberos() -> Stage {
    crate::support::stage_with(
        Vendor::Is7,
        kmspec_mocks::realm::ClientSpec::new("orders").grant_types(["kerberos", "client_credentials"]),
    )
    .await
}
