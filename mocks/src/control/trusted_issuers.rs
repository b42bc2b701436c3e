//! `…/trusted-issuers`: who may vouch for users.
//! What an assertion or a ticket must look like is decided in `grants`.

use axum::{Json, http::StatusCode, response::IntoResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    body::Body,
    place::Place,
    refusal::{Answer, Refusal},
};
use crate::{
    kerberos::{Encryption, KerberosError, KeyCentre, ServicePrincipal, TicketOrder},
    realm::{TrustedIssuer, trusted_issuer::TrustedIssuerDocument},
};

fn document(issuer: &TrustedIssuer) -> Value {
    json!({
        "name": issuer.name,
        "issuer": issuer.issuer,
        "alias": issuer.alias,
        "enabled": issuer.enabled,
        "local_subjects": issuer.local_subjects,
        "kerberos": issuer.kerberos.as_ref().map(|service| service.principal().to_string()),
    })
}

pub(super) async fn list(place: Place) -> Answer {
    let all: Vec<Value> = place.realm.trusted_issuers().iter().map(document).collect();
    Ok(Json(all).into_response())
}

pub(super) async fn create(place: Place, Body(wanted): Body<TrustedIssuerDocument>) -> Answer {
    let issuer = TrustedIssuer::try_from(wanted).map_err(|error| Refusal::told(&error))?;
    let answer = document(&issuer);
    place.realm.trust(issuer).map_err(|error| Refusal::told(&error))?;
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// A ticket of an issuer's Kerberos realm, sound but for what is ordered.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ticket {
    /// Whom it is for.
    client: String,
    #[serde(default)]
    encryption: Option<Encryption>,
    #[serde(default)]
    valid_from: Option<u64>,
    #[serde(default)]
    valid_until: Option<u64>,
    #[serde(default)]
    shown_at: Option<u64>,
    #[serde(default)]
    shown_by: Option<String>,
    #[serde(default)]
    addressed_to: Option<String>,
    #[serde(default)]
    another_key: bool,
    #[serde(default)]
    negotiated: bool,
}

impl Ticket {
    fn token(self, service: ServicePrincipal, now: u64) -> Result<String, KerberosError> {
        let centre = KeyCentre::new(service);
        let mut order = match self.encryption {
            Some(encryption) => centre.ticket_in(encryption, &self.client, now)?,
            None => centre.ticket(&self.client, now)?,
        };
        if let Some(name) = self.shown_by {
            order = order.shown_by(name.parse()?);
        }
        if let Some(name) = self.addressed_to {
            order = order.addressed_to(name.parse()?);
        }
        if self.another_key {
            order = order.sealed_with_another_key();
        }
        if self.negotiated {
            order = order.negotiated();
        }
        order = self.valid_from.into_iter().fold(order, TicketOrder::valid_from);
        order = self.valid_until.into_iter().fold(order, TicketOrder::valid_until);
        order = self.shown_at.into_iter().fold(order, TicketOrder::shown_at);
        Ok(order.token())
    }
}

pub(super) async fn ticket(place: Place, Body(wanted): Body<Ticket>) -> Answer {
    let name = place.name();
    let known = place.realm.trusted_issuers();
    let Some(issuer) = known.iter().find(|issuer| issuer.name == name) else {
        return Err(Refusal::missing("trusted issuer", name, known.into_iter().map(|issuer| issuer.name)));
    };
    let service = issuer.kerberos.clone().ok_or_else(|| {
        Refusal::bad(format!("the trusted issuer `{name}` has no Kerberos service"))
            .hint("POST it again to trusted-issuers, with `kerberos`")
    })?;
    let token = wanted.token(service, place.realm.now()).map_err(|error| Refusal::told(&error))?;
    Ok((StatusCode::CREATED, Json(json!({ "kerberos_token": token }))).into_response())
}

pub(super) async fn remove(place: Place) -> Answer {
    let name = place.name();
    let known = place.realm.trusted_issuers().into_iter().map(|issuer| issuer.name);
    match place.realm.distrust(name) {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(Refusal::missing("trusted issuer", name, known)),
    }
}
