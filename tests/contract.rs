//! The drivers and the embedded platform spell the management interface each for themselves; here both are held to one table.
//! What calls mean is found out by scenarios: this looks at what they say.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use kmspec_model::{
    exchange::{Answer, Exchange, Plane},
    report::RunReport,
};
use serde::Deserialize;
use serde_json::Value;

/// `tests/contract/interface.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Interface {
    schema: BTreeMap<String, Schema>,
    operation: Vec<Operation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Schema {
    #[serde(default)]
    required: Vec<String>,
    #[serde(default)]
    optional: Vec<String>,
    /// Whether there are members that the table does not name.
    #[serde(default)]
    open: bool,
    list: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Operation {
    call: String,
    request: String,
    #[serde(default)]
    needs: Vec<String>,
    granted: BTreeMap<String, String>,
    refused: Vec<u16>,
}

impl Interface {
    fn read() -> Self {
        toml::from_str(include_str!("contract/interface.toml")).unwrap()
    }

    fn of(&self, method: &str, path: &str) -> Option<&Operation> {
        self.operation.iter().find(|operation| fits(&operation.call, method, path))
    }

    /// What is wrong with an exchange; nothing when it is as the table says.
    fn faults(&self, exchange: &Exchange) -> Vec<String> {
        let path = path(&exchange.url);
        let Some(operation) = self.of(&exchange.method, path) else {
            return vec![format!("the table has no {} {path}", exchange.method)];
        };
        let Answer::Replied { status, body, .. } = &exchange.answer else { return Vec::new() };
        let mut faults = match operation.granted.get(&status.to_string()) {
            Some(schema) => {
                let mut faults = self.sent(operation, exchange.request_body.as_deref());
                faults.extend(self.told(schema, body.as_deref()));
                faults
            }
            None if operation.refused.contains(status) => self.refusal(body.as_deref()),
            None => vec![format!("the status {status} is not in the table")],
        };
        faults.iter_mut().for_each(|fault| *fault = format!("{}: {fault}", operation.call));
        faults
    }

    fn sent(&self, operation: &Operation, body: Option<&str>) -> Vec<String> {
        let Some(schema) = self.schema.get(&operation.request) else {
            let sent = body.is_some_and(|body| !body.is_empty());
            let unlooked = ["parts", "places"].contains(&operation.request.as_str());
            return Vec::from_iter((sent && !unlooked).then(|| "a body is sent".to_owned()));
        };
        let Some(Value::Object(members)) = read(body) else { return vec!["no JSON object is sent".to_owned()] };
        let missing = operation.needs.iter().filter(|name| !members.contains_key(*name));
        let mut faults: Vec<_> = missing.map(|name| format!("the request has no `{name}`")).collect();
        faults.extend(schema.strangers(members.keys()).map(|name| format!("the request has a stranger, `{name}`")));
        faults
    }

    fn told(&self, schema: &str, body: Option<&str>) -> Vec<String> {
        if schema == "any" {
            return Vec::new();
        }
        if schema == "-" {
            return Vec::from_iter(body.filter(|body| !body.is_empty()).map(|_| "the answer has a body".to_owned()));
        }
        match read(body) {
            Some(told) => self.matches(schema, &told),
            None => vec!["the answer is no JSON".to_owned()],
        }
    }

    fn matches(&self, name: &str, told: &Value) -> Vec<String> {
        let schema = &self.schema[name];
        let Some(members) = told.as_object() else { return vec![format!("the answer is no {name}")] };
        let missing = schema.required.iter().filter(|name| !members.contains_key(*name));
        let mut faults: Vec<_> = missing.map(|member| format!("the {name} told has no `{member}`")).collect();
        faults.extend(
            schema.strangers(members.keys()).map(|member| format!("the {name} told has a stranger, `{member}`")),
        );
        if let Some(entry) = &schema.list {
            let entries = told["list"].as_array().into_iter().flatten();
            faults.extend(entries.flat_map(|one| self.matches(entry, one)));
        }
        faults
    }

    /// The number of a refusal is a number on these planes.
    fn refusal(&self, body: Option<&str>) -> Vec<String> {
        let Some(told) = read(body) else { return vec!["the refusal is no JSON".to_owned()] };
        let mut faults = self.matches("Refusal", &told);
        faults.extend((!told["code"].is_u64()).then(|| "the code of the refusal is no number".to_owned()));
        faults.extend((!told["error"].is_array()).then(|| "`error` of the refusal is no list".to_owned()));
        faults
    }
}

impl Schema {
    fn strangers<'a>(&'a self, members: impl Iterator<Item = &'a String>) -> impl Iterator<Item = &'a String> {
        let known = |name: &&String| self.open || self.required.contains(name) || self.optional.contains(name);
        members.filter(move |name| !known(name))
    }
}

fn read(body: Option<&str>) -> Option<Value> {
    serde_json::from_str(body?).ok()
}

fn path(url: &str) -> &str {
    let after = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = after.find('/').map_or("", |at| &after[at..]);
    path.split('?').next().unwrap_or_default()
}

/// A word of the table is itself, and `{}` is any.
fn fits(call: &str, method: &str, path: &str) -> bool {
    let (wanted, template) = call.split_once(' ').unwrap_or_default();
    let (words, parts): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    let same = words.len() == parts.len() && words.iter().zip(&parts).all(|(word, part)| *word == "{}" || word == part);
    wanted == method && same
}

fn of_the_table(exchange: &Exchange) -> bool {
    let managed = matches!(exchange.plane, Plane::Admin | Plane::Publisher | Plane::Devportal);
    managed || path(&exchange.url).starts_with("/client-registration/")
}

/// Calls of the drivers that no scenario makes as yet.
const UNUSED: &[&str] = &["GET /api/am/admin/v4/settings", "GET /api/am/publisher/v4/key-managers"];

/// Scenarios with this in their id write methods and paths that are none, and must be refused.
const ODD_ON_PURPOSE: &str = "-is-no-way-around-";

#[test]
fn drivers_and_platform_keep_to_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let areas = "@key-managers or @application-keys or @permissions or @resident or @propagation or @token-validation";
    let run = Command::new(env!("CARGO_BIN_EXE_kmspec"))
        .args(["run", "--tags", &format!("({areas}) and not @slow"), "--report-dir"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
    let report = std::fs::read_to_string(folder.path().join("result.json")).unwrap();
    let report: RunReport = serde_json::from_str(&report).unwrap();

    let interface = Interface::read();
    let (mut faults, mut granted) = (BTreeMap::<String, String>::new(), BTreeSet::new());
    for scenario in &report.scenarios {
        for exchange in scenario.exchanges.iter().filter(|exchange| of_the_table(exchange)) {
            let operation = interface.of(&exchange.method, path(&exchange.url));
            let status = exchange.status().unwrap_or_default();
            if operation.is_none() && status >= 400 && scenario.id.as_str().contains(ODD_ON_PURPOSE) {
                continue;
            }
            for fault in interface.faults(exchange) {
                faults.entry(fault).or_insert_with(|| scenario.id.to_string());
            }
            let status = status.to_string();
            granted.extend(operation.filter(|one| one.granted.contains_key(&status)).map(|one| one.call.clone()));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    let unseen: Vec<&String> =
        interface.operation.iter().map(|one| &one.call).filter(|call| !granted.contains(*call)).collect();
    assert_eq!(unseen, UNUSED, "no scenario has these granted");
}

#[test]
fn a_misspelt_member_a_missing_one_and_a_strange_status_are_faults() {
    let interface = Interface::read();
    let exchange = |request: &str, status: u16, body: &str| Exchange {
        role: kmspec_model::exchange::Role::Developer,
        plane: Plane::Devportal,
        step: String::new(),
        at_us: 0,
        took_us: 0,
        method: "POST".to_owned(),
        url: "https://localhost:1/api/am/devportal/v3/applications/7/oauth-keys/8/revoke-secret?x=1".to_owned(),
        request_headers: Vec::new(),
        request_body: Some(request.to_owned()),
        answer: Answer::Replied { status, headers: Vec::new(), body: Some(body.to_owned()) },
    };
    let refusal = r#"{"code": 400, "message": "m", "description": "d", "moreInfo": "", "error": []}"#;
    let (as_text, renamed) = (refusal.replace("400", "\"400\""), refusal.replace("moreInfo", "more"));
    for (request, status, body, fault) in [
        (r#"{"secretId": "a"}"#, 204, "", None),
        ("{}", 400, refusal, None),
        (r#"{"secretID": "a"}"#, 204, "", Some("no `secretId`")),
        (r#"{"secretId": "a", "id": 1}"#, 204, "", Some("stranger, `id`")),
        (r#"{"secretId": "a"}"#, 204, "{}", Some("has a body")),
        (r#"{"secretId": "a"}"#, 200, "", Some("status 200")),
        ("{}", 400, as_text.as_str(), Some("no number")),
        ("{}", 400, renamed.as_str(), Some("no `moreInfo`")),
        ("{}", 400, "<html>", Some("no JSON")),
    ] {
        let found = interface.faults(&exchange(request, status, body)).join("; ");
        match fault {
            Some(fault) => assert!(found.contains(fault), "{request} {status} {body}: {found}"),
            None => assert_eq!(found, "", "{request} {status} {body}"),
        }
    }
}

#[test]
fn every_schema_that_the_table_names_is_in_it() {
    let interface = Interface::read();
    let words = ["-", "any", "parts", "places"];
    let requests = interface.operation.iter().map(|one| &one.request);
    let answers = interface.operation.iter().flat_map(|one| one.granted.values());
    let entries = interface.schema.values().filter_map(|schema| schema.list.as_ref());
    for name in requests.chain(answers).chain(entries) {
        assert!(words.contains(&name.as_str()) || interface.schema.contains_key(name), "{name}");
    }
}

/// Operations that no source has a status of success for: the table holds the embedded platform to one, the drivers take any.
const OPEN: [&str; 4] = [
    "GET /api/am/admin/v4/key-managers/{}/scope-registrations",
    "GET /api/am/publisher/v4/apis",
    "GET /api/am/publisher/v4/apis/{}/swagger",
    "PUT /api/am/publisher/v4/apis/{}/swagger",
];

#[test]
fn what_the_drivers_take_for_success_is_what_the_table_grants() {
    let planes = [
        (Plane::Admin, "/api/am/admin/v4"),
        (Plane::Devportal, "/api/am/devportal/v3"),
        (Plane::Publisher, "/api/am/publisher/v4"),
        (Plane::Resident, ""),
    ];
    let interface = Interface::read();
    let mut open = BTreeSet::new();
    for operation in &interface.operation {
        let (method, path) = operation.call.split_once(' ').unwrap();
        let found = planes.iter().find_map(|(plane, base)| Some((*plane, path.strip_prefix(base)?)));
        let (plane, path) = found.unwrap();
        let Some(due) = kmspec_drivers::granted::statuses(plane, method, path) else {
            open.insert(operation.call.as_str());
            continue;
        };
        // That there is no such role is an answer of the table, and a refusal to the drivers.
        let statuses = operation.granted.keys().map(|status| status.parse::<u16>().unwrap());
        let granted: BTreeSet<u16> = statuses.filter(|status| *status < 300).collect();
        assert!(granted.iter().all(|status| due.contains(status)), "{}: {granted:?}, {due:?}", operation.call);
    }
    assert_eq!(open, OPEN.into());
}
