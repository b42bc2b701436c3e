//! Mock authorization servers on demand: where they may listen, how a scenario holds them, how they go.
//! What they answer is the mocks' business; what a scenario makes of it, the steps'.

use std::sync::Arc;

use kmspec_mocks::{
    certificates::{CertificateAuthority, CertificateError, ClientCertificates, TlsIdentity},
    faults::{Fault, FaultScript},
    forge::Forge,
    journal::Endpoint,
    notices::NoticeTarget,
    realm::{Clock, KeyChest},
    server::{AuthorizationServer, MockError},
    vendors::Vendor,
};
use url::Url;

pub(super) use kmspec_mocks::server::AuthorizationServerBuilder as Builder;

use crate::runner::provisioning::fixed::FixedIssuer;
use kmspec_drivers::{
    authorization_server::{AuthorizationServerClient, OauthEndpoints},
    exchange_log::ExchangeLog,
    wire::Wire,
};
use kmspec_model::{
    exchange::{Plane, Role},
    target::Target,
};

/// Where mocks may listen, and by which name the subject reaches them.
pub(super) struct Place {
    certificates: Arc<CertificateAuthority>,
    host: String,
    ports: Option<(u16, u16)>,
}

impl Place {
    /// On any free port of this machine.
    pub(super) fn local(certificates: Arc<CertificateAuthority>) -> Self {
        Self { certificates, host: "localhost".to_owned(), ports: None }
    }

    /// Where a target reaches them, as its file says.
    pub(super) fn for_target(certificates: Arc<CertificateAuthority>, target: &Target) -> Self {
        Self { certificates, host: target.mocks_host.clone(), ports: target.mocks_ports }
    }

    /// A certificate of the authority that servers here trust, for a client.
    pub(super) fn client_certificate(&self) -> Result<TlsIdentity, CertificateError> {
        self.certificates.issue(&["client.example"])
    }

    /// Starts a server with keys out of this chest; within a range of ports, on the first that is free.
    pub(super) async fn start(&self, vendor: Vendor, clock: Clock, chest: &KeyChest) -> Result<Server, MockError> {
        self.start_as(vendor, clock, chest, |builder| builder).await
    }

    /// The same, asking clients for certificates: where the vendor knows such a thing, those of the run's authority stand for
    /// the user that a request names.
    pub(super) async fn start_asking(
        &self,
        vendor: Vendor,
        clock: Clock,
        chest: &KeyChest,
    ) -> Result<Server, MockError> {
        self.start_as(vendor, clock, chest, |builder| builder.client_certificates(ClientCertificates::Asked)).await
    }

    /// The same, with whatever else is to be otherwise than usual.
    pub(super) async fn start_as(
        &self,
        vendor: Vendor,
        clock: Clock,
        chest: &KeyChest,
        settle: impl Fn(Builder) -> Builder,
    ) -> Result<Server, MockError> {
        let builder = |port| {
            settle(AuthorizationServer::builder(vendor))
                .certificates(Arc::clone(&self.certificates))
                .clock(clock.clone())
                .chest(chest.clone())
                .host(&self.host)
                .port(port)
                .start()
        };
        let Some((first, last)) = self.ports else {
            return Ok(Server::new(vendor, builder(None).await?));
        };
        let mut refused = None;
        for port in first..=last {
            match builder(Some(port)).await {
                Ok(server) => return Ok(Server::new(vendor, server)),
                Err(error) => refused = Some(error),
            }
        }
        match refused {
            Some(error) => Err(error),
            None => Ok(Server::new(vendor, builder(None).await?)),
        }
    }
}

/// An authorization server in a scenario's hands.
pub struct Server {
    /// Whom it plays.
    pub vendor: Vendor,
    forge: Forge,
    endpoints: OauthEndpoints,
    running: Option<AuthorizationServer>,
    configured: Option<FixedIssuer>,
}

/// The scenario needs a server that it has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no authorization server runs there: an earlier step stopped it, or a configured issuer stands in for it")]
pub struct Stopped;

impl From<Stopped> for kmspec_model::record::Failure {
    fn from(stopped: Stopped) -> Self {
        Self::Error(stopped.to_string())
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("vendor", &self.vendor).field("issuer", &self.issuer()).finish_non_exhaustive()
    }
}

