//! What a file can switch, and what each switch does to a realm.
//! Switches of single endpoints are looked at there.

use std::{borrow::Cow, sync::Arc};

use regex::Regex;

use super::access::AccessRule;
use crate::certificates::CertificateMapping;
use crate::notices::NoticeTarget;
use crate::realm::{
    Lifetimes, Realm, RealmSpec, UserSpec, key_ring::KidStyle, policy::Rotation, rotation::GracefulRotation,
};
use crate::vendors::is7_tokens::{self, ScopeMode, Scopes, Shape};

/// A grant type as a file names it, and on the wire.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GrantSwitch {
    /// Below `oauth.grant_type`.
    pub(super) key: &'static str,
    name: &'static str,
    pub(super) enabled: bool,
    pub(super) public: bool,
}

/// A grant type of somebody's own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct CustomGrant {
    pub(super) name: String,
    pub(super) public: bool,
}

/// Everything that can be switched, with the product's defaults.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    pub(super) legacy_mode: bool,
    pub(super) offset: Option<u16>,
    pub(crate) hostname: Option<String>,
    pub(crate) administrator: (String, String),
    /// `oauth.global_rbac_scope_issuer`: the role-based validator is there.
    pub(super) role_based_present: bool,
    /// `oauth.global_scope_validators.role_based_scope_issuer`: and it acts.
    pub(super) role_based_acts: bool,
    pub(super) authorize_all_scopes: bool,
    pub(super) lifetimes: Lifetimes,
    pub(super) renew_refresh_token: bool,
    /// What applications may have of graceful rotation at most.
    pub(super) most_grace: GracefulRotation,
    /// `oauth.jwt.renew_token_without_revoking_existing`: whether, and of which grant types.
    pub(super) jwts_side_by_side: (bool, Vec<String>),
    pub(super) password_failures_explained: bool,
    pub(super) grants: Vec<GrantSwitch>,
    pub(super) assertions_give_refresh: bool,
    pub(super) assertion_minutes: u64,
    pub(super) assertion_age_checked: bool,
    pub(super) assertions_used_once: bool,
    pub(super) device_seconds: u64,
    pub(super) device_interval_seconds: u64,
    /// How many characters the user code of a device has, and of which ones.
    pub(super) user_code: (usize, Cow<'static, str>),
    pub(super) custom_grants: Vec<CustomGrant>,
    /// Whether subjects of SAML assertions are users of this server.
    pub(super) saml_subjects_local: bool,
    /// Patterns of the scopes that anybody gets, registered or not.
    pub(super) allowed_scopes: Vec<String>,
    pub(super) restricted_query: Vec<String>,
    /// Whether tokens of applications have the client id as their `sub`, and not the owner.
    pub(crate) client_id_is_subject: bool,
    /// Whether introspection leaves out the user name where the token is an application's.
    pub(crate) username_hidden: bool,
    /// Whether the answer to a revocation names what was revoked.
    pub(crate) revocation_headers: bool,
    pub(crate) null_fields: bool,
    pub(crate) decode_redirect_uris: bool,
    /// Whether role names may begin with `system_`.
    pub(crate) system_roles: bool,
    /// Scopes that a caller of introspection needs; any authenticated caller will do when there are none.
    pub(crate) introspection_scopes: Vec<String>,
    /// Whether callers of introspection must be somebody.
    pub(crate) introspection_secured: bool,
    pub(crate) access_rules: Vec<AccessRule>,
    /// `client_certificate_based_authentication.enable`.
    pub(crate) certificates_stand_for_users: bool,
    pub(super) certificate_mappings: Vec<CertificateMapping>,
    /// Where revocation notices go.
    pub(crate) notices: Option<NoticeTarget>,
}

