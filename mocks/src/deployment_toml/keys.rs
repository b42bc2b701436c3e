//! The keys that are known, what each takes, and which setting it changes. The names are the product's
//! (`default.json` of carbon-identity-framework, and the documents of the key manager).

use std::num::NonZeroU64;

use super::{
    access::AccessRule,
    custom_grants, listeners,
    neighbours::NEIGHBOURS,
    settings::Settings,
    vocabulary::{Key, Keys, Table, Vocabulary},
    without_effect::WITHOUT_EFFECT,
};
use crate::certificates::CertificateMapping;

use Key::{By, Checked, Count, Flag, Host, Minutes, Nothing, Offset, Patterns, Span, Tables, Text, Texts, Words};

/// Below `oauth.grant_type.<grant>`: whether the grant is there, and whether public clients may use it.
macro_rules! grants {
    ($($grant:literal),* $(,)?) => {
        &[$(
            (
                concat!("oauth.grant_type.", $grant, ".enable"),
                Flag(|settings, on| settings.grant($grant, |grant| grant.enabled = on)),
            ),
            (
                concat!("oauth.grant_type.", $grant, ".allow_public_client"),
                Flag(|settings, on| settings.grant($grant, |grant| grant.public = on)),
            ),
            // Classes of the product.
            (concat!("oauth.grant_type.", $grant, ".grant_handler"), Nothing),
            (concat!("oauth.grant_type.", $grant, ".grant_validator"), Nothing),
        )*]
    };
}

const GRANT_KEYS: &Keys<Settings> = grants![
    "authorization_code",
    "password",
    "refresh_token",
    "client_credentials",
    "saml_bearer",
    "iwa_ntlm",
    "jwt_bearer",
    "kerberos",
    "device_code",
    "token_exchange",
];

const KEYS: &Keys<Settings> = &[
    (
        LEGACY_MODE,
        Flag(|settings, on| {
            if on {
                settings.infer_legacy();
            }
        }),
    ),
    ("server.offset", Offset(|settings, offset| settings.offset = Some(offset))),
    ("server.hostname", Host(|settings, name| settings.hostname = Some(name))),
    ("super_admin.username", Text(|settings, name| settings.administrator.0 = name)),
    ("super_admin.password", Text(|settings, password| settings.administrator.1 = password)),
    ("oauth.global_rbac_scope_issuer.enable", Flag(|settings, on| settings.role_based_present = on)),
    (
        "oauth.global_scope_validators.role_based_scope_issuer.enable",
        Flag(|settings, on| settings.role_based_acts = on),
    ),
    ("oauth.authorize_all_scopes", Flag(|settings, on| settings.authorize_all_scopes = on)),
    (
        "oauth.token_validation.authorization_code_validity",
        Span(|settings, seconds| settings.lifetimes.code_seconds = seconds),
    ),
    (
        "oauth.token_validation.app_access_token_validity",
        Span(|settings, seconds| settings.lifetimes.app_seconds = seconds),
    ),
    (
        "oauth.token_validation.user_access_token_validity",
        Span(|settings, seconds| settings.lifetimes.user_seconds = seconds),
    ),
    (
        "oauth.token_validation.refresh_token_validity",
        Span(|settings, seconds| settings.lifetimes.refresh_seconds = seconds),
    ),
    ("oauth.jwt.renew_token_without_revoking_existing.enable", Flag(|settings, on| settings.jwts_side_by_side.0 = on)),
    (
        "oauth.jwt.renew_token_without_revoking_existing.allowed_grant_types",
        Texts(|settings, grants| settings.jwts_side_by_side.1 = grants),
    ),
    (
        "oauth.grant_type.password.show_auth_failure_reason",
        Flag(|settings, on| settings.password_failures_explained = on),
    ),
    ("oauth.token_renewal.renew_refresh_token", Flag(|settings, on| settings.renew_refresh_token = on)),
    (
        "oauth.graceful_refresh_token_rotation.maximum_validity_period",
        Count(|settings, seconds| {
            let seconds = NonZeroU64::new(seconds).ok_or("a number of seconds, one or more")?;
            settings.most_grace.window_seconds = seconds;
            Ok(())
        }),
    ),
    (
        "oauth.graceful_refresh_token_rotation.maximum_reuse_limit",
        Count(|settings, reuses| {
            settings.most_grace.reuses = NonZeroU64::new(reuses).ok_or("a number, one or more")?;
            Ok(())
        }),
    ),
    (
        "oauth.allowed_scopes",
        Patterns(|settings, patterns| settings.allowed_scopes = patterns.iter().map(ToString::to_string).collect()),
    ),
    ("oauth.restricted_query_parameters", Texts(|settings, names| settings.restricted_query = names)),
    ("oauth.use_client_id_as_sub_claim_for_app_tokens", Flag(|settings, on| settings.client_id_is_subject = on)),
    (
        "oauth.remove_username_from_introspection_response_for_app_tokens",
        Flag(|settings, on| settings.username_hidden = on),
    ),
    ("oauth.revoked_token_headers_in_response.enable", Flag(|settings, on| settings.revocation_headers = on)),
    ("oauth.dcrm.return_null_fields_in_response", Flag(|settings, on| settings.null_fields = on)),
    ("oauth.dcrm.decode_redirect_uris_in_response", Flag(|settings, on| settings.decode_redirect_uris = on)),
    ("oauth.grant_type.jwt_bearer.allow_refresh_tokens", Flag(|settings, on| settings.assertions_give_refresh = on)),
    ("oauth.grant_type.jwt.enable_iat_validation", Flag(|settings, on| settings.assertion_age_checked = on)),
    ("oauth.grant_type.jwt.iat_validity_period", Minutes(|settings, minutes| settings.assertion_minutes = minutes)),
    ("oauth.grant_type.jwt.enable_jwt_cache", Flag(|settings, on| settings.assertions_used_once = on)),
    ("oauth.grant_type.device_code.expiry_time", Span(|settings, seconds| settings.device_seconds = seconds)),
    (
        "oauth.grant_type.device_code.polling_interval",
        Span(|settings, seconds| settings.device_interval_seconds = seconds),
    ),
    (
        "oauth.grant_type.device_code.key_length",
        Count(|settings, length| {
            settings.user_code.0 = usize::try_from(length)
                .ok()
                .filter(|length| (1..=64).contains(length))
                .ok_or("a number from 1 to 64")?;
            Ok(())
        }),
    ),
    (
        "oauth.grant_type.device_code.key_set",
        Checked(|settings, characters| {
            if !characters.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err("a text of characters that people can type");
            }
            settings.user_code.1 = characters.to_owned().into();
            Ok(())
        }),
    ),
    (
        "oauth.grant_type.saml_bearer.user_type",
        Checked(|settings, kind| {
            settings.saml_subjects_local = match kind {
                "LOCAL" => true,
                "FEDERATED" | "LEGACY" => false,
                _ => return Err("FEDERATED, LOCAL or LEGACY"),
            };
            Ok(())
        }),
    ),
    ("oauth.custom_grant_type", Tables(&CUSTOM_GRANTS)),
    ("client_certificate_based_authentication.enable", Flag(|settings, on| settings.certificates_stand_for_users = on)),
    ("client_certificate_based_authentication.user_thumbprint_mapping", Tables(&CERTIFICATE_MAPPINGS)),
    ("role_mgt.allow_system_prefix_for_role", Flag(|settings, on| settings.system_roles = on)),
    ("resource_access_control.introspect.secured", Flag(|settings, on| settings.introspection_secured = on)),
    ("resource_access_control.introspect.scopes", Texts(|settings, scopes| settings.introspection_scopes = scopes)),
    ("resource.access_control", Tables(&ACCESS_RULES)),
    ("event_listener", By(listeners::read)),
];