impl Server {
    fn new(vendor: Vendor, running: AuthorizationServer) -> Self {
        let url = |text: &str| text.parse::<Url>().ok();
        let mock = running.endpoints();
        let endpoints = OauthEndpoints {
            token: url(&mock.token),
            introspection: mock.introspection.as_deref().and_then(url),
            revocation: mock.revocation.as_deref().and_then(url),
            registration: mock.registration.as_deref().and_then(url),
            device_authorization: mock.device_authorization.as_deref().and_then(url),
            jwks: url(&mock.jwks),
            userinfo: mock.userinfo.as_deref().and_then(url),
            discovery: url(&running.discovery_url()),
        };
        Self { vendor, forge: running.forge(), endpoints, running: Some(running), configured: None }
    }

    /// An issuer that a gateway was configured with; no server runs behind it.
    pub(crate) fn configured(vendor: Vendor, issuer: FixedIssuer) -> Self {
        let forge = issuer.forge.clone();
        Self { vendor, forge, endpoints: OauthEndpoints::default(), running: None, configured: Some(issuer) }
    }

    /// How the gateway was configured for this issuer: its route and audience. `None` for a server that was started.
    pub fn configuration(&self) -> Option<&FixedIssuer> {
        self.configured.as_ref()
    }

    /// The running mock: its realm, its journal, its controls.
    ///
    /// # Errors
    ///
    /// [`Stopped`] when an earlier step stopped it, or a configured issuer stands in for it.
    pub fn mock(&self) -> Result<&AuthorizationServer, Stopped> {
        self.running.as_ref().ok_or(Stopped)
    }

    /// Makes tokens in its name, right and wrong ones; works after it was stopped, too.
    pub fn forge(&self) -> &Forge {
        &self.forge
    }

    /// Where it listens: scheme, host and port; nothing for a configured issuer.
    pub(super) fn base_url(&self) -> &str {
        self.running.as_ref().map_or("", AuthorizationServer::base_url)
    }

    /// Its issuer.
    pub fn issuer(&self) -> &str {
        self.forge.issuer()
    }

    /// Where its endpoints are, or were.
    pub fn endpoints(&self) -> &OauthEndpoints {
        &self.endpoints
    }

    /// The server in the hands of an OAuth client.
    pub(crate) fn client(&self, wire: &Wire, log: &ExchangeLog) -> AuthorizationServerClient {
        let line = wire.line(log, Role::OauthClient, Plane::AuthorizationServer);
        AuthorizationServerClient::new(line, self.endpoints.clone())
    }

    /// Answers 503 at that endpoint from now on, so many times or for ever.
    ///
    /// # Errors
    ///
    /// What is wrong with that, or that it does not run.
    pub async fn fails(&self, endpoint: Endpoint, times: Option<u32>) -> Result<(), String> {
        let script = FaultScript { times, ..FaultScript::new(Fault::Status { status: 503 }).at(endpoint) };
        let mock = self.mock().map_err(|stopped| stopped.to_string())?;
        mock.faults().script(script).await.map_err(|error| error.to_string())
    }

    /// Nobody listens there for now, or somebody does again.
    ///
    /// # Errors
    ///
    /// What is wrong with that, or that it does not run.
    pub async fn is_in_reach(&self, again: bool) -> Result<(), String> {
        let mock = self.mock().map_err(|stopped| stopped.to_string())?;
        if again {
            mock.faults().clear().await;
            return Ok(());
        }
        mock.faults().script(FaultScript::new(Fault::Refuse)).await.map_err(|error| error.to_string())
    }

    /// Tells the event intake of a platform of tokens that it revokes, in the name of that administrator.
    ///
    /// # Errors
    ///
    /// What is wrong with that, or that it does not run.
    pub async fn tells(&self, intake: &str, username: &str, password: &str) -> Result<(), String> {
        let mock = self.mock().map_err(|stopped| stopped.to_string())?;
        let sent = mock.send_notices(Some(NoticeTarget::new(intake, username, password))).await;
        sent.map_err(|error| error.to_string())
    }

    /// Takes the running server away, to be stopped.
    pub(crate) fn take(&mut self) -> Option<AuthorizationServer> {
        self.running.take()
    }
}
