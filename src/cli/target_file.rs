//! Reads a `target.toml`: strictly, with passwords from the environment and paths seen from the file's folder.
//! What a target can do beyond what its planes say is found out by the runner's provisioning.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;
use url::Url;

use super::{ca_file, error::PlanError};
use kmspec_model::{
    capability::Capability,
    target::{Bounds, ConfiguredIssuer, Persona, PlaneUrls, Target},
};

/// Looks up an environment variable.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetFile {
    name: String,
    #[serde(default)]
    version: String,
    #[serde(default = "reference")]
    profile: String,
    planes: PlanesTable,
    #[serde(default)]
    personas: BTreeMap<PersonaName, PersonaTable>,
    #[serde(default)]
    trust: TrustTable,
    #[serde(default)]
    mocks: MocksTable,
    #[serde(default)]
    backend: BackendTable,
    #[serde(default)]
    control: ControlTable,
    #[serde(default)]
    issuers: Vec<IssuerTable>,
    #[serde(default)]
    capabilities: BTreeMap<String, bool>,
    #[serde(default)]
    bounds: BoundsTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanesTable {
    admin: Option<Url>,
    publisher: Option<Url>,
    devportal: Option<Url>,
    gateway: Option<Url>,
}

#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
enum PersonaName {
    Administrator,
    Publisher,
    Developer,
    Other,
}

