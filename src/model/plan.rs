//! What a run is going to do, known to be valid. `cli/` makes it from arguments, the runner carries it out.

use std::path::PathBuf;

use url::Url;

use super::{rule::RuleId, target::Target};

/// One run, as decided. Nothing in it needs checking again.
#[derive(Debug, Clone)]
pub struct RunPlan {
    /// What is tested.
    pub subject: SubjectPlan,
    /// Where the features come from.
    pub features: FeatureSource,
    /// Folder below `features/` whose scenarios belong to this command: `platform` or `authorization_server`.
    pub area: &'static str,
    /// Tag expression as typed; everything when `None`.
    pub tags: Option<String>,
    /// Most scenarios that run at one time; at least 1.
    pub jobs: usize,
    /// This part of so many parts (1-based), by scenario id.
    pub shard: Option<(u32, u32)>,
    /// Deviations that are declared, and why.
    pub expected: Vec<ExpectedDeviation>,
    /// Defect to switch on.
    pub defect: Option<RuleId>,
    /// Where the report goes.
    pub report_dir: PathBuf,
    /// Arguments that repeat the run, secrets left out.
    pub arguments: Vec<String>,
}

/// What is tested.
#[derive(Debug, Clone)]
pub enum SubjectPlan {
    /// The reference platform, started by the run.
    Embedded,
    /// A running product or a configured gateway.
    Target(Box<Target>),
    /// A running authorization server.
    AuthorizationServer(Box<CertifyPlan>),
}

/// A mock authorization server that is certified beside the platform: a row of `features/catalogue/vendors.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MockPlan {
    /// Whom it plays, as in the tag `@server:<mock>` and in the ids of its scenarios.
    pub mock: String,
    /// Key manager type as on the wire.
    pub key_manager_type: String,
    /// Name as shown.
    pub name: String,
}

/// Where features come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeatureSource {
    /// The ones embedded in the binary.
    Embedded,
    /// A folder laid out like `features/`.
    Folder(PathBuf),
}

/// One line of a deviations file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedDeviation {
    /// Id of the scenario.
    pub id: String,
    /// Why it is accepted.
    pub reason: String,
    /// What is observed then, as the failing step tells it; `*` stands for any text.
    pub observed: String,
    /// Where that is discussed.
    pub link: Option<String>,
    /// Last day on which it is accepted, `YYYY-MM-DD`.
    pub expires: Option<String>,
    /// Whether that day had passed when the plan was made.
    pub expired: bool,
    /// The profile that declares it; `None` for a line of the run's own file.
    pub profile: Option<String>,
}

/// How a running authorization server is certified.
#[derive(Clone)]
pub struct CertifyPlan {
    /// Name of the server's product, for the report; its issuer when `None`.
    pub name: Option<String>,
    /// Version of the product, for the report.
    pub version: Option<String>,
    /// The profile whose declared deviations apply.
    pub profile: String,
    /// Its discovery document.
    pub discovery: Url,
    /// Key manager type as on the wire (`custom`, `WSO2-IS-7`, `KeyCloak`, …), a row of `features/catalogue/vendors.toml`.
    pub key_manager_type: String,
    /// A client that exists there.
    pub client_id: Option<String>,
    /// Its secret.
    pub client_secret: Option<String>,
    /// A second client, for the rules about foreign tokens.
    pub other_client: Option<(String, String)>,
    /// A user name and password there.
    pub user: Option<(String, String)>,
    /// Token that registration asks for (RFC 7591, section 3).
    pub initial_access_token: Option<String>,
    /// Scope that a token request may ask for.
    pub scope: Option<String>,
    /// Resource indicator (RFC 8707) that makes the server issue JWTs.
    pub resource: Option<String>,
    /// Value of the parameter `audience`, which does the same at servers that know no resource indicators.
    pub audience: Option<String>,
    /// PEM file with a CA that its certificate leads to.
    pub ca: Option<PathBuf>,
    /// Whether plain `http` is accepted away from loopback.
    pub allow_plain_http: bool,
}

impl std::fmt::Debug for CertifyPlan {
    /// Leaves every secret out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CertifyPlan")
            .field("discovery", &self.discovery.as_str())
            .field("key_manager_type", &self.key_manager_type)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}
