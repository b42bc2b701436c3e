//! The stage of these tests: a control interface with one server, and calls that are held to the document.
//! What is called stands in the files beside it.

use kmspec_mocks::{
    control::{Control, House, OPENAPI},
    vendors::Vendor,
};
use reqwest::Method;
use serde_json::Value;

use crate::support::{AUTHORITY, Answer, answer};

pub(crate) struct Stage {
    pub(crate) house: House,
    pub(crate) control: Control,
    pub(crate) http: reqwest::Client,
    document: Value,
}

pub(crate) async fn stage() -> Stage {
    let house = House::new(AUTHORITY.clone());
    house.take_in(house.builder(Vendor::Custom).start().await.unwrap());
    let control = Control::serve(house.clone(), None).await.unwrap();
    Stage { house, control, http: reqwest::Client::new(), document: serde_json::from_str(OPENAPI).unwrap() }
}

impl Stage {
    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.control.url()));
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        answer(request.send().await.unwrap()).await
    }

    /// What the document has under such a reference.
    pub(crate) fn schema(&self, reference: &str) -> &Value {
        self.document.pointer(reference.trim_start_matches('#')).unwrap()
    }

    /// Holds a value to a schema of the document.
    pub(crate) fn fits(&self, schema: &Value, value: &Value, what: &str) {
        let mut whole = schema.clone();
        whole["components"] = self.document["components"].clone();
        let validator = jsonschema::validator_for(&whole).unwrap();
        let wrong: Vec<String> = validator.iter_errors(value).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{what}: {wrong:?}\n{value}");
    }

    /// Calls a route, and holds question and answer to the document.
    pub(crate) async fn call(&self, method: &str, template: &str, names: &[&str], body: Value) -> Value {
        let mut path = template.to_owned();
        for name in names {
            let (from, to) = (path.find('{').unwrap(), path.find('}').unwrap());
            path.replace_range(from..=to, name);
        }
        let what = format!("{method} {template}");
        let route = &self.document["paths"][template][method];
        let asked = &route["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(asked.is_null(), body.is_null(), "{what}: a body, or none");
        if !body.is_null() {
            self.fits(asked, &body, &what);
        }
        let got = self.send(method, &path, (!body.is_null()).then_some(&body)).await;
        let wanted = &route["responses"][got.status.to_string()];
        assert!(wanted.is_object(), "{what}: {} {}", got.status, got.text);
        let schema = &wanted["content"]["application/json"]["schema"];
        if schema.is_null() {
            return Value::Null;
        }
        self.fits(schema, &got.json(), &what);
        got.json()
    }
}
