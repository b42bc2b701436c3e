//! The interposer before a subject that is played: it leaves no trace, keeps connections apart and survives a saboteur.
//! What single saboteurs do is tested beside each.

use futures::future::BoxFuture;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::rehearsal::{Hall, Idle, ask, interpose, json_answer};

/// Sends bytes, hangs up that half, and reads until the other side is done.
async fn say(to: &Url, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", to.port().unwrap())).await.unwrap();
    stream.write_all(request).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn an_idle_saboteur_leaves_no_trace_in_requests_and_answers() {
    let hall = Hall::open(|heard| {
        let length = heard.body.len();
        let body = if heard.method == "HEAD" { &[][..] } else { &heard.body };
        let head = format!(
            "HTTP/1.1 207 Odd Reason\r\nX-Trace: one\r\nx-trace: two\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: {length}\r\n\r\n"
        );
        [head.as_bytes(), body].concat()
    })
    .await;
    let interposer = interpose(&hall, Side::Gateway, Arc::new(Idle)).await;
    let requests: [&[u8]; 7] = [
        b"GET /a/../b/./c//d?x=%2e%2E&y=%zz;q HTTP/1.1\r\nHost: odd.example\r\nX-Thing: 1\r\nx-thing: 2\r\nAuthorization: bearer a\r\nAuthorization: Bearer b\r\n\r\n",
        b"HEAD /head HTTP/1.1\r\nHost: odd.example\r\n\r\n",
        b"PROPFIND /%2e%2e/secret HTTP/1.1\r\nHost: odd.example\r\nDepth: 1\r\n\r\n",
        b"POST /body HTTP/1.1\r\nHost: odd.example\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\n\x00\xff\r\n\r\n",
        b"POST /none HTTP/1.1\r\nHost: odd.example\r\nContent-Length: 0\r\n\r\n",
        b"DELETE /with-body HTTP/1.1\r\nHost: odd.example\r\nContent-Length: 2\r\n\r\nhi",
        b"GET /obs HTTP/1.1\r\nHost: odd.example\r\nX-Bytes: \xe9\r\n\r\n",
    ];
    for request in requests {
        let direct = say(&hall.url, request).await;
        let through = say(interposer.url(), request).await;
        assert_eq!(String::from_utf8_lossy(&through), String::from_utf8_lossy(&direct));
        let heard = hall.heard();
        let [.., plain, passed] = heard.as_slice() else { panic!("both requests arrive") };
        assert_eq!(String::from_utf8_lossy(&passed.raw), String::from_utf8_lossy(&plain.raw));
    }
    assert_eq!(interposer.deeds(), 0);
}

struct Clumsy;

impl Saboteur for Clumsy {
    fn on_request<'a>(&'a self, _: Plane, _: &'a mut Request<Bytes>) -> BoxFuture<'a, Deed> {
        async { panic!("dropped a {}", "spanner") }.boxed()
    }
}

#[tokio::test]
async fn a_panic_of_the_saboteur_is_remembered_and_leaves_the_driver_without_an_answer() {
    let hall = Hall::open(|_| json_answer(200, &serde_json::json!("heard"))).await;
    let interposer = interpose(&hall, Side::Gateway, Arc::new(Clumsy)).await;
    assert_eq!(say(interposer.url(), b"GET /here HTTP/1.1\r\nHost: odd.example\r\n\r\n").await, b"");
    assert_eq!(interposer.panics(), ["GET /here: dropped a spanner"]);
    assert!(hall.heard().is_empty());
}

#[tokio::test]
async fn a_connection_serves_many_requests_while_the_subject_hangs_up_between_them() {
    let hall = Hall::with_patience(1, |_| json_answer(200, &serde_json::json!("heard"))).await;
    let interposer = interpose(&hall, Side::Gateway, Arc::new(Idle)).await;
    let client = reqwest::Client::builder().pool_max_idle_per_host(1).build().unwrap();
    for _ in 0..5 {
        let answer = client.post(interposer.url().clone()).body("once").send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), "\"heard\"");
    }
    assert_eq!(hall.heard().len(), 5);
}

