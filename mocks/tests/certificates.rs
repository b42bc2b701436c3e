//! TLS as clients meet it: wrong certificates on demand, client certificates, and what Java makes of our key stores.
//! What a bound token is worth at resources of the servers is in `bound_tokens`.

mod support;

use std::process::Command;

use kmspec_mocks::{
    certificates::{
        CertificateAuthority, CertificateKind, CertificateMapping, ClientCertificates, STORE_PASSWORD,
        TRUST_STORE_FILE, TlsIdentity, key_store,
    },
    realm::{CertificateLogin, Client, ClientSpec, UserSpec},
    server::AuthorizationServer,
    vendors::Vendor,
};
use reqwest::Method;
use serde_json::{Value, json};
use support::{AUTHORITY, Answer, answer, http, http_with};

async fn mutual(asked: ClientCertificates) -> AuthorizationServer {
    AuthorizationServer::builder(Vendor::Custom)
        .certificates(AUTHORITY.clone())
        .client_certificates(asked)
        .start()
        .await
        .unwrap()
}

async fn ask(http: &reqwest::Client, server: &AuthorizationServer, client: &Client) -> Answer {
    let mut form = vec![("grant_type", "client_credentials"), ("client_id", &client.id)];
    form.extend(client.secret.as_deref().map(|secret| ("client_secret", secret)));
    answer(http.post(&server.endpoints().token).form(&form).send().await.unwrap()).await
}

fn bound_to(server: &AuthorizationServer, token: &str) -> Value {
    let claims = kmspec_mocks::realm::jwt::read(token).unwrap().1;
    let introspected = server.realm().introspect(token);
    assert_eq!(introspected.get("cnf"), claims.get("cnf"), "introspection tells the same (RFC 8705, section 3.2)");
    claims.get("cnf").cloned().unwrap_or_default()["x5t#S256"].take()
}

#[tokio::test]
async fn each_wrong_certificate_is_refused_by_a_client_until_the_right_one_is_back() {
    let server = mutual(ClientCertificates::Ignored).await;
    let wrong = CertificateKind::ALL.into_iter().filter(|kind| *kind != CertificateKind::Good);
    for kind in wrong {
        server.present(kind).unwrap();
        let error = http().get(server.discovery_url()).send().await.unwrap_err();
        assert!(format!("{error:?}").contains("InvalidCertificate"), "{kind:?}: {error:?}");
        server.present(CertificateKind::Good).unwrap();
        assert_eq!(http().get(server.discovery_url()).send().await.unwrap().status(), 200, "{kind:?}");
    }
    let expired = AuthorizationServer::builder(Vendor::Is7).certificates(AUTHORITY.clone());
    let expired = expired.certificate(CertificateKind::Expired).start().await.unwrap();
    let error = http().get(expired.discovery_url()).send().await.unwrap_err();
    assert!(format!("{error:?}").contains("Expired"), "{error:?}");
}

#[tokio::test]
async fn a_client_that_authenticates_by_its_certificate_gets_bound_tokens_and_nobody_else_does() {
    let server = mutual(ClientCertificates::Asked).await;
    let own = AUTHORITY.issue(&["orders.test"]).unwrap();
    let other = AUTHORITY.issue(&["other.test"]).unwrap();
    let foreign = CertificateAuthority::new("elsewhere").unwrap().issue(&["orders.test"]).unwrap();
    let by_subject = CertificateLogin::Subject("CN=orders.test".to_owned());
    let client = server.realm().add_client(ClientSpec::new("orders").certificate(by_subject));
    let granted = ask(&http_with(&own), &server, &client).await;
    assert_eq!(bound_to(&server, &granted.member("access_token")), own.x5t_s256());
    for http in [http_with(&other), http_with(&foreign), http()] {
        assert_eq!(ask(&http, &server, &client).await.error(), (401, "invalid_client".to_owned()));
    }
    let by_thumbprint = CertificateLogin::Thumbprint(foreign.x5t_s256());
    let client = server.realm().add_client(ClientSpec::new("invoices").certificate(by_thumbprint));
    let granted = ask(&http_with(&foreign), &server, &client).await;
    assert_eq!(bound_to(&server, &granted.member("access_token")), foreign.x5t_s256());
    assert_eq!(ask(&http_with(&own), &server, &client).await.status, 401);
    let client = server.realm().add_client(ClientSpec::new("plain"));
    let granted = ask(&http_with(&own), &server, &client).await;
    assert_eq!(bound_to(&server, &granted.member("access_token")), Value::Null);
    let client = server.realm().add_client(ClientSpec::new("bound").certificate_bound());
    let granted = ask(&http_with(&own), &server, &client).await;
    assert_eq!(bound_to(&server, &granted.member("access_token")), own.x5t_s256());
    assert_eq!(ask(&http(), &server, &client).await.status, 401);
}

