//! Issued tokens: one row holds an access token and the refresh token it came with.
//! When a row is made, replaced or ended is decided by `grants` and by revocation.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{client::TokenFormat, jwt::Object};

/// Which of a row's tokens a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// The access token.
    Access,
    /// The refresh token.
    Refresh,
}

/// Whether a token may still be used; time is looked at apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenState {
    /// Yes.
    Active,
    /// No: it was revoked.
    Revoked,
    /// No: another one took its place.
    Superseded,
}

/// A refresh token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshToken {
    /// As issued.
    pub text: String,
    /// Seconds since 1970.
    pub expires_at: u64,
    /// Whether it may still be used.
    pub state: TokenState,
    /// In which way it may be used although another one took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace: Option<Grace>,
    /// The scopes that it stands for, where the access token beside it has fewer: refreshing can ask for less, and the new
    /// refresh token is good for as much as the old one (RFC 6749, section 6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
}

/// The time in which a refresh token that was replaced may be used again (see `rotation`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grace {
    /// Until when, in seconds since 1970.
    pub until: u64,
    /// How often it was used again.
    pub reused: u64,
}

/// An access token, with the refresh token it came with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRow {
    /// Unique id; the `jti` of a JWT.
    pub jti: String,
    /// All rows that stem from one grant share this.
    pub family: String,
    /// The access token as issued.
    pub access_token: String,
    /// Form of the access token.
    pub format: TokenFormat,
    /// The refresh token, if one was issued.
    pub refresh: Option<RefreshToken>,
    /// For whom.
    pub client_id: String,
    /// On whose behalf.
    pub username: Option<String>,
    /// How.
    pub grant_type: String,
    /// Granted scopes.
    pub scopes: Vec<String>,
    /// The audience asked for.
    pub audience: Option<String>,
    /// Further claims, which introspection tells, too.
    #[serde(default)]
    pub claims: Object,
    /// Seconds since 1970.
    pub issued_at: u64,
    /// Seconds since 1970.
    pub expires_at: u64,
    /// Whether the access token may still be used.
    pub state: TokenState,
}

// The token's own text is left out: it must not end in a log.
impl std::fmt::Debug for TokenRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenRow")
            .field("jti", &self.jti)
            .field("client_id", &self.client_id)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl TokenRow {
    /// Whether the access token is good at this time. The last second of its life is the one before `exp`.
    pub fn is_active(&self, now: u64) -> bool {
        self.state == TokenState::Active && now < self.expires_at
    }

    /// Whether the refresh token is good at this time.
    pub fn is_refreshable(&self, now: u64) -> bool {
        self.refresh.as_ref().is_some_and(|refresh| refresh.state == TokenState::Active && now < refresh.expires_at)
    }

    /// The scopes that its refresh token stands for.
    pub fn refreshable_scopes(&self) -> &[String] {
        self.refresh.as_ref().and_then(|refresh| refresh.scopes.as_ref()).unwrap_or(&self.scopes)
    }

    /// Ends both tokens.
    pub fn end(&mut self, state: TokenState) {
        self.state = state;
        if let Some(refresh) = &mut self.refresh {
            refresh.state = state;
            refresh.grace = None;
        }
    }

    /// Ends both tokens, the refresh token with a time of grace, which is no longer than its life.
    pub(super) fn begin_grace(&mut self, until: u64) {
        self.end(TokenState::Superseded);
        if let Some(refresh) = &mut self.refresh {
            refresh.grace = Some(Grace { until: until.min(refresh.expires_at), reused: 0 });
        }
    }

    /// Whether the refresh token was replaced and its time of grace lasts.
    pub(super) fn in_grace(&self, now: u64) -> bool {
        let grace = self.refresh.as_ref().filter(|refresh| refresh.state == TokenState::Superseded);
        grace.and_then(|refresh| refresh.grace).is_some_and(|grace| now < grace.until)
    }

    /// Counts a use of the refresh token in its time of grace; whether it may be used.
    pub(super) fn use_again(&mut self, now: u64, reuses: u64) -> bool {
        let in_grace = self.in_grace(now);
        let grace = self.refresh.as_mut().and_then(|refresh| refresh.grace.as_mut());
        match grace.filter(|grace| in_grace && grace.reused < reuses) {
            Some(grace) => {
                grace.reused += 1;
                true
            }
            None => false,
        }
    }

    /// Whether the refresh tokens of both stand for the same scopes.
    pub(crate) fn refreshes_as_much_as(&self, other: &Self) -> bool {
        sorted(self.refreshable_scopes()) == sorted(other.refreshable_scopes())
    }

    fn same_grant(&self, other: &Self) -> bool {
        self.client_id == other.client_id
            && self.username == other.username
            && self.audience == other.audience
            && self.claims == other.claims
            && sorted(&self.scopes) == sorted(&other.scopes)
    }
}

