//! The keys that a file may have, what each takes, and which setting it changes; the names are the product's.
//! Reading is done by the reader that the mocks have for theirs.

use std::time::Duration;

use http::HeaderName;
use kmspec_mocks::deployment_toml::{Key, Keys, Table, Vocabulary};

use super::{Deployment, Environment, TenantSharing, TypeHeader, sharing::TYPE, without_effect::WITHOUT_EFFECT};
use crate::domain::{KeyType, Secret};

use Key::{By, Checked, Flag, Nothing, Offset, Patterns, Span, Tables, Text, Texts};

/// What a file may say.
pub(super) const VOCABULARY: Vocabulary<Deployment> = Vocabulary {
    keys: &[SERVER, GRANTS, OAUTH, GATEWAY, PORTAL],
    without_effect: WITHOUT_EFFECT,
    neighbours: &[],
    first: None,
    finish: |_| (),
    listed_in: "README.md",
};

const SERVER: &Keys<Deployment> = &[
    ("server.offset", Offset(|settings, offset| settings.port_offset = Some(offset))),
    ("server.hostname", Text(|settings, name| settings.host = Some(name))),
    ("super_admin.username", Text(|settings, name| settings.administrator.0 = name)),
    ("super_admin.password", Text(|settings, password| settings.administrator.1 = Secret::new(password))),
    ("tenant_mgt.enable_email_domain", Flag(|settings, on| settings.mail_names = on)),
];

/// Below `oauth.grant_type.<grant>`: whether the resident key manager serves it.
macro_rules! grants {
    ($($key:literal: $name:literal),* $(,)?) => {
        &[$((
            concat!("oauth.grant_type.", $key, ".enable"),
            Flag(|settings, on| settings.serve($name, on)),
        ),)*]
    };
}

const GRANTS: &Keys<Deployment> = grants![
    "client_credentials": "client_credentials",
    "password": "password",
    "refresh_token": "refresh_token",
    "authorization_code": "authorization_code",
    "implicit": "implicit",
    "jwt_bearer": "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "token_exchange": "urn:ietf:params:oauth:grant-type:token-exchange",
];

impl Deployment {
    fn serve(&mut self, grant: &'static str, on: bool) {
        self.disabled_grants.retain(|disabled| *disabled != grant);
        if !on {
            self.disabled_grants.push(grant);
        }
    }

    fn last_sharing(&mut self, change: impl FnOnce(&mut TenantSharing)) {
        if let Some(sharing) = self.tenant_sharing.last_mut() {
            change(sharing);
        }
    }
}

const OAUTH: &Keys<Deployment> = &[
    ("oauth.multiple_client_secrets.enable", Flag(|settings, on| settings.several_secrets = on)),
    ("oauth.token_persistence.enable", Flag(|settings, on| settings.token_persistence = on)),
    ("oauth.allowed_scopes", Patterns(|settings, patterns| settings.allowed_scopes = Some(patterns))),
    ("apim.key_manager.skip_create_resident_key_manager", Flag(|settings, on| settings.skip_resident = on)),
    (
        "apim.key_manager.enable_provisioned_app_validation",
        Flag(|settings, on| settings.provisioned_app_validation = on),
    ),
    ("apim.tenant_sharing", Tables(&TENANT_SHARING)),
];

/// `[[apim.tenant_sharing]]`, whose settings stand in it or in its `properties`.
const TENANT_SHARING: Table<Deployment> =
    Table {
        begin: |settings| settings.tenant_sharing.push(TenantSharing::default()),
        keys: &[
            (
                "type",
                Checked(|_, kind| {
                    if kind == TYPE { Ok(()) } else { Err("the type WSO2-IS-7, the only one that shares tenants") }
                }),
            ),
            ("auto_configure_key_manager", AUTOMATIC),
            ("properties.auto_configure_key_manager", AUTOMATIC),
            ("identity_server_base_url", BASE_URL),
            ("properties.identity_server_base_url", BASE_URL),
            ("properties.skip_create_resident_key_manager", Flag(|settings, on| settings.skip_resident = on)),
            // Tenants that are made here are told to nobody.
            ("properties.enable_tenant_sync", Nothing),
            ("properties.username", Nothing),
            ("properties.password", Nothing),
            ("properties.dcr_request_extension", Nothing),
        ],
        needed: "type",
    };

