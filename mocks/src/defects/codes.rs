//! Defects around authorization codes: of the request in a browser (RFC 6749, section 4.1.1), and of their redemption.
//! The honest checks are in `grants::authorize` and `grants::authorization_code`.

use super::{registry::Defect, turn::Turn};
use crate::{
    endpoints::{
        authorize,
        call::{Call, Reply},
    },
    grants::AuthorizationRefusal,
    journal::Endpoint,
    realm::{AuthorizationRequest, pkce::ChallengeMethod},
};

const GRANT: &str = "authorization_code";

const fn redeeming(id: &'static str, summary: &'static str, answer: fn(&Turn<'_>) -> Reply) -> Defect {
    Defect::new(id, summary, Endpoint::Token, answer)
}

const fn asking(id: &'static str, summary: &'static str, answer: fn(&Turn<'_>) -> Reply) -> Defect {
    Defect::new(id, summary, Endpoint::Authorize, answer)
}

pub(super) const DEFECTS: &[Defect] = &[
    redeeming("DEF-SEED-AS-CODE-04", "any client may redeem a code", any_client),
    redeeming("DEF-SEED-AS-CODE-05", "authorization codes do not end", endless),
    redeeming("DEF-SEED-AS-CODE-06", "any code verifier will do", any_verifier),
    redeeming("DEF-SEED-AS-CODE-07", "the code verifier itself is compared with the challenge", verifier_unhashed),
    redeeming("DEF-SEED-AS-CODE-08", "authorization codes have ended as soon as they are made", ended_at_once),
    asking("DEF-SEED-AS-CODE-09", "the state does not come back", no_state),
    asking("DEF-SEED-AS-CODE-10", "browsers are sent to addresses that nobody registered", open_redirector),
    asking("DEF-SEED-AS-CODE-11", "every response type is taken for a code", any_response_type),
    asking("DEF-SEED-AS-CODE-12", "an unknown challenge method is taken for S256", any_challenge_method),
];

/// The code of a request that would redeem one.
fn presented(turn: &Turn<'_>) -> Option<String> {
    turn.value("code").filter(|_| turn.asks_by(GRANT))
}

fn any_client(turn: &Turn<'_>) -> Reply {
    if let (Some(code), Some(client)) = (presented(turn), turn.client()) {
        turn.realm().change_code(&code, |code| code.request.client_id.clone_from(&client.id));
    }
    turn.honest()
}

fn endless(turn: &Turn<'_>) -> Reply {
    if let Some(code) = presented(turn) {
        turn.realm().change_code(&code, |code| code.expires_at = u64::MAX);
    }
    turn.honest()
}

/// A verifier is demanded, and not compared.
fn any_verifier(turn: &Turn<'_>) -> Reply {
    let Some(code) = presented(turn).filter(|_| turn.value("code_verifier").is_some()) else { return turn.honest() };
    turn.realm().change_code(&code, |code| code.request.challenge = None);
    turn.honest_to(&turn.with_form(|form| form.retain(|(name, _)| name != "code_verifier")))
}

fn verifier_unhashed(turn: &Turn<'_>) -> Reply {
    if let Some(code) = presented(turn) {
        turn.realm().change_code(&code, |code| {
            code.request.challenge.iter_mut().for_each(|challenge| challenge.method = ChallengeMethod::Plain);
        });
    }
    turn.honest()
}

fn ended_at_once(turn: &Turn<'_>) -> Reply {
    let now = turn.realm().now();
    if let Some(code) = presented(turn) {
        turn.realm().change_code(&code, |code| code.expires_at = code.expires_at.min(now));
    }
    turn.honest()
}

/// The request with its parameters changed, wherever they stand.
fn asked(turn: &Turn<'_>, change: impl FnOnce(&mut Vec<(String, String)>)) -> Reply {
    let Ok(form) = authorize::parameters(turn.call) else { return turn.honest() };
    let mut parameters = form.into_pairs();
    change(&mut parameters);
    let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    let mut call: Call = turn.call.clone();
    match call.method.as_str() {
        "GET" => call.query = Some(text),
        _ => call.body = text.into_bytes(),
    }
    turn.honest_to(&call)
}

fn asked_with(turn: &Turn<'_>, name: &str, change: impl Fn(&mut String)) -> Reply {
    asked(turn, |parameters| {
        parameters.iter_mut().filter(|(known, _)| known == name).for_each(|(_, value)| change(value));
    })
}

fn no_state(turn: &Turn<'_>) -> Reply {
    asked(turn, |parameters| parameters.retain(|(name, _)| name != "state"))
}

fn open_redirector(turn: &Turn<'_>) -> Reply {
    let reply = turn.honest();
    let Ok(form) = authorize::parameters(turn.call) else { return reply };
    let known = form.value("client_id").is_some_and(|id| turn.realm().client(id).is_some());
    let shown = matches!(AuthorizationRequest::read(turn.realm(), &form), Err(AuthorizationRefusal::Shown(_)));
    match form.value("redirect_uri").filter(|_| known && shown).and_then(|uri| url::Url::parse(uri).ok()) {
        Some(mut url) => {
            url.query_pairs_mut().append_pair("error", "invalid_request");
            Reply::redirect(url)
        }
        None => reply,
    }
}

fn any_response_type(turn: &Turn<'_>) -> Reply {
    asked_with(turn, "response_type", |value| "code".clone_into(value))
}

fn any_challenge_method(turn: &Turn<'_>) -> Reply {
    asked_with(turn, "code_challenge_method", |value| {
        if ChallengeMethod::named(value).is_none() {
            "S256".clone_into(value);
        }
    })
}