#[tokio::test]
async fn a_hundred_requests_at_once_all_get_their_own_answers() {
    let hall = Hall::open(|heard| json_answer(200, &serde_json::json!(heard.path))).await;
    let interposer = interpose(&hall, Side::Gateway, Arc::new(Idle)).await;
    let mut asked = JoinSet::new();
    for each in 0..100 {
        let place = interposer.url().clone();
        asked.spawn(async move {
            let path = format!("/{each}");
            let (_, said) = ask(&place, "GET", &path, serde_json::Value::Null).await;
            assert_eq!(said, path);
        });
    }
    assert!(asked.join_all().await.len() == 100);
}

#[tokio::test]
async fn the_subject_reads_its_own_name_and_its_locations_lead_back() {
    let hall = Hall::open(|heard| {
        let host = heard.header("host").unwrap();
        format!("HTTP/1.1 302 Found\r\nLocation: http://{host}/next?a\r\nContent-Length: 0\r\n\r\n").into()
    })
    .await;
    let interposer = interpose(&hall, Side::Management, Arc::new(Idle)).await;
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let answer = client.get(interposer.url().clone()).send().await.unwrap();
    assert_eq!(hall.heard()[0].header("host").unwrap(), message::authority(&hall.url));
    assert_eq!(answer.headers()[header::LOCATION], interposer.url().join("/next?a").unwrap().as_str());
}

#[tokio::test]
async fn a_silent_subject_stays_silent() {
    let hall = Hall::open(|_| Vec::new()).await;
    let gone = hall.url.clone();
    drop(hall);
    let interposer = Interposer::start(InterposerConfig {
        upstream: gone,
        side: Side::Gateway,
        tls: None,
        trust: Vec::new(),
        saboteur: Arc::new(Idle),
    })
    .await
    .unwrap();
    assert!(reqwest::get(interposer.url().clone()).await.is_err());
}

#[tokio::test]
async fn tls_on_both_sides_is_the_runs_own() {
    let authority = kmspec_mocks::certificates::CertificateAuthority::new("interposer test").unwrap();
    let tls = || Some(authority.issue(&["localhost", "127.0.0.1"]).unwrap().server_config());
    let hall = Hall::open(|_| json_answer(200, &serde_json::json!("heard"))).await;
    let trust = vec![authority.ca_pem().to_owned()];
    let start = |upstream: Url, trust: Vec<String>| {
        let (side, saboteur) = (Side::Gateway, Arc::new(Idle));
        Interposer::start(InterposerConfig { upstream, side, tls: tls(), trust, saboteur })
    };
    let inner = start(hall.url.clone(), Vec::new()).await.unwrap();
    let outer = start(inner.url().clone(), trust.clone()).await.unwrap();
    let distrustful = start(inner.url().clone(), Vec::new()).await.unwrap();

    let root = reqwest::Certificate::from_pem(trust[0].as_bytes()).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([root]).build().unwrap();
    let answer = client.get(outer.url().clone()).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "\"heard\"");
    assert!(client.get(distrustful.url().clone()).send().await.is_err());
}

#[test]
fn planes_of_one_origin_are_told_apart_by_path() {
    for (path, plane) in [
        ("/api/am/admin/v4/key-managers", Plane::Admin),
        ("/api/am/publisher/v4/apis", Plane::Publisher),
        ("/api/am/devportal/v3/applications", Plane::Devportal),
        ("/internal/data/v1/notify", Plane::Notify),
        ("/t/acme/oauth2/token", Plane::Resident),
    ] {
        assert_eq!(Side::Management.plane(path), plane);
        assert_eq!(Side::Gateway.plane(path), Plane::Gateway);
    }
}
