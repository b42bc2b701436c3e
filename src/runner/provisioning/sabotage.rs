//! The seeded defect of a run, if one is switched on: its saboteur, and the places where interposers stand.
//! What the saboteur does there is the business of `prove`.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use url::{Origin, Url};

use kmspec_drivers::session::Planes;
use kmspec_prove::{Accomplices, Interposer, InterposerConfig, InterposerError, Saboteur, Side};

/// A seeded defect at work.
pub struct Sabotage {
    saboteur: Arc<dyn Saboteur>,
    accomplices: Arc<Accomplices>,
    tls: Arc<rustls::ServerConfig>,
    trust: Vec<String>,
    tallies: Mutex<Vec<Arc<AtomicUsize>>>,
}

impl Sabotage {
    /// The saboteur, served with this certificate, before subjects that these CAs vouch for.
    pub fn new(
        saboteur: Arc<dyn Saboteur>,
        accomplices: Arc<Accomplices>,
        tls: Arc<rustls::ServerConfig>,
        trust: Vec<String>,
    ) -> Self {
        Self { saboteur, accomplices, tls, trust, tallies: Mutex::default() }
    }

    /// Where mock authorization servers lend their keys.
    pub fn accomplices(&self) -> &Accomplices {
        &self.accomplices
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
        let interposer = Interposer::start(InterposerConfig {
            upstream,
            side,
            tls: Some(Arc::clone(&self.tls)),
            trust: self.trust.clone(),
            saboteur: Arc::clone(&self.saboteur),
        })
        .await?;
        self.tallies.lock().unwrap_or_else(PoisonError::into_inner).push(interposer.tally());
        Ok(interposer)
    }
}
