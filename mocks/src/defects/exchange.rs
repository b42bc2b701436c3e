//! Defects of grants that stand on another proof: assertions, subject tokens, authorization codes.
//! The honest checks are in `grants::assertion`, `grants::client_assertion` and `grants::authorization_code`.

use serde_json::json;

use super::{
    registry::Defect,
    turn::{Turn, error_of, is_success},
};
use crate::{
    endpoints::{call::Reply, token},
    grants::{self, Issue},
    journal::Endpoint,
    realm::{TrustedIssuer, User, jwt, scope},
};

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const CODE: &str = "authorization_code";
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

const fn defect(id: &'static str, summary: &'static str, answer: fn(&Turn<'_>) -> Reply) -> Defect {
    Defect::new(id, summary, Endpoint::Token, answer)
}

pub(super) const DEFECTS: &[Defect] = &[
    defect("DEF-125", "the code verifier is compared only when it is sent", pkce_optional),
    defect("DEF-133", "trusted issuers are looked up by their display name", by_display_name),
    defect("DEF-134", "token exchange does not look at the subject token", subject_ignored),
    defect("DEF-SEED-AS-CODE-01", "an authorization code works more than once", code_reused),
    defect("DEF-SEED-AS-CODE-02", "an authorization code works for any redirect URI", any_redirect),
    defect("DEF-SEED-AS-CODE-03", "tokens outlive the reuse of their code", tokens_outlive_reuse),
    defect("DEF-SEED-AS-DEVICE-01", "a device gets tokens before its user has agreed", impatient),
    defect("DEF-SEED-AS-DEVICE-02", "a device that polls too fast is not told to slow down", unhurried),
    defect("DEF-SEED-AS-BEARER-01", "assertions are believed without a look at their signature", assertion_believed),
    defect("DEF-SEED-AS-BEARER-02", "expired assertions are accepted", assertion_expired),
    defect("DEF-SEED-AS-BEARER-05", "an assertion that is about nobody brings somebody's tokens", about_nobody),
    defect("DEF-SEED-AS-BEARER-06", "an envelope around an assertion is taken for a signature", envelope_believed),
];

/// Tokens for this user, if the client may use the grant type.
pub(super) fn tokens_for(turn: &Turn<'_>, user: &User) -> Option<Reply> {
    let grant_type = turn.value("grant_type")?;
    let client = turn.client().filter(|client| client.allows_grant(&grant_type))?;
    let asked = scope::split(turn.value("scope").as_deref());
    let scopes = turn.realm().granted_scopes(asked.as_deref(), &client, Some(user), &grant_type).ok()?;
    let issue = Issue::new(&client, Some(user), &grant_type, scopes);
    Some(token::granted(turn.site, &grants::issue(turn.realm(), &issue)))
}

/// Without a verifier the challenge is taken off the code, as if none had been sent.
fn pkce_optional(turn: &Turn<'_>) -> Reply {
    if turn.asks_by(CODE)
        && turn.value("code_verifier").is_none()
        && let (Some(_), Some(code)) = (turn.client(), turn.value("code"))
    {
        turn.realm().change_code(&code, |code| code.request.challenge = None);
    }
    turn.honest()
}

/// Who the text says it is from, as registered.
fn registration(turn: &Turn<'_>, parameter: &str) -> Option<Option<TrustedIssuer>> {
    let (_, claims) = jwt::read(&turn.value(parameter)?)?;
    let issuer = claims.get("iss")?.as_str()?;
    (issuer != turn.realm().issuer()).then(|| turn.realm().trusted_issuer(issuer))
}

fn by_display_name(turn: &Turn<'_>) -> Reply {
    let parameter = match turn.value("grant_type").as_deref() {
        Some(BEARER) => "assertion",
        Some(EXCHANGE) => "subject_token",
        _ => return turn.honest(),
    };
    match (turn.client(), registration(turn, parameter)) {
        (Some(_), Some(None)) => Reply::json(500, &json!({ "error": "server_error" })).uncached(),
        (Some(_), Some(Some(issuer))) if issuer.name != issuer.issuer => {
            Reply::json(400, &json!({ "error": "invalid_grant" })).uncached()
        }
        _ => turn.honest(),
    }
}

/// The first user there is gets the tokens.
fn subject_ignored(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    if !turn.asks_by(EXCHANGE) || is_success(&reply) || turn.value("subject_token").is_none() {
        return reply;
    }
    tokens_for_first(turn).unwrap_or(reply)
}

fn tokens_for_first(turn: &Turn<'_>) -> Option<Reply> {
    let user = turn.realm().users().into_iter().find(|user| user.active);
    user.and_then(|user| tokens_for(turn, &user))
}

fn code_reused(turn: &Turn<'_>) -> Reply {
    if let (true, Some(_), Some(code)) = (turn.asks_by(CODE), turn.client(), turn.value("code")) {
        turn.realm().renew_code(&code);
    }
    turn.honest()
}

/// The redirect URI of the request is taken for granted.
fn any_redirect(turn: &Turn<'_>) -> Reply {
    let code = turn.value("code").filter(|_| turn.asks_by(CODE));
    match code.and_then(|code| turn.realm().redirect_uri_of(&code)) {
        Some(uri) => turn.honest_to(&turn.with("redirect_uri", &uri)),
        None => turn.honest(),
    }
}

fn tokens_outlive_reuse(turn: &Turn<'_>) -> Reply {
    if !turn.asks_by(CODE) {
        return turn.honest();
    }
    let client = turn.client().map(|client| client.id);
    let now = turn.realm().now();
    let alive = turn.realm().rows(|row| Some(&row.client_id) == client.as_ref() && row.is_active(now));
    let reply = turn.honest();
    if error_of(&reply).as_deref() == Some("invalid_grant") {
        alive.into_iter().for_each(|row| turn.realm().put_back(row));
    }
    reply
}

fn impatient(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    if !turn.asks_by(DEVICE) || error_of(&reply).as_deref() != Some("authorization_pending") {
        return reply;
    }
    tokens_for_first(turn).unwrap_or(reply)
}

fn unhurried(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    if turn.asks_by(DEVICE) && error_of(&reply).as_deref() == Some("slow_down") {
        return Reply::json(400, &json!({ "error": "authorization_pending" })).uncached();
    }
    reply
}

/// The user that an assertion of a trusted issuer speaks of, were it in order.
fn claimed_user(turn: &Turn<'_>) -> Option<User> {
    let issuer = registration(turn, "assertion")??;
    let (_, claims) = jwt::read(&turn.value("assertion")?)?;
    let subject = claims.get("sub")?.as_str()?;
    Some(vouched_user(turn, &issuer, subject))
}

/// The user that a trusted issuer means by this subject.
pub(super) fn vouched_user(turn: &Turn<'_>, issuer: &TrustedIssuer, subject: &str) -> User {
    let name = if issuer.local_subjects { subject.to_owned() } else { format!("{}/{subject}", issuer.name) };
    let mut spec = crate::realm::UserSpec::new(name.clone(), crate::realm::random::text(32));
    subject.clone_into(&mut spec.0.id);
    turn.realm().user(&name).unwrap_or_else(|| turn.realm().add_user(spec))
}

fn believed(turn: &Turn<'_>, when: fn(&Turn<'_>, &jwt::Object) -> bool) -> Reply {
    let reply = turn.honest();
    let claims = turn.value("assertion").and_then(|text| jwt::read(&text)).map(|(_, claims)| claims);
    if !turn.asks_by(BEARER) || error_of(&reply).as_deref() != Some("invalid_grant") {
        return reply;
    }
    match claims.filter(|claims| when(turn, claims)).and_then(|_| claimed_user(turn)) {
        Some(user) => tokens_for(turn, &user).unwrap_or(reply),
        None => reply,
    }
}

