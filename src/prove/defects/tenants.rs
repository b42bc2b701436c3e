//! Defects of what tenants have of each other, and of what their users are called.
//! Keys of another tenant's key manager are the business of `deployments`.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use http::{Method, Request, Response, header};
use serde_json::{Value, json};

use crate::{
    Deed,
    gate::code,
    message,
    pair::{Notes, Pair},
    table::defects,
    token::Token,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-SEED-TEN-02", "the tenant whose portal is looked at is not looked at", Pair::hearing(addressed_unread);
    "DEF-SEED-TEN-03", "a token of another tenant is told as one without a subscription", Pair::telling(told_as_unsubscribed);
    "DEF-SEED-TEN-04", "the roles that a plan is for are lost", Pair::hearing(plan_for_all);
    "DEF-SEED-TEN-05", "an application may be on a policy of another tenant", Pair::hearing(any_policy);
    "DEF-SEED-TEN-06", "application policies go by the portal that is looked at", Pair::telling(policies_of_the_portal);
    "DEF-SEED-TEN-07", "keys of another tenant's key manager open nothing there", Pair::telling(foreign_keys_open_nothing);
    "DEF-SEED-USR-01", "a change of password is reported and not made", Pair::hearing(password_stays);
    "DEF-SEED-USR-02", "a mail address is no name of a user", Pair::telling(mail_names_unknown);
    "DEF-SEED-USR-03", "what follows the only @ of a name is its tenant, whether there is one or not",
        Pair::telling(mail_domain_for_tenant);
}

/// Names the tenant whose portal is looked at.
const ADDRESSED: &str = "x-wso2-tenant";

fn addressed_unread(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let was_there = plane == Plane::Devportal && request.headers_mut().remove(ADDRESSED).is_some();
    if was_there { Deed::Done } else { Deed::Nothing }
}

/// The tenant in a path: what follows `/t/`.
pub(super) fn tenant_in(path: &str) -> Option<&str> {
    let mut parts = path.split('/').skip_while(|part| *part != "t");
    parts.nth(1)
}

fn told_as_unsubscribed(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if plane != Plane::Gateway || answer.status() != 401 || code(answer).is_none_or(|code| code != "900901") {
        return Deed::Nothing;
    }
    let field = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = field.and_then(|field| field.strip_prefix("Bearer ")).and_then(Token::read);
    let issuer = token.as_ref().and_then(Token::issuer).unwrap_or_default();
    let Some(other) = tenant_in(issuer).filter(|_| issuer.ends_with("/oauth2/token")) else { return Deed::Nothing };
    if tenant_in(request.uri().path()).is_none_or(|own| own == other) {
        return Deed::Nothing;
    }
    let body = json!({ "code": "900908", "message": "Resource forbidden", "description": "There is no subscription" });
    message::say(answer, 403, &body);
    Deed::Done
}

/// Notes clients of resident key managers that were chosen by their id, as those of other tenants are.
fn foreign_keys_open_nothing(
    notes: &mut Notes,
    plane: Plane,
    request: &Request<Bytes>,
    answer: &mut Response<Bytes>,
) -> Deed {
    if !answer.status().is_success() {
        return Deed::Nothing;
    }
    if plane == Plane::Devportal && request.uri().path().ends_with("/generate-keys") {
        let chosen = message::json(request.body()).is_some_and(|order| order["keyManager"].is_string());
        let made = message::json(answer.body()).filter(|made| chosen && made["keyManager"] == "Resident Key Manager");
        if let Some(client) = made.and_then(|made| made["consumerKey"].as_str().map(str::to_owned)) {
            notes.insert(client, Value::Null);
        }
        return Deed::Nothing;
    }
    let field = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = field.and_then(|field| field.strip_prefix("Bearer ")).and_then(Token::read);
    let named = token.is_some_and(|token| notes.keys().any(|client| token.names_client(client)));
    if plane != Plane::Gateway || !named {
        return Deed::Nothing;
    }
    let body = json!({ "code": "900901", "message": "Invalid Credentials", "description": "Make sure of the token" });
    message::say(answer, 401, &body);
    Deed::Done
}

fn plan_for_all(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let makes = *message::resource(request.uri().path()) == ["throttling", "policies", "subscription"];
    let policy = message::json(request.body()).filter(|_| plane == Plane::Admin && makes);
    let Some(mut policy) = policy else { return Deed::Nothing };
    if policy.as_object_mut().is_none_or(|members| members.remove("permissions").is_none()) {
        return Deed::Nothing;
    }
    *request.body_mut() = message::bytes(&policy);
    Deed::Done
}

