//! Defects of what tenants have to do with each other's key managers.
//! Those of one tenant are the business of `key_manager_lists`.

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use serde_json::{Value, json};

use super::key_manager_lists::{Asked, asked, bearer, granted, lists, relist, unname};
use crate::{
    Deed, message,
    pair::{Notes, Pair},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-SEED-KM-24", "administrators read and delete key managers of other tenants", Pair::of(as_owner, note_owner);
    "DEF-SEED-KM-25", "a key manager whose name has several words is listed in every tenant",
        Pair::telling(all_tenants_listed);
    "DEF-SEED-KM-26", "a name of several words has to differ from those of other tenants, too",
        Pair::of(taken_elsewhere, note_owner);
}

/// Remembers who added a key manager, and as what.
fn note_owner(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if let (Asked::Add, Some(told)) = (asked(plane, request), granted(answer)) {
        let id = told["id"].as_str().unwrap_or_default().to_owned();
        notes.insert(id, json!({ "owner": bearer(request), "name": told["name"] }));
    }
    Deed::Nothing
}

/// The owner's own token does it.
fn as_owner(notes: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let (Asked::Read(id) | Asked::Delete(id)) = asked(plane, request) else { return Deed::Nothing };
    let owner = notes.get(&id).and_then(|known| known["owner"].as_str());
    let Some(owner) = owner.filter(|owner| owner.starts_with("Bearer ") && *owner != bearer(request)) else {
        return Deed::Nothing;
    };
    let Ok(owner) = HeaderValue::from_str(owner) else { return Deed::Nothing };
    request.headers_mut().insert(header::AUTHORIZATION, owner);
    Deed::Done
}

fn all_tenants_listed(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if let (Asked::Add, Some(told)) = (asked(plane, request), granted(answer)) {
        if has_several_words(&told) {
            notes.insert(told["id"].as_str().unwrap_or_default().to_owned(), told);
        }
        return Deed::Nothing;
    }
    if !lists(plane, request) {
        return Deed::Nothing;
    }
    relist(answer, |list| {
        let known = |id: &str| list.iter().any(|entry| entry["id"] == id);
        let foreign: Vec<Value> = notes.iter().filter(|(id, _)| !known(id)).map(|(_, each)| each.clone()).collect();
        let longer = !foreign.is_empty();
        list.extend(foreign);
        longer
    })
}

/// Whether a name is one that the defects of tenants are about: most key managers have names of one word, and those of
/// scenarios that have nothing to do with tenants stay apart. Names have no white space, so that words are joined by `_`.
fn has_several_words(document: &Value) -> bool {
    document["name"].as_str().is_some_and(|name| name.contains('_'))
}

/// Takes the name away where another tenant has a key manager of that name.
fn taken_elsewhere(notes: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let Asked::Add = asked(plane, request) else { return Deed::Nothing };
    let document = message::json(request.body()).unwrap_or_default();
    let who = bearer(request);
    let same = |known: &Value| known["name"] == document["name"] && known["owner"] != who.as_str();
    let taken = has_several_words(&document) && notes.values().any(same);
    if taken { unname(request) } else { Deed::Nothing }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    fn request(method: Method, path: &str, bearer: &str, body: Value) -> Request<Bytes> {
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
    fn whoever_asks_for_anothers_key_manager_asks_as_its_owner() {
        let mut notes = Notes::default();
        told(
            note_owner,
            &mut notes,
            &request(Method::POST, "", "one", Value::Null),
            json!({ "id": "a", "name": "acme_login" }),
        );
        for (who, deed) in [("one", Deed::Nothing), ("other", Deed::Done)] {
            let mut read = request(Method::GET, "/a", who, Value::Null);
            assert_eq!(as_owner(&mut notes, Plane::Admin, &mut read), deed);
            assert_eq!(bearer(&read), "Bearer one");
        }
        for (who, name, deed) in [
            ("one", "acme_login", Deed::Nothing),
            ("other", "acme_login", Deed::Done),
            ("other", "acme", Deed::Nothing),
        ] {
            let mut add = request(Method::POST, "", who, json!({ "name": name }));
            assert_eq!(taken_elsewhere(&mut notes, Plane::Admin, &mut add), deed);
        }
    }

    #[test]
    fn the_list_of_a_tenant_is_filled_with_those_of_others() {
        let list = json!({ "list": [{ "id": "a", "type": "custom" }] });
        let mut notes = Notes::from([("c".to_owned(), json!({ "id": "c" }))]);
        let filled = told(all_tenants_listed, &mut notes, &request(Method::GET, "", "one", Value::Null), list);
        assert_eq!(filled["list"].as_array().unwrap().len(), 2);
    }
}
