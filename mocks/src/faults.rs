//! Faults on demand: wrong answers, and connections that break, per endpoint and as often as asked for.
//! Wrong tokens are the forge's trade; how a broken connection is carried out is in `front`.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::{endpoints::call::Reply, journal::Endpoint, objects};

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// The request is not carried out; the answer is this status without a body.
    Status {
        /// From 200 to 599.
        status: u16,
    },
    /// The answer comes late.
    Delay {
        /// In milliseconds.
        by_ms: u64,
    },
    /// The answer's body lacks its end.
    MalformedJson,
    /// The answer's body is preceded by so many blanks, which JSON allows.
    Huge {
        /// How many.
        bytes: usize,
    },
    /// The request is not carried out; the answer is a 307 to there.
    Redirect {
        /// An absolute URL.
        location: String,
    },
    /// The answer names this media type.
    ContentType {
        /// As it stands in the header field.
        media_type: String,
    },
    /// Nobody listens any more, and open connections end: for every endpoint, until the faults are cleared.
    Refuse,
    /// The request is carried out, and the connection is reset instead of the answer.
    Reset,
    /// The request is carried out, the answer does not come, and the connection closes in the end.
    Stall {
        /// When, in milliseconds.
        for_ms: u64,
    },
    /// The answer comes in small pieces.
    Drip {
        /// How small.
        bytes: usize,
        /// How far apart, in milliseconds.
        every_ms: u64,
    },
    /// The connection closes in the middle of the answer.
    Cut {
        /// After so many bytes, its head included.
        after_bytes: usize,
    },
}

impl Fault {
    fn is_of_the_connection(&self) -> bool {
        matches!(self, Self::Refuse | Self::Reset | Self::Stall { .. } | Self::Drip { .. } | Self::Cut { .. })
    }

    /// The answer instead of carrying the request out, if that is the fault.
    pub(crate) fn replacement(&self) -> Option<Reply> {
        match self {
            Self::Status { status } => Some(Reply::empty(*status)),
            Self::Redirect { location } => Some(Reply::empty(307).header("location", location)),
            _ => None,
        }
    }

    /// The answer with the fault in it.
    pub(crate) fn spoil(&self, mut reply: Reply) -> Reply {
        match self {
            Self::MalformedJson => {
                reply.body.pop();
                if reply.body.is_empty() {
                    reply.body.push('{');
                }
            }
            Self::Huge { bytes } => reply.body.insert_str(0, &" ".repeat(*bytes)),
            Self::ContentType { media_type } => return reply.header("content-type", media_type),
            _ => {}
        }
        reply
    }

    /// How late the answer comes.
    pub(crate) fn delay(&self) -> Option<Duration> {
        match self {
            Self::Delay { by_ms } => Some(Duration::from_millis(*by_ms)),
            _ => None,
        }
    }
}

/// A fault, and when it happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use]
pub struct FaultScript {
    /// What goes wrong.
    #[serde(deserialize_with = "objects::tagged")]
    pub fault: Fault,
    /// Where; everywhere when left out.
    #[serde(default)]
    pub endpoint: Option<Endpoint>,
    /// How many requests are spared first.
    #[serde(default)]
    pub after: u32,
    /// How often it happens; until the faults are cleared when left out.
    #[serde(default)]
    pub times: Option<u32>,
}

impl FaultScript {
    /// Everywhere, from now on, until the faults are cleared.
    pub fn new(fault: Fault) -> Self {
        Self { fault, endpoint: None, after: 0, times: None }
    }

    /// At this endpoint only.
    pub fn at(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    /// Sparing so many requests first.
    pub fn after(mut self, requests: u32) -> Self {
        self.after = requests;
        self
    }

    /// So many times.
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }
}

/// The script could not have any effect, or not the one it describes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// Nothing would ever match.
    #[error("this server has no endpoint of the kind {0:?}\nhint: it serves {1}")]
    NotServed(Endpoint, String),
    /// It would happen zero times.
    #[error("the fault would happen zero times\nhint: leave `times` out for ever")]
    Never,
    /// Refusing is for all or nobody.
    #[error("connections are refused before anything is asked, so not at one endpoint, nor a number of times")]
    RefusalIsWhole,
    /// An earlier one is always in its way.
    #[error(
        "the fault could never happen: an earlier one happens at every such request from then on\n\
         hint: give the earlier one `times`, or clear the faults first"
    )]
    Hidden,
    /// A value that makes no sense.
    #[error("the fault's {what} {why}")]
    Value {
        /// Which one.
        what: &'static str,
        /// Why not.
        why: &'static str,
    },
}

