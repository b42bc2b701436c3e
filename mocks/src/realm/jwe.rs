//! JWTs that are encrypted to a key of the ring (RFC 7516, compact form), opened; by RSA-OAEP and AES-GCM (RFC 7518).
//! What was in the envelope is judged by whoever asked; making envelopes is the forge's trade.

use aws_lc_rs::{
    aead::{self, Aad, LessSafeKey, Nonce, UnboundKey},
    rsa::{OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey, PrivateDecryptingKey},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use serde_json::Value;

use super::{
    jwt::{self, Object},
    key_ring::KeyRing,
    signing_key::SigningKey,
    test_keys::KeyFamily,
};

/// What is longer is not looked at.
const LONGEST: usize = 64 * 1024;
/// So many keys are tried where the envelope names none of the ring.
const TRIED: usize = 8;

/// Why an envelope stays closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Sealed {
    /// It is longer than anybody's assertion.
    #[error("the assertion is longer than 65536 octets")]
    TooLong,
    /// It has not five parts, of which the first is a JSON object with distinct names.
    #[error("the assertion is no encrypted JWT")]
    Form,
    /// It names extensions that must be understood (RFC 7516, section 4.1.13); none is known here.
    #[error("the encrypted assertion has critical extensions, and none is known here")]
    Critical,
    /// Its content is compressed, which tells of the content by its length (RFC 8725, section 3.6).
    #[error("the encrypted assertion is compressed, and compressed ones are not taken")]
    Compressed,
    /// Its content is said to be something else than a JWT (RFC 7519, section 5.2).
    #[error("the encrypted assertion does not say that it holds a JWT")]
    Content,
    /// Its key is encrypted in another way.
    #[error("the key of the assertion is encrypted by {0}; RSA-OAEP and RSA-OAEP-256 are taken")]
    KeyAlgorithm(String),
    /// Its content is encrypted in another way.
    #[error("the assertion is encrypted by {0}; A128GCM, A192GCM and A256GCM are taken")]
    ContentAlgorithm(String),
    /// The ring has no key of that kind.
    #[error("no RSA key is published here that could decrypt by {0}")]
    NoKey(String),
    /// No key opens it, or somebody altered it.
    #[error("the assertion cannot be decrypted by {0} and {1}")]
    Closed(String, String),
}

/// What an envelope holds that is addressed to a published RSA key of the ring: the one it names, or any where it names
/// none of them, as the keys are for signatures and nobody publishes one for envelopes.
///
/// # Errors
///
/// [`Sealed`].
pub(crate) fn open(keys: &KeyRing, token: &str) -> Result<String, Sealed> {
    if token.len() > LONGEST {
        return Err(Sealed::TooLong);
    }
    let parts: Vec<&str> = token.split('.').collect();
    let [protected, wrapped, iv, content, tag] = parts[..] else { return Err(Sealed::Form) };
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Sealed::Form);
    let header = jwt::distinct(&decoded(protected)?).ok_or(Sealed::Form)?;
    let (alg, enc) = (named(&header, "alg")?, named(&header, "enc")?);
    let by_key = key_algorithm(&alg).ok_or_else(|| Sealed::KeyAlgorithm(alg.clone()))?;
    let by_content = content_algorithm(&enc).ok_or_else(|| Sealed::ContentAlgorithm(enc.clone()))?;
    in_order(&header)?;
    let (wrapped, iv, content, tag) = (decoded(wrapped)?, decoded(iv)?, decoded(content)?, decoded(tag)?);

    let candidates = candidates(keys, header.get("kid").and_then(Value::as_str));
    if candidates.is_empty() {
        return Err(Sealed::NoKey(alg));
    }
    let mut content_keys = candidates.iter().filter_map(|key| unwrapped(key, by_key, &wrapped));
    let sealed = [content, tag.clone()].concat();
    let opened = content_keys.find_map(|key| unsealed(by_content, &key, protected, &iv, &tag, &sealed));
    let plain = opened.ok_or(Sealed::Closed(alg, enc))?;
    String::from_utf8(plain).map_err(|_| Sealed::Form)
}

