//! Making, changing and removing clients by the interfaces of vendors, as the connectors of a platform do it.
//! Over real HTTPS, each server on a port of its own.

mod support;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kmspec_mocks::vendors::{MANAGER, Vendor};
use reqwest::Method;
use serde_json::{Value, json};
use support::{Answer, Stage, answer, stage};

/// Whom a request comes from.
#[derive(Clone)]
enum By {
    Nobody,
    Basic,
    Bearer(String),
    Key(String),
}

async fn send(stage: &Stage, by: &By, method: Method, url: &str, body: Option<Value>) -> Answer {
    let mut request = stage.http.request(method, url);
    request = match by {
        By::Nobody => request,
        By::Basic => request.basic_auth("admin", Some("admin")),
        By::Bearer(token) => request.bearer_auth(token),
        By::Key(key) => request.header("authorization", format!("SSWS {key}")),
    };
    if let Some(body) = body {
        request = request.json(&body);
    }
    answer(request.send().await.unwrap()).await
}

/// A token of the client that manages others.
async fn managing(stage: &Stage, more: &[(&str, &str)]) -> By {
    let mut form = vec![("grant_type", "client_credentials")];
    form.extend(more);
    let url = &stage.server.endpoints().token;
    let sent = stage.http.post(url).basic_auth(MANAGER.0, Some(MANAGER.1)).form(&form).send().await.unwrap();
    By::Bearer(answer(sent).await.member("access_token"))
}

/// Whether the client gets a token.
async fn serves(stage: &Stage, id: &str, secret: &str, more: &[(&str, &str)]) -> bool {
    let mut form = vec![("grant_type", "client_credentials")];
    form.extend(more);
    let url = &stage.server.endpoints().token;
    stage.http.post(url).basic_auth(id, Some(secret)).form(&form).send().await.unwrap().status() == 200
}

fn registration(stage: &Stage) -> String {
    stage.server.endpoints().registration.clone().unwrap()
}

#[tokio::test]
async fn okta_registers_clients_for_those_who_hold_the_key_of_the_organisation() {
    let stage = stage(Vendor::Okta).await;
    let (url, key) = (registration(&stage), stage.server.initial_access_token().unwrap().to_owned());
    let asked = json!({ "client_name": "shop", "application_type": "service", "grant_types": ["client_credentials"], "response_types": [] });
    let refused = send(&stage, &By::Nobody, Method::POST, &url, Some(asked.clone())).await;
    assert_eq!((refused.status, refused.member("errorCode")), (401, "E0000011".to_owned()));
    let key = By::Key(key);
    let made = send(&stage, &key, Method::POST, &url, Some(asked)).await;
    assert_eq!((made.status, made.member("application_type")), (201, "service".to_owned()), "{}", made.text);
    assert!(made.json().get("registration_access_token").is_none());
    let (id, secret) = (made.member("client_id"), made.member("client_secret"));
    assert!(serves(&stage, &id, &secret, &[]).await);
    let one = format!("{url}/{id}");
    let fresh = send(&stage, &key, Method::PUT, &format!("{one}/lifecycle/newSecret"), None).await;
    assert_ne!(fresh.member("client_secret"), secret);
    assert!(!serves(&stage, &id, &secret, &[]).await && serves(&stage, &id, &fresh.member("client_secret"), &[]).await);
    let renamed = json!({ "client_id": id, "client_name": "kiosk", "grant_types": ["client_credentials"] });
    assert_eq!(send(&stage, &key, Method::PUT, &one, Some(renamed)).await.member("client_name"), "kiosk");
    assert_eq!(send(&stage, &key, Method::DELETE, &one, None).await.status, 204);
    let gone = send(&stage, &key, Method::GET, &one, None).await;
    assert_eq!((gone.status, gone.member("errorCode")), (404, "E0000007".to_owned()));
}

#[tokio::test]
async fn an_okta_server_of_another_id_is_refused_in_a_form_that_is_none_of_oauths() {
    let stage = stage(Vendor::Okta).await;
    let url = format!("{}/oauth2/nobody/.well-known/openid-configuration", stage.server.base_url());
    let refused = stage.get(&url).await;
    assert_eq!((refused.status, refused.member("errorCode")), (404, "E0000007".to_owned()));
    assert!(refused.json().get("error").is_none());
}

