//! An OAuth client of the resident key manager.
//! Issuing tokens to it is the resident key manager's work.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{KeyType, Secret};

/// The longest life that a token of the resident key manager can have, in seconds: 68 years, as in an `int32`. Its end is
/// always an instant that gateways understand.
pub const LONGEST_TOKEN_LIFE_S: u64 = i32::MAX as u64;

/// Whether a token of the resident key manager can live so many seconds.
pub fn is_token_life(seconds: u64) -> bool {
    (1..=LONGEST_TOKEN_LIFE_S).contains(&seconds)
}

/// One of the secrets that a client has beside its first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClientSecret {
    /// Assigned on creation.
    pub id: Uuid,
    /// The secret itself.
    pub value: Secret,
    /// What its owner says of it.
    #[serde(default)]
    pub description: Option<String>,
    /// From when on it opens nothing, in seconds since 1970; never when `None`.
    #[serde(default)]
    pub expires_at: Option<u64>,
}

impl ClientSecret {
    /// Whether it opens the token endpoint at that time.
    pub fn is_good(&self, now: u64) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// A client that the resident key manager knows; kept in the store, so that it survives a restart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OAuthClient {
    /// `client_id`; unique over all tenants.
    pub client_id: String,
    /// `client_secret`: the first one or, once that was revoked, the one of `more_secrets` that the client is shown with.
    pub client_secret: Secret,
    /// Domain of the tenant that it belongs to.
    pub tenant: String,
    /// Readable name; a bootstrap registration is an upsert on it.
    pub name: String,
    /// User who owns the client, without the tenant.
    pub owner: String,
    /// Grant types that it may use.
    pub grant_types: Vec<String>,
    /// Redirect URIs, separated by commas.
    pub callback_url: Option<String>,
    /// Whether its access tokens are JWTs; otherwise opaque.
    pub jwt_tokens: bool,
    /// Key type of the application key it stands behind; `None` for clients of the management planes.
    pub key_type: Option<KeyType>,
    /// Lifetimes and flags of the client, by the names of the product.
    pub additional_properties: Map<String, Value>,
    /// Further secrets, oldest first; each opens the token endpoint as `client_secret` does.
    #[serde(default)]
    pub more_secrets: Vec<ClientSecret>,
    /// Whether the secret that the client came with was revoked. The others then have nothing beside them.
    #[serde(default)]
    pub first_revoked: bool,
}

/// Why a secret is not revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotRevoked {
    /// The client has none of that id.
    Unknown,
    /// It would be left without a secret that opens anything.
    Last,
}

impl OAuthClient {
    /// The further secret that the client is shown with in the place of its first, which was revoked.
    pub fn stand_in(&self) -> Option<&ClientSecret> {
        self.more_secrets.iter().rev().find(|known| self.first_revoked && known.value == self.client_secret)
    }

    /// The secret that a request is compared with which presents this one; `None` when it can only be refused.
    pub fn compared_with(&self, presented: Option<&str>, now: u64) -> Option<&Secret> {
        let mut good = self.more_secrets.iter().filter(|known| known.is_good(now)).map(|known| &known.value);
        let presented = presented.and_then(|presented| good.find(|known| known.reveal() == presented));
        presented.or_else(|| (!self.first_revoked).then_some(&self.client_secret))
    }

    /// Gives the client a secret in the place of the one that it is shown with.
    pub fn replace_secret(&mut self, fresh: Secret) {
        if let Some(id) = self.stand_in().map(|shown| shown.id) {
            self.more_secrets.retain(|known| known.id != id);
        }
        self.client_secret = fresh;
        self.first_revoked = false;
    }

