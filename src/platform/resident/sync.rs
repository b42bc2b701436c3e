//! Bringing a realm up to date with the store before it decides: one client, one user, the scopes.
//! The store is the truth about them; the realm holds copies for the time of a request.

use kmspec_mocks::realm::{ClientSpec, Realm, Scope as RealmScope, TokenFormat, UserSpec, random};
use serde_json::{Map, Value};

use super::{kept::ended_elsewhere, scopes::OWNER_ROLES};
use crate::{
    domain::{Api, LONGEST_TOKEN_LIFE_S, OAuthClient, Scope, TenantSettings, User},
    identity::{self, password_fits},
    store::{Documents, StoreError},
};

/// Lifetime of access tokens of clients that serve the planes: they belong to portals and drivers, not to developers.
const PLANE_TOKEN_SECONDS: u64 = 86_400;

/// The client as it is registered now, or no longer.
pub(super) fn client(documents: &Documents<'_>, realm: &Realm, tenant: &str, id: &str) -> Result<(), StoreError> {
    presenting(documents, realm, tenant, id, None)
}

/// The same for a request that presents a secret: when that is another of the client's good secrets, the realm compares
/// with it instead of the first.
pub(super) fn presenting(
    documents: &Documents<'_>,
    realm: &Realm,
    tenant: &str,
    id: &str,
    presented: Option<&str>,
) -> Result<(), StoreError> {
    let Some(client) = documents.find::<OAuthClient>(tenant, id)? else {
        realm.remove_client(id);
        return Ok(());
    };
    let owner = identity::user(documents, tenant, &client.owner)?;
    let roles = owner.map(|user| user.roles).unwrap_or_default();
    let redirects = client.callback_url.iter().flat_map(|urls| urls.split(',')).filter(|url| !url.trim().is_empty());
    let flag = |name: &str| client.additional_properties.get(name).is_some_and(is_true);
    let format = if client.jwt_tokens { TokenFormat::Jwt } else { TokenFormat::Opaque };
    let compared = client.compared_with(presented, realm.now()).map(|known| known.reveal().to_owned());
    let mut spec = ClientSpec::new(&client.name)
        .id(&client.client_id)
        .secret(compared.unwrap_or_else(|| random::text(32)))
        .owner(&client.owner)
        .grant_types(&client.grant_types)
        .redirect_uris(redirects.map(|url| url.trim()))
        .token_format(format)
        .metadata(OWNER_ROLES, roles);
    if client.key_type.is_none() {
        spec = spec.token_seconds(PLANE_TOKEN_SECONDS);
    }
    if flag("pkceMandatory") {
        spec = spec.pkce_mandatory();
    }
    if flag("pkceSupportPlain") {
        spec = spec.pkce_plain();
    }
    // A client that need not authenticate still may.
    if flag("bypassClientCredentials") && presented.is_none() {
        spec = spec.public();
    }
    realm.add_client(spec);
    realm.update_client(id, |known| {
        let seconds = |name: &str| lifetime(&client.additional_properties, name);
        known.app_token_seconds = seconds("application_access_token_expiry_time").or(known.app_token_seconds);
        known.user_token_seconds = seconds("user_access_token_expiry_time").or(known.user_token_seconds);
        known.refresh_token_seconds = seconds("refresh_token_expiry_time").or(known.refresh_token_seconds);
    });
    Ok(())
}

/// A flag as text or as it should be.
fn is_true(value: &Value) -> bool {
    value.as_bool().unwrap_or_else(|| value.as_str() == Some("true"))
}

/// A lifetime in seconds, no longer than any token lives; `N/A` and other texts mean the default.
fn lifetime(properties: &Map<String, Value>, name: &str) -> Option<u64> {
    let seconds = match properties.get(name)? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    seconds.filter(|seconds| *seconds > 0).map(|seconds: u64| seconds.min(LONGEST_TOKEN_LIFE_S))
}

/// The user who signs in with this password, or whom the realm must not let in with it.
pub(super) fn login(
    documents: &Documents<'_>,
    realm: &Realm,
    tenant: &str,
    name: &str,
    password: &str,
) -> Result<(), StoreError> {
    let found = user_of(documents, tenant, name)?.filter(|user| password_fits(&user.password, password));
    match found {
        Some(user) => put_user(documents, realm, name, &user, password)?,
        None => {
            // The copy may hold a password that was right once.
            realm.update_user(name, |known| known.password = random::text(32));
        }
    }
    Ok(())
}

