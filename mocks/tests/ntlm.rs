//! The NTLM grant of Identity Server: the exchange of two requests, and its refusals.
//! Over real HTTPS, with a real client of the protocol.

mod support;

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use kmspec_mocks::{
    ntlm::Client,
    realm::{ClientSpec, UserSpec},
    vendors::Vendor,
};
use support::{Answer, Stage, stage_with};

async fn scene() -> Stage {
    stage_with(Vendor::Is7, ClientSpec::new("app").grant_types(["iwa:ntlm", "refresh_token"])).await
}

async fn send(stage: &Stage, token: &str) -> Answer {
    stage.token(&[("grant_type", "iwa:ntlm"), ("windows_token", token), ("scope", "read")]).await
}

/// The answer to a challenge that the server was asked for, not yet sent.
async fn challenged(stage: &Stage, user: &str, password: &str) -> String {
    let mut client = Client::new(user, password).unwrap();
    let refused = send(stage, &client.negotiate().unwrap()).await;
    assert_eq!(refused.error(), (400, "invalid_grant".to_owned()));
    assert!(refused.header("www-authenticate").starts_with("NTLM "));
    client.authenticate(refused.header("www-authenticate")).unwrap()
}

#[track_caller]
fn refused(answer: &Answer, text: &str) {
    assert_eq!(answer.error(), (400, "invalid_grant".to_owned()), "{text}");
    assert!(answer.member("error_description").contains(text), "{}", answer.text);
    assert_eq!(answer.header("www-authenticate"), "");
}

#[tokio::test]
async fn who_answers_the_challenge_gets_a_token_whatever_the_domain() {
    let stage = scene().await;
    for user in ["ann", "CORP\\ann", "ann@corp.example"] {
        let granted = send(&stage, &challenged(&stage, user, "ann's secret").await).await;
        assert_eq!((granted.status, granted.json()["scope"].as_str()), (200, Some("read")), "{}", granted.text);
        let claims = stage.verified(&granted.member("access_token")).await.unwrap().1;
        assert_eq!(claims["sub"], stage.server.realm().user("ann").unwrap().id);
        assert!(!granted.member("refresh_token").is_empty());
    }
}

#[tokio::test]
async fn who_comes_in_spnego_is_challenged_in_it_and_gets_a_token_in_either_form() {
    let stage = scene().await;
    let mut client = Client::new("CORP\\ann", "ann's secret").unwrap().in_spnego();
    let opening = client.negotiate().unwrap();
    assert!(opening.starts_with('Y'), "a token of GSS-API: {opening}");
    let challenged = send(&stage, &opening).await;
    assert_eq!(challenged.error(), (400, "invalid_grant".to_owned()));
    let challenge = challenged.header("www-authenticate").strip_prefix("Negotiate ").unwrap();
    let octets = STANDARD.decode(challenge).unwrap();
    // The response names NTLM and holds the second message (RFC 4178, section 4.2.2).
    assert_eq!(octets[0], 0xa1);
    assert!(octets.windows(NTLM.len()).any(|part| part == NTLM));
    assert!(octets.windows(12).any(|part| part == b"NTLMSSP\0\x02\0\0\0"));
    let answer = client.authenticate(challenged.header("www-authenticate")).unwrap();
    let granted = send(&stage, &answer).await;
    assert_eq!(granted.status, 200, "{}", granted.text);
    let row = stage.server.realm().token(&granted.member("access_token")).unwrap().0;
    assert_eq!(row.username.as_deref(), Some("ann"));
    refused(&send(&stage, &answer).await, "could not be validated");
    let mut wrong = Client::new("ann", "wrong").unwrap().in_spnego();
    let challenge = send(&stage, &wrong.negotiate().unwrap()).await;
    let answer = wrong.authenticate(challenge.header("www-authenticate")).unwrap();
    refused(&send(&stage, &answer).await, "could not be validated");
}

/// Numbers of mechanisms in DER (MS-SPNG, section 1.9; RFC 4121, section 4.1).
const NTLM: &[u8] = b"\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a";
const KERBEROS: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02";

/// The first token of SPNEGO with one mechanism and its token, by the rules of RFC 4178, section 4.2.1, in base64.
fn spnego(mechanism: &[u8], token: &[u8]) -> String {
    let value = |tag: u8, held: &[u8]| [&[tag, u8::try_from(held.len()).unwrap()], held].concat();
    let mechanisms = value(0xa0, &value(0x30, mechanism));
    let offer = value(0x30, &[mechanisms, value(0xa2, &value(0x04, token))].concat());
    let number = b"\x06\x06\x2b\x06\x01\x05\x05\x02".to_vec();
    STANDARD.encode(value(0x60, &[number, value(0xa0, &offer)].concat()))
}

