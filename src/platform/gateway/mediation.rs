//! What policies do to messages: fields are set and taken away, and with `jsonToXML` JSON goes on as XML.
//! Which operations have the policy is the API's document to say, how a refusal is worded the refusal's.

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, HeaderName, HeaderValue, Response, header},
};
use quick_xml::{
    Reader, Writer,
    events::{BytesEnd, BytesStart, BytesText, Event},
};
use serde_json::Value;

use super::refusal::Refusal;
use crate::domain::{HeaderChange, Played};

/// The element around what was a JSON object.
const ROOT: &str = "jsonObject";

/// Sets and takes away fields, in their order.
pub(super) fn change_headers(headers: &mut HeaderMap, changes: &[HeaderChange]) {
    for change in changes {
        let Ok(name) = HeaderName::try_from(&change.name) else { continue };
        match change.value.as_ref().map(HeaderValue::try_from) {
            Some(Ok(value)) => drop(headers.insert(name, value)),
            Some(Err(_)) => {}
            None => drop(headers.remove(name)),
        }
    }
}

/// The backend's answer as it goes to the client. One that is encoded further stays as it is: it says itself that it is no
/// plain JSON.
pub(super) async fn answered(played: &Played, answer: Response<Body>) -> Result<Response<Body>, Refusal> {
    let (mut parts, mut body) = answer.into_parts();
    if played.answers_to_xml && !parts.headers.contains_key(header::CONTENT_ENCODING) {
        // It was read as a whole when the backend sent it.
        let read = to_bytes(body, usize::MAX).await.map_err(|_| Refusal::BackendSilent)?;
        body = Body::from(json_to_xml(&mut parts.headers, read)?);
    }
    change_headers(&mut parts.headers, &played.response_headers);
    Ok(Response::from_parts(parts, body))
}

/// Reads the message, and writes JSON as XML; other kinds of messages go on as they came.
///
/// # Errors
///
/// [`Refusal::MessageNotBuilt`] for JSON or XML that cannot be read (GW-09).
pub(super) fn json_to_xml(headers: &mut HeaderMap, body: Bytes) -> Result<Bytes, Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind.ends_with("/xml") || kind.ends_with("+xml") {
        return check(&body).map(|()| body).map_err(Refusal::MessageNotBuilt);
    }
    if body.is_empty() || !(kind.ends_with("/json") || kind.ends_with("+json")) {
        return Ok(body);
    }
    let value: Value = serde_json::from_slice(&body).map_err(|error| Refusal::MessageNotBuilt(error.to_string()))?;
    let mut writer = Writer::new(Vec::new());
    write(&mut writer, ROOT, &value).map_err(|error| Refusal::MessageNotBuilt(error.to_string()))?;
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    Ok(writer.into_inner().into())
}

/// Whether every element is closed, in its turn.
fn check(text: &[u8]) -> Result<(), String> {
    let mut reader = Reader::from_reader(text);
    let mut open: Vec<String> = Vec::new();
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(element) => open.push(String::from_utf8_lossy(element.name().as_ref()).into_owned()),
            Event::End(_) => drop(open.pop()),
            Event::Eof => break,
            _ => {}
        }
    }
    match open.pop() {
        Some(element) => Err(format!("Unexpected EOF; was expecting a close tag for element <{element}>")),
        None => Ok(()),
    }
}

/// A member becomes an element, a list one element for each of its values.
fn write(writer: &mut Writer<Vec<u8>>, name: &str, value: &Value) -> std::io::Result<()> {
    if let Value::Array(values) = value {
        return values.iter().try_for_each(|each| write(writer, name, each));
    }
    let name = element_name(name);
    writer.write_event(Event::Start(BytesStart::new(&name)))?;
    match value {
        Value::Object(members) => members.iter().try_for_each(|(name, each)| write(writer, name, each))?,
        Value::Null => {}
        Value::String(text) => writer.write_event(Event::Text(BytesText::new(text)))?,
        other => writer.write_event(Event::Text(BytesText::new(&other.to_string())))?,
    }
    writer.write_event(Event::End(BytesEnd::new(&name)))
}

/// The name with `_` for what no element's name may have.
fn element_name(name: &str) -> String {
    let fits = |(at, c): (usize, char)| {
        let inside = c.is_ascii_digit() || c == '-' || c == '.';
        if c.is_alphabetic() || c == '_' || (at > 0 && inside) { c } else { '_' }
    };
    let fitting: String = name.chars().enumerate().map(fits).collect();
    if fitting.is_empty() { "_".to_owned() } else { fitting }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(kind: &str, body: &str) -> (Result<String, Refusal>, String) {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
        let passed = json_to_xml(&mut headers, Bytes::copy_from_slice(body.as_bytes()));
        let kind = headers[header::CONTENT_TYPE].to_str().unwrap().to_owned();
        (passed.map(|body| String::from_utf8(body.to_vec()).unwrap()), kind)
    }

    #[test]
    fn json_becomes_xml_and_other_messages_stay_as_they_are() {
        let (body, kind) = sent("application/json; charset=utf-8", r#"{"a":{"b c":[1,"<"],"d":null},"2":true}"#);
        let expected = "<jsonObject><a><b_c>1</b_c><b_c>&lt;</b_c><d></d></a><_>true</_></jsonObject>";
        assert_eq!((body.unwrap().as_str(), kind.as_str()), (expected, "application/xml"));
        for (kind, body) in [("application/xml", "<a><b/>text</a>"), ("text/plain", "<a>"), ("application/json", "")] {
            assert_eq!(sent(kind, body), (Ok(body.to_owned()), kind.to_owned()));
        }
    }

    #[test]
    fn a_message_that_cannot_be_read_is_refused_and_the_open_element_named() {
        for (kind, body, said) in [
            ("application/xml", "<request>Request<request>", "was expecting a close tag for element <request>"),
            ("application/soap+xml", "<a><b></a>", ""),
            ("text/xml", "<a></b>", ""),
            ("application/json", "{", ""),
        ] {
            let (refused, _) = sent(kind, body);
            assert!(
                matches!(&refused, Err(Refusal::MessageNotBuilt(why)) if why.contains(said)),
                "{body}: {refused:?}"
            );
        }
    }
}
