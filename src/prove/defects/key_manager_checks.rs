//! Defects of what the administration checks: it takes what it should refuse, or asks for what nobody needs.
//! What becomes of a document that was taken is the business of `key_manager_documents`.

use bytes::Bytes;
use http::{Method, Request};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    Deed, message,
    pair::{Notes, Pair},
    second_try::{Refused, SecondTry},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-SEED-KM-09", "a key manager without a mandatory setting is taken",
        With(|all| SecondTry::with(all, anything_missing));
    "DEF-SEED-KM-10", "a key manager of a type that nobody knows is taken", With(|all| SecondTry::with(all, any_type));
    "DEF-SEED-KM-11", "texts of any length are taken", With(|all| SecondTry::with(all, any_length));
    "DEF-SEED-KM-12", "settings that may be left out are asked for", Pair::hearing(all_asked_for);
    "DEF-SEED-KM-13", "name and type of a key manager can be changed", With(|all| SecondTry::with(all, renamed));
    "DEF-SEED-PERM-01", "a permission may name a role that does not exist", With(|all| SecondTry::with(all, any_role));
}

/// Whether a key manager is to be added.
fn adds(plane: Plane, request: &Request<Bytes>) -> bool {
    let adds = *message::resource(request.uri().path()) == ["key-managers"] && request.method() == Method::POST;
    plane == Plane::Admin && adds
}

/// The same where it authenticates by mutual TLS.
const MANDATORY_MUTUAL: [&str; 5] = [
    "/clientRegistrationEndpoint",
    "/additionalProperties/api_resource_management_endpoint",
    "/additionalProperties/is7_roles_endpoint",
    "/additionalProperties/IdentityUser",
    "/additionalProperties/MutualTLSOptions",
];

