//! Whose a token is: what its claims, or an introspection answer, must say of somebody who is known by these names.
//! Where the claims come from is the business of the phrases.

use serde_json::{Map, Value};

/// Members that say who a token stands for: RFC 9068, RFC 7662, OpenID Connect, and vendors' own.
const NAMES: [&str; 8] = ["sub", "username", "user_name", "preferred_username", "upn", "oid", "uid", "subname"];

/// Whether these members say that a token is somebody's, and nothing else beside; otherwise what they say.
pub(super) fn stands_for(members: &Map<String, Value>, known: &[String]) -> Result<(), String> {
    let said: Vec<(&str, &str)> =
        NAMES.iter().filter_map(|name| Some((*name, members.get(*name)?.as_str()?))).collect();
    // A subject of its own for every client says nothing to us where the object's id stands beside it.
    let pairwise = |name: &str| name == "sub" && members.contains_key("oid");
    let mut telling = said.iter().filter(|(name, _)| !pairwise(name)).peekable();
    let right = telling.peek().is_some() && telling.all(|(_, text)| known.iter().any(|each| means(text, each)));
    if right {
        return Ok(());
    }
    let said: Vec<String> = said.into_iter().map(|(name, text)| format!("`{name}` {text}")).collect();
    Err(if said.is_empty() { "nothing of whose it is".to_owned() } else { said.join(", ") })
}

/// Whether the text is this name, alone or within what vendors put around one: `(usr!ann)`, `auth0|ann`, `ann@tenant`.
fn means(text: &str, name: &str) -> bool {
    let bare = match text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        Some(inner) => inner.rsplit('!').next().unwrap_or_default(),
        None => text.rsplit('|').next().unwrap_or_default(),
    };
    bare == name || bare.strip_prefix(name).is_some_and(|rest| rest.starts_with('@'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(members: Value) -> Result<(), String> {
        let known = ["ann".to_owned(), "7f3c".to_owned()];
        stands_for(members.as_object().unwrap(), &known)
    }

    #[test]
    fn a_token_is_somebodys_by_name_or_by_id_in_any_vendors_spelling() {
        for right in [
            json!({ "sub": "ann" }),
            json!({ "sub": "7f3c", "preferred_username": "ann" }),
            json!({ "sub": "(usr!ann)", "subname": "ann" }),
            json!({ "sub": "auth0|7f3c" }),
            json!({ "username": "ann@carbon.super" }),
            json!({ "sub": "pairwise", "oid": "7f3c" }),
        ] {
            assert_eq!(said(right.clone()), Ok(()), "{right}");
        }
    }

    #[test]
    fn a_token_that_names_somebody_else_anywhere_or_nobody_is_not() {
        for wrong in [
            json!({ "sub": "admin" }),
            json!({ "sub": "7f3c", "username": "admin" }),
            json!({ "sub": "annette" }),
            json!({ "sub": "ann|admin" }),
            json!({ "sub": "pairwise", "oid": "admin" }),
            json!({ "sub": 7 }),
            json!({}),
        ] {
            assert!(said(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
