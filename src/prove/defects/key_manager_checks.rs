//! Defects of what the administration checks: it takes what it should refuse, or asks for what nobody needs.
//! What becomes of a document that was taken is the business of `key_manager_documents`.

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::Value;

use crate::{
    Deed, Defect, ghosts, message,
    pair::{Notes, Pair},
};
use kmspec_model::exchange::Plane;

/// The defects of this file.
pub(crate) const DEFECTS: &[Defect] = &[
    Defect {
        id: "DEF-SEED-KM-09",
        summary: "a key manager without a mandatory setting is taken",
        saboteur: |_| Pair::telling(anything_missing),
    },
    Defect {
        id: "DEF-SEED-KM-10",
        summary: "a key manager of a type that nobody knows is taken",
        saboteur: |_| Pair::telling(any_type),
    },
    Defect { id: "DEF-SEED-KM-11", summary: "texts of any length are taken", saboteur: |_| Pair::telling(any_length) },
    Defect {
        id: "DEF-SEED-KM-12",
        summary: "settings that may be left out are asked for",
        saboteur: |_| Pair::hearing(all_asked_for),
    },
    Defect {
        id: "DEF-SEED-KM-13",
        summary: "name and type of a key manager can be changed",
        saboteur: |_| Pair::telling(renamed),
    },
    Defect {
        id: "DEF-SEED-PERM-01",
        summary: "a permission may name a role that does not exist",
        saboteur: |_| Pair::telling(any_role),
    },
];

/// Whether a key manager is to be added.
fn adds(plane: Plane, request: &Request<Bytes>) -> bool {
    let adds = *message::resource(request.uri().path()) == ["key-managers"] && request.method() == Method::POST;
    plane == Plane::Admin && adds
}

/// Lets a refused key manager appear to be there, when it was refused for such a reason.
fn taken(
    notes: &mut Notes,
    plane: Plane,
    request: &Request<Bytes>,
    answer: &mut Response<Bytes>,
    such: impl Fn(&Value, u64) -> bool,
) -> Deed {
    if plane != Plane::Admin {
        return Deed::Nothing;
    }
    let sent = message::json(request.body()).unwrap_or_default();
    let told = message::json(answer.body()).unwrap_or_default();
    let refused = adds(plane, request) && answer.status().is_client_error();
    if refused && such(&sent, told["code"].as_u64().unwrap_or_default()) {
        return ghosts::appear(notes, request, answer);
    }
    ghosts::haunt(notes, request, answer)
}

/// What no key manager can do without, and what the connector to WSO2 Identity Server 7 needs beside it.
const MANDATORY: [&str; 5] = ["/name", "/displayName", "/type", "/issuer", "/tokenEndpoint"];
const MANDATORY_IS7: [&str; 5] = [
    "/clientRegistrationEndpoint",
    "/additionalProperties/api_resource_management_endpoint",
    "/additionalProperties/is7_roles_endpoint",
    "/additionalProperties/Username",
    "/additionalProperties/Password",
];

fn anything_missing(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    taken(notes, plane, request, answer, |sent, _| {
        let lacks = |pointer: &&str| sent.pointer(pointer).is_none();
        MANDATORY.iter().any(&lacks) || sent["type"] == "WSO2-IS-7" && MANDATORY_IS7.iter().any(lacks)
    })
}

fn any_type(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    taken(notes, plane, request, answer, |_, code| code == 901_400)
}

fn any_role(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    taken(notes, plane, request, answer, |_, code| code == 900_607)
}

/// The longest texts that are taken, by member.
const LIMITS: [(&str, usize); 3] = [("name", 100), ("displayName", 100), ("description", 256)];

fn any_length(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    taken(notes, plane, request, answer, |sent, _| {
        let longer =
            |(member, most): &(&str, usize)| sent[*member].as_str().is_some_and(|text| text.chars().count() > *most);
        LIMITS.iter().any(longer)
    })
}

