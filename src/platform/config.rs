//! What a platform is started with.
//! Reading it from arguments or files is left to the command line.

use std::{net::SocketAddr, time::Duration};

use super::{deployment::Deployment, store::Data};

/// Settings of a platform; [`PlatformConfig::loopback`] has the usual ones.
#[derive(Debug, Clone)]
pub struct PlatformConfig {
    /// Where the management planes and the resident key manager listen.
    pub management: SocketAddr,
    /// Where API traffic is taken.
    pub gateway: SocketAddr,
    /// Where API traffic is taken without TLS; nowhere when `None`.
    pub plain_gateway: Option<SocketAddr>,
    /// Certificate of the first two.
    pub tls: Tls,
    /// Certificate authorities, in PEM, that outgoing calls trust; no others are trusted.
    pub trust_pem: Vec<String>,
    /// Where the data lives.
    pub data: Data,
    /// Host name under which the platform speaks of itself.
    pub public_host: String,
    /// What an administrator of the product configures.
    pub deployment: Deployment,
    /// How old a key set may get before it is fetched again beside the traffic: a withdrawn key dies within this and
    /// a call.
    pub key_refresh: Duration,
    /// Until when an outgoing connection must stand.
    pub connect_timeout: Duration,
    /// Until when an outgoing call must be answered.
    pub call_timeout: Duration,
}

/// A certificate chain and its private key, in PEM.
#[derive(Clone)]
pub struct Tls {
    /// Leaf first.
    pub chain_pem: String,
    /// PKCS#8, PKCS#1 or SEC 1.
    pub key_pem: String,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("chain_pem", &self.chain_pem).finish_non_exhaustive()
    }
}

impl PlatformConfig {
    /// Both ports of the system's choice on the loopback, data in memory, key sets
    /// up to 3 s old, time limits of 2 s to connect and 5 s for a call.
    pub fn loopback(tls: Tls, trust_pem: Vec<String>) -> Self {
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            management: any_port,
            gateway: any_port,
            plain_gateway: None,
            tls,
            trust_pem,
            data: Data::Memory,
            public_host: "localhost".to_owned(),
            deployment: Deployment::default(),
            key_refresh: Duration::from_secs(3),
            connect_timeout: Duration::from_secs(2),
            call_timeout: Duration::from_secs(5),
        }
    }
}
