//! Files as the product and its accelerators ship them are taken whole; slips and wrong kinds of value in them are not.
//! Tests alone: what is known stands in `keys` and `without_effect`.

use super::DeploymentToml;

/// The sections of the file that Identity Server 7 is shipped with.
const SHIPPED: &str = r#"
[server]
hostname = "localhost"
node_ip = "127.0.0.1"
base_path = "https://$ref{server.hostname}:${carbon.management.port}"
[super_admin]
username = "admin"
password = "admin"
create_admin_account = true
[user_store]
type = "database_unique_id"
[database.identity_db]
type = "h2"
[database.shared_db]
type = "h2"
[keystore.primary]
file_name = "a.p12"
[truststore]
file_name = "b.p12"
[account_recovery.endpoint.auth]
hash = "0"
[identity.auth_framework.endpoint]
app_password = "x"
[[session.nonce.cookies.whitelist.authenticators]]
name = "MagicLinkAuthenticator"
[recaptcha]
enabled = true
[session_extending_endpoint]
enabled = true
[resource_access_control.scim2_me_post_method]
secured = true
[compatibility_setting.basic_auth.disable_basic_auth]
default_value = "true"
[output_adapter.email]
port = 587
"#;

/// The sections of the files that come with the accelerators, in the spellings that are found there.
const ACCELERATED: &str = r#"
[server]
serverDetails = "IS as KM"
mode = "single"
userAgent = "IS as KM"
offset = 3
[tenant_mgt]
enable_email_domain = true
[realm_manager]
data_source = "WSO2USER_DB"
[authorization_manager.properties]
AdminRoleManagementPermissions = "/permission"
[[datasource]]
id = "WSO2OB_DB"
pool_options.maxActive = "150"
[identity_data_source]
skip_db_schema_creation = true
[[authentication.custom_authenticator]]
name = "IdentifierExecutor"
[oauth]
allowed_scopes = ["consent.*"]
drop_unregistered_scopes = false
[oauth.endpoints.v2]
oauth2_consent_page = "a"
[oauth.response_type]
token.enable = true
code.enable = false
id_token.enable = true
id_token_token.enable = false
device.enable = true
[[oauth.custom_response_type]]
name = "code id_token"
class = "a.B"
validator = "a.C"
[[event_listener]]
name = "org.wso2.is.notification.ApimOauthEventInterceptor"
order = 1
[event_listener.properties]
PreventTokenReuse = false
RejectBeforeInMinutes = "100"
TokenEndpointAlias = "https://localhost:9446/oauth2/token"
notification_endpoint = "https://localhost:9443/internal/data/v1/notify"
username = "${admin.username}"
password = "${admin.password}"
'header.X-WSO2-KEY-MANAGER' = "WSO2-IS"
[oauth.grant_type]
iwa_ntlm.enable = false
jwt_bearer.enable = true
[oauth.grant_type.refresh_token]
enable = true
grant_handler = "a.D"
[oauth.grant_type.uma_ticket]
retrieve_uma_permission_info_through_introspection = true
[identity_mgt.user_self_registration]
allow_self_registration = true
[[resource.access_control]]
context = "(.*)/keymanager-operations/dcr/register"
secure = "true"
http_method = "POST"
permissions = "/permission/admin/manage/identity/applicationmgt/create, /permission/admin"
scopes = "internal_application_mgt_create"
allowed_auth_handlers = ["BasicAuthentication"]
[tenant_context.rewrite]
custom_webapps = ["/keymanager-operations/"]
[oauth.mutualtls]
client_certificate_header = "x-wso2-mutual-auth-cert"
[event.default_listener.mutual_tls_authenticator]
enable = false
[oauth.token.validation]
include_validation_context_as_jwt_in_reponse = "true"
[oauth.extensions]
token_context_dialect_uri = "http://wso2.org/claims"
[oauth.token_generation]
access_token_type = "self_contained"
[oauth.oidc]
id_token.signature_algorithm = "PS256"
[oauth.jwks_endpoint]
read_timeout = 5000
[oauth.dcr]
enable_fapi_enforcement = true
ssa_jkws = "https://localhost/jwks"
[application_mgt]
enable_role_validation = true
[transport.https.sslHostConfig.properties]
ciphers = "TLS"
[[event_handler]]
name = "userPostSelfRegistration"
subscriptions = ["POST_ADD_USER"]
[open_banking.dcr]
scope = "a"
[[financial_services.app_registration.dcr.params]]
name = "SoftwareId"
[[tomcat.filter]]
name = "TokenFilter"
[client_certificate_based_authentication]
enable = true
log_client_cert_info = true
[[client_certificate_based_authentication.user_thumbprint_mapping]]
trusted_issuer = "CN=Root"
cert_thumbprint = "*"
allowed_username = "*"
[cors]
allowed_origins = ["https://localhost"]
[datasource.WSO2ConsentDS]
id = "WSO2CONSENT_DB"
"#;