impl Default for Settings {
    fn default() -> Self {
        let text = |text: &str| text.to_owned();
        Self {
            legacy_mode: false,
            offset: None,
            hostname: None,
            administrator: (text("admin"), text("admin")),
            role_based_present: false,
            role_based_acts: false,
            authorize_all_scopes: false,
            lifetimes: Lifetimes::default(),
            renew_refresh_token: true,
            most_grace: GracefulRotation::AT_MOST,
            jwts_side_by_side: (false, vec![text("client_credentials")]),
            password_failures_explained: false,
            grants: GRANTS
                .map(|(key, name, public)| GrantSwitch { key, name, enabled: name != "kerberos", public })
                .to_vec(),
            assertions_give_refresh: true,
            assertion_minutes: 30,
            assertion_age_checked: true,
            assertions_used_once: false,
            device_seconds: 600,
            device_interval_seconds: 5,
            user_code: is7_tokens::USER_CODE,
            custom_grants: Vec::new(),
            saml_subjects_local: false,
            allowed_scopes: vec![is7_tokens::ALLOWED_SCOPES.to_owned()],
            restricted_query: ["username", "password", "client_secret"].map(text).to_vec(),
            client_id_is_subject: true,
            username_hidden: true,
            revocation_headers: false,
            null_fields: false,
            decode_redirect_uris: true,
            system_roles: false,
            introspection_scopes: vec![text("internal_oauth2_introspect")],
            introspection_secured: true,
            access_rules: Vec::new(),
            certificates_stand_for_users: false,
            certificate_mappings: Vec::new(),
            notices: None,
        }
    }
}

/// Key, name on the wire, and whether public clients may use it.
const GRANTS: [(&str, &str, bool); 10] = [
    ("authorization_code", "authorization_code", true),
    ("password", "password", true),
    ("refresh_token", "refresh_token", true),
    ("client_credentials", "client_credentials", false),
    ("saml_bearer", "urn:ietf:params:oauth:grant-type:saml2-bearer", true),
    ("iwa_ntlm", "iwa:ntlm", true),
    ("jwt_bearer", "urn:ietf:params:oauth:grant-type:jwt-bearer", true),
    ("kerberos", "kerberos", true),
    ("device_code", "urn:ietf:params:oauth:grant-type:device_code", true),
    ("token_exchange", "urn:ietf:params:oauth:grant-type:token-exchange", true),
];

impl Settings {
    /// As the documents tell administrators to configure a server for an API platform.
    pub(crate) fn documented() -> Self {
        let mut me = AccessRule::new("(.*)/scim2/Me").expect("the pattern is constant");
        me.set_methods("GET");
        me.cross_tenant = true;
        Self {
            role_based_present: true,
            role_based_acts: true,
            // The platform's connector makes roles called `system_primary_…`.
            system_roles: true,
            access_rules: vec![me],
            ..Self::default()
        }
    }

    /// Turns on the old ways, before what is said explicitly.
    pub(super) fn infer_legacy(&mut self) {
        self.legacy_mode = true;
        self.client_id_is_subject = false;
        self.username_hidden = false;
        self.revocation_headers = true;
        self.grant("client_credentials", |grant| grant.public = true);
    }

    pub(super) fn grant(&mut self, key: &str, change: impl FnOnce(&mut GrantSwitch)) {
        if let Some(grant) = self.grants.iter_mut().find(|grant| grant.key == key) {
            change(grant);
        }
    }

    /// Changes the access rule that is being read.
    pub(super) fn last_rule(&mut self, change: impl FnOnce(&mut AccessRule)) {
        if let Some(rule) = self.access_rules.last_mut() {
            change(rule);
        }
    }

    /// Changes the row of certificates that is being read.
    pub(super) fn last_mapping(&mut self, change: impl FnOnce(&mut CertificateMapping)) {
        if let Some(mapping) = self.certificate_mappings.last_mut() {
            change(mapping);
        }
    }

    /// Which certificates stand for which users: none, unless that is switched on.
    pub(crate) fn certificate_mappings(&self) -> Vec<CertificateMapping> {
        if self.certificates_stand_for_users { self.certificate_mappings.clone() } else { Vec::new() }
    }

