//! Tenants, users and roles: who somebody is and which roles there are.
//! What a role may do is left to the planes and to the resident key manager.

use std::{collections::BTreeMap, num::NonZeroU32};

use aws_lc_rs::{pbkdf2, rand};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use kmspec_mocks::realm::Clock;

use super::{
    domain::{SUPER_TENANT, Tenant, User, principal},
    store::{Documents, Store, StoreError},
};

/// Roles that every tenant has.
pub const BUILT_IN_ROLES: &[&str] = &[
    "admin",
    "Internal/everyone",
    "Internal/subscriber",
    "Internal/publisher",
    "Internal/creator",
    "Internal/devops",
    "Internal/observer",
    "Internal/integration_dev",
    "Internal/analytics",
];

/// The role of a tenant's administrator.
pub const ADMINISTRATOR: &str = "admin";

/// Rounds of PBKDF2. Few: the platform is a reference with test users, and every bootstrap call checks a password.
const ROUNDS: NonZeroU32 = NonZeroU32::new(500).expect("500 is not zero");

/// A tenant to create.
#[derive(Debug, Clone)]
pub struct TenantSpec {
    /// Its domain, such as `tenant1.com`.
    pub domain: String,
    /// Its administrator; gets the role `admin` beside those given.
    pub administrator: UserSpec,
    /// Its other users.
    pub users: Vec<UserSpec>,
    /// Roles that exist beside the built-in ones and those of the users.
    pub roles: Vec<String>,
    /// Its clock; without one it goes by the system's.
    pub clock: Option<Clock>,
}

/// A user to create.
#[derive(Clone)]
pub struct UserSpec {
    /// Name without the tenant.
    pub name: String,
    /// Password in clear.
    pub password: String,
    /// Role names with their domain; `Internal/everyone` is added.
    pub roles: Vec<String>,
}

impl std::fmt::Debug for UserSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserSpec").field("name", &self.name).field("roles", &self.roles).finish_non_exhaustive()
    }
}

/// Questions about tenants and users.
#[derive(Debug, Clone)]
pub struct Identity {
    store: Store,
}

impl Identity {
    /// Answers from this store.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// The user who signs in as `principal` (`name`, `name@tenant`) with this password.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails; a wrong name or password is `None`.
    pub async fn authenticate(&self, principal: &str, password: &str) -> Result<Option<User>, StoreError> {
        let (principal, password) = (principal.to_owned(), password.to_owned());
        self.store
            .read(move |documents| {
                let user = find_principal(documents, &principal)?;
                Ok(user.filter(|user| password_fits(&user.password, &password)))
            })
            .await
    }

    /// The user of that name in the tenant.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    pub async fn user(&self, tenant: &str, name: &str) -> Result<Option<User>, StoreError> {
        let (tenant, name) = (tenant.to_owned(), name.to_owned());
        self.store.read(move |documents| user(documents, &tenant, &name)).await
    }
}

/// The user called `name` in the tenant.
///
/// # Errors
///
/// [`StoreError`] when the store fails.
pub fn user(documents: &Documents<'_>, tenant: &str, name: &str) -> Result<Option<User>, StoreError> {
    documents.find(tenant, &format!("{name}@{tenant}"))
}

/// The user who is meant by `principal`: the text after the last `@` is the tenant when there is one of that
/// domain; otherwise the whole is a name in the super tenant. Nobody is meant in a tenant that was switched off.
///
/// # Errors
///
/// [`StoreError`] when the store fails.
pub fn find_principal(documents: &Documents<'_>, principal: &str) -> Result<Option<User>, StoreError> {
    if let Some((name, domain)) = principal.rsplit_once('@')
        && let Some(tenant) = documents.find_anywhere::<Tenant>(domain)?
    {
        return if tenant.active { user(documents, domain, name) } else { Ok(None) };
    }
    user(documents, SUPER_TENANT, principal)
}

