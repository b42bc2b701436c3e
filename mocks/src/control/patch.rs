//! Changing some members of a thing and leaving the others (RFC 7396): clients, users, scopes, settings.
//! Which members may be changed is said by each resource.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    body::explained,
    refusal::{Refusal, nearest},
};
use crate::{objects, realm::jwt::Object};

/// The thing with these members changed; others than the settable ones are refused.
pub(super) fn patched<T: Serialize + DeserializeOwned>(
    thing: &T,
    changes: Object,
    settable: &[&str],
) -> Result<T, Refusal> {
    let mut whole = match serde_json::to_value(thing) {
        Ok(Value::Object(whole)) => whole,
        _ => return Err(Refusal::bad("this cannot be changed in parts")),
    };
    for (name, value) in changes {
        if !settable.contains(&name.as_str()) {
            let known: Vec<String> = settable.iter().map(|&name| name.to_owned()).collect();
            let hint = match nearest(&name, &known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("these can be set: {}", known.join(", ")),
            };
            return Err(Refusal::bad(format!("the member `{name}` cannot be set")).hint(hint));
        }
        whole.insert(name, value);
    }
    objects::from_value(Value::Object(whole)).map_err(|error| explained(&error))
}

/// Takes a text out of the members.
pub(super) fn take_text(changes: &mut Object, name: &str) -> Result<Option<String>, Refusal> {
    match changes.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
        Some(_) => Err(Refusal::bad(format!("the member `{name}` must be a text that is not empty"))),
    }
}

/// The same, when it must be there.
pub(super) fn need_text(changes: &mut Object, name: &str) -> Result<String, Refusal> {
    take_text(changes, name)?.ok_or_else(|| {
        let refusal = Refusal::bad(format!("the member `{name}` is missing"));
        let sent: Vec<String> = changes.keys().cloned().collect();
        match nearest(name, &sent) {
            Some(near) => refusal.hint(format!("did you mean `{name}` by `{near}`?")),
            None => refusal.hint("GET /openapi.json describes every body"),
        }
    })
}
