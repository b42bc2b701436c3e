//! Clients that register with a certificate: how they say which (RFC 8705, sections 2.1.2 and 2.2.2), and whether their
//! tokens are to be bound to it (section 3.4). Authentication itself is in `grants::authenticate`.

use aws_lc_rs::digest;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::Value;

use crate::{
    realm::{CertificateLogin, jwt::Object},
    server::Site,
};

/// A certificate of an authority that the server trusts.
const BY_AUTHORITY: &str = "tls_client_auth";
/// A certificate that the client registered itself.
const SELF_SIGNED: &str = "self_signed_tls_client_auth";

/// Names by which a client says which certificate is its own; one of them is needed, and no more than one allowed.
const NAMES: [(&str, &str); 5] = [
    ("tls_client_auth_subject_dn", ""),
    ("tls_client_auth_san_dns", "dns"),
    ("tls_client_auth_san_uri", "uri"),
    ("tls_client_auth_san_ip", "ip"),
    ("tls_client_auth_san_email", "email"),
];

/// Whether tokens are to be bound to the certificate that the client presents.
const BOUND: &str = "tls_client_certificate_bound_access_tokens";

/// The metadata that are kept as they were sent.
pub(super) fn metadata(site: &Site) -> impl Iterator<Item = &'static str> {
    let names = NAMES.into_iter().map(|(name, _)| name).chain([BOUND]);
    names.filter(|_| site.mutual_tls)
}

/// Whether a client that authenticates by this method presents a certificate, where the server asks for any.
pub(super) fn is_method(site: &Site, method: &str) -> bool {
    site.mutual_tls && [BY_AUTHORITY, SELF_SIGNED].contains(&method)
}

/// The certificate that a client says it will present; an error says what is wrong with what it said.
pub(super) fn login(method: &str, asked: &Object) -> Result<CertificateLogin, String> {
    if method == SELF_SIGNED {
        return registered(asked).map(CertificateLogin::Thumbprint);
    }
    let said = |(name, kind): (&str, &'static str)| Some((kind, asked.get(name)?.as_str()?.to_owned()));
    let mut said = NAMES.into_iter().filter_map(said).filter(|(_, text)| !text.is_empty());
    match (said.next(), said.next()) {
        (Some(("", subject)), None) => Ok(CertificateLogin::Subject(subject)),
        (Some((kind, name)), None) => Ok(CertificateLogin::Name(format!("{kind}:{name}"))),
        (None, _) => Err("tls_client_auth needs tls_client_auth_subject_dn or one of tls_client_auth_san_*".to_owned()),
        (Some(_), Some(_)) => Err("tls_client_auth takes one name of the certificate, not several".to_owned()),
    }
}

/// The thumbprint of the certificate in the only key of `jwks`.
fn registered(asked: &Object) -> Result<String, String> {
    let keys = asked.get("jwks").and_then(|set| set.get("keys")).and_then(Value::as_array);
    let [key] = keys.map(Vec::as_slice).unwrap_or_default() else {
        return Err("self_signed_tls_client_auth needs jwks with one key that has its certificate as x5c".to_owned());
    };
    let leaf = key.get("x5c").and_then(|chain| chain.get(0)).and_then(Value::as_str);
    let der = leaf.and_then(|leaf| STANDARD.decode(leaf).ok()).ok_or("the key in jwks has no certificate in x5c")?;
    match x509_parser::parse_x509_certificate(&der) {
        Ok(_) => Ok(URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &der))),
        Err(_) => Err("the first entry of x5c is no certificate".to_owned()),
    }
}

/// Whether the client wants its tokens bound; off when left out.
pub(super) fn bound(site: &Site, asked: &Object) -> Result<bool, String> {
    match asked.get(BOUND) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(bound)) => Ok(*bound && site.mutual_tls),
        Some(_) => Err(format!("{BOUND} is no boolean")),
    }
}
