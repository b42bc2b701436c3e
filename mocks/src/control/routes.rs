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
    ($($method:ident $path:literal => $handler:path;)*) => {
        /// Method, in lower case, and path of every route.
        pub const ROUTES: &[(&str, &str)] = &[$((stringify!($method), $path)),*];

        fn table() -> Vec<(&'static str, MethodRouter<House>)> {
            vec![$(($path, $method($handler))),*]
        }
    };
}

routes! {
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
    get "/servers/{server}/settings" => settings::show;
    patch "/servers/{server}/settings" => settings::change;
    get "/servers/{server}/tenants" => tenants::list;
    post "/servers/{server}/tenants" => tenants::create;
    get "/servers/{server}/consumer-keys" => tenants::show_keys;
    put "/servers/{server}/consumer-keys" => tenants::change_keys;
    get "/servers/{server}/notices" => notices::show;
    put "/servers/{server}/notices" => notices::put;
    delete "/servers/{server}/notices" => notices::remove;
    get "/servers/{server}/certificate" => tls::show;
    put "/servers/{server}/certificate" => tls::change;
    get "/servers/{server}/certificate-mappings" => certificate_mappings::show;
    put "/servers/{server}/certificate-mappings" => certificate_mappings::put;
    get "/servers/{server}/clients" => clients::list;
    post "/servers/{server}/clients" => clients::create;
    get "/servers/{server}/clients/{client}" => clients::show;
    patch "/servers/{server}/clients/{client}" => clients::change;
    delete "/servers/{server}/clients/{client}" => clients::remove;
    get "/servers/{server}/users" => users::list;
    post "/servers/{server}/users" => users::create;
    get "/servers/{server}/users/{user}" => users::show;
    patch "/servers/{server}/users/{user}" => users::change;
    delete "/servers/{server}/users/{user}" => users::remove;
    get "/servers/{server}/roles" => users::list_roles;
    put "/servers/{server}/roles/{role}" => users::put_role;
    delete "/servers/{server}/roles/{role}" => users::remove_role;
    get "/servers/{server}/scopes" => scopes::list;
    put "/servers/{server}/scopes/{scope}" => scopes::put;
    delete "/servers/{server}/scopes/{scope}" => scopes::remove;
    get "/servers/{server}/trusted-issuers" => trusted_issuers::list;
    post "/servers/{server}/trusted-issuers" => trusted_issuers::create;
    delete "/servers/{server}/trusted-issuers/{issuer}" => trusted_issuers::remove;
    post "/servers/{server}/trusted-issuers/{issuer}/tickets" => trusted_issuers::ticket;
    get "/servers/{server}/clock" => clock::show;
    patch "/servers/{server}/clock" => clock::change;
    post "/servers/{server}/clock/advance" => clock::advance;
    get "/servers/{server}/keys" => keys::list;
    post "/servers/{server}/keys" => keys::create;
    post "/servers/{server}/keys/rotate" => keys::rotate;
    delete "/servers/{server}/keys/{kid}" => keys::withdraw;
    get "/servers/{server}/key-set" => keys::show_set;
    put "/servers/{server}/key-set" => keys::put_set;
    delete "/servers/{server}/key-set" => keys::restore_set;
    get "/servers/{server}/tokens" => tokens::list;
    post "/servers/{server}/tokens" => tokens::create;
    post "/servers/{server}/tokens/forge" => tokens::forge;
    post "/servers/{server}/tokens/proof" => tokens::prove;
    post "/servers/{server}/tokens/revoke" => tokens::revoke;
    post "/servers/{server}/tokens/cut-off" => tokens::cut_off;
    post "/servers/{server}/tokens/introspect" => tokens::introspect;
    post "/servers/{server}/devices/{user_code}" => logins::decide;
    post "/servers/{server}/authorizations" => logins::authorize;
    get "/servers/{server}/faults" => faults::list;
    post "/servers/{server}/faults" => faults::create;
    delete "/servers/{server}/faults" => faults::clear;
    put "/servers/{server}/answers/{endpoint}" => faults::put_answer;
    delete "/servers/{server}/answers/{endpoint}" => faults::remove_answer;
    get "/servers/{server}/defects" => faults::list_defects;
    put "/servers/{server}/defects/{defect}" => faults::switch_on;
    delete "/servers/{server}/defects/{defect}" => faults::switch_off;
    get "/servers/{server}/journal" => journal::list;
    delete "/servers/{server}/journal" => journal::clear;
    put "/servers/{server}/journal/recording" => journal::record;
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