    /// The rows of certificates and their users, whether or not that is switched on.
    pub(crate) fn written_mappings(&self) -> &[CertificateMapping] {
        &self.certificate_mappings
    }

    /// Whether further tenants have paths of their own, behind `/t/`.
    pub(crate) fn tenants_have_paths(&self) -> bool {
        !self.legacy_mode
    }

    /// Whether the permissions of a user's roles count.
    pub(crate) fn by_permission(&self) -> bool {
        self.legacy_mode
    }

    /// Whether there are roles in the old form, too.
    pub(crate) fn old_roles(&self) -> bool {
        self.legacy_mode
    }

    pub(crate) fn scope_mode(&self) -> ScopeMode {
        if self.role_based_present && self.role_based_acts {
            ScopeMode::RoleBased
        } else if self.authorize_all_scopes || self.legacy_mode {
            ScopeMode::AllRegistered
        } else {
            ScopeMode::Authorised
        }
    }

    /// How long a generated client secret is.
    pub(crate) fn secret_length(&self) -> usize {
        if self.legacy_mode { 28 } else { 44 }
    }

    /// The first access rule for a request.
    pub(crate) fn access_rule(&self, method: &str, path: &str) -> Option<&AccessRule> {
        self.access_rules.iter().find(|rule| rule.fits(method, path))
    }

    /// Carries out what concerns a realm that Identity Server's dialect has made.
    pub(crate) fn configure(&self, spec: &mut RealmSpec) {
        let names = |wanted: fn(&GrantSwitch) -> bool| {
            self.grants.iter().filter(|grant| wanted(grant)).map(|grant| grant.name.to_owned()).collect()
        };
        let policy = &mut spec.policy;
        policy.grant_types = names(|grant| grant.enabled);
        policy.public_grant_types = names(|grant| grant.enabled && grant.public);
        for custom in &self.custom_grants {
            add(&mut policy.grant_types, &custom.name);
            if custom.public {
                add(&mut policy.public_grant_types, &custom.name);
            }
        }
        policy.saml_subjects_local = self.saml_subjects_local;
        policy.device.user_code = self.user_code.clone();
        policy.lifetimes = self.lifetimes;
        policy.rotation = if self.renew_refresh_token { Rotation::Rotate } else { Rotation::Keep };
        policy.graceful_rotation_at_most = self.most_grace;
        policy.assertions_give_refresh = self.assertions_give_refresh;
        policy.assertions_used_once = self.assertions_used_once;
        policy.oldest_assertion = self.assertion_age_checked.then(|| self.assertion_minutes.saturating_mul(60));
        policy.device.lifetime_seconds = self.device_seconds;
        policy.device.interval_seconds = self.device_interval_seconds;
        let (side_by_side, grants) = &self.jwts_side_by_side;
        policy.jwts_side_by_side = if *side_by_side { grants.clone() } else { Vec::new() };
        policy.password_failures_explained = self.password_failures_explained;
        policy.barred_from_query.clone_from(&self.restricted_query);
        if self.legacy_mode {
            spec.keys.rename(KidStyle::CertificateSha1Hex);
        }
        spec.shape = Arc::new(Shape {
            client_is_subject: self.client_id_is_subject,
            username_hidden: self.username_hidden,
            administrator: self.administrator.0.clone().into(),
        });
        let allowed = self.allowed_scopes.iter().filter_map(|pattern| Regex::new(pattern).ok()).collect();
        spec.scope_rule = Arc::new(Scopes { mode: self.scope_mode(), allowed, by_permission: self.by_permission() });
    }

    /// Puts the administrator in.
    pub(crate) fn furnish(&self, realm: &Realm) {
        let (name, password) = &self.administrator;
        if name != "admin" {
            realm.remove_user("admin");
        }
        realm.add_user(UserSpec::new(name, password).roles(["admin"]).claim("email", "admin@example.com"));
    }
}

fn add(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}