const AUTOMATIC: Key<Deployment> = Flag(|settings, on| settings.last_sharing(|sharing| sharing.automatic = on));

const BASE_URL: Key<Deployment> = Checked(|settings, text| match url::Url::parse(text) {
    Ok(url) if url.has_host() => {
        settings.last_sharing(|sharing| text.trim_end_matches('/').clone_into(&mut sharing.base_url));
        Ok(())
    }
    _ => Err("a URL, such as \"https://localhost:9444\""),
});

const GATEWAY: &Keys<Deployment> = &[
    (
        "apim.cache.token_expiry_time",
        Span(|settings, seconds| settings.introspection_cache = Duration::from_secs(seconds)),
    ),
    (
        "apim.cache.gateway_token.enable",
        Flag(|settings, on| settings.token_cache = on.then(|| settings.token_cache.unwrap_or(USUAL))),
    ),
    (
        "apim.cache.gateway_token.expiry_time",
        Span(|settings, seconds| {
            settings.token_cache = settings.token_cache.map(|_| Duration::from_secs(seconds));
        }),
    ),
    (
        "apim.token.validation.enforce_type_header_validation",
        Flag(|settings, on| settings.type_header = if on { TypeHeader::Everybody } else { TypeHeader::Nobody }),
    ),
    ("apim.oauth_config.auth_header", Checked(|settings, name| header(name).map(|name| settings.token_header = name))),
    ("apimgt.mutual_ssl.enable_certificate_chain_validation", Flag(|settings, on| settings.certificate_chains = on)),
    (
        "apim.oauth_config.enable_certificate_bound_access_token",
        Flag(|settings, on| settings.certificate_bound_tokens = on),
    ),
    ("apim.jwt.enable", Flag(|settings, on| settings.backend_jwt.enabled = on)),
    (
        "apim.jwt.encoding",
        Checked(|settings, word| {
            settings.backend_jwt.url_safe = match word {
                "base64" => false,
                "base64url" => true,
                _ => return Err("the word base64 or base64url"),
            };
            Ok(())
        }),
    ),
    ("apim.jwt.header", Checked(|settings, name| header(name).map(|name| settings.backend_jwt.header = name))),
    (
        "apim.jwt.claim_dialect",
        Text(|settings, dialect| dialect.trim_end_matches('/').clone_into(&mut settings.backend_jwt.dialect)),
    ),
    ("apim.gateway.environment", Tables(&ENVIRONMENT)),
    ("apim.jwt.gateway_generator.excluded_claims", Texts(|settings, names| settings.backend_jwt.excluded = names)),
];

/// `[[apim.gateway.environment]]`, of which the kind of keys matters.
const ENVIRONMENT: Table<Deployment> = Table {
    begin: |settings| settings.environments.push(Environment::default()),
    keys: &[
        (
            "name",
            Text(|settings, name| {
                if let Some(environment) = settings.environments.last_mut() {
                    environment.name = name;
                }
            }),
        ),
        (
            "type",
            Checked(|settings, kind| {
                let only = match kind {
                    "hybrid" => None,
                    "production" => Some(KeyType::Production),
                    "sandbox" => Some(KeyType::Sandbox),
                    _ => return Err("the type hybrid, production or sandbox"),
                };
                if let Some(environment) = settings.environments.last_mut() {
                    environment.only = only;
                }
                Ok(())
            }),
        ),
        ("gateway_type", LEFT_ALONE),
        ("provider", LEFT_ALONE),
        ("display_in_api_console", LEFT_ALONE),
        ("description", LEFT_ALONE),
        ("show_as_token_endpoint_url", LEFT_ALONE),
        ("service_url", LEFT_ALONE),
        ("username", LEFT_ALONE),
        ("password", LEFT_ALONE),
        ("visibility", LEFT_ALONE),
        ("ws_endpoint", LEFT_ALONE),
        ("wss_endpoint", LEFT_ALONE),
        ("http_endpoint", LEFT_ALONE),
        ("https_endpoint", LEFT_ALONE),
        ("websub_event_receiver_http_endpoint", LEFT_ALONE),
        ("websub_event_receiver_https_endpoint", LEFT_ALONE),
    ],
    needed: "name",
};

