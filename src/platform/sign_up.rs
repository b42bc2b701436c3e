//! Self sign-up: a tenant's administrator lets a new user in, who then holds the subscriber's role.
//! What users may do afterwards is decided by their roles.

use std::sync::Arc;

use axum::{
    Router,
    extract::{RawPathParams, State},
    routing::post,
};
use http::{HeaderMap, StatusCode};
use kmspec_mocks::objects;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    domain::SUPER_TENANT,
    identity::{self, ADMINISTRATOR, UserSpec},
    site::Site,
    wire::{Body, Refusal, basic_credentials},
};

/// The resource in the form for the super tenant, and in the one for others.
pub(super) fn routes() -> Router<Arc<Site>> {
    let path = "/api/identity/user/v1.0/me";
    Router::new().route(path, post(sign_up)).route(&format!("/t/{{tenant}}{path}"), post(sign_up))
}

/// A user as clients send it: alone, or inside `user` beside other members.
#[derive(Debug, Deserialize)]
struct Order {
    #[serde(default)]
    user: Option<Person>,
    #[serde(flatten)]
    bare: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct Person {
    username: String,
    password: String,
    #[serde(default)]
    claims: Vec<Claim>,
}

#[derive(Debug, Deserialize)]
struct Claim {
    uri: String,
    value: String,
}

async fn sign_up(
    State(site): State<Arc<Site>>,
    params: RawPathParams,
    headers: HeaderMap,
    Body(order): Body<Order>,
) -> Result<StatusCode, Refusal> {
    let (name, password) = basic_credentials(&headers).ok_or_else(Refusal::unauthenticated)?;
    let admin = site.identity.authenticate(&name, &password).await?.ok_or_else(Refusal::unauthenticated)?;
    let named = params.iter().find(|(name, _)| *name == "tenant").map(|(_, value)| value.to_owned());
    let tenant = named.unwrap_or_else(|| SUPER_TENANT.to_owned());
    let administers = admin.roles.iter().any(|role| role == ADMINISTRATOR);
    if !administers || (admin.tenant != tenant && admin.tenant != SUPER_TENANT) {
        return Err(Refusal::unauthenticated());
    }
    let person = match order.user {
        Some(person) => person,
        None => objects::from_value(Value::Object(order.bare))
            .map_err(|_| Refusal::bad_request("A user has a username and a password"))?,
    };
    let suffix = format!("@{tenant}");
    let name = person.username.strip_suffix(&suffix).unwrap_or(&person.username).to_owned();
    if name.trim().is_empty() || person.password.is_empty() {
        return Err(Refusal::bad_request("A user has a username and a password"));
    }
    if name.contains('@') && !site.config.deployment.mail_names {
        return Err(Refusal::bad_request("The name of a user may not be a mail address here"));
    }
    check_name(&name)?;
    let claims = person.claims.into_iter().map(|claim| (claim.uri, claim.value)).collect();
    let spec = UserSpec { name, password: person.password, roles: vec!["Internal/subscriber".to_owned()] };
    site.store
        .write(move |documents| match identity::add_user(documents, &tenant, &spec)? {
            identity::Added::Made => {
                if let Some(user) = identity::user(documents, &tenant, &spec.name)? {
                    identity::set_claims(documents, user, claims)?;
                }
                Ok(StatusCode::CREATED)
            }
            identity::Added::Taken => Err(Refusal::generic(StatusCode::CONFLICT, "The user exists already")),
            identity::Added::Elsewhere => {
                Err(Refusal::bad_request("The name of the user is that of one in another tenant"))
            }
            identity::Added::NoTenant => Err(Refusal::not_found("tenant")),
        })
        .await
}

/// As long as the product's store keeps a name.
const LONGEST: usize = 255;

/// A name must be one that its user can log in with: HTTP Basic ends it at a colon (RFC 7617, section 2).
fn check_name(name: &str) -> Result<(), Refusal> {
    if name.chars().count() > LONGEST {
        return Err(Refusal::bad_request(format!("The name of a user has at most {LONGEST} characters")));
    }
    if name.trim() != name || name.contains(|c: char| c == ':' || c.is_control()) {
        return Err(Refusal::bad_request(
            "The name of a user holds no colon, and neither begins nor ends with a blank",
        ));
    }
    Ok(())
}
