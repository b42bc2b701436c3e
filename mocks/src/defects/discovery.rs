//! Defects of the discovery document (RFC 8414, OpenID Connect Discovery): wrong, empty or missing members.
//! The honest members are the vendor's.

use serde_json::{Value, json};

use super::{
    needs::{Needs, WITHOUT_OFFSET, offset_port},
    registry::Defect,
    turn::{Turn, changed_success},
};
use crate::{endpoints::call::Reply, journal::Endpoint};

const fn defect(id: &'static str, summary: &'static str, answer: fn(&Turn<'_>) -> Reply) -> Defect {
    Defect::new(id, summary, Endpoint::Discovery, answer)
}

pub(super) const DEFECTS: &[Defect] = &[
    defect(
        "DEF-132",
        "the issuer of the discovery document begins with http, that of the tokens with https",
        http_issuer,
    ),
    defect("DEF-SEED-AS-DISCO-01", "discovery does not say which response types there are", no_response_types),
    defect("DEF-SEED-AS-DISCO-02", "discovery does not say which subject types there are", no_subject_types),
    defect("DEF-SEED-AS-DISCO-03", "discovery does not offer RS256 for id tokens", no_rs256),
    defect("DEF-SEED-AS-DISCO-04", "discovery does not say which grant types there are", no_grant_types),
    defect("DEF-SEED-AS-DISCO-05", "the addresses in discovery carry a fragment", fragments),
    defect("DEF-SEED-AS-DISCO-06", "discovery holds empty lists", empty_lists),
    defect("DEF-SEED-AS-DISCO-07", "discovery is served as plain text", as_text),
    defect("DEF-SEED-AS-DISCO-08", "the issuer in discovery has a query", queried_issuer),
    defect("DEF-SEED-AS-DISCO-09", "discovery offers tokens through the browser's address", implicit),
    defect("DEF-SEED-AS-DISCO-10", "with a port offset discovery names the port without it", without_offset)
        .at(Needs::Offset),
    defect("DEF-SEED-AS-DISCO-11", "discovery does not say how clients sign their assertions", no_signing_algorithms),
];

fn implicit(turn: &Turn<'_>) -> Reply {
    changed_success(turn.honest(), |members| {
        if let Some(Value::Array(types)) = members.get_mut("response_types_supported") {
            types.extend([json!("token"), json!("id_token token")]);
        }
    })
}

fn without_offset(turn: &Turn<'_>) -> Reply {
    let Some(port) = offset_port(turn.site) else { return turn.honest() };
    changed_success(turn.honest(), |members| {
        for address in
            members.values_mut().filter_map(|value| if let Value::String(text) = value { Some(text) } else { None })
        {
            *address = address.replacen(&format!(":{port}/"), &format!(":{WITHOUT_OFFSET}/"), 1);
        }
    })
}

fn queried_issuer(turn: &Turn<'_>) -> Reply {
    changed_success(turn.honest(), |members| {
        if let Some(Value::String(issuer)) = members.get_mut("issuer") {
            issuer.push_str("?tenant=carbon.super");
        }
    })
}

/// As behind a proxy that ends TLS and does not say so.
fn http_issuer(turn: &Turn<'_>) -> Reply {
    changed_success(turn.honest(), |members| {
        if let Some(Value::String(issuer)) = members.get_mut("issuer") {
            *issuer = issuer.replacen("https://", "http://", 1);
        }
    })
}

fn without(turn: &Turn<'_>, name: &str) -> Reply {
    changed_success(turn.honest(), |members| drop(members.remove(name)))
}

fn no_response_types(turn: &Turn<'_>) -> Reply {
    without(turn, "response_types_supported")
}

fn no_subject_types(turn: &Turn<'_>) -> Reply {
    without(turn, "subject_types_supported")
}

fn no_signing_algorithms(turn: &Turn<'_>) -> Reply {
    without(turn, "token_endpoint_auth_signing_alg_values_supported")
}

fn no_rs256(turn: &Turn<'_>) -> Reply {
    changed_success(turn.honest(), |members| {
        members.insert("id_token_signing_alg_values_supported".to_owned(), json!(["ES256"]));
    })
}

fn no_grant_types(turn: &Turn<'_>) -> Reply {
    without(turn, "grant_types_supported")
}

fn fragments(turn: &Turn<'_>) -> Reply {
    changed_success(turn.honest(), |members| {
        for (name, value) in members.iter_mut().filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri") {
            if let Value::String(address) = value {
                address.push('#');
                address.push_str(name);
            }
        }
    })
}

fn empty_lists(turn: &Turn<'_>) -> Reply {
    changed_success(turn.honest(), |members| drop(members.insert("ui_locales_supported".to_owned(), json!([]))))
}

fn as_text(turn: &Turn<'_>) -> Reply {
    turn.honest().header("content-type", "text/plain")
}
