//! What a key manager document must satisfy before it is stored, in the product's order.
//! Storing it is left to the handlers.

use kmspec_validation::Certificate;
use serde_json::{Value, json};

use super::{masking::unmask, outbound_guard::Guard};
use crate::{
    connectors,
    domain::{CertificateType, KeyManager, PermissionType, TokenType, TokenValidation},
    identity::role_exists,
    store::Documents,
    wire::{Code, Refusal},
};

/// The type of a key manager that stands for any authorization server.
const CUSTOM_TYPE: &str = "custom";

/// Checks a new document (`stored` is `None`) or a changed one, and completes it.
///
/// The order of the checks is that of the product: lengths, hosts, limits, roles, name, connector; then what this platform
/// adds.
pub(super) fn admit(
    documents: &Documents<'_>,
    tenant: &str,
    mut sent: KeyManager,
    stored: Option<&KeyManager>,
) -> Result<KeyManager, Refusal> {
    check_lengths(&sent)?;
    Guard::of(documents, tenant)?.check_all(&sent, stored)?;
    check_token_handling(&sent)?;
    check_limits(&sent)?;
    check_roles(documents, tenant, &sent)?;
    check_identity(documents, tenant, &sent, stored)?;
    unmask(&mut sent, stored);
    let mut admitted = complete(sent);
    check_connector(&mut admitted, stored)?;
    check_decided(&admitted, stored)?;
    check_trust(&admitted)?;
    check_issuer(documents, tenant, &admitted, stored)?;
    Ok(admitted)
}

fn check_lengths(sent: &KeyManager) -> Result<(), Refusal> {
    if sent.name.trim().is_empty() {
        return Err(Code::NameEmpty.into());
    }
    let texts = [
        ("name", Some(&sent.name), 100),
        ("displayName", sent.display_name.as_ref(), 100),
        ("type", Some(&sent.kind), 45),
        ("description", sent.description.as_ref(), 256),
    ];
    for (member, text, most) in texts {
        if text.is_some_and(|text| text.chars().count() > most) {
            return Err(Refusal::bad_request(format!("{member}: size must be between 0 and {most}")));
        }
    }
    if sent.kind.is_empty() {
        return Err(Refusal::bad_request("type: size must be between 1 and 45"));
    }
    if sent.is_global {
        return Err(Refusal::bad_request("isGlobal: a Key Manager belongs to one tenant here"));
    }
    Ok(())
}

fn check_token_handling(sent: &KeyManager) -> Result<(), Refusal> {
    for row in &sent.token_validation {
        row.rule().map_err(|problem| Refusal::bad_request(format!("tokenValidation: {problem}")))?;
    }
    // The seed documents call the options mandatory with introspection: the form's one row must say something. A document
    // without any row takes the documented ones instead, see `complete`.
    let says_nothing = |row: &TokenValidation| matches!(row.rule(), Ok(None));
    let rows = &sent.token_validation;
    if !sent.enable_self_validation_jwt && !rows.is_empty() && rows.iter().all(says_nothing) {
        return Err(Refusal::from(Code::ConfigurationMissing)
            .because("tokenValidation is mandatory when tokens are validated by introspection"));
    }
    Ok(())
}

fn check_limits(sent: &KeyManager) -> Result<(), Refusal> {
    let faulty = connectors::find(&sent.kind).and_then(|connector| connector.faulty_limit(sent));
    faulty.map_or(Ok(()), |fault| Err(Refusal::bad_request(format!("additionalProperties.{fault}"))))
}

/// Some settings are made for good (contract sheet, 1.6).
fn check_decided(sent: &KeyManager, stored: Option<&KeyManager>) -> Result<(), Refusal> {
    let decided = stored.zip(connectors::find(&sent.kind));
    match decided.and_then(|(stored, connector)| connector.decided_anew(sent, stored)) {
        Some(name) => Err(Refusal::bad_request(format!("additionalProperties.{name} cannot be updated"))),
        None => Ok(()),
    }
}

fn check_roles(documents: &Documents<'_>, tenant: &str, sent: &KeyManager) -> Result<(), Refusal> {
    if sent.permissions.permission_type == PermissionType::Public {
        return Ok(());
    }
    for role in &sent.permissions.roles {
        if !role_exists(documents, tenant, role)? {
            return Err(Refusal::from(Code::RoleNotFound).because(format!("Role {role} does not exist")));
        }
    }
    Ok(())
}

fn check_identity(
    documents: &Documents<'_>,
    tenant: &str,
    sent: &KeyManager,
    stored: Option<&KeyManager>,
) -> Result<(), Refusal> {
    let Some(stored) = stored else {
        return match documents.find_by_key::<KeyManager>(tenant, &sent.name)? {
            Some(_) => Err(Code::KeyManagerExists.into()),
            None => Ok(()),
        };
    };
    if stored.name != sent.name {
        return Err(Refusal::bad_request("Key Manager name cannot be updated"));
    }
    if stored.kind != sent.kind {
        return Err(Refusal::bad_request("Key Manager type cannot be updated"));
    }
    Ok(())
}

