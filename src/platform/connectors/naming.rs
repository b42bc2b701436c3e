//! Names and ids of the clients that connectors register.
//! Where they are sent is left to the connectors.

use aws_lc_rs::rand;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

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

/// An id that no other client has: 28 characters of letters, digits and `_`.
pub(super) fn fresh_id() -> String {
    let mut random = [0u8; 21];
    rand::fill(&mut random).expect("the system's random source does not fail once it works");
    URL_SAFE_NO_PAD.encode(random).replace('-', "_")
}

/// Letters, digits, `.`, `_` and `-` stay; everything else becomes `_`.
fn safe(name: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    name.chars().map(keep).collect()
}
