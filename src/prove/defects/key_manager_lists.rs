//! Defects of several key managers of a tenant side by side, and of those that are gone.
//! What a single one says of itself is the business of `key_manager_documents`; other tenants' are that of `foreign_key_managers`.

use bytes::Bytes;
use http::{Method, Request, Response, header};
use serde_json::{Value, json};

use crate::{
    Deed, message,
    pair::{Notes, Pair},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-SEED-KM-18", "an update of one key manager describes the others, too", Pair::telling(neighbour_described);
    "DEF-SEED-KM-19", "a deleted key manager stays in the list", Pair::telling(deleted_listed);
    "DEF-SEED-KM-20", "the name of a deleted key manager stays taken", Pair::of(name_kept, note_deleted);
    "DEF-SEED-KM-21", "deleting what is not there is reported as done", Pair::telling(nothing_deleted);
    "DEF-SEED-KM-22", "of several third-party key managers only one is listed", Pair::telling(one_listed);
    "DEF-SEED-KM-23", "the first list that an administrator asks for fails", Pair::telling(nothing_to_list);
    "DEF-SEED-KM-27", "a key manager that was disabled cannot be enabled again",
        Pair::of(stays_disabled, note_disabled);
    "DEF-SEED-KM-37", "the list of key managers counts one too few", Pair::telling(one_uncounted);
    "DEF-SEED-KM-40", "a deleted key manager can still be read", Pair::telling(read_after_deletion);
}

/// What is asked of the key managers at the administration.
pub(super) enum Asked {
    List,
    Add,
    Read(String),
    Change(String),
    Delete(String),
    Other,
}

pub(super) fn asked(plane: Plane, request: &Request<Bytes>) -> Asked {
    if plane != Plane::Admin {
        return Asked::Other;
    }
    match (request.method(), message::resource(request.uri().path()).as_slice()) {
        (&Method::GET, ["key-managers"]) => Asked::List,
        (&Method::POST, ["key-managers"]) => Asked::Add,
        (&Method::GET, ["key-managers", id]) => Asked::Read((*id).to_owned()),
        (&Method::PUT, ["key-managers", id]) => Asked::Change((*id).to_owned()),
        (&Method::DELETE, ["key-managers", id]) => Asked::Delete((*id).to_owned()),
        _ => Asked::Other,
    }
}

/// Whoever asks, as an administrator of their own tenant.
pub(super) fn bearer(request: &Request<Bytes>) -> String {
    let field = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    field.unwrap_or_default().to_owned()
}

pub(super) fn granted(answer: &Response<Bytes>) -> Option<Value> {
    message::json(answer.body()).filter(|_| answer.status().is_success())
}

/// Changes the list in an answer.
pub(super) fn relist(answer: &mut Response<Bytes>, change: impl FnOnce(&mut Vec<Value>) -> bool) -> Deed {
    let Some(mut told) = granted(answer) else { return Deed::Nothing };
    if !told.get_mut("list").and_then(Value::as_array_mut).is_some_and(change) {
        return Deed::Nothing;
    }
    *answer.body_mut() = message::bytes(&told);
    Deed::Done
}

fn neighbour_described(
    notes: &mut Notes,
    plane: Plane,
    request: &Request<Bytes>,
    answer: &mut Response<Bytes>,
) -> Deed {
    let who = bearer(request);
    match asked(plane, request) {
        Asked::Change(id) => {
            if let Some(told) = granted(answer) {
                notes.insert(who, json!({ "changed": id, "description": told["description"] }));
            }
            Deed::Nothing
        }
        Asked::Read(id) => {
            let Some(last) = notes.get(&who).filter(|last| last["changed"] != id.as_str()) else {
                return Deed::Nothing;
            };
            let Some(mut told) = granted(answer) else { return Deed::Nothing };
            told["description"] = last["description"].clone();
            *answer.body_mut() = message::bytes(&told);
            Deed::Done
        }
        _ => Deed::Nothing,
    }
}

