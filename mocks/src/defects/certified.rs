//! Defects of certificates that stand for users (WSO2 Identity Server 7): whose they may be, and whom they may stand for.
//! The honest rule is `certificates::stands_for`.

use std::sync::PoisonError;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{needs::Needs, registry::Defect, turn::Turn};
use crate::{
    certificates::{CertificateMapping, stands_for},
    endpoints::call::{Call, Reply},
    journal::Endpoint,
    realm::User,
    server::CERTIFIED_USER,
};

const fn defect(id: &'static str, summary: &'static str, answer: fn(&Turn<'_>) -> Reply) -> Defect {
    Defect::new(id, summary, Endpoint::Registration, answer)
}

pub(super) const DEFECTS: &[Defect] = &[
    defect("DEF-SEED-AS-CERT-01", "a client certificate registers for nobody, whatever is configured", for_nobody)
        .at(Needs::Certificates),
    defect("DEF-SEED-AS-CERT-02", "a client certificate registers for every user that a request names", for_everybody)
        .at(Needs::Certificates),
    defect("DEF-SEED-AS-CERT-03", "a client certificate of any authority registers for users", of_anybody)
        .at(Needs::Certificates),
    defect("DEF-SEED-AS-CERT-04", "the user that a registration names is believed without a certificate", without)
        .at(Needs::NamedUsers),
    defect("DEF-SEED-AS-CERT-05", "client certificates stand for users where that is switched off", switched_off)
        .at(Needs::WrittenMappings),
];

/// The request with this user's name and password instead of whatever it had to show.
pub(super) fn by_password(call: &Call, name: &str, password: &str) -> Call {
    let mut call = call.clone();
    call.headers.retain(|(known, _)| known != "authorization");
    let pair = STANDARD.encode(format!("{name}:{password}"));
    call.headers.push(("authorization".to_owned(), format!("Basic {pair}")));
    call
}

/// The user whom a request names that has nothing but a certificate to show, if that.
fn named(turn: &Turn<'_>) -> Option<User> {
    let name = turn.call.header(CERTIFIED_USER).filter(|_| turn.call.header("authorization").is_none())?;
    turn.realm().user(&turn.site.login_name(name))
}

/// What the named user would be answered, where nobody was made of the request and this holds of the user.
fn despite(turn: &Turn<'_>, holds: impl FnOnce(&User) -> bool) -> Reply {
    let reply = turn.honest();
    match named(turn).filter(|_| reply.status == 401).filter(holds) {
        Some(user) => turn.honest_to(&by_password(turn.call, &user.name, &user.password)),
        None => reply,
    }
}

fn for_nobody(turn: &Turn<'_>) -> Reply {
    match named(turn).filter(|_| turn.call.certificate.is_some()) {
        Some(_) => Reply::empty(401),
        None => turn.honest(),
    }
}

/// The rows count without their users.
fn for_everybody(turn: &Turn<'_>) -> Reply {
    despite(turn, |user| {
        let rows = turn.site.certificate_mappings.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let anybody = rows.into_iter().map(|row| CertificateMapping { users: None, ..row }).collect::<Vec<_>>();
        let presented = turn.call.certificate.as_ref();
        presented.is_some_and(|presented| stands_for(&anybody, presented, &user.name, turn.realm().now()))
    })
}

fn of_anybody(turn: &Turn<'_>) -> Reply {
    despite(turn, |_| turn.call.certificate.as_ref().is_some_and(|presented| !presented.trusted))
}

fn without(turn: &Turn<'_>) -> Reply {
    despite(turn, |_| turn.call.certificate.is_none())
}

/// The rows of the file count, whatever stands beside them.
fn switched_off(turn: &Turn<'_>) -> Reply {
    despite(turn, |user| {
        let rows = turn.site.settings.written_mappings();
        let presented = turn.call.certificate.as_ref();
        presented.is_some_and(|presented| stands_for(rows, presented, &user.name, turn.realm().now()))
    })
}
