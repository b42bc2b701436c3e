//! Names of the clients that connectors register.
//! Where they are sent is left to the connectors.

use super::ClientRequest;

/// `{user}_{application uuid}_{key type}`, with only the characters that registration accepts.
pub(super) fn by_application_id(request: &ClientRequest) -> String {
    safe(&format!("{}_{}_{}", request.user, request.application.id, request.key_type))
}

/// `{user}_{application}_{key type}` for people to read.
pub(super) fn readable(request: &ClientRequest) -> String {
    format!("{}_{}_{}", request.user, request.application.name, request.key_type)
}

/// Letters, digits, `.`, `_` and `-` stay; everything else becomes `_`.
fn safe(name: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    name.chars().map(keep).collect()
}
