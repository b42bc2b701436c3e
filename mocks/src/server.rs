//! An authorization server on a port: a wiremock server that answers from a realm, behind a TLS front.
//! How it answers is put together from `endpoints` and one of `vendors`.

use std::{
    collections::BTreeMap,
    io,
    panic::{self, AssertUnwindSafe},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::{Deserialize, Serialize};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

use crate::{
    certificates::{CertificateAuthority, CertificateError},
    defects::{Defects, UnknownDefect},
    endpoints::{
        api_resources,
        call::{Call, Reply},
        login, login_is7, scim_roles, scim_users,
    },
    faults::{Fault, Faults},
    forge::Forge,
    front::{Front, Port},
    journal::{Endpoint, Journal, JournalEntry, Recorder},
    realm::{Clock, KeyChest, Realm},
    vendors::{Dialect, Vendor},
};

/// Why a mock server did not start.
#[derive(Debug, thiserror::Error)]
pub enum MockError {
    /// Its port could not be had.
    #[error(
        "opening port {port} on 127.0.0.1 for the mock `{vendor}`: {source}\nhint: another process may hold it; leave the port out to get a free one"
    )]
    Port {
        /// Who was to be played.
        vendor: String,
        /// The port asked for; 0 means any.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// Its certificate could not be made.
    #[error("making the certificate of a mock server: {0}")]
    Certificate(#[from] CertificateError),
    /// A defect was asked for that there is none of.
    #[error(transparent)]
    Defect(#[from] UnknownDefect),
}

/// Where an authorization server's endpoints are, as absolute URLs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    /// Token endpoint.
    pub token: String,
    /// Device authorization, where there is one.
    pub device_authorization: Option<String>,
    /// Key set.
    pub jwks: String,
    /// Authorization endpoint.
    pub authorize: String,
    /// Introspection, where there is one.
    pub introspection: Option<String>,
    /// Revocation, where there is one.
    pub revocation: Option<String>,
    /// Client registration, where there is one.
    pub registration: Option<String>,
    /// User profile in the form that key managers read, where there is one.
    pub userinfo: Option<String>,
    /// Management of scopes, where there is one.
    pub scopes: Option<String>,
}

/// What every endpoint answers from.
pub(crate) struct Site {
    pub(crate) realm: Realm,
    pub(crate) base_url: String,
    pub(crate) endpoints: Endpoints,
    pub(crate) dialect: Arc<dyn Dialect>,
    pub(crate) faults: Faults,
    pub(crate) defects: Defects,
    /// How often it was started again.
    restarts: AtomicU64,
    /// What opens client registration by Bearer, where the vendor has such a thing.
    pub(crate) initial_access_token: Option<String>,
    /// Answers that stand in for the right ones, as status and body.
    canned: Mutex<BTreeMap<Endpoint, (u16, String)>>,
    /// Panics while answering, oldest first.
    panics: Mutex<Vec<String>>,
}

impl Site {
    /// How often it was started again.
    pub(crate) fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Acquire)
    }

    /// The answer that stands in for the right one, if there is one.
    fn canned(&self, endpoint: Endpoint) -> Option<Reply> {
        let canned = self.canned.lock().unwrap_or_else(PoisonError::into_inner);
        let (status, body) = canned.get(&endpoint)?;
        let json = ("content-type".to_owned(), "application/json".to_owned());
        Some(Reply { headers: vec![json], ..Reply::empty(*status).text(body.clone()) })
    }
}

/// How an authorization server is to be started.
#[must_use]
pub struct AuthorizationServerBuilder {
    vendor: Vendor,
    certificates: Option<Arc<CertificateAuthority>>,
    clock: Clock,
    chest: KeyChest,
    host: String,
    port: Option<u16>,
    recording: bool,
    defects: Vec<String>,
}

impl AuthorizationServerBuilder {
    /// With a certificate of this authority; one of its own makes do otherwise.
    pub fn certificates(mut self, certificates: Arc<CertificateAuthority>) -> Self {
        self.certificates = Some(certificates);
        self
    }

    /// With this clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// With keys out of this chest, now and at every rotation; out of one of its own otherwise. Servers that draw from
    /// one chest never share a key.
    pub fn chest(mut self, chest: KeyChest) -> Self {
        self.chest = chest;
        self
    }

