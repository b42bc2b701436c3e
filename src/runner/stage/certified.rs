//! The mock authorization servers that are certified beside the platform: one of each vendor for all scenarios, and one
//! of its own for a scenario that moves its clock. What a vendor can do is found out once, as at a real server.

use std::{collections::BTreeMap, sync::Arc};

use futures::future::try_join_all;
use kmspec_mocks::{
    certificates::ClientCertificates,
    defects::UnknownDefect,
    deployment_toml::{DeploymentError, DeploymentToml},
    realm::{ClientSpec, Clock, KeyChest, UserSpec},
    server::{AuthorizationServer, MockError},
    vendors::{UnknownVendor, Vendor},
};

use super::servers::{Builder, Place, Server};
use crate::runner::provisioning::{CertifiedServer, CertifyError};
use kmspec_drivers::{
    authorization_server::ClientAuthentication,
    conversation::{Conversation, KnownClient, KnownServer},
    credentials::Secret,
    exchange_log::ExchangeLog,
    wire::Wire,
};
use kmspec_model::{
    capability::Capability,
    plan::{CertifyPlan, MockPlan},
    report::Subject,
};

/// A scope that every mock knows.
const KNOWN_SCOPE: &str = "orders:read";
/// The same in the form of a resource server's scopes at Amazon Cognito.
const RESOURCE_SCOPE: &str = "orders/read";
/// Where codes are sent.
const REDIRECT_URI: &str = "https://client.example/callback";

