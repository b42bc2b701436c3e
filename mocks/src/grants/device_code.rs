//! Grant type `urn:ietf:params:oauth:grant-type:device_code` (RFC 8628, section 3.4): a device asks whether its user
//! has agreed yet. How often it may ask, and what it hears then, is the policy's.

use super::{Form, Grant, Issue, TokenAnswer, gives_refresh, issue};
use crate::realm::{Client, OAuthError, Realm, device::DeviceState};

pub(super) struct DeviceCode;

impl Grant for DeviceCode {
    fn name(&self) -> &'static str {
        "urn:ietf:params:oauth:grant-type:device_code"
    }

    fn required(&self) -> &'static [&'static str] {
        &["device_code"]
    }

    fn redeem(&self, realm: &Realm, client: &Client, form: &Form) -> Result<TokenAnswer, OAuthError> {
        let policy = realm.policy().device.clone();
        // The descriptions are reason phrases, as Identity Server has them.
        let refused = |code: &str, description: &str| Err(OAuthError::new(400, code, description));
        let Some((device, early)) = realm.poll_device(form.value("device_code").unwrap_or_default(), &client.id) else {
            return refused(policy.unknown_code, "Bad Request");
        };
        if device.state == DeviceState::Used {
            return refused(policy.used_code, "Forbidden");
        }
        if realm.now() >= device.expires_at {
            return refused("expired_token", "Forbidden");
        }
        if early {
            return refused("slow_down", "Forbidden");
        }
        let username = match device.state {
            DeviceState::Pending => return refused("authorization_pending", "Precondition Required"),
            DeviceState::Entered => return refused("authorization_pending", "USED"),
            DeviceState::Denied => return refused("access_denied", "Forbidden"),
            DeviceState::Used => return refused(policy.used_code, "Forbidden"),
            DeviceState::Approved { username } => username,
        };
        let user = realm
            .user(&username)
            .filter(|user| user.active)
            .ok_or_else(|| OAuthError::invalid_grant("the user is gone"))?;
        let scopes = realm.granted_scopes(device.scopes.as_deref(), client, Some(&user), self.name())?;
        let refresh = gives_refresh(realm, client, device.scopes.as_deref().unwrap_or_default());
        Ok(issue(realm, &Issue { refresh, ..Issue::new(client, Some(&user), self.name(), scopes) }))
    }
}
