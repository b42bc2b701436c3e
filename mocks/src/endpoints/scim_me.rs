//! The profile of the caller in SCIM's form (RFC 7643), as WSO2 Identity Server 7 serves it at `/scim2/Me`.
//! Any authenticated caller may read it once an access rule says so, which the documents tell administrators to write.

use serde_json::{Value, json};

use super::{
    call::{Call, Reply},
    management::{Caller, allowed},
    scim::{self, failed},
    scim_users,
};
use crate::{realm::User, server::Site};

pub(crate) fn answer(site: &Site, call: &Call) -> Reply {
    let scope = match call.method.as_str() {
        "GET" | "PUT" | "PATCH" => "internal_login",
        "POST" => "internal_user_mgt_create",
        "DELETE" => "internal_user_mgt_delete",
        _ => return Reply::only("GET, POST, PUT, PATCH, DELETE"),
    };
    let Some(caller) = Caller::of(site, call).or_else(|| of_another_tenant(site, call)) else {
        return failed(401, "unauthenticated").header("www-authenticate", "Bearer realm=\"localhost\"");
    };
    // Every user may log in, and so holds what reading and changing the own account takes.
    let held = scope == "internal_login" && matches!(caller, Caller::User(_));
    if !held && !allowed(site, call, &caller, &[scope.to_owned()]) {
        return failed(403, "the caller does not hold the scope for this");
    }
    if call.method == "POST" {
        return scim_users::create(site, call).unwrap_or_else(|refusal| refusal);
    }
    let Some(user) = caller.user(site) else { return failed(401, "the token stands for no user") };
    let done = match call.method.as_str() {
        "GET" => Ok(scim::reply(200, &document(site, &user))),
        "PUT" => scim_users::replace(site, call, &user),
        "PATCH" => scim_users::patch(site, call, &user),
        _ if !site.realm.policy().self_removal => Err(failed(501, "users cannot remove their own account")),
        _ => {
            site.realm.remove_user(&user.name);
            Ok(Reply::empty(204))
        }
    };
    done.unwrap_or_else(|refusal| refusal)
}

/// Whoever holds a token of another tenant, where the access rule lets them in and asks for nothing more.
fn of_another_tenant(site: &Site, call: &Call) -> Option<Caller> {
    let rule = site.settings.access_rule(&call.method, &call.path)?;
    let open = rule.cross_tenant && rule.scopes.is_empty() && rule.permissions.is_empty();
    site.user_of_any_tenant(call, call.bearer().filter(|_| open)?).map(|user| Caller::User(Box::new(user)))
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
        // Roles are what users are grouped by here.
        "groups": [],
        "meta": {
            "resourceType": "User",
            "location": site.managed_url(&format!("/scim2/Users/{}", user.id)),
            "created": instant(user.created_at),
            "lastModified": instant(user.changed_at),
        },
    })
}

/// Seconds since 1970 as SCIM writes an instant (RFC 7643, section 2.3.5).
fn instant(seconds: u64) -> String {
    let instant = i64::try_from(seconds).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    instant.unwrap_or(jiff::Timestamp::MAX).to_string()
}