const LEGACY_MODE: &str = "server.legacy_mode";

/// The rules of `[[resource.access_control]]`.
const ACCESS_RULES: Table<Settings> = Table {
    begin: |settings| settings.access_rules.push(AccessRule::new("").expect("nothing is a regular expression")),
    keys: &[
        (
            "context",
            Checked(|settings, text| {
                let context = AccessRule::new(text).ok_or("a regular expression")?;
                settings.last_rule(|rule| *rule = AccessRule { context: context.context, ..rule.clone() });
                Ok(())
            }),
        ),
        ("secure", Flag(|settings, on| settings.last_rule(|rule| rule.secure = on))),
        (
            "http_method",
            Checked(|settings, methods| {
                settings.last_rule(|rule| rule.set_methods(methods));
                Ok(())
            }),
        ),
        (
            "permissions",
            Words(|settings, list| {
                settings.last_rule(|rule| rule.permissions = list);
                Ok(())
            }),
        ),
        (
            "scopes",
            Words(|settings, list| {
                settings.last_rule(|rule| rule.scopes = list);
                Ok(())
            }),
        ),
        ("cross_tenant", Flag(|settings, on| settings.last_rule(|rule| rule.cross_tenant = on))),
        // There is one way to authenticate.
        ("allowed_auth_handlers", Words(|_, _| Ok(()))),
    ],
    needed: "context",
};

/// `[[oauth.custom_grant_type]]`: grant types of somebody's own classes, which are known by name alone.
const CUSTOM_GRANTS: Table<Settings> = Table {
    begin: |settings| settings.custom_grants.push(super::settings::CustomGrant::default()),
    keys: &[
        ("name", Text(|settings, name| settings.last_custom_grant(|grant| grant.name = name))),
        ("grant_handler", Nothing),
        ("grant_validator", Nothing),
        ("properties", By(custom_grants::properties)),
    ],
    needed: "name",
};

