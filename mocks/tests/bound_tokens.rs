//! What a token that is bound to a certificate is worth at resources of the mock servers (RFC 8705, section 3).
//! How it comes to be bound is in `certificates`.

mod support;

use kmspec_mocks::{
    certificates::{ClientCertificates, TlsIdentity},
    realm::{ClientSpec, UserSpec},
    server::AuthorizationServer,
    vendors::{MANAGER, Vendor},
};
use reqwest::Method;
use serde_json::{Value, json};
use support::{AUTHORITY, Answer, answer, http, http_with};

/// What opens every management interface of Identity Server that is asked here, and the profile.
const SCOPES: &str = "openid internal_login internal_dcr_create internal_oauth_scope_view internal_api_resource_view \
                      internal_user_mgt_list internal_role_mgt_view internal_oauth2_introspect";

async fn server(vendor: Vendor) -> AuthorizationServer {
    let builder = AuthorizationServer::builder(vendor).certificates(AUTHORITY.clone());
    let server = builder.client_certificates(ClientCertificates::Asked).start().await.unwrap();
    server.realm().add_user(UserSpec::new("ann", "ann's secret").roles(["admin"]));
    server
}

/// A token that is bound to the certificate, for what the form asks.
async fn bound(server: &AuthorizationServer, own: &TlsIdentity, client: (&str, &str), form: &[(&str, &str)]) -> String {
    let request = http_with(own).post(&server.endpoints().token).basic_auth(client.0, Some(client.1)).form(form);
    let token = answer(request.send().await.unwrap()).await.member("access_token");
    assert_eq!(server.realm().introspect(&token)["cnf"]["x5t#S256"], own.x5t_s256());
    token
}

async fn bound_of_ann(server: &AuthorizationServer, own: &TlsIdentity, scopes: &str) -> String {
    let client = server.realm().add_client(ClientSpec::new("orders").certificate_bound());
    let credentials = (client.id.as_str(), client.secret.as_deref().unwrap());
    let form = [("grant_type", "password"), ("username", "ann"), ("password", "ann's secret"), ("scope", scopes)];
    bound(server, own, credentials, &form).await
}

/// The answers to one request that shows a token: over a connection of the right certificate, of another one, and of none.
async fn thrice(own: &TlsIdentity, token: &str, method: Method, url: &str, body: Option<&Value>) -> [Answer; 3] {
    let other = AUTHORITY.issue(&["other.test"]).unwrap();
    let ask = async |http: reqwest::Client| {
        let request = http.request(method.clone(), url).bearer_auth(token);
        let request = match body {
            Some(Value::String(form)) => {
                request.header("content-type", "application/x-www-form-urlencoded").body(form.clone())
            }
            Some(body) => request.json(body),
            None => request,
        };
        answer(request.send().await.unwrap()).await
    };
    [ask(http_with(own)).await, ask(http_with(&other)).await, ask(http()).await]
}

#[tokio::test]
async fn a_bound_token_is_worth_nothing_at_identity_server_without_its_certificate() {
    let server = server(Vendor::Is7).await;
    server.add_tenant("one.com").unwrap();
    let own = AUTHORITY.issue(&["orders.test"]).unwrap();
    let token = bound_of_ann(&server, &own, SCOPES).await;
    let application = json!({ "client_name": "made", "grant_types": ["client_credentials"] });
    let form = json!(format!("token={token}"));
    for (method, path, body, good) in [
        (Method::GET, "/oauth2/userinfo", None, 200),
        (Method::GET, "/scim2/Me", None, 200),
        (Method::GET, "/t/one.com/scim2/Me", None, 200),
        (Method::POST, "/api/identity/oauth2/dcr/v1.1/register", Some(&application), 201),
        (Method::GET, "/api/identity/oauth2/v1.0/scopes", None, 200),
        (Method::GET, "/api/server/v1/api-resources", None, 200),
        (Method::GET, "/scim2/Users", None, 200),
        (Method::GET, "/scim2/v2/Roles", None, 200),
        (Method::POST, "/oauth2/introspect", Some(&form), 200),
    ] {
        let url = format!("{}{path}", server.base_url());
        let answers = thrice(&own, &token, method, &url, body).await;
        assert_eq!(answers.each_ref().map(|answer| answer.status), [good, 401, 401], "{path}: {}", answers[0].text);
        if path == "/oauth2/userinfo" {
            assert_eq!(answers[2].error().1, "invalid_token");
            assert!(answers[2].header("www-authenticate").contains("error=\"invalid_token\""));
        }
    }
    assert_eq!(server.realm().clients().len(), 2, "one was registered, by the right certificate");
    let in_form = http().post(format!("{}/oauth2/userinfo", server.base_url())).form(&[("access_token", &token)]);
    assert_eq!(answer(in_form.send().await.unwrap()).await.error(), (401, "invalid_token".to_owned()));
}

#[tokio::test]
async fn a_bound_token_is_worth_nothing_at_other_servers_without_its_certificate() {
    let own = AUTHORITY.issue(&["orders.test"]).unwrap();
    let custom = server(Vendor::Custom).await;
    let token = bound_of_ann(&custom, &own, "openid").await;
    let answers = thrice(&own, &token, Method::GET, custom.endpoints().userinfo.as_deref().unwrap(), None).await;
    assert_eq!(answers.each_ref().map(|answer| answer.status), [200, 401, 401]);
    assert_eq!(answers[1].error().1, "invalid_token");
    for (vendor, path, audience) in
        [(Vendor::Keycloak, "/admin/realms/kmspec/clients", ""), (Vendor::Auth0, "/api/v2/clients", "/api/v2/")]
    {
        let server = server(vendor).await;
        server.realm().update_client(MANAGER.0, |client| client.certificate_bound = true).unwrap();
        let audience = format!("{}{audience}", server.base_url());
        let form = [("grant_type", "client_credentials"), ("audience", audience.as_str())];
        let form = if vendor == Vendor::Auth0 { &form[..] } else { &form[..1] };
        let token = bound(&server, &own, MANAGER, form).await;
        let answers = thrice(&own, &token, Method::GET, &format!("{}{path}", server.base_url()), None).await;
        assert_eq!(answers.each_ref().map(|answer| answer.status), [200, 401, 401], "{vendor}: {}", answers[0].text);
    }
}
