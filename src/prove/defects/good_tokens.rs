//! Defects that shut good tokens out: the gateway loses them over what it saw before, or over how their keys are told.
//! Bad tokens that get in are the business of the other files.

use serde_json::Value;

use crate::{gate::Case, table::defects, token::Token};

defects! {
    "DEF-SEED-GW-03", "of the calls of a client only the first is accepted", Spoils(later_call);
    "DEF-SEED-GW-07", "two key managers shut out each other's tokens", Spoils(beside_another);
    "DEF-SEED-GW-13", "a certificate that was pasted verifies nothing", Spoils(by_certificate);
    "DEF-SEED-GW-15", "revoking one token ends every token of its client", Spoils(relative_was_revoked);
}

/// Whether a call with a token of the same client passed before.
fn later_call(case: &Case<'_>) -> bool {
    let (Some(token), Some(client)) = (&case.token, case.client()) else { return false };
    case.history.calls().filter(|call| call.answer.is_some()).any(|call| {
        let earlier = Token::read(&call.token);
        earlier.is_some_and(|earlier| earlier.issuer() == token.issuer() && earlier.names_client(client))
    })
}

/// Whether the tenant has two key managers or more beside the resident one.
fn beside_another(case: &Case<'_>) -> bool {
    let documents = case.key_managers.in_tenant_of(case.path());
    let is_third_party =
        |document: &&Value| document["issuer"].as_str().is_some_and(|issuer| case.accomplices.find(issuer).is_some());
    case.issued().is_some() && documents.iter().filter(is_third_party).count() > 1
}

fn by_certificate(case: &Case<'_>) -> bool {
    case.key_manager().is_some_and(|document| document["certificates"]["type"] == "PEM")
}

/// Whether a client's other token was revoked at the resident key manager.
fn relative_was_revoked(case: &Case<'_>) -> bool {
    let Some(client) = case.client() else { return false };
    case.history.decisions().filter(|each| each.resource.last().is_some_and(|part| part == "revoke")).any(|each| {
        let revoked = each.text("token").filter(|text| *text != case.text).and_then(Token::read);
        revoked.is_some_and(|revoked| revoked.names_client(client))
    })
}
