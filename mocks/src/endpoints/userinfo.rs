//! The profile of the user behind a token (OpenID Connect Core, section 5.3).
//! SCIM's own profile is in `scim_me`.

use serde_json::{Value, json};

use super::call::{Call, Reply};
use crate::{
    grants::Form,
    realm::{Client, KeyPurpose, TokenContext, jwt, shape::object},
    server::Site,
};

/// The registration member by which an application has profiles as signed JWTs (OpenID Connect Registration, section 2).
pub(crate) const SIGNED_BY: &str = "userinfo_signed_response_alg";

/// Whether profiles can be signed by this algorithm: the one of id tokens.
pub(crate) fn signs_by(site: &Site, algorithm: &str) -> bool {
    algorithm == format!("{:?}", site.realm.keys().current(KeyPurpose::Id).algorithm())
}

pub(crate) fn answer(site: &Site, call: &Call) -> Reply {
    let in_form = match call.method.as_str() {
        "GET" => None,
        "POST" => Form::parse(&call.body).value("access_token").map(str::to_owned),
        _ => return Reply::only("GET, POST"),
    };
    let realm = &site.realm.policy().challenge_realm;
    let challenge = |status, code| Reply::bearer_challenge(status, realm, code);
    let token = match (call.bearer().map(str::to_owned), in_form) {
        (Some(_), Some(_)) => return challenge(400, Some("invalid_request")),
        (Some(token), None) | (None, Some(token)) => token,
        (None, None) => return site.dialect.userinfo_without_token(realm),
    };
    let Some(row) = site.credential(call, &token) else { return challenge(401, Some("invalid_token")) };
    if !row.scopes.iter().any(|scope| scope == "openid") {
        return challenge(403, Some("insufficient_scope"));
    }
    let user = row.username.as_deref().and_then(|name| site.realm.user(name));
    let (Some(user), Some(client)) = (user, site.realm.client(&row.client_id)) else {
        return challenge(401, Some("invalid_token"));
    };
    // The subject is the one that the id token names (OpenID Connect Core, section 5.3.2).
    let context = TokenContext::of(&site.realm, &client, Some(&user), &row);
    let subject = site.realm.shape().id_claims(&context, &user).remove("sub");
    let mut profile = json!({ "sub": subject.unwrap_or_else(|| json!(user.id)) });
    for (name, value) in &user.claims {
        profile[name] = value.clone();
    }
    profile["preferred_username"] = Value::String(user.name);
    told(site, &client, profile).uncached()
}

/// The profile as JSON, or as a JWT where the application is registered for that (OpenID Connect Core, section 5.3.2).
fn told(site: &Site, client: &Client, mut profile: Value) -> Reply {
    if !site.realm.policy().signed_userinfo || !client.metadata.contains_key(SIGNED_BY) {
        return Reply::json(200, &profile);
    }
    profile["iss"] = json!(site.realm.issuer());
    profile["aud"] = json!(client.id);
    let key = site.realm.keys().current(KeyPurpose::Id);
    let jwt = jwt::sign(&key, site.realm.shape().id_header(), &object(profile));
    Reply::empty(200).text(jwt).header("content-type", "application/jwt")
}
