//! Takes tokens and secrets out of what a report may show, leaving the last four characters to tell them apart.
//! It works on texts by the names of fields; a value whose field it does not know is caught by its JWT shape.

use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::Value;

/// Opens the mark that stands for a redacted value: `⟨TOKEN…1234⟩`.
pub const OPEN: char = '⟨';
/// Closes it.
pub const CLOSE: char = '⟩';

static JWT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_=.+/-]*)?").expect("a fixed pattern")
});
static FORM_MEMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(^|[&?\s])(access_token|refresh_token|id_token|token|client_secret|password|assertion|client_assertion|subject_token|actor_token|device_code|code|code_verifier|windows_token)=([^&\s]+)",
    )
    .expect("a fixed pattern")
});

static CREDENTIALS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\b(Basic|Bearer)(\s+)([A-Za-z0-9._~+/-]+=*)").expect("a fixed pattern"));
static JSON_MEMBER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#""([A-Za-z0-9_-]+)"(\s*:\s*)"((?:[^"\\]|\\.)*)""#).expect("a fixed pattern"));

/// The mark for one value: what it is, and its last four characters where it is long enough to spare them.
pub fn mark(kind: &str, value: &str) -> String {
    let characters = value.chars().count();
    let tail: String = if characters >= 12 { value.chars().skip(characters - 4).collect() } else { String::new() };
    format!("{OPEN}{kind}…{tail}{CLOSE}")
}

/// A header field's value as a report may show it.
pub fn header(name: &str, value: &str) -> String {
    match name.to_ascii_lowercase().as_str() {
        "authorization" | "proxy-authorization" => match value.trim_start().split_once(' ') {
            Some((scheme, rest)) if !rest.trim().is_empty() => {
                let kind = if scheme.eq_ignore_ascii_case("basic") { "BASIC" } else { "TOKEN" };
                format!("{scheme} {}", mark(kind, rest.trim()))
            }
            _ if value.trim().is_empty() => String::new(),
            _ => mark("TOKEN", value.trim()),
        },
        "cookie" | "set-cookie" => mark("COOKIE", value),
        "apikey" | "internal-key" | "x-jwt-assertion" => mark("KEY", value),
        "deactivatedaccesstoken" | "revokedaccesstoken" | "revokedrefreshtoken" => mark("TOKEN", value),
        _ => text(value),
    }
}

/// A body as a report may show it: JSON by member name, forms by field name, the rest by shape.
pub fn body(content_type: Option<&str>, value: &str) -> String {
    let looks_like_json = value.trim_start().starts_with(['{', '[']);
    if (content_type.is_some_and(|kind| kind.contains("json")) || looks_like_json)
        && let Ok(mut json) = serde_json::from_str::<Value>(value)
    {
        redact_json(&mut json);
        return json.to_string();
    }
    text(value)
}

/// Any other text: form fields and JSON members with secret names, credentials behind the name of their scheme, and
/// whatever looks like a JWT.
pub fn text(value: &str) -> String {
    let without_fields = FORM_MEMBER.replace_all(value, |found: &Captures<'_>| {
        if found[3].starts_with(OPEN) {
            return found[0].to_owned();
        }
        format!("{}{}={}", &found[1], &found[2], mark(kind_of(&found[2]).unwrap_or("TOKEN"), &found[3]))
    });
    let without_members = JSON_MEMBER.replace_all(&without_fields, |found: &Captures<'_>| match secret_member(found) {
        Some((kind, value)) => format!("\"{}\"{}\"{}\"", &found[1], &found[2], mark(kind, value)),
        None => found[0].to_owned(),
    });
    let without_credentials = CREDENTIALS.replace_all(&without_members, |found: &Captures<'_>| {
        // A challenge or a sentence goes on with a word: `Bearer realm="…"`, `Bearer authentication failed`.
        let is_word = found[3].chars().all(|each| each.is_ascii_lowercase() || matches!(each, '_' | '=' | '.' | '-'));
        if is_word || found[3].len() < 8 {
            return found[0].to_owned();
        }
        let kind = if found[1].eq_ignore_ascii_case("basic") { "BASIC" } else { "TOKEN" };
        format!("{}{}{}", &found[1], &found[2], mark(kind, &found[3]))
    });
    JWT.replace_all(&without_credentials, |found: &Captures<'_>| mark("TOKEN", &found[0])).into_owned()
}

