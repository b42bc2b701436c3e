//! `kmspec certify`'s arguments into a plan.
//! What the server can do is found out by the runner's provisioning.

use super::{
    arguments::{CertifyArguments, is_loopback},
    ca_file, deviations_file,
    error::PlanError,
    run_plan::{declare, expected, features, plan, today},
};
use kmspec_model::plan::{CertifyPlan, RunPlan, SubjectPlan};

impl TryFrom<CertifyArguments> for RunPlan {
    type Error = PlanError;

    fn try_from(arguments: CertifyArguments) -> Result<Self, PlanError> {
        usable(&arguments)?;
        if let Some(ca) = &arguments.ca {
            ca_file::check(ca, "`--ca` takes a PEM file with the CA of the server's certificate")?;
        }
        let secret =
            |variable: &Option<String>, holds: &str| variable.as_deref().map(|it| secret(it, holds)).transpose();
        let client_secret = secret(&arguments.client_secret_env, "the client's secret")?;
        let other_secret = secret(&arguments.other_client_secret_env, "the second client's secret")?;
        let password = secret(&arguments.user_password_env, "the user's password")?;
        let certify = CertifyPlan {
            initial_access_token: secret(&arguments.initial_access_token_env, "the initial access token")?,
            name: arguments.name,
            profile: arguments.profile,
            version: arguments.product_version,
            discovery: arguments.url,
            key_manager_type: arguments.key_manager_type,
            client_id: arguments.client_id,
            client_secret,
            other_client: arguments.other_client_id.zip(other_secret),
            user: arguments.user.zip(password),
            scope: arguments.scope,
            resource: arguments.resource,
            audience: arguments.audience,
            ca: arguments.ca,
            allow_plain_http: arguments.allow_plain_http,
        };
        let mut expected = expected(&arguments.selection)?;
        let from = features(arguments.selection.features.clone());
        declare(&mut expected, deviations_file::profile(&certify.profile, &from, today())?);
        Ok(plan(
            SubjectPlan::AuthorizationServer(Box::new(certify)),
            "authorization_server",
            arguments.selection,
            expected,
        ))
    }
}

fn usable(arguments: &CertifyArguments) -> Result<(), PlanError> {
    let url = &arguments.url;
    let (problem, hint) = if !url.username().is_empty() || url.password().is_some() {
        ("it carries credentials", "name a client with --client-id and --client-secret-env")
    } else if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
        ("it is no web address", "give the whole URL: https://host/.well-known/openid-configuration")
    } else if url.scheme() == "http" && !arguments.allow_plain_http && !is_loopback(url) {
        ("it is plain http away from this machine", "use https, or say --allow-plain-http")
    } else {
        return Ok(());
    };
    let mut shown = url.clone();
    // Both fail only for URLs that cannot carry credentials, which need no hiding.
    let _ = shown.set_password(None);
    let _ = shown.set_username("");
    Err(PlanError::Url { url: shown.to_string(), problem, hint })
}

fn secret(variable: &str, holds: &str) -> Result<String, PlanError> {
    std::env::var(variable).map_err(|_| PlanError::NoSecret { variable: variable.to_owned(), holds: holds.to_owned() })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::arguments::{Arguments, Command};

    fn plan_of(typed: &[&str]) -> Result<RunPlan, PlanError> {
        let parsed = Arguments::try_parse_from(["kmspec", "certify"].iter().chain(typed)).unwrap();
        let Command::Certify(arguments) = parsed.command else { panic!("another command") };
        RunPlan::try_from(*arguments)
    }

    #[test]
    fn plain_http_is_for_this_machine() {
        assert!(plan_of(&["http://localhost:3000/oidc"]).is_ok());
        assert!(plan_of(&["http://127.0.0.1:3000/oidc"]).is_ok());
        assert!(plan_of(&["http://idp.example/oidc"]).is_err());
        assert!(plan_of(&["http://idp.example/oidc", "--allow-plain-http"]).is_ok());
    }

    #[test]
    fn credentials_in_the_url_are_refused_and_not_repeated() {
        let error = plan_of(&["https://me:hunter2@idp.example"]).unwrap_err().to_string();
        assert!(error.contains("carries credentials") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn a_secret_that_is_not_set_is_named() {
        let error = plan_of(&["https://idp", "--client-id", "a", "--client-secret-env", "KMSPEC_NOT_SET"]).unwrap_err();
        assert!(error.to_string().contains("`KMSPEC_NOT_SET` is not set"), "{error}");
    }
}
