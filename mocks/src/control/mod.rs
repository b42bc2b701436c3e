//! The HTTP control interface of a stand-alone mock: whatever the Rust handles can do, as resources with JSON in and out.
//! It translates and refuses; what a change means is the realm's, the forge's and the faults' business.

mod body;
mod certificate_mappings;
mod clients;
mod clock;
mod faults;
mod house;
mod journal;
mod keys;
mod logins;
mod notices;
mod patch;
mod place;
mod refusal;
mod routes;
mod scopes;
mod serve;
mod servers;
mod settings;
mod tenants;
mod tls;
mod tokens;
mod trusted_issuers;
mod users;

pub use house::House;
pub use routes::{OPENAPI, ROUTES};
pub use serve::{Control, ControlError};