/// The name of an algorithm, fit to be repeated in an answer.
fn named(header: &Object, member: &str) -> Result<String, Sealed> {
    let name = header.get(member).and_then(Value::as_str).ok_or(Sealed::Form)?;
    let plain = name.chars().filter(|letter| letter.is_ascii_alphanumeric() || "+-_.".contains(*letter));
    Ok(plain.take(40).collect())
}

fn key_algorithm(alg: &str) -> Option<&'static OaepAlgorithm> {
    match alg {
        "RSA-OAEP" => Some(&OAEP_SHA1_MGF1SHA1),
        "RSA-OAEP-256" => Some(&OAEP_SHA256_MGF1SHA256),
        _ => None,
    }
}

fn content_algorithm(enc: &str) -> Option<&'static aead::Algorithm> {
    match enc {
        "A128GCM" => Some(&aead::AES_128_GCM),
        "A192GCM" => Some(&aead::AES_192_GCM),
        "A256GCM" => Some(&aead::AES_256_GCM),
        _ => None,
    }
}

fn in_order(header: &Object) -> Result<(), Sealed> {
    if header.contains_key("crit") {
        return Err(Sealed::Critical);
    }
    if header.contains_key("zip") {
        return Err(Sealed::Compressed);
    }
    let is_jwt = |content: &Value| content.as_str().is_some_and(|content| content.eq_ignore_ascii_case("JWT"));
    if header.get("cty").is_none_or(is_jwt) { Ok(()) } else { Err(Sealed::Content) }
}

fn candidates(keys: &KeyRing, kid: Option<&str>) -> Vec<SigningKey> {
    let mut rsa = keys.published_keys();
    rsa.retain(|key| KeyFamily::of(key.algorithm()) == KeyFamily::Rsa);
    match rsa.iter().find(|key| Some(key.kid()) == kid) {
        Some(named) => vec![named.clone()],
        // The newest first.
        None => rsa.into_iter().rev().take(TRIED).collect(),
    }
}

/// The key of the content.
fn unwrapped(key: &SigningKey, algorithm: &'static OaepAlgorithm, wrapped: &[u8]) -> Option<Vec<u8>> {
    let der = PrivatePkcs8KeyDer::from_pem_slice(key.pem().as_bytes()).ok()?;
    let private = PrivateDecryptingKey::from_pkcs8(der.secret_pkcs8_der()).ok()?;
    let private = OaepPrivateDecryptingKey::new(private).ok()?;
    let mut plain = vec![0; private.min_output_size()];
    private.decrypt(algorithm, wrapped, &mut plain, None).ok().map(|key| key.to_vec())
}

