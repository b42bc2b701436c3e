//! Who may call the management interfaces of WSO2 Identity Server 7, and the form of their errors.
//! Each interface has a file of its own.

use serde_json::json;

use super::call::{Call, Reply};
use crate::{
    grants::basic_pair,
    realm::{TokenRow, User, random},
    server::Site,
};

/// Who calls a management interface.
#[derive(Debug)]
pub(crate) enum Caller {
    /// A user by name and password.
    User(User),
    /// Whoever holds this token.
    Token(Box<TokenRow>),
}

impl Caller {
    /// Finds out; `None` when nobody can be made of the credentials.
    pub(crate) fn of(site: &Site, call: &Call) -> Option<Self> {
        if let Some(token) = call.bearer() {
            return site.realm.active_access(token).map(|row| Self::Token(Box::new(row)));
        }
        let (name, password) = basic_pair(call.header("authorization")?, false)?;
        site.realm.authenticate_user(&site.login_name(&name), &password).map(Self::User)
    }

    /// Whether a token holds all of these scopes, or the user is an administrator. Nothing is needed when there are none.
    fn may(&self, scopes: &[String]) -> bool {
        match self {
            _ if scopes.is_empty() => true,
            Self::User(user) => user.has_role("admin"),
            Self::Token(row) => scopes.iter().all(|scope| row.scopes.contains(scope)),
        }
    }
}

/// Lets administrators in by Basic, and tokens that hold the scope by Bearer, unless an access rule says otherwise.
///
/// # Errors
///
/// 401 when nobody can be made of the credentials, 403 when it is somebody without permission; both without a body.
pub(crate) fn permitted(site: &Site, call: &Call, scope: &str) -> Result<(), Reply> {
    permitted_with(site, call, &[scope.to_owned()])
}

/// The same with several scopes, or none for any caller who is somebody.
///
/// # Errors
///
/// As [`permitted`].
pub(crate) fn permitted_with(site: &Site, call: &Call, scopes: &[String]) -> Result<(), Reply> {
    let unauthenticated = || Reply::empty(401).header("www-authenticate", "Basic realm=\"localhost\"");
    let needed = match site.settings.access_rule(&call.method, &call.path) {
        Some(rule) if !rule.secure => return Ok(()),
        Some(rule) => [rule.scopes.as_slice(), rule.permissions.as_slice()].concat(),
        None => scopes.to_vec(),
    };
    let caller = Caller::of(site, call).ok_or_else(unauthenticated)?;
    if caller.may(&needed) { Ok(()) } else { Err(Reply::empty(403)) }
}

/// The error form of the scope interface: a number, what it means, and a trace id.
pub(crate) fn numbered(status: u16, code: &str, message: &str) -> Reply {
    let body = json!({ "code": code, "message": message, "description": message, "traceId": random::uuid() });
    Reply::json(status, &body)
}
