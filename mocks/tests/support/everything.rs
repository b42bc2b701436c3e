//! A client that may do everything, and requests of its own by every grant that hold: what random requests are made from.
//! How they are spoilt is up to whoever sends them; the fuzz target and `requests` do.
#![allow(dead_code, unreachable_pub, reason = "the fuzz target and the tests use another part of it each")]

use kmspec_mocks::{
    forge::{Envelope, Forge},
    grants::{self, Form, Issue},
    kerberos::{KeyCentre, ServicePrincipal},
    ntlm,
    realm::{
        Algorithm, AuthorizationRequest, CertificateLogin, ClientSpec, KeyPurpose, KeyRing, Realm, SigningKey,
        TrustedIssuer, TrustedKeys, UserSpec, jwt, random, test_keys::KeyFamily,
    },
    saml::IdentityProvider,
};

/// Id and secret of the client, name and password of the user.
pub const NAME: &str = "fuzz";
/// A client that authenticates by its certificate alone.
pub const CERTIFIED: &str = "fuzz-certified";
const CALLBACK: &str = "https://f.test/";
const PARTNER: &str = "https://partner.test";
const ALIAS: &str = "https://as.test/alias";
const REALM: &str = "corp";
/// A challenge of a server (MS-NLMP, section 4.2.4.3); no server of ours has sent it.
const CHALLENGE: &str = "TlRMTVNTUAACAAAADAAMADgAAAAzgoriASNFZ4mrze8AAAAAAAAAACQAJABEAAAABgBwFwAAAA9TAGUAcgB2AGUAcgACAAwARABvAG0AYQBpAG4AAQAMAFMAZQByAHYAZQByAAAAAAA=";

/// Every grant type that a mock plays.
pub const GRANTS: [&str; 10] = [
    "client_credentials",
    "password",
    "refresh_token",
    "authorization_code",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:ietf:params:oauth:grant-type:saml2-bearer",
    "iwa:ntlm",
    "kerberos",
];

/// Names and values of a form.
pub type Fields = Vec<(String, String)>;

/// A server at which one client may do everything, and what the client needs for that.
pub struct Everything {
    realm: Realm,
    partner: KeyRing,
    provider: IdentityProvider,
    centre: KeyCentre,
}

impl Everything {
    /// Furnishes a server: the client, a user, whom the server trusts, and a key of a Kerberos service. With the thumbprint of
    /// a certificate there is a second client, which authenticates by that.
    pub fn furnish(realm: &Realm, thumbprint: Option<String>) -> Self {
        realm.change_policy(|policy| policy.device.first_poll_waits = false);
        // Kerberos is off until an administrator switches it on.
        if realm.policy().grant_types.iter().any(|grant| grant == "iwa:ntlm") {
            realm.change_policy(|policy| policy.grant_types.push("kerberos".to_owned()));
        }
        let client = |id: &str| ClientSpec::new(id).id(id).grant_types(GRANTS).redirect_uris([CALLBACK]);
        realm.add_client(client(NAME).secret(NAME));
        if let Some(thumbprint) = thumbprint {
            realm.add_client(client(CERTIFIED).public().certificate(CertificateLogin::Thumbprint(thumbprint)));
        }
        realm.add_user(UserSpec::new(NAME, NAME).roles(["admin"]));
        let partner = KeyRing::of_family(KeyFamily::Rsa);
        let provider =
            IdentityProvider::new("https://idp.test", KeyRing::of_family(KeyFamily::Rsa), realm.clock().clone());
        let service = ServicePrincipal::with_password("HTTP/as.test@CORP.TEST", NAME).expect("a name of a service");
        for trusted in [
            TrustedIssuer::new("partner", PARTNER, TrustedKeys::Ring(partner.clone())),
            provider.trusted("provider").alias(ALIAS),
            TrustedIssuer::new(REALM, "https://corp.test", TrustedKeys::Nothing).kerberos(service.clone()),
        ] {
            realm.trust(trusted).expect("its keys can be read");
        }
        Self { realm: realm.clone(), partner, provider, centre: KeyCentre::new(service) }
    }