/// The policy that every tenant has takes the place of one that only some have.
fn any_policy(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let creates = *message::resource(request.uri().path()) == ["applications"] && request.method() == Method::POST;
    let draft = message::json(request.body()).filter(|_| plane == Plane::Devportal && creates);
    match draft {
        Some(mut draft) if draft["throttlingPolicy"] != "Unlimited" => {
            draft["throttlingPolicy"] = "Unlimited".into();
            *request.body_mut() = message::bytes(&draft);
            Deed::Done
        }
        _ => Deed::Nothing,
    }
}

fn policies_of_the_portal(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let lists = *message::resource(request.uri().path()) == ["throttling-policies", "application"];
    if plane != Plane::Devportal || !lists || !request.headers().contains_key(ADDRESSED) {
        return Deed::Nothing;
    }
    message::say(answer, 200, &json!({ "count": 0, "list": [] }));
    Deed::Done
}

fn password_stays(_: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    if plane != Plane::Devportal || *message::resource(request.uri().path()) != ["me", "change-password"] {
        return Deed::Nothing;
    }
    message::defuse(request, "/api/am/devportal/v3/applications");
    Deed::Done
}

/// The name in Basic credentials; empty without any.
fn basic_name(request: &Request<Bytes>) -> String {
    let field = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let basic = field.and_then(|field| field.strip_prefix("Basic ")).and_then(|text| BASE64_STANDARD.decode(text).ok());
    let pair = basic.and_then(|bytes| String::from_utf8(bytes).ok());
    pair.and_then(|pair| pair.split_once(':').map(|(name, _)| name.to_owned())).unwrap_or_default()
}

/// Whether the request is of a user whose name, apart from the tenant, holds an `@`: by Basic or in a form.
fn by_mail_name(request: &Request<Bytes>) -> bool {
    let name = basic_name(request);
    let form = url::form_urlencoded::parse(request.body()).find(|(field, _)| field == "username");
    let entered = form.map(|(_, value)| value.into_owned()).unwrap_or_default();
    [name, entered].iter().any(|name| name.matches('@').count() > 1)
}

fn mail_names_unknown(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if plane != Plane::Resident || !answer.status().is_success() || !by_mail_name(request) {
        return Deed::Nothing;
    }
    message::say(answer, 400, &json!({ "error": "invalid_grant", "error_description": "Authentication failed" }));
    Deed::Done
}

/// Refuses names by which nobody of a known tenant is called; tenants are known from the paths of APIs and endpoints.
fn mail_domain_for_tenant(
    notes: &mut Notes,
    plane: Plane,
    request: &Request<Bytes>,
    answer: &mut Response<Bytes>,
) -> Deed {
    if let Some(tenant) = tenant_in(request.uri().path()) {
        notes.insert(tenant.to_owned(), Value::Null);
    }
    let name = basic_name(request);
    let domain = name.split_once('@').map(|(_, domain)| domain).filter(|domain| !domain.contains('@'));
    if plane != Plane::Gateway || domain.is_none_or(|domain| notes.contains_key(domain)) {
        return Deed::Nothing;
    }
    let body = json!({ "code": "900901", "message": "Invalid Credentials", "description": "Make sure of the user" });
    message::say(answer, 401, &body);
    Deed::Done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tenant_stands_behind_its_mark_in_a_path() {
        assert_eq!(tenant_in("https://h:1/t/a.com/oauth2/token"), Some("a.com"));
        assert_eq!(tenant_in("/t/b.com/orders/1.0.0/orders"), Some("b.com"));
        assert_eq!(tenant_in("/orders/1.0.0"), None);
    }

    #[test]
    fn a_mail_name_has_an_at_sign_beside_that_of_its_tenant() {
        let basic = |name: &str| {
            let field = format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:secret")));
            by_mail_name(&Request::post("/x").header("authorization", field).body(Bytes::new()).unwrap())
        };
        assert!(basic("a@mail@t1") && !basic("a@t1") && !basic("a"));
        let form = |body: &'static str| by_mail_name(&Request::post("/x").body(Bytes::from(body)).unwrap());
        assert!(form("grant_type=password&username=a%40mail%40t1") && !form("username=a%40t1"));
    }

    #[test]
    fn a_plan_loses_its_roles_and_a_policy_its_tenant() {
        let mut plan = Request::post("/api/am/admin/v4/throttling/policies/subscription")
            .body(message::bytes(&json!({ "policyName": "Gold", "permissions": {} })))
            .unwrap();
        assert_eq!(plan_for_all(&mut Notes::default(), Plane::Admin, &mut plan), Deed::Done);
        assert_eq!(message::json(plan.body()).unwrap(), json!({ "policyName": "Gold" }));
        let mut draft = Request::post("/api/am/devportal/v3/applications")
            .body(message::bytes(&json!({ "name": "a", "throttlingPolicy": "Theirs" })))
            .unwrap();
        assert_eq!(any_policy(&mut Notes::default(), Plane::Devportal, &mut draft), Deed::Done);
        assert_eq!(message::json(draft.body()).unwrap()["throttlingPolicy"], "Unlimited");
    }
}
