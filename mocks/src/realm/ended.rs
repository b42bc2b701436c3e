//! Telling somebody of tokens that ended before their time, after the realm's lock is open again.
//! Who listens, and what becomes of it, is not the realm's business.

use std::sync::{Arc, Mutex, PoisonError};

use super::{
    state::Realm,
    token::{TokenRow, TokenState},
};

/// What ended before its time.
#[derive(Debug, Clone)]
pub(crate) enum Ended {
    /// This access token.
    Token(Box<TokenRow>),
    /// All that this client had.
    Client(String),
    /// All that was issued in the name of the user with this id.
    User(String),
}

/// Somebody who is told.
pub(crate) type Listener = Arc<dyn Fn(Ended) + Send + Sync>;

/// Who listens now, if anybody.
#[derive(Default)]
pub(super) struct Ear(Mutex<Option<Listener>>);

impl Ear {
    fn listener(&self) -> Option<Listener> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Realm {
    /// Has somebody told from now on, instead of whoever was before; nobody when `None`.
    pub(crate) fn tell(&self, listener: Option<Listener>) {
        *self.0.ear.0.lock().unwrap_or_else(PoisonError::into_inner) = listener;
    }

    /// Tells of one thing that ended.
    pub(super) fn ended(&self, what: impl FnOnce() -> Ended) {
        if let Some(listener) = self.0.ear.listener() {
            listener(what());
        }
    }

    /// Tells of these access tokens.
    pub(super) fn ended_tokens(&self, rows: Vec<TokenRow>) {
        for row in rows {
            self.ended(|| Ended::Token(Box::new(row)));
        }
    }
}

/// The row as it was, when its access token was good before and is not any more.
pub(super) fn if_ended(before: TokenRow, after: &TokenRow, now: u64) -> Option<TokenRow> {
    (before.is_active(now) && after.state != TokenState::Active).then_some(before)
}
