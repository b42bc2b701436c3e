//! Making the tokens once a grant has been decided on.
//! Also the way in for whoever needs a genuine token without a request, such as a login that happened elsewhere.

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use super::TokenAnswer;
use crate::realm::{
    Algorithm, AuthorizationRequest, Client, KeyPurpose, Realm, TokenContext, TokenFormat, TokenRow, TokenState, User,
    jwt::{self, Object},
    random,
    token::RefreshToken,
};

/// What is to be issued.
#[derive(Debug, Clone)]
pub struct Issue<'a> {
    /// For whom.
    pub client: &'a Client,
    /// On whose behalf; `None` for the client itself.
    pub user: Option<&'a User>,
    /// Granted scopes.
    pub scopes: Vec<String>,
    /// How it was obtained.
    pub grant_type: &'a str,
    /// The audience asked for.
    pub audience: Option<&'a str>,
    /// Form of the access token.
    pub format: TokenFormat,
    /// Whether a refresh token comes with it.
    pub refresh: bool,
    /// The scopes of the refresh token, where they are more than those of the access token.
    pub refresh_scopes: Option<Vec<String>>,
    /// Life of the access token in seconds; `None` leaves it to the client and the policy.
    pub lifetime: Option<u64>,
    /// The grant it stems from; `None` starts a new one.
    pub family: Option<String>,
    /// Further claims of the access token.
    pub claims: Object,
    /// To stand in the id token.
    pub nonce: Option<&'a str>,
    /// When the user logged in, where the id token is to tell; seconds since 1970.
    pub auth_time: Option<u64>,
}

impl<'a> Issue<'a> {
    /// A token in the client's own form, without a refresh token.
    pub fn new(client: &'a Client, user: Option<&'a User>, grant_type: &'a str, scopes: Vec<String>) -> Self {
        let format = client.token_format;
        Self {
            client,
            user,
            scopes,
            grant_type,
            audience: None,
            format,
            refresh: false,
            refresh_scopes: None,
            lifetime: None,
            family: None,
            claims: Object::new(),
            nonce: None,
            auth_time: None,
        }
    }
}

/// Issues tokens and keeps them in the realm. Where one live token is the rule, a live opaque one is given out again.
pub fn issue(realm: &Realm, issue: &Issue<'_>) -> TokenAnswer {
    let mut row = blank_row(realm, issue);
    if issue.format == TokenFormat::Opaque
        && realm.policy().one_live_token
        && let Some(twin) = realm.live_twin(&row).filter(|twin| twin.refreshes_as_much_as(&row))
    {
        return answer(realm, issue, &twin);
    }
    if let Some(refresh) = &row.refresh {
        let key = realm.keys().current(KeyPurpose::Access);
        let context = TokenContext { scopes: row.refreshable_scopes(), ..context(realm, issue, &row) };
        let text = realm.shape().refresh_jwt(&context, row.format, refresh.expires_at, &key);
        if let (Some(text), Some(refresh)) = (text, &mut row.refresh) {
            refresh.text = text;
        }
    }
    row.access_token = match issue.format {
        TokenFormat::Opaque => realm.shape().opaque(),
        TokenFormat::Jwt => {
            let context = context(realm, issue, &row);
            let (mut header, mut claims) =
                (realm.shape().access_header(&context), realm.shape().access_claims(&context));
            claims.extend(row.claims.clone());
            let key = realm.keys().current(KeyPurpose::Access);
            header.extend(realm.shape().key_header(&key));
            realm.shape().sealed(&key, header, &claims)
        }
    };
    let answer = answer(realm, issue, &row);
    realm.record(row);
    answer
}

/// An id token that comes with an authorization code, and names its hash (OpenID Connect Core, section 3.3.2.11).
pub(super) fn id_token_with_code(
    realm: &Realm,
    client: &Client,
    user: &User,
    scopes: &[String],
    request: &AuthorizationRequest,
    (code, family): (&str, &str),
) -> String {
    let (key, jti, now) = (realm.keys().current(KeyPurpose::Id), random::uuid(), realm.now());
    let context = TokenContext {
        issuer: realm.issuer(),
        tenant: realm.policy().tenant.clone(),
        client,
        user: Some(user),
        scopes,
        grant_type: "authorization_code",
        audience: None,
        jti: &jti,
        family,
        issued_at: now,
        expires_at: now
            .saturating_add(id_token_seconds(realm, client).unwrap_or(realm.policy().lifetimes.user_seconds)),
    };
    let mut claims = realm.shape().id_claims(&context, user);
    claims.extend(request.nonce.as_deref().map(|nonce| ("nonce".to_owned(), nonce.into())));
    claims.extend(request.auth_time.then(|| ("auth_time".to_owned(), now.into())));
    claims.insert("c_hash".to_owned(), half_hash(key.algorithm(), code).into());
    claims.entry("jti").or_insert_with(|| Value::String(jti.clone()));
    jwt::sign(&key, realm.shape().id_header(), &claims)
}

