//! Defects of what a publisher decided: about an API, which the gateway never hears of, and about shared scopes.
//! Publishers read their decision back as they made it.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    Deed, Saboteur, message,
    pair::{Bent, Decision, Notes, Pair},
    second_try::{Refused, SecondTry},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-153", "a shared scope with a slash in its name, or the code of one, cannot be changed or deleted",
        Pair::telling(slash_unmanageable);
    "DEF-154", "the roles of a shared scope do not carry it", binding_lost();
    "DEF-052", "a scope of an operation that the API does not have is passed over",
        Pair::hearing(unknown_scope_passed_over);
    "DEF-076", "a policy at an operation takes the place of the check of tokens", Pair::hearing(policy_replaces_check);
    "DEF-SEED-GW-10", "an API that names its key managers accepts none of them", restriction_shuts_out();
    "DEF-SEED-KM-30", "a shared scope is reported as deleted and is not", Pair::hearing(deletion_lost);
    "DEF-SEED-GW-26", "the gateway never hears of the life cycle of an API", Pair::hearing(life_cycle_unheard);
    "DEF-SEED-SCO-09", "a scope may have two owners", With(|all| SecondTry::with(all, second_owner));
    "DEF-192", "the list of key managers that an API is restricted to is ignored", restriction_ignored();
}

/// Tells the subject `all` where the publisher named key managers.
fn restriction_ignored() -> Arc<dyn Saboteur> {
    let bend = |document: &mut Value| {
        let restricts = restriction(document).is_some();
        if restricts {
            document["keyManagers"] = json!(["all"]);
        }
        restricts
    };
    Bent::of(Decision { plane: Plane::Publisher, collection: "apis", member: "keyManagers", bend })
}

/// Tells the subject the resident key manager where the publisher named others.
fn restriction_shuts_out() -> Arc<dyn Saboteur> {
    let bend = |document: &mut Value| {
        let restricts = restriction(document).is_some();
        if restricts {
            document["keyManagers"] = json!(["Resident Key Manager"]);
        }
        restricts
    };
    Bent::of(Decision { plane: Plane::Publisher, collection: "apis", member: "keyManagers", bend })
}

/// Changes the operations of an API on its way in; whether any was.
fn change_operations(plane: Plane, request: &mut Request<Bytes>, change: impl Fn(&mut Value, &Value) -> bool) -> Deed {
    let apis = plane == Plane::Publisher && message::resource(request.uri().path()).first() == Some(&"apis");
    let Some(mut document) = message::json(request.body()).filter(|sent| apis && sent.is_object()) else {
        return Deed::Nothing;
    };
    let whole = document.clone();
    let operations = document["operations"].as_array_mut().into_iter().flatten();
    if operations.filter_map(|operation| change(operation, &whole).then_some(())).count() == 0 {
        return Deed::Nothing;
    }
    *request.body_mut() = message::bytes(&document);
    Deed::Done
}

fn unknown_scope_passed_over(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    change_operations(plane, request, |operation, api| {
        let known =
            |name: &Value| api["scopes"].as_array().into_iter().flatten().any(|own| own["scope"]["name"] == *name);
        let Some(named) = operation["scopes"].as_array_mut() else { return false };
        let before = named.len();
        named.retain(known);
        named.len() != before
    })
}

fn policy_replaces_check(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    change_operations(plane, request, |operation, _| {
        let attached = operation["operationPolicies"]["request"].as_array().is_some_and(|list| !list.is_empty());
        if attached {
            operation["authType"] = "None".into();
        }
        attached
    })
}

/// Names of key managers; a list that is not one of names is left for the subject to refuse.
fn restriction(document: &Value) -> Option<&Value> {
    let list = document.get("keyManagers")?;
    let names = list.as_array()?;
    let restricts = !names.is_empty() && names.iter().all(|name| name.as_str().is_some_and(|name| name != "all"));
    restricts.then_some(list)
}

/// A role that nobody holds. Roles of shared scopes need not exist.
const NOBODY: &str = "nobody-holds-this";

/// Tells the subject a role that nobody holds where the publisher named others.
fn binding_lost() -> Arc<dyn Saboteur> {
    let bend = |document: &mut Value| {
        let binds = document["bindings"].as_array().is_some_and(|roles| !roles.is_empty());
        if binds {
            document["bindings"] = json!([NOBODY]);
        }
        binds
    };
    Bent::of(Decision { plane: Plane::Publisher, collection: "scopes", member: "bindings", bend })
}

