//! Revocation notices: what WSO2 Identity Server tells an API platform about tokens that ended before their time.
//! When a token ends is the realm's business; what the platform makes of it, its own.

use std::{sync::Arc, time::Duration};

use reqwest::{Certificate, Client, Url};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::realm::{
    Clock, Realm, TokenFormat, TokenRow,
    ended::{Ended, Listener},
    random,
};

/// Whose notices they are: the handler type of the connector, which is not the key manager's name.
pub const HANDLER: &str = "WSO2-IS";
/// The header field that names the handler.
pub const HANDLER_HEADER: &str = "X-WSO2-KEY-MANAGER";

/// Notices are given up after so long; nobody waits for them.
const PATIENCE: Duration = Duration::from_secs(10);
/// The id of the tenant `carbon.super`.
pub(crate) const SUPER_TENANT: i64 = -1234;

/// Where notices go, and in whose name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeTarget {
    /// The platform's event intake, such as `https://localhost:9443/internal/data/v1/notify`.
    pub url: String,
    /// An administrator of the platform.
    pub username: String,
    /// The administrator's password.
    pub password: String,
    /// What the header field `X-WSO2-KEY-MANAGER` says.
    #[serde(default = "handler")]
    pub handler: String,
    /// Certificates that the platform's may be of, beside the server's own authority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_pem: Option<String>,
}

fn handler() -> String {
    HANDLER.to_owned()
}

// The password is left out.
impl std::fmt::Debug for NoticeTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NoticeTarget").field("url", &self.url).field("handler", &self.handler).finish_non_exhaustive()
    }
}

impl NoticeTarget {
    /// That event intake, in the name of that administrator.
    pub fn new(url: impl Into<String>, username: impl Into<String>, password: impl Into<String>) -> Self {
        let handler = handler();
        Self { url: url.into(), username: username.into(), password: password.into(), handler, ca_pem: None }
    }
}

/// Notices cannot be sent there.
#[derive(Debug, thiserror::Error)]
pub enum NoticeError {
    /// The vendor sends none.
    #[error("`{0}` sends no revocation notices\nhint: is and is7 do")]
    Vendor(String),
    /// The address is none.
    #[error(
        "revocation notices cannot go to `{0}`\nhint: the address of a platform's event intake starts with https:// and ends in /internal/data/v1/notify"
    )]
    Url(String),
    /// The handler cannot stand in a header field.
    #[error("`{0}` cannot stand in the header field X-WSO2-KEY-MANAGER")]
    Handler(String),
    /// The certificates do not read.
    #[error("reading the certificates to trust: {0}")]
    Trust(#[from] reqwest::Error),
}

/// What notices go over, those of every tenant of a server alike.
#[derive(Clone)]
pub(crate) struct Line(UnboundedSender<Value>);

impl Line {
    /// One to there. Must be called within a runtime, which sends the notices. Like the product's, they are sent in the
    /// background, once, and nobody looks at what is answered.
    pub(crate) fn open(authority: &str, target: NoticeTarget) -> Result<Self, NoticeError> {
        let sender = Sender::new(authority, target)?;
        let (line, mut waiting) = unbounded_channel::<Value>();
        tokio::spawn(async move {
            while let Some(notice) = waiting.recv().await {
                tokio::spawn(sender.clone().send(notice));
            }
        });
        Ok(Self(line))
    }

    /// Somebody who is told of what ends at that tenant.
    fn listener(&self, clock: Clock, tenant: i64, domain: &str) -> Listener {
        let (line, domain) = (self.0.clone(), domain.to_owned());
        Arc::new(move |ended| drop(line.send(notice(&ended, &clock, tenant, &domain))))
    }
}

/// Has whatever ends in the realm of that tenant told over the line from now on; nobody is told without one.
pub(crate) fn listen(realm: &Realm, line: Option<&Line>, tenant: i64, domain: &str) {
    realm.tell(line.map(|line| line.listener(realm.clock().clone(), tenant, domain)));
}

#[derive(Clone)]
struct Sender {
    http: Client,
    url: Url,
    target: Arc<NoticeTarget>,
}

impl Sender {
    fn new(authority: &str, target: NoticeTarget) -> Result<Self, NoticeError> {
        let url = Url::parse(&target.url).ok().filter(|url| ["http", "https"].contains(&url.scheme()));
        let url = url.ok_or_else(|| NoticeError::Url(target.url.clone()))?;
        if target.handler.is_empty() || http::HeaderValue::from_str(&target.handler).is_err() {
            return Err(NoticeError::Handler(target.handler));
        }
        let mut trusted = Certificate::from_pem_bundle(authority.as_bytes())?;
        if let Some(more) = &target.ca_pem {
            trusted.extend(Certificate::from_pem_bundle(more.as_bytes())?);
        }
        let http = Client::builder().tls_certs_only(trusted).no_proxy().timeout(PATIENCE).build()?;
        Ok(Self { http, url, target: Arc::new(target) })
    }

    async fn send(self, notice: Value) {
        let Self { http, url, target } = self;
        let request = http.post(url.clone()).basic_auth(&target.username, Some(&target.password));
        match request.header(HANDLER_HEADER, &target.handler).json(&notice).send().await {
            Ok(answer) => tracing::debug!(status = answer.status().as_u16(), %url, "a revocation notice was sent"),
            Err(error) => tracing::warn!(%error, %url, "a revocation notice was lost"),
        }
    }
}

/// The notice of something that ended.
fn notice(ended: &Ended, clock: &Clock, tenant: i64, domain: &str) -> Value {
    let now_ms = clock.now_ms();
    let mut notice = match ended {
        Ended::Token(row) => of_token(row),
        Ended::Client(id) => json!({
            "type": "consumer_app_revocation_event",
            "consumerKey": id,
            "revocationTime": now_ms,
        }),
        Ended::User(id) => json!({
            "type": "subject_entity_revocation_event",
            "entityId": id,
            "entityType": "USER_ID",
            "revocationTime": now_ms,
        }),
    };
    notice["eventId"] = json!(random::uuid());
    notice["timeStamp"] = json!(now_ms);
    notice["tenantId"] = json!(tenant);
    notice["tenantDomain"] = json!(domain);
    notice["properties"] = json!({});
    notice
}

/// A JWT is named by its `jti`, an opaque token by itself.
fn of_token(row: &TokenRow) -> Value {
    let (token, kind) = match row.format {
        TokenFormat::Jwt => (&row.jti, "JWT"),
        TokenFormat::Opaque => (&row.access_token, "DEFAULT"),
    };
    json!({
        "type": "token_revocation",
        "accessToken": token,
        "expiryTime": row.expires_at.saturating_mul(1_000),
        "user": row.username.as_deref().unwrap_or_default(),
        "consumerKey": row.client_id,
        "tokenType": kind,
    })
}