#[tokio::test]
async fn a_certificate_that_is_only_claimed_in_a_header_is_none() {
    let server = mutual(ClientCertificates::Asked).await;
    let own = AUTHORITY.issue(&["orders.test"]).unwrap();
    let login = CertificateLogin::Thumbprint(own.x5t_s256());
    let client = server.realm().add_client(ClientSpec::new("orders").certificate(login));
    let der = own.chain_pem.lines().skip(1).take_while(|line| !line.starts_with('-')).collect::<String>();
    let form = [("grant_type", "client_credentials"), ("client_id", &client.id)];
    let request = http().post(&server.endpoints().token).form(&form);
    let request = request.header("x-kmspec-client-certificate", format!("trusted {der}"));
    assert_eq!(request.send().await.unwrap().status(), 401);
    assert!(!format!("{:?}", server.journal().await.entries()[0].headers).contains("x-kmspec"));
}

#[tokio::test]
async fn a_server_that_needs_certificates_shakes_no_hand_without_one_and_says_so_in_its_discovery() {
    let server = mutual(ClientCertificates::Required).await;
    assert!(http().get(server.discovery_url()).send().await.is_err());
    let own = AUTHORITY.issue(&["orders.test"]).unwrap();
    let document = answer(http_with(&own).get(server.discovery_url()).send().await.unwrap()).await.json();
    assert_eq!(document["tls_client_certificate_bound_access_tokens"], true);
    let methods = document["token_endpoint_auth_methods_supported"].as_array().unwrap();
    assert!(methods.contains(&"tls_client_auth".into()) && methods.contains(&"client_secret_basic".into()));
}

/// Skipped where there is no Java.
#[test]
fn java_reads_the_stores() {
    if Command::new("keytool").output().is_err() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let authority = CertificateAuthority::load_or_create(folder.path()).unwrap();
    let identity = authority.issue(&["localhost"]).unwrap();
    std::fs::write(folder.path().join("server.p12"), key_store("server", &identity, STORE_PASSWORD).unwrap()).unwrap();
    for (file, entry) in [(TRUST_STORE_FILE, "trustedCertEntry"), ("server.p12", "PrivateKeyEntry")] {
        let path = folder.path().join(file);
        let listed = Command::new("keytool")
            .args(["-list", "-storetype", "PKCS12", "-storepass", STORE_PASSWORD, "-keystore"])
            .arg(&path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&listed.stdout).into_owned();
        assert!(listed.status.success() && said.contains(entry), "{file}: {said}");
    }
}

#[tokio::test]
async fn clients_register_by_certificate_and_their_tokens_are_bound_to_it() {
    let server = mutual(ClientCertificates::Asked).await;
    let own = AUTHORITY.issue(&["orders.test"]).unwrap();
    let other = AUTHORITY.issue(&["other.test"]).unwrap();
    let der = own.chain_pem.lines().skip(1).take_while(|line| !line.starts_with('-')).collect::<String>();
    let jwk = json!({ "kty": "EC", "crv": "P-256", "x": "x", "y": "y", "x5c": [der] });
    for (method, more) in [
        ("tls_client_auth", json!({ "tls_client_auth_subject_dn": "CN=orders.test" })),
        ("tls_client_auth", json!({ "tls_client_auth_san_dns": "orders.test" })),
        ("self_signed_tls_client_auth", json!({ "jwks": { "keys": [jwk] } })),
    ] {
        let registered = register(&server, method, &more).await;
        assert_eq!(registered.status, 201, "{more}: {}", registered.text);
        let document = registered.json();
        assert!(document.get("client_secret").is_none(), "{document}");
        assert_eq!(document["token_endpoint_auth_method"], method);
        let client = server.realm().client(document["client_id"].as_str().unwrap()).unwrap();
        let granted = ask(&http_with(&own), &server, &client).await;
        assert_eq!(bound_to(&server, &granted.member("access_token")), own.x5t_s256(), "{more}");
        for http in [http_with(&other), http()] {
            assert_eq!(ask(&http, &server, &client).await.error(), (401, "invalid_client".to_owned()), "{more}");
        }
    }
}

