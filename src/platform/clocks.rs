//! The clock of each tenant: what the tenant's tokens and caches are compared with.
//! Who moves a clock is the harness's affair; a tenant without one of its own goes by the system's.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use kmspec_mocks::realm::Clock;

/// Every tenant's clock; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Clocks(Arc<RwLock<HashMap<String, Clock>>>);

impl Clocks {
    /// The tenant's clock: its own, or one that shows the system's time.
    pub fn of(&self, tenant: &str) -> Clock {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(tenant).cloned().unwrap_or_default()
    }

    /// Gives the tenant a clock. To be done before the tenant is announced: whoever asked before keeps what it got.
    pub fn set(&self, tenant: &str, clock: Clock) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(tenant.to_owned(), clock);
    }

    /// Forgets the tenant's clock.
    pub fn remove(&self, tenant: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(tenant);
    }
}
