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

/// The same, with only the characters that registration accepts.
pub(super) fn by_name(request: &ClientRequest) -> String {
    safe(&readable(request))
}

/// `{user}{application}_{key type}`, as the connectors of other vendors have it.
pub(super) fn run_together(request: &ClientRequest) -> String {
    format!("{}{}_{}", request.user, request.application.name, request.key_type)
}

/// `{user}_{application}_{the id's first seven}_{key type}`.
pub(super) fn by_name_and_id(request: &ClientRequest) -> String {
    let id = request.application.id.to_string();
    safe(&format!("{}_{}_{}_{}", request.user, request.application.name, &id[..7], request.key_type))
}

/// Letters, digits, `.`, `_` and `-` stay; everything else becomes `_`.
fn safe(name: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    name.chars().map(keep).collect()
}
