//! What defects look like that only show at a server which is configured or laid out in its own way.
//! Each look starts such a server, with the defects of the one it is given.

use kmspec_mocks::{
    certificates::{CertificateAuthority, ClientCertificates, TlsIdentity},
    deployment_toml::DeploymentToml,
    realm::{ClientSpec, UserSpec},
    server::{AuthorizationServer, AuthorizationServerBuilder},
    vendors::Vendor::{Cognito, Is7, Keycloak},
};
use serde_json::json;

use super::endpoints::{look, own_token};
use crate::{
    Probe,
    support::{AUTHORITY, Stage, answer, http, http_with},
};

const LEGACY: &str = "[server]\nlegacy_mode = true\n";
const APPLICATIONS: &str = "/permission/admin/manage/identity/applicationmgt";

/// The same stage with another server.
async fn instead(stage: &Stage, builder: AuthorizationServerBuilder) -> Stage {
    let server = builder.certificates(AUTHORITY.clone()).start().await.unwrap();
    let on = stage.server.defects().list();
    for defect in on {
        assert!(server.can_show(defect.id).is_ok(), "{:?}", server.can_show(defect.id));
        server.defects().switch_on(defect.id).unwrap();
    }
    server.realm().add_user(UserSpec::new("ann", "ann's secret"));
    let client = server.realm().add_client(ClientSpec::new("orders"));
    Stage { server, http: http(), client }
}

async fn configured(stage: &Stage, file: &str) -> Stage {
    let file = DeploymentToml::parse(file).unwrap();
    instead(stage, AuthorizationServer::builder(Is7).port(Some(0)).deployment(file)).await
}

/// What ann is answered who registers a client with these permissions.
async fn registers(stage: &Stage, permissions: &[&str]) -> u16 {
    let stage = configured(stage, LEGACY).await;
    let realm = stage.server.realm();
    realm.add_role("1", "registrar");
    realm.permit("registrar", permissions.iter().map(|&each| each.to_owned()).collect());
    realm.update_user("ann", |ann| ann.roles.push("registrar".to_owned()));
    let url = stage.server.endpoints().registration.clone().unwrap();
    let body = json!({ "client_name": "app", "grant_types": ["client_credentials"] });
    let request = stage.http.post(&url).basic_auth("ann", Some("ann's secret")).json(&body);
    answer(request.send().await.unwrap()).await.status
}

/// What somebody is answered who registers a client in the administrator's name, where certificates may stand for this user.
async fn certified(stage: &Stage, user: &str, shown: Option<&TlsIdentity>) -> u16 {
    certified_where(stage, true, user, shown).await
}

/// The same, where it is switched on or off that certificates stand for users.
async fn certified_where(stage: &Stage, on: bool, user: &str, shown: Option<&TlsIdentity>) -> u16 {
    let file = format!(
        "[client_certificate_based_authentication]\nenable = {on}\n\
         [[client_certificate_based_authentication.user_thumbprint_mapping]]\n\
         trusted_issuer = \"*\"\ncert_thumbprint = \"*\"\nallowed_username = \"{user}\"\n"
    );
    let asking = AuthorizationServer::builder(Is7).port(Some(0)).client_certificates(ClientCertificates::Asked);
    let stage = instead(stage, asking.deployment(DeploymentToml::parse(&file).unwrap())).await;
    let url = stage.server.endpoints().registration.clone().unwrap();
    let body = json!({ "client_name": "app", "grant_types": ["client_credentials"] });
    let http = shown.map_or_else(http, http_with);
    let request = http.post(&url).header("WSO2-Identity-User", "admin").json(&body);
    answer(request.send().await.unwrap()).await.status
}

fn own_certificate() -> TlsIdentity {
    AUTHORITY.issue(&["platform.test"]).unwrap()
}

/// A pool whose issuer has a host of its own.
async fn two_hosts(stage: &Stage) -> Stage {
    instead(stage, AuthorizationServer::builder(Cognito).issuer_host("127.0.0.1")).await
}