/// The user of a tenant, which is not switched off, who signs in there with this password. The tenant need not be said in the name: no other is meant.
///
/// # Errors
///
/// [`StoreError`] when the store fails; a wrong name or password is `None`.
pub(super) fn member(
    documents: &Documents<'_>,
    tenant: &str,
    name: &str,
    password: &str,
) -> Result<Option<User>, StoreError> {
    if documents.find_anywhere::<Tenant>(tenant)?.is_none_or(|known| !known.active) {
        return Ok(None);
    }
    let found = match find_principal(documents, name)? {
        Some(user) if user.tenant == tenant => Some(user),
        _ => user(documents, tenant, name)?,
    };
    Ok(found.filter(|user| password_fits(&user.password, password)))
}

/// Whether the tenant has a role of that name; case does not matter.
///
/// # Errors
///
/// [`StoreError`] when the store fails.
pub fn role_exists(documents: &Documents<'_>, tenant: &str, role: &str) -> Result<bool, StoreError> {
    let tenant: Option<Tenant> = documents.find_anywhere(tenant)?;
    Ok(tenant.is_some_and(|tenant| tenant.roles.iter().any(|own| own.eq_ignore_ascii_case(role))))
}

/// Writes a tenant and its users; its key manager is left to the caller.
pub(super) fn write_tenant(documents: &Documents<'_>, spec: &TenantSpec) -> Result<(), StoreError> {
    let mut roles: Vec<String> = BUILT_IN_ROLES.iter().map(ToString::to_string).collect();
    let mut administrator = spec.administrator.clone();
    administrator.roles.push(ADMINISTRATOR.to_owned());
    for user in std::iter::once(&administrator).chain(&spec.users) {
        documents.put(&spec.domain, &stored_user(&spec.domain, user))?;
        roles.extend(user.roles.iter().cloned());
    }
    roles.extend(spec.roles.iter().cloned());
    roles.sort();
    roles.dedup();
    let administrator = administrator.name;
    documents.put(&spec.domain, &Tenant { domain: spec.domain.clone(), administrator, roles, active: true })
}

/// What became of a user to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Added {
    Made,
    /// There is one of that name.
    Taken,
    /// There is no such tenant.
    NoTenant,
    /// The name would be read as that of somebody in another tenant.
    Elsewhere,
}

/// Adds a user to a tenant that is there.
pub(super) fn add_user(documents: &Documents<'_>, domain: &str, spec: &UserSpec) -> Result<Added, StoreError> {
    let Some(mut tenant) = documents.find_anywhere::<Tenant>(domain)? else { return Ok(Added::NoTenant) };
    if is_elsewhere(documents, domain, &spec.name)? {
        return Ok(Added::Elsewhere);
    }
    if user(documents, domain, &spec.name)?.is_some() {
        return Ok(Added::Taken);
    }
    documents.put(domain, &stored_user(domain, spec))?;
    tenant.roles.extend(spec.roles.iter().cloned());
    tenant.roles.sort();
    tenant.roles.dedup();
    documents.put(domain, &tenant)?;
    Ok(Added::Made)
}

/// Whether a name of the super tenant is read as that of somebody in another tenant: nobody could log in by it, and what
/// belongs to one would seem to belong to the other.
fn is_elsewhere(documents: &Documents<'_>, tenant: &str, name: &str) -> Result<bool, StoreError> {
    match name.rsplit_once('@') {
        Some((_, domain)) if tenant == SUPER_TENANT => Ok(documents.find_anywhere::<Tenant>(domain)?.is_some()),
        _ => Ok(false),
    }
}

/// Users of the super tenant whose names are read as those of users of this tenant, once there is such a tenant. From then
/// on they are meant by their names with their own tenant's behind.
pub(super) fn users_named_into(documents: &Documents<'_>, domain: &str) -> Result<Vec<User>, StoreError> {
    let known = documents.all::<User>(SUPER_TENANT)?.into_iter();
    Ok(known.filter(|user| user.name.rsplit_once('@').is_some_and(|(_, named)| named == domain)).collect())
}

