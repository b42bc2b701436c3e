//! `[[oauth.custom_grant_type]]`: what its properties say of a grant type of somebody's own.
//! What a request for such a grant is answered with is decided in `grants::redeem`.

use super::{
    read::{Reader, Value},
    settings::{CustomGrant, Settings},
    values::flag,
};

/// Whether public clients may use the grant type.
const PUBLIC: &str = "PublicClientAllowed";

/// Reads the properties: one has a meaning here, the others are for the classes that are not here.
pub(super) fn properties(reader: &mut Reader<'_, Settings>, path: &str, value: &Value<'_>) {
    let Some(properties) = value.get_ref().as_table() else {
        return reader.fault(value.span(), format!("`{path}` takes a table"));
    };
    let path = format!("{path}.{PUBLIC}");
    let Some(public) = properties.get(PUBLIC).and_then(|public| reader.resolved(&path, public)) else { return };
    match flag(public.get_ref()) {
        Some(on) => reader.settings.last_custom_grant(|grant| grant.public = on),
        None => reader.fault(public.span(), format!("`{path}` takes a boolean")),
    }
}

impl Settings {
    /// Changes the grant type that is being read.
    pub(super) fn last_custom_grant(&mut self, change: impl FnOnce(&mut CustomGrant)) {
        if let Some(grant) = self.custom_grants.last_mut() {
            change(grant);
        }
    }
}