#[tokio::test]
async fn keycloak_and_forgerock_register_clients_for_a_client_that_manages_others() {
    for (vendor, by_query) in [(Vendor::Keycloak, false), (Vendor::ForgeRock, true)] {
        let stage = stage(vendor).await;
        let url = registration(&stage);
        let asked = json!({ "client_name": "shop", "grant_types": ["client_credentials"], "response_types": [] });
        let refused = send(&stage, &By::Nobody, Method::POST, &url, Some(asked.clone())).await;
        assert_eq!(refused.status, 401, "{vendor}");
        let somebody = By::Bearer(stage.token(&[("grant_type", "client_credentials")]).await.member("access_token"));
        assert_eq!(send(&stage, &somebody, Method::POST, &url, Some(asked.clone())).await.status, 401, "{vendor}");
        let manager = managing(&stage, &[]).await;
        let made = send(&stage, &manager, Method::POST, &url, Some(asked)).await;
        assert_eq!(made.status, 201, "{vendor}: {}", made.text);
        let (id, secret) = (made.member("client_id"), made.member("client_secret"));
        assert!(serves(&stage, &id, &secret, &[]).await, "{vendor}");
        let one = if by_query { format!("{url}?client_id={id}") } else { format!("{url}/{id}") };
        assert_eq!(made.member("registration_client_uri"), one, "{vendor}");
        let own = By::Bearer(made.member("registration_access_token"));
        for by in [&manager, &own] {
            assert_eq!(send(&stage, by, Method::GET, &one, None).await.member("client_name"), "shop", "{vendor}");
        }
        let chosen = json!({ "client_id": id, "client_secret": "chosen-by-the-platform", "client_name": "shop", "grant_types": ["client_credentials"], "response_types": [] });
        let refused = send(&stage, &own, Method::PUT, &one, Some(chosen.clone())).await;
        assert_eq!(refused.status, 400, "{vendor}: a client chose its secret: {}", refused.text);
        assert!(!serves(&stage, &id, "chosen-by-the-platform", &[]).await, "{vendor}");
        let changed = send(&stage, &manager, Method::PUT, &one, Some(chosen)).await;
        // ForgeRock takes the secret that a manager sends; Keycloak chooses its own.
        assert_eq!(changed.status == 200, by_query, "{vendor}: {}", changed.text);
        assert_eq!(serves(&stage, &id, "chosen-by-the-platform", &[]).await, by_query, "{vendor}");
        assert_eq!(send(&stage, &manager, Method::DELETE, &one, None).await.status, 204, "{vendor}");
        assert_eq!(send(&stage, &manager, Method::GET, &one, None).await.status, 401, "{vendor}");
    }
}

