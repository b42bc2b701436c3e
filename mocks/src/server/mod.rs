//! An authorization server on a port: wiremock servers that answer from one realm, behind a TLS front.
//! How it answers is put together from `endpoints` and one of `vendors`.

mod answering;
mod bare;
mod behind;
mod builder;
mod handle;
mod layout;
mod site;
mod tenants;

pub use bare::BareServer;
pub use builder::{AuthorizationServerBuilder, MockError};
pub use handle::AuthorizationServer;
pub(crate) use site::{CERTIFIED_USER, Site};
pub use site::{Canned, Endpoints};
pub(crate) use tenants::FIRST_TENANT;
pub use tenants::TenantError;