fn deleted_listed(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let who = bearer(request);
    match asked(plane, request) {
        Asked::Add => {
            if let Some(told) = granted(answer) {
                notes.insert(told["id"].as_str().unwrap_or_default().to_owned(), told);
            }
        }
        Asked::Delete(id) if answer.status().is_success() => {
            if let Some(document) = notes.remove(&id) {
                let gone = notes.entry(format!("gone {who}")).or_insert_with(|| json!([]));
                gone.as_array_mut().into_iter().for_each(|list| list.push(document.clone()));
            }
        }
        Asked::List => {
            let gone = notes.get(&format!("gone {who}")).and_then(Value::as_array).cloned().unwrap_or_default();
            return relist(answer, |list| {
                list.extend(gone.iter().cloned());
                !gone.is_empty()
            });
        }
        _ => {}
    }
    Deed::Nothing
}

/// Remembers names with their ids, and which of them were deleted.
fn note_deleted(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    match (asked(plane, request), granted(answer)) {
        (Asked::Add, Some(told)) => {
            notes.insert(told["id"].as_str().unwrap_or_default().to_owned(), told["name"].clone());
        }
        (Asked::Delete(id), _) if answer.status().is_success() => {
            if let Some(name) = notes.remove(&id) {
                notes.insert(format!("{} {name}", bearer(request)), Value::Null);
            }
        }
        _ => {}
    }
    Deed::Nothing
}

/// Takes a name away that was in use before, so that the subject itself refuses.
fn name_kept(notes: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let Asked::Add = asked(plane, request) else { return Deed::Nothing };
    let document = message::json(request.body()).unwrap_or_default();
    let was_taken = notes.contains_key(&format!("{} {}", bearer(request), document["name"]));
    if was_taken { unname(request) } else { Deed::Nothing }
}

pub(super) fn unname(request: &mut Request<Bytes>) -> Deed {
    let mut document = message::json(request.body()).unwrap_or_default();
    if document.as_object_mut().is_none_or(|members| members.remove("name").is_none()) {
        return Deed::Nothing;
    }
    *request.body_mut() = message::bytes(&document);
    Deed::Done
}

fn nothing_deleted(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let Asked::Delete(_) = asked(plane, request) else { return Deed::Nothing };
    if answer.status() != 404 {
        return Deed::Nothing;
    }
    message::say(answer, 200, &Value::Null);
    Deed::Done
}

/// Whether an entry of a list is that of the resident key manager.
fn is_resident(entry: &Value) -> bool {
    entry["type"] == "default"
}

/// Whether an answer lists key managers, for administrators or for developers.
pub(super) fn lists(plane: Plane, request: &Request<Bytes>) -> bool {
    let lists = *message::resource(request.uri().path()) == ["key-managers"] && request.method() == Method::GET;
    lists && matches!(plane, Plane::Admin | Plane::Devportal)
}

fn one_listed(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if !lists(plane, request) {
        return Deed::Nothing;
    }
    relist(answer, |list| {
        let before = list.len();
        let mut third_parties = 0;
        list.retain(|entry| {
            third_parties += usize::from(!is_resident(entry));
            is_resident(entry) || third_parties == 1
        });
        list.len() < before
    })
}

/// Fails where a tenant has added nothing yet, and an administrator asks for the list before anything else.
fn read_after_deletion(
    notes: &mut Notes,
    plane: Plane,
    request: &Request<Bytes>,
    answer: &mut Response<Bytes>,
) -> Deed {
    if let Some(told) = granted(answer).filter(|_| matches!(asked(plane, request), Asked::Add | Asked::Change(_))) {
        notes.insert(told["id"].as_str().unwrap_or_default().to_owned(), told);
        return Deed::Nothing;
    }
    let Asked::Read(id) = asked(plane, request) else { return Deed::Nothing };
    let Some(kept) = notes.get(&id).filter(|_| answer.status() == 404) else { return Deed::Nothing };
    message::say(answer, 200, kept);
    Deed::Done
}

fn one_uncounted(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let counted = granted(answer).filter(|_| matches!(asked(plane, request), Asked::List));
    let Some(mut told) = counted else { return Deed::Nothing };
    told["count"] = json!(told["count"].as_u64().unwrap_or_default().saturating_sub(1));
    *answer.body_mut() = message::bytes(&told);
    Deed::Done
}

fn nothing_to_list(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let asked_before = plane == Plane::Admin && notes.insert(bearer(request), Value::Null).is_some();
    let Asked::List = asked(plane, request) else { return Deed::Nothing };
    let told = granted(answer).unwrap_or_default();
    let empty = told["list"].as_array().is_some_and(|list| list.iter().all(is_resident));
    if asked_before || !empty {
        return Deed::Nothing;
    }
    message::refuse(answer, 500, 900_967, "General Error");
    Deed::Done
}

