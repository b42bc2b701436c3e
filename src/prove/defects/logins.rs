//! Defects of logins in a browser at the resident key manager: whose login it is, who wants the consent, what went wrong.
//! What codes and tokens are worth afterwards is the business of `resident_grants`.

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use url::Url;

use crate::{
    Deed,
    pair::{Notes, Pair},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-SEED-TOK-01", "a login belongs to whoever has its address", Pair::telling(bound_to_nobody);
    "DEF-SEED-TOK-02", "the page that asks for consent does not say who wants it", Pair::telling(nobody_wants_it);
    "DEF-SEED-TOK-03", "what is wrong with a login is not said", Pair::telling(wordless);
}

/// The cookie that binds a login to its browser is not set.
fn bound_to_nobody(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let begins = plane == Plane::Resident && request.uri().path().ends_with("/oauth2/authorize");
    let removed = begins && answer.headers_mut().remove(header::SET_COOKIE).is_some();
    if removed { Deed::Done } else { Deed::Nothing }
}

/// Leaves these parameters out of where the browser is sent.
fn leave_out(plane: Plane, answer: &mut Response<Bytes>, unsaid: &[&str]) -> Deed {
    let location = answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
    let Some(mut to) = location.and_then(|text| Url::parse(text).ok()).filter(|_| plane == Plane::Resident) else {
        return Deed::Nothing;
    };
    let (left, all): (Vec<(String, String)>, usize) = {
        let pairs = to.query_pairs().into_owned();
        (pairs.filter(|(name, _)| !unsaid.contains(&name.as_str())).collect(), to.query_pairs().count())
    };
    if left.len() == all {
        return Deed::Nothing;
    }
    to.query_pairs_mut().clear().extend_pairs(left);
    match HeaderValue::from_str(to.as_str()) {
        Ok(value) => {
            answer.headers_mut().insert(header::LOCATION, value);
            Deed::Done
        }
        Err(_) => Deed::Nothing,
    }
}

fn nobody_wants_it(_: &mut Notes, plane: Plane, _: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    leave_out(plane, answer, &["application"])
}

fn wordless(_: &mut Notes, plane: Plane, _: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    leave_out(plane, answer, &["oauthErrorCode", "oauthErrorMsg"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_to_be_left_out_is_missing_afterwards() {
        let sent = |to: &str| Response::builder().header("location", to).body(Bytes::new()).unwrap();
        let mut page = sent("https://a.test/error?oauthErrorCode=x&oauthErrorMsg=y&state=z");
        assert_eq!(leave_out(Plane::Resident, &mut page, &["oauthErrorCode", "oauthErrorMsg"]), Deed::Done);
        assert_eq!(page.headers()["location"], "https://a.test/error?state=z");
        let mut other = sent("https://a.test/login?sessionDataKey=k");
        assert_eq!(leave_out(Plane::Resident, &mut other, &["application"]), Deed::Nothing);
        assert_eq!(
            leave_out(Plane::Gateway, &mut sent("https://a.test/?application=a"), &["application"]),
            Deed::Nothing
        );
    }
}
