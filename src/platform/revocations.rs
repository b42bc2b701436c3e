//! Forgetting tokens, codes and logins that have ended, and revocations of tokens that have, so that the store does not grow
//! with each of them. What is revoked, and refusing it, is left to the gateway and the resident key manager.

use std::sync::Arc;

use tokio::sync::broadcast::error::RecvError;

use super::{
    clocks::Clocks,
    domain::Tenant,
    events::Event,
    resident,
    site::Site,
    store::{Documents, Revocation, StoreError},
};

/// After so many revocations those that ended are looked for.
pub(super) const CADENCE: usize = 64;

/// How long one is kept beyond the end of its token, for tokens whose end was rounded or is told by another's clock.
pub(super) const KEPT_BEYOND_MS: u64 = 300_000;

/// Forgets at once, and then after every [`CADENCE`] revocations for as long as the platform lives.
pub(super) async fn keep_short(site: &Arc<Site>) -> Result<(), StoreError> {
    let mut events = site.bus.subscribe();
    forget(site).await?;
    let panics = site.panics.clone();
    let site = Arc::downgrade(site);
    tokio::spawn(async move {
        let follow = async {
            let mut seen = 0;
            loop {
                match events.recv().await {
                    Ok(Event::TokenRevoked { .. }) => seen += 1,
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => seen = CADENCE,
                    Err(RecvError::Closed) => break,
                }
                let Some(site) = site.upgrade() else { break };
                if seen >= CADENCE {
                    seen = 0;
                    if let Err(error) = forget(&site).await {
                        tracing::error!(%error, "ended revocations could not be forgotten");
                    }
                }
            }
        };
        panics.catch("ended revocations", follow).await;
    });
    Ok(())
}

async fn forget(site: &Site) -> Result<(), StoreError> {
    let clocks = site.clocks.clone();
    let forgotten = site.store.write(move |documents| forget_ended(documents, &clocks)).await?;
    tracing::debug!(forgotten, "ended revocations");
    Ok(())
}

/// Each tenant's by its own clock. Those that came as events name no tenant, and so end with the slowest clock.
fn forget_ended(documents: &Documents<'_>, clocks: &Clocks) -> Result<usize, StoreError> {
    let mut forgotten = 0;
    let mut slowest = u64::MAX;
    for (domain, _) in documents.everywhere::<Tenant>()? {
        let now = clocks.of(&domain).now_ms();
        slowest = slowest.min(now);
        let before = now.saturating_sub(KEPT_BEYOND_MS);
        forgotten += documents.remove_ended::<Revocation>(&domain, "expires_at_ms", before)?;
        forgotten += resident::forget_ended(documents, &domain, before / 1000)?;
    }
    if slowest < u64::MAX {
        let before = slowest.saturating_sub(KEPT_BEYOND_MS);
        forgotten += documents.remove_ended::<Revocation>("", "expires_at_ms", before)?;
    }
    Ok(forgotten)
}
