//! Defects of what developers order: keys come from elsewhere, in another kind, or for more than was asked.
//! Orders are changed on their way in; the subject then does what it was told.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::{Method, Request, Response};
use serde_json::{Value, json};

use crate::{
    Accomplices, Deed, Saboteur,
    informed::Informed,
    key_managers::KeyManagers,
    message,
    pair::{Bent, Decision},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-SEED-KEYS-01", "keys come from the tenant's first key manager, whichever was chosen",
        Informed::hearing(|known, _, plane, request| reorder(known, plane, request, first_of_all));
    "DEF-SEED-KEYS-02", "keys of a key manager that is not there come from the resident one",
        Informed::hearing(|known, _, plane, request| reorder(known, plane, request, resident_instead));
    "DEF-SEED-KEYS-03", "grant types with a browser need no callback",
        Informed::hearing(|known, _, plane, request| reorder(known, plane, request, any_callback));
    "DEF-SEED-KEYS-04", "clients are registered for refresh tokens unasked",
        Informed::hearing(|known, _, plane, request| reorder(known, plane, request, refresh_added));
    "DEF-SEED-KEYS-16", "of the chosen grant types those count that the key manager offers",
        Informed::hearing(|known, _, plane, request| reorder(known, plane, request, offered_only));
    "DEF-SEED-KEYS-05", "a registration is first tried without credentials",
        With(|accomplices| Arc::new(TriedWithout { accomplices, key_managers: KeyManagers::default() }));
    "DEF-SEED-KEYS-06", "the switch of token generation works the other way round",
        switch("enableTokenGeneration", token_generation_turned);
    "DEF-SEED-KEYS-07", "keys are generated although OAuth app creation is off",
        switch("enableOAuthAppCreation", app_creation_on);
    "DEF-SEED-KEYS-08", "clients are mapped although out-of-band provisioning is off",
        switch("enableMapOAuthConsumerApps", out_of_band_on);
}

/// Whether a developer orders keys.
fn orders(plane: Plane, request: &Request<Bytes>) -> bool {
    let orders = matches!(*message::resource(request.uri().path()), ["applications", _, "generate-keys"]);
    plane == Plane::Devportal && orders && request.method() == Method::POST
}

/// Changes an order of keys.
fn reorder(
    known: &KeyManagers,
    plane: Plane,
    request: &mut Request<Bytes>,
    change: fn(&KeyManagers, &Request<Bytes>, &mut Value) -> bool,
) -> Deed {
    let Some(mut order) = message::json(request.body()).filter(|_| orders(plane, request)) else {
        return Deed::Nothing;
    };
    if !change(known, request, &mut order) {
        return Deed::Nothing;
    }
    *request.body_mut() = message::bytes(&order);
    Deed::Done
}

fn offered_only(known: &KeyManagers, request: &Request<Bytes>, order: &mut Value) -> bool {
    let document = order["keyManager"].as_str().and_then(|named| known.find(request, named)).unwrap_or_default();
    let offered = document["availableGrantTypes"].as_array().cloned().unwrap_or_default();
    let Some(chosen) = order["grantTypesToBeSupported"].as_array_mut().filter(|_| !offered.is_empty()) else {
        return false;
    };
    let before = chosen.len();
    chosen.retain(|grant| offered.contains(grant));
    chosen.len() != before
}

fn first_of_all(known: &KeyManagers, request: &Request<Bytes>, order: &mut Value) -> bool {
    let Some(first) = known.first(request).filter(|_| order["keyManager"].is_string()) else { return false };
    let another = order["keyManager"] != first["id"] && order["keyManager"] != first["name"];
    order["keyManager"] = first["id"].clone();
    another
}

fn resident_instead(known: &KeyManagers, request: &Request<Bytes>, order: &mut Value) -> bool {
    let unknown = order["keyManager"].as_str().is_some_and(|named| !known.has(request, named));
    unknown && order.as_object_mut().is_some_and(|members| members.remove("keyManager").is_some())
}

fn any_callback(_: &KeyManagers, _: &Request<Bytes>, order: &mut Value) -> bool {
    let grants = order["grantTypesToBeSupported"].as_array();
    let browser = grants.is_some_and(|all| all.iter().any(|one| *one == "authorization_code" || *one == "implicit"));
    let lacks = browser && order["callbackUrl"].as_str().unwrap_or_default().is_empty();
    if lacks {
        order["callbackUrl"] = "https://localhost/made-up".into();
    }
    lacks
}

fn refresh_added(_: &KeyManagers, _: &Request<Bytes>, order: &mut Value) -> bool {
    let grants = order.get_mut("grantTypesToBeSupported").and_then(Value::as_array_mut);
    let Some(grants) = grants.filter(|grants| grants.iter().all(|one| *one != "refresh_token")) else { return false };
    grants.push("refresh_token".into());
    true
}

