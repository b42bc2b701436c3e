//! Who lives on a platform that is served: the standing population of the product's tests, and a tenant for runs of ours.
//! A data file remembers them from the last time.

use super::{SEEDED_PASSWORD, SEEDED_TENANT};
use crate::runner::provisioning::stand_alone_cast;
use kmspec_platform::{Platform, PlatformError, TenantSpec, UserSpec, domain::SUPER_TENANT};

/// The tenant beside the super tenant that clients of the product expect.
const PRODUCT_TENANT: &str = "tenant1.com";

/// Lets everybody move in.
pub(super) async fn settle(platform: &Platform) -> Result<(), PlatformError> {
    let (administrator, users) = stand_alone_cast(SEEDED_TENANT, SEEDED_PASSWORD);
    create(platform, SEEDED_TENANT, administrator, users).await?;
    platform.add_users(SUPER_TENANT, population("1")).await?;
    create(platform, PRODUCT_TENANT, user("admin", &[]), population("11")).await
}

async fn create(
    platform: &Platform,
    domain: &str,
    administrator: UserSpec,
    users: Vec<UserSpec>,
) -> Result<(), PlatformError> {
    let spec = TenantSpec { domain: domain.to_owned(), administrator, users, roles: Vec::new(), clock: None };
    match platform.create_tenant(spec).await {
        Ok(()) | Err(PlatformError::TenantExists(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The product's test users of a tenant, told apart by a number.
fn population(number: &str) -> Vec<UserSpec> {
    let cast: [(&str, &[&str]); 3] = [
        ("testUser", &["Internal/creator", "Internal/publisher", "Internal/subscriber"]),
        ("publisherUser", &["Internal/creator", "Internal/publisher"]),
        ("subscriberUser", &["Internal/subscriber"]),
    ];
    cast.iter().map(|(name, roles)| user(&format!("{name}{number}"), roles)).collect()
}

/// Their passwords are their names.
fn user(name: &str, roles: &[&str]) -> UserSpec {
    let roles = roles.iter().map(ToString::to_string).collect();
    UserSpec { name: name.to_owned(), password: name.to_owned(), roles }
}
