//! Defects of what an administrator entered: it comes back as something else.
//! What is refused, and what should have been, is the business of `key_manager_checks`.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::{
    misread::Misread,
    pair::{Bent, Decision},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-SEED-CONN-10", "a connector with a certificate acts for another user than the one that was entered",
        Bent::of(Decision {
                plane: Plane::Admin,
                collection: "key-managers",
                member: "additionalProperties",
                bend: other_user,
            });
    "DEF-SEED-KM-01", "addresses that were entered come back in another spelling", Misread::of(addresses_respelt);
    "DEF-SEED-KM-02", "the claims of consumer key and scopes are mixed up", Misread::of(claims_swapped);
    "DEF-SEED-KM-03", "the last of the grant types is lost", Misread::of(grant_type_lost);
    "DEF-SEED-KM-04", "what is switched off reads as on", Misread::of(off_reads_on);
    "DEF-SEED-KM-05", "what is switched on reads as off", Misread::of(on_reads_off);
    "DEF-SEED-KM-06", "texts lose their last character", Misread::of(texts_cut);
    "DEF-SEED-KM-07", "a certificate is kept in another form than it was pasted in", Misread::of(certificate_rewritten);
    "DEF-SEED-KM-34", "mutual TLS reads as a password", Misread::of(password_shown);
    "DEF-SEED-KM-08", "what is no secret is masked like one", Misread::of(everything_masked);
}

/// Members that hold an address.
const ADDRESSES: [&str; 11] = [
    "wellKnownEndpoint",
    "issuer",
    "clientRegistrationEndpoint",
    "introspectionEndpoint",
    "tokenEndpoint",
    "displayTokenEndpoint",
    "revokeEndpoint",
    "displayRevokeEndpoint",
    "userInfoEndpoint",
    "authorizeEndpoint",
    "scopeManagementEndpoint",
];

/// Gives or takes the last slash of every address, as a library that tidies URLs might.
pub(super) fn addresses_respelt(document: &mut Value) -> bool {
    let mut respelt = false;
    for member in ADDRESSES {
        respelt |= document.get_mut(member).is_some_and(respell);
    }
    if document["certificates"]["type"] == "JWKS" {
        respelt |= document.pointer_mut("/certificates/value").is_some_and(respell);
    }
    respelt
}

/// Gives or takes the last slash of one address.
pub(super) fn respell(address: &mut Value) -> bool {
    let Some(text) = address.as_str().filter(|text| !text.is_empty()) else { return false };
    let other = text.strip_suffix('/').map_or_else(|| format!("{text}/"), str::to_owned);
    *address = other.into();
    true
}

/// Whom the server does not know.
fn other_user(document: &mut Value) -> bool {
    let properties = &mut document["additionalProperties"];
    let certified = properties["Authentication"] == "MutualTLS" && properties["IdentityUser"].is_string();
    if certified {
        properties["IdentityUser"] = "nobody-in-particular".into();
    }
    certified
}

fn password_shown(document: &mut Value) -> bool {
    let property = document.pointer_mut("/additionalProperties/Authentication");
    property.filter(|kind| **kind == "MutualTLS").map(|kind| *kind = "BasicAuth".into()).is_some()
}

fn claims_swapped(document: &mut Value) -> bool {
    let (consumer_key, scopes) = (document["consumerKeyClaim"].clone(), document["scopesClaim"].clone());
    let differ = consumer_key != scopes;
    if differ {
        document["consumerKeyClaim"] = scopes;
        document["scopesClaim"] = consumer_key;
    }
    differ
}

pub(super) fn grant_type_lost(document: &mut Value) -> bool {
    let grants = document.get_mut("availableGrantTypes").and_then(Value::as_array_mut);
    grants.is_some_and(|grants| grants.pop().is_some())
}

/// The switches of the form.
const SWITCHES: [&str; 4] =
    ["enableTokenGeneration", "enableMapOAuthConsumerApps", "enableOAuthAppCreation", "enableSelfValidationJWT"];