/// Remembers which key managers are disabled.
fn note_disabled(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if let (Asked::Add | Asked::Change(_), Some(told)) = (asked(plane, request), granted(answer))
        && told["enabled"] == false
    {
        notes.insert(told["id"].as_str().unwrap_or_default().to_owned(), Value::Null);
    }
    Deed::Nothing
}

fn stays_disabled(notes: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let Asked::Change(id) = asked(plane, request) else { return Deed::Nothing };
    let mut document = message::json(request.body()).unwrap_or_default();
    if document["enabled"] != true || !notes.contains_key(&id) {
        return Deed::Nothing;
    }
    document["enabled"] = false.into();
    *request.body_mut() = message::bytes(&document);
    Deed::Done
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, path: &str, bearer: &str, body: Value) -> Request<Bytes> {
        let path = format!("/api/am/admin/v4/key-managers{path}");
        let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {bearer}"));
        request.body(message::bytes(&body)).unwrap()
    }

    fn told(tell: crate::pair::Tell, notes: &mut Notes, request: &Request<Bytes>, said: Value) -> Value {
        let mut answer = Response::new(message::bytes(&said));
        let _ = tell(notes, Plane::Admin, request, &mut answer);
        message::json(answer.body()).unwrap_or_default()
    }

    #[test]
    fn a_description_spreads_to_neighbours_of_the_same_administrator_only() {
        let mut notes = Notes::default();
        let put = request("PUT", "/a", "one", Value::Null);
        told(neighbour_described, &mut notes, &put, json!({ "id": "a", "description": "new" }));
        for (id, who, reads) in [("a", "one", "old"), ("b", "one", "new"), ("b", "other", "old")] {
            let get = request("GET", &format!("/{id}"), who, Value::Null);
            let shown = told(neighbour_described, &mut notes, &get, json!({ "id": id, "description": "old" }));
            assert_eq!(shown["description"], reads, "{id} {who}");
        }
    }

    #[test]
    fn what_was_deleted_is_listed_and_its_name_is_not_to_be_had() {
        for tell in [deleted_listed as crate::pair::Tell, note_deleted] {
            let mut notes = Notes::default();
            let document = json!({ "id": "a", "name": "acme" });
            told(tell, &mut notes, &request("POST", "", "one", document.clone()), document.clone());
            told(tell, &mut notes, &request("DELETE", "/a", "one", Value::Null), Value::Null);
            let list = told(tell, &mut notes, &request("GET", "", "one", Value::Null), json!({ "list": [] }));
            let mut again = request("POST", "", "one", document.clone());
            let refused = name_kept(&mut notes, Plane::Admin, &mut again) == Deed::Done;
            assert!(refused != (list["list"] == json!([document])));
        }
    }

    #[test]
    fn whoever_was_disabled_once_is_not_enabled_again() {
        let mut notes = Notes::default();
        for (enabled, deed) in [(true, Deed::Nothing), (false, Deed::Nothing), (true, Deed::Done)] {
            let document = json!({ "id": "a", "enabled": enabled });
            let mut put = request("PUT", "/a", "one", document.clone());
            assert_eq!(stays_disabled(&mut notes, Plane::Admin, &mut put), deed);
            told(note_disabled, &mut notes, &put, document);
        }
    }

    #[test]
    fn lists_are_cut_or_refused() {
        let get = request("GET", "", "one", Value::Null);
        let resident = json!({ "id": "r", "type": "default" });
        let list = json!({ "list": [resident, { "id": "a", "type": "custom" }, { "id": "b", "type": "Okta" }] });
        let cut = told(one_listed, &mut Notes::default(), &get, list.clone());
        assert_eq!(cut["list"].as_array().unwrap().len(), 2);
        assert_eq!(told(nothing_to_list, &mut Notes::default(), &get, list.clone()), list);
        let mut notes = Notes::default();
        let alone = json!({ "list": [resident] });
        assert_eq!(told(nothing_to_list, &mut notes, &get, alone.clone())["code"], 900_967);
        assert_eq!(told(nothing_to_list, &mut notes, &get, alone.clone()), alone);
    }
}
