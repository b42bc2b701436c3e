//! What a realm does with tokens it has issued: find them, tell about them, end them.
//! When one is issued is decided by `grants`; the rows themselves are in `token`.

use serde_json::Value;

use super::{
    ended::if_ended,
    jwt::Object,
    shape::TokenContext,
    state::Realm,
    token::{TokenKind, TokenRow, TokenState},
};

/// What a revocation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revocation {
    /// This row was ended with its whole grant, or its access token alone; as it was before.
    Revoked(Box<TokenRow>),
    /// The text was no token, or none that was still good.
    Unknown,
    /// It is a token of that kind, of another client; nothing was ended.
    Foreign(TokenKind),
    /// Tokens of that kind cannot be revoked here.
    Unsupported,
}

/// Tokens.
impl Realm {
    /// Keeps an issued row. Where one live token is the rule, the predecessor of a JWT ends with it.
    pub(crate) fn record(&self, row: TokenRow) {
        let (now, policy) = (self.now(), self.policy());
        let replaced = {
            let mut state = self.state();
            let spared = &policy.jwts_side_by_side;
            let twin = if policy.one_live_token { state.tokens.live_twin(&row, now, spared) } else { None };
            let replaced = twin.map(|twin| {
                let before = twin.clone();
                twin.end(TokenState::Superseded);
                before
            });
            state.tokens.insert(row, now);
            replaced
        };
        self.ended_tokens(replaced.into_iter().collect());
    }

    /// The live row that a request like this one would be a repetition of.
    pub(crate) fn live_twin(&self, of: &TokenRow) -> Option<TokenRow> {
        let (now, policy) = (self.now(), self.policy());
        self.state().tokens.live_twin(of, now, &policy.jwts_side_by_side).cloned()
    }

    /// The access token of a grant that is good now, the latest if there are several.
    pub(crate) fn live_of(&self, family: &str) -> Option<String> {
        let now = self.now();
        let state = self.state();
        let live = state.tokens.rows().filter(|row| row.family == family && row.is_active(now));
        live.max_by_key(|row| row.issued_at).map(|row| row.access_token.clone())
    }

    /// Notes for which audience the token of that text is; its grant goes on for the same.
    pub(crate) fn address(&self, text: &str, audience: &str) {
        if let Some((row, _)) = self.token(text) {
            self.change_row(&row.jti, |_| true, |row| row.audience = Some(audience.to_owned()));
        }
    }

    /// Changes a row in place, as long as `condition` holds of it; whether it did.
    pub(crate) fn change_row(
        &self,
        jti: &str,
        condition: impl FnOnce(&TokenRow) -> bool,
        change: impl FnOnce(&mut TokenRow),
    ) -> bool {
        let now = self.now();
        let ended = match self.state().tokens.row_mut(jti) {
            Some(row) if condition(row) => {
                let before = row.clone();
                change(row);
                if_ended(before, row, now)
            }
            _ => return false,
        };
        self.ended_tokens(ended.into_iter().collect());
        true
    }

    /// Ends every row that stems from one grant.
    pub(crate) fn end_family(&self, family: &str, state: TokenState) {
        let ended = self.state().tokens.end_where(|row| row.family == family, state, self.now());
        self.ended_tokens(ended);
    }

    /// Ends everything that was issued before that second, to one client or to anybody. A later cut-off joins an earlier
    /// one: what either ends is ended.
    pub fn end_issued_before(&self, client_id: Option<&str>, second: u64) {
        let ended = {
            let mut state = self.state();
            state.cut_offs.insert(client_id.map(str::to_owned), second);
            let old = |row: &TokenRow| row.issued_at < second && client_id.is_none_or(|id| row.client_id == id);
            state.tokens.end_where(old, TokenState::Revoked, self.now())
        };
        self.ended_tokens(ended);
    }

    /// The row a text belongs to, good or not, and which of its tokens the text is.
    pub fn token(&self, text: &str) -> Option<(TokenRow, TokenKind)> {
        self.state().tokens.find(text).map(|(row, kind)| (row.clone(), kind))
    }

    /// The row of an access token that is good now.
    pub fn active_access(&self, text: &str) -> Option<TokenRow> {
        let now = self.now();
        self.token(text).filter(|(row, kind)| *kind == TokenKind::Access && row.is_active(now)).map(|(row, _)| row)
    }

    /// What an introspection answers about a text (RFC 7662, section 2.2): `{"active": false}` for whatever is not good
    /// now, and nothing else about it.
    pub fn introspect(&self, text: &str) -> Object {
        let mut answer = Object::new();
        let members = self.active_members(text);
        answer.insert("active".to_owned(), Value::Bool(members.is_some()));
        answer.extend(members.unwrap_or_default());
        answer
    }

    fn active_members(&self, text: &str) -> Option<Object> {
        let now = self.now();
        let (row, kind) = self.token(text)?;
        let client = self.client(&row.client_id)?;
        let user = row.username.as_deref().and_then(|name| self.user(name));
        let context = TokenContext::of(self, &client, user.as_ref(), &row);
        match kind {
            TokenKind::Access if row.is_active(now) => {
                let mut members = self.shape().introspection(&context, &row);
                members.extend(row.claims);
                Some(members)
            }
            TokenKind::Refresh if row.is_refreshable(now) => {
                let row = TokenRow { scopes: row.refreshable_scopes().to_vec(), ..row.clone() };
                let context = TokenContext { scopes: &row.scopes, ..context };
                self.shape().refresh_introspection(&context, &row)
            }
            _ => None,
        }
    }

    /// Revokes a token (RFC 7009), on behalf of a client when one is named; `None` stands for an administrator.
    /// A refresh token takes every access token of its grant with it; the reverse is the policy's decision.
    pub fn revoke(&self, text: &str, by: Option<&str>) -> Revocation {
        let (now, policy) = (self.now(), self.policy());
        let mut state = self.state();
        let Some((row, kind)) = state.tokens.find(text) else { return Revocation::Unknown };
        if by.is_some_and(|client| client != row.client_id) {
            return Revocation::Foreign(kind);
        }
        if kind == TokenKind::Access && !policy.access_tokens_revocable {
            return Revocation::Unsupported;
        }
        let alive = match kind {
            TokenKind::Access => row.is_active(now),
            TokenKind::Refresh => row.is_refreshable(now) || row.in_grace(now),
        };
        if !alive {
            return Revocation::Unknown;
        }
        let revoked = row.clone();
        let ended = if kind == TokenKind::Refresh || policy.access_revocation_ends_refresh {
            state.tokens.end_where(|row| row.family == revoked.family, TokenState::Revoked, now)
        } else if let Some(row) = state.tokens.row_mut(&revoked.jti) {
            row.state = TokenState::Revoked;
            vec![revoked.clone()]
        } else {
            Vec::new()
        };
        drop(state);
        self.ended_tokens(ended);
        Revocation::Revoked(Box::new(revoked))
    }
}
