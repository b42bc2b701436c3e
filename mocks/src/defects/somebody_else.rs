//! A defect of every grant that a user stands behind (RFC 6749, section 1.3): whoever proves to be one gets another's token.
//! The honest grants are in `grants`, each in a file of its own.

use super::{
    registry::Defect,
    turn::{Turn, changed, is_success, members},
};
use crate::{
    endpoints::{call::Reply, token},
    grants::{self, Issue},
    journal::Endpoint,
    realm::{TokenRow, User, UserSpec, jwt::Object, random},
};

pub(super) const DEFECTS: &[Defect] = &[Defect::new(
    "DEF-SEED-AS-WHO-01",
    "whoever a grant is for, the token names somebody else",
    Endpoint::Token,
    of_somebody_else,
)];

/// Whom all tokens name.
const SOMEBODY: &str = "somebody-else";

/// What a renewal hands on is what the grant before it gave.
fn of_somebody_else(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    let text = members(&reply).and_then(|members| Some(members.get("access_token")?.as_str()?.to_owned()));
    let row = text.filter(|_| is_success(&reply) && !turn.asks_by("refresh_token"));
    let row = row.and_then(|text| turn.realm().token(&text)).map(|(row, _)| row).filter(|row| row.username.is_some());
    match row.and_then(|row| reply_for(turn, &row, &somebody(turn))) {
        Some(other) => changed(reply, |members| members.extend(other)),
        None => reply,
    }
}

/// The same tokens for this user; those of the row are left to themselves.
fn reply_for(turn: &Turn<'_>, row: &TokenRow, user: &User) -> Option<Object> {
    let client = turn.realm().client(&row.client_id)?;
    let issue = Issue {
        audience: row.audience.as_deref(),
        format: row.format,
        refresh: row.refresh.is_some(),
        family: Some(row.family.clone()),
        claims: row.claims.clone(),
        ..Issue::new(&client, Some(user), &row.grant_type, row.scopes.clone())
    };
    let answer = grants::issue(turn.realm(), &issue);
    members(&token::granted(turn.site, &answer))
}

fn somebody(turn: &Turn<'_>) -> User {
    let realm = turn.realm();
    realm.user(SOMEBODY).unwrap_or_else(|| realm.add_user(UserSpec::new(SOMEBODY, random::text(32))))
}
