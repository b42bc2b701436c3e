//! The hosts that a tenant lets the platform be sent to (contract sheet, 1.6): the setting, and what it refuses.
//! Making the calls is left to the connectors and the gateway.

use regex::Regex;
use serde_json::{Map, Value};
use url::Url;

use crate::{
    connectors,
    domain::{KeyManager, TenantSettings},
    store::Documents,
    wire::Refusal,
};

const SETTING: &str = "OutboundRequestSecurity";
const SWITCH: &str = "EnableHostAllowlist";
const PATTERNS: &str = "HostAllowlistPatterns";

/// What a tenant's configuration says about hosts; `None` when it says nothing, or is switched off.
pub(super) struct Guard(Option<Vec<Regex>>);

impl Guard {
    /// That of a tenant.
    pub(super) fn of(documents: &Documents<'_>, tenant: &str) -> Result<Self, Refusal> {
        let settings: Option<TenantSettings> = documents.find(tenant, tenant)?;
        match settings.and_then(|settings| settings.configuration) {
            Some(configuration) => Self::read(&configuration),
            None => Ok(Self(None)),
        }
    }

    /// Reads the setting, which an administrator may have got wrong.
    pub(super) fn read(configuration: &Map<String, Value>) -> Result<Self, Refusal> {
        let Some(setting) = configuration.get(SETTING).filter(|setting| !setting.is_null()) else {
            return Ok(Self(None));
        };
        let wrong = |what: &str| Refusal::bad_request(format!("{SETTING}{what}"));
        let setting = setting.as_object().ok_or_else(|| wrong(": must be an object"))?;
        let switch = match setting.get(SWITCH) {
            None => None,
            Some(value) => Some(value.as_bool().ok_or_else(|| wrong(&format!(".{SWITCH}: must be true or false")))?),
        };
        let Some(patterns) = setting.get(PATTERNS) else { return Ok(Self(None)) };
        let texts = || wrong(&format!(".{PATTERNS}: must be a list of host names, in which * stands for anything"));
        let patterns: Vec<Regex> = patterns
            .as_array()
            .ok_or_else(texts)?
            .iter()
            .map(|one| one.as_str().map(str::trim).filter(|one| !one.is_empty()).and_then(wildcard).ok_or_else(texts))
            .collect::<Result<_, _>>()?;
        Ok(Self((switch != Some(false)).then_some(patterns)))
    }

    /// Refuses an address at a host that is not on the list. What is blank or no address is not looked at.
    pub(super) fn check(&self, member: &str, address: &str) -> Result<(), Refusal> {
        let Some(patterns) = &self.0 else { return Ok(()) };
        let Some(host) = Url::parse(address.trim()).ok().and_then(|url| url.host_str().map(str::to_owned)) else {
            return Ok(());
        };
        if patterns.iter().any(|pattern| pattern.is_match(&host)) {
            return Ok(());
        }
        Err(Refusal::bad_request(format!("{member}: the host {host} is not trusted ({SETTING})")))
    }

    /// The same for every address that the platform would be sent to by a key manager and was not before: one that is there
    /// already can be changed, or switched off, whatever its host.
    pub(super) fn check_all(&self, sent: &KeyManager, stored: Option<&KeyManager>) -> Result<(), Refusal> {
        let known = stored.map(addresses).unwrap_or_default();
        let mut new = addresses(sent).into_iter().filter(|address| !known.contains(address));
        new.try_for_each(|(member, address)| self.check(&member, &address))
    }
}

/// Every address that a key manager sends the platform to, by the member that holds it.
fn addresses(key_manager: &KeyManager) -> Vec<(String, String)> {
    let own = [
        ("wellKnownEndpoint", &key_manager.well_known_endpoint),
        ("tokenEndpoint", &key_manager.token_endpoint),
        ("introspectionEndpoint", &key_manager.introspection_endpoint),
        ("clientRegistrationEndpoint", &key_manager.client_registration_endpoint),
        ("revokeEndpoint", &key_manager.revoke_endpoint),
        ("userInfoEndpoint", &key_manager.user_info_endpoint),
        ("authorizeEndpoint", &key_manager.authorize_endpoint),
        ("scopeManagementEndpoint", &key_manager.scope_management_endpoint),
    ];
    let own = own.into_iter().filter_map(|(member, address)| Some((member.to_owned(), address.clone()?)));
    let custom =
        key_manager.endpoints.iter().map(|custom| (format!("endpoints.{}", custom.name), custom.value.clone()));
    let key_set = key_manager.certificates.as_ref().and_then(|given| given.jwks_url());
    let key_set = key_set.map(|address| ("certificates".to_owned(), address.to_owned()));
    let connector = connectors::find(&key_manager.kind);
    let of_connector = connector.map(|connector| connector.addresses(key_manager)).unwrap_or_default();
    let of_connector =
        of_connector.into_iter().map(|(name, address)| (format!("additionalProperties.{name}"), address));
    let all = own.chain(custom).chain(key_set).chain(of_connector);
    all.map(|(member, address)| (member, address.trim().to_owned())).collect()
}

/// `*` stands for anything; letters count alike in both cases.
fn wildcard(pattern: &str) -> Option<Regex> {
    Regex::new(&format!("(?i)^{}$", regex::escape(pattern).replace(r"\*", ".*"))).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn guard(setting: &Value) -> Result<Guard, Refusal> {
        let Value::Object(configuration) = json!({SETTING: setting}) else { unreachable!("it is an object") };
        Guard::read(&configuration)
    }

    #[test]
    fn hosts_are_compared_with_the_patterns_as_a_whole() {
        let guard = guard(&json!({SWITCH: true, PATTERNS: ["*.Example.com", "api.*.net", "one.test"]})).unwrap();
        for (address, passes) in [
            ("https://sub.example.com/token", true),
            ("https://SUB.EXAMPLE.COM:8443/x", true),
            ("https://example.com", false),
            ("https://sub.example.com.evil.test", false),
            ("https://api.a.b.net", true),
            ("https://one.test", true),
            ("https://one_test", false),
            ("https://one.test@evil.test/", false),
            ("", true),
            ("none at all", true),
        ] {
            assert_eq!(guard.check("m", address).is_ok(), passes, "{address}");
        }
    }

    #[test]
    fn nothing_is_checked_without_a_list_or_when_it_is_switched_off() {
        for setting in [json!(null), json!({}), json!({SWITCH: true}), json!({SWITCH: false, PATTERNS: ["a.test"]})] {
            assert!(guard(&setting).unwrap().check("m", "https://b.test").is_ok(), "{setting}");
        }
        assert!(
            guard(&json!({PATTERNS: []})).unwrap().check("m", "https://b.test").is_err(),
            "an empty list has nobody"
        );
    }

    #[test]
    fn a_setting_that_is_none_is_refused() {
        for setting in
            [json!(7), json!({SWITCH: "yes"}), json!({PATTERNS: "a"}), json!({PATTERNS: [7]}), json!({PATTERNS: [" "]})]
        {
            assert!(guard(&setting).is_err(), "{setting}");
        }
    }
}
