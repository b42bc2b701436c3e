//! What no rule of the realm would do: rows put back, texts rewritten, codes made good again.
//! For seeded defects only; which defect does what stands in `defects`.

use super::{
    device::Device,
    pending::AuthorizationCode,
    state::Realm,
    token::{TokenRow, TokenState},
};

impl Realm {
    /// The row of that id, good or not.
    pub(crate) fn row(&self, jti: &str) -> Option<TokenRow> {
        self.state().tokens.rows().find(|row| row.jti == jti).cloned()
    }

    /// The rows that fit, good or not.
    pub(crate) fn rows(&self, mut fits: impl FnMut(&TokenRow) -> bool) -> Vec<TokenRow> {
        self.state().tokens.rows().filter(|row| fits(row)).cloned().collect()
    }

    /// Ends the rows that fit.
    pub(crate) fn end_rows(&self, fits: impl FnMut(&TokenRow) -> bool, state: TokenState) {
        let ended = self.state().tokens.end_where(fits, state, self.now());
        self.ended_tokens(ended);
    }

    /// Makes a row what it was before.
    pub(crate) fn put_back(&self, row: TokenRow) {
        if let Some(kept) = self.state().tokens.row_mut(&row.jti.clone()) {
            *kept = row;
        }
    }

    /// Gives an access token another text.
    pub(crate) fn rewrite_access(&self, old: &str, new: &str) {
        self.state().tokens.rewrite(old, new);
    }

    /// Since when tokens are good, for one client or for all, where that was said.
    pub(crate) fn cut_off(&self, client_id: Option<&str>) -> Option<u64> {
        self.state().cut_offs.get(&client_id.map(str::to_owned)).copied()
    }

    /// Loses what waits for a person or a second request; consents are kept.
    pub(crate) fn forget_pending(&self) {
        self.pending().forget();
    }

    /// Changes an authorization code in place.
    pub(crate) fn change_code(&self, text: &str, change: impl FnOnce(&mut AuthorizationCode)) {
        if let Some(code) = self.pending().code_mut(text) {
            change(code);
        }
    }

    /// Makes a code good again.
    pub(crate) fn renew_code(&self, text: &str) {
        self.change_code(text, AuthorizationCode::renew);
    }

    /// The device that polls with this code, whosever it is.
    pub(crate) fn device(&self, device_code: &str) -> Option<Device> {
        self.pending().devices.iter().find(|device| device.device_code == device_code).cloned()
    }

    /// The redirect URI of the request that led to a code.
    pub(crate) fn redirect_uri_of(&self, code: &str) -> Option<String> {
        self.pending().code_mut(code).map(|code| code.request.redirect_uri.clone())
    }
}
