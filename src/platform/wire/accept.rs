//! What a caller takes as an answer: the planes speak JSON, and refuse who will not have it.
//! What is answered is left to the planes.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header::ACCEPT};

use super::Refusal;

/// Answers 406 where the caller takes no JSON (RFC 9110, section 12.5.1).
pub(crate) async fn check_accept(request: Request, next: Next) -> Response {
    if takes_json(request.headers()) {
        return next.run(request).await;
    }
    Refusal::generic(StatusCode::NOT_ACCEPTABLE, "Only application/json is on offer").into_response()
}

/// Whether a media range of the request covers JSON; without any, everything is taken.
fn takes_json(headers: &HeaderMap) -> bool {
    let ranges: Vec<&str> = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .filter(|range| !range.is_empty())
        .collect();
    ranges.is_empty() || ranges.iter().any(|range| covers_json(range))
}

fn covers_json(range: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let refused = parts.any(|parameter| {
        let weight = parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q="));
        weight.and_then(|weight| weight.trim().parse::<f32>().ok()).is_some_and(|weight| weight <= 0.0)
    });
    matches!(essence.as_str(), "*/*" | "application/*" | "application/json") && !refused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_takes_no_json_is_told_apart() {
        for (accept, expected) in [
            ("", true),
            ("*/*", true),
            ("application/json", true),
            ("text/html, application/json;q=0.5", true),
            ("text/html, image/gif, *; q=.2, */*; q=.2", true),
            ("application/xml", false),
            ("application/json;q=0", false),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, accept.parse().unwrap())]);
            assert_eq!(takes_json(&headers), expected, "{accept}");
        }
        assert!(takes_json(&HeaderMap::new()));
    }
}
