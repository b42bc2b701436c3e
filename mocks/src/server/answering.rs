//! What a wiremock server hands a request to: finds the endpoint, applies the faults, writes the journal.
//! What an endpoint answers is its own business.

use std::{
    panic::{self, AssertUnwindSafe},
    sync::{Arc, PoisonError},
    time::Duration,
};

use wiremock::{Request, Respond, ResponseTemplate};

use super::{behind::Cleaner, site::Site};
use crate::{
    certificates::{PRESENTED_HEADER, PresentedCertificate},
    defects::Defects,
    endpoints::call::{Call, Reply},
    faults::Fault,
    journal::{Endpoint, JournalEntry, Recorder},
};

/// Answers whatever reaches the wiremock server.
#[derive(Clone)]
pub(super) struct Answering {
    pub(super) site: Arc<Site>,
    pub(super) recorder: Recorder,
    pub(super) cleaner: Cleaner,
}

impl Respond for Answering {
    /// A panic is answered 500 and remembered.
    fn respond(&self, request: &Request) -> ResponseTemplate {
        self.cleaner.count(self);
        panic::catch_unwind(AssertUnwindSafe(|| self.answer(request))).unwrap_or_else(|payload| {
            let text = payload.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("a panic without a message");
            let what = format!("{} {}: {text}", request.method, request.url.path());
            self.site.panics.lock().unwrap_or_else(PoisonError::into_inner).push(what);
            ResponseTemplate::new(500)
        })
    }
}

impl Answering {
    fn answer(&self, request: &Request) -> ResponseTemplate {
        let at_us = self.recorder.elapsed_us();
        let mut call = call(request);
        let sent = std::mem::take(&mut call.path);
        let local = self.site.layout.local(&sent).unwrap_or_default();
        let tenants = self.site.settings.tenants_have_paths();
        call.path = if tenants { self.site.dialect.local_path(local) } else { local }.to_owned();
        let (endpoint, reply, delay) = self.site.reply(&call);
        let mut template = template(&reply);
        if let Some(delay) = delay {
            template = template.set_delay(delay);
        }
        if self.recorder.is_on() {
            call.path = sent;
            self.recorder.write(entry(at_us, endpoint, call, reply));
        }
        template
    }
}

impl Site {
    /// What a request is for, the reply to it with whatever fault was scripted, and how late that comes.
    pub(super) fn reply(&self, call: &Call) -> (Endpoint, Reply, Option<Duration>) {
        if call.path.starts_with("/t/") && !self.settings.tenants_have_paths() {
            return self.elsewhere(Endpoint::guess(&call.path), call);
        }
        if let Some((tenant, call)) = self.tenant_of(call) {
            return tenant.reply(&call);
        }
        let routed = self.dialect.route(&call.path);
        if let Some((endpoint, _)) = routed.as_ref().filter(|(endpoint, _)| !self.layout.serves(*endpoint, call)) {
            return self.elsewhere(*endpoint, call);
        }
        let endpoint = routed.as_ref().map_or_else(|| Endpoint::guess(&call.path), |(endpoint, _)| *endpoint);
        let fault = self.faults.of_answer(endpoint);
        let reply = match (fault.as_ref().and_then(Fault::replacement), routed) {
            (Some(replacement), _) => replacement,
            (None, Some((_, handler))) => {
                self.canned(endpoint).unwrap_or_else(|| Defects::answer(self, endpoint, call, handler))
            }
            (None, None) => Reply::empty(404),
        };
        let reply = fault.iter().fold(reply, |reply, fault| fault.spoil(reply));
        let delay = fault.and_then(|fault| fault.delay()).or(reply.late_by);
        (endpoint, reply, delay)
    }

    /// The answer at an address where nothing lies; no fault is used up by it.
    fn elsewhere(&self, endpoint: Endpoint, call: &Call) -> (Endpoint, Reply, Option<Duration>) {
        let reply = Defects::answer(self, endpoint, call, nowhere);
        let delay = reply.late_by;
        (endpoint, reply, delay)
    }
}

/// What lies at no address of the server is answered so.
fn nowhere(_site: &Site, _call: &Call) -> Reply {
    Reply::empty(404)
}

fn call(request: &Request) -> Call {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let certificate = request.headers.get(PRESENTED_HEADER).and_then(|value| PresentedCertificate::read(&text(value)));
    let sent = request.headers.iter().filter(|(name, _)| name.as_str() != PRESENTED_HEADER);
    Call {
        method: request.method.to_string(),
        path: request.url.path().to_owned(),
        query: request.url.query().map(str::to_owned),
        headers: sent.map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
        body: request.body.clone(),
        certificate,
    }
}

fn template(reply: &Reply) -> ResponseTemplate {
    let mut template = ResponseTemplate::new(reply.status).set_body_bytes(reply.body.as_bytes());
    for (name, value) in &reply.headers {
        // A value that cannot stand in a header field would make wiremock panic.
        if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(name), http::HeaderValue::try_from(value)) {
            template = template.append_header(name, value);
        }
    }
    template
}

fn entry(at_us: u64, endpoint: Endpoint, call: Call, reply: Reply) -> JournalEntry {
    JournalEntry {
        at_us,
        endpoint,
        method: call.method,
        path: call.path,
        query: call.query,
        headers: call.headers,
        body: String::from_utf8_lossy(&call.body).into_owned(),
        status: reply.status,
        answer_headers: reply.headers,
        answer_body: reply.body,
    }
}
