//! Phrases about how clients prove themselves at the token endpoint: in the header, in the form, wrongly, or not at all.
//! What comes of it is told by the phrases of [`super::token_endpoint`].

use cucumber::when;

use super::token_endpoint::{CLIENT_CREDENTIALS, ask_as, client, form, token_endpoint};
use crate::world::{OrFail, StepError, World};
use kmspec_drivers::{
    authorization_server::ClientAuthentication,
    conversation::KnownClient,
    credentials::{ConsumerKey, Secret},
    wire::Call,
};

#[when("the OAuth client asks for a token with its credentials percent-encoded")]
async fn ask_percent_encoded(world: &mut World) -> Result<(), StepError> {
    let (talk, client) = (world.conversation()?, client(world)?);
    let call = Call::new("POST", token_endpoint(world, &talk)?)
        .basic(&percent_encoded(&client.id.0), &percent_encoded(client.secret_text()));
    talk.send(call.form(&form(&talk.completed(&[CLIENT_CREDENTIALS])))).await.or_fail(world)?;
    Ok(())
}

/// Every byte as `%XX`: form decoding gives the text back, and nothing else does.
fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[when("the OAuth client asks for a token with a wrong secret")]
async fn ask_with_wrong_secret(world: &mut World) -> Result<(), StepError> {
    let wrong = wrong_secret(&client(world)?);
    ask_as(world, &ClientAuthentication::Basic(wrong.0, wrong.1), &[CLIENT_CREDENTIALS]).await
}

#[when("the OAuth client asks for a token with a wrong secret in the form")]
async fn ask_with_wrong_secret_in_form(world: &mut World) -> Result<(), StepError> {
    let wrong = wrong_secret(&client(world)?);
    ask_as(world, &ClientAuthentication::Form(wrong.0, wrong.1), &[CLIENT_CREDENTIALS]).await
}

/// The client with its secret changed in its last character only.
pub(super) fn wrong_secret(client: &KnownClient) -> (ConsumerKey, Secret) {
    let mut secret = client.secret_text().to_owned();
    let last = secret.pop();
    secret.push(if last == Some('x') { 'y' } else { 'x' });
    (client.id.clone(), Secret(secret))
}

#[when("somebody asks for a token as a client that nobody registered")]
async fn ask_as_nobody_known(world: &mut World) -> Result<(), StepError> {
    let somebody = ClientAuthentication::Basic("kmspec-unheard-of-client".into(), "kmspec-no-secret".into());
    ask_as(world, &somebody, &[CLIENT_CREDENTIALS]).await
}

#[when("somebody asks for a token without credentials")]
async fn ask_without_credentials(world: &mut World) -> Result<(), StepError> {
    ask_as(world, &ClientAuthentication::Nobody, &[CLIENT_CREDENTIALS]).await
}

#[when("somebody asks for a token with nothing but the client's id")]
async fn ask_with_id_alone(world: &mut World) -> Result<(), StepError> {
    let client = client(world)?;
    ask_as(world, &ClientAuthentication::Public(client.id), &[CLIENT_CREDENTIALS]).await
}

#[when("the OAuth client asks for a token with its credentials in the query")]
async fn ask_with_credentials_in_query(world: &mut World) -> Result<(), StepError> {
    let (talk, client) = (world.conversation()?, client(world)?);
    let call = Call::new("POST", token_endpoint(world, &talk)?)
        .query("client_id", &client.id.0)
        .query("client_secret", client.secret_text());
    talk.send(call.form(&form(&talk.completed(&[CLIENT_CREDENTIALS])))).await.or_fail(world)?;
    Ok(())
}

#[when("the OAuth client asks for a token with credentials in header and form")]
async fn ask_with_two_credentials(world: &mut World) -> Result<(), StepError> {
    let client = client(world)?;
    let fields = [CLIENT_CREDENTIALS, ("client_id", &client.id.0), ("client_secret", client.secret_text())];
    let header = ClientAuthentication::Basic(client.id.clone(), client.secret_text().into());
    ask_as(world, &header, &fields).await
}

#[when("the OAuth client asks for a token by GET")]
async fn ask_by_get(world: &mut World) -> Result<(), StepError> {
    let (talk, client) = (world.conversation()?, client(world)?);
    let mut call = Call::new("GET", token_endpoint(world, &talk)?).query("grant_type", "client_credentials");
    call = match client.authentication() {
        ClientAuthentication::Basic(id, secret) => call.basic(&id.0, secret.reveal()),
        _ => call.query("client_id", &client.id.0).query("client_secret", client.secret_text()),
    };
    talk.send(call).await.or_fail(world)?;
    Ok(())
}
