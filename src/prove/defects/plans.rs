//! Defects of subscriptions as they are shown, of their plans, and of APIs that need none.
//! Whether a subscription counts at the gateway is the business of [`super::subscriptions`].

use bytes::Bytes;
use http::{Method, Request, Response};
use kmspec_model::exchange::Plane;
use serde_json::json;

use crate::{
    Deed,
    gate::{Case, Verdict},
    message,
    pair::{Notes, Pair},
    table::defects,
};

defects! {
    "DEF-SEED-SUB-01", "new subscriptions are not listed", Pair::telling(unlisted);
    "DEF-SEED-SUB-02", "subscriptions are listed whatever they are asked for by", Pair::hearing(unfiltered);
    "DEF-SEED-SUB-03", "blocked subscriptions are shown as open, and open ones as blocked", Pair::telling(wrong_standing);
    "DEF-SEED-SUB-04", "the plan that a developer asks for is ignored", Pair::hearing(developer_ignored);
    "DEF-SEED-SUB-05", "the plan that a publisher chooses is ignored", Pair::hearing(publisher_ignored);
    "DEF-SEED-SUB-06", "a publisher may name any plan", Pair::telling(any_plan);
    "DEF-SEED-SUB-07", "the plan of any subscription can be changed, also of none", Pair::telling(any_subscription);
    "DEF-SEED-SUB-08", "an API without plans needs a subscription all the same", Judges(needed_all_the_same);
    "DEF-SEED-SUB-09", "an API without plans is shown without any", Pair::telling(shown_without);
}

fn lists(plane: Plane, request: &Request<Bytes>) -> bool {
    let resource = message::resource(request.uri().path());
    plane == Plane::Devportal && request.method() == Method::GET && resource == ["subscriptions"]
}

fn unlisted(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let Some(mut told) = lists(plane, request).then(|| message::json(answer.body())).flatten() else {
        return Deed::Nothing;
    };
    told["list"] = json!([]);
    told["count"] = json!(0);
    *answer.body_mut() = message::bytes(&told);
    Deed::Done
}

fn unfiltered(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let asked = lists(plane, request) && request.uri().query().is_some();
    let Some(path) = asked.then(|| request.uri().path().parse().ok()).flatten() else { return Deed::Nothing };
    *request.uri_mut() = path;
    Deed::Done
}

fn wrong_standing(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let Some(mut told) = lists(plane, request).then(|| message::json(answer.body())).flatten() else {
        return Deed::Nothing;
    };
    for one in message::documents(&mut told) {
        one["status"] = json!(if one["status"] == "BLOCKED" { "UNBLOCKED" } else { "BLOCKED" });
    }
    *answer.body_mut() = message::bytes(&told);
    Deed::Done
}

fn developer_ignored(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let path = request.uri().path().to_owned();
    let changes = plane == Plane::Devportal && request.method() == Method::PUT;
    if !changes || !matches!(message::resource(&path)[..], ["subscriptions", _]) {
        return Deed::Nothing;
    }
    message::defuse(request, &path);
    Deed::Done
}

fn changes_plan(plane: Plane, request: &Request<Bytes>) -> bool {
    plane == Plane::Publisher && request.uri().path().ends_with("/subscriptions/change-business-plan")
}

/// The subscription that a change of plan names.
fn named(request: &Request<Bytes>) -> String {
    let query = request.uri().query().unwrap_or_default();
    let found = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "subscriptionId");
    found.map(|(_, id)| id.into_owned()).unwrap_or_default()
}

fn publisher_ignored(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    if !changes_plan(plane, request) {
        return Deed::Nothing;
    }
    let list = request.uri().path().trim_end_matches("/change-business-plan").to_owned();
    message::defuse(request, &list);
    Deed::Done
}

/// Says that the plan was changed where it was not.
fn claimed(answer: &mut Response<Bytes>) -> Deed {
    message::say(answer, 200, &json!({}));
    Deed::Done
}

fn any_plan(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let refused = changes_plan(plane, request) && answer.status().as_u16() == 400;
    if refused && !named(request).is_empty() { claimed(answer) } else { Deed::Nothing }
}

fn any_subscription(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let unknown = answer.status().as_u16() == 404 || named(request).is_empty();
    if changes_plan(plane, request) && unknown { claimed(answer) } else { Deed::Nothing }
}

/// The token's application is subscribed to nothing at all.
fn needed_all_the_same(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let application = case.application()?;
    let mut made = case.history.decisions().filter(|each| each.is(&Method::POST, &["subscriptions"]));
    let subscribed = made.any(|each| each.told["applicationId"] == application);
    (answer.status().is_success() && !subscribed).then_some(Verdict::BadCredentials)
}

fn shown_without(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let reads = plane == Plane::Publisher
        && request.method() == Method::GET
        && matches!(message::resource(request.uri().path())[..], ["apis", _]);
    let told = reads.then(|| message::json(answer.body())).flatten();
    let Some(mut told) = told.filter(|told| told["policies"] == json!(["DefaultSubscriptionless"])) else {
        return Deed::Nothing;
    };
    told["policies"] = json!([]);
    *answer.body_mut() = message::bytes(&told);
    Deed::Done
}
