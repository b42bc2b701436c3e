//! Every route of the control interface, and the document that describes them.
//! What a route does is in the file of its resource.

use axum::{
    Router,
    http::{Method, StatusCode, Uri, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{MethodRouter, delete, get, patch, post, put},
};

use super::{
    certificate_mappings, clients, clock, faults, house::House, journal, keys, logins, notices, refusal::Refusal,
    scopes, servers, settings, tenants, tls, tokens, trusted_issuers, users,
};

/// The OpenAPI document that describes the interface.
pub const OPENAPI: &str = include_str!("../../openapi.json");

macro_rules! routes {
    (
        once { $($method:ident $path:literal => $handler:path;)* }
        at_server_and_tenants { $($realm_method:ident $rest:literal => $realm_handler:path;)* }
    ) => {
        /// Method, in lower case, and path of every route.
        pub const ROUTES: &[(&str, &str)] = &[
            $((stringify!($method), $path),)*
            $((stringify!($realm_method), concat!("/servers/{server}", $rest)),)*
            $((stringify!($realm_method), concat!("/servers/{server}/tenants/{domain}", $rest)),)*
        ];

        fn table() -> Vec<(&'static str, MethodRouter<House>)> {
            vec![
                $(($path, $method($handler)),)*
                $((concat!("/servers/{server}", $rest), $realm_method($realm_handler)),)*
                $((concat!("/servers/{server}/tenants/{domain}", $rest), $realm_method($realm_handler)),)*
            ]
        }
    };
}

routes! {
    once {
        get "/openapi.json" => openapi;
        get "/authority.pem" => tls::authority_pem;
        get "/authority.p12" => tls::authority_store;
        post "/certificates" => tls::issue;
        get "/servers" => servers::list;
        post "/servers" => servers::create;
        get "/servers/{server}" => servers::show;
        delete "/servers/{server}" => servers::end;
        post "/servers/{server}/restart" => servers::restart;
        get "/servers/{server}/panics" => servers::panics;
        get "/servers/{server}/tenants" => tenants::list;
        post "/servers/{server}/tenants" => tenants::create;
        get "/servers/{server}/tenants/{domain}" => tenants::show;
        get "/servers/{server}/consumer-keys" => tenants::show_keys;
        put "/servers/{server}/consumer-keys" => tenants::change_keys;
        get "/servers/{server}/notices" => notices::show;
        put "/servers/{server}/notices" => notices::put;
        delete "/servers/{server}/notices" => notices::remove;
        get "/servers/{server}/certificate" => tls::show;
        put "/servers/{server}/certificate" => tls::change;
        get "/servers/{server}/certificate-mappings" => certificate_mappings::show;
        put "/servers/{server}/certificate-mappings" => certificate_mappings::put;
        get "/servers/{server}/clock" => clock::show;
        patch "/servers/{server}/clock" => clock::change;
        post "/servers/{server}/clock/advance" => clock::advance;
        get "/servers/{server}/faults" => faults::list;
        post "/servers/{server}/faults" => faults::create;
        delete "/servers/{server}/faults" => faults::clear;
        get "/servers/{server}/answers" => faults::list_answers;
        put "/servers/{server}/answers/{endpoint}" => faults::put_answer;
        delete "/servers/{server}/answers/{endpoint}" => faults::remove_answer;
        get "/servers/{server}/defects" => faults::list_defects;
        put "/servers/{server}/defects/{defect}" => faults::switch_on;
        delete "/servers/{server}/defects/{defect}" => faults::switch_off;
        get "/servers/{server}/journal" => journal::list;
        delete "/servers/{server}/journal" => journal::clear;
        put "/servers/{server}/journal/recording" => journal::record;
    }
    at_server_and_tenants {
        get "/settings" => settings::show;
        patch "/settings" => settings::change;
        get "/clients" => clients::list;
        post "/clients" => clients::create;
        get "/clients/{client}" => clients::show;
        patch "/clients/{client}" => clients::change;
        delete "/clients/{client}" => clients::remove;
        get "/users" => users::list;
        post "/users" => users::create;
        get "/users/{user}" => users::show;
        patch "/users/{user}" => users::change;
        delete "/users/{user}" => users::remove;
        get "/roles" => users::list_roles;
        put "/roles/{role}" => users::put_role;
        delete "/roles/{role}" => users::remove_role;
        get "/scopes" => scopes::list;
        put "/scopes/{scope}" => scopes::put;
        delete "/scopes/{scope}" => scopes::remove;
        get "/trusted-issuers" => trusted_issuers::list;
        post "/trusted-issuers" => trusted_issuers::create;
        delete "/trusted-issuers/{issuer}" => trusted_issuers::remove;
        post "/trusted-issuers/{issuer}/tickets" => trusted_issuers::ticket;
        get "/keys" => keys::list;
        post "/keys" => keys::create;
        post "/keys/rotate" => keys::rotate;
        delete "/keys/{kid}" => keys::withdraw;
        get "/key-set" => keys::show_set;
        put "/key-set" => keys::put_set;
        delete "/key-set" => keys::restore_set;
        get "/tokens" => tokens::list;
        post "/tokens" => tokens::create;
        post "/tokens/forge" => tokens::forge;
        post "/tokens/proof" => tokens::prove;
        post "/tokens/revoke" => tokens::revoke;
        post "/tokens/cut-off" => tokens::cut_off;
        post "/tokens/introspect" => tokens::introspect;
        post "/devices/{user_code}" => logins::decide;
        post "/authorizations" => logins::authorize;
    }
}

pub(super) fn router(house: House) -> Router {
    table()
        .into_iter()
        .fold(Router::new(), |router, (path, handler)| router.route(path, handler))
        .fallback(nowhere)
        .method_not_allowed_fallback(not_so)
        .with_state(house)
}

async fn openapi() -> Response {
    ([(CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

async fn nowhere(uri: Uri) -> Refusal {
    Refusal::of(StatusCode::NOT_FOUND, format!("there is nothing at {}", uri.path()))
        .hint("GET /openapi.json describes everything that there is")
}

async fn not_so(method: Method, uri: Uri) -> Refusal {
    Refusal::of(StatusCode::METHOD_NOT_ALLOWED, format!("{} does not take {method}", uri.path()))
        .hint("GET /openapi.json describes what it takes")
}