#[test]
fn the_files_that_products_are_shipped_with_are_taken_whole() {
    for file in [SHIPPED, &ACCELERATED.replace("[datasource.WSO2ConsentDS]\nid = \"WSO2CONSENT_DB\"\n", "")] {
        let read = DeploymentToml::parse(file).unwrap_or_else(|error| panic!("{error}"));
        assert!(!read.without_effect().is_empty());
    }
    let named = DeploymentToml::parse("[datasource.WSO2ConsentDS]\nid = \"WSO2CONSENT_DB\"\n").unwrap();
    assert_eq!(named.without_effect(), ["datasource"]);
}

#[test]
fn a_slip_beside_what_means_nothing_is_refused_with_its_line_and_what_was_meant() {
    for (file, line, meant) in [
        ("[datasuorce.a]\nid = \"a\"\n", 2, "`datasource`"),
        ("[[event_handlr]]\nname = \"a\"\n", 1, "`event_handler`"),
        ("[oauth.dcr]\nenable_fapi_enforcemnt = true\n", 2, "`oauth.dcr.enable_fapi_enforcement`"),
        ("[oauth.response_type.devise]\nenable = true\n", 2, "`oauth.response_type.device`"),
        ("[oauth.grant_type.device_code]\nkey_lenght = 7\n", 2, "`oauth.grant_type.device_code.key_length`"),
        ("[oauth.grant_type.saml_bearer]\nuser_typ = \"LOCAL\"\n", 2, "`oauth.grant_type.saml_bearer.user_type`"),
        (
            "[[oauth.custom_grant_type]]\nname = \"a\"\ngrant_handlr = \"b\"\n",
            3,
            "`oauth.custom_grant_type.grant_handler`",
        ),
        ("[oauth]\nallowed_scope = [\"a\"]\n", 2, "`oauth.allowed_scopes`"),
        (
            "[client_certificate_based_authentication]\nenabel = true\n",
            2,
            "`client_certificate_based_authentication.enable`",
        ),
    ] {
        let error = DeploymentToml::parse(file).unwrap_err();
        assert_eq!(error.faults[0].line, line, "{error}");
        assert!(error.to_string().contains(meant), "{error}");
    }
}

#[test]
fn values_of_another_kind_are_refused_with_their_line() {
    for (file, wanted) in [
        ("[oauth.grant_type.device_code]\nkey_length = 0\n", "from 1 to 64"),
        ("[oauth.grant_type.device_code]\nkey_length = \"many\"\n", "a number"),
        ("[oauth.grant_type.device_code]\nkey_set = \"a b\"\n", "people can type"),
        ("[oauth.grant_type.saml_bearer]\nuser_type = \"FOREIGN\"\n", "FEDERATED, LOCAL or LEGACY"),
        ("[oauth]\nallowed_scopes = [\"(\"]\n", "regular expressions"),
        ("[oauth]\ncustom_grant_type = 1\n", "[[oauth.custom_grant_type]]"),
        ("[[oauth.custom_grant_type]]\nproperties.PublicClientAllowed = 3\nname = \"a\"\n", "a boolean"),
        ("[[resource.access_control]]\nscopes = 3\ncontext = \"a\"\n", "one text with commas"),
        (
            "[[client_certificate_based_authentication.user_thumbprint_mapping]]\n\
             cert_thumbprint = \"78:9B\"\ntrusted_issuer = \"CN=a\"\n",
            "a SHA-256",
        ),
    ] {
        let error = DeploymentToml::parse(file).unwrap_err();
        assert_eq!(error.faults[0].line, 2, "{error}");
        assert!(error.to_string().contains(wanted), "{error}");
    }
}
