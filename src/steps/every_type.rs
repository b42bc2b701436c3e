//! Key managers of every type: the least that a type is described with, and all of its settings, kept as entered.
//! Those that a running server stands behind are filled in by `form` and `connectors`.

use cucumber::{given, then, when};
use serde_json::{Map, Value, json};

use crate::world::{OrFail as _, StepError, World};
use kmspec_drivers::key_manager::KeyManager;
use kmspec_model::exchange::Role;

use super::{
    administrator::send_document, form::documented_base, observed_key_managers::MASK, parameters::ServerKind,
    setup::keep_key_manager,
};

/// A type of key manager: what it is described with at least, and which of its connector's settings are secrets.
struct Kind {
    wire: &'static str,
    /// Members that hold an address, each with its path at the server.
    addresses: &'static [&'static str],
    /// Claims of the consumer key and of the scopes, where they are entered.
    claims: Option<(&'static str, &'static str)>,
    /// Settings of the connector that anybody may read.
    open: &'static [&'static str],
    /// Settings of the connector that nobody reads again.
    secret: &'static [&'static str],
}

const ISSUED: &[&str] =
    &["issuer", "introspectionEndpoint", "clientRegistrationEndpoint", "tokenEndpoint", "revokeEndpoint"];
const UNISSUED: &[&str] = &["introspectionEndpoint", "clientRegistrationEndpoint", "tokenEndpoint", "revokeEndpoint"];

/// What the product's own administrators enter at least (APIM-CRUD-01).
const KINDS: &[Kind] = &[
    Kind {
        wire: "Auth0",
        addresses: &["issuer", "clientRegistrationEndpoint", "tokenEndpoint", "revokeEndpoint", "authorizeEndpoint"],
        claims: Some(("azp", "scope")),
        open: &["client_id", "audience"],
        secret: &["client_secret"],
    },
    Kind {
        wire: "WSO2-IS",
        addresses: &[
            "introspectionEndpoint",
            "clientRegistrationEndpoint",
            "tokenEndpoint",
            "revokeEndpoint",
            "scopeManagementEndpoint",
        ],
        claims: Some(("azp", "scope")),
        open: &["Username"],
        secret: &["Password"],
    },
    Kind {
        wire: "KeyCloak",
        addresses: ISSUED,
        claims: Some(("azp", "scope")),
        open: &["client_id"],
        secret: &["client_secret"],
    },
    Kind {
        wire: "Okta",
        addresses: UNISSUED,
        claims: Some(("cid", "scp")),
        open: &["client_id"],
        secret: &["apiKey", "client_secret"],
    },
    Kind {
        wire: "PingFederate",
        addresses: ISSUED,
        claims: Some(("client_id_name", "scope")),
        open: &["username", "client_id"],
        secret: &["password", "client_secret"],
    },
    Kind {
        wire: "Forgerock",
        addresses: ISSUED,
        claims: Some(("aud", "scp")),
        open: &["client_id"],
        secret: &["client_secret"],
    },
    Kind {
        wire: "WSO2-IS-7",
        addresses: ISSUED,
        claims: None,
        open: &["api_resource_management_endpoint", "is7_roles_endpoint", "Username"],
        secret: &["Password"],
    },
];

fn kind(world: &World, wire: &str) -> Result<&'static Kind, StepError> {
    KINDS.iter().find(|kind| kind.wire == wire).ok_or_else(|| {
        let known: Vec<_> = KINDS.iter().map(|kind| kind.wire).collect();
        world.error(format!("no form is known for the type `{wire}`\nhint: there are {}", known.join(", ")))
    })
}

/// The least that a key manager of that type is described with.
fn least(world: &World, name: &str, kind: &Kind) -> Value {
    let base = documented_base(world, ServerKind::Custom);
    let at = |member: &str| json!(format!("{base}/{member}"));
    let mut document = json!({ "name": world.scene().name(name), "type": kind.wire, "enabled": true });
    for member in kind.addresses {
        document[*member] = at(member);
    }
    let Some((consumer_key, scopes)) = kind.claims else {
        document["availableGrantTypes"] = json!(["client_credentials", "password", "refresh_token"]);
        document["additionalProperties"] = properties(kind).into();
        return document;
    };
    document["displayName"] = name.into();
    document["consumerKeyClaim"] = consumer_key.into();
    document["scopesClaim"] = scopes.into();
    document["availableGrantTypes"] = json!([]);
    for switch in
        ["enableTokenGeneration", "enableOAuthAppCreation", "enableMapOAuthConsumerApps", "enableSelfValidationJWT"]
    {
        document[switch] = true.into();
    }
    if kind.wire == "Auth0" {
        // It has no such endpoint, and its form is filled in with a word (APIM-CRUD-11).
        document["introspectionEndpoint"] = "none".into();
    }
    let mut properties = properties(kind);
    properties.insert("self_validate_jwt".to_owned(), true.into());
    document["additionalProperties"] = properties.into();
    document
}

/// The connector's settings, each with a value of its own.
fn properties(kind: &Kind) -> Map<String, Value> {
    let entered = kind.open.iter().chain(kind.secret).map(|name| ((*name).to_owned(), json!(format!("the-{name}"))));
    entered.collect()
}