/// Longer than this nobody waits.
const LONGEST_MS: u64 = 600_000;
/// More than this is not worth sending over loopback.
const LARGEST: usize = 64 << 20;

impl FaultScript {
    /// Whether this script leaves the other one no request, which is added after it.
    fn hides(&self, later: &Self) -> bool {
        let same_place = self.endpoint.is_none() || self.endpoint == later.endpoint;
        let same_kind = self.fault.is_of_the_connection() == later.fault.is_of_the_connection();
        let refuses = |script: &Self| script.fault == Fault::Refuse;
        let for_ever = self.times.is_none() && self.after <= later.after;
        for_ever && same_place && same_kind && !refuses(self) && !refuses(later)
    }

    fn check(&self, served: &BTreeSet<Endpoint>) -> Result<(), FaultError> {
        let value = |what, why| Err(FaultError::Value { what, why });
        if self.times == Some(0) {
            return Err(FaultError::Never);
        }
        self.endpoint.map_or(Ok(()), |endpoint| self::served(endpoint, served))?;
        let header = |text: &str| !text.is_empty() && http::HeaderValue::try_from(text).is_ok();
        match &self.fault {
            Fault::Refuse if self.endpoint.is_some() || self.times.is_some() || self.after > 0 => {
                Err(FaultError::RefusalIsWhole)
            }
            Fault::Status { status } if !(200..=599).contains(status) => value("status", "is not from 200 to 599"),
            Fault::Delay { by_ms: 0 } | Fault::Stall { for_ms: 0 } | Fault::Drip { every_ms: 0, .. } => {
                value("time", "is zero")
            }
            Fault::Delay { by_ms: ms } | Fault::Stall { for_ms: ms } | Fault::Drip { every_ms: ms, .. }
                if *ms > LONGEST_MS =>
            {
                value("time", "is more than ten minutes")
            }
            Fault::Huge { bytes: 0 } | Fault::Drip { bytes: 0, .. } => value("size", "is zero"),
            Fault::Huge { bytes } if *bytes > LARGEST => value("size", "is more than 64 MiB"),
            Fault::Cut { after_bytes } if *after_bytes > LARGEST => value("size", "is more than 64 MiB"),
            Fault::Redirect { location } if !leads_somewhere(location) || !header(location) => {
                value("location", "is no absolute URL of http or https")
            }
            Fault::MalformedJson if self.endpoint.is_some_and(answers_pages) => {
                value("body", "is to be malformed JSON, where pages and redirects are answered")
            }
            Fault::ContentType { media_type } if !header(media_type) => value("media type", "is no header value"),
            _ => Ok(()),
        }
    }
}

fn served(endpoint: Endpoint, served: &BTreeSet<Endpoint>) -> Result<(), FaultError> {
    if served.contains(&endpoint) {
        return Ok(());
    }
    let known: Vec<_> = served.iter().map(|endpoint| format!("{endpoint:?}")).collect();
    Err(FaultError::NotServed(endpoint, known.join(", ")))
}

fn leads_somewhere(location: &str) -> bool {
    url::Url::parse(location).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// What browsers are sent to.
fn answers_pages(endpoint: Endpoint) -> bool {
    matches!(endpoint, Endpoint::Authorize | Endpoint::Login | Endpoint::Session)
}

/// The faults of one server; clones share them.
#[derive(Clone)]
pub struct Faults(Arc<Inner>);

struct Inner {
    scripts: Mutex<Vec<FaultScript>>,
    /// How many of them are of connections: nobody looks for those while there are none.
    of_connections: AtomicUsize,
    served: BTreeSet<Endpoint>,
    kind_of: Box<dyn Fn(&str) -> Endpoint + Send + Sync>,
    /// Whether connections are to be refused, and whether they are.
    refusal: watch::Sender<bool>,
    refused: watch::Sender<bool>,
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Faults").field(&self.pending()).finish()
    }
}

