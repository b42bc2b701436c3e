//! A gateway that was configured beforehand: scenarios get the issuers and routes that `target.toml` lists, no others.
//! What else a scenario needs, a portal or an issuer of its own, is not applicable there.

use std::{
    collections::BTreeMap,
    fs, io,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

use kmspec_mocks::{
    forge::Forge,
    realm::{Algorithm, Clock, KeyRing, SigningKey},
};

use super::{
    Ground,
    private_jwk::{self, PrivateJwkError, PrivateKey},
};
use crate::world::{SUPER_TENANT, SceneParts};
use kmspec_drivers::session::Planes;
use kmspec_model::{
    report::Subject,
    target::{ConfiguredIssuer, Target},
};

/// A gateway that was configured beforehand.
pub struct Fixed {
    target: Target,
    planes: Planes,
    issuers: FixedIssuers,
    count: AtomicUsize,
}

impl Fixed {
    /// The gateway that a target file describes. `planes` are its own, or those of interposers before it.
    ///
    /// # Errors
    ///
    /// [`FixedError`] when the keys of an issuer cannot be read.
    pub fn new(target: Target, planes: Planes) -> Result<Self, FixedError> {
        let issuers = FixedIssuers::read(&target)?;
        Ok(Self { target, planes, issuers, count: AtomicUsize::new(1) })
    }

    /// Its issuers, whose keys the harness has.
    pub fn issuers(&self) -> &[FixedIssuer] {
        self.issuers.all()
    }

    pub(super) fn subject(&self) -> Subject {
        Subject {
            name: self.target.name.clone(),
            version: self.target.version.clone(),
            kind: "fixed".to_owned(),
            profile: self.target.profile.clone(),
            capabilities: self.target.capabilities.clone(),
        }
    }

    pub(super) fn prepare(&self) -> Ground {
        let name = format!("kmspec-{}", self.count.fetch_add(1, Ordering::Relaxed));
        let parts = SceneParts {
            tenant: SUPER_TENANT.to_owned(),
            planes: self.planes.clone(),
            personas: BTreeMap::new(),
            bounds: self.target.bounds,
            configured: Some(self.issuers.cast(&name)),
            prefix: format!("{name}-"),
            // It was configured to reach the backend; nobody is told where that is.
            backend_url: String::new(),
        };
        Ground { parts, clock: None }
    }
}

/// An issuer that the gateway trusts, and the route on which it does.
#[derive(Debug, Clone)]
pub struct FixedIssuer {
    /// Makes its tokens, with the keys that the gateway was configured with.
    pub forge: Forge,
    /// Audience that its tokens must name, if the gateway asks for one.
    pub audience: Option<String>,
    /// Path on the gateway below which it is trusted.
    pub route: String,
}

/// Every issuer of a configured gateway, in the order of `target.toml`.
#[derive(Debug, Clone)]
pub struct FixedIssuers(Vec<FixedIssuer>);

/// The keys of a configured issuer are of no use.
#[derive(Debug, thiserror::Error)]
pub enum FixedError {
    /// The file cannot be read.
    #[error("reading the keys of issuer `{issuer}` from `{path}`")]
    Unreadable {
        /// Whose keys.
        issuer: String,
        /// Where they should be.
        path: PathBuf,
        /// Why they are not.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("the keys of issuer `{issuer}` in `{path}` cannot sign")]
    Keys {
        /// Whose keys.
        issuer: String,
        /// Where they are.
        path: PathBuf,
        /// What is wrong with them.
        source: PrivateJwkError,
    },
    /// A key does not fit the algorithm that the file names.
    #[error("key `{kid}` of issuer `{issuer}` cannot sign with `{alg}`: {cause}")]
    Algorithm {
        /// Whose key.
        issuer: String,
        /// Which one.
        kid: String,
        /// `alg` as in the file.
        alg: String,
        /// Why not.
        cause: String,
    },
}

impl FixedIssuers {
    /// Reads the keys of every issuer that the target lists.
    ///
    /// # Errors
    ///
    /// [`FixedError`] when a file is missing or holds no private keys.
    pub fn read(target: &Target) -> Result<Self, FixedError> {
        target.issuers.iter().map(read_issuer).collect::<Result<_, _>>().map(Self)
    }

    /// All of them.
    pub fn all(&self) -> &[FixedIssuer] {
        &self.0
    }

    /// The cast of one scenario, nobody in it yet. Its routes lead below this name, so that what reached the backend
    /// can be told apart from what other scenarios sent.
    pub fn cast(&self, below: &str) -> Cast {
        let own = |issuer: &FixedIssuer| FixedIssuer {
            route: format!("{}/{below}", issuer.route.trim_end_matches('/')),
            ..issuer.clone()
        };
        Cast { free: self.0.iter().rev().map(own).collect(), playing: BTreeMap::new() }
    }
}

/// Which configured issuer plays which part in one scenario.
#[derive(Debug, Clone)]
pub struct Cast {
    free: Vec<FixedIssuer>,
    playing: BTreeMap<String, FixedIssuer>,
}

impl Cast {
    /// Everybody who may play a part.
    pub fn issuers(&self) -> impl Iterator<Item = &FixedIssuer> {
        self.free.iter().chain(self.playing.values())
    }

    /// The issuer that a scenario calls by this name: the next free one at the first time, the same from then on.
    /// `None` when all play other parts: the scenario needs a fresh issuer, which nobody can have here.
    pub fn issuer(&mut self, name: &str) -> Option<FixedIssuer> {
        if !self.playing.contains_key(name) {
            self.playing.insert(name.to_owned(), self.free.pop()?);
        }
        self.playing.get(name).cloned()
    }
}

fn read_issuer(configured: &ConfiguredIssuer) -> Result<FixedIssuer, FixedError> {
    let (issuer, path) = (configured.issuer.clone(), configured.keys.clone());
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(source) => return Err(FixedError::Unreadable { issuer, path, source }),
    };
    let keys = match private_jwk::read(&text) {
        Ok(keys) => keys,
        Err(source) => return Err(FixedError::Keys { issuer, path, source }),
    };
    let mut keys = keys.iter().map(|key| signing_key(&issuer, key));
    let ring = KeyRing::with_key(keys.next().expect("a set without keys is no set")?);
    for other in keys {
        ring.publish(other?);
    }
    Ok(FixedIssuer {
        forge: Forge::new(issuer, ring, Clock::system()),
        audience: configured.audience.clone(),
        route: configured.route.clone(),
    })
}

fn signing_key(issuer: &str, key: &PrivateKey) -> Result<SigningKey, FixedError> {
    let refuse = |cause: String| FixedError::Algorithm {
        issuer: issuer.to_owned(),
        kid: key.kid.clone(),
        alg: key.alg.clone(),
        cause,
    };
    let algorithm: Algorithm = key.alg.parse().map_err(|_| refuse("no such algorithm".to_owned()))?;
    SigningKey::from_pem(&key.kid, algorithm, &key.pem).map_err(|error| refuse(error.cause))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use kmspec_mocks::realm::KeyPurpose;

    use super::*;

    fn configured(keys: &str) -> ConfiguredIssuer {
        ConfiguredIssuer {
            issuer: "https://issuer.example".to_owned(),
            keys: Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/envoy").join(keys),
            audience: Some("orders".to_owned()),
            route: "/orders".to_owned(),
        }
    }

    #[test]
    fn a_configured_issuer_signs_with_the_first_key_and_knows_the_others() {
        let issuer = read_issuer(&configured("issuer-a.test-private-keys.jwks")).unwrap();
        assert_eq!(issuer.forge.issuer(), "https://issuer.example");
        assert_eq!(issuer.forge.keys().current(KeyPurpose::Access).kid(), "test-a-rs256");
        assert_eq!(issuer.forge.keys().published(), ["test-a-rs256", "test-a-es256"]);
    }

    #[test]
    fn keys_that_cannot_sign_are_refused_with_their_file() {
        let public = read_issuer(&configured("issuer-a.jwks")).unwrap_err();
        assert!(public.to_string().contains("issuer-a.jwks"), "{public}");
        assert!(matches!(public, FixedError::Keys { source: PrivateJwkError::Missing { .. }, .. }));
        assert!(matches!(read_issuer(&configured("nothing.jwks")), Err(FixedError::Unreadable { .. })));
        let key = PrivateKey { kid: "k".into(), alg: "XX999".into(), pem: String::new() };
        assert!(matches!(signing_key("i", &key), Err(FixedError::Algorithm { .. })));
    }

    #[test]
    fn parts_are_cast_in_order_until_nobody_is_free() {
        let issuer = |route: &str| {
            let read = read_issuer(&configured("issuer-b.test-private-keys.jwks")).unwrap();
            FixedIssuer { route: route.to_owned(), ..read }
        };
        let issuers = FixedIssuers(vec![issuer("/one"), issuer("/two")]);
        let mut cast = issuers.cast("first");
        let route = |cast: &mut Cast, name: &str| cast.issuer(name).map(|issuer| issuer.route);
        assert_eq!(route(&mut cast, "acme").unwrap(), "/one/first");
        assert_eq!(route(&mut cast, "other").unwrap(), "/two/first");
        assert_eq!(route(&mut cast, "acme").unwrap(), "/one/first");
        assert_eq!(route(&mut cast, "third"), None);
        assert_eq!(route(&mut issuers.cast("second"), "third").unwrap(), "/one/second");
    }
}
