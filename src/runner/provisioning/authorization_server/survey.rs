//! Finding out what an authorization server can do, by asking once.
//! Whether it does that right is for the scenarios to tell.

use serde_json::{Value, json};

use kmspec_drivers::{
    conversation::{Conversation, KnownClient, KnownServer},
    error::DriverError,
    published_keys::{claims_of, header_of},
    wire::Answered,
};
use kmspec_model::{capability::Capability, proposal::ServerFacts};

/// What the form of a key manager asks for, as far as the survey saw it.
pub(super) fn facts(known: &KnownServer, survey: Survey) -> ServerFacts {
    let tokens = survey.probing.memory().tokens.clone();
    let claims = tokens.iter().rev().find_map(claims_of).unwrap_or_default();
    let client = known.client.as_ref().map(|client| client.id.0.as_str());
    let holds_client = |name: &&str| client.is_some() && claims.get(*name).and_then(Value::as_str) == client;
    let opaque = tokens.iter().find(|token| header_of(token).is_none());
    ServerFacts {
        discovery: Some(known.document.found_at.clone()),
        document: known.document.members.clone(),
        capabilities: survey.has,
        consumer_key_claim: ["client_id", "azp", "cid"]
            .iter()
            .find(|name| holds_client(name))
            .map(|name| (*name).to_owned()),
        scopes_claim: ["scope", "scp"].iter().find(|name| claims.contains_key(**name)).map(|name| (*name).to_owned()),
        opaque_pattern: opaque.map(|token| pattern_for(token.reveal())),
        remarks: survey.notes,
        ..ServerFacts::default()
    }
}

/// A regular expression for tokens of this length and alphabet.
fn pattern_for(token: &str) -> String {
    let kind = |allowed: fn(char) -> bool| token.chars().all(allowed);
    let alphabet = if kind(|c| matches!(c, '0'..='9' | 'a'..='f' | '-')) {
        "[0-9a-f-]"
    } else if kind(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) {
        "[A-Za-z0-9_-]"
    } else {
        "[A-Za-z0-9._~+/=-]"
    };
    format!("^{alphabet}{{{}}}$", token.chars().count())
}

/// Finding out what a server can do.
pub(super) struct Survey {
    pub(super) probing: Conversation,
    pub(super) has: Vec<Capability>,
    pub(super) notes: Vec<String>,
}

impl Survey {
    /// What the document and the arguments say by themselves.
    pub(super) fn read_off(&mut self, known: &KnownServer, key_manager_type: &str) {
        let endpoints = known.document.endpoints();
        let says = [
            (Capability::Discovery, true),
            (Capability::OpenidConnect, known.document.is_openid_connect()),
            (Capability::Jwks, endpoints.jwks.is_some()),
            (Capability::Introspection, endpoints.introspection.is_some()),
            (Capability::Revocation, endpoints.revocation.is_some()),
            (Capability::Userinfo, endpoints.userinfo.is_some()),
            (Capability::UserCredentials, known.user.is_some()),
            (Capability::KnownScope, known.scope.is_some()),
            (
                Capability::PrivateKeyJwt,
                known.document.offers("token_endpoint_auth_methods_supported", "private_key_jwt") == Some(true),
            ),
            (Capability::ScimMe, key_manager_type == "WSO2-IS-7"),
        ];
        self.has.extend(says.into_iter().filter(|(_, said)| *said).map(|(capability, _)| capability));
    }

    /// Registers clients where that is open, as many as the arguments left out.
    pub(super) async fn register(&mut self, known: &mut KnownServer) -> Result<(), DriverError> {
        if known.document.endpoints().registration.is_none() {
            return Ok(());
        }
        for _ in 0..2 {
            let answer = self.probing.register(&registration_of_a_probe(known, &self.probing.client_name())).await?;
            if matches!(answer.status, 401 | 403) {
                self.notes.push(format!(
                    "registration is closed (status {}): give --initial-access-token-env to have it checked",
                    answer.status
                ));
                return Ok(());
            }
            let registration = self.probing.memory().registrations.last().cloned();
            let Some(client) = registration.as_ref().and_then(kmspec_drivers::conversation::Registration::client)
            else {
                // It is open and gives no client: the scenarios say what is wrong with that.
                break;
            };
            if known.client.is_none() {
                known.client = Some(client);
            } else if known.other_client.is_none() {
                known.other_client = Some(client);
            }
            if registration.is_some_and(|registration| registration.management().is_some())
                && !self.has.contains(&Capability::DcrManagement)
            {
                self.has.push(Capability::DcrManagement);
            }
        }
        self.has.push(Capability::Dcr);
        Ok(())
    }