/// Tells the subject another position of a switch than the administrator chose.
fn switch(member: &'static str, bend: fn(&mut Value) -> bool) -> Arc<dyn Saboteur> {
    Bent::of(Decision { plane: Plane::Admin, collection: "key-managers", member, bend })
}

fn token_generation_turned(document: &mut Value) -> bool {
    let Some(on) = document["enableTokenGeneration"].as_bool() else { return false };
    document["enableTokenGeneration"] = (!on).into();
    true
}

fn app_creation_on(document: &mut Value) -> bool {
    turn_on(document, "enableOAuthAppCreation")
}

fn out_of_band_on(document: &mut Value) -> bool {
    turn_on(document, "enableMapOAuthConsumerApps")
}

fn turn_on(document: &mut Value, member: &str) -> bool {
    let off = document[member] == false;
    if off {
        document[member] = true.into();
    }
    off
}

/// DEF-SEED-KEYS-05: sends a registration of its own ahead of the platform's, and no credentials with it.
struct TriedWithout {
    accomplices: Arc<Accomplices>,
    key_managers: KeyManagers,
}

impl Saboteur for TriedWithout {
    fn on_request<'a>(&'a self, plane: Plane, request: &'a mut Request<Bytes>) -> BoxFuture<'a, Deed> {
        async move {
            let order = message::json(request.body()).filter(|_| orders(plane, request)).unwrap_or_default();
            let document = order["keyManager"].as_str().and_then(|named| self.key_managers.find(request, named));
            // Who is turned away is turned away before anything is registered.
            let public = |document: &Value| {
                !matches!(document["permissions"]["permissionType"].as_str(), Some("ALLOW" | "DENY"))
            };
            let document = document.filter(public).unwrap_or_default();
            let Some(endpoint) = document["clientRegistrationEndpoint"].as_str() else { return Deed::Nothing };
            let client = json!({ "client_name": "tried-without-credentials", "grant_types": ["client_credentials"] });
            match self.accomplices.client().post(endpoint).json(&client).send().await {
                Ok(_) => Deed::Done,
                Err(error) => {
                    tracing::warn!(%error, "the registration without credentials could not be sent");
                    Deed::Nothing
                }
            }
        }
        .boxed()
    }

    fn on_answer<'a>(
        &'a self,
        plane: Plane,
        request: &'a Request<Bytes>,
        answer: &'a mut Response<Bytes>,
    ) -> BoxFuture<'a, Deed> {
        self.key_managers.learn(plane, request, answer);
        std::future::ready(Deed::Nothing).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Side, rehearsal};

    const GENERATE: &str = "/api/am/devportal/v3/applications/a1/generate-keys";

    #[test]
    fn orders_get_what_they_lack_and_no_more() {
        let known = KeyManagers::default();
        let changed = |order: Value, change: fn(&KeyManagers, &Request<Bytes>, &mut Value) -> bool| {
            let mut request = Request::post(GENERATE).body(message::bytes(&order)).unwrap();
            let _ = reorder(&known, Plane::Devportal, &mut request, change);
            message::json(request.body()).unwrap()
        };
        let order = json!({ "grantTypesToBeSupported": ["authorization_code"], "keyManager": "nobody" });
        assert_eq!(changed(order.clone(), any_callback)["callbackUrl"], "https://localhost/made-up");
        assert!(changed(order.clone(), resident_instead).get("keyManager").is_none());
        assert_eq!(changed(order.clone(), first_of_all), order);
        let grants = changed(order, refresh_added)["grantTypesToBeSupported"].clone();
        assert_eq!(grants, json!(["authorization_code", "refresh_token"]));
    }

    #[tokio::test]
    async fn keys_are_ordered_at_the_first_key_manager_that_was_added() {
        let hall = rehearsal::keeper().await;
        let saboteur = Informed::hearing(|known, _, plane, request| reorder(known, plane, request, first_of_all));
        let interposer = rehearsal::interpose(&hall, Side::Management, saboteur).await;
        for name in ["acme", "globex"] {
            let list = "/api/am/admin/v4/key-managers";
            rehearsal::ask(interposer.url(), "POST", list, json!({ "name": name })).await;
        }
        rehearsal::ask(interposer.url(), "POST", GENERATE, json!({ "keyManager": "globex" })).await;
        assert_eq!(hall.heard()[2].json()["keyManager"], "id-1");
        assert_eq!(interposer.deeds(), 1);
    }

    #[test]
    fn switches_are_turned_one_at_a_time() {
        let off = json!({ "enableTokenGeneration": false, "enableOAuthAppCreation": false });
        let mut turned = off.clone();
        assert!(app_creation_on(&mut turned) && !out_of_band_on(&mut turned));
        assert_eq!(turned, json!({ "enableTokenGeneration": false, "enableOAuthAppCreation": true }));
        assert!(token_generation_turned(&mut turned) && turned["enableTokenGeneration"] == true);
    }
}
