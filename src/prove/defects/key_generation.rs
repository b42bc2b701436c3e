//! Defects of what becomes of an application's keys: of orders, of what they are told as, and of changes to them.
//! What a failure leaves behind is the business of `failed_generation`, what developers bring along that of `mappings`.

use bytes::Bytes;
use http::{Method, Request, Response, header};
use serde_json::{Value, json};

use crate::{
    Deed, message,
    portal::{Asked, Memory, Portal, asked, bearer, order_nowhere, rewrite, sent},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-157", "a new key manager is reported as unknown at first", Portal::hearing(unknown_at_first);
    "DEF-158", "keys are generated only after the key managers were listed", Portal::hearing(unknown_until_listed);
    "DEF-165", "a new connector password is not used", Portal::hearing(new_password_is_dropped);
    "DEF-166", "an update loses grant types and callbacks", Portal::hearing(update_loses_settings);
    "DEF-167", "several callbacks are sent as one pattern", Portal::hearing(callbacks_become_a_pattern);
    "DEF-168", "a single key reads without secret and mode", Portal::telling(single_key_is_poor);
    "DEF-169", "developers generate keys for applications of others", Portal::hearing(anybody_generates);
    "DEF-170", "an optional setting breaks key generation", Portal::hearing(optional_setting_breaks);
    "DEF-171", "granted scopes are told as `default`", Portal::telling(scopes_are_default);
}

fn unknown_at_first(memory: &Memory, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let Asked::Generate(application) = asked(plane, request) else { return Deed::Nothing };
    let sent = sent(request);
    let is_older = memory.seen().is_older(application, &sent);
    let first = is_older && memory.mark(format!("{} {}", sent["keyManager"], sent["keyType"]));
    if first { order_nowhere(request) } else { Deed::Nothing }
}

fn unknown_until_listed(memory: &Memory, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let Asked::Generate(application) = asked(plane, request) else { return Deed::Nothing };
    let unknown = {
        let seen = memory.seen();
        let listed = bearer(request).is_some_and(|bearer| seen.listed.contains(bearer));
        seen.is_older(application, &sent(request)) && !listed
    };
    if unknown { order_nowhere(request) } else { Deed::Nothing }
}

/// A mask says that nothing changed.
fn new_password_is_dropped(_: &Memory, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let is_update = plane == Plane::Admin
        && request.method() == Method::PUT
        && message::resource(request.uri().path()).first() == Some(&"key-managers");
    let mut document = sent(request);
    let Some(password) = document.pointer_mut("/additionalProperties/Password").filter(|_| is_update) else {
        return Deed::Nothing;
    };
    if *password == "*****" {
        return Deed::Nothing;
    }
    *password = "*****".into();
    *request.body_mut() = message::bytes(&document);
    Deed::Done
}

fn update_loses_settings(_: &Memory, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    if !matches!(asked(plane, request), Asked::OneKey) || request.method() != Method::PUT {
        return Deed::Nothing;
    }
    let mut change = sent(request);
    change["supportedGrantTypes"] = json!(["client_credentials"]);
    change["callbackUrl"] = json!("");
    *request.body_mut() = message::bytes(&change);
    Deed::Done
}

fn callbacks_become_a_pattern(_: &Memory, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let mut order = sent(request);
    let several = order["callbackUrl"].as_str().filter(|urls| urls.contains(','));
    let Some(pattern) = several.map(|urls| format!("regexp=({})", urls.replace(',', "|"))) else {
        return Deed::Nothing;
    };
    if !matches!(asked(plane, request), Asked::Generate(_)) {
        return Deed::Nothing;
    }
    order["callbackUrl"] = pattern.into();
    *request.body_mut() = message::bytes(&order);
    Deed::Done
}

fn single_key_is_poor(_: &Memory, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let concerned = matches!(asked(plane, request), Asked::OneKey) && request.method() == Method::GET;
    if !concerned || !answer.status().is_success() {
        return Deed::Nothing;
    }
    rewrite(answer, |key| {
        key["consumerSecret"] = Value::Null;
        key["mode"] = Value::Null;
    })
}

/// The owner's own token does it.
fn anybody_generates(memory: &Memory, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let (Asked::Generate(application) | Asked::Map(application)) = asked(plane, request) else { return Deed::Nothing };
    let owner = memory.seen().owners.get(application).cloned();
    let Some(owner) = owner.filter(|owner| bearer(request) != Some(owner)) else { return Deed::Nothing };
    request.headers_mut().insert(header::AUTHORIZATION, owner);
    Deed::Done
}

fn optional_setting_breaks(memory: &Memory, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    const OPTIONAL: [&str; 3] = ["enable_roles_creation", "user_schema_cache_enabled", "enable_application_scopes"];
    if !matches!(asked(plane, request), Asked::Generate(_)) {
        return Deed::Nothing;
    }
    let set = {
        let seen = memory.seen();
        let properties = seen.key_manager(&sent(request)).and_then(|id| seen.properties.get(&id));
        properties.is_some_and(|known| OPTIONAL.iter().any(|name| !known[*name].is_null()))
    };
    if set { order_nowhere(request) } else { Deed::Nothing }
}

fn scopes_are_default(_: &Memory, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let asked_for = sent(request)["scopes"].as_array().is_some_and(|scopes| !scopes.is_empty());
    if !matches!(asked(plane, request), Asked::Token) || !asked_for || !answer.status().is_success() {
        return Deed::Nothing;
    }
    rewrite(answer, |token| token["tokenScopes"] = json!(["default"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsal::{self, APPLICATION, Hall, cast, json_answer};

    #[tokio::test]
    async fn an_update_arrives_without_its_callback_and_a_generation_with_one_pattern() {
        let platform = Hall::open(|_| json_answer(200, &json!({}))).await;
        let interposer = cast(DEFECTS, "DEF-166", &platform).await;
        let change = json!({"supportedGrantTypes": ["password"], "callbackUrl": "https://a/cb"});
        rehearsal::ask(interposer.url(), "PUT", &format!("{APPLICATION}/oauth-keys/k1"), change).await;
        assert_eq!(platform.heard()[0].json()["callbackUrl"], "");
        let interposer = cast(DEFECTS, "DEF-167", &platform).await;
        let order = json!({"callbackUrl": "https://a/cb,https://b/cb"});
        rehearsal::ask(interposer.url(), "POST", &format!("{APPLICATION}/generate-keys"), order).await;
        assert_eq!(platform.heard()[1].json()["callbackUrl"], "regexp=(https://a/cb|https://b/cb)");
    }
}
