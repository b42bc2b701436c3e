//! `/servers/{server}/journal`: what a server was asked and what it answered.
//! Nothing in it is redacted: it is for tests on this machine.

use axum::{
    Json,
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::IntoResponse,
};
use serde::Deserialize;

use super::{
    body::Body,
    house::House,
    refusal::{Answer, Refusal, nearest},
};
use crate::journal::{Endpoint, JournalEntry};

/// What is looked for; everything when empty.
#[derive(Debug, Default)]
struct Filter {
    endpoint: Option<Endpoint>,
    method: Option<String>,
    path: Option<String>,
    status: Option<u16>,
    since_us: u64,
    limit: Option<usize>,
}

impl Filter {
    const NAMES: [&str; 6] = ["endpoint", "method", "path", "status", "since_us", "limit"];

    fn read(query: &str) -> Result<Self, Refusal> {
        let mut filter = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let wrong = || Refusal::bad(format!("the filter `{name}` cannot be `{value}`"));
            match &*name {
                "endpoint" => {
                    let read = serde_json::from_value(serde_json::Value::from(&*value));
                    filter.endpoint = Some(read.map_err(|error| super::body::explained(&error))?);
                }
                "method" => filter.method = Some(value.into_owned()),
                "path" => filter.path = Some(value.into_owned()),
                "status" => filter.status = Some(value.parse().map_err(|_| wrong())?),
                "since_us" => filter.since_us = value.parse().map_err(|_| wrong())?,
                "limit" => filter.limit = Some(value.parse().map_err(|_| wrong())?),
                _ => {
                    let known = Self::NAMES.map(str::to_owned);
                    let hint = nearest(&name, &known).map(|near| format!("did you mean `{near}`?"));
                    let hint = hint.unwrap_or_else(|| format!("there are {}", known.join(", ")));
                    return Err(Refusal::bad(format!("there is no filter `{name}`")).hint(hint));
                }
            }
        }
        Ok(filter)
    }

    fn fits(&self, entry: &JournalEntry) -> bool {
        self.endpoint.is_none_or(|endpoint| endpoint == entry.endpoint)
            && self.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(&entry.method))
            && self.path.as_ref().is_none_or(|path| *path == entry.path)
            && self.status.is_none_or(|status| status == entry.status)
            && entry.at_us >= self.since_us
    }
}

pub(super) async fn list(State(house): State<House>, Path(server): Path<String>, RawQuery(query): RawQuery) -> Answer {
    let server = house.named(&server)?;
    let filter = Filter::read(query.as_deref().unwrap_or_default())?;
    let journal = server.journal().await;
    let found: Vec<_> = journal.entries().iter().filter(|entry| filter.fits(entry)).collect();
    // The newest are those that somebody who limits them wants to see.
    let first = found.len().saturating_sub(filter.limit.unwrap_or(usize::MAX));
    Ok(Json(&found[first..]).into_response())
}

pub(super) async fn clear(State(house): State<House>, Path(server): Path<String>) -> Answer {
    house.named(&server)?.clear_journal().await;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Whether a server writes down what it is asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recording {
    on: bool,
}

pub(super) async fn record(
    State(house): State<House>,
    Path(server): Path<String>,
    Body(recording): Body<Recording>,
) -> Answer {
    house.named(&server)?.record(recording.on);
    Ok(StatusCode::NO_CONTENT.into_response())
}
