//! Defects of what a publisher decided about an API: the gateway never hears of it.
//! Publishers read their decision back as they made it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::{Method, Request, Response};
use serde_json::{Value, json};

use crate::{
    model::exchange::Plane,
    prove::{Deed, Defect, Saboteur, message},
};

/// The defects of this file.
pub(in crate::prove) const DEFECTS: &[Defect] = &[RESTRICTION_IGNORED];

/// DEF-192: an API that takes tokens of some key managers takes those of all.
const RESTRICTION_IGNORED: Defect = Defect {
    id: "DEF-192",
    summary: "the list of key managers that an API is restricted to is ignored",
    saboteur: |_| Arc::new(RestrictionIgnored::default()),
};

/// Tells the subject `all` where the publisher named key managers, and the publisher the names.
#[derive(Default)]
struct RestrictionIgnored {
    /// Names as the publisher gave them, by API id.
    named: Mutex<HashMap<String, Value>>,
}

impl Saboteur for RestrictionIgnored {
    fn on_request<'a>(&'a self, plane: Plane, request: &'a mut Request<Bytes>) -> BoxFuture<'a, Deed> {
        std::future::ready(if plane == Plane::Publisher { widen(request) } else { Deed::Nothing }).boxed()
    }

    fn on_answer<'a>(
        &'a self,
        plane: Plane,
        request: &'a Request<Bytes>,
        answer: &'a mut Response<Bytes>,
    ) -> BoxFuture<'a, Deed> {
        if plane == Plane::Publisher && answer.status().is_success() {
            self.cover(request, answer);
        }
        std::future::ready(Deed::Nothing).boxed()
    }
}

/// Rewrites a restriction on its way in.
fn widen(request: &mut Request<Bytes>) -> Deed {
    let Some(mut document) = written(request) else { return Deed::Nothing };
    if restriction(&document).is_none() {
        return Deed::Nothing;
    }
    document["keyManagers"] = all();
    *request.body_mut() = message::bytes(&document);
    Deed::Done
}

impl RestrictionIgnored {
    /// Remembers the names, and shows them instead of `all`.
    fn cover(&self, request: &Request<Bytes>, answer: &mut Response<Bytes>) {
        if message::resource(request.uri().path()).first() != Some(&"apis") {
            return;
        }
        let Some(mut shown) = message::json(answer.body()) else { return };
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(document), Some(id)) = (written(request), shown["id"].as_str()) {
            match restriction(&document) {
                Some(names) => named.insert(id.to_owned(), names.clone()),
                None => named.remove(id),
            };
        }
        let mut covered = false;
        for document in message::documents(&mut shown) {
            let names = document["id"].as_str().and_then(|id| named.get(id)).cloned();
            if let (Some(names), true) = (names, document["keyManagers"] == all()) {
                document["keyManagers"] = names;
                covered = true;
            }
        }
        if covered {
            *answer.body_mut() = message::bytes(&shown);
        }
    }
}

fn all() -> Value {
    json!(["all"])
}

/// The API document in a create or an update.
fn written(request: &Request<Bytes>) -> Option<Value> {
    let writes = match *message::resource(request.uri().path()) {
        ["apis"] => request.method() == Method::POST,
        ["apis", _] => request.method() == Method::PUT,
        _ => false,
    };
    if writes { message::json(request.body()) } else { None }
}

/// Names of key managers; a list that is not one of names is left for the subject to refuse.
fn restriction(document: &Value) -> Option<&Value> {
    let list = document.get("keyManagers")?;
    let names = list.as_array()?;
    let restricts = !names.is_empty() && names.iter().all(|name| name.as_str().is_some_and(|name| name != "all"));
    restricts.then_some(list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prove::{Side, rehearsal};

    const APIS: &str = "/api/am/publisher/v4/apis";

    #[tokio::test]
    async fn the_subject_hears_all_and_the_publisher_reads_names() {
        let hall = rehearsal::keeper().await;
        let interposer = rehearsal::interpose(&hall, Side::Management, Arc::new(RestrictionIgnored::default())).await;
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
