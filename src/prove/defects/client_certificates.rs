//! Defects of client certificates at the gateway: they open nothing, or nobody needs them, or they shut tokens out.
//! What the handshake shows passes through the interposer; here only verdicts change.

use bytes::Bytes;
use http::Response;

use crate::{
    gate::{Case, Verdict},
    table::defects,
};

defects! {
    "DEF-SEED-MTLS-01", "client certificates open nothing", Judges(open_nothing);
    "DEF-SEED-MTLS-02", "an API that takes client certificates is open to everybody", Judges(open_to_everybody);
    "DEF-SEED-MTLS-03", "a token opens nothing where client certificates are taken", Judges(tokens_open_nothing);
}

fn takes_certificates(case: &Case<'_>) -> bool {
    // The default version is served without the version in its path, too.
    let document = case.history.api(case.path());
    let schemes = document.and_then(|document| document["securityScheme"].as_array());
    schemes.into_iter().flatten().filter_map(|scheme| scheme.as_str()).any(|scheme| scheme.starts_with("mutualssl"))
}

fn has_internal_key(case: &Case<'_>) -> bool {
    case.request.headers().contains_key("internal-key")
}

fn open_nothing(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let by_certificate = takes_certificates(case) && case.text.is_empty() && !has_internal_key(case);
    (answer.status().is_success() && by_certificate).then_some(Verdict::BadCredentials)
}

fn open_to_everybody(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    (answer.status().as_u16() == 401 && takes_certificates(case)).then_some(Verdict::Accepted)
}

fn tokens_open_nothing(case: &Case<'_>, answer: &Response<Bytes>) -> Option<Verdict> {
    let by_token = takes_certificates(case) && case.token.is_some();
    (answer.status().is_success() && by_token).then_some(Verdict::BadCredentials)
}
