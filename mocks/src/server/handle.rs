//! A running server, to be asked, changed and broken.
//! Everything in here can be done over HTTP as well: see `control`.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
};

use super::{
    behind::Behind,
    builder::AuthorizationServerBuilder,
    site::{Canned, Endpoints, Site},
};
use crate::{
    certificates::{
        CertificateAuthority, CertificateError, CertificateKind, CertificateMapping, ClientCheck, TlsIdentity,
        UnfitMapping,
    },
    defects::{self, Defects, NeverShows},
    faults::Faults,
    forge::Forge,
    front::{Door, Front},
    journal::{Endpoint, Journal, Recorder},
    notices::{Line, NoticeError, NoticeTarget},
    realm::{Clock, KeyChest, Realm},
    vendors::Vendor,
};

/// An authorization server on a port of this machine. Dropping it closes the port.
pub struct AuthorizationServer {
    pub(super) vendor: Vendor,
    pub(super) site: Arc<Site>,
    pub(super) recorder: Recorder,
    pub(super) tls: Certified,
    pub(super) door: Door,
    pub(super) chest: KeyChest,
    pub(super) notices: Mutex<Option<(NoticeTarget, Line)>>,
    pub(super) _front: Front,
    pub(super) _behind: Behind,
}

/// The certificates of a server.
pub(super) struct Certified {
    pub(super) authority: Arc<CertificateAuthority>,
    pub(super) names: Vec<String>,
    pub(super) clients: Option<Arc<ClientCheck>>,
    pub(super) kind: Mutex<CertificateKind>,
}

impl Certified {
    fn identity(&self, kind: CertificateKind) -> Result<TlsIdentity, CertificateError> {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        self.authority.issue_as(kind, &names)
    }

    pub(super) fn config(&self, kind: CertificateKind) -> Result<Arc<rustls::ServerConfig>, CertificateError> {
        let identity = self.identity(kind)?;
        Ok(match &self.clients {
            None => identity.server_config(),
            Some(clients) => identity.server_config_with(Arc::clone(clients)),
        })
    }
}

impl std::fmt::Debug for AuthorizationServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AuthorizationServer({} at {})", self.vendor, self.site.base_url)
    }
}

impl AuthorizationServer {
    /// A server that plays this vendor; nothing runs until it is started.
    pub fn builder(vendor: Vendor) -> AuthorizationServerBuilder {
        AuthorizationServerBuilder::new(vendor)
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
        &self.tls.authority
    }

    /// What is wrong with its certificate, if anything.
    pub fn certificate_kind(&self) -> CertificateKind {
        *self.tls.kind.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The certificate it serves with now, and its key.
    ///
    /// # Errors
    ///
    /// [`CertificateError`] when none can be made.
    pub fn identity(&self) -> Result<TlsIdentity, CertificateError> {
        self.tls.identity(self.certificate_kind())
    }

    /// Serves new connections with a certificate that is wrong in this way, or right again.
    ///
    /// # Errors
    ///
    /// [`CertificateError`] when none can be made.
    pub fn present(&self, kind: CertificateKind) -> Result<(), CertificateError> {
        self.door.change(self.tls.config(kind)?);
        *self.tls.kind.lock().unwrap_or_else(PoisonError::into_inner) = kind;
        Ok(())
    }

    /// Which certificates stand for which users: the row for the very certificate decides, else the first one for its
    /// issuer. WSO2 Identity Server 7 alone asks; the user is named in the header field `WSO2-Identity-User`.
    pub fn certificate_mappings(&self) -> Vec<CertificateMapping> {
        self.mappings().clone()
    }

    /// Puts these in the place of those that there are; none lets no certificate stand for anybody.
    ///
    /// # Errors
    ///
    /// [`UnfitMapping`] for a row that can fit nothing, and then nothing has changed.
    pub fn map_certificates(&self, mappings: Vec<CertificateMapping>) -> Result<(), UnfitMapping> {
        mappings.iter().try_for_each(CertificateMapping::check)?;
        *self.mappings() = mappings;
        Ok(())
    }

    fn mappings(&self) -> MutexGuard<'_, Vec<CertificateMapping>> {
        self.site.certificate_mappings.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Whether a defect could ever show here; its settings may still have to be changed for that.
    ///
    /// # Errors
    ///
    /// [`NeverShows`] when it could not, whatever its settings.
    pub fn can_show(&self, id: &str) -> Result<(), NeverShows> {
        defects::check(&self.site, id).map(|_| ())
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
        self.answer_as(endpoint, answer.map(|(status, body)| Canned::new(status, body)));
    }

    /// Answers every request of this kind with that from now on; as it should again when `None`.
    pub fn answer_as(&self, endpoint: Endpoint, answer: Option<Canned>) {
        let mut canned = self.site.canned.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Some(answer) => canned.insert(endpoint, answer),
            None => canned.remove(&endpoint),
        };
    }

    /// The answers that stand in for the right ones, by what they answer.
    pub fn answers(&self) -> BTreeMap<Endpoint, Canned> {
        self.site.canned.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tells a platform of every token, of whichever tenant, that ends before its time from now on, or nobody when `None`. Like the product, it
    /// tells in the background, once, and looks at no answer.
    ///
    /// # Errors
    ///
    /// [`NoticeError`] when the vendor sends no notices, or none can go there.
    pub async fn send_notices(&self, target: Option<NoticeTarget>) -> Result<(), NoticeError> {
        let Some(target) = target else {
            self.tell(None);
            return Ok(());
        };
        if ![Vendor::Is7, Vendor::Is].contains(&self.vendor) {
            return Err(NoticeError::Vendor(self.vendor.to_string()));
        }
        let line = Line::open(self.tls.authority.ca_pem(), target.clone())?;
        self.tell(Some((target, line)));
        Ok(())
    }

    /// Whom it tells of tokens that end before their time.
    pub fn notice_target(&self) -> Option<NoticeTarget> {
        self.notices().as_ref().map(|(target, _)| target.clone())
    }

    pub(super) fn notices(&self) -> MutexGuard<'_, Option<(NoticeTarget, Line)>> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The panics in its own code so far, oldest first: the test that used it proves nothing then.
    pub fn panics(&self) -> Vec<String> {
        self.site.panics.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it writes down what it is asked.
    pub fn is_recording(&self) -> bool {
        self.recorder.is_on()
    }

    /// Switches writing down on or off.
    pub fn record(&self, on: bool) {
        self.recorder.switch(on);
    }
}
