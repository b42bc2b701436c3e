//! Lists and their pages.
//! What is listed is left to the planes.

use serde::Deserialize;
use serde_json::{Value, json};

/// `limit` and `offset` of a query; unreadable numbers are refused by the extractor.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Page {
    #[serde(default = "twenty_five")]
    pub(crate) limit: usize,
    #[serde(default)]
    pub(crate) offset: usize,
}

fn twenty_five() -> usize {
    25
}

/// A list without pages.
pub(crate) fn listing(entries: Vec<Value>) -> Value {
    json!({"count": entries.len(), "list": entries})
}

/// One page of a list.
pub(crate) fn page(entries: Vec<Value>, page: Page) -> Value {
    let total = entries.len();
    let shown: Vec<Value> = entries.into_iter().skip(page.offset).take(page.limit).collect();
    json!({
        "count": shown.len(),
        "list": shown,
        "pagination": {"offset": page.offset, "limit": page.limit, "total": total},
    })
}
