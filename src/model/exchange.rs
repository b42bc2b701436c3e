//! One HTTP request and its answer, as a report shows it: who asked, which plane answered, what was said.
//! Everything in it is redacted before it is kept (see [`super::redaction`]); nothing here can leak.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Who sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Administers key managers.
    Administrator,
    /// Publishes APIs.
    Publisher,
    /// Owns applications, keys and subscriptions.
    Developer,
    /// Another developer, without a share in the first one's applications.
    OtherDeveloper,
    /// Calls an API with a token.
    ApiConsumer,
    /// An OAuth client at an authorization server.
    OauthClient,
    /// The platform under test, seen from the authorization server's journal.
    Platform,
    /// The harness itself: set-up, probes, clean-up.
    Harness,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Administrator => "administrator",
            Self::Publisher => "publisher",
            Self::Developer => "developer",
            Self::OtherDeveloper => "other developer",
            Self::ApiConsumer => "API consumer",
            Self::OauthClient => "OAuth client",
            Self::Platform => "platform",
            Self::Harness => "harness",
        })
    }
}

/// Which interface answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Plane {
    /// Admin REST interface.
    Admin,
    /// Publisher REST interface.
    Publisher,
    /// Developer portal REST interface.
    Devportal,
    /// Bootstrap registration and the resident key manager's OAuth endpoints.
    Resident,
    /// API traffic.
    Gateway,
    /// The event intake.
    Notify,
    /// A third-party authorization server.
    AuthorizationServer,
}

/// One request and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// Who asked.
    pub role: Role,
    /// Which interface was asked.
    pub plane: Plane,
    /// The step during which it happened; empty for set-up and clean-up.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub step: String,
    /// Microseconds since the scenario began.
    pub at_us: u64,
    /// How long the answer took, in microseconds.
    pub took_us: u64,
    /// Method as sent.
    pub method: String,
    /// Absolute URL as sent.
    pub url: String,
    /// Header fields as sent, in order.
    pub request_headers: Vec<(String, String)>,
    /// Body as sent, when it was text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_body: Option<String>,
    /// The answer, or why there was none.
    pub answer: Answer,
}

/// How an exchange ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// An HTTP answer arrived.
    Replied {
        /// Status code.
        status: u16,
        /// Header fields as received, in order.
        headers: Vec<(String, String)>,
        /// Body, when it was text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
    },
    /// None arrived, for this reason.
    Failed(String),
}

impl Exchange {
    /// The status, when an answer arrived.
    pub fn status(&self) -> Option<u16> {
        match self.answer {
            Answer::Replied { status, .. } => Some(status),
            Answer::Failed(_) => None,
        }
    }

    /// A command line that sends the request again. Redacted values appear as shell variables to be set by the
    /// reader (`$TOKEN`, `$SECRET`, …).
    pub fn curl(&self) -> String {
        let mut line = format!("curl -ki -X {} {}", self.method, quoted(&self.url));
        for (name, value) in &self.request_headers {
            if matches!(name.to_ascii_lowercase().as_str(), "host" | "content-length" | "accept" | "user-agent") {
                continue;
            }
            line.push_str(&format!(" \\\n  -H {}", quoted(&format!("{name}: {value}"))));
        }
        if let Some(body) = &self.request_body {
            line.push_str(&format!(" \\\n  --data-raw {}", quoted(body)));
        }
        line
    }
}

/// Single quotes protect everything except a redaction mark, which becomes a variable in double quotes.
fn quoted(text: &str) -> String {
    let mut out = String::from("'");
    let mut rest = text;
    while let Some(start) = rest.find(super::redaction::OPEN) {
        let Some(length) = rest[start..].find(super::redaction::CLOSE) else { break };
        let mark = &rest[start + super::redaction::OPEN.len_utf8()..start + length];
        let name = mark.split('…').next().unwrap_or_default();
        out.push_str(&rest[..start].replace('\'', r"'\''"));
        out.push_str(&format!("'\"${name}\"'"));
        rest = &rest[start + length + super::redaction::CLOSE.len_utf8()..];
    }
    out.push_str(&rest.replace('\'', r"'\''"));
    out.push('\'');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(headers: &[(&str, &str)], body: Option<&str>) -> Exchange {
        Exchange {
            role: Role::Developer,
            plane: Plane::Devportal,
            step: String::new(),
            at_us: 0,
            took_us: 0,
            method: "POST".into(),
            url: "https://localhost/api?name=o'neil".into(),
            request_headers: headers.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect(),
            request_body: body.map(Into::into),
            answer: Answer::Failed("refused".into()),
        }
    }

    #[test]
    fn a_curl_line_quotes_what_a_shell_would_read() {
        let line = exchange(&[("Host", "x"), ("Content-Type", "application/json")], Some("{\"a\":\"$HOME\"}")).curl();
        assert_eq!(
            line,
            "curl -ki -X POST 'https://localhost/api?name=o'\\''neil' \\\n  -H 'Content-Type: application/json' \\\n  --data-raw '{\"a\":\"$HOME\"}'"
        );
    }

    #[test]
    fn a_redacted_value_becomes_a_variable() {
        let line = exchange(&[("Authorization", "Bearer ⟨TOKEN…1234⟩")], None).curl();
        assert!(line.ends_with("-H 'Authorization: Bearer '\"$TOKEN\"''"), "{line}");
    }
}
