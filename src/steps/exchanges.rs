//! Tokens of key managers that are exchanged for tokens of the resident one (RFC 8693).
//! Which key managers' tokens are good for that is said by `administrator`; what was granted is observed elsewhere.

use cucumber::when;

use crate::world::{StepError, World};

use super::{
    oauth_client::keep,
    parameters::RESIDENT,
    servers::{self, USER},
    tokens::{self, keys_of},
};

const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// Exchanges a new token of a user of that server, made for whoever the key manager's alias should name.
#[when(expr = "{string} exchanges a token of {string} for the audience {string}")]
async fn exchanges(world: &mut World, application: String, server: String, audience: String) -> Result<(), StepError> {
    let keys = keys_of(world, &application, RESIDENT)?;
    let subject = servers::forge(world, &server)?.token(&keys.consumer_key.0, USER.0).claim("aud", audience).encode();
    let fields = [("subject_token", subject.as_str()), ("subject_token_type", JWT), ("requested_token_type", JWT)];
    let reply = tokens::request(world, &keys, RESIDENT, TOKEN_EXCHANGE, &fields).await;
    keep(world, reply)?;
    if let Some(granted) = world.seen.grant.clone() {
        tokens::hold(world, &application, RESIDENT, granted);
    }
    Ok(())
}
