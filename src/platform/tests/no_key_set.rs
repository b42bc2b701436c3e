//! What a key set's address says when it is no key set, while tokens come that need one.
//! Floods of tokens with unknown keys are sent by the scenarios.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use axum::{Router, routing::get};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::future::join_all;

use super::{
    credentials::{Open, refused},
    devportal::plain_server,
    *,
};

/// As many tokens as want the keys at once.
const TOKENS: usize = 30;

#[tokio::test]
async fn an_address_that_serves_no_key_set_is_not_asked_for_every_token() {
    let open = Open::on(Stage::open().await, &["oauth2"]).await;
    for (at, text) in ["<html>", "{}", r#"{"keys":"x"}"#, ""].into_iter().enumerate() {
        let fetches = Arc::new(AtomicUsize::new(0));
        let count = fetches.clone();
        let serve = async move || {
            count.fetch_add(1, Ordering::Relaxed);
            text
        };
        let base = plain_server(Router::new().route("/jwks", get(serve))).await;
        let name = format!("odd-{at}");
        let certificates = json!({"certificates": {"type": "JWKS", "value": format!("{base}/jwks")}});
        open.stage.key_manager(with(custom(&name), certificates)).await;
        let token = |number: usize| {
            let claims =
                json!({"iss": format!("https://{name}.example"), "jti": number.to_string(), "exp": 1_u64 << 33});
            let header = json!({"alg": "RS256", "kid": "k"});
            let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
            format!("Bearer {header}.{claims}.AAAA")
        };
        // The key manager reaches the gateway as an event; then the keys are fetched for the first time.
        let deadline = Instant::now() + Duration::from_secs(8);
        while fetches.load(Ordering::Relaxed) == 0 {
            assert!(Instant::now() < deadline, "{text:?}: the keys are never fetched");
            assert_eq!(open.with("Authorization", &token(0)).await, refused(401, "900901"));
        }
        let (before, began) = (fetches.load(Ordering::Relaxed), Instant::now());
        let tokens: Vec<String> = (1..=TOKENS).map(token).collect();
        let answers = join_all(tokens.iter().map(|token| open.with("Authorization", token))).await;
        assert!(answers.into_iter().all(|answer| answer == refused(401, "900901")), "{text:?}");
        // One for each second that the calls took, and one that was begun before.
        let allowed = usize::try_from(began.elapsed().as_secs()).unwrap() + 1;
        let asked = fetches.load(Ordering::Relaxed) - before;
        assert!(asked <= allowed, "{text:?}: {asked} fetches for {TOKENS} tokens in {:?}", began.elapsed());
    }
    open.stage.close().await;
}
