//! Setting the stage for each kind of subject: the embedded platform, a target, an authorization server.
//! What happens on it afterwards is the stage's.

use std::sync::{Arc, Mutex};

use kmspec_drivers::wire::{Wire, WireSettings};
use kmspec_mocks::{
    backend::EchoBackend,
    certificates::{CertificateAuthority, TlsIdentity},
};
use kmspec_model::{
    plan::{CertifyPlan, MockPlan},
    rule::RuleId,
    target::{Bounds, Target},
};
use kmspec_platform::Tls;
use kmspec_prove::{self as prove, Accomplices, Cause};
use url::Url;

use super::{Stage, StageError, certified::CertifiedMocks, servers, warning};
use crate::runner::provisioning::{
    CertifiedServer, Embedded, Fixed, Product, Provisioning, Sabotage, answer, embedded::Common,
};

/// Names under which this machine's servers present themselves.
const OWN_NAMES: [&str; 2] = ["localhost", "127.0.0.1"];

impl Stage {
    pub(super) async fn open_embedded(defect: Option<&RuleId>, servers: &[MockPlan]) -> Result<Self, StageError> {
        let certificates = Arc::new(CertificateAuthority::new("kmspec run")?);
        let identity = certificates.issue(&OWN_NAMES)?;
        let trust = vec![certificates.ca_pem().to_owned()];
        let sabotage = sabotage(defect, &identity, &trust)?;
        let backend = start_backend(None).await?;
        let common = Common {
            tls: Tls { chain_pem: identity.chain_pem.clone(), key_pem: identity.key_pem.clone() },
            trust_pem: trust.clone(),
            backend_url: backend.base_url().to_owned(),
            sabotage: sabotage.clone(),
        };
        let wire = Wire::new(WireSettings {
            trust_pem: trust,
            system_trust: false,
            names_of_this_machine: vec!["localhost".to_owned()],
            request_limit: Bounds::default().request,
        })?;
        let mocks = servers::Place::local(certificates);
        let (embedded, certified) = tokio::join!(
            Embedded::open(common),
            CertifiedMocks::open(servers, defect_of_servers(defect)?, &mocks, &wire)
        );
        Ok(Self {
            provisioning: Provisioning::Embedded(Box::new(embedded?)),
            certified: certified?,
            mocks,
            wire,
            backend,
            sabotage,
            problems: Mutex::default(),
            retiring: Mutex::default(),
            interposers: Vec::new(),
        })
    }

    pub(super) async fn open_target(target: &Target, defect: Option<&RuleId>) -> Result<Self, StageError> {
        let certificates = Arc::new(match &target.mock_ca {
            Some(folder) => CertificateAuthority::load_or_create(folder)?,
            None => CertificateAuthority::new("kmspec run")?,
        });
        if let Some(id) = defect_of_servers(defect)? {
            return Err(StageError::NoMocksToSpoil(id));
        }
        let mut trust = vec![certificates.ca_pem().to_owned()];
        if let Some(path) = &target.ca {
            let pem = tokio::fs::read_to_string(path)
                .await
                .map_err(|source| StageError::CaFile { path: path.clone(), source })?;
            trust.push(pem);
        }
        let sabotage = sabotage(defect, &certificates.issue(&OWN_NAMES)?, &trust)?;
        let backend = start_backend(target.backend_port).await?;
        let backend_url = at_host(backend.base_url(), &target.backend_host);
        let wire = Wire::new(WireSettings {
            trust_pem: trust,
            system_trust: target.ca.is_none(),
            names_of_this_machine: vec![target.mocks_host.clone(), target.backend_host.clone()],
            request_limit: target.bounds.request,
        })?;
        let planes = Product::planes_of(target);
        answer(&planes, &wire).await.map_err(|(plane, source)| StageError::TargetSilent { plane, source })?;
        let (planes, interposers) = match &sabotage {
            Some(sabotage) => sabotage.stand_before(planes).await?,
            None => (planes, Vec::new()),
        };
        let mut stale = Vec::new();
        let provisioning = if target.is_fixed() {
            let fixed = Fixed::new(target.clone(), planes)?;
            if let Some(sabotage) = &sabotage {
                fixed.issuers().iter().for_each(|issuer| sabotage.accomplices().enlist(issuer.forge.clone()));
            }
            Provisioning::Fixed(fixed)
        } else {
            let product = Product::new(target.clone(), planes, wire.clone(), backend_url);
            stale = product.stale().await.map_err(StageError::Target)?;
            Provisioning::Product(product)
        };
        Ok(Self {
            provisioning,
            mocks: servers::Place::for_target(certificates, target),
            certified: CertifiedMocks::default(),
            wire,
            backend,
            sabotage,
            problems: Mutex::new(stale.into_iter().map(warning).collect()),
            retiring: Mutex::default(),
            interposers,
        })
    }

    /// Nothing but the server itself takes part; the rest stands idle.
    pub(super) async fn open_server(plan: &CertifyPlan) -> Result<Self, StageError> {
        Ok(Self {
            provisioning: Provisioning::AuthorizationServer(CertifiedServer::open(plan).await?),
            mocks: servers::Place::local(Arc::new(CertificateAuthority::new("kmspec run")?)),
            certified: CertifiedMocks::default(),
            wire: Wire::new(WireSettings::default())?,
            backend: start_backend(None).await?,
            sabotage: None,
            problems: Mutex::default(),
            retiring: Mutex::default(),
            interposers: Vec::new(),
        })
    }
}

/// The defect, when the certified mocks are to have it themselves.
fn defect_of_servers(defect: Option<&RuleId>) -> Result<Option<String>, StageError> {
    let Some(id) = defect else { return Ok(None) };
    Ok(matches!(prove::cause(id)?, Cause::Servers).then(|| id.to_string()))
}

fn sabotage(
    defect: Option<&RuleId>,
    identity: &TlsIdentity,
    trust: &[String],
) -> Result<Option<Arc<Sabotage>>, StageError> {
    let Some(id) = defect else { return Ok(None) };
    let Cause::Saboteur(saboteur) = prove::cause(id)? else { return Ok(None) };
    let accomplices = Arc::new(Accomplices::new(trust)?);
    let saboteur = saboteur(Arc::clone(&accomplices));
    Ok(Some(Arc::new(Sabotage::new(saboteur, accomplices, identity.server_config_asking(), trust.to_vec()))))
}

async fn start_backend(port: Option<u16>) -> Result<EchoBackend, StageError> {
    EchoBackend::start_on(None, port).await.map_err(|error| StageError::Backend(error.to_string()))
}

/// The URL under another host name.
fn at_host(url: &str, host: &str) -> String {
    let Ok(mut moved) = url.parse::<Url>() else { return url.to_owned() };
    match moved.set_host(Some(host)) {
        Ok(()) => moved.to_string().trim_end_matches('/').to_owned(),
        Err(_) => url.to_owned(),
    }
}
