//! How fast the mock authorization servers are: ready after how long, tokens a second over TLS, signatures a second.
//! What a token must look like is tested elsewhere; here only its arrival counts.
//!
//! The table at the end (`cargo bench --bench mocks -- bounds` prints it alone) has what was measured beside what it should be, on
//! two cores: ready within 20 ms, at least 5,000 tokens a second by RS256 and 20,000 by ES256, ten issuers in less than 60 MB. Memory
//! is the same on any machine, so that a bound of memory that is missed ends the bench with exit code 4. Times and rates are not: those
//! do so where `KMSPEC_HOLD_RATES=1` is set.

use std::{
    hint::black_box,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use criterion::{Criterion, Throughput, criterion_group};
use kmspec_mocks::{
    certificates::CertificateAuthority,
    realm::{ClientSpec, KeyPurpose, SigningKey, test_keys},
    server::AuthorizationServer,
    vendors::Vendor,
};
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Runtime,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// Connections that ask at the same time.
const CONNECTIONS: u64 = 16;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

/// A server with that key and a client whose tokens live a second, so that none pile up.
async fn serve(
    authority: &Arc<CertificateAuthority>,
    key: &SigningKey,
    servers: usize,
) -> (AuthorizationServer, String) {
    let builder = AuthorizationServer::builder(Vendor::Custom).certificates(Arc::clone(authority));
    let server = builder.recording(false).servers(servers).start().await.expect("a mock starts");
    server.realm().keys().add(key.clone(), KeyPurpose::Access);
    server.realm().add_client(ClientSpec::new("bench").id("bench").secret("bench").token_seconds(1));
    let body = "grant_type=client_credentials&client_id=bench&client_secret=bench";
    let request = format!(
        "POST /token HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    (server, request)
}

fn connector(authority: &CertificateAuthority) -> TlsConnector {
    let mut roots = rustls::RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(authority.ca_pem().as_bytes()).expect("a certificate");
    roots.add(root).expect("a root");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    TlsConnector::from(Arc::new(config.expect("versions").with_root_certificates(roots).with_no_client_auth()))
}

async fn connect(server: &AuthorizationServer, tls: &TlsConnector) -> TlsStream<TcpStream> {
    let stream = TcpStream::connect(server.base_url().replace("https://localhost", "127.0.0.1")).await.expect("a port");
    stream.set_nodelay(true).expect("a socket");
    tls.connect(ServerName::try_from("localhost").expect("a name"), stream).await.expect("a handshake")
}

/// Asks so many times, one after the other, and reads each answer to its end.
async fn ask(stream: &mut TlsStream<TcpStream>, request: &[u8], times: u64) {
    let mut buffer = Vec::with_capacity(4_096);
    for _ in 0..times {
        stream.write_all(request).await.expect("the server reads");
        buffer.clear();
        loop {
            let read = stream.read_buf(&mut buffer).await.expect("the server answers");
            assert!(read > 0, "the server ended the connection");
            if let Some(end) = end(&buffer).filter(|end| *end <= buffer.len()) {
                assert!(buffer.starts_with(b"HTTP/1.1 200") && end == buffer.len());
                break;
            }
        }
    }
}

/// Where the answer ends, once its head is there.
fn end(answer: &[u8]) -> Option<usize> {
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&answer[..head]).ok()?.to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    Some(head + length.parse::<usize>().ok()?)
}

/// The time that so many tokens take over all connections together; handshakes are outside of it.
async fn tokens(server: &AuthorizationServer, tls: &TlsConnector, request: &str, count: u64) -> Duration {
    let mut streams = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut stream = connect(server, tls).await;
        ask(&mut stream, request.as_bytes(), 1).await;
        streams.push(stream);
    }
    let request: Arc<[u8]> = request.as_bytes().into();
    let each = count.div_ceil(CONNECTIONS);
    let began = Instant::now();
    let tasks = streams.into_iter().map(|mut stream| {
        let request = Arc::clone(&request);
        tokio::spawn(async move { ask(&mut stream, &request, each).await })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.expect("every answer is a token");
    }
    began.elapsed().mul_f64(count as f64 / (each * CONNECTIONS) as f64)
}

fn signatures(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mocks/signature_floor");
    for name in ["rsa-amber", "p256-amber"] {
        let key = test_keys::named(name).expect("the key is embedded");
        group.throughput(Throughput::Elements(1));
        group.bench_function(name, |bencher| bencher.iter(|| black_box(key.sign(black_box(&[b'x'; 400])))));
    }
}

fn issued(criterion: &mut Criterion) {
    let (runtime, authority) = (runtime(), Arc::new(CertificateAuthority::new("kmspec bench").expect("an authority")));
    let tls = connector(&authority);
    let mut group = criterion.benchmark_group("mocks/tokens");
    group.throughput(Throughput::Elements(1)).sample_size(10).measurement_time(Duration::from_secs(8));
    for (algorithm, name) in [("rs256", "rsa-amber"), ("es256", "p256-amber")] {
        let key = test_keys::named(name).expect("the key is embedded");
        for servers in [1, 2, 4] {
            let (server, request) = runtime.block_on(serve(&authority, &key, servers));
            group.bench_function(format!("{algorithm}/{servers}_servers"), |bencher| {
                bencher.iter_custom(|count| runtime.block_on(tokens(&server, &tls, &request, count)));
            });
        }
    }
}

fn ready(criterion: &mut Criterion) {
    let (runtime, authority) = (runtime(), Arc::new(CertificateAuthority::new("kmspec bench").expect("an authority")));
    criterion.bench_function("mocks/ready", |bencher| {
        bencher.iter_custom(|count| {
            let mut taken = Duration::ZERO;
            for _ in 0..count {
                let began = Instant::now();
                let builder = AuthorizationServer::builder(Vendor::Is7).certificates(Arc::clone(&authority));
                let server = runtime.block_on(builder.start()).expect("a mock starts");
                taken += began.elapsed();
                drop(server);
            }
            taken
        });
    });
}

/// Tokens of a round, and rounds.
const ROUND: (u64, usize) = (4_000, 7);
/// So many servers stand behind one front, each number for all its rounds.
const BEHIND: [usize; 2] = [2, 4];

/// What is measured, beside what it should be.
struct Bound {
    name: String,
    measured: f64,
    /// The most there may be, or the least.
    limit: Limit,
    unit: &'static str,
    /// Whether it is the same on any machine.
    anywhere: bool,
}

enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

impl Bound {
    fn is_kept(&self) -> bool {
        match self.limit {
            Limit::AtMost(limit) => self.measured <= limit,
            Limit::AtLeast(limit) => self.measured >= limit,
        }
    }

    fn print(&self) {
        let (word, limit) = match self.limit {
            Limit::AtMost(limit) => ("at most", limit),
            Limit::AtLeast(limit) => ("at least", limit),
        };
        let verdict = if self.is_kept() { "kept" } else { "MISSED" };
        println!("  {:<34}{:>10.1} {} of {word} {limit} {}: {verdict}", self.name, self.measured, self.unit, self.unit);
    }
}

/// The best rate of each algorithm, with recording off and several servers behind one front.
fn rates() -> Vec<Bound> {
    let (runtime, authority) = (runtime(), Arc::new(CertificateAuthority::new("kmspec bench").expect("an authority")));
    let tls = connector(&authority);
    let best = |name: &str| {
        let key = test_keys::named(name).expect("the key is embedded");
        let mut best: f64 = 0.0;
        for servers in BEHIND {
            let (server, request) = runtime.block_on(serve(&authority, &key, servers));
            for _ in 0..ROUND.1 {
                let time = runtime.block_on(tokens(&server, &tls, &request, ROUND.0));
                best = best.max(ROUND.0 as f64 / time.as_secs_f64());
            }
        }
        best
    };
    let bound = |(algorithm, name, limit)| Bound {
        name: format!("{algorithm}, the best of {} rounds", ROUND.1 * BEHIND.len()),
        measured: best(name),
        limit: Limit::AtLeast(limit),
        unit: "tokens/s",
        anywhere: false,
    };
    [("RS256", "rsa-amber", 5_000.0), ("ES256", "p256-amber", 20_000.0)].map(bound).into()
}

/// Starts whose median counts.
const STARTS: usize = 41;

/// How soon a server is ready.
fn readiness() -> Bound {
    let (runtime, authority) = (runtime(), Arc::new(CertificateAuthority::new("kmspec bench").expect("an authority")));
    let start = || {
        let began = Instant::now();
        let builder = AuthorizationServer::builder(Vendor::Is7).certificates(Arc::clone(&authority));
        let server = runtime.block_on(builder.start()).expect("a mock starts");
        let taken = began.elapsed();
        drop(server);
        taken
    };
    let mut taken: Vec<Duration> = (0..STARTS).map(|_| start()).collect();
    taken.sort_unstable();
    Bound {
        name: format!("ready, the median of {STARTS} starts"),
        measured: taken[STARTS / 2].as_secs_f64() * 1_000.0,
        limit: Limit::AtMost(20.0),
        unit: "ms",
        anywhere: false,
    }
}

/// Set for the process in which there is nothing but ten issuers.
const TEN_ISSUERS: &str = "KMSPEC_BENCH_TEN_ISSUERS";

/// Starts ten issuers, and prints the memory of this process in kB.
fn ten_issuers() {
    let (runtime, authority) = (runtime(), Arc::new(CertificateAuthority::new("kmspec bench").expect("an authority")));
    let start = |vendor: &Vendor| {
        let builder = AuthorizationServer::builder(*vendor).certificates(Arc::clone(&authority));
        runtime.block_on(builder.start()).expect("a mock starts")
    };
    let servers: Vec<AuthorizationServer> = Vendor::ALL.iter().take(10).map(start).collect();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    println!("{}", line.trim().trim_end_matches(" kB"));
    drop(servers);
}

/// What ten issuers take in a process of their own; nothing where the system does not tell.
fn memory() -> Option<Bound> {
    let itself = std::env::current_exe().ok()?;
    let told = Command::new(itself).env(TEN_ISSUERS, "1").output().ok()?;
    let kilobytes: f64 = String::from_utf8(told.stdout).ok()?.trim().parse().ok()?;
    let measured = kilobytes / 1_000.0;
    Some(Bound {
        name: "ten issuers in one process".to_owned(),
        measured,
        limit: Limit::AtMost(60.0),
        unit: "MB",
        anywhere: true,
    })
}

/// Prints everything that is bounded; whether all of it that is to be held is kept.
fn bounds(hold_rates: bool) -> bool {
    println!("mocks/bounds: tokens over {CONNECTIONS} TLS connections");
    let mut all = vec![readiness()];
    all.extend(rates());
    match memory() {
        Some(bound) => all.push(bound),
        None => println!("  memory is told by Linux alone"),
    }
    all.iter().for_each(Bound::print);
    all.iter().all(|bound| bound.is_kept() || !(bound.anywhere || hold_rates))
}

criterion_group!(benches, ready, signatures, issued);

fn main() {
    if std::env::var_os(TEN_ISSUERS).is_some() {
        return ten_issuers();
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
    // `cargo test --benches` builds for debugging, where no bound means anything.
    let told = std::env::args().all(|argument| argument != "--list" && argument != "--test");
    let measures = told && !cfg!(debug_assertions);
    let hold_rates = std::env::var("KMSPEC_HOLD_RATES").is_ok_and(|value| value == "1");
    if measures && !bounds(hold_rates) {
        // As every broken budget ends.
        std::process::exit(4);
    }
}
