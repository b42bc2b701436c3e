//! Client certificates at the gateway (MTLS-01 to MTLS-07), and their upload.
//! Handshakes are real: every call has a connection of its own.

use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    Json, Router,
    routing::{get, post},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use kmspec_mocks::realm::{jwt, test_keys};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use reqwest::multipart::{Form, Part};
use serde_json::Map;

use super::{
    credentials::{Open, refused},
    deployment::{bearer, keys},
    devportal::plain_server,
    *,
};

/// A client's certificate and key, in PEM, with the certificates that lead to it.
struct Client {
    certificate: String,
    pem: String,
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

impl Client {
    /// `x5t#S256`, from its PEM.
    fn thumbprint(&self) -> String {
        let base64: String = self.certificate.lines().filter(|line| !line.starts_with('-')).collect();
        URL_SAFE_NO_PAD.encode(digest(&SHA256, &STANDARD.decode(base64).unwrap()))
    }
}

fn self_signed(name: &str) -> Client {
    let key = KeyPair::generate().unwrap();
    let certificate = params(name).self_signed(&key).unwrap().pem();
    Client { pem: format!("{certificate}{}", key.serialize_pem()), certificate }
}

/// A root, and two clients whose certificate it signed: one that shows the root beside its own, and one that does not.
fn family() -> (String, Client, Client) {
    let root_key = KeyPair::generate().unwrap();
    let mut of_root = params("root");
    of_root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    of_root.extended_key_usages = vec![];
    let root = of_root.self_signed(&root_key).unwrap().pem();
    let key = KeyPair::generate().unwrap();
    let leaf = params("leaf").signed_by(&key, &Issuer::new(of_root, root_key)).unwrap().pem();
    let key = key.serialize_pem();
    let with_chain = Client { certificate: leaf.clone(), pem: format!("{leaf}{root}{key}") };
    (root, with_chain, Client { pem: format!("{leaf}{key}"), certificate: leaf })
}

impl Open {
    /// Uploads a certificate; the answer.
    async fn upload(&self, place: &str, pem: &str, alias: &str, tier: &str) -> Answer {
        self.upload_as("apim:client_certificates_add", place, pem.as_bytes().to_vec(), alias, tier).await
    }

    async fn upload_as(&self, scope: &str, place: &str, certificate: Vec<u8>, alias: &str, tier: &str) -> Answer {
        let url = format!("{}{PUBLISHER}/apis/{}/{place}", self.stage.platform.management_url(), self.api);
        let form = Form::new().part("certificate", Part::bytes(certificate).file_name("client.crt"));
        let form = form.text("alias", alias.to_owned()).text("tier", tier.to_owned());
        let request = self.stage.client.post(url).bearer_auth(format!("admin|one.com|{scope}"));
        Stage::answer(request.multipart(form)).await
    }