/// The canonical name of the user who signs in at the tenant's pages; the tenant need not be said again there.
pub(super) fn sign_in(
    documents: &Documents<'_>,
    tenant: &str,
    name: &str,
    password: &str,
) -> Result<Option<String>, StoreError> {
    let found = match user_of(documents, tenant, name)? {
        Some(user) => Some(user),
        None => identity::find_principal(documents, &format!("{name}@{tenant}"))?,
    };
    let found = found.filter(|user| password_fits(&user.password, password));
    found.map(|user| identity::distinct_principal(documents, &user)).transpose()
}

/// The user of that name as he is now, or no longer.
pub(super) fn user(documents: &Documents<'_>, realm: &Realm, tenant: &str, name: &str) -> Result<(), StoreError> {
    match user_of(documents, tenant, name)? {
        Some(user) => put_user(documents, realm, name, &user, &random::text(32))?,
        None => drop(realm.remove_user(name)),
    }
    Ok(())
}

/// The subject that a trusted issuer vouched for, where a name is that of such a user: the issuer's id stands before it.
fn federated(name: &str) -> Option<&str> {
    let (issuer, subject) = name.split_once('/')?;
    issuer.parse::<uuid::Uuid>().ok().map(|_| subject)
}

/// Client and user of a token, so that the realm can speak of it.
pub(super) fn owner_of_token(
    documents: &Documents<'_>,
    realm: &Realm,
    tenant: &str,
    token: &str,
) -> Result<(), StoreError> {
    let Some((row, _)) = realm.token(token) else { return Ok(()) };
    let ended = ended_elsewhere(documents, &row)?;
    if let Some(refresh) = row.refresh.as_ref().filter(|_| ended.refresh) {
        realm.revoke(&refresh.text, None);
    }
    if ended.access {
        realm.revoke(&row.access_token, None);
    }
    client(documents, realm, tenant, &row.client_id)?;
    let Some(name) = row.username else { return Ok(()) };
    if let Some(subject) = federated(&name) {
        if realm.user(&name).is_none() {
            realm.add_user(UserSpec::new(&name, random::text(32)));
            realm.update_user(&name, |known| subject.clone_into(&mut known.id));
        }
        return Ok(());
    }
    user(documents, realm, tenant, &name)
}

fn user_of(documents: &Documents<'_>, tenant: &str, name: &str) -> Result<Option<User>, StoreError> {
    Ok(identity::find_principal(documents, name)?.filter(|user| user.tenant == tenant))
}

fn put_user(
    documents: &Documents<'_>,
    realm: &Realm,
    name: &str,
    user: &User,
    password: &str,
) -> Result<(), StoreError> {
    let settings: Option<TenantSettings> = documents.find(&user.tenant, &user.tenant)?;
    let roles = settings.map_or_else(|| user.roles.clone(), |settings| settings.with_aliased(&user.roles));
    realm.add_user(UserSpec::new(name, password).roles(&roles));
    let subject = identity::distinct_principal(documents, user)?;
    realm.update_user(name, |known| known.id = subject);
    Ok(())
}

/// The scopes of the tenant's APIs and its shared ones, with the roles they are bound to; of one name, the shared one.
pub(super) fn scopes(documents: &Documents<'_>, realm: &Realm, tenant: &str) -> Result<(), StoreError> {
    let mut registered: Vec<Scope> = Vec::new();
    for api in documents.all::<Api>(tenant)? {
        registered.extend(api.scopes.into_iter().filter(|scope| !scope.shared).map(|scope| scope.scope));
    }
    registered.extend(documents.all::<Scope>(tenant)?);
    for stale in realm.scopes().into_iter().filter(|known| registered.iter().all(|each| each.name != known.name)) {
        realm.remove_scope(&stale.name);
    }
    for scope in registered {
        let display_name = scope.display_name.unwrap_or_else(|| scope.name.clone());
        realm.add_scope(RealmScope {
            name: scope.name,
            display_name,
            description: scope.description,
            roles: scope.bindings,
            permissions: Vec::new(),
        });
    }
    Ok(())
}
