//! A saboteur before the gateway, made from one small function: it mends a token, judges a call anew, changes an answer
//! or runs an errand. Which calls it is about is that function's to say.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::{HeaderValue, Request, Response, header};
use kmspec_mocks::{
    forge::Forge,
    realm::{KeyPurpose, SigningKey},
};
use serde_json::{Value, json};
use url::Url;

use super::{
    Accomplices, Deed, Saboteur,
    history::History,
    key_managers::KeyManagers,
    passes,
    token::{CLIENT_CLAIMS, Token},
};
use kmspec_model::exchange::Plane;

pub(super) use super::verdict::{Verdict, change_echo, code, is_field};

/// What is wrong with a gateway.
#[derive(Clone, Copy)]
pub(super) enum Flaw {
    /// Another token arrives: a good one in place of a bad one, or one that lacks what the gateway fails to see.
    Mends(fn(&Case<'_>) -> Option<String>),
    /// A good token is taken for a bad one: it arrives without a right signature, or as a word that nobody issued.
    Spoils(fn(&Case<'_>) -> bool),
    /// A good token is taken for a bad one when this errand fails.
    Depends(fn(&Case<'_>) -> Option<Errand>),
    /// Anything else about a call is changed on its way in. Says whether it was.
    Rewrites(fn(&Case<'_>, &mut Request<Bytes>) -> bool),
    /// A call gets another verdict.
    Judges(fn(&Case<'_>, &Response<Bytes>) -> Option<Verdict>),
    /// An answer is told differently. Says whether it was.
    Tells(fn(&Case<'_>, &mut Response<Bytes>) -> bool),
    /// Others are asked what they should not be asked.
    Asks(fn(&Case<'_>, &Response<Bytes>) -> Vec<Errand>),
    /// A call gets another verdict, by what an errand brings back.
    Inquires(fn(&Case<'_>, &Response<Bytes>) -> Option<Inquiry>),
    /// A decision of a management plane is changed on its way in. Says whether it was.
    Hears(fn(&Accomplices, Plane, &mut Request<Bytes>) -> bool),
    /// An answer of a management plane is told differently. Says whether it was.
    Answers(fn(Plane, &mut Response<Bytes>) -> bool),
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
    pub(super) verdict: fn(&Case<'_>, Option<&Value>) -> Option<Verdict>,
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
        let token = self.token.as_ref()?;
        let configured =
            self.key_manager().and_then(|document| document["consumerKeyClaim"].as_str().map(str::to_owned));
        let configured = configured.and_then(|name| token.text(&name));
        configured.or_else(|| CLIENT_CLAIMS.iter().find_map(|name| token.text(name)))
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

    /// Something that nobody can take for a good token: the JWT under a signature of zeros, or a word.
    pub(super) fn spoilt(&self) -> String {
        match &self.token {
            Some(token) => token.with_signature(BASE64_URL_SAFE_NO_PAD.encode([0; 32])).text_of(),
            None => "nobody-issued-this".to_owned(),
        }
    }

    /// The JWT as its issuer would sign it for a client that nobody knows.
    pub(super) fn of_nobody(&self) -> Option<String> {
        let (token, issuer) = self.issued()?;
        let named = CLIENT_CLAIMS.iter().filter(|name| token.claims.contains_key(**name));
        let changed = named.fold(token.clone(), |token, name| token.with_claim(name, "nobody-knows-this".into()));
        Some(signed_by_issuer(&changed, &issuer))
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
        deed(hand_on(request, &token))
    }

    fn spoil(&self, request: &mut Request<Bytes>, shut_out: fn(&Case<'_>) -> bool) -> Deed {
        let spoilt = self.examine(request, |case| (!case.text.is_empty() && shut_out(case)).then(|| case.spoilt()));
        deed(spoilt.is_some_and(|token| hand_on(request, &token)))
    }

    async fn depend(&self, request: &mut Request<Bytes>, errand: fn(&Case<'_>) -> Option<Errand>) -> Deed {
        let Some(errand) = self.examine(request, errand) else { return Deed::Nothing };
        if self.run(&errand).await.is_some() {
            return Deed::Nothing;
        }
        let spoilt = self.examine(request, |case| case.spoilt());
        deed(hand_on(request, &spoilt))
    }

    fn rewrite(&self, request: &mut Request<Bytes>, rewrite: fn(&Case<'_>, &mut Request<Bytes>) -> bool) -> Deed {
        let mut rewritten = request.clone();
        let done = self.examine(request, |case| rewrite(case, &mut rewritten));
        if done {
            *request = rewritten;
        }
        deed(done)
    }

    async fn twist(&self, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
        match self.flaw {
            Flaw::Judges(judge) => match self.examine(request, |case| judge(case, answer)) {
                Some(verdict) => self.give(verdict, request, answer).await,
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
                let told = self.run(&errand).await;
                match self.examine(request, |case| verdict(case, told.as_ref())) {
                    Some(verdict) => self.give(verdict, request, answer).await,
                    None => Deed::Nothing,
                }
            }
            _ => Deed::Nothing,
        }
    }

    /// Gives a verdict. Who is accepted gets the answer of the backend itself where a good token can be borrowed.
    async fn give(&self, verdict: Verdict, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
        let refused = !answer.status().is_success();
        let pass =
            self.examine(request, |case| case.pass()).filter(|_| refused && matches!(verdict, Verdict::Accepted));
        if let Some(token) = pass
            && let Some(told) = passes::answer_to(self.accomplices.client(), request, &token).await
        {
            *answer = told;
            return Deed::Done;
        }
        verdict.give(request, answer)
    }

    async fn run(&self, errand: &Errand) -> Option<Value> {
        let request = match errand {
            Errand::Fetch(url) => self.accomplices.client().get(url.clone()),
            Errand::Introspect(url, token) => {
                self.accomplices.client().post(url.clone()).basic_auth("admin", Some("admin")).form(&[("token", token)])
            }
        };
        match request.send().await {
            Ok(answer) => answer.error_for_status().ok()?.json().await.ok(),
            Err(error) => {
                tracing::warn!(%error, "an errand of a saboteur failed");
                None
            }
        }
    }
}

impl Saboteur for Gate {
    fn on_request<'a>(&'a self, plane: Plane, request: &'a mut Request<Bytes>) -> BoxFuture<'a, Deed> {
        async move {
            let calls = plane == Plane::Gateway;
            match self.flaw {
                Flaw::Mends(mend) if calls => self.mend(request, mend),
                Flaw::Spoils(shut_out) if calls => self.spoil(request, shut_out),
                Flaw::Depends(errand) if calls => self.depend(request, errand).await,
                Flaw::Rewrites(rewrite) if calls => self.rewrite(request, rewrite),
                Flaw::Hears(hear) if !calls => deed(hear(&self.accomplices, plane, request)),
                _ => Deed::Nothing,
            }
        }
        .boxed()
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

/// Hands a token on in place of whatever was sent; says whether that could be done.
fn hand_on(request: &mut Request<Bytes>, token: &str) -> bool {
    let field = HeaderValue::from_str(&format!("Bearer {token}"));
    field.is_ok_and(|field| request.headers_mut().insert(header::AUTHORIZATION, field).is_some())
}

/// The first bearer token of a request.
fn bearer(request: &Request<Bytes>) -> Option<&str> {
    let field = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, text) = field.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(text.trim_start())
}
