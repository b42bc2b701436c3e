//! What an authorization server knows: clients, users, keys, tokens, scopes and the time. Plain state and rules.
//! There is no HTTP in here: `endpoints` translates, `grants` decides what a token request earns.

pub mod client;
pub mod clock;
pub mod device;
mod directory;
pub(crate) mod ended;
pub mod error;
mod handshakes;
mod id_token;
mod issued;
pub mod jwt;
pub mod key_chest;
pub mod key_ring;
pub mod pending;
pub mod pkce;
pub mod policy;
pub mod random;
pub mod scope;
pub mod shape;
pub mod signing_key;
pub mod snapshot;
mod state;
mod tampering;
pub mod test_keys;
pub mod token;
pub mod trusted_issuer;
pub mod user;

pub use client::{CertificateLogin, Client, ClientSpec, TokenFormat};
pub use clock::Clock;
pub use directory::ApiResource;
pub use error::{Cause, OAuthError};
pub use issued::Revocation;
pub use key_chest::KeyChest;
pub use key_ring::{KeyPurpose, KeyRing};
pub use pending::{AuthorizationCode, AuthorizationRequest, LoginPurpose};
pub use policy::{Lifetimes, Policy};
pub use scope::{Scope, ScopeRequest, ScopeRule};
pub use shape::{TokenContext, TokenShape};
pub use signing_key::{Algorithm, SigningKey};
pub use snapshot::Snapshot;
pub(crate) use state::same;
pub use state::{Realm, RealmSpec};
pub use token::{TokenKind, TokenRow, TokenState};
pub use trusted_issuer::{TrustedIssuer, TrustedKeys};
pub use user::{User, UserSpec};
