//! Defects of applications as documents: what they are called, whose they are, who may see and change them.
//! Their deletion is the business of `deletions`, their keys that of `key_orders` and `key_lists`.

use bytes::Bytes;
use http::{Method, Request, Response, header};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    Deed, message,
    pair::{Notes, Pair},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-SEED-APP-01", "a change of an application is reported and not kept", Pair::hearing(change_lost);
    "DEF-SEED-APP-02", "an owner may have two applications of one name", Pair::hearing(name_shared);
    "DEF-SEED-APP-03", "the name of an application is taken for all owners of a tenant", Pair::telling(name_taken_for_all);
    "DEF-SEED-APP-04", "a deleted application can still be read", Pair::telling(read_after_deletion);
    "DEF-SEED-APP-05", "the groups of an application are lost", Pair::telling(groups_lost);
    "DEF-SEED-APP-06", "whose an application is does not matter", Pair::telling(anybodys);
    "DEF-SEED-APP-07", "a change of owner is reported and not made", Pair::hearing(owner_stays);
    "DEF-SEED-APP-08", "an application can be given to anybody", Pair::telling(anybody_owns);
    "DEF-SEED-APP-09", "a group does not see what is shared with it", Pair::telling(groups_see_nothing);
    "DEF-SEED-APP-10", "the owner of an application is cut at the first @", Pair::telling(owner_cut);
    "DEF-SEED-APP-11", "refusals of the developer portal do not say why", Pair::telling(no_words);
    "DEF-SEED-AK-15", "whoever sees an application is shown its owner's API keys", Pair::telling(keys_of_others);
    "DEF-SEED-AUTH-01", "a token for one plane opens the others", Pair::telling(any_plane);
}

/// What follows `applications` in a path of the portal: nothing for the collection, an id for one of them.
fn about(plane: Plane, request: &Request<Bytes>) -> Option<Option<String>> {
    match *message::resource(request.uri().path()) {
        ["applications"] if plane == Plane::Devportal => Some(None),
        ["applications", id] if plane == Plane::Devportal => Some(Some(id.to_owned())),
        _ => None,
    }
}

fn creates(plane: Plane, request: &Request<Bytes>) -> bool {
    about(plane, request) == Some(None) && request.method() == Method::POST
}

fn bearer(request: &Request<Bytes>) -> String {
    let field = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    field.unwrap_or_default().to_owned()
}

fn change_lost(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let changes = matches!(about(plane, request), Some(Some(_))) && request.method() == Method::PUT;
    if !changes {
        return Deed::Nothing;
    }
    let path = request.uri().path().to_owned();
    message::defuse(request, &path);
    Deed::Done
}

/// The second application of a name gets another one on its way in.
fn name_shared(notes: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let Some(mut draft) = message::json(request.body()).filter(|_| creates(plane, request)) else {
        return Deed::Nothing;
    };
    let place = format!("{} {}", bearer(request), draft["name"]);
    if notes.insert(place, Value::Null).is_none() {
        return Deed::Nothing;
    }
    draft["name"] = Uuid::new_v4().to_string().into();
    *request.body_mut() = message::bytes(&draft);
    Deed::Done
}

fn name_taken_for_all(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let made = message::json(answer.body()).filter(|_| creates(plane, request) && answer.status().is_success());
    let Some(made) = made else { return Deed::Nothing };
    let owner = made["owner"].as_str().unwrap_or_default();
    let tenant = owner.rsplit_once('@').map_or("", |(_, tenant)| tenant);
    let place = format!("{tenant} {}", made["name"]);
    match notes.get(&place) {
        Some(first) if *first != owner => {
            message::refuse(answer, 409, 409, "There is an application of that name");
            Deed::Done
        }
        _ => {
            notes.insert(place, owner.into());
            Deed::Nothing
        }
    }
}

/// Notes every application that is shown, and hands out what was noted.
fn noted(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &Response<Bytes>) -> Option<Value> {
    let id = about(plane, request)?;
    if answer.status().is_success() {
        let shown = message::json(answer.body())?;
        if let Some(id) = shown["applicationId"].as_str() {
            notes.insert(id.to_owned(), shown.clone());
        }
        return None;
    }
    notes.get(&id?).cloned()
}