/// base64url of the left half of the hash that goes with an algorithm (OpenID Connect Core, section 3.3.2.11).
fn half_hash(algorithm: Algorithm, text: &str) -> String {
    let name = format!("{algorithm:?}");
    let kind = match &name[name.len().saturating_sub(3)..] {
        "256" => &digest::SHA256,
        "384" => &digest::SHA384,
        _ => &digest::SHA512,
    };
    let hash = digest::digest(kind, text.as_bytes());
    URL_SAFE_NO_PAD.encode(&hash.as_ref()[..hash.as_ref().len() / 2])
}

fn blank_row(realm: &Realm, issue: &Issue<'_>) -> TokenRow {
    let (now, lifetimes, client) = (realm.now(), realm.policy().lifetimes, issue.client);
    let life = issue.lifetime.unwrap_or_else(|| match issue.user {
        Some(_) => client.user_token_seconds.unwrap_or(lifetimes.user_seconds),
        None => client.app_token_seconds.unwrap_or(lifetimes.app_seconds),
    });
    let refresh = issue.refresh.then(|| RefreshToken {
        text: realm.shape().refresh(),
        expires_at: now.saturating_add(client.refresh_token_seconds.unwrap_or(lifetimes.refresh_seconds)),
        state: TokenState::Active,
        grace: None,
        scopes: issue.refresh_scopes.clone(),
    });
    let jti = random::uuid();
    TokenRow {
        family: issue.family.clone().unwrap_or_else(|| jti.clone()),
        jti,
        access_token: String::new(),
        format: issue.format,
        refresh,
        client_id: client.id.clone(),
        username: issue.user.map(|user| user.name.clone()),
        grant_type: issue.grant_type.to_owned(),
        scopes: issue.scopes.clone(),
        audience: issue.audience.map(str::to_owned),
        claims: claims(issue),
        issued_at: now,
        expires_at: now.saturating_add(life),
        state: TokenState::Active,
    }
}

/// The further claims, with the certificate that the token is bound to (RFC 8705, sections 3.1 and 3.2).
fn claims(issue: &Issue<'_>) -> Object {
    let mut claims = issue.claims.clone();
    if let Some(x5t_s256) = &issue.client.bound_to {
        claims.insert("cnf".to_owned(), serde_json::json!({ "x5t#S256": x5t_s256 }));
    }
    claims
}

fn context<'a>(realm: &'a Realm, issue: &'a Issue<'_>, row: &'a TokenRow) -> TokenContext<'a> {
    TokenContext::of(realm, issue.client, issue.user, row)
}

/// How long an id token lives, where that is a matter of its own.
fn id_token_seconds(realm: &Realm, client: &Client) -> Option<u64> {
    client.id_token_seconds.or(realm.policy().id_token_seconds)
}

fn answer(realm: &Realm, issue: &Issue<'_>, row: &TokenRow) -> TokenAnswer {
    let id_token = issue.user.filter(|_| row.scopes.iter().any(|scope| scope == "openid")).map(|user| {
        // One that comes with an access token given out again is made now, too.
        let life = id_token_seconds(realm, issue.client);
        let context = TokenContext {
            issued_at: realm.now(),
            expires_at: life.map_or(row.expires_at, |life| realm.now().saturating_add(life)),
            ..context(realm, issue, row)
        };
        let mut claims = realm.shape().id_claims(&context, user);
        if let Some(nonce) = issue.nonce {
            claims.insert("nonce".to_owned(), Value::String(nonce.to_owned()));
        }
        claims.extend(issue.auth_time.map(|time| ("auth_time".to_owned(), time.into())));
        claims.entry("jti").or_insert_with(|| Value::String(random::uuid()));
        jwt::sign(&realm.keys().current(KeyPurpose::Id), realm.shape().id_header(), &claims)
    });
    TokenAnswer {
        access_token: row.access_token.clone(),
        refresh_token: row.refresh.as_ref().map(|refresh| refresh.text.clone()),
        refresh_expires_in: row.refresh.as_ref().map_or(0, |refresh| refresh.expires_at.saturating_sub(realm.now())),
        id_token,
        scopes: row.scopes.clone(),
        expires_in: row.expires_at.saturating_sub(realm.now()),
        jti: row.jti.clone(),
        family: row.family.clone(),
        extra: Object::new(),
        headers: Vec::new(),
    }
}
