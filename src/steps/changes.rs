//! What a change is called in the report, and how soon it has to bite: told by the act that made it.
//! Whether it has bitten is seen by the steps that call.

use std::time::Duration;

use crate::world::{StepError, World};
use kmspec_model::target::Bounds;

/// Words of the act, from its When; what the change is called; its bound.
type Change = (&'static str, &'static str, fn(&Bounds) -> Duration);

const REVOCATION: fn(&Bounds) -> Duration = |bounds| bounds.revocation;
const PROPAGATION: fn(&Bounds) -> Duration = |bounds| bounds.propagation;

/// The first line whose words stand in the act counts.
const CHANGES: &[Change] = &[
    (" revokes the token", "token-revoked", REVOCATION),
    (" announces the revocation of the token", "token-revoked", REVOCATION),
    (" announces that the client of the token was reset", "token-revoked", REVOCATION),
    (" redeems that code again", "code-replayed", REVOCATION),
    ("the developer revokes the API key of ", "api-key-revoked", REVOCATION),
    ("the publisher changes the password for ", "backend-login-changed", PROPAGATION),
    ("the publisher opens the operation of ", "operation-opened", PROPAGATION),
    ("the publisher takes the plans of ", "plans-taken-away", PROPAGATION),
    ("the publisher gives ", "plan-given", PROPAGATION),
    (" disables and enables ", "key-manager-enabled", PROPAGATION),
    (" disables ", "key-manager-disabled", PROPAGATION),
    (" enables ", "key-manager-enabled", PROPAGATION),
    ("the administrator deletes ", "key-manager-removed", PROPAGATION),
    (" changes the attribute ", "application-changed", PROPAGATION),
    (" changes the issuer of ", "issuer-changed", PROPAGATION),
    (" changes the certificate of ", "certificate-changed", PROPAGATION),
    (" changes the ", "key-manager-changed", PROPAGATION),
    (" withdraws its signing key", "key-withdrawn", PROPAGATION),
    (" rotates its signing key", "key-rotated", PROPAGATION),
    (" changes the password", "password-changed", REVOCATION),
    ("the publisher has ", "api-changed", PROPAGATION),
    (" with the token", "one-time-token-used", REVOCATION),
    ("the publisher lets ", "api-key-managers-changed", PROPAGATION),
    (" maps that client to ", "keys-mapped", PROPAGATION),
    ("the developer deletes ", "application-removed", PROPAGATION),
    (" is called with a flood ", "flood-over", PROPAGATION),
    (" maps a client of ", "keys-mapped", PROPAGATION),
    (" removes the keys of ", "keys-removed", PROPAGATION),
    ("the publisher blocks the API ", "api-blocked", PROPAGATION),
    ("the publisher retires the API ", "api-retired", PROPAGATION),
    ("the publisher blocks ", "subscription-blocked", PROPAGATION),
    ("the publisher unblocks ", "subscription-unblocked", PROPAGATION),
    (" unsubscribes ", "subscription-ended", PROPAGATION),
    (" subscribes ", "subscription-added", PROPAGATION),
    (" restarts", "platform-restarted", PROPAGATION),
];

/// The name and the bound of the change that the last act made.
pub(super) fn made(world: &World) -> Result<(&'static str, Duration), StepError> {
    let act = world.act().unwrap_or_default();
    match found(act) {
        Some((_, name, bound)) => Ok((name, bound(&world.scene().bounds))),
        None => Err(world.error(format!(
            "no change to wait for is known by the act `{act}`\nhint: changes and their bounds stand in src/steps/changes.rs"
        ))),
    }
}

fn found(act: &str) -> Option<&'static Change> {
    CHANGES.iter().find(|(words, ..)| act.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revocation_has_a_bound_of_its_own_and_each_change_its_name() {
        let bounds = Bounds { revocation: Duration::from_millis(1), ..Bounds::default() };
        let told = |act: &str| found(act).map(|(_, name, bound)| (*name, bound(&bounds)));
        let revoked = Some(("token-revoked", bounds.revocation));
        assert_eq!(told("the API consumer revokes the token at the resident key manager"), revoked);
        assert_eq!(told("the authorization server \"acme\" announces the revocation of the token"), revoked);
        assert_eq!(told("the administrator disables \"acme\""), Some(("key-manager-disabled", bounds.propagation)));
        assert_eq!(told("the developer unsubscribes \"a\" from \"b\"").unwrap().0, "subscription-ended");
        assert_eq!(told("the administrator looks at \"acme\""), None);
    }
}
