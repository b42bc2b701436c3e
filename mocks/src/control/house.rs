//! The servers of one process: each an issuer of its own, on a port of its own, with a name to be addressed by.
//! How they are addressed over HTTP is in `servers`.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::refusal::Refusal;
use crate::{
    certificates::CertificateAuthority,
    realm::KeyChest,
    server::{AuthorizationServer, AuthorizationServerBuilder},
    vendors::Vendor,
};

/// A house full of servers; clones share it. Its servers share an authority, and none of them a key with another.
#[derive(Debug, Clone)]
pub struct House(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    authority: Arc<CertificateAuthority>,
    chest: KeyChest,
    servers: Mutex<BTreeMap<String, Arc<AuthorizationServer>>>,
}

impl House {
    /// An empty house.
    pub fn new(authority: Arc<CertificateAuthority>) -> Self {
        Self::with_keys(authority, KeyChest::default())
    }

    /// An empty house whose servers draw their keys from this chest.
    pub fn with_keys(authority: Arc<CertificateAuthority>, chest: KeyChest) -> Self {
        Self(Arc::new(Inner { authority, chest, servers: Mutex::default() }))
    }

    /// The authority that the servers' certificates are of.
    pub fn authority(&self) -> &Arc<CertificateAuthority> {
        &self.0.authority
    }

    /// A server to be started, with the house's authority and keys.
    pub fn builder(&self, vendor: Vendor) -> AuthorizationServerBuilder {
        AuthorizationServer::builder(vendor).certificates(Arc::clone(&self.0.authority)).chest(self.0.chest.clone())
    }

    /// Takes a server in, under the name of its vendor, numbered where that is taken; gives the name.
    pub fn take_in(&self, server: AuthorizationServer) -> String {
        let vendor = server.vendor().name();
        let mut servers = self.servers();
        let mut names = (1..).map(|number| if number == 1 { vendor.to_owned() } else { format!("{vendor}-{number}") });
        let name = names.find(|name| !servers.contains_key(name)).expect("there is always a next number");
        servers.insert(name.clone(), Arc::new(server));
        name
    }

    /// The server of that name.
    pub fn server(&self, name: &str) -> Option<Arc<AuthorizationServer>> {
        self.servers().get(name).cloned()
    }

    /// Every server by name.
    pub fn all(&self) -> Vec<(String, Arc<AuthorizationServer>)> {
        self.servers().iter().map(|(name, server)| (name.clone(), Arc::clone(server))).collect()
    }

    /// Ends a server; whether there was one of that name.
    pub fn end(&self, name: &str) -> bool {
        self.servers().remove(name).is_some()
    }

    /// The server of that name, or a refusal that names those there are.
    pub(super) fn named(&self, name: &str) -> Result<Arc<AuthorizationServer>, Refusal> {
        self.server(name).ok_or_else(|| Refusal::missing("server", name, self.servers().keys().cloned()))
    }

    fn servers(&self) -> MutexGuard<'_, BTreeMap<String, Arc<AuthorizationServer>>> {
        self.0.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