fn sorted(scopes: &[String]) -> Vec<&String> {
    let mut scopes: Vec<_> = scopes.iter().collect();
    scopes.sort();
    scopes
}

/// Every row that could still matter.
#[derive(Default)]
pub(super) struct TokenStore {
    rows: HashMap<String, TokenRow>,
    by_text: HashMap<String, (String, TokenKind)>,
    /// Rows per client, so that re-issuing need not look at everybody's.
    by_client: HashMap<String, Vec<String>>,
    prune_at: usize,
}

/// Below this many rows nothing is thrown away: a test may want to see why a token is refused.
const PRUNE_FROM: usize = 10_000;

impl TokenStore {
    pub(super) fn insert(&mut self, row: TokenRow, now: u64) {
        if self.rows.len() >= self.prune_at.max(PRUNE_FROM) {
            self.prune(now);
        }
        self.by_text.insert(row.access_token.clone(), (row.jti.clone(), TokenKind::Access));
        let usable = |refresh: &&RefreshToken| refresh.state == TokenState::Active || refresh.grace.is_some();
        if let Some(refresh) = row.refresh.as_ref().filter(usable) {
            self.by_text.insert(refresh.text.clone(), (row.jti.clone(), TokenKind::Refresh));
        }
        self.by_client.entry(row.client_id.clone()).or_default().push(row.jti.clone());
        self.rows.insert(row.jti.clone(), row);
    }

    pub(super) fn find(&self, text: &str) -> Option<(&TokenRow, TokenKind)> {
        let (jti, kind) = self.by_text.get(text)?;
        Some((self.rows.get(jti)?, *kind))
    }

    /// Gives the access token another text; the old one is unknown from then on.
    pub(super) fn rewrite(&mut self, old: &str, new: &str) {
        let Some((jti, kind)) = self.by_text.remove(old) else { return };
        if let Some(row) = self.rows.get_mut(&jti) {
            new.clone_into(&mut row.access_token);
        }
        self.by_text.insert(new.to_owned(), (jti, kind));
    }

    pub(super) fn row_mut(&mut self, jti: &str) -> Option<&mut TokenRow> {
        self.rows.get_mut(jti)
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &TokenRow> {
        self.rows.values()
    }

    /// Ends rows; gives those whose access token was good until now, as they were.
    pub(super) fn end_where(
        &mut self,
        mut which: impl FnMut(&TokenRow) -> bool,
        state: TokenState,
        now: u64,
    ) -> Vec<TokenRow> {
        let mut ended = Vec::new();
        for row in self.rows.values_mut().filter(|row| which(row)) {
            if row.is_active(now) {
                ended.push(row.clone());
            }
            row.end(state);
        }
        ended
    }

    /// Ends times of grace.
    pub(super) fn end_grace_where(&mut self, mut which: impl FnMut(&TokenRow) -> bool) {
        for row in self.rows.values_mut().filter(|row| which(row)) {
            row.refresh.iter_mut().for_each(|refresh| refresh.grace = None);
        }
    }

    /// The live row of the same client, user, audience and scopes. JWTs of the spared grant types have none.
    pub(super) fn live_twin(&mut self, of: &TokenRow, now: u64, spared: &[String]) -> Option<&mut TokenRow> {
        let lone = |row: &TokenRow| row.format == TokenFormat::Jwt && spared.contains(&row.grant_type);
        if lone(of) {
            return None;
        }
        let jti = self.by_client.get(&of.client_id)?.iter().rev().find(|jti| {
            self.rows
                .get(*jti)
                .is_some_and(|row| row.is_active(now) && row.format == of.format && row.same_grant(of) && !lone(row))
        })?;
        self.rows.get_mut(jti)
    }

    fn prune(&mut self, now: u64) {
        self.rows.retain(|_, row| row.is_active(now) || row.is_refreshable(now) || row.in_grace(now));
        self.by_text.retain(|_, (jti, _)| self.rows.contains_key(jti));
        for rows in self.by_client.values_mut() {
            rows.retain(|jti| self.rows.contains_key(jti));
        }
        self.prune_at = self.rows.len() * 2;
    }
}
