//! Bytes of a connection at a mock authorization server without a network: nothing may panic, nothing may fail with a 5xx.
//! The first byte chooses the vendor, the rest is what a client sends.
#![no_main]

use std::sync::OnceLock;

use kmspec_mocks::{
    realm::{ClientSpec, UserSpec},
    server::BareServer,
    vendors::Vendor,
};
use libfuzzer_sys::fuzz_target;

/// A server a vendor, with a client and a user whom requests can name.
fn servers() -> &'static [BareServer] {
    static SERVERS: OnceLock<Vec<BareServer>> = OnceLock::new();
    SERVERS.get_or_init(|| {
        Vendor::ALL
            .into_iter()
            .map(|vendor| {
                let server = BareServer::new(vendor);
                server.realm().add_client(ClientSpec::new("fuzz").id("fuzz").secret("fuzz"));
                server.realm().add_user(UserSpec::new("fuzz", "fuzz").roles(["admin"]));
                server
            })
            .collect()
    })
}

fuzz_target!(|bytes: &[u8]| {
    let Some((vendor, bytes)) = bytes.split_first() else { return };
    let servers = servers();
    let statuses = servers[usize::from(*vendor) % servers.len()].answers(bytes);
    assert!(statuses.iter().all(|status| *status < 500), "{statuses:?}");
});