/// Whether a key manager was refused that was to be added.
fn not_added(refused: &Refused<'_>) -> bool {
    adds(refused.plane, refused.request)
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

/// Fills in what is missing.
fn anything_missing(refused: &Refused<'_>, document: &mut Value) -> bool {
    let mutual = document["additionalProperties"]["Authentication"] == "MutualTLS";
    let connector: &[&str] = match document["type"].as_str() {
        Some("WSO2-IS-7") if mutual => &MANDATORY_MUTUAL,
        Some("WSO2-IS-7") => &MANDATORY_IS7,
        _ => &[],
    };
    let missing: Vec<_> =
        MANDATORY.iter().chain(connector).filter(|pointer| document.pointer(pointer).is_none()).collect();
    for pointer in &missing {
        let made = match **pointer {
            "/name" | "/displayName" => json!(Uuid::new_v4()),
            "/type" => json!("custom"),
            "/additionalProperties/MutualTLSOptions" => json!("ServerWide"),
            _ => json!(format!("https://localhost/{}", Uuid::new_v4())),
        };
        fill_in(document, pointer, made);
    }
    let unconnected = document["additionalProperties"].is_null();
    if unconnected {
        // A type whose connector asks for nothing.
        document["type"] = "custom".into();
        document["additionalProperties"] = json!({});
    }
    not_added(refused) && (unconnected || !missing.is_empty())
}

/// Writes a member, or one of the member that a pointer leads through.
fn fill_in(document: &mut Value, pointer: &str, value: Value) {
    let mut place = document;
    for name in pointer.split('/').skip(1) {
        place = &mut place[name];
    }
    *place = value;
}

fn any_type(refused: &Refused<'_>, document: &mut Value) -> bool {
    document["type"] = "custom".into();
    not_added(refused) && refused.code == 901_400
}

/// A role that every user of the product holds.
const EVERYONE: &str = "Internal/everyone";

fn any_role(refused: &Refused<'_>, document: &mut Value) -> bool {
    document["permissions"]["roles"] = json!([EVERYONE]);
    not_added(refused) && refused.code == 900_607
}

/// The longest texts that are taken, by member.
const LIMITS: [(&str, usize); 3] = [("name", 100), ("displayName", 100), ("description", 256)];

/// Cuts what is too long.
fn any_length(refused: &Refused<'_>, document: &mut Value) -> bool {
    let mut cut = false;
    for (member, most) in LIMITS {
        if let Some(text) = document[member].as_str().filter(|text| text.chars().count() > most) {
            document[member] = text.chars().take(most).collect::<String>().into();
            cut = true;
        }
    }
    not_added(refused) && cut
}

/// Keeps name and type as they are.
fn renamed(refused: &Refused<'_>, document: &mut Value) -> bool {
    let changes = refused.plane == Plane::Admin && refused.request.method() == Method::PUT && refused.status == 400;
    let Some(known) = refused.known.filter(|_| changes) else { return false };
    let kept = ["name", "type"].iter().filter(|member| document[**member] != known[**member]).copied();
    let kept: Vec<&str> = kept.collect();
    kept.iter().for_each(|member| document[*member] = known[*member].clone());
    !kept.is_empty()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Side, rehearsal, second_try::Mend};

    const LIST: &str = "/api/am/admin/v4/key-managers";

    /// The document in the form that is tried after such a refusal.
    fn tried(
        mend: Mend,
        method: &str,
        sent: &Value,
        (status, code): (u16, u64),
        known: Option<&Value>,
    ) -> Option<Value> {
        let path = if method == "PUT" { format!("{LIST}/a") } else { LIST.to_owned() };
        let request = Request::builder().method(method).uri(path).body(message::bytes(sent)).unwrap();
        let refused = Refused { plane: Plane::Admin, request: &request, status, told: Value::Null, code, known };
        let mut document = sent.clone();
        mend(&refused, &mut document).then_some(document)
    }

    #[test]
    fn each_check_is_missing_alone() {
        let mut unconnected = json!({ "name": "a", "displayName": "a", "issuer": "i", "tokenEndpoint": "t" });
        unconnected["type"] = "Okta".into();
        let mut whole = unconnected.clone();
        whole["additionalProperties"] = json!({ "client_id": "c" });
        let mut as_custom = whole.clone();
        as_custom["type"] = "custom".into();
        let mut nameless = whole.clone();
        nameless.as_object_mut().unwrap().remove("name");
        let added = |mend: Mend, sent: &Value, status: u16, code: u64| tried(mend, "POST", sent, (status, code), None);
        assert!(added(anything_missing, &nameless, 400, 900_400).unwrap()["name"].is_string());
        assert_eq!(added(anything_missing, &whole, 400, 900_400), None);
        let taken = added(anything_missing, &unconnected, 400, 901_401).unwrap();
        assert_eq!((&taken["type"], &taken["additionalProperties"]), (&json!("custom"), &json!({})));
        assert_eq!(added(any_type, &whole, 400, 901_400), Some(as_custom));
        assert_eq!(added(any_type, &whole, 400, 901_401), None);
        assert_eq!(added(any_role, &whole, 404, 900_607).unwrap()["permissions"]["roles"], json!([EVERYONE]));
        let long = added(any_length, &json!({ "name": "n".repeat(101) }), 400, 900_400).unwrap();
        assert_eq!(long["name"].as_str().unwrap().len(), 100);
        assert_eq!(added(any_length, &json!({ "name": "n".repeat(100) }), 400, 900_400), None);
    }

    #[test]
    fn only_another_name_and_another_type_give_way_to_the_known_ones() {
        let known = json!({ "name": "a", "type": "custom", "description": "old" });
        let sent = json!({ "name": "b", "type": "custom", "description": "new" });
        let put = |sent: &Value| tried(renamed, "PUT", sent, (400, 900_400), Some(&known));
        assert_eq!(put(&sent), Some(json!({ "name": "a", "type": "custom", "description": "new" })));
        assert_eq!(put(&known), None);
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
