//! What went over the wire, as compact data for `report.html`: every header line, phrase and name stands there once.
//! The page's script lays it out when a reader opens it; the columns are those of [`Row`], in its order.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde_json::Value;

use kmspec_model::{
    exchange::{Answer, Exchange},
    report::RunReport,
};

/// Longest body that the page shows whole, in bytes; `result.json` keeps all of it.
const BODY_LIMIT: usize = 4_000;

/// Exchanges by scenario id.
#[derive(Debug, Default, Serialize)]
pub struct WireData<'a> {
    texts: Vec<String>,
    exchanges: BTreeMap<&'a str, Vec<Row<'a>>>,
    #[serde(skip)]
    places: HashMap<String, usize>,
}

/// One exchange; texts are given by their place.
#[derive(Debug, Serialize)]
struct Row<'a>(
    /// Who asked whom.
    usize,
    /// During which step.
    usize,
    /// Microseconds since the scenario began.
    u64,
    /// Microseconds until the answer.
    u64,
    /// Method.
    usize,
    /// URL.
    &'a str,
    /// Header lines of the request.
    Vec<usize>,
    /// Its body.
    Value,
    /// Status, or why there was no answer.
    Value,
    /// Header lines of the answer.
    Vec<usize>,
    /// Its body.
    Value,
);

impl<'a> WireData<'a> {
    /// The exchanges of a run.
    pub fn of(report: &'a RunReport) -> Self {
        let mut data = Self::default();
        for scenario in report.scenarios.iter().filter(|scenario| !scenario.exchanges.is_empty()) {
            let rows = scenario.exchanges.iter().map(|exchange| data.row(exchange)).collect();
            data.exchanges.insert(scenario.id.as_str(), rows);
        }
        data
    }

    /// As JSON that may stand inside a `script` element.
    ///
    /// # Errors
    ///
    /// Never in practice: there are only strings, numbers and lists in it.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string(self)?.replace('<', "\\u003c"))
    }

    fn row(&mut self, exchange: &'a Exchange) -> Row<'a> {
        let plane = serde_json::to_value(exchange.plane).unwrap_or_default();
        let between = format!("{} → {}", exchange.role, plane.as_str().unwrap_or_default());
        let (status, headers, body) = match &exchange.answer {
            Answer::Replied { status, headers, body } => (Value::from(*status), headers.as_slice(), body.as_deref()),
            Answer::Failed(why) => (Value::from(why.as_str()), &[][..], None),
        };
        Row(
            self.place(&between),
            self.place(&exchange.step),
            exchange.at_us,
            exchange.took_us,
            self.place(&exchange.method),
            &exchange.url,
            self.lines(&exchange.request_headers),
            shown(exchange.request_body.as_deref()),
            status,
            self.lines(headers),
            shown(body),
        )
    }

    fn lines(&mut self, headers: &[(String, String)]) -> Vec<usize> {
        headers.iter().map(|(name, value)| self.place(&format!("{name}: {value}"))).collect()
    }

    fn place(&mut self, text: &str) -> usize {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        self.texts.push(text.to_owned());
        self.places.insert(text.to_owned(), self.texts.len() - 1);
        self.texts.len() - 1
    }
}

/// JSON as JSON, other text as text; what is too long is cut, and says so.
fn shown(body: Option<&str>) -> Value {
    let Some(body) = body else { return Value::Null };
    if body.len() > BODY_LIMIT {
        let end = (0..=BODY_LIMIT).rev().find(|end| body.is_char_boundary(*end)).unwrap_or_default();
        return Value::from(format!("{}… (cut: {end} of {} bytes; result.json has all)", &body[..end], body.len()));
    }
    let json = serde_json::from_str::<Value>(body).ok().filter(|json| json.is_object() || json.is_array());
    json.unwrap_or_else(|| Value::from(body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::reader::tests::report;

    #[test]
    fn the_data_says_each_header_once_and_cannot_end_its_element() {
        let mut report = report();
        report.scenarios[0].exchanges[0].request_body = Some("é".repeat(BODY_LIMIT));
        let text = WireData::of(&report).to_json().unwrap();
        assert_eq!(text.matches("authorization: Bearer").count(), 1);
        assert!(!text.contains('<'));
        assert!(text.contains("(cut: 4000 of 8000 bytes; result.json has all)"));
        let data: Value = serde_json::from_str(&text).unwrap();
        let row = &data["exchanges"][report.scenarios[1].id.as_str()][0];
        assert_eq!(data["texts"][row[0].as_u64().unwrap() as usize], "API consumer → gateway");
        assert_eq!(
            (&row[5], &row[8]),
            (&Value::from(report.scenarios[1].exchanges[0].url.as_str()), &Value::from(200))
        );
        assert_eq!(row[10], serde_json::json!({ "ok": true }));
    }
}