/// Calls a scope otherwise that has an owner already; from then on it reads as it was sent.
fn second_owner(refused: &Refused<'_>, document: &mut Value) -> bool {
    if refused.plane != Plane::Publisher || ![900_984, 900_988].contains(&refused.code) {
        return false;
    }
    let other = format!("other-{}", Uuid::new_v4());
    match message::resource(refused.request.uri().path()).first() {
        Some(&"scopes") => document["name"] = json!(other),
        Some(&"apis") => {
            document["scopes"] = json!([{ "scope": { "name": other, "bindings": [] }, "shared": false }]);
            let operations = document["operations"].as_array_mut().into_iter().flatten();
            operations.for_each(|operation| operation["scopes"] = json!([other]));
        }
        _ => return false,
    }
    true
}

/// Reads a shared scope where it was to be deleted.
fn deletion_lost(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let parts = message::resource(request.uri().path());
    if plane != Plane::Publisher || request.method() != Method::DELETE || !matches!(parts.as_slice(), ["scopes", _]) {
        return Deed::Nothing;
    }
    *request.method_mut() = Method::GET;
    Deed::Done
}

/// The state of an API is read instead of being changed, unless it is to be published.
fn life_cycle_unheard(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let path = request.uri().path().to_owned();
    let Some(apis) = path.strip_suffix("/change-lifecycle").filter(|_| plane == Plane::Publisher) else {
        return Deed::Nothing;
    };
    let query = request.uri().query().unwrap_or_default().to_owned();
    let query: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
    let value = |name: &str| query.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_ref());
    match (value("apiId"), value("action")) {
        (Some(id), Some("Block" | "Deprecate" | "Retire")) => {
            message::defuse(request, &format!("{apis}/{id}/lifecycle-state"));
            Deed::Done
        }
        _ => Deed::Nothing,
    }
}

/// Says of a scope with a slash in its name that there is none when it is changed or deleted.
fn slash_unmanageable(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let parts = message::resource(request.uri().path());
    if plane != Plane::Publisher || parts.first() != Some(&"scopes") || !answer.status().is_success() {
        return Deed::Nothing;
    }
    if let (Some(id), &(Method::PUT | Method::DELETE)) = (parts.get(1), request.method())
        && notes.contains_key(*id)
    {
        message::refuse(answer, 404, 900_981, "Shared Scope not found");
        return Deed::Done;
    }
    let shown = message::json(answer.body()).unwrap_or_default();
    if let (Some(id), Some(name)) = (shown["id"].as_str(), shown["name"].as_str())
        && (name.contains('/') || name.contains("%2F"))
    {
        notes.insert(id.to_owned(), Value::Null);
    }
    Deed::Nothing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Side, rehearsal};

    const APIS: &str = "/api/am/publisher/v4/apis";

    #[tokio::test]
    async fn the_subject_hears_all_and_the_publisher_reads_names() {
        let hall = rehearsal::keeper().await;
        let interposer = rehearsal::interpose(&hall, Side::Management, restriction_ignored()).await;
        let api = json!({ "name": "orders", "version": 1.0, "keyManagers": ["one", "two"] });
        let (_, created) = rehearsal::ask(interposer.url(), "POST", APIS, api.clone()).await;
        assert_eq!(hall.heard()[0].json(), json!({ "name": "orders", "version": 1.0, "keyManagers": ["all"] }));
        assert_eq!(created["keyManagers"], api["keyManagers"]);

        let item = format!("{APIS}/id-1");
        let (_, read) = rehearsal::ask(interposer.url(), "GET", &item, Value::Null).await;
        assert_eq!(read["keyManagers"], api["keyManagers"]);
        rehearsal::ask(interposer.url(), "PUT", &item, json!({ "keyManagers": ["all"] })).await;
        let (_, widened) = rehearsal::ask(interposer.url(), "GET", &item, Value::Null).await;
        assert_eq!(widened["keyManagers"], json!(["all"]));
        assert_eq!(interposer.deeds(), 1);
    }

    #[test]
    fn only_lists_of_names_are_restrictions() {
        for (list, restricts) in [
            (json!(["one"]), true),
            (json!(["all"]), false),
            (json!([]), false),
            (json!("one"), false),
            (json!([1]), false),
            (Value::Null, false),
        ] {
            assert_eq!(restriction(&json!({ "keyManagers": list })).is_some(), restricts, "{list}");
        }
    }
}
