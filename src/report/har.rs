//! `exchanges/<id>.har`: what went over the wire in each scenario that failed, as HTTP Archive 1.2.
//! Exchanges are redacted where they are recorded; this only writes them down.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{format::Findings, reader::is_failure};
use kmspec_model::{
    exchange::{Answer, Exchange},
    report::ScenarioReport,
};

/// Folder of the archives, below the report folder.
pub const FOLDER: &str = "exchanges";

/// An archive for each scenario that failed and sent something: file name and text.
pub fn archives(findings: Findings<'_>) -> Vec<(String, String)> {
    let mut taken = BTreeSet::new();
    let failed =
        findings.report.scenarios.iter().filter(|each| is_failure(&each.outcome) && !each.exchanges.is_empty());
    failed
        .map(|scenario| {
            let slug = slug(scenario.id.as_str());
            let names = std::iter::once(format!("{slug}.har")).chain((2..).map(|n| format!("{slug}-{n}.har")));
            let name =
                names.into_iter().find(|name| taken.insert(name.clone())).expect("there is always a next number");
            (name, archive(scenario, &findings.report.kmspec_version).to_string())
        })
        .collect()
}

/// The id as a file name that every system takes.
fn slug(id: &str) -> String {
    let mut slug = String::new();
    for c in id.chars() {
        match c {
            c if c.is_ascii_alphanumeric() || c == '_' => slug.push(c),
            _ if slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    slug.truncate(150);
    slug.trim_matches('-').to_owned()
}

fn archive(scenario: &ScenarioReport, version: &str) -> Value {
    json!({ "log": {
        "version": "1.2",
        "creator": { "name": "kmspec", "version": version },
        "comment": scenario.id.as_str(),
        "entries": scenario.exchanges.iter().map(|exchange| entry(exchange, scenario.began_at_us)).collect::<Vec<_>>(),
    }})
}

fn entry(exchange: &Exchange, began_at_us: u64) -> Value {
    let milliseconds = exchange.took_us as f64 / 1e3;
    let started = i64::try_from(began_at_us + exchange.at_us).unwrap_or_default();
    let started = jiff::Timestamp::from_microsecond(started).unwrap_or_default();
    let mut request = json!({
        "method": exchange.method, "url": exchange.url, "httpVersion": "HTTP/1.1", "cookies": [],
        "headers": pairs(&exchange.request_headers), "queryString": query(&exchange.url), "headersSize": -1,
        "bodySize": exchange.request_body.as_ref().map_or(0, String::len),
    });
    if let Some(body) = &exchange.request_body {
        request["postData"] = json!({ "mimeType": media_type(&exchange.request_headers), "text": body });
    }
    let (status, headers, body, failure) = match &exchange.answer {
        Answer::Replied { status, headers, body } => (*status, headers.as_slice(), body.as_deref(), None),
        // The convention of browsers for an answer that never came.
        Answer::Failed(why) => (0, &[][..], None, Some(why)),
    };
    let size = body.map_or(0, str::len);
    let mut response = json!({
        "status": status, "statusText": "", "httpVersion": "HTTP/1.1", "cookies": [], "headers": pairs(headers),
        "content": { "size": size, "mimeType": media_type(headers), "text": body.unwrap_or_default() },
        "redirectURL": "", "headersSize": -1, "bodySize": size,
    });
    if let Some(why) = failure {
        response["_error"] = json!(why);
    }
    json!({
        "startedDateTime": started.to_string(), "time": milliseconds, "request": request, "response": response,
        "cache": {}, "timings": { "send": 0, "wait": milliseconds, "receive": 0 },
        "comment": format!("{} during: {}", exchange.role, exchange.step),
    })
}

fn pairs(fields: &[(String, String)]) -> Vec<Value> {
    fields.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

fn query(url: &str) -> Vec<Value> {
    let pair =
        |(name, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| json!({ "name": name, "value": value });
    url::Url::parse(url).map(|url| url.query_pairs().map(pair).collect()).unwrap_or_default()
}

fn media_type(headers: &[(String, String)]) -> &str {
    let found = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    found.map_or("", |(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::reader::tests::{catalogue, expected, report};

    #[test]
    fn each_failure_has_an_archive_of_its_own() {
        let (mut report, catalogue, expected) = (report(), catalogue(), expected());
        // Two ids that only differ in what a file name cannot hold.
        let mut twin = report.scenarios[1].clone();
        twin.id = format!("{}!", twin.id).into();
        twin.exchanges[0].answer = Answer::Failed("connection reset".into());
        report.scenarios.push(twin);
        let archives = archives(Findings { report: &report, catalogue: &catalogue, expected: &expected });
        let names: Vec<_> = archives.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "platform-validation-an-expired-token-is-refused.har",
                "platform-validation-a-mended-rule.har",
                "platform-validation-a-silent-plane.har",
                "platform-validation-an-expired-token-is-refused-2.har"
            ]
        );
        let har: Value = serde_json::from_str(&archives[0].1).unwrap();
        let entry = &har["log"]["entries"][0];
        assert_eq!(har["log"]["version"], "1.2");
        assert_eq!(entry["startedDateTime"], "2026-01-02T03:04:05.0021Z");
        assert_eq!(entry["request"]["queryString"][0], json!({ "name": "q", "value": "<script>" }));
        assert_eq!(entry["response"]["content"]["text"], "{\"ok\":true}");
        let failed: Value = serde_json::from_str(&archives[3].1).unwrap();
        assert_eq!(failed["log"]["entries"][0]["response"]["_error"], "connection reset");
    }
}