/// The content, when nobody altered it or the header (RFC 7516, section 5.2).
fn unsealed(
    algorithm: &'static aead::Algorithm,
    key: &[u8],
    protected: &str,
    iv: &[u8],
    tag: &[u8],
    sealed: &[u8],
) -> Option<Vec<u8>> {
    // A shorter tag would be easier to guess (RFC 7518, section 5.3).
    if tag.len() != algorithm.tag_len() {
        return None;
    }
    let key = LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?);
    let nonce = Nonce::try_assume_unique_for_key(iv).ok()?;
    let mut whole = sealed.to_vec();
    key.open_in_place(nonce, Aad::from(protected.as_bytes()), &mut whole).ok().map(|plain| plain.to_vec())
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rsa::{OaepPublicEncryptingKey, PublicEncryptingKey};
    use base64::engine::general_purpose::STANDARD;
    use picky_asn1::wrapper::IntegerAsn1;
    use picky_asn1_x509::PrivateKeyInfo;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::realm::{Algorithm, random, test_keys};

    /// The example of RFC 7516, appendix A.1: its key (n, e, d, p, q, dp, dq, qi), and what it makes.
    const EXAMPLE_KEY: [&str; 8] = [
        "oahUIoWw0K0usKNuOR6H4wkf4oBUXHTxRvgb48E-BVvxkeDNjbC4he8rUWcJoZmds2h7M70imEVhRU5djINXtqllXI4DFqcI1DgjT9LewND8\
         MW2Krf3Spsk_ZkoFnilakGygTwpZ3uesH-PFABNIUYpOiN15dsQRkgr0vEhxN92i2asbOenSZeyaxziK72UwxrrKoExv6kc5twXTq4h-QChL\
         Oln0_mtUZwfsRaMStPs6mS6XrgxnxbWhojf663tuEQueGC-FCMfra36C9knDFGzKsNa7LZK2djYgyD3JR_MB_4NUJW_TqOQtwHYbxevoJArm\
         -L5StowjzGy-_bq6Gw",
        "AQAB",
        "kLdtIj6GbDks_ApCSTYQtelcNttlKiOyPzMrXHeI-yk1F7-kpDxY4-WY5NWV5KntaEeXS1j82E375xxhWMHXyvjYecPT9fpwR_M9gV8n9Hrh\
         2anTpTD93Dt62ypW3yDsJzBnTnrYu1iwWRgBKrEYY46qAZIrA2xAwnm2X7uGR1hghkqDp0Vqj3kbSCz1XyfCs6_LehBwtxHIyh8Ripy40p24\
         moOAbgxVw3rxT_vlt3UVe4WO3JkJOzlpUf-KTVI2Ptgm-dARxTEtE-id-4OJr0h-K-VFs3VSndVTIznSxfyrj8ILL6MG_Uv8YAu7VILSB3lO\
         W085-4qE3DzgrTjgyQ",
        "1r52Xk46c-LsfB5P442p7atdPUrxQSy4mti_tZI3Mgf2EuFVbUoDBvaRQ-SWxkbkmoEzL7JXroSBjSrK3YIQgYdMgyAEPTPjXv_hI2_1eTSP\
         VZfzL0lffNn03IXqWF5MDFuoUYE0hzb2vhrlN_rKrbfDIwUbTrjjgieRbwC6Cl0",
        "wLb35x7hmQWZsWJmB_vle87ihgZ19S8lBEROLIsZG4ayZVe9Hi9gDVCOBmUDdaDYVTSNx_8Fyw1YYa9XGrGnDew00J28cRUoeBB_jKI1oma0\
         Orv1T9aXIWxKwd4gvxFImOWr3QRL9KEBRzk2RatUBnmDZJTIAfwTs0g68UZHvtc",
        "ZK-YwE7diUh0qR1tR7w8WHtolDx3MZ_OTowiFvgfeQ3SiresXjm9gZ5KLhMXvo-uz-KUJWDxS5pFQ_M0evdo1dKiRTjVw_x4NyqyXPM5nULP\
         kcpU827rnpZzAJKpdhWAgqrXGKAECQH0Xt4taznjnd_zVpAmZZq60WPMBMfKcuE",
        "Dq0gfgJ1DdFGXiLvQEZnuKEN0UUmsJBxkjydc3j4ZYdBiMRAy86x0vHCjywcMlYYg4yoC4YZa9hNVcsjqA3FeiL19rk8g6Qn29Tt0cj8qqyF\
         pz9vNDBUfCAiJVeESOjJDZPYHdHY8v1b-o-Z2X5tvLx-TCekf7oxyeKDUqKWjis",
        "VIMpMYbPf47dT1w_zDUXfPimsSegnMOA1zTaX7aGk_8urY6R8-ZW1FxU7AlWAyLWybqq6t16VFd7hQd0y6flUK4SlOydB61gwanOsXGOAOv8\
         2cHq0E3eL4HrtZkUuKvnPrMnsUUFlfUdybVzxyjz9JF_XyaY14ardLSjf4L_FNY",
    ];
    const EXAMPLE: &str = "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.\
        OKOawDo13gRp2ojaHV7LFpZcgV7T6DVZKTyKOMTYUmKoTCVJRgckCL9kiMT03JGeipsEdY3mx_etLbbWSrFr05kLzcSr4qKAq7YN7e9jwQRb\
        23nfa6c9d-StnImGyFDbSv04uVuxIp5Zms1gNxKKK2Da14B8S4rzVRltdYwam_lDp5XnZAYpQdb76FdIKLaVmqgfwX7XWRxv2322i-vDxRfq\
        Nzo_tETKzpVLzfiwQyeyPGLBIO56YJ7eObdv0je81860ppamavo35UgoRdbYaBcoh9QcfylQr66oc6vFWXRcZ_ZT2LawVCWTIy3brGPi6Ukl\
        fCpIMfIjf7iGdXKHzg.\
        48V1_ALb6US04U3b.\
        5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A.\
        XFBoMYUZodetZdvTiFvSkQ";

    fn example_key() -> SigningKey {
        let [n, e, d, p, q, dp, dq, qi] =
            EXAMPLE_KEY.map(|number| IntegerAsn1::from_bytes_be_unsigned(URL_SAFE_NO_PAD.decode(number).unwrap()));
        let info = PrivateKeyInfo::new_rsa_encryption(n, e, d, (p, q), (dp, dq), qi);
        let der = STANDARD.encode(picky_asn1_der::to_vec(&info).unwrap());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----\n");
        SigningKey::from_pem("example", Algorithm::RS256, &pem).unwrap()
    }

    fn amber() -> SigningKey {
        test_keys::named("rsa-amber").unwrap()
    }

    /// An envelope for that key, by the rules of RFC 7516, section 5.1, with whatever stands in the header.
    fn sealed(key: &SigningKey, header: &Value, content: &[u8]) -> String {
        let alg = if header["alg"] == "RSA-OAEP" { &OAEP_SHA1_MGF1SHA1 } else { &OAEP_SHA256_MGF1SHA256 };
        let enc = match header["enc"].as_str() {
            Some("A128GCM") => &aead::AES_128_GCM,
            Some("A192GCM") => &aead::AES_192_GCM,
            _ => &aead::AES_256_GCM,
        };
        let content_key = random::bytes(enc.key_len());
        let public = PublicEncryptingKey::from_der(&key.public_der()).unwrap();
        let public = OaepPublicEncryptingKey::new(public).unwrap();
        let mut wrapped = vec![0; public.ciphertext_size()];
        let wrapped = public.encrypt(alg, &content_key, &mut wrapped, None).unwrap().to_vec();
        let protected = URL_SAFE_NO_PAD.encode(header.to_string());
        let iv: [u8; 12] = random::bytes(12).try_into().unwrap();
        let mut text = content.to_vec();
        let cipher = LessSafeKey::new(UnboundKey::new(enc, &content_key).unwrap());
        let nonce = Nonce::assume_unique_for_key(iv);
        let tag = cipher.seal_in_place_separate_tag(nonce, Aad::from(protected.as_bytes()), &mut text).unwrap();
        let parts = [&wrapped[..], &iv, &text, tag.as_ref()].map(|part| URL_SAFE_NO_PAD.encode(part));
        format!("{protected}.{}", parts.join("."))
    }

    #[test]
    fn the_example_of_the_standard_opens() {
        let ring = KeyRing::with_key(example_key());
        let text = "The true sign of intelligence is not knowledge but imagination.";
        assert_eq!(open(&ring, EXAMPLE).as_deref(), Ok(text));
        let other = open(&KeyRing::with_key(amber()), EXAMPLE).unwrap_err();
        assert_eq!(other, Sealed::Closed("RSA-OAEP".to_owned(), "A256GCM".to_owned()));
    }

    #[test]
    fn every_pair_of_algorithms_opens_for_the_key_that_is_named_or_for_any() {
        let ring = KeyRing::with_key(amber());
        ring.publish(test_keys::named("rsa-birch").unwrap());
        for alg in ["RSA-OAEP", "RSA-OAEP-256"] {
            for enc in ["A128GCM", "A192GCM", "A256GCM"] {
                for kid in [json!("rsa-amber"), json!("nobody's"), Value::Null] {
                    let header = json!({ "alg": alg, "enc": enc, "kid": kid, "cty": "JWT" });
                    assert_eq!(open(&ring, &sealed(&amber(), &header, b"a.b.c")).as_deref(), Ok("a.b.c"), "{header}");
                }
                let header = json!({ "alg": alg, "enc": enc, "kid": "rsa-birch" });
                let closed = Sealed::Closed(alg.to_owned(), enc.to_owned());
                assert_eq!(open(&ring, &sealed(&amber(), &header, b"a.b.c")), Err(closed), "{header}");
            }
        }
        ring.add(test_keys::named("p256-amber").unwrap(), crate::realm::KeyPurpose::Access);
        ring.withdraw("rsa-amber");
        ring.withdraw("rsa-birch");
        let header = json!({ "alg": "RSA-OAEP", "enc": "A128GCM" });
        assert_eq!(open(&ring, &sealed(&amber(), &header, b"a.b.c")), Err(Sealed::NoKey("RSA-OAEP".to_owned())));
    }

    #[test]
    fn what_is_not_taken_is_told_by_its_name() {
        let ring = KeyRing::with_key(amber());
        let base = json!({ "alg": "RSA-OAEP", "enc": "A256GCM" });
        let with = |name: &str, value: Value| {
            let mut header = base.clone();
            header[name] = value;
            open(&ring, &sealed(&amber(), &header, b"a.b.c")).unwrap_err()
        };
        for alg in ["RSA1_5", "dir", "none", "PBES2-HS256+A128KW", "ECDH-ES", "rsa-oaep", "RSA-OAEP-512"] {
            assert_eq!(with("alg", json!(alg)), Sealed::KeyAlgorithm(alg.to_owned()));
        }
        for enc in ["A128CBC-HS256", "A256CBC-HS512", "a256gcm"] {
            assert_eq!(with("enc", json!(enc)), Sealed::ContentAlgorithm(enc.to_owned()));
        }
        assert_eq!(with("alg", json!("\"<b>\u{fc}")), Sealed::KeyAlgorithm("b".to_owned()));
        assert_eq!(with("alg", json!("x".repeat(999))), Sealed::KeyAlgorithm("x".repeat(40)));
        assert_eq!((with("alg", Value::Null), with("enc", json!(5))), (Sealed::Form, Sealed::Form));
        assert_eq!((with("zip", json!("DEF")), with("crit", json!([]))), (Sealed::Compressed, Sealed::Critical));
        assert_eq!(with("cty", json!("text/plain")), Sealed::Content);
    }

    #[test]
    fn an_altered_cut_or_oversized_envelope_stays_closed() {
        let ring = KeyRing::with_key(amber());
        let header = json!({ "alg": "RSA-OAEP-256", "enc": "A128GCM" });
        let whole = sealed(&amber(), &header, b"a.b.c");
        let parts: Vec<&str> = whole.split('.').collect();
        for place in 1..5 {
            let mut altered: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
            let flipped = if altered[place].starts_with('A') { "B" } else { "A" };
            altered[place].replace_range(0..1, flipped);
            let closed = Sealed::Closed("RSA-OAEP-256".to_owned(), "A128GCM".to_owned());
            assert_eq!(open(&ring, &altered.join(".")), Err(closed), "part {place}");
            altered[place].clear();
            assert!(open(&ring, &altered.join(".")).is_err(), "part {place}");
        }
        let other_header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RSA-OAEP-256","enc":"A128GCM","cty":"JWT"}"#);
        assert!(open(&ring, &whole.replacen(parts[0], &other_header, 1)).is_err(), "the header is authenticated");
        let short_tag = URL_SAFE_NO_PAD.encode(&URL_SAFE_NO_PAD.decode(parts[4]).unwrap()[..12]);
        assert!(open(&ring, &[parts[0], parts[1], parts[2], parts[3], &short_tag].join(".")).is_err());
        for text in ["", "a.b.c", "....", "a.b.c.d.e.f", "e30.e30.e30.e30.e30", "\u{fc}.b.c.d.e"] {
            assert_eq!(open(&ring, text), Err(Sealed::Form), "{text}");
        }
        let twice = URL_SAFE_NO_PAD.encode(r#"{"alg":"RSA-OAEP","enc":"A128GCM","alg":"RSA-OAEP"}"#);
        assert_eq!(open(&ring, &whole.replacen(parts[0], &twice, 1)), Err(Sealed::Form));
        assert_eq!(open(&ring, &sealed(&amber(), &header, &[0xff, 0xfe])), Err(Sealed::Form));
        assert_eq!(open(&ring, &format!("{whole}{}", "A".repeat(70_000))), Err(Sealed::TooLong));
    }

    proptest! {
        #[test]
        fn any_text_is_opened_or_refused(text in "(?s).{0,200}") {
            let _ = open(&KeyRing::with_key(amber()), &text);
        }

        #[test]
        fn any_parts_behind_a_good_header_are_opened_or_refused(
            parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 4)
        ) {
            let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#);
            let parts: Vec<String> = parts.iter().map(|part| URL_SAFE_NO_PAD.encode(part)).collect();
            let _ = open(&KeyRing::with_key(amber()), &format!("{header}.{}", parts.join(".")));
        }
    }
}
