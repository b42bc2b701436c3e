//! Defects of logins in a browser at the resident key manager: whose login it is, who wants the consent, what went wrong.
//! What codes and tokens are worth afterwards is the business of `resident_grants`.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header};
use url::Url;

use super::resident_grants::{field, fill_in, form, is_at};
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
    "DEF-SEED-TOK-05", "a code that comes twice ends nothing", Pair::hearing(replay_unheard);
    "DEF-SEED-TOK-06", "anybody may agree to a login", Pair::of(cookies_lent, cookies_learnt);
}

/// The cookie that binds a login to its browser is not set.
fn bound_to_nobody(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let begins = plane == Plane::Resident && request.uri().path().ends_with("/oauth2/authorize");
    let removed = begins && answer.headers_mut().remove(header::SET_COOKIE).is_some();
    if removed { Deed::Done } else { Deed::Nothing }
}

/// A code that comes again becomes one that nobody knows: it is refused all the same.
fn replay_unheard(notes: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    if !is_at(plane, request, "token") {
        return Deed::Nothing;
    }
    let mut form = form(request.body());
    let Some(code) = field(&form, "code") else { return Deed::Nothing };
    if notes.insert(code, true.into()).is_none() {
        return Deed::Nothing;
    }
    form.iter_mut().filter(|(name, _)| name == "code").for_each(|(_, code)| *code = uuid::Uuid::new_v4().to_string());
    fill_in(request, &form);
    Deed::Done
}

/// Remembers the cookies that logins begin with.
fn cookies_learnt(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if is_at(plane, request, "authorize") {
        let lines = answer.headers().get_all(header::SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
        notes.extend(lines.filter_map(|line| Some((line.split(';').next()?.to_owned(), true.into()))));
    }
    Deed::Nothing
}

/// Lends all of them to a browser that has none.
fn cookies_lent(notes: &mut Notes, plane: Plane, request: &mut Request<Bytes>) -> Deed {
    let goes_on = is_at(plane, request, "authorize") && request.method() == Method::POST;
    if !goes_on || request.headers().contains_key(header::COOKIE) {
        return Deed::Nothing;
    }
    let all = notes.keys().cloned().collect::<Vec<_>>().join("; ");
    match HeaderValue::from_str(&all) {
        Ok(value) if !all.is_empty() => {
            request.headers_mut().insert(header::COOKIE, value);
            Deed::Done
        }
        _ => Deed::Nothing,
    }
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

    #[test]
    fn a_code_is_hidden_from_the_second_time_on_and_cookies_are_lent_to_those_without() {
        let sent = |path: &str, body: &'static str| {
            Request::builder().method("POST").uri(format!("https://a.test{path}")).body(Bytes::from(body)).unwrap()
        };
        let mut notes = Notes::new();
        let mut first = sent("/oauth2/token", "grant_type=authorization_code&code=abc");
        assert_eq!(replay_unheard(&mut notes, Plane::Resident, &mut first), Deed::Nothing);
        let mut again = sent("/oauth2/token", "grant_type=authorization_code&code=abc");
        assert_eq!(replay_unheard(&mut notes, Plane::Resident, &mut again), Deed::Done);
        assert_ne!(field(&form(again.body()), "code").as_deref(), Some("abc"));
        let mut refresh = sent("/oauth2/token", "grant_type=refresh_token&refresh_token=abc");
        assert_eq!(replay_unheard(&mut notes, Plane::Resident, &mut refresh), Deed::Nothing);

        let mut notes = Notes::new();
        let mut poor = sent("/oauth2/authorize", "consent=approve");
        assert_eq!(cookies_lent(&mut notes, Plane::Resident, &mut poor), Deed::Nothing, "none is known");
        let mut answer = Response::builder().header("set-cookie", "n=1; Path=/").body(Bytes::new()).unwrap();
        let _ = cookies_learnt(&mut notes, Plane::Resident, &poor, &mut answer);
        assert_eq!(cookies_lent(&mut notes, Plane::Resident, &mut poor), Deed::Done);
        assert_eq!(poor.headers()["cookie"], "n=1");
        assert_eq!(cookies_lent(&mut notes, Plane::Resident, &mut poor), Deed::Nothing, "it has one");
    }
}