/// The name that means this user and nobody else: that of [`principal`], unless it is read as somebody's in another tenant.
pub(super) fn distinct_principal(documents: &Documents<'_>, user: &User) -> Result<String, StoreError> {
    match is_elsewhere(documents, &user.tenant, &user.name)? {
        true => Ok(format!("{}@{}", user.name, user.tenant)),
        false => Ok(principal(&user.name, &user.tenant)),
    }
}

/// Says of a user what the claims of that name are from now on.
pub(super) fn set_claims(
    documents: &Documents<'_>,
    user: User,
    claims: BTreeMap<String, String>,
) -> Result<(), StoreError> {
    let tenant = user.tenant.clone();
    documents.put(&tenant, &User { claims, ..user })
}

/// Gives a user another password.
pub(super) fn set_password(documents: &Documents<'_>, user: User, password: &str) -> Result<(), StoreError> {
    let tenant = user.tenant.clone();
    documents.put(&tenant, &User { password: digest(password), ..user })
}

fn stored_user(tenant: &str, spec: &UserSpec) -> User {
    let mut roles = spec.roles.clone();
    roles.push("Internal/everyone".to_owned());
    roles.sort();
    roles.dedup();
    User {
        name: spec.name.clone(),
        tenant: tenant.to_owned(),
        password: digest(&spec.password),
        roles,
        claims: BTreeMap::new(),
    }
}

/// `salt$digest`, both in base64.
fn digest(password: &str) -> String {
    let mut salt = [0u8; 16];
    rand::fill(&mut salt).expect("the system's random source does not fail once it works");
    let mut digest = [0u8; 32];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, &salt, password.as_bytes(), &mut digest);
    format!("{}${}", BASE64.encode(salt), BASE64.encode(digest))
}

/// Whether the password is the one that [`User::password`] was made of.
pub fn password_fits(stored: &str, password: &str) -> bool {
    let Some((salt, digest)) = stored.split_once('$') else { return false };
    let (Ok(salt), Ok(digest)) = (BASE64.decode(salt), BASE64.decode(digest)) else { return false };
    pbkdf2::verify(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, &salt, password.as_bytes(), &digest).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Data;

    fn spec(domain: &str, password: &str) -> TenantSpec {
        let administrator = UserSpec { name: "admin".into(), password: password.into(), roles: vec![] };
        let dotted = UserSpec { name: "x@mail".into(), password: password.into(), roles: vec!["staff".into()] };
        TenantSpec { domain: domain.into(), administrator, users: vec![dotted], roles: vec![], clock: None }
    }

    #[tokio::test]
    async fn a_user_signs_in_with_the_password_of_the_right_tenant_only() {
        let store = Store::open(&Data::Memory).unwrap();
        for (domain, password) in [(SUPER_TENANT, "one"), ("t.com", "two")] {
            let spec = spec(domain, password);
            store.write(move |documents| write_tenant(documents, &spec)).await.unwrap();
        }
        let identity = Identity::new(store.clone());
        let table = [
            ("admin", "one", Some(SUPER_TENANT)),
            ("admin@carbon.super", "one", Some(SUPER_TENANT)),
            ("admin", "two", None),
            ("admin@t.com", "two", Some("t.com")),
            ("admin@t.com", "one", None),
            ("admin@u.com", "one", None),
            ("x@mail", "one", Some(SUPER_TENANT)),
            ("x@mail@t.com", "two", Some("t.com")),
            ("", "", None),
        ];
        for (name, password, expected) in table {
            let user = identity.authenticate(name, password).await.unwrap();
            assert_eq!(user.map(|user| user.tenant).as_deref(), expected, "{name} {password}");
        }
        let exists = |role| store.read_now(|documents| role_exists(documents, "t.com", role)).unwrap();
        assert!(exists("Staff") && exists("Internal/subscriber") && !exists("nobody"));
    }
}
