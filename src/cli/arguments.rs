//! The command line as it may be typed.
//! Whether the values make sense together is decided where they become plans.

use std::{net::IpAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};
use url::Url;

/// Conformance and performance harness for API key managers.
#[derive(Debug, Parser)]
#[command(name = "kmspec", version, about, arg_required_else_help = true, max_term_width = 110)]
#[command(after_help = "Exit codes: 0 all conform, 1 a deviation, 2 a wrong argument or plan, 3 could not test, \
                        130 interrupted with the partial report written.")]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Arguments {
    /// What is logged unless `RUST_LOG` says otherwise. In a run the reference platform is the subject: what it warns of was
    /// provoked, and what it panics at is in the report.
    pub fn logged(&self) -> &'static str {
        match self.command {
            Command::Run(_) => "warn,kmspec_platform=error",
            _ => "warn",
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check how a platform treats its key managers; the embedded reference platform unless a target is named.
    Run(RunArguments),
    /// Check whether an authorization server can be used as a key manager.
    Certify(Box<CertifyArguments>),
    /// Serve the reference platform on its own, for clients, gateways and runs in other processes.
    Platform(PlatformArguments),
    /// Serve a mock authorization server on its own.
    Mock(MockArguments),
    /// Tell what a catalogue row says, who proves it and what breaks it.
    Explain(ExplainArguments),
    /// Print every requirement and the scenarios that hold it.
    Requirements(RequirementsArguments),
}

/// Which scenarios, how many at a time, and where the report goes.
#[derive(Debug, Args)]
pub struct SelectionArguments {
    /// Only scenarios whose tags fit, for example '@core and not @slow'.
    #[arg(long, value_name = "EXPRESSION")]
    pub tags: Option<String>,
    /// Print ids and titles of the selected scenarios instead of running them.
    #[arg(long)]
    pub list: bool,
    /// How many scenarios run at one time [default: four times the processors].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// Features from a folder instead of the embedded ones.
    #[arg(long, value_name = "DIR")]
    pub features: Option<PathBuf>,
    /// Only this part of so many, by scenario id: 2/5.
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub shard: Option<(u32, u32)>,
    /// File with declared deviations.
    #[arg(long, value_name = "FILE")]
    pub expected: Option<PathBuf>,
    /// Folder for the report.
    #[arg(long, value_name = "DIR", default_value = "reports/latest")]
    pub report_dir: PathBuf,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// File that describes a running platform or a configured gateway.
    #[arg(long, value_name = "FILE")]
    pub target: Option<PathBuf>,
    /// Profile whose declared deviations apply: `reference`, the name of one in features/profiles/, or a file
    /// [default: the one the target names].
    #[arg(long, value_name = "PROFILE")]
    pub profile: Option<String>,
    /// Switch on a seeded defect, to see who notices: DEF-008.
    #[arg(long, value_name = "ID")]
    pub defect: Option<String>,
    /// Which scenarios, and where the report goes.
    #[command(flatten)]
    pub selection: SelectionArguments,
}

/// Arguments of `certify`. Secrets come by the names of environment variables, never as arguments.
#[derive(Debug, Args)]
pub struct CertifyArguments {
    /// The server's discovery document.
    pub url: Url,
    /// Key manager type it is to be attached as, for example custom, WSO2-IS-7, Okta.
    #[arg(long = "type", value_name = "TYPE", default_value = "custom")]
    pub key_manager_type: String,
    /// A client that exists there.
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
    /// Environment variable with its secret.
    #[arg(long, value_name = "VARIABLE", requires = "client_id")]
    pub client_secret_env: Option<String>,
    /// A second client, for the rules about tokens of others.
    #[arg(long, value_name = "ID", requires_all = ["other_client_secret_env", "client_id"])]
    pub other_client_id: Option<String>,
    /// Environment variable with the second client's secret.
    #[arg(long, value_name = "VARIABLE", requires = "other_client_id")]
    pub other_client_secret_env: Option<String>,
    /// A user there.
    #[arg(long, value_name = "NAME", requires = "user_password_env")]
    pub user: Option<String>,
    /// Environment variable with the user's password.
    #[arg(long, value_name = "VARIABLE", requires = "user")]
    pub user_password_env: Option<String>,
    /// Environment variable with the token that client registration asks for.
    #[arg(long, value_name = "VARIABLE")]
    pub initial_access_token_env: Option<String>,
    /// Scope that a token request may ask for.
    #[arg(long)]
    pub scope: Option<String>,
    /// Resource indicator (RFC 8707) that makes the server issue JWTs.
    #[arg(long)]
    pub resource: Option<String>,
    /// Value of the parameter `audience` that makes the server issue JWTs, for servers without resource indicators.
    #[arg(long, conflicts_with = "resource")]
    pub audience: Option<String>,
    /// Profile whose declared deviations apply: `reference`, the name of one in features/profiles/, or a file.
    #[arg(long, value_name = "PROFILE", default_value = "reference")]
    pub profile: String,
    /// PEM file with the CA that its certificate leads to.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Name of the server's product, for the report.
    #[arg(long, value_name = "PRODUCT")]
    pub name: Option<String>,
    /// Version of the product, for the report.
    #[arg(long, value_name = "VERSION")]
    pub product_version: Option<String>,
    /// Accept plain http away from loopback.
    #[arg(long)]
    pub allow_plain_http: bool,
    /// Which scenarios, and where the report goes.
    #[command(flatten)]
    pub selection: SelectionArguments,
}

