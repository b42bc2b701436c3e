//! Defects of reading tokens as their vendors mean them: marks of refresh tokens, claims of the wrong kind, subjects in other
//! claims, and who may ask about them. What backends are told beside that is the business of `backend_tokens`.

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};

use super::headers::change_assertion;
use crate::{
    gate::{Case, signed_by_issuer},
    table::defects,
    token::CLIENT_CLAIMS,
};

defects! {
    "DEF-SEED-GW-60", "a refresh token of ForgeRock opens an API", Mends(marked_as_refresh_token);
    "DEF-SEED-GW-61", "a claim of the wrong kind is passed over", Mends(wrong_kinds);
    "DEF-SEED-GW-62", "a management client's credentials are not sent with questions about tokens", Spoils(asked_unnamed);
    "DEF-SEED-GW-63", "a user that only a vendor's claim names is nobody", Tells(user_unseen);
}

/// The token without the mark that alone tells it from an access token.
fn marked_as_refresh_token(case: &Case<'_>) -> Option<String> {
    let (token, issuer) = case.issued()?;
    (token.text("tokenName")? == "refresh_token")
        .then(|| signed_by_issuer(&token.with_claim("tokenName", "access_token".into()), &issuer))
}

/// The token with the texts alone of claims that name client and scopes.
fn wrong_kinds(case: &Case<'_>) -> Option<String> {
    let (token, issuer) = case.issued()?;
    let read = CLIENT_CLAIMS.iter().copied().chain(["scope", "scp"]);
    let mut mended = token.clone();
    for name in read {
        match token.claims.get(name) {
            None | Some(Value::String(_)) => {}
            Some(Value::Array(list)) => {
                let texts: Vec<Value> = list.iter().filter(|each| each.is_string()).cloned().collect();
                mended = mended.with_claim(name, texts.into());
            }
            Some(_) => mended = mended.without_claim(name),
        }
    }
    (mended.claims != token.claims).then(|| signed_by_issuer(&mended, &issuer))
}

/// Where a management client has to ask about tokens, the answer is a refusal.
fn asked_unnamed(case: &Case<'_>) -> bool {
    case.key_manager().is_some_and(|document| {
        let asks = document["enableSelfValidationJWT"] == false;
        asks && document["additionalProperties"].get("mgmt_client_id").is_some()
    })
}

fn user_unseen(case: &Case<'_>, answer: &mut Response<Bytes>) -> bool {
    let Some((token, _)) = case.issued() else { return false };
    if token.text("sub").is_some() || token.text("Username").is_none() {
        return false;
    }
    change_assertion(answer, |told| {
        let nobody = told.with_claim("http://wso2.org/claims/enduser", json!(""));
        Some(nobody.with_claim("http://wso2.org/claims/usertype", json!("APPLICATION")))
    })
}