/// Fills in what follows from other members.
fn complete(mut sent: KeyManager) -> KeyManager {
    let properties = &mut sent.additional_properties.0;
    for value in properties.values_mut() {
        if let Value::String(text) = value {
            *text = text.trim().to_owned();
        }
    }
    properties.insert("self_validate_jwt".to_owned(), json!(sent.enable_self_validation_jwt));
    properties.insert("provisionedAppValidation".to_owned(), json!(sent.enable_provisioned_app_validation));
    if !sent.enable_self_validation_jwt && sent.token_validation.is_empty() {
        let issuer = sent.issuer.as_deref().filter(|issuer| !issuer.is_empty());
        sent.token_validation.push(TokenValidation::opaque());
        sent.token_validation.extend(issuer.map(TokenValidation::jwt_of));
    }
    // The alias lives with the trust that an exchange needs, and goes with it.
    if sent.token_type == TokenType::Direct {
        sent.alias = None;
    }
    sent
}

fn check_connector(sent: &mut KeyManager, stored: Option<&KeyManager>) -> Result<(), Refusal> {
    let connector = connectors::find(&sent.kind).ok_or(Code::TypeUnknown)?;
    if sent.is_resident() && stored.is_some() {
        return Ok(());
    }
    if sent.kind == crate::domain::RESIDENT_TYPE {
        return Err(Refusal::from(Code::TypeUnknown).because("A tenant has one resident Key Manager, from its start"));
    }
    // Where tokens are only exchanged the connector's settings are not looked at (contract sheet, 1.6).
    if sent.token_type != TokenType::Exchanged {
        let missing = connector.missing(sent);
        if !missing.is_empty() {
            tracing::info!(name = sent.name, ?missing, "a key manager was refused");
            return Err(Code::ConfigurationMissing.into());
        }
        if let Some(said) = connector.no_choice(sent) {
            return Err(Refusal::from(Code::ConfigurationMissing).because(said));
        }
    }
    if let Some(property) = connector.unsendable(sent) {
        let said = format!("additionalProperties.{property}: contains characters that cannot be sent");
        return Err(Refusal::bad_request(said));
    }
    let blank = |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
    // The document about custom key managers calls the display name mandatory; the other documents do not.
    if sent.kind == CUSTOM_TYPE && blank(&sent.display_name) {
        return Err(Code::ConfigurationMissing.into());
    }
    if blank(&sent.consumer_key_claim) {
        sent.consumer_key_claim = connector.consumer_key_claim.map(str::to_owned);
    }
    if blank(&sent.scopes_claim) {
        sent.scopes_claim = connector.scopes_claim.map(str::to_owned);
    }
    Ok(())
}

/// Where tokens are exchanged the certificate becomes that of a trusted issuer, and must be one (TX-11). None at all is
/// accepted (TT-04), and so is anything where nothing is exchanged.
fn check_trust(sent: &KeyManager) -> Result<(), Refusal> {
    let Some(given) = sent.certificates.as_ref().filter(|given| given.kind == CertificateType::Pem) else {
        return Ok(());
    };
    if sent.token_type == TokenType::Direct || given.value.trim().is_empty() {
        return Ok(());
    }
    match given.pem().map(|pem| Certificate::from_pem(&pem)) {
        Some(Ok(_)) => Ok(()),
        _ => Err(Refusal::from(Code::TrustNotMade).because("The certificate is none")),
    }
}

/// Two enabled key managers with one issuer would make the gateway's choice a matter of chance, unless they are one
/// server told twice: then each client is registered at one of them, and tells which it is (DISP-02).
fn check_issuer(
    documents: &Documents<'_>,
    tenant: &str,
    sent: &KeyManager,
    stored: Option<&KeyManager>,
) -> Result<(), Refusal> {
    let Some(issuer) = sent.issuer.as_deref().filter(|issuer| !issuer.is_empty() && sent.enabled) else {
        return Ok(());
    };
    let others: Vec<KeyManager> = documents.all(tenant)?;
    let same = others.iter().find(|other| {
        let is_other = stored.is_none_or(|stored| stored.id != other.id);
        is_other && other.enabled && other.issuer.as_deref() == Some(issuer) && !is_same_server(other, sent)
    });
    match same {
        Some(first) => Err(Refusal::from(Code::KeyManagerExists)
            .because(format!("The issuer is already that of the Key Manager {}", first.name))),
        None => Ok(()),
    }
}

/// Whether both register clients at one and the same server, and believe the same keys.
fn is_same_server(one: &KeyManager, other: &KeyManager) -> bool {
    let registers = |each: &KeyManager| {
        let endpoint = each.client_registration_endpoint.as_deref();
        each.enable_oauth_app_creation
            && each.token_type == TokenType::Direct
            && endpoint.is_some_and(|endpoint| !endpoint.is_empty())
    };
    let place = |each: &KeyManager| {
        let endpoints = (each.client_registration_endpoint.clone(), each.token_endpoint.clone());
        (each.kind.clone(), endpoints, each.certificates.clone())
    };
    registers(one) && registers(other) && place(one) == place(other)
}