    /// Under this host name, which stands in the issuer and in the certificate; `localhost` otherwise.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = host.into();
        self
    }

    /// On this port; a free one otherwise.
    pub fn port(mut self, port: Option<u16>) -> Self {
        self.port = port;
        self
    }

    /// Whether requests and answers are written down. Under load they should not be.
    pub fn recording(mut self, recording: bool) -> Self {
        self.recording = recording;
        self
    }

    /// With this defect switched on, by its id in the catalogue of defects.
    pub fn defect(mut self, id: impl Into<String>) -> Self {
        self.defects.push(id.into());
        self
    }

    /// Starts it; it serves as soon as this returns.
    ///
    /// # Errors
    ///
    /// [`MockError`] when the port is taken, the host name cannot stand in a certificate, or a defect is unknown.
    pub async fn start(self) -> Result<AuthorizationServer, MockError> {
        let defects = Defects::default();
        self.defects.iter().try_for_each(|id| defects.switch_on(id))?;
        let taken = |source| MockError::Port { vendor: self.vendor.to_string(), port: self.port.unwrap_or(0), source };
        let port = Port::take(self.port).await.map_err(taken)?;
        let base_url = format!("https://{}:{}", self.host, port.number());
        let certificates = match self.certificates {
            Some(certificates) => certificates,
            None => Arc::new(CertificateAuthority::new("kmspec mock")?),
        };
        let mut names = vec![self.host.as_str(), "localhost", "127.0.0.1"];
        names.dedup();
        let identity = certificates.issue(&names)?;

        let dialect = self.vendor.dialect();
        let realm = Realm::new(dialect.realm(&base_url, self.clock, &self.chest));
        dialect.furnish(&realm);
        let endpoints = dialect.endpoints(&base_url);
        let site = Arc::new(Site {
            initial_access_token: dialect.initial_access_token(),
            faults: faults(&dialect, &endpoints, realm.issuer()),
            defects,
            restarts: AtomicU64::new(0),
            endpoints,
            realm,
            base_url,
            dialect,
            canned: Mutex::default(),
            panics: Mutex::default(),
        });
        let recorder = Recorder::new(self.recording);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(taken)?;
        // Our own journal holds the answers too; wiremock's would be a second copy of the requests.
        let mock = MockServer::builder().listener(listener).disable_request_recording().start().await;
        let answering = Answering { site: Arc::clone(&site), recorder: recorder.clone() };
        mock.register(Mock::given(any()).respond_with(answering)).await;
        let front = port.serve(identity.server_config(), *mock.address(), site.faults.clone());
        Ok(AuthorizationServer { vendor: self.vendor, site, recorder, certificates, mock: Some(mock), _front: front })
    }
}

/// An authorization server on a port of this machine. Dropping it closes the port.
pub struct AuthorizationServer {
    vendor: Vendor,
    site: Arc<Site>,
    recorder: Recorder,
    certificates: Arc<CertificateAuthority>,
    mock: Option<MockServer>,
    _front: Front,
}

impl std::fmt::Debug for AuthorizationServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AuthorizationServer({} at {})", self.vendor, self.site.base_url)
    }
}

impl AuthorizationServer {
    /// A server that plays this vendor; nothing runs until it is started.
    pub fn builder(vendor: Vendor) -> AuthorizationServerBuilder {
        AuthorizationServerBuilder {
            vendor,
            certificates: None,
            clock: Clock::system(),
            chest: KeyChest::default(),
            host: "localhost".to_owned(),
            port: None,
            recording: true,
            defects: Vec::new(),
        }
    }

    /// Whom it plays.
    pub fn vendor(&self) -> Vendor {
        self.vendor
    }

    /// The issuer, exactly as it stands in tokens.
    pub fn issuer(&self) -> &str {
        self.site.realm.issuer()
    }

    /// Scheme, host and port.
    pub fn base_url(&self) -> &str {
        &self.site.base_url
    }

    /// Where the discovery document is: the issuer without its trailing slash, and the well-known path behind it.
    pub fn discovery_url(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.issuer().trim_end_matches('/'))
    }

    /// Where the endpoints are.
    pub fn endpoints(&self) -> &Endpoints {
        &self.site.endpoints
    }

    /// What it knows, to be looked at and changed.
    pub fn realm(&self) -> &Realm {
        &self.site.realm
    }

    /// The time as it sees it.
    pub fn clock(&self) -> &Clock {
        self.site.realm.clock()
    }

    /// What opens client registration by Bearer, where the vendor has such a thing.
    pub fn initial_access_token(&self) -> Option<&str> {
        self.site.initial_access_token.as_deref()
    }

    /// The authority that its certificate is of.
    pub fn certificates(&self) -> &CertificateAuthority {
        &self.certificates
    }

    /// A forge for tokens of this issuer, with its keys and its clock.
    pub fn forge(&self) -> Forge {
        Forge::new(self.issuer(), self.site.realm.keys().clone(), self.clock().clone())
    }

    /// What goes wrong on demand.
    pub fn faults(&self) -> &Faults {
        &self.site.faults
    }

    /// The seeded defects that it has, to be switched on and off.
    pub fn defects(&self) -> &Defects {
        &self.site.defects
    }

    /// Starts it again as far as others can tell: logins, devices and codes that were under way are lost, what it keeps
    /// for good stays. Address, keys, tokens and open connections stay, too.
    pub fn restart(&self) {
        self.site.realm.forget_pending();
        self.site.defects.forget();
        self.site.restarts.fetch_add(1, Ordering::AcqRel);
    }

    /// What it was asked and answered up to now. An answer is written down before it is sent.
    pub async fn journal(&self) -> Journal {
        self.recorder.read()
    }

    /// Forgets what is written down.
    pub async fn clear_journal(&self) {
        self.recorder.clear();
    }

    /// Answers every request of this kind with that status and JSON text from now on; as it should again when `None`.
    pub fn answer_with(&self, endpoint: Endpoint, answer: Option<(u16, String)>) {
        let mut canned = self.site.canned.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Some(answer) => canned.insert(endpoint, answer),
            None => canned.remove(&endpoint),
        };
    }

    /// The panics in its own code so far, oldest first: the test that used it proves nothing then.
    pub fn panics(&self) -> Vec<String> {
        self.site.panics.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Switches writing down on or off.
    pub fn record(&self, on: bool) {
        self.recorder.switch(on);
    }
}