    /// Status and code of a call over a connection that shows this certificate, or none.
    async fn shown(&self, client: Option<&Client>, headers: &[(&str, &str)]) -> (u16, String) {
        let mut http = reqwest::Client::builder().tls_danger_accept_invalid_certs(true).no_proxy();
        if let Some(client) = client {
            http = http.identity(reqwest::Identity::from_pem(client.pem.as_bytes()).unwrap());
        }
        let mut request =
            http.build().unwrap().get(format!("{}/t/one.com/orders/1.0/items", self.stage.platform.gateway_url()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = Stage::answer(request).await;
        (answer.status, answer.body["code"].as_str().unwrap_or_default().to_owned())
    }

    /// Calls until the certificate opens the API: it reaches the gateway as an event.
    async fn until_open(&self, client: &Client, headers: &[(&str, &str)]) {
        let deadline = Instant::now() + Duration::from_secs(8);
        while self.shown(Some(client), headers).await.0 != 200 {
            assert!(Instant::now() < deadline, "the certificate never counted");
        }
    }
}

const NOT_LET_IN: fn() -> (u16, String) = || refused(401, "900901");

#[tokio::test]
async fn the_uploaded_certificate_opens_the_api_and_nothing_else_does() {
    let open = Open::on(Stage::open().await, &["mutualssl"]).await;
    let (known, other) = (self_signed("known"), self_signed("other"));
    let made = open.upload("client-certificates", &known.certificate, "known", "Unlimited").await;
    assert_eq!((made.status, made.text("alias"), made.text("keyType")), (201, "known".into(), "PRODUCTION".into()));
    open.until_open(&known, &[]).await;
    assert_eq!(open.shown(Some(&other), &[]).await, NOT_LET_IN());
    assert_eq!(open.shown(None, &[]).await, NOT_LET_IN());
    let in_header = known.certificate.replace('\n', "");
    assert_eq!(open.shown(None, &[("X-WSO2-CLIENT-CERTIFICATE", &in_header)]).await, NOT_LET_IN());
    let keys = keys(&open.stage, &open.application).await;
    assert_eq!(open.shown(None, &[("Authorization", &bearer(&keys.token))]).await, NOT_LET_IN());

    let token = "admin|one.com|apim:client_certificates_update";
    let path = format!("{PUBLISHER}/apis/{}/client-certificates", open.api);
    assert_eq!(open.stage.with_scopes(token, Method::DELETE, &format!("{path}/none"), Value::Null).await.status, 404);
    assert_eq!(open.stage.with_scopes(token, Method::DELETE, &format!("{path}/known"), Value::Null).await.status, 200);
    let deadline = Instant::now() + Duration::from_secs(8);
    while open.shown(Some(&known), &[]).await != NOT_LET_IN() {
        assert!(Instant::now() < deadline, "the certificate went on counting");
    }
    open.stage.close().await;
}

#[tokio::test]
async fn a_certificate_of_another_is_believed_where_chains_count() {
    const CHAINS: &str = "[apimgt.mutual_ssl]\nenable_certificate_chain_validation = true\n";
    for (text, status) in [("", 401), (CHAINS, 200)] {
        let open = Open::on(Stage::configured(text).await, &["mutualssl"]).await;
        let (root, with_chain, alone) = family();
        // Seen to have arrived by its neighbour.
        let neighbour = self_signed("neighbour");
        assert_eq!(open.upload("client-certificates", &root, "root", "Unlimited").await.status, 201);
        assert_eq!(open.upload("client-certificates", &neighbour.certificate, "near", "Unlimited").await.status, 201);
        open.until_open(&neighbour, &[]).await;
        for client in [&with_chain, &alone] {
            assert_eq!(open.shown(Some(client), &[]).await.0, status, "{text}");
        }
        let (_, stranger, _) = family();
        assert_eq!(open.shown(Some(&stranger), &[]).await, NOT_LET_IN());
        assert_eq!(open.shown(Some(&self_signed("root")), &[]).await, NOT_LET_IN(), "a name proves nothing");
        assert_eq!(open.shown(None, &[]).await, NOT_LET_IN());
        // A certificate counts for its own time only, and so does what it has signed.
        open.stage.platform.site().clocks.of("one.com").advance(Duration::from_secs(400 * 365 * 86_400));
        assert_eq!(open.shown(Some(&with_chain), &[]).await.0, status, "rcgen's last to the year 4096");
        open.stage.platform.site().clocks.of("one.com").advance(Duration::from_secs(3000 * 365 * 86_400));
        assert_eq!(open.shown(Some(&with_chain), &[]).await, NOT_LET_IN());
        assert_eq!(open.shown(Some(&neighbour), &[]).await, NOT_LET_IN());
        open.stage.close().await;
    }
}

#[tokio::test]
async fn a_token_that_is_bound_to_a_certificate_opens_with_it_alone_where_that_is_switched_on() {
    const ON: &str = "[apim.oauth_config]\nenable_certificate_bound_access_token = true\n";
    let key = test_keys::named("rsa-amber").unwrap();
    for (text, with_its_own) in [(ON, refused(200, "")), ("", NOT_LET_IN())] {
        let open = Open::on(Stage::configured(text).await, &["oauth2"]).await;
        let set = json!({"keys": [key.entry()]}).to_string();
        let serve = async move || set;
        let introspect = async |form: String| {
            let cnf = if form.contains("token=bound") { json!({"x5t#S256": "AAAA"}) } else { Value::Null };
            Json(with(json!({"active": true, "client_id": "ck", "cnf": {}}), json!({"cnf": cnf})))
        };
        let router = Router::new().route("/jwks", get(serve)).route("/introspect", post(introspect));
        let base = plain_server(router).await;
        let changes = json!({
            "certificates": {"type": "JWKS", "value": format!("{base}/jwks")},
            "introspectionEndpoint": format!("{base}/introspect"),
            // One that is out of band is never asked.
            "enableTokenGeneration": true,
        });
        open.stage.key_manager(with(custom("bank"), changes)).await;
        let map = json!({"consumerKey": "ck", "keyType": "PRODUCTION", "keyManager": "bank"});
        let path = format!("/applications/{}/map-keys", open.application);
        assert_eq!(open.stage.dora(Method::POST, &path, map).await.status, 200);
        let token = |cnf: Value| {
            let claims = json!({"iss": "https://bank.example", "azp": "ck", "exp": 1_u64 << 33, "cnf": cnf});
            let claims = if cnf.is_null() { with(claims, json!({"cnf": null})) } else { claims };
            bearer(&jwt::sign(&key, Map::new(), claims.as_object().unwrap()))
        };
        open.until(200, "Authorization", &token(Value::Null)).await;
        open.until(200, "Authorization", "Bearer free").await;
        let (own, other) = (self_signed("own"), self_signed("other"));
        let thumbprint = own.thumbprint();
        let bound = token(json!({"x5t#S256": thumbprint}));
        let with_bound = [("Authorization", bound.as_str())];
        // Twice: the second time the gateway remembers the token.
        for _ in 0..2 {
            assert_eq!(open.shown(Some(&own), &with_bound).await, with_its_own, "{text}");
            assert_eq!(open.shown(Some(&other), &with_bound).await, NOT_LET_IN(), "{text}");
            assert_eq!(open.shown(None, &with_bound).await, NOT_LET_IN(), "{text}");
        }
        let in_header = own.certificate.replace('\n', "");
        let field = ("X-WSO2-CLIENT-CERTIFICATE", in_header.as_str());
        assert_eq!(open.shown(None, &[with_bound[0], field]).await, NOT_LET_IN(), "{text}");
        for cnf in [json!({"x5t#S256": thumbprint, "jkt": "x"}), json!({"jkt": "x"}), json!({}), json!(thumbprint)] {
            let odd = token(cnf.clone());
            assert_eq!(open.shown(Some(&own), &[("Authorization", &odd)]).await, NOT_LET_IN(), "{text} {cnf}");
        }
        let asked = open.shown(Some(&own), &[("Authorization", "Bearer bound")]).await;
        assert_eq!(asked, if text.is_empty() { refused(200, "") } else { NOT_LET_IN() }, "of another certificate");
        open.stage.close().await;
    }
}

#[tokio::test]
async fn what_is_mandatory_is_needed_and_of_the_rest_either_will_do() {
    const BOTH: &str = "oauth_basic_auth_api_key_mandatory";
    let good = refused(200, "");
    let missing = refused(401, "900902");
    // For each: the good certificate and the token, the certificate alone, the token alone, a bad certificate and the token,
    // the certificate and a bad token.
    let table = [
        (&["mutualssl", "oauth2"][..], [good.clone(), good.clone(), good.clone(), good.clone(), good.clone()]),
        (
            &["mutualssl_mandatory", "oauth2", BOTH],
            [good.clone(), missing.clone(), NOT_LET_IN(), NOT_LET_IN(), NOT_LET_IN()],
        ),
        (&["mutualssl", "oauth2", BOTH], [good.clone(), missing, good.clone(), good.clone(), NOT_LET_IN()]),
        (&["mutualssl_mandatory", "oauth2"], [good.clone(), good.clone(), NOT_LET_IN(), NOT_LET_IN(), good]),
    ];
    for (schemes, expected) in table {
        let open = Open::on(Stage::open().await, schemes).await;
        let (known, other) = (self_signed("known"), self_signed("other"));
        assert_eq!(open.upload("client-certificates", &known.certificate, "known", "Unlimited").await.status, 201);
        let token = bearer(&keys(&open.stage, &open.application).await.token);
        let (with_token, with_bad) = ([("Authorization", token.as_str())], [("Authorization", "Bearer bad")]);
        open.until_open(&known, &with_token).await;
        let seen = [
            open.shown(Some(&known), &with_token).await,
            open.shown(Some(&known), &[]).await,
            open.shown(None, &with_token).await,
            open.shown(Some(&other), &with_token).await,
            open.shown(Some(&known), &with_bad).await,
        ];
        assert_eq!(seen, expected, "{schemes:?}");
        open.stage.close().await;
    }
}

#[tokio::test]
async fn an_upload_that_cannot_be_meant_is_refused_and_leaves_nothing() {
    let open = Open::on(Stage::open().await, &["mutualssl"]).await;
    let known = self_signed("known");
    let pem = known.certificate.as_str();
    let mut ended = params("ended");
    ended.not_after = rcgen::date_time_ymd(2001, 1, 1);
    let ended = ended.self_signed(&KeyPair::generate().unwrap()).unwrap().pem();
    for (place, pem, alias, tier, verdict) in [
        ("client-certificates", "no certificate", "a", "Unlimited", (400, 400)),
        ("client-certificates", ended.as_str(), "a", "Unlimited", (400, 400)),
        ("client-certificates", pem, " ", "Unlimited", (400, 400)),
        ("client-certificates", pem, "a", "", (400, 400)),
        ("client-certificates", pem, "a", "none-such", (400, 900305)),
        ("client-certs/STAGING", pem, "a", "Unlimited", (400, 904013)),
    ] {
        assert_eq!(open.upload(place, pem, alias, tier).await.verdict(), verdict, "{place} {alias} {tier}");
    }
    let as_other = open.upload_as("apim:api_view", "client-certificates", pem.into(), "a", "Unlimited").await;
    assert_eq!(as_other.status, 401);
    let path = format!("{PUBLISHER}/apis/{}/client-certificates", open.api);
    let list = async || open.stage.call("admin", "one.com", Method::GET, &path, Value::Null).await.body;
    assert_eq!((list().await["count"].as_u64(), list().await.get("list")), (Some(0), None));

    assert_eq!(open.upload("client-certs/SANDBOX", pem, "a", "Gold").await.status, 201);
    assert_eq!(open.upload("client-certificates", pem, "a", "Gold").await.status, 409);
    let listed = list().await["certificates"][0].clone();
    assert_eq!(listed, json!({"alias": "a", "apiId": open.api, "tier": "Gold", "keyType": "SANDBOX"}));
    // Its calls go where sandbox keys lead, and there is no such endpoint.
    let deadline = Instant::now() + Duration::from_secs(8);
    while open.shown(Some(&known), &[]).await != refused(403, "900901") {
        assert!(Instant::now() < deadline, "the certificate never counted");
    }
    open.stage.close().await;
}
