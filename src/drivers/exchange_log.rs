//! What went over the wire in one scenario, redacted as it is written down.
//! Which step an exchange belongs to is told by its time; the runner's collector puts the two together.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use kmspec_model::{
    exchange::{Answer, Exchange, Plane, Role},
    redaction,
    redactor::Redactor,
};

/// The record of one scenario's exchanges; clones write into the same record.
#[derive(Debug, Clone)]
pub struct ExchangeLog {
    began: Instant,
    began_at: SystemTime,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    acting: bool,
    asked: Vec<Plane>,
    secrets: Redactor,
    exchanges: Vec<Exchange>,
}

/// A request as it leaves, before redaction.
#[derive(Debug, Clone, Copy)]
pub struct Sent<'a> {
    /// Who sends it.
    pub role: Role,
    /// To which plane.
    pub plane: Plane,
    /// Method as sent.
    pub method: &'a str,
    /// URL as sent.
    pub url: &'a str,
    /// Header fields as sent, in order.
    pub headers: &'a [(String, String)],
    /// Body as sent.
    pub body: Option<&'a str>,
}

/// What came back, before redaction.
#[derive(Debug, Clone, Copy)]
pub enum Received<'a> {
    /// An answer.
    Reply {
        /// Its status.
        status: u16,
        /// Its header fields, in order.
        headers: &'a [(String, String)],
        /// Its body.
        body: &'a str,
    },
    /// None, for this reason.
    Nothing(&'a str),
}

impl Default for ExchangeLog {
    fn default() -> Self {
        Self { began: Instant::now(), began_at: SystemTime::now(), kept: Arc::default() }
    }
}

impl ExchangeLog {
    /// When the record began, in microseconds since 1970; the times in it count from here.
    pub fn began_at_us(&self) -> u64 {
        micros(self.began_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
    }

    /// Whether exchanges from now on belong to what the scenario is about, and not to its set-up.
    pub fn act(&self, acting: bool) {
        self.kept().acting = acting;
    }

    /// Writes an exchange down, redacted.
    pub fn record(&self, sent: Sent<'_>, received: Received<'_>, took: Duration) {
        let redacted = |headers: &[(String, String)]| -> Vec<(String, String)> {
            headers.iter().map(|(name, value)| (name.clone(), redaction::header(name, value))).collect()
        };
        let content_type =
            |headers: &[(String, String)]| super::reply::find_header(headers, "content-type").map(str::to_owned);
        let at = self.began.elapsed().saturating_sub(took);
        let answer = match received {
            Received::Reply { status, headers, body } => Answer::Replied {
                status,
                headers: redacted(headers),
                body: (!body.is_empty()).then(|| redaction::body(content_type(headers).as_deref(), body)),
            },
            Received::Nothing(why) => Answer::Failed(redaction::text(why)),
        };
        let mut kept = self.kept();
        kept.secrets.learn_url(sent.url);
        kept.secrets.learn_headers(sent.headers);
        sent.body.into_iter().for_each(|body| kept.secrets.learn_body(body));
        if let Received::Reply { headers, body, .. } = received {
            kept.secrets.learn_headers(headers);
            kept.secrets.learn_body(body);
        }
        if kept.acting && sent.role != Role::Harness {
            kept.asked.push(sent.plane);
        }
        kept.exchanges.push(Exchange {
            role: sent.role,
            plane: sent.plane,
            step: String::new(),
            at_us: micros(at),
            took_us: micros(took),
            method: sent.method.to_owned(),
            url: redaction::text(sent.url),
            request_headers: redacted(sent.headers),
            request_body: sent.body.map(|body| redaction::body(content_type(sent.headers).as_deref(), body)),
            answer,
        });
    }

    /// How many requests went to these planes, leaving out set-up and what the harness sent for itself.
    pub fn requests_to(&self, planes: impl Fn(Plane) -> bool) -> usize {
        self.kept().asked.iter().filter(|plane| planes(**plane)).count()
    }

    /// The exchange that ended last.
    pub fn last(&self) -> Option<Exchange> {
        self.kept().exchanges.last().cloned()
    }

    /// Takes this out of whatever is written down, before it was ever sent.
    pub fn know(&self, secret: &str) {
        self.kept().secrets.learn("SECRET", secret);
    }

    /// The secrets that were sent or received so far.
    pub fn secrets(&self) -> Redactor {
        self.kept().secrets.clone()
    }

    /// Everything written down, which empties the record.
    pub fn take(&self) -> Vec<Exchange> {
        std::mem::take(&mut self.kept().exchanges)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whole microseconds; a run does not last long enough to overflow.
pub fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_kept_and_neither_set_up_nor_the_harness_is_counted() {
        let log = ExchangeLog::default();
        let headers = [("Authorization".to_owned(), "Bearer 0123456789abcdef".to_owned())];
        let mut sent = Sent {
            role: Role::Developer,
            plane: Plane::Devportal,
            method: "POST",
            url: "https://localhost/x",
            headers: &headers,
            body: Some(r#"{"consumerSecret":"0123456789abcdef"}"#),
        };
        log.record(sent, Received::Nothing("refused"), Duration::ZERO);
        assert_eq!(log.requests_to(|_| true), 0);
        log.act(true);
        log.record(sent, Received::Nothing("refused"), Duration::ZERO);
        sent.role = Role::Harness;
        log.record(sent, Received::Nothing("refused"), Duration::ZERO);
        assert_eq!(log.requests_to(|plane| plane == Plane::Devportal), 1);
        let kept = log.take();
        assert!(!serde_json::to_string(&kept).unwrap().contains("0123456789"));
        assert!(log.take().is_empty());
    }
}
