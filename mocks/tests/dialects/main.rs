//! What one vendor's server does that no other does, and what all of them do alike however they word it: a file a vendor.
//! Refusals that vendors document are tested in `refusals`, what a whole server announces in `vendors`.

#[path = "../support/mod.rs"]
mod support;

mod auth0;
mod authorization_requests;
mod cognito;
mod entra;
mod graph;
mod identity_server;
mod keycloak;
mod okta;
mod redirect_uris;
mod subjects;

use kmspec_mocks::{
    grants::{self, Issue},
    realm::jwt::{self, Object},
};
use serde_json::Value;
use support::{Answer, Stage};

pub(crate) const REDIRECT: &str = "https://app.example/cb";

/// What a query for a code always says, for the client of the stage.
pub(crate) fn asking<'a>(stage: &'a Stage, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let always = [("response_type", "code"), ("client_id", stage.client.id.as_str()), ("redirect_uri", REDIRECT)];
    let kept = always.into_iter().filter(|(name, _)| !more.iter().any(|(changed, _)| changed == name));
    kept.chain(more.iter().copied()).collect()
}

/// The tokens of ann's login.
pub(crate) async fn logged_in(stage: &Stage, more: &[(&str, &str)]) -> Answer {
    let code = stage.code(&asking(stage, more)).await;
    stage.token(&[("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", REDIRECT)]).await
}

/// Header and claims as they stand in a token.
#[track_caller]
pub(crate) fn read(token: &str) -> (Object, Object) {
    jwt::read(token).unwrap_or_else(|| panic!("no JWT: {token}"))
}

/// Tokens for ann that come of no request.
pub(crate) fn issued(stage: &Stage, scopes: &[&str], audience: Option<&str>) -> grants::TokenAnswer {
    let ann = stage.server.realm().user("ann").unwrap();
    let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
    let issue = Issue::new(&stage.client, Some(&ann), "authorization_code", scopes);
    grants::issue(stage.server.realm(), &Issue { audience, refresh: true, ..issue })
}

pub(crate) fn text<'a>(claims: &'a Object, name: &str) -> &'a str {
    claims.get(name).and_then(Value::as_str).unwrap_or_else(|| panic!("no {name} in {claims:?}"))
}
