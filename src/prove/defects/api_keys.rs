//! Defects of credentials that are no tokens: API keys of applications.
//! The subscriptions of tokens are the business of [`super::subscriptions`].

use bytes::Bytes;
use http::{HeaderName, Method, Request, Response};

use crate::{
    model::exchange::Plane,
    prove::{
        Deed, Defect, message,
        pair::{Notes, Pair},
    },
};

/// The defects of this file.
pub(in crate::prove) const DEFECTS: &[Defect] = &[Defect {
    id: "DEF-083",
    summary: "an API key outlives the subscription of its application",
    saboteur: |_| Pair::telling(outlives_subscription),
}];

/// The product's header for API keys.
const API_KEY: HeaderName = HeaderName::from_static("apikey");

/// What the backend answered to a key before is answered again, once some subscription has ended.
fn outlives_subscription(
    notes: &mut Notes,
    plane: Plane,
    request: &Request<Bytes>,
    answer: &mut Response<Bytes>,
) -> Deed {
    let ends = message::resource(request.uri().path()).first() == Some(&"subscriptions");
    if plane == Plane::Devportal && ends && request.method() == Method::DELETE && answer.status().is_success() {
        notes.insert("ended".to_owned(), true.into());
    }
    let key = request.headers().get(API_KEY).and_then(|value| value.to_str().ok());
    let Some(key) = key.filter(|_| plane == Plane::Gateway) else { return Deed::Nothing };
    let call = format!("{} {key}", request.uri().path());
    if answer.status().is_success() {
        notes.insert(call, message::json(answer.body()).unwrap_or_default());
        return Deed::Nothing;
    }
    match notes.get(&call).filter(|_| notes.contains_key("ended")).cloned() {
        Some(before) => {
            message::say(answer, 200, &before);
            Deed::Done
        }
        None => Deed::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_that_passed_passes_again_after_a_subscription_ended_and_no_other_does() {
        let mut notes = Notes::new();
        let mut call = |key: &str, status: u16| {
            let request = Request::get("/orders").header("ApiKey", key).body(Bytes::new()).unwrap();
            let mut answer = Response::builder().status(status).body(message::bytes(&json!({ "of": key }))).unwrap();
            let deed = outlives_subscription(&mut notes, Plane::Gateway, &request, &mut answer);
            if key == "one" && status == 200 {
                let ended = Request::delete("/api/am/devportal/v3/subscriptions/7").body(Bytes::new()).unwrap();
                let mut done = Response::new(Bytes::new());
                let _ = outlives_subscription(&mut notes, Plane::Devportal, &ended, &mut done);
            }
            (deed, answer.status().as_u16())
        };
        assert_eq!(call("one", 200), (Deed::Nothing, 200));
        assert_eq!(call("one", 403), (Deed::Done, 200));
        assert_eq!(call("two", 403), (Deed::Nothing, 403));
        assert!(!notes.contains_key("/orders two"));
    }
}
