//! `kmspec certify` on the mock authorization servers: a strict one, one with documented deviations, and none at all.
//! The real server that nobody here wrote is checked by `tests/real/oidc-provider/check.sh`.

use std::{collections::BTreeSet, fs, net::TcpListener, path::PathBuf, process::Output, sync::Arc, time::Duration};

use kmspec::{
    cli::target_file,
    runner::{
        scene::{Scenic, Staging},
        serve::{self, SEEDED_PASSWORD, ServePlan},
        stage::Stage,
    },
    world::{Look, OrFail, StepError, World},
};
use kmspec_drivers::{
    authorization_server::{AuthorizationServerClient, ClientAuthentication, OauthEndpoints},
    credentials::{ConsumerKey, Secret, Token},
    devportal::{Application, KeyRequest},
    exchange_log::ExchangeLog,
    gateway::ApiCall,
    publisher::Api,
    wire::{Wire, WireSettings},
};
use kmspec_mocks::{
    certificates::CertificateAuthority,
    realm::{ClientSpec, UserSpec},
    server::AuthorizationServer,
    vendors::Vendor,
};
use kmspec_model::{
    exchange::{Plane, Role},
    plan::{FeatureSource, RunPlan, SubjectPlan},
    scenario_id::ScenarioId,
    target::Target,
};
use serde_json::Value;
use tokio::{process::Command, time::Instant};

/// A mock that was certified by a child process, and what came of it.
struct Certified {
    server: AuthorizationServer,
    output: Output,
    folder: tempfile::TempDir,
}

impl Certified {
    fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join("report").join(name)).unwrap()
    }

    fn report(&self) -> Value {
        serde_json::from_str(&self.file("result.json")).unwrap()
    }

    fn document(&self) -> Value {
        serde_json::from_str(&self.file("key-manager.json")).unwrap()
    }

    /// What the form's field of this label is to hold.
    fn field(&self, label: &str) -> String {
        let report = self.report();
        let fields = report["key_manager"]["fields"].as_array().unwrap();
        let field = fields.iter().find(|field| field["label"] == label);
        field.unwrap_or_else(|| panic!("no field `{label}` in {fields:#?}"))["value"].as_str().unwrap().to_owned()
    }

    fn said(&self) -> String {
        let text = String::from_utf8_lossy;
        format!("{}{}", text(&self.output.stdout), text(&self.output.stderr))
    }
}

/// A mock with two clients and a user, certified by a child process.
async fn certify(vendor: Vendor, key_manager_type: &str, more: &[&str]) -> Certified {
    let authority = Arc::new(CertificateAuthority::new("kmspec certify tests").unwrap());
    let server = AuthorizationServer::builder(vendor).certificates(authority.clone()).start().await.unwrap();
    for client in ["one", "other"] {
        server.realm().add_client(ClientSpec::new(client).id(client).secret(format!("{client}-secret-0123456789")));
    }
    let known = server.realm().user("admin").is_some();
    if !known {
        server.realm().add_user(UserSpec::new("admin", "admin").roles(["admin"]));
    }
    server.realm().register_scope("orders:read");
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    fs::write(&ca, authority.ca_pem()).unwrap();
    let initial = server.initial_access_token().map(str::to_owned);
    let mut command = Command::new(env!("CARGO_BIN_EXE_kmspec"));
    command
        .args(["certify", &server.discovery_url(), "--type", key_manager_type, "--scope", "orders:read"])
        .args(["--client-id", "one", "--client-secret-env", "ONE", "--other-client-id", "other"])
        .args(["--other-client-secret-env", "OTHER", "--user", "admin", "--user-password-env", "PASSWORD"])
        .args(more)
        .arg("--ca")
        .arg(&ca)
        .arg("--report-dir")
        .arg(folder.path().join("report"))
        .env("ONE", "one-secret-0123456789")
        .env("OTHER", "other-secret-0123456789")
        .env("PASSWORD", "admin");
    if let Some(token) = initial {
        command.args(["--initial-access-token-env", "INITIAL"]).env("INITIAL", token);
    }
    let output = command.output().await.unwrap();
    Certified { server, output, folder }
}