impl Faults {
    /// No faults yet, for a server that serves these endpoints and knows a path's kind.
    pub(crate) fn new(served: BTreeSet<Endpoint>, kind_of: impl Fn(&str) -> Endpoint + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner {
            scripts: Mutex::default(),
            of_connections: AtomicUsize::new(0),
            served,
            kind_of: Box::new(kind_of),
            refusal: watch::channel(false).0,
            refused: watch::channel(false).0,
        }))
    }

    /// Whether the server serves an endpoint of this kind.
    ///
    /// # Errors
    ///
    /// [`FaultError::NotServed`], which names those that it serves.
    pub fn serves(&self, endpoint: Endpoint) -> Result<(), FaultError> {
        served(endpoint, &self.0.served)
    }

    /// Makes something go wrong. Each script counts the requests to its endpoint itself, whatever happens to them; of the
    /// scripts that are due at a request, the one that was added first happens, and the others stay due. A fault of the
    /// answer and one of the connection can happen to the same request. A refusal is in force when this returns.
    ///
    /// # Errors
    ///
    /// [`FaultError`] when the script could not have the effect it describes; then nothing has changed.
    pub async fn script(&self, script: FaultScript) -> Result<(), FaultError> {
        script.check(&self.0.served)?;
        let refuse = script.fault == Fault::Refuse;
        self.change(|scripts| {
            if scripts.iter().any(|earlier| earlier.hides(&script)) {
                return Err(FaultError::Hidden);
            }
            scripts.push(script);
            Ok(())
        })?;
        if refuse {
            self.refuse(true).await;
        }
        Ok(())
    }

    /// Nothing goes wrong any more. Connections are accepted again when this returns.
    pub async fn clear(&self) {
        self.change(Vec::clear);
        self.refuse(false).await;
    }

    /// What is still to go wrong.
    pub fn pending(&self) -> Vec<FaultScript> {
        self.0.scripts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change<T>(&self, change: impl FnOnce(&mut Vec<FaultScript>) -> T) -> T {
        let mut scripts = self.0.scripts.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut scripts);
        let of_connections = scripts.iter().filter(|script| script.fault.is_of_the_connection()).count();
        self.0.of_connections.store(of_connections, Ordering::Release);
        result
    }

    async fn refuse(&self, on: bool) {
        self.0.refusal.send_replace(on);
        // Nobody answers when the front is gone, or has not been started: then there is nothing to wait for.
        if self.0.refusal.receiver_count() > 0 {
            let _ = self.0.refused.subscribe().wait_for(|refused| *refused == on).await;
        }
    }

    /// What goes wrong with the answer to a request of this kind.
    pub(crate) fn of_answer(&self, endpoint: Endpoint) -> Option<Fault> {
        self.take(endpoint, |fault| !fault.is_of_the_connection())
    }

    /// What goes wrong with the connection that carries a request to this path.
    pub(crate) fn of_connection(&self, path: &str) -> Option<Fault> {
        if self.0.of_connections.load(Ordering::Acquire) == 0 {
            return None;
        }
        self.take((self.0.kind_of)(path), |fault| fault.is_of_the_connection() && *fault != Fault::Refuse)
    }

    fn take(&self, endpoint: Endpoint, wanted: impl Fn(&Fault) -> bool) -> Option<Fault> {
        self.change(|scripts| {
            let fits = |script: &FaultScript| script.endpoint.is_none_or(|at| at == endpoint) && wanted(&script.fault);
            let due = scripts.iter().position(|script| fits(script) && script.after == 0);
            scripts
                .iter_mut()
                .filter(|script| fits(script))
                .for_each(|script| script.after = script.after.saturating_sub(1));
            let at = due?;
            let script = &mut scripts[at];
            let fault = script.fault.clone();
            if let Some(times) = &mut script.times {
                *times -= 1;
                if *times == 0 {
                    drop(scripts.remove(at));
                }
            }
            Some(fault)
        })
    }

    /// Whether connections are to be refused; the front follows it.
    pub(crate) fn refusal(&self) -> watch::Receiver<bool> {
        self.0.refusal.subscribe()
    }

    /// Notes whether connections are refused now.
    pub(crate) fn note_refused(&self, refused: bool) {
        self.0.refused.send_replace(refused);
    }
}
