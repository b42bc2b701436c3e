//! Every refusal that a vendor's documents and reports name, played from outside: a table a vendor, a file each.
//! What is granted is tested beside this folder.

#[path = "../support/mod.rs"]
mod support;

mod auth0;
mod cognito;
mod entra;
mod forgerock;
mod is7;
mod is7_order;
mod keycloak;
mod okta;
mod ping;

use kmspec_mocks::{realm::ClientSpec, vendors::Vendor};
use support::{Answer, Stage, answer, stage_with};

/// How a request says who sends it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Who {
    /// The client `orders`, by Basic.
    Right,
    /// The same with another secret.
    Wrong,
    /// A client that nobody registered.
    Unknown,
    /// The id of `orders` in the form, and nothing else.
    IdAlone,
    /// Nobody.
    Nobody,
    /// By Basic and in the form as well.
    Twice,
    /// This `Authorization` header.
    Header(&'static str),
    /// A client of this id and secret.
    Client(&'static str, &'static str),
}

/// A request that is refused: what it shows, who sends it, its form, and the status and code of the answer.
pub(crate) type Row<'a> = (&'static str, Who, &'a [(&'a str, &'a str)], u16, &'static str);

pub(crate) const OWN: (&str, &str) = ("grant_type", "client_credentials");

/// A stage whose client may use every grant that needs no second party.
pub(crate) async fn broad(vendor: Vendor) -> Stage {
    let grants = ["client_credentials", "password", "refresh_token", "authorization_code"];
    stage_with(vendor, ClientSpec::new("orders").grant_types(grants).redirect_uris(["https://app.example/cb"])).await
}

pub(crate) async fn ask(stage: &Stage, url: &str, who: Who, form: &[(&str, &str)]) -> Answer {
    let (id, secret) = (stage.client.id.as_str(), stage.client.secret.as_deref().unwrap());
    let mut form = form.to_vec();
    let request = stage.http.post(url);
    let request = match who {
        Who::Right => request.basic_auth(id, Some(secret)),
        Who::Wrong => request.basic_auth(id, Some("another secret")),
        Who::Unknown => request.basic_auth("nobody", Some("secret")),
        Who::Client(id, secret) => request.basic_auth(id, Some(secret)),
        Who::Header(text) => request.header("authorization", text),
        Who::Nobody => request,
        Who::IdAlone => {
            form.push(("client_id", id));
            request
        }
        Who::Twice => {
            form.extend([("client_id", id), ("client_secret", secret)]);
            request.basic_auth(id, Some(secret))
        }
    };
    answer(request.form(&form).send().await.unwrap()).await
}

/// Plays each row at this address.
pub(crate) async fn refused(stage: &Stage, url: &str, rows: &[Row<'_>]) {
    for (what, who, form, status, code) in rows {
        let refused = ask(stage, url, *who, form).await;
        assert_eq!(refused.error(), (*status, (*code).to_owned()), "{what}: {}", refused.text);
    }
    assert!(stage.server.panics().is_empty());
}