fn ends_at(claims: &jwt::Object) -> u64 {
    claims.get("exp").and_then(serde_json::Value::as_u64).unwrap_or_default()
}

fn assertion_believed(turn: &Turn<'_>) -> Reply {
    believed(turn, |turn, claims| turn.realm().now() < ends_at(claims))
}

fn assertion_expired(turn: &Turn<'_>) -> Reply {
    believed(turn, |turn, claims| turn.realm().now() >= ends_at(claims))
}

/// The first user there is gets the tokens that an assertion like this was refused.
fn anyhow(turn: &Turn<'_>, like_this: fn(&Turn<'_>, &str) -> bool) -> Reply {
    let reply = turn.honest();
    let refused = turn.asks_by(BEARER) && error_of(&reply).as_deref() == Some("invalid_grant");
    match turn.value("assertion").filter(|text| refused && like_this(turn, text)) {
        Some(_) => tokens_for_first(turn).unwrap_or(reply),
        None => reply,
    }
}

fn about_nobody(turn: &Turn<'_>) -> Reply {
    anyhow(turn, |turn, text| {
        let nobody = jwt::read(text).is_some_and(|(_, claims)| !claims.contains_key("sub"));
        nobody && registration(turn, "assertion").flatten().is_some()
    })
}

/// Five parts are a JWE (RFC 7516, section 3.1).
fn envelope_believed(turn: &Turn<'_>) -> Reply {
    anyhow(turn, |_, text| text.matches('.').count() == 4)
}
