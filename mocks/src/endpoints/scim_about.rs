//! What a SCIM service says about itself (RFC 7643, sections 5 to 7): what it can do, its kinds of resources, and their
//! schemas. It says what is played, not all that WSO2 Identity Server 7 can do.

use serde_json::{Value, json};

use super::{
    call::{Call, Reply},
    management::permitted_with,
    scim, scim_role_parts, scim_roles, scim_users,
};
use crate::server::Site;

pub(crate) const PROVIDER: &str = "/scim2/ServiceProviderConfig";
pub(crate) const TYPES: &str = "/scim2/ResourceTypes";
pub(crate) const SCHEMAS: &str = "/scim2/Schemas";

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ROLE: &str = scim_role_parts::SCHEMA;

/// Open to everybody.
pub(crate) fn provider(_site: &Site, call: &Call) -> Reply {
    let not = json!({ "supported": false });
    told(
        call,
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
            "patch": { "supported": true },
            "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
            "filter": { "supported": true, "maxResults": 0 },
            "changePassword": not, "sort": not, "etag": not,
            "authenticationSchemes": [
                { "type": "httpbasic", "name": "HTTP Basic", "primary": true },
                { "type": "oauthbearertoken", "name": "OAuth Bearer Token", "primary": false },
            ],
        }),
    )
}

/// Open to everybody.
pub(crate) fn types(_site: &Site, call: &Call) -> Reply {
    let kind = |name: &str, endpoint: &str, schema: &str| {
        let schemas = ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"];
        json!({ "schemas": schemas, "id": name, "name": name, "endpoint": endpoint, "schema": schema })
    };
    let below = |base: &'static str| base.strip_prefix("/scim2").unwrap_or(base);
    told(call, list(vec![kind("User", below(scim_users::BASE), USER), kind("Role", below(scim_roles::BASE), ROLE)]))
}

/// For those who are somebody.
pub(crate) fn schemas(site: &Site, call: &Call) -> Reply {
    if let Err(refusal) = permitted_with(site, call, &[]) {
        return refusal;
    }
    let attributes = |names: &[&str]| {
        names.iter().map(|name| json!({ "name": name, "type": "string", "multiValued": false })).collect::<Vec<_>>()
    };
    told(
        call,
        list(vec![
            json!({ "id": USER, "name": "User", "attributes": attributes(&["userName", "password", "active", "name", "emails"]) }),
            json!({ "id": ROLE, "name": "Role", "attributes": attributes(&["displayName", "permissions", "users"]) }),
        ]),
    )
}

fn told(call: &Call, body: Value) -> Reply {
    if call.method == "GET" { scim::reply(200, &body) } else { Reply::only("GET") }
}

fn list(all: Vec<Value>) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": all.len(), "startIndex": 1, "itemsPerPage": all.len(), "Resources": all,
    })
}