/// Titles of the scenarios that ended so.
fn ended(report: &Value, outcome: &str) -> BTreeSet<String> {
    let scenarios = report["scenarios"].as_array().unwrap();
    let ended = scenarios.iter().filter(|scenario| scenario["outcome"]["outcome"] == outcome);
    ended.map(|scenario| scenario["title"].as_str().unwrap().to_owned()).collect()
}

/// How the scenarios of an area ended.
fn outcomes(report: &Value, area: &str) -> BTreeSet<String> {
    let scenarios = report["scenarios"].as_array().unwrap().iter();
    let in_area = scenarios.filter(|scenario| scenario["tags"].as_array().unwrap().iter().any(|tag| tag == area));
    in_area.map(|scenario| scenario["outcome"]["outcome"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_strict_mock_can_be_a_key_manager_and_a_platform_takes_it_as_the_certificate_says() {
    let certified = certify(Vendor::Custom, "custom", &[]).await;
    assert_eq!(certified.output.status.code(), Some(0), "{}", certified.said());
    let report = certified.report();
    assert_eq!(ended(&report, "deviates"), BTreeSet::new());
    assert!(ended(&report, "conforms").len() > 70, "{}", certified.said());
    let document = certified.document();
    for member in ["name", "type", "issuer", "tokenEndpoint", "revokeEndpoint", "introspectionEndpoint"] {
        assert!(document[member].as_str().is_some_and(|text| !text.is_empty()), "{member} in {document}");
    }
    assert_eq!(document["enableOAuthAppCreation"], true);
    let certificate = certified.file("certificate.md");
    assert!(certificate.contains("can be a key manager whose clients the platform registers itself."), "{certificate}");
    assert!(certificate.contains("\"s|<initial_access_token>|$INITIAL_ACCESS_TOKEN|\""), "{certificate}");

    let token = certified.server.initial_access_token().unwrap().to_owned();
    serves_as_key_manager(&certified, &[("initial_access_token", &token)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documented_deviations_of_identity_server_show_as_found_and_its_form_is_that_of_the_documents() {
    let certified = certify(Vendor::Is7, "WSO2-IS-7", &["--name", "IS 7"]).await;
    assert_eq!(certified.output.status.code(), Some(1), "{}", certified.said());
    let deviating = ended(&certified.report(), "deviates");
    for title in [
        "A grant type that nobody knows is named as such",
        "Credentials are form-decoded after Base64",
        "Revoking a token of another client is refused with an error of the token endpoint",
        "A registration says where and with what it is managed",
        "Metadata that nobody knows is ignored",
    ] {
        assert!(deviating.contains(title), "`{title}` is not among {deviating:#?}");
    }
    let base = certified.server.base_url();
    for (label, value) in [
        ("Name", "IS-7".to_owned()),
        ("Display Name", "IS 7".to_owned()),
        ("Key Manager Type", "WSO2-IS-7".to_owned()),
        ("Well-known URL", format!("{base}/oauth2/token/.well-known/openid-configuration")),
        ("Issuer", format!("{base}/oauth2/token")),
        ("Client Registration Endpoint", format!("{base}/api/identity/oauth2/dcr/v1.1/register")),
        ("Introspection Endpoint", format!("{base}/oauth2/introspect")),
        ("Token Endpoint", format!("{base}/oauth2/token")),
        ("Display Token Endpoint", format!("{base}/oauth2/token")),
        ("Revoke Endpoint", format!("{base}/oauth2/revoke")),
        ("Display Revoke Endpoint", format!("{base}/oauth2/revoke")),
        ("UserInfo Endpoint", format!("{base}/scim2/Me")),
        // Where the documents slip (SEED-IS7-19).
        ("Authorize Endpoint", format!("{base}/oauth2/authorize")),
        ("Scope Management Endpoint", format!("{base}/api/identity/oauth2/v1.0/scopes")),
        ("Certificates: JWKS", format!("{base}/oauth2/jwks")),
        ("Username", "<Username>".to_owned()),
        ("Password", "<Password>".to_owned()),
    ] {
        assert_eq!(certified.field(label), value, "{label}");
    }
    let grants = certified.field("Grant types");
    for grant in ["password", "client_credentials", "refresh_token", "authorization_code"] {
        assert!(grants.split(", ").any(|each| each == grant), "{grant} in {grants}");
    }
    let certificate = certified.file("certificate.md");
    assert!(
        certificate.contains("print /scim2/Me as authorize endpoint, evidently a slip (SEED-IS7-19)"),
        "{certificate}"
    );

    serves_as_key_manager(&certified, &[("Username", "admin"), ("Password", "admin")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_without_registration_are_certified_for_clients_made_elsewhere() {
    for (vendor, more) in [(Vendor::Cognito, &[][..]), (Vendor::Auth0, &["--audience", "https://api.example.com/"][..])]
    {
        let certified = certify(vendor, "custom", more).await;
        let said = certified.said();
        // Whatever deviates is found out, not feared: all that could not be asked is not applicable.
        assert!(matches!(certified.output.status.code(), Some(0 | 1)), "{said}");
        let report = certified.report();
        assert_eq!(ended(&report, "error"), BTreeSet::new(), "{said}");
        for area in ["client-registration", "introspection"] {
            assert_eq!(outcomes(&report, area), BTreeSet::from(["not-applicable".to_owned()]), "{vendor:?} {area}");
        }
        assert!(ended(&report, "conforms").len() > 20, "{said}");
        for (label, value) in [
            ("Token Generation", "off"),
            ("OAuth App Creation", "off"),
            ("Out Of Band Provisioning", "on"),
            ("Self Validate JWT", "on"),
            ("Client Registration Endpoint", ""),
            ("Introspection Endpoint", ""),
            ("Issuer", certified.server.issuer()),
        ] {
            assert_eq!(certified.field(label), value, "{vendor:?} {label}");
        }
        let certificate = certified.file("certificate.md");
        assert!(certificate.contains("with clients made elsewhere (out-of-band provisioning)"), "{certificate}");
        assert!(certificate.contains("| OAuth App Creation | `off` |"), "{certificate}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_opaque_tokens_that_nobody_can_ask_about_cannot_be_a_key_manager() {
    let certified = certify(Vendor::Auth0, "custom", &[]).await;
    let certificate = certified.file("certificate.md");
    assert!(certificate.contains("no gateway could validate its tokens"), "{certificate}");
}

/// Enters the document at a platform that trusts the server's CA, has it make a client, and calls an API with a token
/// that the server issued to that client.
async fn serves_as_key_manager(certified: &Certified, secrets: &[(&str, &str)]) {
    let folder = tempfile::tempdir().unwrap();
    let trust = vec![certified.ca()];
    let plan = ServePlan {
        port: Some(0),
        gateway_port: Some(0),
        http_port: None,
        deployment_toml: None,
        data: None,
        trust,
        folder: folder.path().to_owned(),
    };
    let served = serve::serve(&plan).await.unwrap();
    let target = target_file::read(served.target_file(), &|_| Some(SEEDED_PASSWORD.to_owned())).unwrap();
    let stage = Stage::open(&run_plan(target), &[]).await.unwrap();
    let record = stage
        .around(async {
            let mut world = <World as cucumber::World>::new().await.unwrap();
            world.begin(&ScenarioId::new("a.feature", "b", None), &[]).await.unwrap();
            let _ = enter_and_call(&mut world, certified, secrets).await;
            world.end().await
        })
        .await;
    assert_eq!(record.failure, None, "{:#?}", record.exchanges.last());
    assert_eq!(stage.close().await, []);
    assert_eq!(served.stop().await, Vec::<String>::new());
}

async fn enter_and_call(world: &mut World, certified: &Certified, secrets: &[(&str, &str)]) -> Result<(), StepError> {
    let mut document = certified.document();
    for (name, value) in secrets {
        let property = &mut document["additionalProperties"][*name];
        assert_eq!(*property, format!("<{name}>"), "a placeholder");
        *property = Value::from(*value);
    }
    let scene = world.scene();
    let admin = scene.admin(Role::Administrator).or_fail(world)?;
    let key_manager = world.demand("the key manager", admin.register_document(&document).await)?;
    world.expect_eq("the status", &Some(201), &world.log().last().and_then(|last| last.status()))?;

    let publisher = scene.publisher(Role::Publisher).or_fail(world)?;
    let (name, context) = (scene.name("orders"), format!("/{}", scene.name("orders")));
    let api = world.demand("the API", publisher.create_api(&Api::draft(&name, &context, &scene.backend_url)).await)?;
    let api = api.id.expect("a created API has an id");
    world.demand("its deployment", publisher.deploy(&api).await)?;
    world.demand("its publication", publisher.publish(&api).await)?;

    let devportal = scene.devportal(Role::Developer).or_fail(world)?;
    let application = devportal.create_application(&Application::named(&scene.name("shop"))).await;
    let application = world.demand("the application", application)?.id.expect("a created application has an id");
    world.demand("the subscription", devportal.subscribe(&application, &api).await)?;
    let request = KeyRequest {
        grant_types: vec!["client_credentials".to_owned()],
        key_manager: key_manager.id,
        ..KeyRequest::default()
    };
    let keys = world.demand("the keys", devportal.generate_keys(&application, &request).await)?;
    let (id, secret) = keys.consumer_key.zip(keys.consumer_secret).expect("generated keys are told");

    let token = token_of(certified, id, secret).await;
    let call = ApiCall::get(scene.api_path(&context, "1.0.0", "/42")).bearer(token.reveal());
    let gateway = scene.gateway().or_fail(world)?;
    let bound = world.scene().bounds.propagation;
    world
        .eventually("key-manager-added", bound, "the backend answers", async || {
            let reply = gateway.call(&call).await.or_fail(world)?;
            let instead = reply.refusal().map(ToString::to_string).unwrap_or_default();
            Ok(Look::when(reply.refusal().is_none(), (), instead))
        })
        .await
}

/// A token that the server itself issues to a client.
async fn token_of(certified: &Certified, id: ConsumerKey, secret: Secret) -> Token {
    let trust_pem = vec![fs::read_to_string(certified.ca()).unwrap()];
    let settings = WireSettings { trust_pem, request_limit: Duration::from_secs(10), ..WireSettings::default() };
    let wire = Wire::new(settings).unwrap();
    let line = wire.line(&ExchangeLog::default(), Role::ApiConsumer, Plane::AuthorizationServer);
    let token = certified.server.endpoints().token.parse().ok();
    let client = AuthorizationServerClient::new(line, OauthEndpoints { token, ..OauthEndpoints::default() });
    let reply = client.token(&ClientAuthentication::Basic(id, secret), "client_credentials", &[]).await.unwrap();
    reply.into_result().unwrap().access_token
}

fn run_plan(target: Target) -> RunPlan {
    RunPlan {
        subject: SubjectPlan::Target(Box::new(target)),
        features: FeatureSource::Embedded,
        area: "platform",
        tags: None,
        jobs: 1,
        shard: None,
        expected: Vec::new(),
        defect: None,
        report_dir: std::env::temp_dir(),
        arguments: Vec::new(),
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_ends_with_3_and_a_hint() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    refused(&format!("http://{free}/.well-known/openid-configuration"), "is it running at that address?").await;
}

#[tokio::test]
async fn an_answer_that_is_no_discovery_document_ends_with_3_and_a_hint() {
    let backend = a_backend().await;
    refused(&format!("{backend}/.well-known/openid-configuration"), "give the whole address").await;
}

/// Something that answers with JSON that is no discovery document.
async fn a_backend() -> String {
    let backend = kmspec_mocks::backend::EchoBackend::start(None).await.unwrap();
    let url = backend.base_url().to_owned();
    // It serves until the test's process ends.
    std::mem::forget(backend);
    url
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let started = Instant::now();
    refused(&format!("http://{}/.well-known/openid-configuration", silent.local_addr().unwrap()), "hint:").await;
    assert!(started.elapsed() < Duration::from_secs(30));
}

async fn refused(url: &str, hint: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_kmspec")).args(["certify", url]).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains(hint), "{said}");
}
