//! What waits for a person or a second request: logins under way, authorization codes, consents.
//! It lives for minutes and is not part of a snapshot; who keeps codes does so one by one. What a request must look like is
//! decided in `grants`.

use std::{
    collections::{HashMap, HashSet},
    sync::{MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::{
    client::Client, device::Device, handshakes::Waiting, pkce::Challenge, pushed::Pushed, random, state::Realm,
    token::TokenRow,
};

/// An authorization request that was found to be in order (RFC 6749, section 4.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client_id: String,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// Whether the request named that URI; if so, the token request must, too.
    pub redirect_uri_sent: bool,
    /// Whether an id token comes with the code, both in the fragment (OpenID Connect Core, section 3.3).
    pub id_token: bool,
    /// The scopes asked for; `None` when there were none.
    pub scopes: Option<Vec<String>>,
    /// To be echoed.
    pub state: Option<String>,
    /// To stand in the id token (OpenID Connect Core, section 3.1.2.1).
    pub nonce: Option<String>,
    /// The audience asked for, where the server takes one.
    pub audience: Option<String>,
    /// Whether the id token is to tell when the user logged in (OpenID Connect Core, section 2).
    pub auth_time: bool,
    /// What the verifier must answer.
    pub challenge: Option<Challenge>,
}

/// What a person is logging in for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginPurpose {
    /// An authorization code.
    Code(AuthorizationRequest),
    /// A device.
    Device {
        /// The code that was typed.
        user_code: String,
    },
}

/// A login under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// What for.
    pub purpose: LoginPurpose,
    /// Who it turned out to be, once the password was right.
    pub username: Option<String>,
    expires_at: u64,
}

/// An authorization code and what it is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationCode {
    /// The request that led to it.
    pub request: AuthorizationRequest,
    /// Who logged in.
    pub username: String,
    /// What was granted.
    pub scopes: Vec<String>,
    /// When the user logged in, in seconds since 1970.
    pub authenticated_at: u64,
    /// Seconds since 1970.
    pub expires_at: u64,
    /// The grant that its tokens will belong to.
    pub grant: String,
    used: bool,
    /// Presented again before tokens came of the first time.
    replayed: bool,
    /// The grant that its tokens belong to, once there are any.
    family: Option<String>,
}

/// What became of a code that was presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It was unused, and is used from now on.
    Fresh(Box<AuthorizationCode>),
    /// It was used before; the grant that came of it, if any.
    Used(Option<String>),
    /// There is none of that text for that client.
    Unknown,
}

/// Above this many entries, those that have expired are thrown away.
pub(super) const PRUNE_FROM: usize = 1_000;
/// How long a person may take to log in, in seconds.
const LOGIN_SECONDS: u64 = 900;

#[derive(Default)]
pub(super) struct Pending {
    logins: HashMap<String, Login>,
    codes: HashMap<String, AuthorizationCode>,
    consents: HashSet<(String, String)>,
    pub(super) pushed: HashMap<String, Pushed>,
    pub(super) devices: Vec<Device>,
    pub(super) handshakes: Vec<Waiting>,
}

impl Pending {
    /// Everything but the consents.
    pub(super) fn forget(&mut self) {
        self.logins.clear();
        self.codes.clear();
        self.pushed.clear();
        self.devices.clear();
    }

    pub(super) fn code_mut(&mut self, text: &str) -> Option<&mut AuthorizationCode> {
        self.codes.get_mut(text)
    }
}

impl AuthorizationCode {
    /// Makes it as good as new; what came of it is forgotten.
    pub(super) fn renew(&mut self) {
        (self.used, self.replayed, self.family) = (false, false, None);
    }
}

impl Realm {
    pub(super) fn pending(&self) -> MutexGuard<'_, Pending> {
        self.0.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a login; gives the key that the login page carries.
    pub fn begin_login(&self, purpose: LoginPurpose) -> String {
        self.keep_login(purpose, None)
    }

