//! Who may call the interfaces by which servers are managed, and the form of errors of those of WSO2 Identity Server 7.
//! Each interface has a file of its own.

use serde_json::{Value, json};

use super::call::{Call, Reply};
use crate::{
    grants::basic_pair,
    realm::{ClientSpec, TokenRow, User, permission, random},
    server::Site,
};

/// Id and secret of the client by which others are managed, where a vendor wants a client for that.
pub(crate) const MANAGER: &str = "management";
/// What a client that may manage others has among its metadata.
const MANAGES: &str = "manages_clients";

/// That client, as a fresh server holds it.
pub(crate) fn manager() -> ClientSpec {
    ClientSpec::new("Management")
        .id(MANAGER)
        .secret(MANAGER)
        .grant_types(["client_credentials"])
        .metadata(MANAGES, true)
}

/// The live token that a request by such a client carries; `None` for any other request.
pub(crate) fn managing(site: &Site, call: &Call) -> Option<TokenRow> {
    let row = site.credential(call, call.bearer()?)?;
    let client = site.realm.client(&row.client_id)?;
    let manages = client.metadata.get(MANAGES) == Some(&Value::Bool(true));
    (manages && row.username.is_none()).then_some(row)
}

/// Whether the request is an administrator's, by Basic.
pub(crate) fn by_administrator(site: &Site, call: &Call) -> bool {
    call.header("authorization")
        .and_then(|header| basic_pair(header, false))
        .and_then(|(name, password)| site.realm.authenticate_user(&name, &password))
        .is_some_and(|user| user.has_role("admin"))
}

/// Who calls a management interface.
#[derive(Debug)]
pub(crate) enum Caller {
    /// A user by name and password, or by the certificate of the connection.
    User(Box<User>),
    /// Whoever holds this token.
    Token(Box<TokenRow>),
}

impl Caller {
    /// Finds out; `None` when nobody can be made of the credentials.
    pub(crate) fn of(site: &Site, call: &Call) -> Option<Self> {
        if let Some(token) = call.bearer() {
            return site.credential(call, token).map(|row| Self::Token(Box::new(row)));
        }
        let user = match call.header("authorization") {
            None => site.certified_user(call),
            Some(header) => {
                let (name, password) = basic_pair(header, false)?;
                site.realm.authenticate_user(&site.login_name(&name), &password)
            }
        };
        user.map(|user| Self::User(Box::new(user)))
    }

    /// The user behind the call; `None` where a client calls for itself.
    pub(crate) fn user(&self, site: &Site) -> Option<User> {
        match self {
            Self::User(user) => Some(user.as_ref().clone()),
            Self::Token(row) => row.username.as_deref().and_then(|name| site.realm.user(name)),
        }
    }

    /// Whether the user is an administrator, who holds every permission, or the token all of these scopes. A token where
    /// permissions alone are asked for is as good as its user. Nothing is needed when there is neither. Where roles have
    /// permissions, a user who has what is asked for will do as well.
    fn may(&self, site: &Site, scopes: &[String], permissions: &[String]) -> bool {
        let allowed = |user: &User| user.has_role("admin") || by_permission(site, user, scopes, permissions);
        match self {
            _ if scopes.is_empty() && permissions.is_empty() => true,
            Self::Token(row) if !scopes.is_empty() => scopes.iter().all(|scope| row.scopes.contains(scope)),
            _ => self.user(site).is_some_and(|user| allowed(&user)),
        }
    }
}

/// Whether the permissions of a user's roles are enough, where they count.
fn by_permission(site: &Site, user: &User, scopes: &[String], permissions: &[String]) -> bool {
    let held = || site.realm.permissions_of(user);
    site.settings.by_permission()
        && scopes.iter().all(|scope| permission::opens(&held(), scope))
        && permissions.iter().all(|needed| permission::covered(&held(), needed))
}

/// The name of the user who calls, for whoever registers a client owns it unless another owner is named.
pub(crate) fn calling_user(site: &Site, call: &Call) -> Option<String> {
    Caller::of(site, call)?.user(site).map(|user| user.name)
}

/// Whether the caller may manage what that user owns: the owner, an administrator, or a client for itself.
pub(crate) fn may_manage_of(site: &Site, call: &Call, owner: Option<&str>) -> bool {
    let user = Caller::of(site, call).and_then(|caller| caller.user(site));
    user.is_none_or(|user| user.has_role("admin") || owner == Some(&user.name))
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
    let rule = site.settings.access_rule(&call.method, &call.path);
    if rule.is_some_and(|rule| !rule.secure) {
        return Ok(());
    }
    let caller = Caller::of(site, call).ok_or_else(unauthenticated)?;
    if allowed(site, call, &caller, scopes) { Ok(()) } else { Err(Reply::empty(403)) }
}

/// Whether a caller may do what is asked: by these scopes, unless an access rule says otherwise.
pub(crate) fn allowed(site: &Site, call: &Call, caller: &Caller, scopes: &[String]) -> bool {
    match site.settings.access_rule(&call.method, &call.path) {
        Some(rule) => !rule.secure || caller.may(site, &rule.scopes, &rule.permissions),
        None => caller.may(site, scopes, &[]),
    }
}

/// The error form of the scope interface: a number, what it means, and a trace id.
pub(crate) fn numbered(status: u16, code: &str, message: &str) -> Reply {
    let body = json!({ "code": code, "message": message, "description": message, "traceId": random::uuid() });
    Reply::json(status, &body)
}