impl PersonaName {
    fn word(&self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Publisher => "publisher",
            Self::Developer => "developer",
            Self::Other => "other",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonaTable {
    username: String,
    password_env: String,
    #[serde(default)]
    roles: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct TrustTable {
    ca: Option<PathBuf>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct MocksTable {
    host: Option<String>,
    ports: Option<String>,
    ca: Option<PathBuf>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct BackendTable {
    host: Option<String>,
    port: Option<u16>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct ControlTable {
    restart: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IssuerTable {
    issuer: String,
    keys: PathBuf,
    audience: Option<String>,
    route: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct BoundsTable {
    propagation: Option<String>,
    revocation: Option<String>,
    request: Option<String>,
}

fn reference() -> String {
    "reference".to_owned()
}

/// Reads the description of a target.
///
/// # Errors
///
/// [`PlanError`] naming the file and the line, or the environment variable that is not set.
pub fn read(path: &Path, environment: Environment<'_>) -> Result<Target, PlanError> {
    let text = std::fs::read_to_string(path).map_err(|source| PlanError::Unreadable {
        what: "the target",
        path: path.to_owned(),
        source,
        hint: "`--target` takes a TOML file that describes a running platform; the README shows one",
    })?;
    let malformed = |problem: String, hint: &str| PlanError::Malformed {
        what: "the target",
        path: path.to_owned(),
        problem,
        hint: hint.to_owned(),
    };
    let file: TargetFile = toml::from_str(&text)
        .map_err(|error| malformed(error.to_string(), "the README shows a target with every field"))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let ca = file.trust.ca.as_ref().map(|ca| folder.join(ca));
    if let Some(ca) = &ca {
        ca_file::check(ca, "[trust] ca in the target file names a PEM file, seen from the target file")?;
    }
    let planes =
        plane_urls(&file.planes).map_err(|problem| malformed(problem, "a plane is an https URL without a query"))?;
    if planes == PlaneUrls::default() {
        return Err(malformed("`[planes]` is empty".to_owned(), "name at least the gateway"));
    }
    let capabilities =
        capabilities(&planes, &file).map_err(|error| malformed(error.to_string(), "see `[capabilities]`"))?;
    let personas = file.personas.iter().map(|(name, persona)| {
        let password = environment(&persona.password_env).ok_or_else(|| PlanError::NoSecret {
            variable: persona.password_env.clone(),
            holds: format!("the password of the {} `{}`", name.word(), persona.username),
        })?;
        let username = persona.username.clone();
        Ok((name.word().to_owned(), Persona { username, password, roles: persona.roles.clone() }))
    });
    let personas = personas.collect::<Result<_, PlanError>>()?;
    let bounds =
        bounds(&file.bounds).map_err(|problem| malformed(problem, "durations are written 500ms, 20s or 2m"))?;
    let mocks_ports = file.mocks.ports.as_deref().map(port_range).transpose();
    Ok(Target {
        mocks_ports: mocks_ports.map_err(|problem| malformed(problem, "ports are written \"19440-19499\""))?,
        planes,
        personas,
        ca,
        mock_ca: file.mocks.ca.map(|ca| folder.join(ca)),
        mocks_host: file.mocks.host.unwrap_or_else(|| "localhost".to_owned()),
        backend_host: file.backend.host.unwrap_or_else(|| "localhost".to_owned()),
        backend_port: file.backend.port,
        restart: file.control.restart,
        issuers: file.issuers.into_iter().map(|issuer| configured(folder, issuer)).collect(),
        capabilities,
        bounds,
        name: file.name,
        version: file.version,
        profile: file.profile,
    })
}

fn plane_urls(planes: &PlanesTable) -> Result<PlaneUrls, String> {
    let usable = |url: &Option<Url>| match url {
        Some(url)
            if !matches!(url.scheme(), "https" | "http") || url.query().is_some() || !url.username().is_empty() =>
        {
            Err(format!("`{url}` cannot be the base of a plane"))
        }
        other => Ok(other.clone()),
    };
    Ok(PlaneUrls {
        admin: usable(&planes.admin)?,
        publisher: usable(&planes.publisher)?,
        devportal: usable(&planes.devportal)?,
        gateway: usable(&planes.gateway)?,
    })
}

/// What the planes promise, changed by what the file says outright.
fn capabilities(
    planes: &PlaneUrls,
    file: &TargetFile,
) -> Result<Vec<Capability>, kmspec_model::capability::UnknownCapability> {
    let mut found: std::collections::BTreeSet<Capability> = std::collections::BTreeSet::new();
    let promises = [
        (planes.admin.is_some(), Capability::Admin),
        (planes.admin.is_some(), Capability::FreshIssuer),
        (planes.publisher.is_some(), Capability::Publisher),
        (planes.devportal.is_some(), Capability::Devportal),
        (planes.devportal.is_some(), Capability::Resident),
        (planes.devportal.is_some(), Capability::Consent),
        (planes.gateway.is_some(), Capability::Gateway),
        (planes.gateway.is_some() && planes.admin.is_some(), Capability::OpaqueTokens),
        (planes.gateway.is_some() && planes.publisher.is_some(), Capability::BackendTokens),
        (file.control.restart.is_some(), Capability::Restart),
    ];
    found.extend(promises.into_iter().filter(|(promised, _)| *promised).map(|(_, capability)| capability));
    for (name, has) in &file.capabilities {
        let capability: Capability = name.parse()?;
        if *has {
            found.insert(capability);
        } else {
            found.remove(&capability);
        }
    }
    Ok(found.into_iter().collect())
}

fn configured(folder: &Path, table: IssuerTable) -> ConfiguredIssuer {
    ConfiguredIssuer {
        issuer: table.issuer,
        keys: folder.join(table.keys),
        audience: table.audience,
        route: table.route,
    }
}

fn bounds(table: &BoundsTable) -> Result<Bounds, String> {
    let standard = Bounds::default();
    let read = |text: &Option<String>, standard| text.as_deref().map_or(Ok(standard), duration);
    Ok(Bounds {
        propagation: read(&table.propagation, standard.propagation)?,
        revocation: read(&table.revocation, standard.revocation)?,
        request: read(&table.request, standard.request)?,
    })
}

/// A whole number with the unit `ms`, `s` or `m`.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let milliseconds = match &text[digits.len()..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        _ => 0,
    };
    match digits.parse::<u64>().ok().and_then(|number| number.checked_mul(milliseconds)) {
        Some(total) if total > 0 => Ok(Duration::from_millis(total)),
        _ => Err(format!("`{text}` is no duration")),
    }
}

fn port_range(text: &str) -> Result<(u16, u16), String> {
    let range =
        text.split_once('-').and_then(|(first, last)| Some((first.trim().parse().ok()?, last.trim().parse().ok()?)));
    range.filter(|(first, last)| first <= last && *first > 0).ok_or_else(|| format!("`{text}` is no range of ports"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
name = "WSO2 API Manager"
version = "4.5.0"
profile = "wso2-apim-4.7"
[planes]
admin     = "https://localhost:9443/api/am/admin/v4"
gateway   = "https://localhost:8243"
[personas]
administrator = { username = "admin", password_env = "APIM_ADMIN_PASSWORD" }
[trust]
ca = "apim-ca.pem"
[mocks]
host  = "host.docker.internal"
ports = "19440-19499"
[control]
restart = "docker restart wso2am"
[capabilities]
tenants = true
opaque-tokens = false
[bounds]
propagation = "20s"
revocation  = "500ms"
"#;

    fn read_text(text: &str) -> Result<Target, PlanError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("target.toml");
        std::fs::write(&path, text).unwrap();
        std::fs::write(folder.path().join("apim-ca.pem"), "-----BEGIN CERTIFICATE-----\n").unwrap();
        read(&path, &|name| (name == "APIM_ADMIN_PASSWORD").then(|| "secret".to_owned()))
    }

    #[test]
    fn a_whole_target_is_read() {
        let target = read_text(WHOLE).unwrap();
        assert_eq!(target.personas["administrator"].password, "secret");
        assert_eq!(target.mocks_ports, Some((19440, 19499)));
        assert_eq!(target.bounds.propagation, Duration::from_secs(20));
        assert_eq!(target.bounds.revocation, Duration::from_millis(500));
        assert!(target.ca.unwrap().is_absolute());
        assert_eq!(
            target.capabilities,
            [Capability::Admin, Capability::Gateway, Capability::FreshIssuer, Capability::Tenants, Capability::Restart]
        );
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        let error = read_text(&WHOLE.replace("APIM_ADMIN_PASSWORD", "ELSEWHERE")).unwrap_err().to_string();
        assert!(error.contains("`ELSEWHERE` is not set") && error.contains("administrator `admin`"), "{error}");
    }

    #[test]
    fn a_misspelt_field_is_shown_with_its_line() {
        let error = read_text(&WHOLE.replace("restart =", "retsart =")).unwrap_err().to_string();
        assert!(error.contains("retsart") && error.contains("line"), "{error}");
    }

    #[test]
    fn nonsense_is_refused() {
        for (sense, nonsense) in [
            ("\"20s\"", "\"20 parsecs\""),
            ("19440-19499", "19499-19440"),
            ("tenants = true", "telepathy = true"),
            ("administrator =", "janitor ="),
            ("https://localhost:8243", "ftp://localhost"),
        ] {
            assert!(read_text(&WHOLE.replace(sense, nonsense)).is_err(), "{nonsense}");
        }
    }
}
