//! Bytes of a connection at a mock authorization server without a network: nothing may panic, nothing may fail with a 5xx.
//! The first byte chooses the vendor, and whether the rest is what a client sends, or spoils a request that would hold.
#![no_main]

#[path = "../../mocks/tests/support/everything.rs"]
mod everything;

use std::sync::OnceLock;

use everything::{Everything, GRANTS, posted};
use kmspec_mocks::{
    certificates::{CertificateAuthority, TlsIdentity},
    server::BareServer,
    vendors::Vendor,
};
use libfuzzer_sys::fuzz_target;

/// A server, what its client can do there, and the path of its token endpoint.
struct Furnished {
    server: BareServer,
    everything: Everything,
    path: String,
}

/// A server a vendor, each at the end of a connection whose client showed a certificate.
fn servers() -> &'static [Furnished] {
    static SERVERS: OnceLock<Vec<Furnished>> = OnceLock::new();
    SERVERS.get_or_init(|| {
        let authority = CertificateAuthority::new("fuzz").expect("an authority");
        let shown = authority.issue(&["client.test"]).expect("a certificate");
        Vendor::ALL.into_iter().map(|vendor| furnished(vendor, &shown)).collect()
    })
}

fn furnished(vendor: Vendor, shown: &TlsIdentity) -> Furnished {
    let server = BareServer::new(vendor).shown(shown);
    let everything = Everything::furnish(server.realm(), Some(shown.x5t_s256()));
    // Behind the scheme and the two slashes.
    let place = server.endpoints().token.get(8..).unwrap_or_default();
    let path = place.find('/').map_or("/", |at| &place[at..]).to_owned();
    Furnished { server, everything, path }
}

/// The request by a grant in which one field is spoilt: a byte for grant, envelope, step and client, one for the field, one that says how,
/// and the text.
fn spoilt(at: &Furnished, bytes: &[u8]) -> Option<Vec<u8>> {
    let [kind, field, how, text @ ..] = bytes else { return None };
    let (begun, certified, wrapped) = (kind & 0x80 != 0, kind & 0x40 != 0, kind & 0x20 != 0);
    let grant = GRANTS[usize::from(kind & 0x1f) % GRANTS.len()];
    let mut fields = at.everything.fields(grant, begun, wrapped);
    let (_, value) = fields.get_mut(usize::from(*field))?;
    let mut changed = value.clone().into_bytes();
    match how {
        0 => changed = text.to_vec(),
        1 => changed.extend_from_slice(text),
        // From there on other bytes, and then as before.
        part => {
            let from = changed.len() * usize::from(*part) / 256;
            changed.iter_mut().skip(from).zip(text).for_each(|(byte, other)| *byte = *other);
        }
    }
    *value = String::from_utf8_lossy(&changed).into_owned();
    Some(posted(&at.path, &fields, certified))
}

fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let servers = servers();
    let chosen = &servers[usize::from(first & 0x7f) % servers.len()];
    let statuses = if first & 0x80 == 0 {
        chosen.server.answers(bytes)
    } else {
        let Some(request) = spoilt(chosen, bytes) else { return };
        chosen.server.answers(&request)
    };
    assert!(statuses.iter().all(|status| *status < 500), "{statuses:?}");
});
