//! Defects of tokens that are bound to a key: the proof of it (RFC 9449) is taken for good without being compared.
//! Bound tokens without any proof are the business of [`super::token_form`].

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::{HeaderName, HeaderValue, Request, header};
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};

use crate::{Accomplices, Deed, Saboteur, gate::signed_by_issuer, table::defects, token::Token};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-059", "a proof of any key proves the key of a token",
        With(|accomplices| Lenient::about(accomplices, another_key));
    "DEF-060", "a proof that was used proves again", With(|accomplices| Lenient::about(accomplices, used_before));
}

/// The header field of a proof.
const PROOF: HeaderName = HeaderName::from_static("dpop");

/// Lets bound tokens pass with a proof that does not count.
struct Lenient {
    accomplices: Arc<Accomplices>,
    /// Ids of the proofs that were used.
    seen: Mutex<HashSet<String>>,
    counts: fn(&Bound, &HashSet<String>) -> bool,
}

impl Lenient {
    fn about(accomplices: Arc<Accomplices>, counts: fn(&Bound, &HashSet<String>) -> bool) -> Arc<dyn Saboteur> {
        Arc::new(Self { accomplices, seen: Mutex::default(), counts })
    }
}

/// A bound token with a proof.
struct Bound {
    token: Token,
    /// Thumbprint of the key that the token is bound to.
    wanted: String,
    /// Thumbprint of the key that was proven.
    proven: String,
    /// Id of the proof.
    id: String,
}

impl Bound {
    fn read(request: &Request<Bytes>) -> Option<Self> {
        let field = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
        let token = Token::read(field.split_once(' ')?.1)?;
        let wanted = token.claims.get("cnf")?.get("jkt")?.as_str()?.to_owned();
        let proof = Token::read(request.headers().get(PROOF)?.to_str().ok()?)?;
        let key: Jwk = serde_json::from_value(proof.header("jwk")?.clone()).ok()?;
        let proven = key.thumbprint(ThumbprintHash::SHA256).ok()?;
        let id = proof.text("jti")?.to_owned();
        Some(Self { token, wanted, proven, id })
    }
}

fn another_key(bound: &Bound, _: &HashSet<String>) -> bool {
    bound.wanted != bound.proven
}

fn used_before(bound: &Bound, seen: &HashSet<String>) -> bool {
    bound.wanted == bound.proven && seen.contains(&bound.id)
}

impl Lenient {
    /// The token as a plain bearer token, in place of one whose proof should not count.
    fn unbound(&self, request: &Request<Bytes>) -> Option<String> {
        let bound = Bound::read(request)?;
        let issuer = self.accomplices.find(bound.token.issuer()?)?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = (self.counts)(&bound, &seen);
        seen.insert(bound.id);
        counts.then(|| signed_by_issuer(&bound.token.without_claim("cnf"), &issuer))
    }
}

impl Saboteur for Lenient {
    fn on_request<'a>(&'a self, plane: Plane, request: &'a mut Request<Bytes>) -> BoxFuture<'a, Deed> {
        let unbound = if plane == Plane::Gateway { self.unbound(request) } else { None };
        let field = unbound.and_then(|token| HeaderValue::from_str(&format!("Bearer {token}")).ok());
        let deed = match field {
            Some(field) => {
                request.headers_mut().insert(header::AUTHORIZATION, field);
                Deed::Done
            }
            None => Deed::Nothing,
        };
        std::future::ready(deed).boxed()
    }
}