#[tokio::test]
async fn a_registration_that_does_not_say_which_certificate_is_refused() {
    let server = mutual(ClientCertificates::Asked).await;
    let two = json!({ "tls_client_auth_subject_dn": "CN=a", "tls_client_auth_san_dns": "a" });
    for (method, more) in [
        ("tls_client_auth", json!({})),
        ("tls_client_auth", two),
        ("self_signed_tls_client_auth", json!({})),
        ("self_signed_tls_client_auth", json!({ "jwks": { "keys": [{ "kty": "RSA" }] } })),
        ("self_signed_tls_client_auth", json!({ "jwks": { "keys": [{ "x5c": ["AAAA"] }] } })),
        ("client_secret_basic", json!({ "tls_client_certificate_bound_access_tokens": "yes" })),
    ] {
        let refused = register(&server, method, &more).await;
        assert_eq!(refused.error(), (400, "invalid_client_metadata".to_owned()), "{method} {more}");
    }
    let plain = AuthorizationServer::builder(Vendor::Custom).certificates(AUTHORITY.clone()).start().await.unwrap();
    let more = json!({ "tls_client_auth_subject_dn": "CN=a" });
    let refused = register(&plain, "tls_client_auth", &more).await;
    assert_eq!(refused.error().1, "invalid_client_metadata", "where nobody is asked for certificates");
}