#[tokio::test]
async fn names_are_the_same_in_small_letters_and_in_capitals_and_the_exact_one_comes_first() {
    let stage = scene().await;
    let realm = stage.server.realm();
    let who = async |user: &str, password: &str| {
        let granted = send(&stage, &challenged(&stage, user, password).await).await;
        realm.token(&granted.member("access_token")).unwrap().0.username
    };
    for user in ["ANN", "CORP\\Ann", "Ann@CORP.EXAMPLE"] {
        assert_eq!(who(user, "ann's secret").await.as_deref(), Some("ann"), "{user}");
    }
    let wrong = send(&stage, &challenged(&stage, "ANN", "wrong").await).await;
    refused(&wrong, "could not be validated");
    for (name, password) in [("ANN", "ann's secret"), ("ann@corp.example", "of the mail address")] {
        realm.add_user(UserSpec::new(name, password));
        assert_eq!(who(name, password).await.as_deref(), Some(name));
    }
    assert_eq!(who("ann", "ann's secret").await.as_deref(), Some("ann"));
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_are_told_apart_by_nobody() {
    let stage = scene().await;
    let wrong = send(&stage, &challenged(&stage, "ann", "wrong").await).await;
    let unknown = send(&stage, &challenged(&stage, "nobody", "ann's secret").await).await;
    refused(&wrong, "could not be validated");
    assert_eq!(wrong.text, unknown.text);
    stage.server.realm().update_user("ann", |ann| ann.active = false);
    let locked = send(&stage, &challenged(&stage, "ann", "ann's secret").await).await;
    refused(&locked, "could not be validated");
}

#[tokio::test]
async fn an_answer_does_once_for_its_own_client_and_for_a_minute() {
    let stage = scene().await;
    let answer = challenged(&stage, "ann", "ann's secret").await;
    let other = stage.server.realm().add_client(ClientSpec::new("other").grant_types(["iwa:ntlm"]));
    let form = [
        ("grant_type", "iwa:ntlm"),
        ("windows_token", answer.as_str()),
        ("client_id", other.id.as_str()),
        ("client_secret", other.secret.as_deref().unwrap()),
    ];
    refused(&stage.post_bare(&stage.server.endpoints().token, &form).await, "could not be validated");
    assert_eq!(send(&stage, &answer).await.status, 200);
    refused(&send(&stage, &answer).await, "could not be validated");
    let late = challenged(&stage, "ann", "ann's secret").await;
    stage.server.clock().advance(Duration::from_secs(60));
    refused(&send(&stage, &late).await, "could not be validated");
}

#[tokio::test]
async fn several_exchanges_of_one_client_go_on_side_by_side() {
    let stage = scene().await;
    let first = challenged(&stage, "ann", "ann's secret").await;
    let second = challenged(&stage, "admin", "admin").await;
    assert_eq!((send(&stage, &first).await.status, send(&stage, &second).await.status), (200, 200));
}

#[tokio::test]
async fn what_is_no_message_of_the_exchange_is_refused() {
    let stage = scene().await;
    refused(&send(&stage, "???").await, "no base64");
    refused(&send(&stage, &STANDARD.encode("NTLMSSP")).await, "cannot be extracted");
    refused(&send(&stage, &STANDARD.encode(b"NTLMSSP\0\x02\0\0\0")).await, "is not valid");
    refused(&send(&stage, &STANDARD.encode(b"NTLMSSP\0\x01\0\0\0")).await, "malformed");
    let negotiated = [&b"\x60\x29\x06\x06\x2b\x06\x01\x05\x05\x02"[..], b"NTLMSSP\0\x01\0\0\0"].concat();
    refused(&send(&stage, &STANDARD.encode(negotiated)).await, "SPNEGO token cannot be read");
    refused(&send(&stage, &spnego(KERBEROS, b"a ticket")).await, "takes NTLM alone");
    refused(&send(&stage, &spnego(NTLM, b"NTLMSSP\0\x02\0\0\0")).await, "is not valid");
    refused(&send(&stage, &spnego(NTLM, b"NTLMSSP")).await, "cannot be extracted");
    refused(&send(&stage, &spnego(NTLM, b"NTLMSSP\0\x01\0\0\0")).await, "malformed");
    refused(&send(&stage, &STANDARD.encode(b"NTLMSSP\0\x03\0\0\0")).await, "could not be validated");
    let missing = stage.token(&[("grant_type", "iwa:ntlm")]).await;
    assert_eq!(missing.error(), (400, "invalid_request".to_owned()));
    assert!(missing.member("error_description").contains("windows_token"));
}
