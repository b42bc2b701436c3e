//! Defects of servers whose addresses lie otherwise than usual: below a base path, or on two hosts.
//! The honest addresses are `server::layout`'s.

use serde_json::Value;
use url::Url;

use super::{
    needs::Needs,
    registry::Defect,
    turn::{Turn, changed_success},
};
use crate::{endpoints::call::Reply, journal::Endpoint};

const fn defect(id: &'static str, summary: &'static str, endpoint: Endpoint, answer: fn(&Turn<'_>) -> Reply) -> Defect {
    Defect::new(id, summary, endpoint, answer)
}

pub(super) const DEFECTS: &[Defect] = &[
    defect(
        "DEF-SEED-AS-DISCO-12",
        "discovery leaves the base path out of the token endpoint",
        Endpoint::Discovery,
        without_base_path,
    )
    .at(Needs::BasePath),
    defect(
        "DEF-SEED-AS-DISCO-13",
        "discovery names the key set at the server's host, not at the issuer's",
        Endpoint::Discovery,
        keys_elsewhere,
    )
    .at(Needs::IssuerHost),
    defect(
        "DEF-SEED-AS-DISCO-14",
        "the key set is served at the server's host as well as at the issuer's",
        Endpoint::Jwks,
        any_host,
    )
    .at(Needs::IssuerHost),
];

/// Changes an address of the document.
fn moved(turn: &Turn<'_>, member: &str, change: impl FnOnce(&mut Url)) -> Reply {
    changed_success(turn.honest(), |members| {
        let address = members.get(member).and_then(Value::as_str).and_then(|text| Url::parse(text).ok());
        if let Some(mut url) = address {
            change(&mut url);
            members.insert(member.to_owned(), Value::String(url.into()));
        }
    })
}

fn without_base_path(turn: &Turn<'_>) -> Reply {
    let base = turn.site.base_path();
    moved(turn, "token_endpoint", |url| {
        let path = url.path().strip_prefix(base).unwrap_or(url.path()).to_owned();
        url.set_path(&path);
    })
}

fn keys_elsewhere(turn: &Turn<'_>) -> Reply {
    let own = Url::parse(&turn.site.base_url).ok();
    moved(turn, "jwks_uri", |url| {
        // A host that the server's own address has can stand in any other.
        let _ = url.set_host(own.as_ref().and_then(Url::host_str));
    })
}

fn any_host(turn: &Turn<'_>) -> Reply {
    let routed = turn.site.dialect.route(&turn.call.path).filter(|_| turn.site.has_two_hosts());
    match routed {
        Some((_, handler)) => handler(turn.site, turn.call),
        None => turn.honest(),
    }
}
