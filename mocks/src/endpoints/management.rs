//! Who may call the management interfaces of WSO2 Identity Server 7, and the form of their errors.
//! Each interface has a file of its own.

use serde_json::json;

use super::call::{Call, Reply};
use crate::{grants::basic_pair, realm::random, server::Site};

/// Lets administrators in by Basic, and tokens that hold the scope by Bearer.
///
/// # Errors
///
/// 401 when nobody can be made of the credentials, 403 when it is somebody without permission; both without a body.
pub(crate) fn permitted(site: &Site, call: &Call, scope: &str) -> Result<(), Reply> {
    let unauthenticated = || Reply::empty(401).header("www-authenticate", "Basic realm=\"localhost\"");
    if let Some(token) = call.bearer() {
        let row = site.realm.active_access(token).ok_or_else(unauthenticated)?;
        return if row.scopes.iter().any(|held| held == scope) { Ok(()) } else { Err(Reply::empty(403)) };
    }
    let (name, password) =
        call.header("authorization").and_then(|header| basic_pair(header, false)).ok_or_else(unauthenticated)?;
    let user = site.realm.authenticate_user(&name, &password).ok_or_else(unauthenticated)?;
    if user.has_role("admin") { Ok(()) } else { Err(Reply::empty(403)) }
}

/// The error form of the scope interface: a number, what it means, and a trace id.
pub(crate) fn numbered(status: u16, code: &str, message: &str) -> Reply {
    let body = json!({ "code": code, "message": message, "description": message, "traceId": random::uuid() });
    Reply::json(status, &body)
}