    /// A request by that grant, without credentials of the client. It holds once, where the vendor plays the grant; a Windows
    /// login that has begun goes on with an answer to a challenge which nobody sent. What may come in an envelope does when it
    /// is to be wrapped: a JWT encrypted to the server, NTLM in SPNEGO.
    pub fn fields(&self, grant: &str, begun: bool, wrapped: bool) -> Fields {
        let own = match grant {
            "password" => vec![("username", NAME.to_owned()), ("password", NAME.to_owned())],
            "refresh_token" => vec![("refresh_token", self.refresh_token())],
            "authorization_code" => vec![("code", self.code()), ("redirect_uri", CALLBACK.to_owned())],
            "urn:ietf:params:oauth:grant-type:device_code" => vec![("device_code", self.device())],
            "urn:ietf:params:oauth:grant-type:jwt-bearer" => vec![("assertion", self.assertion(wrapped))],
            "urn:ietf:params:oauth:grant-type:token-exchange" => vec![
                ("subject_token", self.jwt()),
                ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt".to_owned()),
                ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token".to_owned()),
            ],
            "urn:ietf:params:oauth:grant-type:saml2-bearer" => vec![("assertion", self.saml())],
            "iwa:ntlm" => vec![("windows_token", windows_token(begun, wrapped))],
            "kerberos" => vec![("kerberos_realm", REALM.to_owned()), ("kerberos_token", self.ticket())],
            _ => Vec::new(),
        };
        let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
        let always =
            [("grant_type", grant), ("scope", "openid")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        always.into_iter().chain(own).collect()
    }

    fn refresh_token(&self) -> String {
        let (client, user) = (self.realm.client(NAME), self.realm.user(NAME));
        let Some(client) = client else { return String::new() };
        let issue =
            Issue { refresh: true, ..Issue::new(&client, user.as_ref(), "password", vec!["openid".to_owned()]) };
        grants::issue(&self.realm, &issue).refresh_token.unwrap_or_default()
    }

    fn code(&self) -> String {
        let form =
            Form::of([("response_type", "code"), ("client_id", NAME), ("redirect_uri", CALLBACK), ("scope", "openid")]);
        let request = AuthorizationRequest::read(&self.realm, &form).ok();
        let sent_to = request.zip(self.realm.user(NAME)).map(|(request, user)| request.approved(&self.realm, &user));
        let code = sent_to.as_deref().and_then(|url| url.split("code=").nth(1)?.split('&').next());
        code.unwrap_or_default().to_owned()
    }

    fn device(&self) -> String {
        let device = self.realm.add_device(NAME, Some(vec!["openid".to_owned()]));
        self.realm.approve_device(&device.user_code, NAME);
        device.device_code
    }

    fn jwt(&self) -> String {
        let now = self.realm.now();
        let claims = [
            ("iss", PARTNER.into()),
            ("sub", "bea".into()),
            ("aud", self.realm.issuer().into()),
            ("exp", (now + 300).into()),
            ("iat", now.into()),
            ("jti", random::uuid().into()),
        ];
        let claims = claims.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        jwt::sign(&self.partner.current(KeyPurpose::Access), jwt::Object::new(), &claims)
    }

    /// A server without an RSA key takes no envelope.
    fn assertion(&self, wrapped: bool) -> String {
        let rsa = |key: &SigningKey| matches!(key.algorithm(), Algorithm::RS256 | Algorithm::PS256);
        match self.realm.keys().published_keys().into_iter().find(rsa).filter(|_| wrapped) {
            Some(key) => {
                let partner = Forge::new(PARTNER, self.partner.clone(), self.realm.clock().clone());
                partner.token(self.realm.issuer(), "bea").encrypted(&key, Envelope::Token).encode()
            }
            None => self.jwt(),
        }
    }

    fn saml(&self) -> String {
        let recipient = self.realm.policy().token_endpoint.clone().unwrap_or_else(|| self.realm.issuer().to_owned());
        let assertion = self.provider.assertion(NAME).audience(ALIAS).recipient(recipient);
        assertion.sign().expect("the key signs").encoded()
    }

    fn ticket(&self) -> String {
        let ticket = self.centre.ticket("fuzz@CORP.TEST", self.realm.now());
        ticket.expect("a name of a principal").token()
    }
}

/// The first message of a Windows login, or what follows on a challenge; bare or in SPNEGO.
fn windows_token(begun: bool, wrapped: bool) -> String {
    let client = ntlm::Client::new(NAME, NAME).expect("a name of a user");
    let mut client = if wrapped { client.in_spnego() } else { client };
    let first = client.negotiate().expect("the first message");
    if begun { client.authenticate(CHALLENGE).expect("a challenge as the protocol has it") } else { first }
}

/// A whole request with these fields at a path, with the client's credentials in them.
pub fn posted(path: &str, fields: &Fields, certified: bool) -> Vec<u8> {
    let credentials = match certified {
        true => vec![("client_id", CERTIFIED)],
        false => vec![("client_id", NAME), ("client_secret", NAME)],
    };
    let all = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(credentials);
    let pair = |(name, value)| format!("{}={}", escaped(name), escaped(value));
    let body = all.map(pair).collect::<Vec<_>>().join("&");
    let head =
        "host: localhost\r\nconnection: close\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: ";
    format!("POST {path} HTTP/1.1\r\n{head}{}\r\n\r\n{body}", body.len()).into_bytes()
}

fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