/// Arguments of `platform`.
#[derive(Debug, Args)]
pub struct PlatformArguments {
    /// Port of the management planes; any free one when 0 [default: 9443 and the offset of the deployment.toml].
    #[arg(long)]
    pub port: Option<u16>,
    /// Port of API traffic; any free one when 0 [default: 8243 and the offset].
    #[arg(long, value_name = "PORT")]
    pub gateway_port: Option<u16>,
    /// Port of API traffic without TLS, where there shall be one; 8280 is the product's.
    #[arg(long, value_name = "PORT")]
    pub http_port: Option<u16>,
    /// What its administrator has configured; README.md lists the keys. Without one, and without `enable_email_domain` in
    /// it, users may be called by mail addresses.
    #[arg(long, value_name = "FILE")]
    pub deployment_toml: Option<PathBuf>,
    /// File that keeps its data; memory when left out.
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
    /// PEM file with a CA that its outgoing calls trust, beside its own. May be given several times.
    #[arg(long, value_name = "FILE")]
    pub trust: Vec<PathBuf>,
    /// Folder for its CA and for the target file that describes it.
    #[arg(long, value_name = "DIR", default_value = ".kmspec")]
    pub folder: PathBuf,
}

/// Arguments of `mock`.
#[derive(Debug, Args)]
pub struct MockArguments {
    /// Whose manners it has: the name of a vendor, such as is7 or okta; another name is answered with the list.
    pub vendor: String,
    /// Its port, 0 for any free one. When left out: 9444 for is7, 9446 for is and 9031 for pingfederate, as their
    /// documents have it, unless that is taken; any free one for the others.
    #[arg(long)]
    pub port: Option<u16>,
    /// Port of its control interface; any free one when left out.
    #[arg(long, value_name = "PORT")]
    pub control_port: Option<u16>,
    /// Its host name, which stands in the issuer and in the certificate, and leads to this machine. When left out: the
    /// one in its deployment.toml, else localhost.
    #[arg(long)]
    pub host: Option<String>,
    /// Path that stands before each of its others, such as /auth, without a slash at its end (keycloak).
    #[arg(long, value_name = "PATH")]
    pub base_path: Option<String>,
    /// Host of the issuer, its discovery document and its keys, where everything else is on another one: a host name
    /// in small letters, without scheme and port, that leads to this machine, such as 127.0.0.1 (cognito).
    #[arg(long, value_name = "HOST")]
    pub issuer_host: Option<String>,
    /// Folder for its CA, as PEM and as a PKCS#12 trust store.
    #[arg(long, visible_alias = "folder", value_name = "DIR", default_value = ".kmspec")]
    pub ca_dir: PathBuf,
    /// What it asks of clients in the TLS handshake.
    #[arg(long, value_name = "HOW", default_value = "ignored", value_parser = ["ignored", "asked", "required"])]
    pub client_certificates: String,
    /// A seeded defect that it has: DEF-117. May be given several times.
    #[arg(long, value_name = "ID")]
    pub defect: Vec<String>,
    /// Sign with the embedded test keys, which everybody knows and another process may have as well, instead of keys of
    /// its own: the same from run to run.
    #[arg(long)]
    pub embedded_keys: bool,
    /// What its administrator has configured (is7).
    #[arg(long, value_name = "FILE")]
    pub deployment_toml: Option<PathBuf>,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// Id of a row: SEED-IS7-14, OAUTH-7662-2.2-a, DEF-044.
    pub id: String,
    /// Features from a folder instead of the embedded ones.
    #[arg(long, value_name = "DIR")]
    pub features: Option<PathBuf>,
}

/// Arguments of `requirements`.
#[derive(Debug, Args)]
pub struct RequirementsArguments {
    /// Only those that no scenario holds.
    #[arg(long)]
    pub missing: bool,
    /// The scenarios that name no defect, and so are turned red by nothing known, instead.
    #[arg(long, conflicts_with = "missing")]
    pub unbroken: bool,
    /// Features from a folder instead of the embedded ones.
    #[arg(long, value_name = "DIR")]
    pub features: Option<PathBuf>,
}

/// Whether an URL leads to this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(url::Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

fn shard(text: &str) -> Result<(u32, u32), String> {
    let parts = text.split_once('/').and_then(|(part, parts)| Some((part.parse().ok()?, parts.parse().ok()?)));
    match parts {
        Some((part, parts)) if (1..=parts).contains(&part) => Ok((part, parts)),
        _ => Err("a shard is written 2/5: the part, counted from 1, and how many there are".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn shards_count_from_one() {
        assert_eq!(shard("2/5"), Ok((2, 5)));
        for wrong in ["0/5", "6/5", "2", "2/0", "a/b", "1/-2"] {
            assert!(shard(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_secret_cannot_come_without_its_client() {
        let typed = ["kmspec", "certify", "https://idp", "--client-secret-env", "SECRET"];
        assert!(Arguments::try_parse_from(typed).is_err());
    }
}
