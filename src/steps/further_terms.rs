//! What an API may say of itself besides key managers, scopes and audiences: credentials, plans, backends, operations.
//! How the API comes about is told by `setup`.

use serde_json::{Value, json};

use kmspec_drivers::publisher::{Api, Operation};

/// Further terms of an API; what is `None` or `false` is as usual.
#[derive(Debug, Default)]
pub(super) struct FurtherTerms<'a> {
    /// The kinds of credentials that it takes, in the product's words.
    pub(super) credentials: Option<&'a [&'a str]>,
    /// Whether it is served without the version in its path, too.
    pub(super) default_version: bool,
    /// The header that it takes API keys in.
    pub(super) api_key_header: Option<&'a str>,
    /// The plans that it offers; none makes subscriptions needless.
    pub(super) plans: Option<&'a [&'a str]>,
    /// Which backends there are.
    pub(super) backends: Backends,
    /// How the gateway logs in at its backends.
    pub(super) login: Option<Value>,
    /// How it is written to, where it is.
    pub(super) writing: Option<Writing>,
}

/// Which backends an API has.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Backends {
    /// One for both types of keys.
    #[default]
    Shared,
    /// One for each type, at a path that is named after it.
    Apart,
    /// One for sandbox keys.
    SandboxOnly,
}

/// How an API is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    /// Messages go on as they are.
    AsItIs,
    /// Messages are read, and go on as XML.
    AsXml,
}

impl FurtherTerms<'_> {
    /// Writes the terms into the document.
    pub(super) fn write(&self, draft: &mut Api) {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        if let Some(credentials) = self.credentials {
            draft.security_scheme = Some(owned(credentials));
        }
        if let Some(header) = self.api_key_header {
            draft.other.insert("apiKeyHeader".to_owned(), header.into());
        }
        if self.default_version {
            draft.other.insert("isDefaultVersion".to_owned(), true.into());
        }
        if let Some(plans) = self.plans {
            draft.policies = Some(owned(plans));
        }
        if let Some(writing) = self.writing {
            let mut operation = Operation::any("/*", "POST");
            if writing == Writing::AsXml {
                let policy = json!({ "policyName": "jsonToXML", "policyVersion": "v1", "parameters": {} });
                operation.other.insert("operationPolicies".to_owned(), json!({ "request": [policy] }));
            }
            draft.operations.get_or_insert_default().push(operation);
        }
        let Some(config) = draft.endpoint_config.as_mut().and_then(Value::as_object_mut) else { return };
        match self.backends {
            Backends::Shared => {}
            Backends::SandboxOnly => drop(config.remove("production_endpoints")),
            Backends::Apart => {
                for kind in ["production", "sandbox"] {
                    let url = &mut config[&format!("{kind}_endpoints")]["url"];
                    *url = json!(format!("{}/{kind}", url.as_str().unwrap_or_default()));
                }
            }
        }
        if let Some(login) = &self.login {
            config.insert("endpoint_security".to_owned(), login.clone());
        }
    }
}

/// Whether an API is opened by a token alone.
pub(super) fn takes_tokens(document: &Api) -> bool {
    let says = |word: &str| document.security_scheme.iter().flatten().any(|own| own == word);
    let silent = document.security_scheme.as_ref().is_none_or(Vec::is_empty);
    silent || (says("oauth2") && !says("mutualssl_mandatory"))
}
