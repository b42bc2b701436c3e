//! Logging in at a backend with what the API keeps for it: HTTP Basic, or a token of the backend's own server.
//! What the backend is told besides is left to [`super::backend_jwt`], sending it to [`super::forward`].

use std::time::{Duration, Instant};

use axum::http::HeaderValue;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use quick_cache::sync::Cache;
use serde::Deserialize;

use super::refusal::Refusal;
use crate::domain::{BackendLogin, LoginKind, Secret};

/// How long before its end a token is not sent any more.
const MARGIN: Duration = Duration::from_secs(5);

/// How long a token is used whose answer does not tell (RFC 6749, section 5.1).
const USUAL_LIFE: Duration = Duration::from_secs(60);

/// Tokens for backends that still live, by the whole request that they were got with.
#[derive(Debug)]
pub(super) struct BackendTokens(Cache<String, (Instant, HeaderValue)>);

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: Option<u64>,
}

impl BackendTokens {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self(Cache::new(capacity))
    }

    /// The `Authorization` field that the backend wants.
    ///
    /// # Errors
    ///
    /// [`Refusal::BackendSilent`] when no token is to be had.
    pub(super) async fn authorization(
        &self,
        http: &reqwest::Client,
        login: &BackendLogin,
    ) -> Result<Option<HeaderValue>, Refusal> {
        if !login.enabled {
            return Ok(None);
        }
        if login.kind == LoginKind::Basic {
            let (user, password) = (login.username.as_deref().unwrap_or_default(), revealed(&login.password));
            return Ok(HeaderValue::try_from(format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))).ok());
        }
        let key = key_of(login);
        if let Some((until, known)) = self.0.get(&key)
            && Instant::now() < until
        {
            return Ok(Some(known));
        }
        let granted = ask(http, login).await.map_err(|error| {
            tracing::warn!(%error, "no token for a backend");
            Refusal::BackendSilent
        })?;
        let field = HeaderValue::try_from(format!("Bearer {}", granted.access_token));
        let field = field.map_err(|_| Refusal::BackendSilent)?;
        let life = granted.expires_in.map_or(USUAL_LIFE, Duration::from_secs).saturating_sub(MARGIN);
        if let Some(until) = Instant::now().checked_add(life) {
            self.0.insert(key, (until, field.clone()));
        }
        Ok(Some(field))
    }
}

async fn ask(http: &reqwest::Client, login: &BackendLogin) -> Result<Granted, String> {
    let mut form: Vec<(&str, &str)> = match login.kind {
        LoginKind::Password => vec![
            ("grant_type", "password"),
            ("username", login.username.as_deref().unwrap_or_default()),
            ("password", revealed(&login.password)),
        ],
        LoginKind::Basic | LoginKind::ClientCredentials => vec![("grant_type", "client_credentials")],
    };
    form.extend(login.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let (url, client) = (login.token_url.as_deref(), login.client_id.as_deref());
    let request = http.post(url.unwrap_or_default()).form(&form);
    let request = request.basic_auth(client.unwrap_or_default(), Some(revealed(&login.client_secret)));
    let said = |error: reqwest::Error| error.without_url().to_string();
    let answer = request.send().await.map_err(said)?;
    if !answer.status().is_success() {
        return Err(format!("status {}", answer.status()));
    }
    answer.json().await.map_err(said)
}

fn revealed(secret: &Option<Secret>) -> &str {
    secret.as_ref().map(Secret::reveal).unwrap_or_default()
}

fn key_of(login: &BackendLogin) -> String {
    let texts = [&login.token_url, &login.client_id, &login.username].map(|text| text.as_deref().unwrap_or_default());
    let secrets = [revealed(&login.client_secret), revealed(&login.password)];
    format!("{:?}\n{texts:?}\n{secrets:?}\n{:?}", login.kind, login.parameters)
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use axum::{Form, Router, http::HeaderMap, routing::post};

    use super::*;

    /// A token endpoint that grants numbered tokens that live as long as the `life` of the request, to `gateway` alone.
    async fn token_endpoint() -> String {
        let granted = Arc::new(AtomicUsize::new(0));
        let grant = move |headers: HeaderMap, Form(form): Form<Vec<(String, String)>>| async move {
            let value = |name: &str| form.iter().find(|(each, _)| each == name).map(|(_, value)| value.clone());
            let known = format!("Basic {}", STANDARD.encode("gateway:secret"));
            if headers["authorization"] != known.as_str() {
                return Err(axum::http::StatusCode::UNAUTHORIZED);
            }
            let number = granted.fetch_add(1, Ordering::SeqCst);
            let life = value("life").unwrap_or_default();
            let told = [value("grant_type"), value("username")].map(Option::unwrap_or_default).concat();
            Ok(format!("{{\"access_token\": \"{told}-{number}\", \"expires_in\": {life}}}"))
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/token", listener.local_addr().unwrap());
        let router = Router::new().route("/token", post(grant));
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    fn login(url: &str, kind: LoginKind, life: &str) -> BackendLogin {
        BackendLogin {
            enabled: true,
            kind,
            username: Some("ann".to_owned()),
            password: Some(Secret::new("of-ann")),
            token_url: Some(url.to_owned()),
            client_id: Some("gateway".to_owned()),
            client_secret: Some(Secret::new("secret")),
            parameters: vec![("life".to_owned(), life.to_owned())],
        }
    }

    #[tokio::test]
    async fn a_token_is_sent_again_until_it_is_about_to_end() {
        let (url, tokens) = (token_endpoint().await, BackendTokens::with_capacity(10));
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let (long, short) = (login(&url, LoginKind::ClientCredentials, "60"), login(&url, LoginKind::Password, "5"));
        for (login, expected) in [
            (&long, "Bearer client_credentials-0"),
            (&long, "Bearer client_credentials-0"),
            (&short, "Bearer passwordann-1"),
            (&short, "Bearer passwordann-2"),
        ] {
            assert_eq!(tokens.authorization(&http, login).await.unwrap().unwrap(), expected);
        }
        let stranger = BackendLogin { client_secret: Some(Secret::new("another")), ..long.clone() };
        assert_eq!(tokens.authorization(&http, &stranger).await, Err(Refusal::BackendSilent));
        assert_eq!(tokens.authorization(&http, &BackendLogin { enabled: false, ..long }).await, Ok(None));
    }

    #[tokio::test]
    async fn http_basic_needs_nobody_else() {
        let (tokens, basic) = (BackendTokens::with_capacity(1), login("", LoginKind::Basic, ""));
        let sent = tokens.authorization(&reqwest::Client::new(), &basic).await.unwrap().unwrap();
        assert_eq!(sent, "Basic YW5uOm9mLWFubg==");
    }
}