/// `[[client_certificate_based_authentication.user_thumbprint_mapping]]`; a star is anything.
const CERTIFICATE_MAPPINGS: Table<Settings> = Table {
    begin: |settings| settings.certificate_mappings.push(CertificateMapping::default()),
    keys: &[
        (
            "trusted_issuer",
            Text(|settings, issuer| {
                let issuer = (issuer != "*").then_some(issuer);
                settings.last_mapping(|mapping| mapping.issuer = issuer);
            }),
        ),
        (
            "cert_thumbprint",
            Checked(|settings, text| {
                let thumbprint = (text != "*").then(|| text.to_owned());
                let unfit =
                    CertificateMapping { thumbprint: thumbprint.clone(), ..CertificateMapping::default() }.check();
                unfit.map_err(|_| "a SHA-256 in hexadecimal digits, or \"*\"")?;
                settings.last_mapping(|mapping| mapping.thumbprint = thumbprint);
                Ok(())
            }),
        ),
        (
            "allowed_username",
            Words(|settings, names| {
                if names.is_empty() || names.iter().any(|name| name.trim().is_empty()) {
                    return Err("names of users, or \"*\"");
                }
                let users = (!names.iter().any(|name| name == "*")).then_some(names);
                settings.last_mapping(|mapping| mapping.users = users);
                Ok(())
            }),
        ),
    ],
    needed: "trusted_issuer",
};

/// The listener that sends revocation notices; others mean nothing here.
pub(super) const INTERCEPTOR: &str = "org.wso2.is.notification.ApimOauthEventInterceptor";

/// What an entry of `[[event_listener]]` may say, and what the properties of the interceptor may.
pub(super) const LISTENER_KEYS: [&str; 6] = ["id", "type", "name", "order", "enable", "properties"];
pub(super) const NOTICE_KEYS: [&str; 7] =
    ["notification_endpoint", "username", "password", "header.X-WSO2-KEY-MANAGER", IGNORED[0], IGNORED[1], IGNORED[2]];

/// Properties of the listener for client assertions, which the file of the Open Banking accelerator has in this place.
pub(super) const IGNORED: [&str; 3] = ["PreventTokenReuse", "RejectBeforeInMinutes", "TokenEndpointAlias"];

/// What a file may say to Identity Server.
pub(super) const VOCABULARY: Vocabulary<Settings> = Vocabulary {
    keys: &[GRANT_KEYS, KEYS],
    without_effect: WITHOUT_EFFECT,
    neighbours: NEIGHBOURS,
    first: Some(LEGACY_MODE),
    finish: Settings::resolve_administrator,
    listed_in: "the mock README",
};

#[cfg(test)]
mod tests {
    use super::{
        super::{DeploymentToml, vocabulary::Level},
        *,
    };

    #[test]
    fn every_key_is_listed_once() {
        let mut all: Vec<_> = Level::top(&VOCABULARY).names().collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn the_nearest_key_is_a_slip_away() {
        let top = Level::top(&VOCABULARY);
        assert_eq!(top.nearest("server.legacy_mod").as_deref(), Some(LEGACY_MODE));
        assert_eq!(
            top.nearest("oauth.global_rbac_scope_issuer.enabled").as_deref(),
            Some("oauth.global_rbac_scope_issuer.enable")
        );
        assert_eq!(top.nearest("keystroe").as_deref(), Some("keystore"));
        assert_eq!(top.nearest("oauth.grant_tipe").as_deref(), Some("oauth.grant_type"));
        assert_eq!(top.nearest("something.else.altogether"), None);
    }

    #[test]
    fn each_part_of_a_certificate_row_may_be_a_star_and_a_row_for_nobody_is_refused() {
        let parse = |issuer: &str, thumbprint: &str, names: &str| {
            DeploymentToml::parse(&format!(
                "[client_certificate_based_authentication]\nenable = true\n\
                 [[client_certificate_based_authentication.user_thumbprint_mapping]]\n\
                 trusted_issuer = {issuer}\ncert_thumbprint = {thumbprint}\nallowed_username = {names}\n"
            ))
        };
        let stars = parse("\"*\"", "\"*\"", "\"*\"").unwrap();
        assert_eq!(stars.settings.certificate_mappings(), [CertificateMapping::default()]);
        let named = parse("\"CN=a\"", "\"*\"", "\"ann, bob\"").unwrap().settings.certificate_mappings();
        assert_eq!(named[0].issuer.as_deref(), Some("CN=a"));
        assert_eq!(named[0].users.as_deref(), Some(&["ann".to_owned(), "bob".to_owned()][..]));
        for names in ["\"\"", "\" , \"", "[]", "[\"\"]"] {
            let error = parse("\"*\"", "\"*\"", names).unwrap_err();
            assert_eq!(error.faults[0].line, 6, "{error}");
            assert!(error.to_string().contains("names of users"), "{error}");
        }
    }
}
