//! Defects of WSO2 Identity Server in its old mode (`server.legacy_mode`): what the switch changes, and the server forgets.
//! The honest rules are the settings of `deployment_toml`.

use super::{
    certified::by_password,
    needs::Needs,
    registry::Defect,
    turn::{Turn, changed_success, is_success},
};
use crate::{
    endpoints::{
        call::{Call, Reply},
        management::Caller,
    },
    journal::Endpoint,
    realm::User,
};

const fn defect(id: &'static str, summary: &'static str, endpoint: Endpoint, answer: fn(&Turn<'_>) -> Reply) -> Defect {
    Defect::new(id, summary, endpoint, answer)
}

pub(super) const DEFECTS: &[Defect] = &[
    defect("DEF-SEED-AS-LEGACY-01", "in the old mode applications are their own subject", Endpoint::Token, own_subject)
        .at(Needs::OwnerAsSubject),
    defect(
        "DEF-SEED-AS-LEGACY-02",
        "in the old mode introspection does not tell the owner of an application",
        Endpoint::Introspection,
        nameless,
    )
    .at(Needs::OwnerTold),
    defect(
        "DEF-SEED-AS-LEGACY-03",
        "in the old mode permissions of roles open nothing",
        Endpoint::Registration,
        permissions_ignored,
    )
    .at(Needs::Permissions),
    defect(
        "DEF-SEED-AS-LEGACY-04",
        "in the old mode every user registers clients",
        Endpoint::Registration,
        permissions_unasked,
    )
    .at(Needs::Permissions),
    defect("DEF-SEED-AS-LEGACY-05", "in the old mode tenants have paths", Endpoint::Jwks, tenant_paths)
        .at(Needs::NoTenantPaths),
];

fn own_subject(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    let by_owner = !turn.site.settings.client_id_is_subject && turn.asks_by("client_credentials");
    if !by_owner || !is_success(&reply) {
        return reply;
    }
    turn.reissued(reply, |_, claims| {
        if let Some(client) = claims.get("client_id").cloned() {
            claims.insert("sub".to_owned(), client);
        }
    })
}

fn nameless(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    let of_application = turn.row("token").is_some_and(|(row, _)| row.username.is_none());
    if turn.site.settings.username_hidden || !of_application {
        return reply;
    }
    changed_success(reply, |members| drop(members.remove("username")))
}

/// The user who calls, where permissions count and the user is no administrator, who has them all.
fn by_permission(turn: &Turn<'_>) -> Option<User> {
    match Caller::of(turn.site, turn.call).filter(|_| turn.site.settings.by_permission())? {
        Caller::User(user) if !user.has_role("admin") => Some(*user),
        _ => None,
    }
}

fn permissions_ignored(turn: &Turn<'_>) -> Reply {
    match by_permission(turn) {
        Some(_) => Reply::empty(403),
        None => turn.honest(),
    }
}

/// Whoever may not is taken for the administrator.
fn permissions_unasked(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    if reply.status != 403 || by_permission(turn).is_none() {
        return reply;
    }
    let (name, password) = &turn.site.settings.administrator;
    turn.honest_to(&by_password(turn.call, name, password))
}

fn tenant_paths(turn: &Turn<'_>) -> Reply {
    let behind = turn.call.path.strip_prefix("/t/").and_then(|rest| rest.find('/').map(|at| &rest[at..]));
    let routed = behind.and_then(|path| Some((path, turn.site.dialect.route(path)?.1)));
    match routed.filter(|_| !turn.site.settings.tenants_have_paths()) {
        Some((path, handler)) => handler(turn.site, &Call { path: path.to_owned(), ..turn.call.clone() }),
        None => turn.honest(),
    }
}
