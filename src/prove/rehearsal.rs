//! For tests: an upstream that hears requests byte by byte, and a cast of it, an interposer and a saboteur.
//! What a saboteur should do is said in its own tests.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use url::Url;

use super::{Accomplices, Defect, Interposer, InterposerConfig, Saboteur, Side};

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    /// Every byte of it.
    pub(super) raw: Vec<u8>,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) body: Vec<u8>,
}

impl Heard {
    /// Value of the first field of that name.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let head = String::from_utf8_lossy(&self.raw).into_owned();
        let (head, _) = head.split_once("\r\n\r\n")?;
        let fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields.into_iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A server that answers each request with the bytes it is told to.
pub(super) struct Hall {
    pub(super) url: Url,
    heard: Arc<Mutex<Vec<Heard>>>,
    accepting: JoinHandle<()>,
}

impl Hall {
    pub(super) async fn open(answer: impl Fn(&Heard) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::with_patience(usize::MAX, answer).await
    }

    /// One that closes each connection after so many answers, without a word.
    pub(super) async fn with_patience(
        answers: usize,
        answer: impl Fn(&Heard) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let answer: Answering = Arc::new(answer);
        let kept = Arc::clone(&heard);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(listen(stream, answers, Arc::clone(&kept), Arc::clone(&answer)));
            }
        });
        Self { url, heard, accepting }
    }

    pub(super) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }
}

impl Drop for Hall {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// What is answered to what was heard.
type Answering = Arc<dyn Fn(&Heard) -> Vec<u8> + Send + Sync>;

async fn listen(mut stream: TcpStream, answers: usize, kept: Arc<Mutex<Vec<Heard>>>, answer: Answering) {
    for _ in 0..answers {
        let Some(heard) = hear(&mut stream).await else { return };
        kept.lock().unwrap().push(heard.clone());
        if stream.write_all(&answer(&heard)).await.is_err() {
            return;
        }
    }
}

async fn hear(stream: &mut TcpStream) -> Option<Heard> {
    let mut raw = Vec::new();
    while !raw.ends_with(b"\r\n\r\n") {
        raw.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8_lossy(&raw).into_owned();
    let lower = head.to_ascii_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length:")).map(str::trim);
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await.ok()?;
    if lower.contains("transfer-encoding: chunked") {
        while !body.ends_with(b"0\r\n\r\n") {
            body.push(stream.read_u8().await.ok()?);
        }
    }
    raw.extend(&body);
    let mut words = head.split(' ').map(str::to_owned);
    Some(Heard { raw, method: words.next()?, path: words.next()?, body })
}

/// An answer with a JSON body.
pub(super) fn json_answer(status: u16, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let length = body.len();
    format!("HTTP/1.1 {status} Fine\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}").into()
}

/// A saboteur that does nothing.
pub(super) struct Idle;

impl Saboteur for Idle {}

/// An interposer without TLS before `hall`.
pub(super) async fn interpose(hall: &Hall, side: Side, saboteur: Arc<dyn Saboteur>) -> Interposer {
    let upstream = hall.url.clone();
    Interposer::start(InterposerConfig { upstream, side, tls: None, trust: Vec::new(), saboteur }).await.unwrap()
}

/// An application at the developer portal.
pub(super) const APPLICATION: &str = "/api/am/devportal/v3/applications/a1";

/// An interposer at the management planes that plays a defect of that list, with nobody to turn to.
pub(super) async fn cast(defects: &[Defect], id: &str, platform: &Hall) -> Interposer {
    let defect = defects.iter().find(|each| each.id == id).unwrap();
    let accomplices = Arc::new(Accomplices::new(&[]).unwrap());
    interpose(platform, Side::Management, (defect.saboteur)(accomplices)).await
}

/// Sends JSON (`Null` sends no body) and reads JSON back.
pub(super) async fn ask(place: &Url, method: &str, path: &str, body: Value) -> (u16, Value) {
    let request = reqwest::Client::new().request(method.parse().unwrap(), place.join(path).unwrap());
    let request = if body.is_null() { request } else { request.json(&body) };
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

/// A plane that keeps documents by id, masks the `client_secret` among their properties and refuses those named
/// `refused`.
pub(super) async fn keeper() -> Hall {
    let kept: Mutex<Vec<Value>> = Mutex::default();
    Hall::open(move |heard| {
        let mut kept = kept.lock().unwrap();
        let id = heard.path.rsplit('/').next().unwrap_or_default().to_owned();
        let at = kept.iter().position(|each| each["id"] == *id);
        match (heard.method.as_str(), at) {
            ("POST" | "PUT", _) if heard.json()["name"] == "refused" => json_answer(400, &Value::Null),
            ("POST", None) => {
                let mut document = heard.json();
                document["id"] = format!("id-{}", kept.len() + 1).into();
                kept.push(document.clone());
                json_answer(201, &masked(document))
            }
            ("PUT", Some(at)) => {
                kept[at] = heard.json();
                kept[at]["id"] = id.into();
                json_answer(200, &masked(kept[at].clone()))
            }
            ("GET", Some(at)) => json_answer(200, &masked(kept[at].clone())),
            ("GET", None) => {
                let list: Vec<Value> = kept.iter().cloned().map(masked).collect();
                json_answer(200, &serde_json::json!({ "count": list.len(), "list": list }))
            }
            _ => json_answer(404, &Value::Null),
        }
    })
    .await
}

fn masked(mut document: Value) -> Value {
    if let Some(secret) = document.pointer_mut("/additionalProperties/client_secret") {
        *secret = "*****".into();
    }
    document
}