fn off_reads_on(document: &mut Value) -> bool {
    // The key manager as a whole is a switch, too.
    turn(document, SWITCHES.into_iter().chain(["enabled"]), true)
}

fn on_reads_off(document: &mut Value) -> bool {
    turn(document, SWITCHES.into_iter(), false)
}

fn turn(document: &mut Value, switches: impl Iterator<Item = &'static str>, on: bool) -> bool {
    let mut turned = false;
    for switch in switches {
        if document[switch] == !on {
            document[switch] = on.into();
            turned = true;
        }
    }
    turned
}

fn texts_cut(document: &mut Value) -> bool {
    let mut cut = false;
    for member in ["displayName", "description"] {
        let Some(text) = document[member].as_str().filter(|text| !text.is_empty()) else { continue };
        let shorter: String = text.chars().take(text.chars().count() - 1).collect();
        document[member] = shorter.into();
        cut = true;
    }
    cut
}

/// Takes the line end after the certificate, or gives one.
fn certificate_rewritten(document: &mut Value) -> bool {
    let Some(certificates) = document.get_mut("certificates") else { return false };
    let value = certificates["value"].as_str().filter(|_| certificates["type"] == "PEM");
    let Some(pem) = value.and_then(|text| STANDARD.decode(text).ok()) else { return false };
    let other = pem.strip_suffix(b"\n").map_or_else(|| [pem.as_slice(), b"\n"].concat(), <[u8]>::to_vec);
    certificates["value"] = STANDARD.encode(other).into();
    true
}

fn everything_masked(document: &mut Value) -> bool {
    let properties = document.get_mut("additionalProperties").and_then(Value::as_object_mut);
    let mut masked = false;
    for value in properties.into_iter().flat_map(serde_json::Map::values_mut) {
        if value.is_string() && *value != "*****" {
            *value = "*****".into();
            masked = true;
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn twisted(twist: fn(&mut Value) -> bool, document: &Value) -> (bool, Value) {
        let mut document = document.clone();
        (twist(&mut document), document)
    }

    #[test]
    fn each_defect_changes_its_own_members_and_no_other() {
        let (_, read) = twisted(addresses_respelt, &json!({ "issuer": "https://a/", "tokenEndpoint": "https://a/t" }));
        assert_eq!((&read["issuer"], &read["tokenEndpoint"]), (&json!("https://a"), &json!("https://a/t/")));
        let (_, read) = twisted(claims_swapped, &json!({ "consumerKeyClaim": "azp", "scopesClaim": "scp" }));
        assert_eq!(read, json!({ "consumerKeyClaim": "scp", "scopesClaim": "azp" }));
        let switches = json!({ "enabled": false, "enableTokenGeneration": true, "enableOAuthAppCreation": false });
        let (_, read) = twisted(off_reads_on, &switches);
        assert_eq!(read, json!({ "enabled": true, "enableTokenGeneration": true, "enableOAuthAppCreation": true }));
        let (_, read) = twisted(on_reads_off, &switches);
        assert_eq!(read, json!({ "enabled": false, "enableTokenGeneration": false, "enableOAuthAppCreation": false }));
        let (_, read) = twisted(texts_cut, &json!({ "description": "schön", "name": "acme" }));
        assert_eq!(read["description"], "schö");
        let pem = json!({ "certificates": { "type": "PEM", "value": STANDARD.encode("x\n") } });
        let (_, read) = twisted(certificate_rewritten, &pem);
        assert_eq!(read["certificates"]["value"], STANDARD.encode("x"));
        let (_, read) = twisted(everything_masked, &json!({ "additionalProperties": { "Username": "a", "on": true } }));
        assert_eq!(read["additionalProperties"], json!({ "Username": "*****", "on": true }));
        for each in [addresses_respelt, grant_type_lost, off_reads_on, texts_cut, certificate_rewritten] {
            assert!(!twisted(each, &json!({ "name": "acme", "enabled": true })).0);
        }
    }
}
