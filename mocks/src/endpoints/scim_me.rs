//! The profile of the caller in SCIM's form (RFC 7643), as WSO2 Identity Server 7 serves it at `/scim2/Me`.
//! Only reading is played.

use serde_json::{Value, json};

use super::{
    call::{Call, Reply},
    scim::{self, failed},
};
use crate::{grants::basic_pair, realm::User, server::Site};

/// Any authenticated caller may read: that is what the documents tell administrators to configure for a key manager.
pub(crate) fn answer(site: &Site, call: &Call) -> Reply {
    if call.method != "GET" {
        return Reply::only("GET");
    }
    match caller(site, call) {
        Some(user) => scim::reply(200, &document(site, &user)),
        None => failed(401, "unauthenticated").header("www-authenticate", "Bearer realm=\"localhost\""),
    }
}

fn caller(site: &Site, call: &Call) -> Option<User> {
    if let Some(token) = call.bearer() {
        return site.realm.user(&site.realm.active_access(token)?.username?);
    }
    let (name, password) = basic_pair(call.header("authorization")?, false)?;
    site.realm.authenticate_user(&name, &password)
}

/// A user as SCIM writes one down.
pub(crate) fn document(site: &Site, user: &User) -> Value {
    let claim = |name: &str| user.claims.get(name).and_then(Value::as_str);
    let roles: Vec<_> = user.roles.iter().map(|role| json!({ "display": role, "value": role })).collect();
    let emails: Vec<_> =
        claim("email").iter().map(|email| json!({ "value": email, "type": "work", "primary": true })).collect();
    json!({
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        ],
        "id": user.id,
        "userName": user.name,
        "active": user.active,
        "name": { "givenName": claim("given_name").unwrap_or(&user.name), "familyName": claim("family_name").unwrap_or_default() },
        "emails": emails,
        "roles": roles,
        "meta": { "resourceType": "User", "location": format!("{}/scim2/Users/{}", site.base_url, user.id) },
    })
}