/// Where a gateway is reached is said by the command line.
const LEFT_ALONE: Key<Deployment> = By(|_, _, _| ());

/// How long the gateway's caches hold unless a file says otherwise.
const USUAL: Duration = Duration::from_secs(900);

fn header(name: &str) -> Result<HeaderName, &'static str> {
    HeaderName::try_from(name).map_err(|_| "the name of a header field")
}

const PORTAL: &Keys<Deployment> = &[
    ("apim.devportal.enable_cross_tenant_subscriptions", Flag(|settings, on| settings.cross_tenant = on)),
    ("apim.devportal.enable_application_sharing", Flag(|settings, on| settings.application_sharing = on)),
    (
        "apim.devportal.application_sharing_type",
        Checked(
            |_, kind| if kind == "default" { Ok(()) } else { Err("the type default; `saml` needs a single sign-on") },
        ),
    ),
    ("apim.organization_based_access_control.enable", Flag(|settings, on| settings.organizations = on)),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        Deployment::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn every_key_is_listed_once() {
        let mut all: Vec<&str> = VOCABULARY.keys.iter().flat_map(|keys| keys.iter().map(|(name, _)| *name)).collect();
        all.extend(WITHOUT_EFFECT);
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn an_empty_file_is_the_reference() {
        let (settings, without_effect) = Deployment::parse("").unwrap();
        assert_eq!(format!("{settings:?}"), format!("{:?}", Deployment::default()));
        assert!(without_effect.is_empty());
    }

    #[test]
    fn every_key_changes_its_setting_and_no_other() {
        for (text, wanted) in [
            ("[server]\noffset = 2", "port_offset: Some(2)"),
            ("[server]\nhostname = \"am.localhost\"", "host: Some(\"am.localhost\")"),
            ("[super_admin]\nusername = \"root\"", "administrator: (\"root\""),
            ("[tenant_mgt]\nenable_email_domain = false", "mail_names: false"),
            ("[oauth.grant_type.password]\nenable = false", "disabled_grants: [\"password\"]"),
            ("[oauth.multiple_client_secrets]\nenable = \"false\"", "several_secrets: false"),
            ("[oauth]\nallowed_scopes = [\"^device_.*\"]", "allowed_scopes: Some([Regex"),
            ("[apim.key_manager]\nskip_create_resident_key_manager = true", "skip_resident: true"),
            ("[apim.key_manager]\nenable_provisioned_app_validation = false", "provisioned_app_validation: false"),
            ("[apim.cache]\ntoken_expiry_time = \"1m\"", "introspection_cache: 60s"),
            ("[apim.cache.gateway_token]\nenable = false", "token_cache: None"),
            ("[apim.cache.gateway_token]\nexpiry_time = \"15s\"", "token_cache: Some(15s)"),
            ("[apim.cache.gateway_token]\nexpiry_time = 15\nenable = true", "token_cache: Some(15s)"),
            ("[apim.token.validation]\nenforce_type_header_validation = true", "type_header: Everybody"),
            ("[apim.token.validation]\nenforce_type_header_validation = false", "type_header: Nobody"),
            ("[apim.oauth_config]\nenable_certificate_bound_access_token = true", "certificate_bound_tokens: true"),
            ("[apim.oauth_config]\nauth_header = \"X-Token\"", "token_header: \"x-token\""),
            (
                "[[apim.gateway.environment]]\nname = \"Default\"\ntype = \"sandbox\"",
                "environments: [Environment { name: \"Default\", only: Some(Sandbox) }]",
            ),
            ("[apim.jwt]\nenable = false", "enabled: false"),
            ("[apim.jwt]\nencoding = \"base64url\"", "url_safe: true"),
            ("[apim.jwt]\nheader = \"X-Who\"", "header: \"x-who\""),
            ("[apim.jwt]\nclaim_dialect = \"urn:us/\"", "dialect: \"urn:us\""),
            ("[apim.jwt.gateway_generator]\nexcluded_claims = [\"a\"]", "excluded: [\"a\"]"),
            ("[apim.devportal]\nenable_cross_tenant_subscriptions = true", "cross_tenant: true"),
            (
                "[apim.devportal]\nenable_application_sharing = true\napplication_sharing_type = \"default\"",
                "application_sharing: true",
            ),
            ("[apim.organization_based_access_control]\nenable = false", "organizations: false"),
        ] {
            let (settings, _) = Deployment::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let (changed, usual) = (format!("{settings:?}"), format!("{:?}", Deployment::default()));
            assert!(changed.contains(wanted) && !usual.contains(wanted), "{text}: {changed}");
            let setting = wanted.split(':').next().unwrap();
            let others = |all: &str| {
                let (head, rest) = all.split_once(&format!("{setting}: ")).unwrap();
                (head.to_owned(), rest.len())
            };
            assert_eq!(others(&changed).0, others(&usual).0, "{text}");
        }
    }

    #[test]
    fn a_shared_tenants_server_may_be_told_in_the_table_or_in_its_properties() {
        let long = "[[apim.tenant_sharing]]\ntype = \"WSO2-IS-7\"\n[apim.tenant_sharing.properties]\n\
                    auto_configure_key_manager = true\nidentity_server_base_url = \"https://is:9444/\"\nusername = \"a\"\n";
        let short = "[[apim.tenant_sharing]]\ntype = \"WSO2-IS-7\"\nauto_configure_key_manager = true\n\
                     identity_server_base_url = \"https://is:9444\"\n";
        for text in [long, short] {
            let sharing = Deployment::parse(text).unwrap().0.tenant_sharing;
            assert_eq!((sharing.len(), sharing[0].automatic), (1, true), "{text}");
            assert_eq!(sharing[0].base_url, "https://is:9444");
        }
        assert!(said("[[apim.tenant_sharing]]\ntype = \"WSO2-IS\"").contains("line 2"));
        assert!(said("[[apim.tenant_sharing]]\nauto_configure_key_manager = true").contains("needs a `type`"));
        let slip = "[[apim.tenant_sharing]]\ntype = \"WSO2-IS-7\"\n[apim.tenant_sharing.properties]\nauto_configure_keymanager = true\n";
        let error = said(slip);
        assert!(
            error.contains("line 4") && error.contains("`apim.tenant_sharing.properties.auto_configure_key_manager`")
        );
        assert!(said("[apim.tenant_sharing]\ntype = \"WSO2-IS-7\"").contains("[[apim.tenant_sharing]]"));
    }

    #[test]
    fn a_slip_is_refused_with_its_line_and_what_it_may_have_been() {
        let error = said("[apim.jwt]\nenable = true\nencodng = \"base64\"\n\n[nonsense]\nx = 1\n");
        assert!(error.contains("line 3: the key `apim.jwt.encodng` is not known"), "{error}");
        assert!(error.contains("did you mean `apim.jwt.encoding`?"), "{error}");
        assert!(error.contains("line 6: the key `nonsense.x` is not known\nhint: README.md lists"), "{error}");
        for (text, wanted) in [
            ("[apim.jwt]\nencoding = \"rot13\"", "line 2: `apim.jwt.encoding` takes the word base64 or base64url"),
            ("[apim.jwt]\nheader = \"no header\"", "takes the name of a header field"),
            ("[oauth]\nallowed_scopes = [\"(\"]", "takes a list of regular expressions"),
            ("[apim.cache]\ntoken_expiry_time = \"soon\"", "takes a number of seconds"),
        ] {
            assert!(said(text).contains(wanted), "{}", said(text));
        }
    }

    #[test]
    fn what_a_real_file_also_carries_is_named() {
        let text = "[database.apim_db]\ntype = \"h2\"\n[keystore.tls]\nalias = \"x\"\n[apim]\ngateway_type = \"Regular\"\n\
                    [[apim.gateway.environment]]\nname = \"Default\"\n[[event_handler]]\nname = \"x\"\n";
        let (_, without_effect) = Deployment::parse(text).unwrap();
        assert_eq!(without_effect, ["apim.gateway_type", "database", "event_handler", "keystore"]);
    }
}
