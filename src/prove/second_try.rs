//! Refusals that are none: what the subject refused is sent again in a form that it takes, and from then on reads as sent.
//! Which refusals, and in which form, is for each defect to say.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::{HeaderName, HeaderValue, Request, Response, header};
use serde_json::Value;

use super::{Accomplices, Deed, Saboteur, message};
use kmspec_model::exchange::Plane;

/// A request that the subject refused.
pub(super) struct Refused<'a> {
    pub(super) plane: Plane,
    pub(super) request: &'a Request<Bytes>,
    pub(super) status: u16,
    /// The refusal, and the product's code in it.
    pub(super) told: Value,
    pub(super) code: u64,
    /// The document that the request is about, as it was shown last.
    pub(super) known: Option<&'a Value>,
}

/// Changes the document of a refused request to one that the subject takes; whether it could.
pub(super) type Mend = fn(&Refused<'_>, &mut Value) -> bool;

/// Tries again what was refused for one reason.
pub(super) struct SecondTry {
    accomplices: Arc<Accomplices>,
    mend: Mend,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Documents as the subject told them, by id.
    documents: HashMap<String, Value>,
    /// By id: the document that the subject took, and the one that was sent.
    words: HashMap<String, (Value, Value)>,
}

/// Marks second tries on their way from the saboteur to its own interposer; the subject never sees it.
const MARK: HeaderName = HeaderName::from_static("x-second-try");

/// Whether a request is a second try.
fn is_one(request: &Request<Bytes>) -> bool {
    request.headers().contains_key(MARK)
}

/// Sends a request again to where it went; `None` when nothing came back.
pub(super) async fn again(accomplices: &Accomplices, request: &Request<Bytes>, body: Bytes) -> Option<Response<Bytes>> {
    let host = request.headers().get(header::HOST)?.to_str().ok()?;
    let place = request.uri().path_and_query()?;
    let mut fields = request.headers().clone();
    for name in [header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION] {
        fields.remove(name);
    }
    fields.insert(MARK, HeaderValue::from_static("1"));
    let second = accomplices.client().request(request.method().clone(), format!("https://{host}{place}"));
    let answer = second.headers(fields).body(body).send().await.ok()?;
    let mut told = Response::new(Bytes::new());
    *told.status_mut() = answer.status();
    *told.headers_mut() = answer.headers().clone();
    *told.body_mut() = answer.bytes().await.ok()?;
    message::fit_answer_length(&mut told);
    Some(told)
}

impl SecondTry {
    /// One that mends requests so.
    pub(super) fn with(accomplices: Arc<Accomplices>, mend: Mend) -> Arc<dyn Saboteur> {
        Arc::new(Retried(Self { accomplices, mend, seen: Mutex::default() }))
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The document of a refused request as it was sent, and in the form that the subject takes.
    fn mended(&self, plane: Plane, request: &Request<Bytes>, answer: &Response<Bytes>) -> Option<(Value, Value)> {
        // Some refusals come wrapped as a failure (500 with 900967).
        let refused = (answer.status().is_client_error() || answer.status().is_server_error()) && !is_one(request);
        let sent = message::json(request.body()).filter(|sent| refused && sent.is_object())?;
        let told = message::json(answer.body()).unwrap_or_default();
        let seen = self.seen();
        let id = message::resource(request.uri().path()).last().copied().unwrap_or_default();
        let refused = Refused {
            plane,
            request,
            status: answer.status().as_u16(),
            code: told["code"].as_u64().unwrap_or_default(),
            told,
            known: seen.documents.get(id),
        };
        let mut mended = sent.clone();
        (self.mend)(&refused, &mut mended).then_some((sent, mended))
    }

    async fn try_again(&self, sent: Value, mended: Value, request: &Request<Bytes>) -> Option<Response<Bytes>> {
        let second = again(&self.accomplices, request, message::bytes(&mended)).await?;
        let told = message::json(second.body()).filter(|_| second.status().is_success())?;
        self.seen().words.insert(id_of(&told)?, (mended, sent));
        Some(second)
    }

    /// Notes documents, and shows those of second tries in the words of the first.
    fn show(&self, answer: &mut Response<Bytes>) -> bool {
        let Some(mut told) = message::json(answer.body()).filter(|_| answer.status().is_success()) else {
            return false;
        };
        let mut reworded = false;
        let mut seen = self.seen();
        for document in message::documents(&mut told) {
            let Some(id) = id_of(document) else { continue };
            match seen.words.get(&id) {
                Some((took, sent)) => reworded |= reword(document, took, sent),
                None => drop(seen.documents.insert(id, document.clone())),
            }
        }
        if reworded {
            *answer.body_mut() = message::bytes(&told);
        }
        reworded
    }
}

/// The id of a key manager, or of an application's keys.
fn id_of(document: &Value) -> Option<String> {
    ["id", "keyMappingId"].iter().find_map(|name| document[*name].as_str()).map(str::to_owned)
}

/// Writes what was sent over what the subject took, member by member; whether anything changed.
fn reword(document: &mut Value, took: &Value, sent: &Value) -> bool {
    let Some(members) = document.as_object_mut() else { return false };
    let mut reworded = false;
    for (name, value) in took.as_object().into_iter().flatten() {
        match (members.get_mut(name), sent.get(name)) {
            (Some(shown), Some(wanted)) if value.is_object() => reworded |= reword(shown, value, wanted),
            (Some(shown), Some(wanted)) if value != wanted => {
                *shown = wanted.clone();
                reworded = true;
            }
            (Some(_), None) => reworded |= members.remove(name).is_some(),
            _ => {}
        }
    }
    reworded
}

impl Retry for SecondTry {
    async fn second(
        &self,
        plane: Plane,
        request: &Request<Bytes>,
        answer: &mut Response<Bytes>,
    ) -> Option<Response<Bytes>> {
        if let Some((sent, mended)) = self.mended(plane, request, answer)
            && let Some(mut second) = self.try_again(sent, mended, request).await
        {
            self.show(&mut second);
            return Some(second);
        }
        self.show(answer);
        None
    }
}

/// What is answered instead, after a second try.
pub(super) trait Retry: Send + Sync {
    /// The answer of a second try, made with [`again`]; `None` leaves the first as it is. It is not asked about the second
    /// try itself: what comes back to the saboteur stays in the subject's words.
    fn second(
        &self,
        plane: Plane,
        request: &Request<Bytes>,
        answer: &mut Response<Bytes>,
    ) -> impl Future<Output = Option<Response<Bytes>>> + Send;
}

/// A saboteur of what tries again.
pub(super) struct Retried<T>(pub(super) T);

impl<T: Retry> Saboteur for Retried<T> {
    fn on_request<'a>(&'a self, _: Plane, request: &'a mut Request<Bytes>) -> BoxFuture<'a, Deed> {
        request.headers_mut().remove(MARK);
        std::future::ready(Deed::Nothing).boxed()
    }

    fn on_answer<'a>(
        &'a self,
        plane: Plane,
        request: &'a Request<Bytes>,
        answer: &'a mut Response<Bytes>,
    ) -> BoxFuture<'a, Deed> {
        async move {
            if is_one(request) {
                return Deed::Nothing;
            }
            let Some(second) = self.0.second(plane, request, answer).await else { return Deed::Nothing };
            *answer = second;
            Deed::Done
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_taken_reads_as_it_was_sent() {
        let took = json!({ "name": "a", "type": "custom", "issuer": "made", "additionalProperties": { "x": "1" } });
        let sent = json!({ "name": "b", "type": "custom", "additionalProperties": { "x": "2" } });
        let mut shown = took.clone();
        shown["id"] = "1".into();
        assert!(reword(&mut shown, &took, &sent));
        let wanted = json!({ "id": "1", "name": "b", "type": "custom", "additionalProperties": { "x": "2" } });
        assert_eq!(shown, wanted);
        assert!(!reword(&mut shown, &sent, &sent));
    }

    #[test]
    fn only_first_tries_that_were_refused_for_that_reason_are_mended() {
        let accomplices = Arc::new(Accomplices::new(&[]).unwrap());
        let second = SecondTry {
            accomplices,
            mend: |refused, document| {
                document["name"] = "other".into();
                refused.code == 7 && refused.known.is_none()
            },
            seen: Mutex::default(),
        };
        let request = |marked: bool| {
            let request = Request::post("/api/am/admin/v4/key-managers").body(message::bytes(&json!({ "name": "a" })));
            let mut request = request.unwrap();
            if marked {
                request.headers_mut().insert(MARK, HeaderValue::from_static("1"));
            }
            request
        };
        let mended = |marked: bool, status: u16, code: u32| {
            let mut answer = Response::new(Bytes::new());
            message::refuse(&mut answer, status, code, "no");
            second.mended(Plane::Admin, &request(marked), &answer).map(|(_, mended)| mended["name"].clone())
        };
        assert_eq!([mended(false, 400, 7), mended(false, 500, 7)], [Some(json!("other")), Some(json!("other"))]);
        assert_eq!([mended(true, 400, 7), mended(false, 200, 7), mended(false, 400, 8)], [None, None, None]);
    }
}