    /// Asks for a token by each grant type that needs no browser.
    pub(super) async fn ask_for_tokens(&mut self, known: &mut KnownServer) -> Result<(), DriverError> {
        if known.other_client.is_some() {
            self.has.push(Capability::OtherClient);
        }
        if known.document.endpoints().token.is_none() {
            self.notes.push("the document names no token endpoint, so no token was asked for".to_owned());
            return Ok(());
        }
        if let Some(client) = &mut known.client {
            let answer = self.client_credentials(client, known.jwt_for.as_ref(), known.scope.as_deref()).await?;
            let offered = known.document.offers("grant_types_supported", "client_credentials");
            if answer.is_success() || offered == Some(true) {
                self.has.push(Capability::ClientCredentials);
            }
            if !answer.is_success() {
                self.notes.push(format!("the client got no token at first: status {}", answer.refusal()));
            } else if self.probing.memory().tokens.last().is_some_and(|token| header_of(token).is_some()) {
                self.has.push(Capability::JwtAccessTokens);
                self.notes.extend(known.jwt_for.as_ref().map(|(name, value)| {
                    format!(
                        "its tokens were made self-contained by naming the {name} `{value}`: clients have to name it as \
                         well, or the server needs it as a default"
                    )
                }));
            }
        } else {
            self.notes.push("no client is known: give --client-id and --client-secret-env".to_owned());
        }
        if let Some(client) = &mut known.other_client {
            let _ = self.client_credentials(client, None, None).await?;
        }
        self.password(known).await
    }

    /// Asks with the secret in the header, and then in the form; the way that works is kept.
    async fn client_credentials(
        &mut self,
        client: &mut KnownClient,
        jwt_for: Option<&(&'static str, String)>,
        scope: Option<&str>,
    ) -> Result<Answered, DriverError> {
        let mut fields = vec![("grant_type", "client_credentials")];
        fields.extend(jwt_for.map(|(name, value)| (*name, value.as_str())));
        fields.extend(scope.map(|scope| ("scope", scope)));
        let first = self.probing.ask_for_token(&client.authentication(), &fields).await?;
        if first.is_success() || client.secret.is_none() {
            return Ok(first);
        }
        let in_form = KnownClient { in_form: !client.in_form, ..client.clone() };
        let second = self.probing.ask_for_token(&in_form.authentication(), &fields).await?;
        if second.is_success() {
            *client = in_form;
            return Ok(second);
        }
        Ok(first)
    }

    async fn password(&mut self, known: &KnownServer) -> Result<(), DriverError> {
        let (Some(client), Some((name, password))) = (&known.client, &known.user) else { return Ok(()) };
        let fields = [("grant_type", "password"), ("username", name.as_str()), ("password", password.reveal())];
        let answer = self.probing.ask_for_token(&client.authentication(), &fields).await?;
        if answer.is_success() || known.document.offers("grant_types_supported", "password") == Some(true) {
            self.has.push(Capability::Password);
        }
        if self.probing.memory().refresh_token.is_some() {
            self.has.push(Capability::RefreshToken);
        }
        Ok(())
    }
}

/// Metadata of a client with the grant types that scenarios need and the document offers.
fn registration_of_a_probe(known: &KnownServer, name: &str) -> Value {
    let mut grant_types = vec!["client_credentials"];
    if known.user.is_some() {
        let offered = |grant: &&str| known.document.offers("grant_types_supported", grant) == Some(true);
        grant_types.extend(["password", "refresh_token"].into_iter().filter(offered));
    }
    json!({
        "client_name": name,
        "grant_types": grant_types,
        "response_types": [],
        "redirect_uris": [],
        "token_endpoint_auth_method": "client_secret_basic",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_for_opaque_tokens_fits_their_length_and_alphabet() {
        for (token, pattern) in [
            ("0f8fad5b-d9cb-469f-a165-70867728950e", "^[0-9a-f-]{36}$"),
            ("2YotnFZFEjr1zCsicMWpAA", "^[A-Za-z0-9_-]{22}$"),
            ("a.b~c+d/e=", "^[A-Za-z0-9._~+/=-]{10}$"),
        ] {
            assert_eq!(pattern_for(token), pattern);
            assert!(regex::Regex::new(pattern).unwrap().is_match(token));
        }
    }
}
