//! The seeded defect of a run, if one is switched on: its saboteur, and the places where interposers stand.
//! What the saboteur does there is the business of `prove`.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use url::{Origin, Url};

use kmspec_drivers::session::Planes;
use kmspec_mocks::forge::Forge;
use kmspec_prove::{Accomplices, Clients, Interposer, InterposerConfig, InterposerError, Saboteur, Side};

/// A seeded defect at work.
pub struct Sabotage {
    saboteur: Arc<dyn Saboteur>,
    accomplices: Arc<Accomplices>,
    tls: Arc<rustls::ServerConfig>,
    trust: Vec<String>,
    tallies: Mutex<Vec<Arc<AtomicUsize>>>,
    /// Before authorization servers, by their issuers.
    before_servers: Mutex<Vec<(String, Interposer)>>,
    clients: Clients,
}

impl Sabotage {
    /// The saboteur, served with this certificate, before subjects that these CAs vouch for.
    pub fn new(
        saboteur: Arc<dyn Saboteur>,
        accomplices: Arc<Accomplices>,
        tls: Arc<rustls::ServerConfig>,
        trust: Vec<String>,
    ) -> Self {
        let (tallies, before_servers, clients) = Default::default();
        Self { saboteur, accomplices, tls, trust, tallies, before_servers, clients }
    }

    /// Where mock authorization servers lend their keys.
    pub fn accomplices(&self) -> &Accomplices {
        &self.accomplices
    }

    /// Where clients lend the certificates that they show in handshakes.
    pub fn clients(&self) -> &Clients {
        &self.clients
    }

    /// The subject that serves a tenant was started anew.
    pub fn tell_of_restart(&self, tenant: &str) {
        self.saboteur.on_restart(tenant);
    }

    /// In how many messages the defect showed so far, interposers that ended included.
    pub fn deeds(&self) -> usize {
        let tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        tallies.iter().map(|tally| tally.load(Ordering::Relaxed)).sum()
    }

    /// A mock authorization server has started: it lends its keys, and an interposer stands before it where the saboteur
    /// wants to see what it is asked.
    ///
    /// # Errors
    ///
    /// [`InterposerError`] when the interposer cannot take its place.
    pub async fn enlist(&self, forge: Forge, base: &str) -> Result<(), InterposerError> {
        let issuer = forge.issuer().to_owned();
        self.accomplices.enlist(forge);
        let Some(url) = Url::parse(base).ok().filter(|_| self.saboteur.meets_servers()) else { return Ok(()) };
        let interposer = self.interposer(&url, Side::AuthorizationServer).await?;
        let place = interposer.url().origin().ascii_serialization();
        self.accomplices.stand_in(&issuer, base.trim_end_matches('/'), &place);
        self.before_servers.lock().unwrap_or_else(PoisonError::into_inner).push((issuer, interposer));
        Ok(())
    }

    /// A mock authorization server stops; the panics of the interposer before it.
    pub fn dismiss(&self, issuer: &str) -> Vec<String> {
        self.accomplices.dismiss(issuer);
        let mut standing = self.before_servers.lock().unwrap_or_else(PoisonError::into_inner);
        let (gone, left) = standing.drain(..).partition(|(of, _)| of == issuer);
        *standing = left;
        let gone: Vec<(String, Interposer)> = gone;
        gone.iter().flat_map(|(_, interposer)| interposer.panics()).collect()
    }

    /// Puts an interposer before each origin of these planes; drivers then go through them.
    ///
    /// # Errors
    ///
    /// [`InterposerError`] when one cannot take its place.
    pub async fn stand_before(&self, mut planes: Planes) -> Result<(Planes, Vec<Interposer>), InterposerError> {
        let mut standing: Vec<(Origin, Interposer)> = Vec::new();
        for (plane, side) in [
            (&mut planes.admin, Side::Management),
            (&mut planes.publisher, Side::Management),
            (&mut planes.devportal, Side::Management),
            (&mut planes.resident, Side::Management),
            (&mut planes.gateway, Side::Gateway),
        ] {
            let Some(url) = plane else { continue };
            if !standing.iter().any(|(origin, _)| *origin == url.origin()) {
                standing.push((url.origin(), self.interposer(url, side).await?));
            }
            let place = standing.iter().find(|(origin, _)| *origin == url.origin());
            let mut moved = place.expect("one was put there just now").1.url().clone();
            moved.set_path(url.path());
            *plane = Some(moved);
        }
        Ok((planes, standing.into_iter().map(|(_, interposer)| interposer).collect()))
    }

    async fn interposer(&self, before: &Url, side: Side) -> Result<Interposer, InterposerError> {
        let mut upstream = before.clone();
        upstream.set_path("/");
        let config = InterposerConfig {
            upstream,
            side,
            tls: Some(Arc::clone(&self.tls)),
            trust: self.trust.clone(),
            saboteur: Arc::clone(&self.saboteur),
        };
        let interposer = Interposer::start_for(config, self.clients.clone()).await?;
        self.tallies.lock().unwrap_or_else(PoisonError::into_inner).push(interposer.tally());
        Ok(interposer)
    }
}
