//! What is said about bodies that cannot be read.
//! What is said about their content is tested with the planes.

use serde::Deserialize;

use super::body::{Shape, read};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Kind {
    One,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read from JSON")]
struct Sample {
    name: String,
    kind: Option<Kind>,
    size: Option<u8>,
}

#[test]
fn an_unreadable_body_is_refused_in_the_words_of_the_product() {
    let table = [
        ("", "Request payload cannot be empty."),
        ("  \n", "Request payload cannot be empty."),
        ("{", "Malformed request body."),
        ("[]", "Malformed request body."),
        (r#"{"name": 7}"#, "Malformed request body."),
        (r#"{"name": "a", "size": 999}"#, "Malformed request body."),
        (r#"{"name": "a", "colour": 1}"#, "Unrecognized property 'colour'"),
        (r#"{"name": "a", "kind": "TWO"}"#, "One or more request body parameters contain disallowed values."),
        (r#"{"kind": "ONE"}"#, "name: must not be null"),
    ];
    for (body, description) in table {
        let refusal = read::<Sample>(body.as_bytes(), Shape::Object).unwrap_err();
        assert_eq!((refusal.status.as_u16(), refusal.code), (400, 400), "{body}");
        assert_eq!(refusal.description, description, "{body}");
    }
    assert!(read::<Sample>(br#"{"name": "a", "kind": null}"#, Shape::Object).is_ok());
}