    /// Ends a secret: that of an id, or the first. Ids and ends stay with the others. Where the one went that the client was
    /// shown with, its newest good one is shown from then on, and told here.
    ///
    /// # Errors
    ///
    /// [`NotRevoked`]. One that has ended can go in any case: it opens nothing anyhow.
    pub fn revoke_secret(&mut self, id: Option<&str>, now: u64) -> Result<Option<Secret>, NotRevoked> {
        let place = match id {
            None if self.first_revoked => return Err(NotRevoked::Unknown),
            None => None,
            Some(id) => {
                let found = self.more_secrets.iter().position(|known| known.id.to_string() == id);
                Some(found.ok_or(NotRevoked::Unknown)?)
            }
        };
        let others = self.more_secrets.iter().enumerate().filter(|(at, _)| Some(*at) != place);
        let next = others.map(|(_, known)| known).rfind(|known| known.is_good(now)).map(|known| known.value.clone());
        let first_stays = place.is_some() && !self.first_revoked;
        let ended = place.is_some_and(|place| !self.more_secrets[place].is_good(now));
        if next.is_none() && !first_stays && !ended {
            return Err(NotRevoked::Last);
        }
        let was_shown = match place {
            None => true,
            Some(place) => self.stand_in().is_some_and(|shown| shown.id == self.more_secrets[place].id),
        };
        match place {
            None => self.first_revoked = true,
            Some(place) => drop(self.more_secrets.remove(place)),
        }
        let next = next.filter(|_| was_shown);
        if let Some(next) = &next {
            next.clone_into(&mut self.client_secret);
        }
        Ok(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(ends: &[Option<u64>]) -> OAuthClient {
        let further = ends.iter().enumerate().map(|(at, end)| ClientSecret {
            id: Uuid::from_u128(at as u128),
            value: Secret::new(format!("s{at}")),
            description: None,
            expires_at: *end,
        });
        OAuthClient {
            client_id: "ck".into(),
            client_secret: Secret::new("first"),
            tenant: "one.com".into(),
            name: "shop".into(),
            owner: "dora".into(),
            grant_types: vec![],
            callback_url: None,
            jwt_tokens: true,
            key_type: None,
            additional_properties: Map::new(),
            more_secrets: further.collect(),
            first_revoked: false,
        }
    }

    fn opens(client: &OAuthClient, secret: &str, now: u64) -> bool {
        client.compared_with(Some(secret), now).is_some_and(|known| known.reveal() == secret)
    }

    fn id(at: u128) -> String {
        Uuid::from_u128(at).to_string()
    }

    #[test]
    fn an_ended_secret_never_takes_the_place_of_the_first() {
        let mut client = client(&[Some(10)]);
        assert_eq!(client.revoke_secret(None, 10), Err(NotRevoked::Last));
        assert!(opens(&client, "first", 10) && !opens(&client, "s0", 10));
        assert_eq!(client.revoke_secret(None, 9), Ok(Some(Secret::new("s0"))));
        assert!(!opens(&client, "first", 9) && opens(&client, "s0", 9));
        assert!(!opens(&client, "s0", 10), "its end stays with it");
        assert_eq!(client.compared_with(None, 9), None);
    }

    #[test]
    fn a_revoked_id_is_gone_and_revoking_it_again_ends_nothing() {
        let mut client = client(&[None, Some(10), None]);
        assert_eq!(client.revoke_secret(None, 1), Ok(Some(Secret::new("s2"))));
        assert_eq!(client.revoke_secret(None, 1), Err(NotRevoked::Unknown));
        assert_eq!(client.stand_in().map(|shown| shown.id.to_string()), Some(id(2)));
        assert!(["s0", "s1", "s2"].into_iter().all(|secret| opens(&client, secret, 1)));
        assert_eq!(client.revoke_secret(Some(&id(2)), 1), Ok(Some(Secret::new("s1"))), "the one it was shown with");
        assert_eq!(client.revoke_secret(Some(&id(0)), 1), Ok(None));
        assert_eq!(client.revoke_secret(Some(&id(1)), 1), Err(NotRevoked::Last));
        assert_eq!(client.revoke_secret(Some(&id(1)), 10), Ok(None), "it has ended");
        assert!(!opens(&client, "s1", 1) && !opens(&client, "first", 1));
    }

    #[test]
    fn a_secret_in_the_place_of_the_shown_one_leaves_the_others() {
        let mut client = client(&[None, None]);
        assert_eq!(client.revoke_secret(None, 1), Ok(Some(Secret::new("s1"))));
        client.replace_secret(Secret::new("fresh"));
        assert!(opens(&client, "fresh", 1) && opens(&client, "s0", 1) && !opens(&client, "s1", 1));
    }
}