async fn register(server: &AuthorizationServer, method: &str, more: &Value) -> Answer {
    let mut body = json!({
        "client_name": "orders", "grant_types": ["client_credentials"], "token_endpoint_auth_method": method,
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let request = http().post(server.endpoints().registration.as_deref().unwrap()).json(&body);
    answer(request.bearer_auth(server.initial_access_token().unwrap()).send().await.unwrap()).await
}

/// Identity Server 7 as its documents have it, asking clients for certificates.
async fn identity_server() -> AuthorizationServer {
    let builder = AuthorizationServer::builder(Vendor::Is7).certificates(AUTHORITY.clone());
    let server = builder.client_certificates(ClientCertificates::Asked).start().await.unwrap();
    server.realm().add_user(UserSpec::new("ann", "ann's secret"));
    server
}

/// A JSON request that names a user, without credentials of any other kind.
async fn named(http: &reqwest::Client, method: Method, url: &str, user: &str, body: Option<Value>) -> Answer {
    let mut request = http.request(method, url).header("WSO2-Identity-User", user);
    if let Some(body) = body {
        request = request.json(&body);
    }
    answer(request.send().await.unwrap()).await
}

fn application(name: &str) -> Option<Value> {
    Some(json!({ "client_name": name, "grant_types": ["client_credentials"], "token_type_extension": "JWT" }))
}

#[tokio::test]
async fn a_certificate_of_the_authority_stands_for_the_user_that_the_request_names() {
    let server = identity_server().await;
    let platform = http_with(&AUTHORITY.issue(&["platform.test"]).unwrap());
    let registration = server.endpoints().registration.clone().unwrap();
    let made = named(&platform, Method::POST, &registration, "admin", application("orders")).await;
    assert_eq!((made.status, made.json()["ext_application_owner"].clone()), (201, json!("admin")), "{}", made.text);
    let (id, secret) = (made.member("client_id"), made.member("client_secret"));
    let read = named(&platform, Method::GET, &format!("{registration}/{id}"), "admin@carbon.super", None).await;
    assert_eq!(read.member("client_name"), "orders");
    let scopes = format!("{}/scopes", server.endpoints().scopes.clone().unwrap().trim_end_matches("/scopes"));
    let scope = json!({ "name": "read", "displayName": "Read" });
    assert_eq!(named(&platform, Method::POST, &scopes, "admin", Some(scope)).await.status, 201);
    let base = server.base_url().to_owned();
    for path in ["/scim2/Me", "/scim2/v2/Roles", "/api/server/v1/api-resources"] {
        assert_eq!(named(&platform, Method::GET, &format!("{base}{path}"), "admin", None).await.status, 200, "{path}");
    }
    assert_eq!(named(&platform, Method::GET, &format!("{base}/scim2/Me"), "ann", None).await.member("userName"), "ann");
    let form = [("grant_type", "client_credentials")];
    let granted =
        http().post(&server.endpoints().token).basic_auth(&id, Some(&secret)).form(&form).send().await.unwrap();
    let token = answer(granted).await.member("access_token");
    let introspect = async || {
        let url = server.endpoints().introspection.clone().unwrap();
        let request = platform.post(url).header("WSO2-Identity-User", "admin").form(&[("token", &token)]);
        answer(request.send().await.unwrap()).await.json()["active"].clone()
    };
    assert_eq!(introspect().await, true);
    let revoke = async |http: &reqwest::Client, user: &str| {
        let url = server.endpoints().revocation.clone().unwrap();
        let form = [("token", token.as_str()), ("client_id", id.as_str())];
        answer(http.post(url).header("WSO2-Identity-User", user).form(&form).send().await.unwrap()).await.status
    };
    assert_eq!(revoke(&http(), "admin").await, 401, "the name alone revokes nothing");
    assert_eq!(revoke(&platform, "ann").await, 401, "and nobody but an administrator does");
    assert_eq!(introspect().await, true);
    assert_eq!(revoke(&platform, "admin").await, 200);
    assert_eq!(introspect().await, false);
    assert!(server.panics().is_empty());
}

#[tokio::test]
async fn without_a_good_certificate_the_name_of_a_user_is_worth_nothing() {
    let server = identity_server().await;
    let registration = server.endpoints().registration.clone().unwrap();
    let wrong = CertificateKind::ALL
        .into_iter()
        .filter(|kind| ![CertificateKind::Good, CertificateKind::WrongName].contains(kind));
    for kind in wrong {
        let http = http_with(&AUTHORITY.issue_as(kind, &["platform.test"]).unwrap());
        let refused = named(&http, Method::POST, &registration, "admin", application("a")).await;
        assert_eq!(refused.status, 401, "{kind:?}: {}", refused.text);
    }
    assert_eq!(named(&http(), Method::POST, &registration, "admin", application("a")).await.status, 401);
    let platform = http_with(&AUTHORITY.issue(&["platform.test"]).unwrap());
    for (user, status) in [("nobody", 401), ("", 401), ("ann", 403)] {
        let refused = named(&platform, Method::POST, &registration, user, application("a")).await;
        assert_eq!(refused.status, status, "{user}");
    }
    assert_eq!(platform.post(&registration).json(&application("a")).send().await.unwrap().status(), 401);
    server.realm().update_user("admin", |admin| admin.active = false);
    assert_eq!(named(&platform, Method::POST, &registration, "admin", application("a")).await.status, 401);
    assert!(server.realm().clients().is_empty());
}

#[tokio::test]
async fn rows_say_which_certificate_stands_for_whom_and_trust_one_of_another_authority() {
    let server = identity_server().await;
    let users = format!("{}/scim2/Users", server.base_url());
    let own = AUTHORITY.issue(&["platform.test"]).unwrap();
    let foreign = CertificateAuthority::new("elsewhere").unwrap().issue(&["platform.test"]).unwrap();
    let ask =
        async |identity: &TlsIdentity| named(&http_with(identity), Method::GET, &users, "admin", None).await.status;
    assert_eq!((ask(&own).await, ask(&foreign).await), (200, 401));
    let row = |thumbprint: String, users: Option<Vec<String>>| CertificateMapping {
        thumbprint: Some(thumbprint),
        users,
        ..CertificateMapping::default()
    };
    server.map_certificates(vec![row(foreign.x5t_s256(), None)]).unwrap();
    assert_eq!((ask(&own).await, ask(&foreign).await), (401, 200));
    server.map_certificates(vec![row(foreign.x5t_s256(), Some(vec!["ann".to_owned()]))]).unwrap();
    assert_eq!(ask(&foreign).await, 401);
    let expired = AUTHORITY.issue_as(CertificateKind::Expired, &["platform.test"]).unwrap();
    server.map_certificates(vec![row(expired.x5t_s256(), None)]).unwrap();
    assert_eq!(ask(&expired).await, 401, "an expired certificate is worth nothing, whoever trusts it");
    server.map_certificates(vec![row("nonsense".to_owned(), None)]).unwrap_err();
    assert_eq!(server.certificate_mappings()[0].thumbprint, Some(expired.x5t_s256()), "nothing has changed");
    server.map_certificates(Vec::new()).unwrap();
    assert_eq!(ask(&own).await, 401);
}

#[tokio::test]
async fn no_other_vendor_lets_certificates_stand_for_users() {
    for vendor in [Vendor::Is, Vendor::Asgardeo] {
        let builder = AuthorizationServer::builder(vendor).certificates(AUTHORITY.clone());
        let server = builder.client_certificates(ClientCertificates::Asked).start().await.unwrap();
        let platform = http_with(&AUTHORITY.issue(&["platform.test"]).unwrap());
        let registration = server.endpoints().registration.clone().unwrap();
        assert_eq!(
            named(&platform, Method::POST, &registration, "admin", application("a")).await.status,
            401,
            "{vendor}"
        );
    }
}
