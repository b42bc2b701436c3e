//! Asgardeo: WSO2 Identity Server 7 as a cloud service. Everything stands below the organisation, clients are managed with
//! the token of a client instead of an administrator's password, and tokens name the organisation.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Dialect, Handler, JWT_BEARER, TOKEN_EXCHANGE, is7::Is7, is7_tokens, like_is7::answers_like_is7, names};
use crate::{
    endpoints::{
        call::{Call, Reply},
        device,
        management::manager,
    },
    grants::Form,
    journal::Endpoint,
    realm::{
        Clock, KeyChest, Policy, Realm, RealmSpec, SigningKey, TokenContext, TokenRow, TokenShape, jwt::Object, random,
        shape::object,
    },
    server::{Endpoints, Site},
};

/// The organisation.
const ORGANISATION: &str = "kmspec";
const PREFIX: &str = "/t/kmspec";
const ORGANISATION_ID: &str = "10084a8d-113f-4211-a0d5-efe36b082211";

/// What the managing client may ask for.
const MANAGEMENT_SCOPES: [&str; 18] = [
    "internal_dcr_create",
    "internal_dcr_view",
    "internal_dcr_update",
    "internal_dcr_delete",
    "internal_oauth2_introspect",
    "internal_api_resource_create",
    "internal_api_resource_view",
    "internal_api_resource_update",
    "internal_api_resource_delete",
    "internal_role_mgt_create",
    "internal_role_mgt_view",
    "internal_role_mgt_update",
    "internal_role_mgt_delete",
    "internal_role_mgt_permissions_update",
    "internal_role_mgt_users_update",
    "internal_role_mgt_groups_update",
    "internal_application_mgt_view",
    "internal_user_mgt_view",
];

pub(super) struct Asgardeo;

impl Dialect for Asgardeo {
    fn realm(&self, base_url: &str, clock: Clock, chest: &KeyChest) -> RealmSpec {
        let spec = Is7.realm(&format!("{base_url}{PREFIX}"), clock, chest);
        RealmSpec {
            policy: Policy {
                grant_types: names([
                    "client_credentials",
                    "password",
                    "refresh_token",
                    "authorization_code",
                    device::GRANT,
                    JWT_BEARER,
                    TOKEN_EXCHANGE,
                ]),
                tenant: Some(ORGANISATION.to_owned()),
                ..spec.policy
            },
            shape: Arc::new(Shape),
            ..spec
        }
    }

    fn furnish(&self, realm: &Realm) {
        realm.add_client(manager().scopes(MANAGEMENT_SCOPES));
        for role in ["admin", "everyone"] {
            realm.add_role(&random::uuid(), role);
        }
    }

    fn endpoints(&self, base: &str) -> Endpoints {
        // There is no scope interface: administrators are told to enter `none`.
        Endpoints { scopes: None, ..Is7.endpoints(&format!("{base}{PREFIX}")) }
    }

    fn organisation_path(&self) -> &'static str {
        PREFIX
    }

    fn route(&self, path: &str) -> Option<(Endpoint, Handler)> {
        match path.strip_prefix(PREFIX) {
            Some(below) => match Is7.route(below)? {
                (Endpoint::Scopes, _) => None,
                (endpoint, _) => Some((endpoint, below_organisation)),
            },
            // Pages of the login are the same for every organisation.
            None => match Is7.route(path)? {
                found @ (Endpoint::Login, _) => Some(found),
                (Endpoint::Authorize, _) => Some((Endpoint::Authorize, continued)),
                _ => None,
            },
        }
    }

    fn discovery(&self, endpoints: &Endpoints, realm: &Realm) -> Value {
        Is7.discovery(endpoints, realm)
    }

    answers_like_is7!();
}

/// The authorization endpoint without the organisation goes on with a login, and begins none.
fn continued(site: &Site, call: &Call) -> Reply {
    let logged_in = call.query_value("sessionDataKey").is_some();
    let consenting = Form::parse(&call.body).contains("sessionDataKeyConsent");
    match Is7.route(&call.path) {
        Some((_, handler)) if logged_in || consenting => handler(site, call),
        _ => Reply::empty(404),
    }
}

/// Answers as Identity Server does at the path without the organisation.
fn below_organisation(site: &Site, call: &Call) -> Reply {
    let path = call.path.strip_prefix(PREFIX).unwrap_or(&call.path).to_owned();
    let Some((_, handler)) = Is7.route(&path) else { return Reply::empty(404) };
    handler(site, &Call { path, ..call.clone() })
}

const AS_OF_IS7: is7_tokens::Shape = is7_tokens::Shape {
    client_is_subject: true,
    username_hidden: true,
    administrator: std::borrow::Cow::Borrowed("admin"),
};

/// As of Identity Server, with the organisation.
#[derive(Debug)]
struct Shape;

impl TokenShape for Shape {
    fn access_claims(&self, context: &TokenContext<'_>) -> Object {
        let mut claims = AS_OF_IS7.access_claims(context);
        claims.extend(organisation());
        claims
    }

    fn key_header(&self, key: &SigningKey) -> Object {
        AS_OF_IS7.key_header(key)
    }

    fn opaque(&self) -> String {
        AS_OF_IS7.opaque()
    }

    fn introspection(&self, context: &TokenContext<'_>, row: &TokenRow) -> Object {
        let mut members = AS_OF_IS7.introspection(context, row);
        members.extend(organisation());
        members
    }

    fn refresh_introspection(&self, context: &TokenContext<'_>, row: &TokenRow) -> Option<Object> {
        AS_OF_IS7.refresh_introspection(context, row)
    }
}

fn organisation() -> Object {
    object(json!({ "org_id": ORGANISATION_ID, "org_name": ORGANISATION, "org_handle": ORGANISATION }))
}