/// Settings that a key manager works without.
const OPTIONAL: [&str; 6] = [
    "description",
    "wellKnownEndpoint",
    "revokeEndpoint",
    "introspectionEndpoint",
    "certificates",
    "availableGrantTypes",
];

/// Takes the name away where something optional is missing, so that the subject itself refuses.
fn all_asked_for(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let Some(mut document) = message::json(request.body()).filter(|_| adds(plane, request)) else {
        return Deed::Nothing;
    };
    let complete = OPTIONAL.iter().all(|member| document.get(member).is_some());
    if complete || document.as_object_mut().is_none_or(|members| members.remove("name").is_none()) {
        return Deed::Nothing;
    }
    *request.body_mut() = message::bytes(&document);
    Deed::Done
}

/// Shows the name and the type that were refused from then on.
fn renamed(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let id = match *message::resource(request.uri().path()) {
        ["key-managers", id] if plane == Plane::Admin => id.to_owned(),
        _ => return Deed::Nothing,
    };
    let told = message::json(answer.body()).unwrap_or_default();
    let sent = message::json(request.body()).unwrap_or_default();
    let named = |document: &Value| (document["name"].clone(), document["type"].clone());
    if request.method() == Method::PUT && answer.status() == 400 {
        if notes.get(&id).is_none_or(|known| named(known) == named(&sent)) {
            return Deed::Nothing;
        }
        notes.insert(format!("renamed {id}"), sent);
    } else if answer.status().is_success() && told["id"] == id.as_str() {
        notes.insert(id.clone(), told);
    }
    let Some(renamed) = notes.get(&format!("renamed {id}")).filter(|_| request.method() != Method::DELETE) else {
        return Deed::Nothing;
    };
    message::say(answer, 200, renamed);
    Deed::Done
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Side, rehearsal};

    const LIST: &str = "/api/am/admin/v4/key-managers";

    fn told(tell: crate::pair::Tell, sent: &Value, status: u16, code: u32) -> u16 {
        let request = Request::post(LIST).body(message::bytes(sent)).unwrap();
        let mut answer = Response::new(Bytes::new());
        message::refuse(&mut answer, status, code, "no");
        let _ = tell(&mut Notes::default(), Plane::Admin, &request, &mut answer);
        answer.status().as_u16()
    }

    #[test]
    fn each_check_is_missing_alone() {
        let whole = json!({ "name": "a", "displayName": "a", "type": "custom", "issuer": "i", "tokenEndpoint": "t" });
        let mut nameless = whole.clone();
        nameless.as_object_mut().unwrap().remove("name");
        assert_eq!(told(anything_missing, &nameless, 400, 900_400), 201);
        assert_eq!(told(anything_missing, &whole, 400, 900_400), 400);
        assert_eq!(told(any_type, &whole, 400, 901_400), 201);
        assert_eq!(told(any_type, &whole, 400, 901_401), 400);
        assert_eq!(told(any_role, &whole, 404, 900_607), 201);
        assert_eq!(told(any_length, &json!({ "name": "n".repeat(101) }), 400, 900_400), 201);
        assert_eq!(told(any_length, &json!({ "name": "n".repeat(100) }), 400, 900_400), 400);
    }

    #[tokio::test]
    async fn what_lacks_something_optional_loses_its_name_on_the_way() {
        let hall = rehearsal::keeper().await;
        let interposer = rehearsal::interpose(&hall, Side::Management, Pair::hearing(all_asked_for)).await;
        let mut whole = json!({ "name": "a" });
        for member in OPTIONAL {
            whole[member] = "x".into();
        }
        rehearsal::ask(interposer.url(), "POST", LIST, whole.clone()).await;
        whole.as_object_mut().unwrap().remove("revokeEndpoint");
        rehearsal::ask(interposer.url(), "POST", LIST, whole).await;
        let names: Vec<_> = hall.heard().iter().map(|heard| heard.json().get("name").cloned()).collect();
        assert_eq!(names, [Some(json!("a")), None]);
    }
}