#[tokio::test]
async fn auth0_makes_clients_that_have_tokens_only_for_apis_they_were_granted() {
    let stage = stage(Vendor::Auth0).await;
    let (url, api) = (registration(&stage), format!("{}/api/v2/", stage.server.base_url()));
    let asked = json!({ "name": "shop", "app_type": "non_interactive", "grant_types": ["client_credentials"] });
    let refused = send(&stage, &By::Nobody, Method::POST, &url, Some(asked.clone())).await;
    assert_eq!((refused.status, refused.member("error")), (401, "Unauthorized".to_owned()));
    let elsewhere = managing(&stage, &[("audience", "https://api.example.com/")]).await;
    assert_eq!(send(&stage, &elsewhere, Method::POST, &url, Some(asked.clone())).await.status, 401, "another audience");
    let manager = managing(&stage, &[("audience", &api)]).await;
    let made = send(&stage, &manager, Method::POST, &url, Some(asked)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let (id, secret) = (made.member("client_id"), made.member("client_secret"));
    let audience = [("audience", "https://api.example.com/")];
    assert!(!serves(&stage, &id, &secret, &audience).await, "before it was granted the API");
    let grant = json!({ "client_id": id, "audience": audience[0].1, "scope": [] });
    let grants = format!("{api}client-grants");
    assert_eq!(send(&stage, &manager, Method::POST, &grants, Some(grant.clone())).await.status, 201);
    assert_eq!(send(&stage, &manager, Method::POST, &grants, Some(grant)).await.status, 409);
    assert!(serves(&stage, &id, &secret, &audience).await);
    let one = format!("{url}/{id}");
    let fresh = send(&stage, &manager, Method::POST, &format!("{one}/rotate-secret"), None).await;
    assert!(!serves(&stage, &id, &secret, &audience).await);
    assert!(serves(&stage, &id, &fresh.member("client_secret"), &audience).await);
    let renamed = send(&stage, &manager, Method::PATCH, &one, Some(json!({ "name": "kiosk" }))).await;
    assert_eq!(
        (renamed.member("name"), renamed.member("app_type")),
        ("kiosk".to_owned(), "non_interactive".to_owned())
    );
    assert_eq!(send(&stage, &manager, Method::DELETE, &one, None).await.status, 204);
    let gone = send(&stage, &manager, Method::GET, &one, None).await;
    assert_eq!((gone.status, gone.member("errorCode")), (404, "inexistent_client".to_owned()));
}

#[tokio::test]
async fn pingfederate_takes_ids_and_secrets_that_the_caller_chose() {
    let stage = stage(Vendor::PingFederate).await;
    let url = registration(&stage);
    let client = |secret: &str, force: bool| {
        json!({ "client": [{ "clientId": "shop-1", "name": "shop", "secret": secret, "clientAuthnType": "SECRET",
            "grantTypes": ["client_credentials"], "forceSecretChange": force }] })
    };
    assert_eq!(send(&stage, &By::Nobody, Method::POST, &url, Some(client("a", false))).await.status, 401);
    let made = send(&stage, &By::Basic, Method::POST, &url, Some(client("first", false))).await;
    assert_eq!(made.status, 200, "{}", made.text);
    assert!(made.json()["client"][0].get("secret").is_none());
    assert!(serves(&stage, "shop-1", "first", &[]).await);
    assert_eq!(send(&stage, &By::Basic, Method::POST, &url, Some(client("first", false))).await.status, 400);
    send(&stage, &By::Basic, Method::PUT, &url, Some(client("second", false))).await;
    assert!(serves(&stage, "shop-1", "first", &[]).await, "a secret is not replaced by the way");
    send(&stage, &By::Basic, Method::PUT, &url, Some(client("second", true))).await;
    assert!(serves(&stage, "shop-1", "second", &[]).await && !serves(&stage, "shop-1", "first", &[]).await);
    let one = format!("{url}/shop-1");
    assert_eq!(send(&stage, &By::Basic, Method::GET, &one, None).await.json()["client"][0]["name"], "shop");
    assert_eq!(send(&stage, &By::Basic, Method::DELETE, &one, None).await.status, 204);
    assert_eq!(send(&stage, &By::Basic, Method::GET, &one, None).await.status, 404);
}

#[tokio::test]
async fn an_application_of_entra_needs_a_password_and_a_service_principal_before_it_gets_tokens() {
    let stage = stage(Vendor::Entra).await;
    let (url, base) = (registration(&stage), stage.server.base_url().to_owned());
    let asked = json!({ "displayName": "shop", "api": { "requestedAccessTokenVersion": 2 } });
    let refused = send(&stage, &By::Nobody, Method::POST, &url, Some(asked.clone())).await;
    assert_eq!((refused.status, refused.json()["error"]["code"].clone()), (401, "InvalidAuthenticationToken".into()));
    let manager = managing(&stage, &[("scope", &format!("{base}/.default"))]).await;
    let made = send(&stage, &manager, Method::POST, &url, Some(asked)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let (object, app) = (made.member("id"), made.member("appId"));
    let one = format!("{url}/{object}");
    let password = send(&stage, &manager, Method::POST, &format!("{one}/addPassword"), Some(json!({}))).await;
    let first = password.member("secretText");
    let uri = json!({ "identifierUris": [format!("api://{app}")] });
    assert_eq!(send(&stage, &manager, Method::PATCH, &one, Some(uri)).await.status, 204);
    let scope = format!("api://{app}/.default");
    let scope = [("scope", scope.as_str())];
    assert!(!serves(&stage, &app, &first, &scope).await, "it is not in the tenant yet");
    let principals = format!("{base}/v1.0/servicePrincipals");
    assert_eq!(send(&stage, &manager, Method::POST, &principals, Some(json!({ "appId": app }))).await.status, 201);
    assert!(serves(&stage, &app, &first, &scope).await);
    let again = send(&stage, &manager, Method::POST, &format!("{one}/addPassword"), Some(json!({}))).await;
    assert!(
        serves(&stage, &app, &again.member("secretText"), &scope).await && serves(&stage, &app, &first, &scope).await
    );
    let by_app = format!("{url}(appId='{app}')");
    assert_eq!(send(&stage, &manager, Method::GET, &by_app, None).await.member("id"), object);
    assert_eq!(send(&stage, &manager, Method::DELETE, &one, None).await.status, 204);
    let gone = send(&stage, &manager, Method::GET, &by_app, None).await;
    assert_eq!((gone.status, gone.json()["error"]["code"].clone()), (404, "Request_ResourceNotFound".into()));
}

#[tokio::test]
async fn asgardeo_registers_clients_for_tokens_with_the_scope_and_for_no_password() {
    let stage = stage(Vendor::Asgardeo).await;
    let url = registration(&stage);
    let asked = json!({ "client_name": "shop", "grant_types": ["client_credentials"], "ext_token_type": "JWT" });
    assert_eq!(send(&stage, &By::Basic, Method::POST, &url, Some(asked.clone())).await.status, 401);
    let viewer = managing(&stage, &[("scope", "internal_dcr_view")]).await;
    assert_eq!(send(&stage, &viewer, Method::POST, &url, Some(asked.clone())).await.status, 403);
    let scope = "internal_dcr_create internal_dcr_delete";
    let manager = managing(&stage, &[("scope", scope)]).await;
    let made = send(&stage, &manager, Method::POST, &url, Some(asked)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id = made.member("client_id");
    assert!(serves(&stage, &id, &made.member("client_secret"), &[]).await);
    assert_eq!(send(&stage, &manager, Method::DELETE, &format!("{url}/{id}"), None).await.status, 204);
    // Only below the organisation.
    let outside = url.replace("/t/kmspec", "");
    assert_eq!(send(&stage, &manager, Method::GET, &format!("{outside}/{id}"), None).await.status, 404);
}

#[tokio::test]
async fn identity_server_names_clients_in_base64url_at_the_key_manager_operations() {
    let stage = stage(Vendor::Is).await;
    let url = registration(&stage);
    assert!(url.ends_with("/keymanager-operations/dcr/register"));
    let asked = json!({ "client_name": "shop", "grant_types": ["client_credentials", "password", "authorization_code"],
        "redirect_uris": ["https://a.example/cb", "https://b.example/cb"], "ext_application_owner": "dora", "token_type_extension": "JWT" });
    assert_eq!(send(&stage, &By::Nobody, Method::POST, &url, Some(asked.clone())).await.status, 401);
    let made = send(&stage, &By::Basic, Method::POST, &url, Some(asked.clone())).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.json()["grant_types"], json!(["client_credentials", "authorization_code"]), "only what it has");
    assert_eq!(made.json()["redirect_uris"], json!(["regexp=(https://a.example/cb|https://b.example/cb)"]));
    let conflict = send(&stage, &By::Basic, Method::POST, &url, Some(asked)).await;
    assert_eq!((conflict.status, conflict.member("message")), (400, "invalid_client_metadata".to_owned()));
    let (id, secret) = (made.member("client_id"), made.member("client_secret"));
    assert!(serves(&stage, &id, &secret, &[]).await);
    let one = format!("{url}/{}", URL_SAFE_NO_PAD.encode(&id));
    let fresh = send(&stage, &By::Basic, Method::POST, &format!("{one}/regenerate-consumer-secret"), None).await;
    assert!(!serves(&stage, &id, &secret, &[]).await && serves(&stage, &id, &fresh.member("client_secret"), &[]).await);
    let given =
        send(&stage, &By::Basic, Method::POST, &format!("{one}/change-owner?applicationOwner=olga"), None).await;
    assert_eq!(given.member("ext_application_owner"), "olga");
    assert_eq!(send(&stage, &By::Basic, Method::DELETE, &one, None).await.status, 204);
    let gone = send(&stage, &By::Basic, Method::GET, &one, None).await;
    assert_eq!((gone.status, gone.text.as_str()), (401, ""));
    assert_eq!(send(&stage, &By::Basic, Method::GET, &format!("{url}/{id}"), None).await.status, 401, "the plain id");
}

#[tokio::test]
async fn forgerock_takes_the_id_and_the_token_that_a_client_is_registered_with() {
    let stage = stage(Vendor::ForgeRock).await;
    let (url, manager) = (registration(&stage), managing(&stage, &[]).await);
    let asked = json!({ "client_id": "chosen-id", "registration_access_token": "chosen-token", "client_name": "shop",
                        "grant_types": ["client_credentials"], "response_types": [] });
    let made = send(&stage, &manager, Method::POST, &url, Some(asked)).await;
    assert_eq!((made.status, made.member("client_id")), (201, "chosen-id".to_owned()), "{}", made.text);
    let one = format!("{url}?client_id=chosen-id");
    for (token, status) in [("another-token", 401), ("chosen-token", 204)] {
        assert_eq!(
            send(&stage, &By::Bearer(token.to_owned()), Method::DELETE, &one, None).await.status,
            status,
            "{token}"
        );
    }
}

#[tokio::test]
async fn a_client_is_found_by_what_whoever_registered_it_wrote_into_it() {
    let keycloak = stage(Vendor::Keycloak).await;
    let manager = managing(&keycloak, &[]).await;
    let asked = json!({ "client_name": "shop", "grant_types": ["client_credentials"], "response_types": [],
                        "client_uri": "https://portal.example/7" });
    let made = send(&keycloak, &manager, Method::POST, &registration(&keycloak), Some(asked)).await;
    let listed = format!("{}/admin/realms/kmspec/clients", keycloak.server.base_url());
    let pages = async |query: &str| {
        let page = send(&keycloak, &manager, Method::GET, &format!("{listed}{query}"), None).await;
        page.json().as_array().cloned().unwrap_or_else(|| panic!("{}", page.text))
    };
    let all = pages("").await;
    let own: Vec<_> = all.iter().filter(|client| client["baseUrl"] == "https://portal.example/7").collect();
    assert_eq!((own.len(), own[0]["clientId"].as_str()), (1, Some(made.member("client_id").as_str())));
    assert_eq!((pages("?first=1&max=1").await, pages("?first=900").await), (vec![all[1].clone()], vec![]));
    assert_eq!(send(&keycloak, &By::Nobody, Method::GET, &listed, None).await.status, 401);
    let somebody = keycloak.token(&[("grant_type", "client_credentials")]).await.member("access_token");
    assert_eq!(send(&keycloak, &By::Bearer(somebody), Method::GET, &listed, None).await.status, 403);

    let auth0 = stage(Vendor::Auth0).await;
    let clients = format!("{}/api/v2/clients", auth0.server.base_url());
    let manager = managing(&auth0, &[("audience", &format!("{}/api/v2/", auth0.server.base_url()))]).await;
    let asked = json!({ "name": "shop", "client_metadata": { "registration": "7" } });
    let made = send(&auth0, &manager, Method::POST, &clients, Some(asked)).await;
    let shown = format!("{clients}?fields=client_id,client_metadata&include_fields=true&per_page=100");
    let listed = send(&auth0, &manager, Method::GET, &shown, None).await.json();
    let own: Vec<_> =
        listed.as_array().unwrap().iter().filter(|client| client["client_metadata"]["registration"] == "7").collect();
    assert_eq!(own, [&json!({ "client_id": made.member("client_id"), "client_metadata": { "registration": "7" } })]);
    let page = async |query: &str| send(&auth0, &manager, Method::GET, &format!("{clients}{query}"), None).await;
    assert_eq!(page("?per_page=1&page=1").await.json().as_array().unwrap().len(), 1);
    assert_eq!((page("?per_page=101").await.status, page("?page=x").await.status), (400, 400));

    let entra = stage(Vendor::Entra).await;
    let applications = registration(&entra);
    let manager = managing(&entra, &[("scope", &format!("{}/.default", entra.server.base_url()))]).await;
    let asked = json!({ "displayName": "shop", "tags": ["seven"] });
    let made = send(&entra, &manager, Method::POST, &applications, Some(asked)).await;
    let found = async |filter: &str| {
        let url = url::Url::parse_with_params(&applications, [("$filter", filter)]).unwrap();
        send(&entra, &manager, Method::GET, url.as_str(), None).await
    };
    for (filter, count) in
        [("tags/any(t:t eq 'seven')", 1), ("tags/any(t:t eq 'eight')", 0), ("displayName eq 'shop'", 1)]
    {
        let told = found(filter).await.json()["value"].as_array().cloned().unwrap_or_default();
        assert_eq!(told.len(), count, "{filter}");
        assert!(told.iter().all(|one| one["appId"] == *made.member("appId")), "{filter}");
    }
    assert_eq!(found("startswith(displayName,'s')").await.status, 400, "what is not played is refused");
}