/// The values of members with secret names in a text that may be no JSON as a whole.
pub(super) fn json_members(text: &str) -> impl Iterator<Item = (&'static str, &str)> {
    JSON_MEMBER.captures_iter(text).filter_map(|found| {
        let value = found.get(3)?.as_str();
        Some((kind_of(&found[1])?, value))
    })
}

/// The kind and value of a member, when its name is a secret's and its value is not masked already.
fn secret_member<'a>(found: &'a Captures<'_>) -> Option<(&'static str, &'a str)> {
    let value = found.get(3)?.as_str();
    let shown = value.is_empty() || value == "*****" || value.starts_with(OPEN);
    Some((kind_of(&found[1])?, value)).filter(|_| !shown)
}

/// What kind of secret a form or query field of that name holds, if it holds one.
pub(super) fn kind_of_field(name: &str) -> Option<&'static str> {
    matches!(name, "code" | "code_verifier").then_some("TOKEN").or_else(|| kind_of(name))
}

fn redact_json(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                match (kind_of(name), &*member) {
                    // The mask itself is what several rules are about, and is no secret.
                    (Some(_), Value::String(secret)) if secret == "*****" || secret.is_empty() => {}
                    (Some(kind), Value::String(secret)) => *member = Value::String(mark(kind, secret)),
                    _ => redact_json(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact_json),
        Value::String(string) => *string = text(string),
        _ => {}
    }
}

/// What kind of secret a member of that name holds, if it holds one.
pub(super) fn kind_of(name: &str) -> Option<&'static str> {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    match name.as_str() {
        "accesstoken"
        | "token"
        | "refreshtoken"
        | "idtoken"
        | "subjecttoken"
        | "actortoken"
        | "registrationaccesstoken"
        | "assertion"
        | "clientassertion"
        | "devicecode"
        | "windowstoken" => Some("TOKEN"),
        "apikey" | "apisecret" => Some("KEY"),
        "code" | "codeverifier" => None,
        _ if name.ends_with("secret") || name == "secretvalue" || name.ends_with("password") => Some("SECRET"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";

    #[test]
    fn authorization_keeps_its_scheme_and_four_characters() {
        assert_eq!(header("Authorization", &format!("Bearer {TOKEN}")), "Bearer ⟨TOKEN…dXJl⟩");
        assert_eq!(header("authorization", "Basic YWRtaW46YWRtaW4="), "Basic ⟨BASIC…W4=⟩".replace("W4=", "aW4="));
    }

    #[test]
    fn json_members_are_found_at_any_depth_but_the_mask_stays() {
        let shown = body(
            Some("application/json"),
            r#"{"consumerSecret":"a-very-long-secret","additionalProperties":{"Password":"*****","client_secret":"short"},"list":[{"accessToken":"0123456789abcdef"}]}"#,
        );
        assert_eq!(
            shown,
            r#"{"consumerSecret":"⟨SECRET…cret⟩","additionalProperties":{"Password":"*****","client_secret":"⟨SECRET…⟩"},"list":[{"accessToken":"⟨TOKEN…cdef⟩"}]}"#
        );
    }

    #[test]
    fn forms_and_loose_text_are_covered() {
        let shown = body(
            Some("application/x-www-form-urlencoded"),
            &format!("grant_type=password&username=a&password=pw&token={TOKEN}"),
        );
        assert_eq!(shown, "grant_type=password&username=a&password=⟨SECRET…⟩&token=⟨TOKEN…dXJl⟩");
        assert!(!text(&format!("the token {TOKEN} is bad")).contains("eyJ"));
        let form = text("device_code=0123456789abcdef");
        assert_eq!(form, "device_code=⟨TOKEN…cdef⟩");
        assert_eq!(text(&form), form);
    }

    #[test]
    fn credentials_and_members_are_found_in_what_is_no_json_and_challenges_stay() {
        assert_eq!(text("<p>you sent Bearer 0123456789abcdef</p>"), "<p>you sent Bearer ⟨TOKEN…cdef⟩</p>");
        let broken = r#"{"client_secret" : "0123456789abcdef", "masked_secret":"*****",}"#;
        assert_eq!(text(broken), r#"{"client_secret" : "⟨SECRET…cdef⟩", "masked_secret":"*****",}"#);
        assert_eq!(text(&text(broken)), text(broken));
        let challenge = r#"Bearer realm="APIs", error="invalid_token""#;
        assert_eq!(text(challenge), challenge);
    }
}
