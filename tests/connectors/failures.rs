//! What breaks on the way to each type's server leaves nothing half done: no key without its client, and a retry works.
//! What a sound server is told stands in `registration` and `mapping`.

use kmspec_mocks::{
    faults::{Fault, FaultScript},
    journal::Endpoint,
    realm::ClientSpec,
    server::AuthorizationServer,
    vendors::{MANAGER, Vendor},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::house::{House, clients, key_path, text};

/// A type of key manager, and what can be expected of it.
struct Kind {
    name: &'static str,
    vendor: Vendor,
    properties: fn(&AuthorizationServer) -> Value,
    application: fn() -> Value,
    /// Whether a client that was made although its answer was lost can be found again: by an id of the platform's choice, by a
    /// mark, or by a name that no other client has. RFC 7591 offers none of them.
    finds_lost: bool,
    /// Whether a client is looked up when it is mapped.
    looks_up: bool,
    /// Whether it has a call that replaces a secret.
    rotates: bool,
}

/// What goes wrong, and whether the request was carried out all the same.
const WAYS: [(Fault, bool); 4] = [
    (Fault::Status { status: 500 }, false),
    (Fault::Reset, true),
    (Fault::Stall { for_ms: 4_000 }, true),
    (Fault::MalformedJson, true),
];

fn nothing() -> Value {
    json!({})
}

fn basic_admin(_: &AuthorizationServer) -> Value {
    json!({"Username": "admin", "Password": "admin"})
}

fn managing_client(_: &AuthorizationServer) -> Value {
    json!({"client_id": MANAGER.0, "client_secret": MANAGER.1})
}

/// A key manager, an application, and a server that breaks on demand.
struct Bench {
    house: House,
    server: AuthorizationServer,
    kind: Kind,
    key_manager: Value,
    application: String,
}

impl Bench {
    async fn build(kind: Kind) -> Self {
        let house = House::build().await;
        let server = house.server(kind.vendor).await;
        let endpoints = server.endpoints();
        let or_none = |url: &Option<String>| url.clone().unwrap_or_else(|| "none".to_owned());
        let document = json!({
            "name": "acme", "displayName": "acme", "type": kind.name, "issuer": server.issuer(), "tokenEndpoint": endpoints.token,
            "introspectionEndpoint": or_none(&endpoints.introspection), "revokeEndpoint": or_none(&endpoints.revocation),
            "clientRegistrationEndpoint": or_none(&endpoints.registration),
            "certificates": {"type": "JWKS", "value": endpoints.jwks},
            "enableOAuthAppCreation": true, "enableMapOAuthConsumerApps": true,
            "additionalProperties": (kind.properties)(&server),
        });
        let (status, key_manager) = house.call(Method::POST, "/admin/v4/key-managers", document).await;
        assert_eq!(status, 201, "{key_manager}");
        let application = house.application().await;
        Self { house, server, kind, key_manager, application }
    }

    /// The next request about clients goes wrong this way.
    async fn breaks(&self, fault: &Fault) {
        let script = FaultScript::new(fault.clone()).at(Endpoint::Registration).times(1);
        self.server.faults().script(script).await.unwrap();
    }

    async fn mends(&self) {
        self.server.faults().clear().await;
    }

    async fn generate(&self) -> (u16, Value) {
        let more = json!({"additionalProperties": (self.kind.application)()});
        self.house.generate(&self.application, &self.key_manager, more).await
    }

    async fn delete(&self, key: &Value) -> u16 {
        self.house.call(Method::DELETE, &key_path(&self.application, key), Value::Null).await.0
    }

    async fn keys(&self) -> u64 {
        self.house.keys(&self.application).await
    }

    fn clients(&self) -> usize {
        clients(&self.server).len()
    }

    async fn generating(&self) {
        for (fault, made) in &WAYS {
            let before = self.clients();
            self.breaks(fault).await;
            let (status, told) = self.generate().await;
            assert!(status >= 400, "{fault:?}: {told}");
            assert_eq!(self.keys().await, 0, "{fault:?}: no key without its client");
            let left = usize::from(*made && !self.kind.finds_lost);
            assert_eq!(self.clients(), before + left, "{fault:?}: no client without its key");
            self.mends().await;
            let (status, key) = self.generate().await;
            assert_eq!((status, self.clients()), (200, before + left + 1), "{fault:?}: a retry works: {key}");
            assert!(self.server.realm().client(&text(&key["consumerKey"])).is_some(), "{fault:?}");
            assert_eq!(self.delete(&key).await, 200, "{fault:?}");
            assert_eq!((self.keys().await, self.clients()), (0, before + left), "{fault:?}");
        }
        self.server.faults().script(FaultScript::new(Fault::Refuse)).await.unwrap();
        assert!(self.generate().await.0 >= 400, "nobody listens");
        assert_eq!(self.keys().await, 0);
        self.mends().await;
    }

    async fn mapping(&self) {
        if !self.kind.looks_up {
            return;
        }
        let spec =
            ClientSpec::new("by hand").id("made_by_hand_0001").secret("by-hand").grant_types(["client_credentials"]);
        self.server.realm().add_client(spec);
        let map = async || self.house.map(&self.application, &self.key_manager, "made_by_hand_0001", Value::Null).await;
        for (fault, _) in &WAYS {
            self.breaks(fault).await;
            let (status, told) = map().await;
            assert_eq!((status, self.keys().await), (500, 0), "{fault:?}: {told}");
            self.mends().await;
        }
        let (status, key) = map().await;
        assert_eq!(status, 200, "a retry works: {key}");
        assert_eq!(self.delete(&key).await, 200);
        assert!(self.server.realm().client("made_by_hand_0001").is_some(), "it is not the platform's to delete");
    }

    async fn changing(&self, key: &Value) {
        let path = key_path(&self.application, key);
        let grants = async || self.house.call(Method::GET, &path, Value::Null).await.1["supportedGrantTypes"].clone();
        let mut current = grants().await;
        for (fault, _) in &WAYS {
            let mut wanted = json!(["client_credentials", "refresh_token"]);
            if current == wanted {
                wanted = json!(["client_credentials"]);
            }
            let change = json!({"supportedGrantTypes": wanted});
            self.breaks(fault).await;
            let (status, told) = self.house.call(Method::PUT, &path, change.clone()).await;
            // Some answer a change without a body, which cannot be malformed.
            if !(status == 200 && matches!(fault, Fault::MalformedJson)) {
                assert!(status >= 400, "{fault:?}: {told}");
                assert_eq!(grants().await, current, "{fault:?}: what failed is not shown as done");
            }
            self.mends().await;
            let (status, told) = self.house.call(Method::PUT, &path, change).await;
            assert_eq!((status, grants().await), (200, wanted.clone()), "{fault:?}: a retry works: {told}");
            current = wanted;
        }
    }

    async fn rotating(&self, key: &Value) {
        let path = key_path(&self.application, key);
        let regenerate =
            async || self.house.call(Method::POST, &format!("{path}/regenerate-secret"), Value::Null).await;
        let there = || self.server.realm().client(&text(&key["consumerKey"])).unwrap().secret;
        let kept = async || {
            self.house.call(Method::GET, &path, Value::Null).await.1["consumerSecret"].as_str().map(str::to_owned)
        };
        let first = kept().await;
        if !self.kind.rotates {
            assert_eq!(regenerate().await.0, 400, "its servers have no such call");
            assert_eq!(kept().await, first);
            return;
        }
        for (fault, made) in &WAYS {
            let before = kept().await;
            self.breaks(fault).await;
            let (status, told) = regenerate().await;
            assert!(status >= 400, "{fault:?}: {told}");
            assert_eq!(kept().await, before, "{fault:?}: a secret that was not told is not shown");
            assert!(*made || there() == before, "{fault:?}: the old secret still opens the server");
            self.mends().await;
            let (status, told) = regenerate().await;
            assert_eq!(status, 200, "{fault:?}: a retry works: {told}");
            assert_eq!((kept().await, told["consumerSecret"].as_str()), (there(), there().as_deref()), "{fault:?}");
            assert_ne!(kept().await, before, "{fault:?}: it is another one");
        }
    }

    async fn deleting(&self, key: &Value) {
        let before = self.clients();
        for fault in [Fault::Status { status: 500 }, Fault::Stall { for_ms: 4_000 }] {
            self.breaks(&fault).await;
            let (status, told) = self.house.call(Method::DELETE, &key_path(&self.application, key), Value::Null).await;
            assert_eq!((status, self.keys().await), (412, 1), "{fault:?}: what failed can be tried again: {told}");
            self.mends().await;
        }
        assert_eq!(self.delete(key).await, 200, "a retry works, also where the client is gone already");
        assert_eq!((self.keys().await, self.clients()), (0, before - 1));
    }

    /// The application goes with its keys and their clients, or stays with them.
    async fn deleting_the_application(&self) {
        let (status, key) = self.generate().await;
        assert_eq!(status, 200, "{key}");
        let before = self.clients();
        let path = format!("/devportal/v3/applications/{}", self.application);
        self.breaks(&Fault::Status { status: 500 }).await;
        assert_eq!(self.house.call(Method::DELETE, &path, Value::Null).await.0, 412);
        assert_eq!(
            (self.house.call(Method::GET, &path, Value::Null).await.0, self.keys().await, self.clients()),
            (200, 1, before)
        );
        self.mends().await;
        assert_eq!(self.house.call(Method::DELETE, &path, Value::Null).await.0, 200);
        assert_eq!((self.house.call(Method::GET, &path, Value::Null).await.0, self.clients()), (404, before - 1));
    }
}

async fn nothing_is_left_half_done(kind: Kind) {
    let bench = Bench::build(kind).await;
    bench.generating().await;
    bench.mapping().await;
    let (status, key) = bench.generate().await;
    assert_eq!(status, 200, "{key}");
    bench.changing(&key).await;
    bench.rotating(&key).await;
    bench.deleting(&key).await;
    bench.deleting_the_application().await;
    bench.house.close().await;
}

macro_rules! kinds {
    ($($test:ident: $kind:expr;)*) => {
        $(#[tokio::test]
        async fn $test() {
            nothing_is_left_half_done($kind).await;
        })*
    };
}

kinds! {
    nothing_is_left_half_done_at_identity_server_7: Kind {
        name: "WSO2-IS-7", vendor: Vendor::Is7, application: nothing, finds_lost: true, looks_up: true, rotates: false,
        properties: |server| json!({"api_resource_management_endpoint": format!("{}/a", server.base_url()), "is7_roles_endpoint": "b",
            "Username": "admin", "Password": "admin"}),
    };
    nothing_is_left_half_done_at_earlier_identity_servers: Kind {
        name: "WSO2-IS", vendor: Vendor::Is, properties: basic_admin, application: nothing,
        finds_lost: true, looks_up: true, rotates: true,
    };
    nothing_is_left_half_done_at_open_banking: Kind {
        name: "ObKeyManager", vendor: Vendor::Is, properties: basic_admin, application: nothing,
        finds_lost: true, looks_up: true, rotates: true,
    };
    nothing_is_left_half_done_at_asgardeo: Kind {
        name: "Asgardeo", vendor: Vendor::Asgardeo, application: nothing, finds_lost: true, looks_up: true, rotates: false,
        properties: |_| json!({"org_name": "kmspec", "mgmt_client_id": MANAGER.0, "mgmt_client_secret": MANAGER.1,
            "APIM_GLOBAL_SCOPES": "all", "asgardeo_api_resource_management_endpoint": "a", "asgardeo_roles_endpoint": "b"}),
    };
    nothing_is_left_half_done_at_okta: Kind {
        name: "Okta", vendor: Vendor::Okta, finds_lost: true, looks_up: false, rotates: true,
        properties: |server| json!({"apiKey": server.initial_access_token(), "client_id": "a", "client_secret": "b"}),
        application: || json!({"response_types": ["token"], "token_endpoint_auth_method": "client_secret_basic", "application_type": "service"}),
    };
    nothing_is_left_half_done_at_pingfederate: Kind {
        name: "PingFederate", vendor: Vendor::PingFederate, application: nothing, finds_lost: true, looks_up: true, rotates: true,
        properties: |_| json!({"username": "admin", "password": "admin", "client_id": "a", "client_secret": "b"}),
    };
    nothing_is_left_half_done_at_keycloak: Kind {
        name: "KeyCloak", vendor: Vendor::Keycloak, properties: managing_client, finds_lost: true, looks_up: true, rotates: false,
        application: || json!({"subject_type": "public", "token_endpoint_auth_method": "client_secret_basic",
            "tls_client_certificate_bound_access_tokens": "false"}),
    };
    nothing_is_left_half_done_at_forgerock: Kind {
        name: "Forgerock", vendor: Vendor::ForgeRock, properties: managing_client, application: nothing,
        finds_lost: true, looks_up: false, rotates: false,
    };
    nothing_is_left_half_done_at_auth0: Kind {
        name: "Auth0", vendor: Vendor::Auth0, finds_lost: true, looks_up: false, rotates: true,
        properties: |server| json!({"client_id": MANAGER.0, "client_secret": MANAGER.1, "audience": format!("{}/api/v2/", server.base_url())}),
        application: || json!({"token_endpoint_auth_method": "client_secret_basic", "audience_of_api": "https://api.example.com/"}),
    };
    nothing_is_left_half_done_at_azure: Kind {
        name: "AzureAD", vendor: Vendor::Entra, application: nothing, finds_lost: true, looks_up: true, rotates: false,
        properties: |server| json!({"microsoft_graph_api_endpoint": server.base_url(), "v1.0": "v1.0", "azure_ad_client_id": MANAGER.0,
            "azure_ad_client_secret": MANAGER.1, "polling_initial_delay_ms": "10", "polling_max_wait_time_ms": "50"}),
    };
    nothing_is_left_half_done_at_a_custom_server: Kind {
        name: "custom", vendor: Vendor::Custom, application: nothing, finds_lost: false, looks_up: false, rotates: false,
        properties: |server| json!({"initial_access_token": server.initial_access_token()}),
    };
}

#[tokio::test]
async fn a_client_whose_second_half_fails_is_deleted_again() {
    for (name, vendor, properties, application) in [
        (
            "Auth0",
            Vendor::Auth0,
            (|server: &AuthorizationServer| {
                json!({"client_id": MANAGER.0, "client_secret": MANAGER.1,
            "audience": format!("{}/api/v2/", server.base_url())})
            }) as fn(&AuthorizationServer) -> Value,
            (|| json!({"token_endpoint_auth_method": "client_secret_basic", "audience_of_api": "https://api.example.com/"}))
                as fn() -> Value,
        ),
        (
            "AzureAD",
            Vendor::Entra,
            |server| {
                json!({"microsoft_graph_api_endpoint": server.base_url(), "v1.0": "v1.0",
            "azure_ad_client_id": MANAGER.0, "azure_ad_client_secret": MANAGER.1})
            },
            nothing,
        ),
    ] {
        let kind = Kind { name, vendor, properties, application, finds_lost: false, looks_up: false, rotates: false };
        let bench = Bench::build(kind).await;
        let before = bench.clients();
        for fault in [Fault::Status { status: 500 }, Fault::Reset, Fault::MalformedJson] {
            let script = FaultScript::new(fault.clone()).at(Endpoint::Registration).after(1).times(1);
            bench.server.faults().script(script).await.unwrap();
            let (status, told) = bench.generate().await;
            assert!(status >= 400, "{name} {fault:?}: {told}");
            assert_eq!((bench.keys().await, bench.clients()), (0, before), "{name} {fault:?}");
            bench.mends().await;
        }
        let (status, key) = bench.generate().await;
        assert_eq!((status, bench.clients()), (200, before + 1), "{name}: {key}");
        bench.house.close().await;
    }
}

#[tokio::test]
async fn what_one_attempt_left_the_next_one_takes_back_and_so_does_the_end_of_the_application() {
    let kind = Kind {
        name: "WSO2-IS",
        vendor: Vendor::Is,
        properties: basic_admin,
        application: nothing,
        finds_lost: true,
        looks_up: true,
        rotates: true,
    };
    let bench = Bench::build(kind).await;
    let before = bench.clients();
    // The answer is lost, and so is every one after it: what is left cannot be cleared away at once.
    let lose_all = async || {
        let script = FaultScript::new(Fault::Reset).at(Endpoint::Registration).times(1);
        bench.server.faults().script(script).await.unwrap();
        let script = FaultScript::new(Fault::Status { status: 503 }).at(Endpoint::Registration).after(1);
        bench.server.faults().script(script).await.unwrap();
        assert!(bench.generate().await.0 >= 400);
        assert_eq!((bench.keys().await, bench.clients()), (0, before + 1));
        bench.mends().await;
    };
    lose_all().await;
    let (status, key) = bench.generate().await;
    assert_eq!((status, bench.clients()), (200, before + 1), "{key}");
    assert_eq!(bench.delete(&key).await, 200);
    lose_all().await;
    let path = format!("/devportal/v3/applications/{}", bench.application);
    assert_eq!(bench.house.call(Method::DELETE, &path, Value::Null).await.0, 200);
    assert_eq!(bench.clients(), before);
    bench.house.close().await;
}