fn read_after_deletion(
    notes: &mut Notes,
    plane: Plane,
    request: &Request<Bytes>,
    answer: &mut Response<Bytes>,
) -> Deed {
    match noted(notes, plane, request, answer) {
        Some(shown) if answer.status() == 404 && request.method() == Method::GET => {
            message::say(answer, 200, &shown);
            Deed::Done
        }
        _ => Deed::Nothing,
    }
}

fn anybodys(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    match noted(notes, plane, request, answer) {
        Some(shown) if answer.status() == 403 => {
            message::say(answer, 200, &shown);
            Deed::Done
        }
        _ => Deed::Nothing,
    }
}

/// A list of API keys that is empty for whoever asks has one entry, once some key of the application was made.
fn keys_of_others(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if plane != Plane::Devportal || !answer.status().is_success() {
        return Deed::Nothing;
    }
    match *message::resource(request.uri().path()) {
        ["applications", id, "api-keys", _, "generate"] => {
            notes.insert(format!("key of {id}"), Value::Null);
            Deed::Nothing
        }
        ["applications", id, "api-keys", _] if notes.contains_key(&format!("key of {id}")) => {
            let told = message::json(answer.body()).unwrap_or_default();
            if !told["list"].as_array().is_some_and(Vec::is_empty) {
                return Deed::Nothing;
            }
            let entry = json!({ "keyUUID": Uuid::new_v4(), "keyName": "of somebody else" });
            message::say(answer, 200, &json!({ "count": 1, "list": [entry] }));
            Deed::Done
        }
        _ => Deed::Nothing,
    }
}

/// Changes every application in an answer.
fn in_documents(
    plane: Plane,
    request: &Request<Bytes>,
    answer: &mut Response<Bytes>,
    change: fn(&mut Value) -> bool,
) -> Deed {
    let shown =
        message::json(answer.body()).filter(|_| about(plane, request).is_some() && answer.status().is_success());
    let Some(mut shown) = shown else { return Deed::Nothing };
    let changed = message::documents(&mut shown).into_iter().filter_map(|one| change(one).then_some(())).count();
    if changed == 0 {
        return Deed::Nothing;
    }
    *answer.body_mut() = message::bytes(&shown);
    Deed::Done
}

fn groups_lost(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    in_documents(plane, request, answer, |one| {
        let some = one["groups"].as_array().is_some_and(|groups| !groups.is_empty());
        if some {
            one["groups"] = json!([]);
        }
        some
    })
}

fn owner_cut(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    in_documents(plane, request, answer, |one| {
        let cut = one["owner"].as_str().and_then(|owner| owner.split_once('@')).map(|(name, _)| name.to_owned());
        cut.map(|name| one["owner"] = name.into()).is_some()
    })
}

fn groups_see_nothing(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let Some(shown) = message::json(answer.body()).filter(|_| answer.status().is_success()) else {
        return Deed::Nothing;
    };
    let id = shown["applicationId"].as_str().unwrap_or_default().to_owned();
    if creates(plane, request) {
        notes.insert(id, bearer(request).into());
        return Deed::Nothing;
    }
    let reads = matches!(about(plane, request), Some(Some(_))) && request.method() == Method::GET;
    if reads && notes.get(&id).is_some_and(|first| *first != bearer(request)) {
        message::refuse(answer, 403, 900_915, "Not the owner");
        return Deed::Done;
    }
    Deed::Nothing
}

fn changes_owner(plane: Plane, request: &Request<Bytes>) -> bool {
    let parts = message::resource(request.uri().path());
    plane == Plane::Admin && matches!(*parts, ["applications", _, "change-owner"])
}

fn owner_stays(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    if !changes_owner(plane, request) {
        return Deed::Nothing;
    }
    message::defuse(request, "/api/am/admin/v4/applications");
    Deed::Done
}

fn anybody_owns(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if !changes_owner(plane, request) || answer.status() != 500 {
        return Deed::Nothing;
    }
    message::say(answer, 200, &Value::Null);
    Deed::Done
}

fn no_words(_: &mut Notes, plane: Plane, _: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let told = message::json(answer.body()).filter(|_| plane == Plane::Devportal && answer.status().is_client_error());
    let Some(mut told) = told.filter(Value::is_object) else { return Deed::Nothing };
    for member in ["message", "description"] {
        told[member] = "Refused".into();
    }
    *answer.body_mut() = message::bytes(&told);
    Deed::Done
}