/// A mock server could not be made ready for certification.
#[derive(Debug, thiserror::Error)]
pub enum CertifiedMockError {
    /// The catalogue names a mock that does not exist.
    #[error("features/catalogue/vendors.toml: {0}")]
    Unknown(#[from] UnknownVendor),
    /// No mock can have the defect.
    #[error(transparent)]
    Defect(#[from] UnknownDefect),
    /// It did not start.
    #[error(transparent)]
    Mock(#[from] MockError),
    /// It was to be configured by what is no configuration.
    #[error(transparent)]
    Deployment(#[from] DeploymentError),
    /// It could not be asked what it can do.
    #[error("looking around at the mock `{mock}`: {source}")]
    Certify {
        /// Whom it plays.
        mock: String,
        /// Why not.
        source: CertifyError,
    },
    /// Its addresses are none.
    #[error("the mock `{mock}` says it is at {address}, which is no URL")]
    Address {
        /// Whom it plays.
        mock: String,
        /// What it says.
        address: String,
    },
}

/// The mocks of a run, by name.
#[derive(Default)]
pub(super) struct CertifiedMocks {
    mocks: BTreeMap<String, CertifiedMock>,
    /// The seeded defect that each of them has, by id.
    defect: Option<String>,
}

/// A mock that scenarios share.
struct CertifiedMock {
    plan: MockPlan,
    server: Arc<Server>,
    certified: CertifiedServer,
    subject: Subject,
}

/// How the server of a scenario differs from the one that others share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrangement {
    /// Its administrator has configured it by this `deployment.toml`.
    Deployment(String),
    /// The same, and clients are asked for a certificate, whatever the file makes of it.
    AskingForCertificates(String),
    /// This path stands before each of its others.
    BasePath(String),
    /// Issuer and keys are on this host, which must lead to this machine.
    IssuerHost(String),
}

impl Arrangement {
    fn apply(self) -> Result<impl Fn(Builder) -> Builder, DeploymentError> {
        let file = match &self {
            Self::Deployment(text) | Self::AskingForCertificates(text) => Some(DeploymentToml::parse(text)?),
            Self::BasePath(_) | Self::IssuerHost(_) => None,
        };
        Ok(move |builder: Builder| match (&self, &file) {
            (Self::AskingForCertificates(_), Some(file)) => {
                builder.deployment(file.clone()).client_certificates(ClientCertificates::Asked)
            }
            (_, Some(file)) => builder.deployment(file.clone()),
            (Self::BasePath(path), _) => builder.base_path(path),
            (Self::IssuerHost(host), _) => builder.issuer_host(host),
            (Self::Deployment(_) | Self::AskingForCertificates(_), None) => builder,
        })
    }
}

/// What a scenario about an authorization server stands on.
pub struct Seat {
    /// Its conversation with the server.
    pub conversation: Conversation,
    /// The mock that the server is.
    pub server: Arc<Server>,
    /// Its clock, where the scenario has the server to itself.
    pub clock: Option<Clock>,
}

impl CertifiedMocks {
    /// Starts each of these, all at a time. The defect comes over them once it is known what they can do without it.
    pub(super) async fn open(
        plans: &[MockPlan],
        defect: Option<String>,
        place: &Place,
        wire: &Wire,
    ) -> Result<Self, CertifiedMockError> {
        let opened = try_join_all(plans.iter().map(|plan| CertifiedMock::open(plan, place, wire))).await?;
        opened.iter().try_for_each(|mock| spoil(&mock.server, defect.as_deref()))?;
        Ok(Self { mocks: opened.into_iter().map(|mock| (mock.plan.mock.clone(), mock)).collect(), defect })
    }

    /// What each of them is and can do.
    pub(super) fn subjects(&self) -> Vec<Subject> {
        self.mocks.values().map(|mock| mock.subject.clone()).collect()
    }

    /// What this one can do; nothing when it does not run.
    pub(super) fn capabilities(&self, name: &str) -> &[Capability] {
        self.mocks.get(name).map_or(&[], |mock| &mock.subject.capabilities)
    }

    /// Every server that scenarios share.
    pub(super) fn servers(&self) -> impl Iterator<Item = &Server> {
        self.mocks.values().map(|mock| &*mock.server)
    }

    /// A scenario's place at this mock, with clients and a user of its own; `private` asks for a server of its own.
    pub(super) async fn seat(
        &self,
        name: &str,
        private: bool,
        place: &Place,
        log: &ExchangeLog,
    ) -> Result<Option<Seat>, CertifiedMockError> {
        let Some(mock) = self.mocks.get(name) else { return Ok(None) };
        if !private {
            let known = known(&mock.server, mock.certified.known());
            let conversation = mock.certified.conversation_about(known, log);
            return Ok(Some(Seat { conversation, server: Arc::clone(&mock.server), clock: None }));
        }
        self.own_seat(mock, |builder| builder, place, log).await.map(Some)
    }

    /// A scenario's place at a server of its own that plays this mock, arranged like this.
    pub(super) async fn arranged_seat(
        &self,
        name: &str,
        arrangement: Arrangement,
        place: &Place,
        log: &ExchangeLog,
    ) -> Result<Option<Seat>, CertifiedMockError> {
        let Some(mock) = self.mocks.get(name) else { return Ok(None) };
        self.own_seat(mock, arrangement.apply()?, place, log).await.map(Some)
    }

    async fn own_seat(
        &self,
        mock: &CertifiedMock,
        settle: impl Fn(Builder) -> Builder,
        place: &Place,
        log: &ExchangeLog,
    ) -> Result<Seat, CertifiedMockError> {
        let clock = Clock::system();
        let server = place.start_as(mock.server.vendor, clock.clone(), &KeyChest::default(), settle).await?;
        furnish(&server);
        spoil(&server, self.defect.as_deref())?;
        let mut moved = mock.certified.known().at(mock.server.base_url(), server.base_url());
        tell_of_issuer(&mut moved, &server);
        let conversation = mock.certified.conversation_about(known(&server, &moved), log);
        Ok(Seat { conversation, server: Arc::new(server), clock: Some(clock) })
    }
}

impl CertifiedMock {
    async fn open(plan: &MockPlan, place: &Place, wire: &Wire) -> Result<Self, CertifiedMockError> {
        let vendor: Vendor = plan.mock.parse()?;
        let server = place.start(vendor, Clock::system(), &KeyChest::default()).await?;
        furnish(&server);
        let certify = certify_plan(plan, &server)?;
        let certified = CertifiedServer::open_on(&certify, wire.clone())
            .await
            .map_err(|source| CertifiedMockError::Certify { mock: plan.mock.clone(), source })?;
        let mut subject = Subject { kind: "mock".to_owned(), version: String::new(), ..certified.subject() };
        subject.capabilities.extend(of_the_run(&server));
        Ok(Self { plan: plan.clone(), server: Arc::new(server), certified, subject })
    }
}

/// Tells of what is on the issuer's host, where that is another one than the server's own.
fn tell_of_issuer(known: &mut KnownServer, server: &Server) {
    let running = running(server);
    if running.issuer().starts_with(server.base_url()) {
        return;
    }
    let told = [("issuer", running.issuer()), ("jwks_uri", &running.endpoints().jwks)];
    let document = &mut known.document;
    document.members.extend(told.map(|(name, value)| (name.to_owned(), value.into())));
    document.found_at = running.discovery_url().parse().unwrap_or_else(|_| document.found_at.clone());
}

/// Switches the seeded defect on.
fn spoil(server: &Server, defect: Option<&str>) -> Result<(), CertifiedMockError> {
    defect.map_or(Ok(()), |id| Ok(running(server).defects().switch_on(id)?))
}

impl CertifiedMockError {
    /// Whether somebody else listens where the mock was to stand.
    pub fn is_taken_port(&self) -> bool {
        matches!(self, Self::Mock(MockError::Port { .. }))
    }
}

/// What the run can do at a mock and at no real server: decide for its users, move its clock.
fn of_the_run(server: &Server) -> Vec<Capability> {
    let grants = server.mock().map(|mock| mock.realm().policy().grant_types.clone()).unwrap_or_default();
    let plays = |grant: &str| grants.iter().any(|each| each == grant);
    let of_grants = [
        ("authorization_code", Capability::AuthorizationCode),
        ("urn:ietf:params:oauth:grant-type:device_code", Capability::DeviceCode),
        ("urn:ietf:params:oauth:grant-type:jwt-bearer", Capability::JwtBearer),
        ("urn:ietf:params:oauth:grant-type:token-exchange", Capability::TokenExchange),
        ("urn:ietf:params:oauth:grant-type:saml2-bearer", Capability::Saml2Bearer),
        ("iwa:ntlm", Capability::IwaNtlm),
    ];
    let played = of_grants.into_iter().filter(|(grant, _)| plays(grant)).map(|(_, capability)| capability);
    // Off until a scenario has it switched on.
    let kerberos = (server.vendor == Vendor::Is7).then_some(Capability::Kerberos);
    let roles = (server.vendor == Vendor::Is7).then_some(Capability::RoleBasedScopes);
    let chosen = (server.vendor == Vendor::Is7).then_some(Capability::ChosenClientId);
    // Whether the port is free is seen when it is asked for.
    let port = (server.vendor == Vendor::Is7).then_some(Capability::DocumentedPort);
    let switches = (server.vendor == Vendor::Is7).then_some(Capability::Deployment);
    let base_path = (server.vendor == Vendor::Keycloak).then_some(Capability::BasePath);
    let issuer_host = (server.vendor == Vendor::Cognito).then_some(Capability::IssuerHost);
    played
        .chain(kerberos)
        .chain(roles)
        .chain(chosen)
        .chain([port, switches, base_path, issuer_host].into_iter().flatten())
        .chain([Capability::Clock, Capability::ServerControls])
        .collect()
}

/// The arguments that `kmspec certify` would be given.
fn certify_plan(plan: &MockPlan, server: &Server) -> Result<CertifyPlan, CertifiedMockError> {
    let (running, vendor) = (running(server), server.vendor);
    let address = running.discovery_url();
    let discovery = address.parse().map_err(|_| CertifiedMockError::Address { mock: plan.mock.clone(), address })?;
    let (client, other) = (add_client(running), add_client(running));
    let user = running.realm().add_user(administrator());
    Ok(CertifyPlan {
        name: Some(plan.name.clone()),
        version: None,
        profile: plan.mock.clone(),
        discovery,
        key_manager_type: plan.key_manager_type.clone(),
        client_id: Some(client.0),
        client_secret: Some(client.1),
        other_client: Some(other),
        user: Some((user.name, user.password)),
        initial_access_token: running.initial_access_token().map(str::to_owned),
        scope: Some(known_scope(running)),
        resource: None,
        audience: (vendor == Vendor::Auth0).then(|| first_audience(running)).flatten(),
        ca: None,
        allow_plain_http: false,
    })
}

/// The API that tokens are asked for where they are opaque otherwise.
fn first_audience(server: &AuthorizationServer) -> Option<String> {
    server.realm().policy().audiences.as_ref()?.first().cloned()
}

/// What every mock holds before the first scenario.
fn furnish(server: &Server) {
    let server = running(server);
    server.realm().register_scope(&known_scope(server));
}

fn known_scope(server: &AuthorizationServer) -> String {
    match server.vendor() {
        Vendor::Cognito => RESOURCE_SCOPE.to_owned(),
        // All that the client may have at an API. Tokens for Microsoft's own interface verify nowhere else.
        Vendor::Entra => "api://kmspec-v1/.default".to_owned(),
        _ => KNOWN_SCOPE.to_owned(),
    }
}

/// What is known of the server, with clients and a user that no other scenario has.
fn known(server: &Server, of_the_run: &KnownServer) -> KnownServer {
    let running = running(server);
    let own = |known: &Option<KnownClient>| {
        known.as_ref().map(|known| {
            let (id, secret) = add_client(running);
            KnownClient { id: id.as_str().into(), secret: Some(Secret::from(secret.as_str())), in_form: known.in_form }
        })
    };
    let user = of_the_run.user.as_ref().map(|_| running.realm().add_user(administrator()));
    // The initial token is every server's own.
    let registrar = match (&of_the_run.registrar, running.initial_access_token()) {
        (ClientAuthentication::Bearer(_), Some(token)) => ClientAuthentication::Bearer(token.into()),
        (registrar, _) => registrar.clone(),
    };
    KnownServer {
        registrar,
        client: own(&of_the_run.client),
        other_client: own(&of_the_run.other_client),
        redirect_uri: Some(REDIRECT_URI.to_owned()),
        scope: of_the_run.scope.as_ref().map(|_| known_scope(running)),
        user: user.map(|user| (user.name, Secret::from(user.password.as_str()))),
        ..of_the_run.clone()
    }
}

/// Adds a client that may do whatever the vendor plays; its id and secret.
fn add_client(server: &AuthorizationServer) -> (String, String) {
    let realm = server.realm();
    let spec = ClientSpec::new(format!("kmspec {}", uuid::Uuid::new_v4().simple()))
        .grant_types(realm.policy().grant_types.clone())
        .scopes([known_scope(server)])
        .redirect_uris([REDIRECT_URI]);
    let client = realm.add_client(spec);
    (client.id, client.secret.unwrap_or_default())
}

fn administrator() -> UserSpec {
    let id = uuid::Uuid::new_v4().simple().to_string();
    let email = format!("{id}@users.example");
    UserSpec::new(format!("user-{id}"), format!("password-of-{id}")).roles(["admin"]).claim("email", email)
}

/// The mock behind a server of this room, none of which is ever stopped before the run is over.
fn running(server: &Server) -> &AuthorizationServer {
    server.mock().expect("it was started, and nobody stops it")
}
