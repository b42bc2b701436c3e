//! Pages of the list of API resources: `limit` with the cursors `after` and `before`, and the links that go on from there.
//! Which resources there are, and what is told of each, is in `api_resources`.

use std::ops::Range;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use super::call::Call;
use crate::realm::ApiResource;

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    first: usize,
    end: usize,
}

impl Page {
    /// The one that a query asks for; the whole list when it says nothing. What is wrong with the query otherwise.
    pub(super) fn of(call: &Call, all: &[ApiResource]) -> Result<Self, String> {
        let limit = match call.query_value("limit") {
            None => all.len(),
            Some(text) => match text.parse::<usize>() {
                Ok(limit) if limit > 0 => limit,
                _ => return Err(format!("the limit {text} is no number above 0")),
            },
        };
        let place = |name: &str| call.query_value(name).map(|cursor| at(&cursor, all)).transpose();
        match (place("after")?, place("before")?) {
            (Some(_), Some(_)) => Err("after and before exclude each other".to_owned()),
            (None, Some(end)) => Ok(Self { first: end.saturating_sub(limit), end }),
            (after, None) => {
                let first = after.map_or(0, |place| place + 1);
                Ok(Self { first, end: first.saturating_add(limit).min(all.len()) })
            }
        }
    }

    /// Where it lies in the list.
    pub(super) fn range(&self) -> Range<usize> {
        self.first..self.end
    }

    /// To the page before it and the one after it, where there is something.
    pub(super) fn links(&self, call: &Call, all: &[ApiResource], path: &str) -> Vec<Value> {
        let link = |rel: &str, name: &str, place: usize| {
            let kept = ["filter", "limit"].map(|name| (name, call.query_value(name)));
            let mut query = Serializer::new(String::new());
            for (name, value) in kept.iter().filter_map(|(name, value)| Some((name, value.as_deref()?))) {
                query.append_pair(name, value);
            }
            query.append_pair(name, &URL_SAFE_NO_PAD.encode(&all[place].id));
            json!({ "href": format!("{path}?{}", query.finish()), "rel": rel })
        };
        let shown = self.first < self.end;
        let previous = (shown && self.first > 0).then(|| link("previous", "before", self.first));
        let next = (shown && self.end < all.len()).then(|| link("next", "after", self.end - 1));
        previous.into_iter().chain(next).collect()
    }
}

/// Where in the list the resource of a cursor is.
fn at(cursor: &str, all: &[ApiResource]) -> Result<usize, String> {
    let id = URL_SAFE_NO_PAD.decode(cursor).ok();
    let place = id.and_then(|id| all.iter().position(|resource| resource.id.as_bytes() == id));
    place.ok_or_else(|| format!("the cursor {cursor} is of no resource in the list"))
}