pub(crate) const PROBES: &[Probe] = &[
    (
        "DEF-SEED-AS-LEGACY-01",
        Is7,
        look!(stage => {
            let stage = configured(&stage, LEGACY).await;
            let token = own_token(&stage).await;
            let subject = stage.verified(&token).await.unwrap().1["sub"].as_str().unwrap().to_owned();
            assert!(subject == "admin" || subject == stage.client.id, "{subject}");
            subject == stage.client.id
        }),
    ),
    (
        "DEF-SEED-AS-LEGACY-02",
        Is7,
        look!(stage => {
            let stage = configured(&stage, LEGACY).await;
            let token = own_token(&stage).await;
            let told = stage.introspect(&token).await;
            assert_eq!(told["active"], json!(true));
            told.get("username").is_none()
        }),
    ),
    (
        "DEF-SEED-AS-INTRO-07",
        Is7,
        look!(stage => {
            let token = own_token(&stage).await;
            let told = stage.introspect(&token).await;
            assert_eq!(told["active"], json!(true));
            told.get("username").is_some()
        }),
    ),
    ("DEF-SEED-AS-LEGACY-03", Is7, look!(stage => { registers(&stage, &[APPLICATIONS]).await == 403 })),
    ("DEF-SEED-AS-LEGACY-04", Is7, look!(stage => { registers(&stage, &[]).await == 201 })),
    (
        "DEF-SEED-AS-LEGACY-05",
        Is7,
        look!(stage => {
            let stage = configured(&stage, LEGACY).await;
            let base = stage.server.base_url();
            assert_eq!(stage.get(&format!("{base}/t/carbon.super/nowhere")).await.status, 404);
            stage.get(&format!("{base}/t/carbon.super/oauth2/jwks")).await.status == 200
        }),
    ),
    ("DEF-SEED-AS-CERT-01", Is7, look!(stage => { certified(&stage, "*", Some(&own_certificate())).await == 401 })),
    ("DEF-SEED-AS-CERT-02", Is7, look!(stage => { certified(&stage, "ann", Some(&own_certificate())).await == 201 })),
    (
        "DEF-SEED-AS-CERT-03",
        Is7,
        look!(stage => {
            let stranger = CertificateAuthority::new("strangers").unwrap().issue(&["stranger.test"]).unwrap();
            certified(&stage, "*", Some(&stranger)).await == 201
        }),
    ),
    ("DEF-SEED-AS-CERT-04", Is7, look!(stage => { certified(&stage, "*", None).await == 201 })),
    (
        "DEF-SEED-AS-CERT-05",
        Is7,
        look!(stage => { certified_where(&stage, false, "*", Some(&own_certificate())).await == 201 }),
    ),
    (
        "DEF-SEED-AS-DISCO-12",
        Keycloak,
        look!(stage => {
            let stage = instead(&stage, AuthorizationServer::builder(Keycloak).base_path("/auth")).await;
            let document = stage.get(&stage.server.discovery_url()).await.json();
            assert!(document["jwks_uri"].as_str().unwrap().contains("/auth/realms/"), "{document}");
            !document["token_endpoint"].as_str().unwrap().contains("/auth/realms/")
        }),
    ),
    (
        "DEF-SEED-AS-DISCO-13",
        Cognito,
        look!(stage => {
            let stage = two_hosts(&stage).await;
            let document = stage.get(&stage.server.discovery_url()).await.json();
            assert!(document["issuer"].as_str().unwrap().starts_with("https://127.0.0.1:"), "{document}");
            document["jwks_uri"].as_str().unwrap().starts_with("https://localhost:")
        }),
    ),
    (
        "DEF-SEED-AS-DISCO-14",
        Cognito,
        look!(stage => {
            let stage = two_hosts(&stage).await;
            let keys = stage.server.endpoints().jwks.replacen("127.0.0.1", "localhost", 1);
            stage.get(&keys).await.status == 200
        }),
    ),
];
