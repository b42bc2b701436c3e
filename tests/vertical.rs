//! One path through every plane: an API, an out-of-band key manager, a mapped client, a call with a mock's token.
//! Driven through the stage and the World as scenarios are, on the embedded platform and on one that is a target.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use cucumber::gherkin::StepType;
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
    credentials::ConsumerKey,
    devportal::{Application, KeyType, MapRequest},
    gateway::ApiCall,
    key_manager::{Certificates, KeyManager},
    publisher::Api,
};
use kmspec_mocks::{journal::Endpoint, realm::ClientSpec, vendors::Vendor};
use kmspec_model::{
    exchange::Role,
    plan::{FeatureSource, RunPlan, SubjectPlan},
    record::{Failure, ScenarioRecord},
    report::ProblemKind,
    scenario_id::ScenarioId,
    target::{Bounds, PlaneUrls, Target},
};

fn plan(subject: SubjectPlan) -> RunPlan {
    RunPlan {
        subject,
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

/// Everything up to a call of the API with a token of the mapped client; the key manager goes by the mock's issuer.
async fn prepare(world: &mut World) -> Result<(String, String), StepError> {
    let server = world.start_server("acme", Vendor::Cognito).await?;
    let client = server.mock().expect("it was started just now").realm().add_client(ClientSpec::new("shop"));
    let issuer = server.issuer().to_owned();
    let endpoints = server.endpoints().clone();
    let forged = server.forge().token(&client.id, &client.id).encode();

    let scene = world.scene();
    let publisher = scene.publisher(Role::Publisher).or_fail(world)?;
    let (name, context) = (scene.name("orders"), format!("/{}", scene.name("orders")));
    let api = world.demand("the API", publisher.create_api(&Api::draft(&name, &context, &scene.backend_url)).await)?;
    let api_id = api.id.clone().expect("a created API has an id");
    world.demand("its deployment", publisher.deploy(&api_id).await)?;
    world.demand("its publication", publisher.publish(&api_id).await)?;

    let draft = KeyManager {
        name: scene.name("acme"),
        display_name: Some("Acme".into()),
        kind: "custom".into(),
        issuer: Some(issuer),
        token_endpoint: endpoints.token.as_ref().map(ToString::to_string),
        certificates: endpoints.jwks.as_ref().map(|url| Certificates::jwks(url.as_str())),
        consumer_key_claim: Some("client_id".into()),
        scopes_claim: Some("scope".into()),
        token_generation: Some(false),
        app_creation: Some(false),
        out_of_band_provisioning: Some(true),
        mapped_client_validation: Some(false),
        self_validate_jwt: Some(true),
        enabled: Some(true),
        ..KeyManager::default()
    };
    let admin = scene.admin(Role::Administrator).or_fail(world)?;
    let key_manager = world.demand("the key manager", admin.register_key_manager(&draft).await)?;

    let devportal = scene.devportal(Role::Developer).or_fail(world)?;
    let application = Application::named(&scene.name("shop"));
    let application = world.demand("the application", devportal.create_application(&application).await)?;
    let application = application.id.expect("a created application has an id");
    world.demand("the subscription", devportal.subscribe(&application, &api_id).await)?;
    let request = MapRequest {
        consumer_key: ConsumerKey(client.id),
        consumer_secret: None,
        key_type: KeyType::Production,
        key_manager: key_manager.id,
    };
    world.demand("the mapping", devportal.map_keys(&application, &request).await)?;
    Ok((scene.api_path(&context, "1.0.0", "/42"), forged))
}

async fn call_through(world: &mut World) -> Result<(), StepError> {
    let (path, token) = prepare(world).await?;
    let gateway = world.scene().gateway().or_fail(world)?;
    let bound = world.scene().bounds.propagation;
    let call = ApiCall::get(&path).bearer(&token);
    let echo = world
        .eventually("key-manager-added", bound, "the backend answers", async || {
            let reply = gateway.call(&call).await.or_fail(world)?;
            Ok(match reply.into_result() {
                Ok(echo) => Look::Seen(echo),
                Err(refusal) => Look::NotYet(refusal.to_string()),
            })
        })
        .await?;
    world.expect_eq("the method at the backend", &"GET".to_owned(), &echo.method)?;
    world.expect(echo.header("authorization").is_none(), "no token at the backend", "the token")?;

    let other = ApiCall::get(&path).bearer("nobody");
    world.keep_call(gateway.call(&other).await)?;
    let refusal = world.refusal("a call with a foreign token")?;
    world.expect_eq("the status", &401, &refusal.status)?;
    world.expect_eq("the code", &Some("900901".to_owned()), &refusal.code)
}

async fn carry_out(stage: &Arc<Stage>) -> ScenarioRecord {
    let work = async {
        let mut world = <World as cucumber::World>::new().await.expect("a World needs nothing");
        let id = ScenarioId::new("platform/vertical.feature", "one path through every plane", None);
        world.begin(&id, &[]).await.unwrap_or_else(|failure| panic!("the scene: {failure:?}"));
        world.enter(StepType::When, "");
        let _ = call_through(&mut world).await;
        world.end().await
    };
    stage.around(work).await
}

fn assert_went_through(record: &ScenarioRecord) {
    if let Some(failure) = &record.failure {
        let last: Vec<_> = record.exchanges.iter().rev().take(4).collect();
        panic!("{failure:?}\n{last:#?}");
    }
    assert!(record.subject_requests >= 9, "{} requests", record.subject_requests);
    assert_eq!(record.times_to_effect.len(), 1);
}

#[tokio::test]
async fn a_call_with_a_mapped_clients_token_goes_through_the_embedded_platform() {
    let stage = Stage::open(&plan(SubjectPlan::Embedded), &[]).await.unwrap();
    let record = carry_out(&stage).await;
    assert_went_through(&record);
    assert_eq!(stage.close().await, []);
}

#[tokio::test]
async fn the_same_goes_through_a_platform_that_is_a_target_and_nothing_is_left_there() {
    let folder = tempfile::tempdir().unwrap();
    let served = serve::serve(&ServePlan {
        port: Some(0),
        gateway_port: Some(0),
        http_port: None,
        deployment_toml: None,
        data: None,
        trust: Vec::new(),
        folder: folder.path().to_owned(),
    })
    .await
    .unwrap();
    // The file that it wrote about itself, as `--target` reads it.
    let target = target_file::read(served.target_file(), &|_| Some(SEEDED_PASSWORD.to_owned())).unwrap();
    let stage = Stage::open(&plan(SubjectPlan::Target(Box::new(target.clone()))), &[]).await.unwrap();
    assert_went_through(&carry_out(&stage).await);
    assert_eq!(stage.close().await, []);
    // A second run finds nothing of the first.
    let again = Stage::open(&plan(SubjectPlan::Target(Box::new(target))), &[]).await.unwrap();
    assert_eq!(again.close().await, []);
    assert_eq!(served.stop().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_panic_in_a_mock_is_a_problem_of_the_run_whether_the_server_was_stopped_or_retired() {
    let stage = Stage::open(&plan(SubjectPlan::Embedded), &[]).await.unwrap();
    stage
        .around(async {
            let mut world = <World as cucumber::World>::new().await.unwrap();
            world.begin(&ScenarioId::new("a.feature", "b", None), &[]).await.unwrap();
            for name in ["stopped", "retired"] {
                let server = world.start_server(name, Vendor::Custom).await.unwrap();
                // No status of HTTP: what makes the answer panics over it.
                server.mock().unwrap().answer_with(Endpoint::Jwks, Some((1, String::new())));
                let keys = world.oauth_client(name).unwrap().key_set().await.unwrap();
                assert_eq!(keys.refusal().map(|refusal| refusal.status), Some(500));
            }
            world.stop_server("stopped").unwrap();
            world.end().await
        })
        .await;
    let problems = stage.close().await;
    assert_eq!(problems.len(), 2, "{problems:?}");
    for problem in problems {
        assert_eq!(problem.kind, ProblemKind::Harness);
        assert!(problem.message.contains("panicked: GET "), "{}", problem.message);
    }
}

#[tokio::test]
async fn no_two_issuers_of_a_scenario_share_a_key_not_even_after_rotations() {
    let stage = Stage::open(&plan(SubjectPlan::Embedded), &[]).await.unwrap();
    let keys = stage
        .around(async {
            let mut world = <World as cucumber::World>::new().await.unwrap();
            world.begin(&ScenarioId::new("a.feature", "b", None), &[]).await.unwrap();
            let mut keys = vec![world.foreign_key().jwk()];
            for (name, vendor) in [("one", Vendor::Is7), ("two", Vendor::Cognito), ("three", Vendor::Custom)] {
                let server = world.start_server(name, vendor).await.unwrap();
                (0..4).for_each(|_| drop(server.forge().keys().rotate()));
                keys.extend(server.forge().keys().published_keys().iter().map(|key| key.jwk()));
            }
            assert_eq!(world.foreign_key().jwk(), keys[0], "it stays the same one");
            let mut moduli: Vec<_> = keys.iter().map(|key| modulus(&serde_json::to_value(key).unwrap())).collect();
            world.add_tenant("neighbour").await.unwrap();
            for scene in [world.scene(), world.neighbours.named("neighbour").unwrap()] {
                let set = scene.resident().unwrap().oauth().key_set().await.unwrap().into_result().unwrap();
                moduli.extend(set["keys"].as_array().unwrap().iter().map(modulus));
            }
            world.end().await;
            moduli
        })
        .await;
    // A foreign one, five of each server and Cognito's for id tokens, and one of each resident key manager.
    let different: BTreeSet<_> = keys.iter().collect();
    assert_eq!((keys.len(), different.len()), (1 + 3 * 5 + 1 + 2, keys.len()));
    assert_eq!(stage.close().await, []);
}

fn modulus(jwk: &serde_json::Value) -> String {
    jwk["n"].as_str().expect("it is an RSA key").to_owned()
}

#[tokio::test]
async fn interposers_that_have_nothing_to_do_on_the_path_change_nothing_on_it() {
    let plan = RunPlan { defect: "DEF-148".parse().ok(), ..plan(SubjectPlan::Embedded) };
    let stage = Stage::open(&plan, &[]).await.unwrap();
    assert_went_through(&carry_out(&stage).await);
    assert_eq!(stage.close().await, []);
}

#[tokio::test]
async fn a_scenario_that_restarts_the_platform_finds_its_key_manager_again() {
    let stage = Stage::open(&plan(SubjectPlan::Embedded), &[]).await.unwrap();
    let record = stage
        .around(async {
            let mut world = <World as cucumber::World>::new().await.unwrap();
            let tags = ["needs:restart".to_owned()];
            world.begin(&ScenarioId::new("a.feature", "b", None), &tags).await.unwrap();
            let _ = restart_and_look(&mut world).await;
            world.end().await
        })
        .await;
    assert_eq!(record.failure, None);
    assert_eq!(stage.close().await, []);
}

async fn restart_and_look(world: &mut World) -> Result<(), StepError> {
    let admin = world.scene().admin(Role::Administrator).or_fail(world)?;
    let draft = KeyManager {
        name: "acme".into(),
        display_name: Some("Acme".into()),
        kind: "custom".into(),
        issuer: Some("https://acme.example".into()),
        token_endpoint: Some("https://acme.example/token".into()),
        ..KeyManager::default()
    };
    let made = world.demand("the key manager", admin.register_key_manager(&draft).await)?;
    world.restart_platform().await?;
    let listed = world.demand("the list", admin.key_managers().await)?;
    let found = listed.iter().any(|each| Some(&each.id) == made.id.as_ref());
    world.expect(found, "the key manager is still there", format!("{listed:?}"))
}

#[tokio::test]
async fn a_target_that_does_not_answer_is_told_with_its_plane() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let planes = PlaneUrls { gateway: format!("https://{free}").parse().ok(), ..PlaneUrls::default() };
    let target = Target { planes, ..bare_target() };
    let Err(error) = Stage::open(&plan(SubjectPlan::Target(Box::new(target))), &[]).await else {
        panic!("nobody is there to answer")
    };
    let text = error.to_string();
    assert!(text.starts_with("the target's gateway plane is silent: no answer to GET https://127.0.0.1"), "{text}");
    assert!(text.contains("hint:"), "{text}");
}

#[tokio::test]
async fn a_failed_step_is_in_the_record_with_what_went_over_the_wire() {
    let stage = Stage::open(&plan(SubjectPlan::Embedded), &[]).await.unwrap();
    let record = stage
        .around(async {
            let mut world = <World as cucumber::World>::new().await.unwrap();
            world.begin(&ScenarioId::new("a.feature", "b", None), &[]).await.unwrap();
            let scene = world.scene();
            let devportal = scene.devportal(Role::Developer).unwrap();
            let reply = devportal.application("no-such-application").await;
            drop(world.demand("the application", reply));
            world.end().await
        })
        .await;
    assert!(matches!(&record.failure, Some(Failure::Deviates(deviation)) if deviation.observed.contains("404")));
    assert_eq!(record.exchanges.last().unwrap().status(), Some(404));
    stage.close().await;
}

fn bare_target() -> Target {
    Target {
        name: "reference platform".into(),
        version: "0".into(),
        profile: "reference".into(),
        planes: PlaneUrls::default(),
        personas: BTreeMap::new(),
        ca: None,
        mock_ca: None,
        mocks_host: "localhost".into(),
        mocks_ports: None,
        backend_host: "localhost".into(),
        backend_port: None,
        restart: None,
        issuers: Vec::new(),
        capabilities: Vec::new(),
        bounds: Bounds::default(),
    }
}