/// Whoever is refused for want of a scope is told that it was done.
fn any_plane(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let parts = message::resource(request.uri().path());
    let writes = match plane {
        Plane::Devportal => matches!(*parts, ["applications" | "subscriptions"]),
        Plane::Publisher => matches!(*parts, ["scopes"] | ["subscriptions", "block-subscription"]),
        _ => false,
    };
    if !writes || request.method() != Method::POST || answer.status() != 401 || bearer(request).is_empty() {
        return Deed::Nothing;
    }
    let mut made = message::json(request.body()).filter(Value::is_object).unwrap_or_else(|| json!({}));
    for id in ["applicationId", "subscriptionId", "id"] {
        if made[id].is_null() {
            made[id] = Uuid::new_v4().to_string().into();
        }
    }
    message::say(answer, 201, &made);
    Deed::Done
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "/api/am/devportal/v3/applications";

    fn request(method: &str, path: &str, who: &str, body: &Value) -> Request<Bytes> {
        let request = Request::builder().method(method).uri(path).header("authorization", who);
        request.body(message::bytes(body)).unwrap()
    }

    fn told(
        tell: crate::pair::Tell,
        notes: &mut Notes,
        request: &Request<Bytes>,
        status: u16,
        said: &Value,
    ) -> (u16, Value) {
        let mut answer = Response::new(message::bytes(said));
        *answer.status_mut() = status.try_into().unwrap();
        let _ = tell(notes, Plane::Devportal, request, &mut answer);
        (answer.status().as_u16(), message::json(answer.body()).unwrap_or_default())
    }

    #[test]
    fn a_name_that_one_owner_has_used_is_another_one_the_second_time() {
        let mut notes = Notes::default();
        let named = |notes: &mut Notes, who: &str| {
            let mut asked = request("POST", LIST, who, &json!({ "name": "shop" }));
            let deed = name_shared(notes, Plane::Devportal, &mut asked);
            (deed, message::json(asked.body()).unwrap()["name"] == "shop")
        };
        assert_eq!(named(&mut notes, "one"), (Deed::Nothing, true));
        assert_eq!(named(&mut notes, "two"), (Deed::Nothing, true));
        assert_eq!(named(&mut notes, "one"), (Deed::Done, false));
    }

    #[test]
    fn a_name_is_taken_for_other_owners_of_the_same_tenant_only() {
        let mut notes = Notes::default();
        let asked = request("POST", LIST, "any", &json!({}));
        for (owner, status) in [("a@t1", 201), ("a@t1", 201), ("b@t2", 201), ("b@t1", 409)] {
            let made = json!({ "applicationId": "1", "name": "shop", "owner": owner });
            assert_eq!(told(name_taken_for_all, &mut notes, &asked, 201, &made).0, status, "{owner}");
        }
    }

    #[test]
    fn what_was_shown_once_is_shown_again_to_anybody_and_after_its_end() {
        for (tell, refused) in [(anybodys as crate::pair::Tell, 403), (read_after_deletion, 404)] {
            let mut notes = Notes::default();
            let asked = request("GET", &format!("{LIST}/a1"), "any", &Value::Null);
            assert_eq!(told(tell, &mut notes, &asked, refused, &json!({})).0, refused, "nobody saw it yet");
            told(tell, &mut notes, &asked, 200, &json!({ "applicationId": "a1", "name": "shop" }));
            assert_eq!(told(tell, &mut notes, &asked, refused, &json!({})).1["name"], "shop");
            assert_eq!(told(tell, &mut notes, &asked, 500, &json!({})).0, 500);
        }
    }

    #[test]
    fn only_want_of_a_scope_is_passed_over() {
        let mut notes = Notes::default();
        let asked = request("POST", LIST, "Bearer x", &json!({ "name": "shop" }));
        assert_eq!(told(any_plane, &mut notes, &asked, 401, &json!({})).0, 201);
        assert_eq!(told(any_plane, &mut notes, &asked, 409, &json!({})).0, 409);
        let reads = request("GET", LIST, "Bearer x", &Value::Null);
        assert_eq!(told(any_plane, &mut notes, &reads, 401, &json!({})).0, 401);
    }
}
