//! A saboteur before the gateway, made from one small function: it mends a token, judges a call anew, changes an answer
//! or runs an errand. Which calls it is about is that function's to say.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use kmspec_mocks::{
    forge::Forge,
    realm::{KeyPurpose, SigningKey},
};
use serde_json::{Value, json};
use url::Url;

use super::{Accomplices, Deed, Saboteur, history::History, key_managers::KeyManagers, message, token::Token};
use crate::model::exchange::Plane;

/// What is wrong with a gateway.
#[derive(Clone, Copy)]
pub(super) enum Flaw {
    /// A bad token passes, as this good one would.
    Mends(fn(&Case<'_>) -> Option<String>),
    /// A call gets another verdict.
    Judges(fn(&Case<'_>, &Response<Bytes>) -> Option<Verdict>),
    /// An answer is told differently. Says whether it was.
    Tells(fn(&Case<'_>, &mut Response<Bytes>) -> bool),
    /// Others are asked what they should not be asked.
    Asks(fn(&Case<'_>, &Response<Bytes>) -> Vec<Errand>),
    /// A call gets another verdict, by what an errand brings back.
    Inquires(fn(&Case<'_>, &Response<Bytes>) -> Option<Inquiry>),
    /// A decision of a management plane is changed on its way in. Says whether it was.
    Hears(fn(Plane, &mut Request<Bytes>) -> bool),
    /// An answer of a management plane is told differently. Says whether it was.
    Answers(fn(Plane, &mut Response<Bytes>) -> bool),
}

/// A verdict in place of the gateway's own.
#[derive(Debug, Clone)]
pub(super) enum Verdict {
    /// The backend answers.
    Accepted,
    /// What the gateway answered before is answered again.
    AsBefore(Response<Bytes>),
    /// 401.
    BadCredentials,
    /// 403, no subscription.
    NotSubscribed,
    /// 403, no scope.
    ScopeMissing,
    /// 403, no audience.
    WrongAudience,
    /// 500.
    Broken,
}

/// A request of the saboteur's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Errand {
    /// Fetches.
    Fetch(Url),
    /// Asks an authorization server about a token.
    Introspect(Url, String),
}

/// An errand, and the verdict by what it brings back: JSON, or nothing when it failed.
pub(super) struct Inquiry {
    pub(super) errand: Errand,
    pub(super) verdict: fn(Option<&Value>) -> Option<Verdict>,
}

/// One call at the gateway, and all that is known of it.
pub(super) struct Case<'a> {
    pub(super) accomplices: &'a Accomplices,
    pub(super) key_managers: &'a KeyManagers,
    pub(super) history: &'a History,
    /// As the driver sent it.
    pub(super) request: &'a Request<Bytes>,
    /// The bearer token, whatever it looks like; the first where several are sent.
    pub(super) text: &'a str,
    /// The same taken apart, when it is a JWT.
    pub(super) token: Option<Token>,
}

impl<'a> Case<'a> {
    pub(super) fn path(&self) -> &'a str {
        self.request.uri().path()
    }

    /// The JWT with the mock that issues in its name.
    pub(super) fn issued(&self) -> Option<(&Token, Forge)> {
        let token = self.token.as_ref()?;
        Some((token, self.accomplices.find(token.issuer()?)?))
    }

    /// The client that a JWT names, in whichever claim.
    pub(super) fn client(&self) -> Option<&str> {
        let claims = &self.token.as_ref()?.claims;
        ["client_id", "azp", "cid", "consumerKey"].iter().find_map(|name| claims.get(*name)?.as_str())
    }

    /// The document of the key manager whose issuer the JWT names, in this path's tenant.
    pub(super) fn key_manager(&self) -> Option<Value> {
        self.key_managers.of_issuer(self.path(), self.token.as_ref()?.issuer()?)
    }

    /// The entry of the issuer's key set that the JWT names, as it is served.
    pub(super) fn named_entries(&self) -> Vec<Value> {
        let Some((token, issuer)) = self.issued() else { return Vec::new() };
        let named = |entry: &&Value| entry.get("kid").is_some() && entry.get("kid") == token.header("kid");
        let set = issuer.keys().jwks();
        set["keys"].as_array().into_iter().flatten().filter(named).cloned().collect()
    }

    /// Where the issuer's keys are served, as the administrator told.
    pub(super) fn key_set_url(&self) -> Option<Url> {
        let document = self.key_manager()?;
        let certificates = &document["certificates"];
        (certificates["type"] == "JWKS").then(|| certificates["value"].as_str()?.parse().ok()).flatten()
    }

    /// The application that the JWT's client was given to.
    pub(super) fn application(&self) -> Option<&str> {
        self.history.mapping(self.client()?)?.resource.get(1).map(String::as_str)
    }

    /// What the backend answered to the same token on the same path before.
    pub(super) fn accepted_before(&self) -> Option<(usize, Response<Bytes>)> {
        let same = |call: &&super::history::GatewayCall| call.token == self.text && call.path == self.path();
        self.history.calls().filter(same).find_map(|call| Some((call.at, call.answer.clone()?)))
    }
}

/// The JWT as its issuer would sign it, with the key that it signs with now.
pub(super) fn signed_by_issuer(token: &Token, issuer: &Forge) -> String {
    sound(token, &issuer.keys().current(KeyPurpose::Access))
}

/// The JWT signed with a key, by an ordinary header that names it.
pub(super) fn sound(token: &Token, key: &SigningKey) -> String {
    let header = json!({ "typ": "at+jwt", "alg": format!("{:?}", key.algorithm()), "kid": key.kid() });
    token.with_header(header).with_signature_of(key)
}

/// A saboteur with one flaw.
pub(super) struct Gate {
    accomplices: Arc<Accomplices>,
    key_managers: KeyManagers,
    history: Mutex<History>,
    flaw: Flaw,
}

impl Gate {
    pub(super) fn new(accomplices: Arc<Accomplices>, flaw: Flaw) -> Self {
        Self { accomplices, key_managers: KeyManagers::default(), history: Mutex::default(), flaw }
    }

    fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn examine<T>(&self, request: &Request<Bytes>, look: impl FnOnce(&Case<'_>) -> T) -> T {
        let history = self.history();
        let text = bearer(request).unwrap_or_default();
        look(&Case {
            accomplices: &self.accomplices,
            key_managers: &self.key_managers,
            history: &history,
            request,
            text,
            token: Token::read(text),
        })
    }

    fn mend(&self, request: &mut Request<Bytes>, mend: fn(&Case<'_>) -> Option<String>) -> Deed {
        let Some(token) = self.examine(request, mend) else { return Deed::Nothing };
        let Ok(field) = HeaderValue::from_str(&format!("Bearer {token}")) else { return Deed::Nothing };
        request.headers_mut().insert(header::AUTHORIZATION, field);
        Deed::Done
    }

    async fn twist(&self, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
        match self.flaw {
            Flaw::Mends(_) | Flaw::Hears(_) | Flaw::Answers(_) => Deed::Nothing,
            Flaw::Judges(judge) => match self.examine(request, |case| judge(case, answer)) {
                Some(verdict) => verdict.give(request, answer),
                None => Deed::Nothing,
            },
            Flaw::Tells(tell) => deed(self.examine(request, |case| tell(case, answer))),
            Flaw::Asks(ask) => {
                let errands = self.examine(request, |case| ask(case, answer));
                let asked = !errands.is_empty();
                for errand in errands {
                    let _ = self.run(&errand).await;
                }
                deed(asked)
            }
            Flaw::Inquires(inquire) => {
                let inquiry = self.examine(request, |case| inquire(case, answer));
                let Some(Inquiry { errand, verdict }) = inquiry else { return Deed::Nothing };
                match verdict(self.run(&errand).await.as_ref()) {
                    Some(verdict) => verdict.give(request, answer),
                    None => Deed::Nothing,
                }
            }
        }
    }

    async fn run(&self, errand: &Errand) -> Option<Value> {
        let request = match errand {
            Errand::Fetch(url) => self.accomplices.client().get(url.clone()),
            Errand::Introspect(url, token) => {
                self.accomplices.client().post(url.clone()).basic_auth("admin", Some("admin")).form(&[("token", token)])
            }
        };
        match request.send().await {
            Ok(answer) => answer.json().await.ok(),
            Err(error) => {
                tracing::warn!(%error, "an errand of a saboteur failed");
                None
            }
        }
    }
}

impl Saboteur for Gate {
    fn on_request<'a>(&'a self, plane: Plane, request: &'a mut Request<Bytes>) -> BoxFuture<'a, Deed> {
        let done = match self.flaw {
            Flaw::Mends(mend) if plane == Plane::Gateway => self.mend(request, mend),
            Flaw::Hears(hear) if plane != Plane::Gateway => deed(hear(plane, request)),
            _ => Deed::Nothing,
        };
        std::future::ready(done).boxed()
    }

    fn on_answer<'a>(
        &'a self,
        plane: Plane,
        request: &'a Request<Bytes>,
        answer: &'a mut Response<Bytes>,
    ) -> BoxFuture<'a, Deed> {
        async move {
            if plane != Plane::Gateway {
                self.key_managers.learn(plane, request, answer);
                self.history().decided(plane, request, answer);
                return match self.flaw {
                    Flaw::Answers(tell) => deed(tell(plane, answer)),
                    _ => Deed::Nothing,
                };
            }
            let received = answer.clone();
            let done = self.twist(request, answer).await;
            self.history().called(request.uri().path(), bearer(request).unwrap_or_default(), &received);
            done
        }
        .boxed()
    }

    fn on_restart(&self, tenant: &str) {
        self.history().restarted(tenant);
    }
}

fn deed(done: bool) -> Deed {
    if done { Deed::Done } else { Deed::Nothing }
}

/// The first bearer token of a request.
fn bearer(request: &Request<Bytes>) -> Option<&str> {
    let field = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, text) = field.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(text.trim_start())
}

impl Verdict {
    /// Writes this verdict over the gateway's, unless it is the same.
    fn give(self, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
        let (passed, passes) = (answer.status().is_success(), matches!(self, Self::Accepted | Self::AsBefore(_)));
        let broken = matches!(self, Self::Broken) && !answer.status().is_server_error();
        if passed == passes && !broken {
            return Deed::Nothing;
        }
        *answer = match self {
            Self::Accepted => echo(request),
            Self::AsBefore(before) => before,
            Self::BadCredentials => refusal(401, "900901", "Invalid Credentials"),
            Self::NotSubscribed => refusal(403, "900908", "Resource forbidden "),
            Self::ScopeMissing => refusal(403, "900910", "The access token does not allow you to access the resource"),
            Self::WrongAudience => refusal(403, "900914", "Access Denied"),
            Self::Broken => refusal(500, "900900", "Unclassified Authentication Failure"),
        };
        Deed::Done
    }
}

/// What the echo backend would have said.
fn echo(request: &Request<Bytes>) -> Response<Bytes> {
    let fields = request.headers().iter().filter(|(name, _)| **name != header::AUTHORIZATION);
    let fields: Vec<_> =
        fields.map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()))).collect();
    let body = json!({ "method": request.method().as_str(), "path": request.uri().path(), "headers": fields });
    written(StatusCode::OK, &body)
}

fn refusal(status: u16, code: &str, message: &str) -> Response<Bytes> {
    let status = StatusCode::from_u16(status).expect("the statuses above are statuses");
    let mut answer = written(status, &json!({ "code": code, "message": message, "description": message }));
    if status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Bearer realm=\"kmspec\", error=\"invalid_token\"");
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    answer
}

fn written(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut answer = Response::new(message::bytes(body));
    *answer.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    answer.headers_mut().insert(header::CONTENT_TYPE, json);
    message::fit_answer_length(&mut answer);
    answer
}

/// The gateway's code in a refusal.
pub(super) fn code(answer: &Response<Bytes>) -> Option<String> {
    if answer.status().is_success() {
        return None;
    }
    let body = message::json(answer.body())?;
    body["code"].as_str().map(str::to_owned)
}

/// Changes the header fields that the backend says it received; whether there was such a list.
pub(super) fn change_echo(answer: &mut Response<Bytes>, change: impl FnOnce(&mut Vec<Value>) -> bool) -> bool {
    let Some(mut body) = answer.status().is_success().then(|| message::json(answer.body())).flatten() else {
        return false;
    };
    let changed = body["headers"].as_array_mut().is_some_and(change);
    if changed {
        *answer.body_mut() = message::bytes(&body);
    }
    changed
}

/// Whether a field of an echo has that name.
pub(super) fn is_field(field: &Value, name: &HeaderName) -> bool {
    field[0].as_str().is_some_and(|found| found.eq_ignore_ascii_case(name.as_str()))
}

/// The defects of a file: id, what it looks like, and the function that makes it.
macro_rules! defects {
    ($($id:literal, $summary:literal, $kind:ident($function:path);)*) => {
        /// The defects of this file.
        pub(in crate::prove) const DEFECTS: &[$crate::prove::Defect] = &[$(
            $crate::prove::Defect {
                id: $id,
                summary: $summary,
                saboteur: |accomplices| {
                    std::sync::Arc::new($crate::prove::gate::Gate::new(
                        accomplices,
                        $crate::prove::gate::Flaw::$kind($function),
                    ))
                },
            },
        )*];
    };
}
pub(super) use defects;
