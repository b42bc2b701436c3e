//! What the sentences of the features do: a sentence, a few lines, a driver call or two. A file per area.
//! How a request looks belongs to `drivers/`; what a scenario stands on to `world` and the runner.

mod administrator;
mod api_keys;
mod applications;
mod authorization_server;
mod changes;
mod connectors;
mod consumer;
mod consumer_secrets;
mod deployments;
mod developer;
mod exchanges;
mod flaws;
mod form;
mod gateway_calls;
mod key_sets;
mod oauth_client;
mod observed_calls;
mod observed_key_managers;
mod observed_keys;
mod observed_servers;
mod observed_tokens;
mod oddities;
mod parameters;
mod proofs;
mod publisher;
mod refusals;
mod scopes_at_servers;
mod server_certificates;
mod servers;
mod setup;
mod shared_scopes;
mod state;
mod together;
mod tokens;
mod user_grants;
