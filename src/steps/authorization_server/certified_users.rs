//! Phrases about certificates of clients that stand for users (WSO2 Identity Server): who may, and who is let in.
//! Certificates that tokens are bound to are no matter of this file.

use cucumber::{given, when};

use super::client_registration::for_client_credentials;
use crate::world::{Arrangement, OrFail, StepError, World};
use kmspec_drivers::wire::Call;
use kmspec_model::capability::Capability;

/// The administrator of a server whose file names none.
const ADMINISTRATOR: &str = "admin";
/// The header field in which a client says for whom its certificate stands.
const USER_HEADER: &str = "WSO2-Identity-User";

#[given(
    regex = "^the administrator of the server lets client certificates stand for (any user|the administrator|somebody else|nobody)$"
)]
async fn lets_stand(world: &mut World, whom: String) -> Result<(), StepError> {
    let users = match whom.as_str() {
        "any user" | "nobody" => "*",
        "the administrator" => ADMINISTRATOR,
        _ => "somebody-else",
    };
    let file = format!(
        "[client_certificate_based_authentication]\nenable = {}\n\
         [[client_certificate_based_authentication.user_thumbprint_mapping]]\n\
         trusted_issuer = \"*\"\ncert_thumbprint = \"*\"\nallowed_username = \"{users}\"\n",
        whom != "nobody"
    );
    // Where they stand for nobody they must yet arrive, or their not counting would be seen by nobody.
    world.arrange_server(Arrangement::AskingForCertificates(file)).await
}

#[when(
    regex = "^the integrator registers a client in the name of the administrator, showing (a certificate that the server trusts|a certificate of another authority|no certificate)$"
)]
async fn registers_showing(world: &mut World, what: String) -> Result<(), StepError> {
    let mut talk = world.conversation()?;
    if what != "no certificate" {
        let shown = world.stage().client_certificate(what == "a certificate that the server trusts");
        let shown = shown.map_err(|error| world.error(error))?;
        talk = talk.showing(&shown.chain_pem, &shown.key_pem).map_err(|error| world.error(error))?;
    }
    let endpoint = talk.endpoints().registration.clone();
    let call = Call::new("POST", endpoint.ok_or_else(|| world.not_applicable(Capability::Dcr))?);
    let call = call.header(USER_HEADER, ADMINISTRATOR).json(&for_client_credentials(world)?);
    talk.send(call).await.or_fail(world)?;
    Ok(())
}
