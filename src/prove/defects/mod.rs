//! A file per side of the subject, each with its seeded defects: their ids, their controls, their saboteurs.
//! How messages reach a saboteur is the interposer's business.

pub(super) mod admin_access;
pub(super) mod caching;
pub(super) mod claims;
pub(super) mod consumer_secrets;
pub(super) mod deployments;
pub(super) mod discovery_import;
pub(super) mod gateway;
pub(super) mod good_tokens;
pub(super) mod headers;
pub(super) mod key_generation;
pub(super) mod key_lists;
pub(super) mod key_manager_admin;
pub(super) mod key_manager_checks;
pub(super) mod key_manager_choice;
pub(super) mod key_manager_documents;
pub(super) mod key_manager_lists;
pub(super) mod key_manager_news;
pub(super) mod key_orders;
pub(super) mod opaque_tokens;
pub(super) mod out_of_band;
pub(super) mod outlived;
pub(super) mod permissions;
pub(super) mod proofs;
pub(super) mod propagation;
pub(super) mod publisher;
pub(super) mod refusals;
pub(super) mod resident_answers;
pub(super) mod resident_grants;
pub(super) mod scopes;
pub(super) mod secrets;
pub(super) mod server_trust;
pub(super) mod signatures;
pub(super) mod subscriptions;
pub(super) mod token_form;
pub(super) mod workers;