impl Drop for AuthorizationServer {
    fn drop(&mut self) {
        // A wiremock server waits for its own lock when it is dropped. Inside of a task that has used up its share of
        // the runtime that wait never ends, so it happens on a thread of its own.
        if let Some(mock) = self.mock.take() {
            std::thread::spawn(move || drop(mock));
        }
    }
}

/// Answers whatever reaches the wiremock server.
struct Answering {
    site: Arc<Site>,
    recorder: Recorder,
}

impl Respond for Answering {
    /// A panic is answered 500 and remembered.
    fn respond(&self, request: &Request) -> ResponseTemplate {
        panic::catch_unwind(AssertUnwindSafe(|| self.answer(request))).unwrap_or_else(|payload| {
            let text = payload.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("a panic without a message");
            let what = format!("{} {}: {text}", request.method, request.url.path());
            self.site.panics.lock().unwrap_or_else(PoisonError::into_inner).push(what);
            ResponseTemplate::new(500)
        })
    }
}

impl Answering {
    fn answer(&self, request: &Request) -> ResponseTemplate {
        let at_us = self.recorder.elapsed_us();
        let call = call(request);
        let routed = self.site.dialect.route(&call.path);
        let endpoint = routed.as_ref().map_or_else(|| Endpoint::guess(&call.path), |(endpoint, _)| *endpoint);
        let fault = self.site.faults.of_answer(endpoint);
        let reply = match (fault.as_ref().and_then(Fault::replacement), routed) {
            (Some(replacement), _) => replacement,
            (None, Some((_, handler))) => {
                self.site.canned(endpoint).unwrap_or_else(|| Defects::answer(&self.site, endpoint, &call, handler))
            }
            (None, None) => Reply::empty(404),
        };
        let reply = fault.iter().fold(reply, |reply, fault| fault.spoil(reply));
        let mut template = template(&reply);
        if let Some(delay) = fault.and_then(|fault| fault.delay()).or(reply.late_by) {
            template = template.set_delay(delay);
        }
        if self.recorder.is_on() {
            self.recorder.write(entry(at_us, endpoint, call, reply));
        }
        template
    }
}

/// Paths that stand in no list of endpoints.
const FURTHER_PATHS: [&str; 5] =
    [login::PATH, login_is7::COMMONAUTH, api_resources::BASE, scim_users::BASE, scim_roles::BASE];

/// No faults yet; which endpoints there are is found by asking for their paths.
fn faults(dialect: &Arc<dyn Dialect>, endpoints: &Endpoints, issuer: &str) -> Faults {
    let discovery = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let optional = [
        &endpoints.device_authorization,
        &endpoints.introspection,
        &endpoints.revocation,
        &endpoints.registration,
        &endpoints.userinfo,
        &endpoints.scopes,
    ];
    let urls = [&discovery, &endpoints.token, &endpoints.jwks, &endpoints.authorize]
        .into_iter()
        .chain(optional.into_iter().flatten())
        .filter_map(|url| url::Url::parse(url).ok());
    let paths = urls.map(|url| url.path().to_owned()).chain(FURTHER_PATHS.map(str::to_owned));
    let served = paths.filter_map(|path| dialect.route(&path)).map(|(endpoint, _)| endpoint).collect();
    let dialect = Arc::clone(dialect);
    Faults::new(served, move |path| dialect.route(path).map_or_else(|| Endpoint::guess(path), |(endpoint, _)| endpoint))
}

fn call(request: &Request) -> Call {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Call {
        method: request.method.to_string(),
        path: request.url.path().to_owned(),
        query: request.url.query().map(str::to_owned),
        headers: request.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
        body: request.body.clone(),
    }
}

fn template(reply: &Reply) -> ResponseTemplate {
    let mut template = ResponseTemplate::new(reply.status).set_body_bytes(reply.body.as_bytes());
    for (name, value) in &reply.headers {
        // A value that cannot stand in a header field would make wiremock panic.
        if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(name), http::HeaderValue::try_from(value)) {
            template = template.append_header(name, value);
        }
    }
    template
}

fn entry(at_us: u64, endpoint: Endpoint, call: Call, reply: Reply) -> JournalEntry {
    JournalEntry {
        at_us,
        endpoint,
        method: call.method,
        path: call.path,
        query: call.query,
        headers: call.headers,
        body: String::from_utf8_lossy(&call.body).into_owned(),
        status: reply.status,
        answer_headers: reply.headers,
        answer_body: reply.body,
    }
}