    fn keep_login(&self, purpose: LoginPurpose, username: Option<String>) -> String {
        let (key, now) = (random::uuid(), self.now());
        let mut pending = self.pending();
        if pending.logins.len() >= PRUNE_FROM {
            pending.logins.retain(|_, login| now < login.expires_at);
        }
        pending.logins.insert(key.clone(), Login { purpose, username, expires_at: now.saturating_add(LOGIN_SECONDS) });
        key
    }

    /// The login of that key, unless it took too long.
    pub fn login(&self, key: &str) -> Option<Login> {
        let now = self.now();
        self.pending().logins.get(key).filter(|login| now < login.expires_at).cloned()
    }

    /// Notes who logged in; the login goes on under another key, so that nobody who knew the first one is let in.
    pub(crate) fn logged_in(&self, key: &str, username: &str) -> Option<String> {
        let login = self.end_login(key)?;
        Some(self.keep_login(login.purpose, Some(username.to_owned())))
    }

    /// Closes a login and gives it.
    pub(crate) fn end_login(&self, key: &str) -> Option<Login> {
        let now = self.now();
        self.pending().logins.remove(key).filter(|login| now < login.expires_at)
    }

    /// Whether the user need not be asked for consent: the client is trusted, or the user has consented for good.
    pub(crate) fn has_consent(&self, client: &Client, username: &str) -> bool {
        client.skips_consent || self.pending().consents.contains(&(client.id.clone(), username.to_owned()))
    }

    /// Notes that the user has consented for good.
    pub(crate) fn keep_consent(&self, client_id: &str, username: &str) {
        self.pending().consents.insert((client_id.to_owned(), username.to_owned()));
    }

    /// Keeps a new code; gives its text and the grant that its tokens will belong to.
    pub(crate) fn keep_code(
        &self,
        request: AuthorizationRequest,
        username: String,
        scopes: Vec<String>,
    ) -> (String, String) {
        let (text, grant, now) = (self.shape().opaque(), random::uuid(), self.now());
        let code = AuthorizationCode {
            request,
            username,
            scopes,
            authenticated_at: now,
            expires_at: now.saturating_add(self.policy().lifetimes.code_seconds),
            grant: grant.clone(),
            used: false,
            replayed: false,
            family: None,
        };
        let mut pending = self.pending();
        if pending.codes.len() >= PRUNE_FROM {
            pending.codes.retain(|_, code| now < code.expires_at);
        }
        pending.codes.insert(text.clone(), code);
        (text, grant)
    }

    /// A code and what became of it, to be kept.
    pub fn code(&self, text: &str) -> Option<AuthorizationCode> {
        self.pending().codes.get(text).cloned()
    }

    /// Puts a code back that was kept.
    pub fn put_code(&self, text: &str, code: AuthorizationCode) {
        self.pending().codes.insert(text.to_owned(), code);
    }

    /// The request that led to a code, whether it was redeemed or not.
    pub(crate) fn request_of_code(&self, text: &str) -> Option<AuthorizationRequest> {
        self.pending().codes.get(text).map(|code| code.request.clone())
    }

    /// Takes a code: of two who present it, only one finds it fresh. Another client's is not touched.
    pub(crate) fn take_code(&self, text: &str, client_id: &str) -> Taken {
        match self.pending().codes.get_mut(text).filter(|code| code.request.client_id == client_id) {
            None => Taken::Unknown,
            Some(code) if code.used => {
                code.replayed = true;
                Taken::Used(code.family.clone())
            }
            Some(code) => {
                code.used = true;
                Taken::Fresh(Box::new(code.clone()))
            }
        }
    }

    /// What came of a code that was redeemed: the rows of its grant, good or not.
    pub fn rows_of_code(&self, text: &str) -> Vec<TokenRow> {
        let family = self.pending().codes.get(text).and_then(|code| code.family.clone());
        let Some(family) = family else { return Vec::new() };
        self.state().tokens.rows().filter(|row| row.family == family).cloned().collect()
    }

    /// Notes which grant came of a code; `false` when somebody else has presented it in the meantime.
    pub(crate) fn close_code(&self, text: &str, family: &str) -> bool {
        match self.pending().codes.get_mut(text) {
            Some(code) => {
                code.family = Some(family.to_owned());
                !code.replayed
            }
            None => true,
        }
    }
}