/// The same with whatever may be entered beside it.
fn all(world: &World, name: &str, kind: &Kind) -> Value {
    let mut document = least(world, name, kind);
    let base = documented_base(world, ServerKind::Custom);
    document["description"] = "with all of its settings".into();
    // No two key managers of a tenant have one issuer.
    let issuer = format!("{base}/issuer");
    let taken = world.key_managers.iter().any(|(_, other)| other.document.issuer.as_deref() == Some(issuer.as_str()));
    document["issuer"] = if taken { format!("{issuer}/of/another") } else { issuer }.into();
    document["availableGrantTypes"] = json!(["client_credentials", "password", "refresh_token"]);
    document["certificates"] = json!({ "type": "JWKS", "value": format!("{base}/jwks") });
    document
}

#[when(expr = "the administrator adds a key manager {string} of the type {string} with no more than it needs")]
async fn adds_least(world: &mut World, name: String, wire: String) -> Result<(), StepError> {
    let document = least(world, &name, kind(world, &wire)?);
    send_document(world, &name, document).await
}

#[when(expr = "the administrator adds a key manager {string} of the type {string} with all of its settings")]
async fn adds_all(world: &mut World, name: String, wire: String) -> Result<(), StepError> {
    let document = all(world, &name, kind(world, &wire)?);
    send_document(world, &name, document).await
}

#[when(expr = "the administrator adds a key manager {string} of the type {string} without connector settings")]
async fn adds_unconnected(world: &mut World, name: String, wire: String) -> Result<(), StepError> {
    let mut document = all(world, &name, kind(world, &wire)?);
    if let Some(members) = document.as_object_mut() {
        members.remove("additionalProperties");
    }
    send_document(world, &name, document).await
}

#[given(expr = "a described key manager {string} of the type {string}")]
async fn described(world: &mut World, name: String, wire: String) -> Result<(), StepError> {
    let document = all(world, &name, kind(world, &wire)?);
    let admin = world.scene().admin(Role::Administrator).or_fail(world)?;
    let reply = admin.register_document(&document).await;
    let registered = world.demand(&format!("the key manager `{name}`"), reply)?;
    world.seen.entered.insert(name.clone(), document);
    keep_key_manager(world, &name, registered)
}

/// A key manager as it reads now, and as it was entered.
async fn now_and_then(world: &mut World, name: &str) -> Result<(Value, Value), StepError> {
    let Some(entered) = world.seen.entered.get(name).cloned() else {
        return Err(world.error(format!("nobody noted what was entered for `{name}`")));
    };
    let id = world.key_managers.named(name).or_fail(world)?.id.clone();
    let admin = world.scene().admin(Role::Administrator).or_fail(world)?;
    let document: KeyManager = world.demand(&format!("reading `{name}`"), admin.key_manager(&id).await)?;
    Ok((serde_json::to_value(document).unwrap_or_default(), entered))
}

#[then(expr = "{string} reads as it was entered, apart from its secrets")]
async fn reads_as_entered(world: &mut World, name: String) -> Result<(), StepError> {
    let (now, entered) = now_and_then(world, &name).await?;
    let kind = kind(world, entered["type"].as_str().unwrap_or_default())?;
    let mut differing = Vec::new();
    for (member, wanted) in entered.as_object().into_iter().flatten() {
        if member == "additionalProperties" {
            let open =
                wanted.as_object().into_iter().flatten().filter(|(name, _)| !kind.secret.contains(&name.as_str()));
            differing.extend(open.filter_map(|(name, wanted)| differs(name, wanted, &now[member][name.as_str()])));
        } else {
            differing.extend(differs(member, wanted, &now[member]));
        }
    }
    world.expect(differing.is_empty(), format!("`{name}` as it was entered"), differing.join("; "))
}

/// How a member reads that reads otherwise than it was entered; lists have no order, and switches may read as text.
fn differs(member: &str, wanted: &Value, observed: &Value) -> Option<String> {
    let same = match (wanted, observed) {
        (Value::Array(wanted), Value::Array(observed)) => {
            wanted.len() == observed.len() && wanted.iter().all(|each| observed.contains(each))
        }
        (Value::Bool(wanted), Value::String(observed)) => wanted.to_string() == *observed,
        _ => wanted == observed,
    };
    (!same).then(|| format!("`{member}` was entered as {wanted} and reads {observed}"))
}

#[then(expr = "every secret in the settings of {string} is masked")]
async fn secrets_masked(world: &mut World, name: String) -> Result<(), StepError> {
    let (now, entered) = now_and_then(world, &name).await?;
    let kind = kind(world, entered["type"].as_str().unwrap_or_default())?;
    for secret in kind.secret {
        let observed = now["additionalProperties"][*secret].as_str();
        let told = if observed.is_none() { "nothing" } else { "something else than the mask" };
        world.expect(observed == Some(MASK), format!("`{secret}` of `{name}` reads `{MASK}`"), told)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_may_read_as_text_and_a_list_in_any_order() {
        assert_eq!(differs("a", &json!(true), &json!("true")), None);
        assert_eq!(differs("a", &json!(["x", "y"]), &json!(["y", "x"])), None);
        assert!(differs("a", &json!(true), &json!("false")).is_some());
        assert!(differs("a", &json!([]), &json!(["x"])).is_some());
        assert!(differs("a", &json!("text"), &Value::Null).is_some());
    }
}
