//! Logging in at a backend with what the API keeps for it: HTTP Basic, or a token of the backend's own server.
//! What the backend is told besides is left to [`super::backend_jwt`], sending it to [`super::forward`].

use std::time::{Duration, Instant};

use axum::http::HeaderValue;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use quick_cache::sync::Cache;
use serde::Deserialize;

use super::refusal::Refusal;
use crate::platform::domain::{BackendLogin, LoginKind, Secret};

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
