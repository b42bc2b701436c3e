//! Tenants of Identity Server 7: realms of their own on one port, and whether they may share the id of a client.
//! What a tenant does is what the server itself does, and tested beside this file.

mod support;

use kmspec_mocks::{
    deployment_toml::DeploymentToml,
    realm::{ClientSpec, UserSpec},
    server::{AuthorizationServer, TenantError},
    vendors::Vendor,
};
use reqwest::Method;
use serde_json::json;
use support::{AUTHORITY, Stage, answer, http, stage};

const ID: &str = "chosen_by_somebody";

async fn register(stage: &Stage, tenant: &str) -> u16 {
    let url = format!("{}{tenant}/api/identity/oauth2/dcr/v1.1/register", stage.server.base_url());
    let body = json!({ "client_name": "a", "grant_types": ["client_credentials"], "ext_param_client_id": ID });
    stage.admin(Method::POST, &url, Some(body)).await.status
}

#[tokio::test]
async fn a_tenant_has_an_issuer_keys_and_clients_of_its_own() {
    let stage = stage(Vendor::Is7).await;
    let realm = stage.server.add_tenant("tenant1.com").unwrap();
    let base = format!("{}/t/tenant1.com", stage.server.base_url());
    assert_eq!(realm.issuer(), format!("{base}/oauth2/token"));
    let discovery = stage.get(&format!("{base}/oauth2/token/.well-known/openid-configuration")).await.json();
    assert_eq!(discovery["issuer"], realm.issuer());
    assert_eq!(discovery["jwks_uri"], format!("{base}/oauth2/jwks"));
    let client = realm.add_client(ClientSpec::new("orders"));
    let ask = async |url: String| {
        let form = [("grant_type", "client_credentials")];
        answer(stage.http.post(url).basic_auth(&client.id, client.secret.as_deref()).form(&form).send().await.unwrap())
            .await
    };
    let token = ask(format!("{base}/oauth2/token")).await.member("access_token");
    let (header, claims) = kmspec_mocks::realm::jwt::read(&token).unwrap();
    assert_eq!(claims["iss"], realm.issuer());
    let published = |set: serde_json::Value| {
        let keys = set["keys"].as_array().unwrap().clone();
        keys.iter().any(|key| key["kid"] == header["kid"])
    };
    assert!(published(stage.get(&format!("{base}/oauth2/jwks")).await.json()));
    assert!(!published(stage.get(&stage.server.endpoints().jwks).await.json()), "the other tenant has other keys");
    let elsewhere = ask(stage.server.endpoints().token.clone()).await;
    assert_eq!(elsewhere.error(), (401, "invalid_client".to_owned()), "nobody there knows the client");
    let unknown = ask(format!("{}/t/nowhere.com/oauth2/token", stage.server.base_url())).await;
    assert_eq!(unknown.status, 404);
    assert!(stage.server.panics().is_empty());
}

#[tokio::test]
async fn two_tenants_may_have_a_client_of_one_id_until_the_constraint_is_there() {
    for (unique, second) in [(false, 201), (true, 400)] {
        let stage = stage(Vendor::Is7).await;
        stage.server.unique_consumer_keys(unique);
        for domain in ["one.com", "two.com"] {
            stage.server.add_tenant(domain).unwrap();
        }
        assert_eq!(register(&stage, "/t/one.com").await, 201);
        assert_eq!(register(&stage, "/t/one.com").await, 400, "twice in one tenant never goes");
        assert_eq!(register(&stage, "/t/two.com").await, second);
        assert_eq!(register(&stage, "").await, second, "the first tenant is one, too");
    }
}

#[tokio::test]
async fn what_can_be_no_tenant_is_refused() {
    let stage_is7 = stage(Vendor::Is7).await;
    stage_is7.server.add_tenant("one.com").unwrap();
    for wrong in ["", "carbon.super", "one.com", "One.com", "a/b", "a b", "..", "a..b", ".com", "-a.com"] {
        assert_eq!(stage_is7.server.add_tenant(wrong).err(), Some(TenantError::Domain(wrong.to_owned())));
    }
    let okta = stage(Vendor::Okta).await;
    assert_eq!(okta.server.add_tenant("one.com").err(), Some(TenantError::Vendor("okta".to_owned())));
}

#[tokio::test]
async fn a_token_of_another_tenant_reads_the_profile_where_the_access_rule_says_so() {
    let stage = stage(Vendor::Is7).await;
    stage.server.add_tenant("one.com").unwrap();
    let token = stage.password("openid").await.member("access_token");
    let me = format!("{}/t/one.com/scim2/Me", stage.server.base_url());
    let read = async |method: Method, token: &str| {
        answer(stage.http.request(method, &me).bearer_auth(token).send().await.unwrap()).await
    };
    let profile = read(Method::GET, &token).await;
    assert_eq!((profile.status, profile.member("userName").as_str()), (200, "ann"), "{}", profile.text);
    assert_eq!(read(Method::DELETE, &token).await.status, 401, "the rule is about reading");
    stage.revoke(&token).await;
    assert_eq!(read(Method::GET, &token).await.status, 401);
    assert!(stage.server.realm().user("ann").is_some());
}

#[tokio::test]
async fn a_user_goes_by_the_tenant_that_the_token_is_of() {
    let file = DeploymentToml::parse("[oauth.revoked_token_headers_in_response]\nenable = true\n").unwrap();
    let builder = AuthorizationServer::builder(Vendor::Is7).certificates(AUTHORITY.clone()).port(Some(0));
    let server = builder.deployment(file).start().await.unwrap();
    server.add_tenant("one.com").unwrap();
    for domain in ["carbon.super", "one.com"] {
        let (realm, endpoints) = (server.tenant(domain).unwrap(), server.tenant_endpoints(domain).unwrap());
        realm.add_user(UserSpec::new("ann", "ann's secret"));
        let client = realm.add_client(ClientSpec::new("orders"));
        let post = async |url: &str, form: &[(&str, &str)]| {
            let request = http().post(url).basic_auth(&client.id, client.secret.as_deref()).form(form);
            answer(request.send().await.unwrap()).await
        };
        let login = [("grant_type", "password"), ("username", "ann"), ("password", "ann's secret")];
        let token = post(&endpoints.token, &login).await.member("access_token");
        let told = post(endpoints.introspection.as_deref().unwrap(), &[("token", &token)]).await;
        assert_eq!(told.member("username"), format!("ann@{domain}"));
        let revoked = post(endpoints.revocation.as_deref().unwrap(), &[("token", &token)]).await;
        assert_eq!(revoked.header("authorizeduser"), format!("ann@{domain}"));
    }
}

#[tokio::test]
async fn a_user_of_asgardeo_goes_by_the_organisation() {
    let stage = stage(Vendor::Asgardeo).await;
    let token = stage.password("read").await.member("access_token");
    assert_eq!(stage.introspect(&token).await["username"], "ann@kmspec");
    for (name, status) in [("ann@kmspec", 200), ("ann@carbon.super", 400)] {
        let login = [("grant_type", "password"), ("username", name), ("password", "ann's secret")];
        assert_eq!(stage.token(&login).await.status, status, "{name}");
    }
}
