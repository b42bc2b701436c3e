//! Tests of both sides against each other, of the service against what is no request at all, and of both against what
//! other implementations make. The grant is tested over HTTPS.

use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::prelude::*;

use super::{opened::Fault, *};

const NOW: u64 = 1_700_000_000;
const SERVICE: &str = "HTTP/is.example@EXAMPLE.COM";
/// For ann, in SPNEGO with Microsoft's number of the mechanism as the first choice, at [`FOREIGN_TIME`].
const FOREIGN_REQUEST: &str = concat!(
    "YIICHgYGKwYBBQUCoIICEjCCAg6gGDAWBgkqhkiC9xIBAgIGCSqGSIb3EgECAqKCAfAEggHsYIIB6AYJKoZIhvcSAQICAQBuggHXMIIB06AD",
    "AgEFoQMCAQ6iBAMCBSCjggEhYYIBHTCCARmgAwIBBaENGwtFWEFNUExFLkNPTaIdMBugAwIBAqEUMBIbBEhUVFAbCmlzLmV4YW1wbGWjgeMw",
    "geCgAwIBEqEDAgEDooHTBIHQCUr/z/h6IyLo7DF1S5YwVmWl1U7xrU7xlD2SpG7G7XDG2zTm3By4ZsvuB9BLhwODJnNA0kWbR3P7rSuoq5l6",
    "sh5nel9BSXmhqYemzpJGPoGxZvy9HBzJ/hK1zTUcOVRmAcoqjRdScAyIVVq6foURK51b5euZoW7tNhji3dpNcLCqcl3uBzfXwGSaJkiC/GTm",
    "3Firy8dtXc3PySLixtxoTjh3+BzLWW+YpX/3kf5uNPgH5fDI62n67gdoLD26Ci1xjimvHRN/EI/JIQc6vwWpQqSBmzCBmKADAgESooGQBIGN",
    "Zba404jwOTpd8oDglsdLVw+ONp6gEFSDd4mPK2fD4Yr1Kbn7dBQ3YepKCkpi3WIonhiFDqVfIqiaYkbbqHvBNiPKx/sk9EvOhcXvLU/38ljZ",
    "j8Bye0Z4S7oPO+tRdi8pHjTwCztYXFm0BlKDyAwWQH5vmfP0oA9+sbSZ61OcyRbTmqyi+MprH2d+mZ6v",
);
const FOREIGN_TIME: u64 = 1_795_376_210;

fn service() -> ServicePrincipal {
    // A key, since making one of a password takes a while.
    ServicePrincipal::with_key(SERVICE, &[7; 32]).unwrap()
}

fn ticket() -> TicketOrder {
    KeyCentre::new(service()).ticket("ann@EXAMPLE.COM", NOW).unwrap()
}

fn bytes(order: &TicketOrder) -> Vec<u8> {
    STANDARD.decode(order.token()).unwrap()
}

fn accepted(order: &TicketOrder) -> Result<String, Fault> {
    service().accept(&bytes(order), NOW).map(|opened| opened.client.to_string())
}

#[test]
fn a_ticket_of_the_centre_names_its_client_wrapped_or_not() {
    for order in [ticket(), ticket().negotiated()] {
        assert_eq!(accepted(&order).as_deref(), Ok("ann@EXAMPLE.COM"));
    }
}

#[test]
fn each_fault_is_found_for_what_it_is() {
    let somebody = || "eve@EXAMPLE.COM".parse::<Principal>().unwrap();
    for (order, fault) in [
        (ticket().sealed_with_another_key(), Fault::Ticket),
        (ticket().addressed_to("HTTP/other.example@EXAMPLE.COM".parse().unwrap()), Fault::OtherService),
        (ticket().addressed_to("HTTP/is.example@OTHER.COM".parse().unwrap()), Fault::OtherService),
        (ticket().shown_by(somebody()), Fault::OtherClient),
        (ticket().shown_at(NOW - 301), Fault::Skew),
        (ticket().shown_at(NOW + 301), Fault::Skew),
        (ticket().valid_from(NOW + 301), Fault::Early),
        (ticket().valid_from(NOW - 600).valid_until(NOW), Fault::Expired),
    ] {
        assert_eq!(accepted(&order), Err(fault), "{order:?}");
    }
    assert!(accepted(&ticket().shown_at(NOW - 300)).is_ok());
    assert!(accepted(&ticket().valid_from(NOW + 300)).is_ok());
    assert!(accepted(&ticket().valid_from(NOW - 600).valid_until(NOW + 1)).is_ok());
}

#[test]
fn a_ticket_for_another_service_under_another_key_is_for_another_service() {
    let order = ticket().sealed_with_another_key().addressed_to("HTTP/other.example@EXAMPLE.COM".parse().unwrap());
    assert_eq!(accepted(&order), Err(Fault::OtherService));
}

#[test]
fn the_proof_of_one_ticket_is_none_for_another() {
    let one = bytes(&ticket());
    // A number in a request may take a byte less, so that not all of them are as long.
    let other = std::iter::repeat_with(|| bytes(&ticket())).find(|other| other.len() == one.len()).unwrap();
    // The authenticator is the end of a request.
    let end = one.len() - 40;
    let mixed = [&one[..end], &other[end..]].concat();
    assert_eq!(service().accept(&mixed, NOW).map(|_| ()), Err(Fault::Authenticator));
}

#[test]
fn two_requests_are_told_apart() {
    let once = |order: &TicketOrder| service().accept(&bytes(order), NOW).unwrap().once;
    let order = ticket();
    assert_ne!(once(&order), once(&order));
}

#[test]
fn a_password_has_a_key_for_each_encryption_and_a_key_is_for_one() {
    let by_password = ServicePrincipal::with_password(SERVICE, "of the service").unwrap();
    for encryption in [Encryption::Aes128, Encryption::Aes256] {
        let order = KeyCentre::new(by_password.clone()).ticket_in(encryption, "ann@EXAMPLE.COM", NOW).unwrap();
        let key = by_password.key(encryption).unwrap();
        let by_key = ServicePrincipal::with_key(SERVICE, &key).unwrap();
        for service in [&by_password, &by_key] {
            assert!(service.accept(&bytes(&order), NOW).is_ok(), "{encryption:?} {service:?}");
        }
        let other = if encryption == Encryption::Aes128 { Encryption::Aes256 } else { Encryption::Aes128 };
        let none = KeyCentre::new(by_key).ticket_in(other, "ann@EXAMPLE.COM", NOW).unwrap_err();
        assert_eq!(none, KerberosError::NoKey(other.name()));
    }
    assert_eq!(accepted(&KeyCentre::new(by_password).ticket("ann@EXAMPLE.COM", NOW).unwrap()), Err(Fault::Ticket));
}

/// What Python's `minikerberos` and `impacket` derive for the same password and names.
#[test]
fn keys_are_those_that_other_implementations_derive() {
    let hex = |key: Vec<u8>| key.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let plain = ServicePrincipal::with_password(SERVICE, "of the service").unwrap();
    let salted = ServicePrincipal::with_salted_password(SERVICE, "of the service", "EXAMPLE.COMsvc-is").unwrap();
    for (service, encryption, key) in [
        (&plain, Encryption::Aes256, "4a6fb2b4418e193e6d2a5ea52925b39a840187792545f136f2f5f6207f5c2be7"),
        (&plain, Encryption::Aes128, "a62e43a72acc8f27a63c5b0050108d71"),
        (&salted, Encryption::Aes256, "83d7248456b9d74bf6cb2c4c40bf63248229d487ea8d0e0e1cf97ae3b3c525e2"),
    ] {
        assert_eq!(hex(service.key(encryption).unwrap()), key);
    }
}

#[test]
fn names_are_principals_or_refused() {
    for name in ["ann@EXAMPLE.COM", "HTTP/is.example@EXAMPLE.COM", "a/b/c@R", "ann@home@R"] {
        assert_eq!(name.parse::<Principal>().unwrap().to_string(), name);
    }
    for name in ["", "ann", "@R", "ann@", "HTTP/@R", "/a@R", "änn@R"] {
        assert!(name.parse::<Principal>().is_err(), "{name}");
    }
}

#[test]
fn a_service_that_is_written_down_wrongly_says_what_is_wrong() {
    let document = |text: &str| -> Result<ServicePrincipal, KerberosError> {
        serde_json::from_str::<ServiceDocument>(text).unwrap().try_into()
    };
    let key = "07".repeat(32);
    assert_eq!(document(&format!(r#"{{"name":"{SERVICE}","key":"{key}"}}"#)), Ok(service()));
    for (text, error) in [
        (r#"{"name":"nobody","password":"x"}"#, KerberosError::Principal("nobody".to_owned())),
        (r#"{"name":"a@R"}"#, KerberosError::Secret),
        (r#"{"name":"a@R","password":"x","key":"00"}"#, KerberosError::Secret),
        (r#"{"name":"a@R","salt":"x","key":"00"}"#, KerberosError::Secret),
        (r#"{"name":"a@R","key":"0"}"#, KerberosError::KeyText),
        (r#"{"name":"a@R","key":"0x"}"#, KerberosError::KeyText),
        (r#"{"name":"a@R","key":"00ff"}"#, KerberosError::KeyLength(2)),
    ] {
        assert_eq!(document(text), Err(error), "{text}");
    }
}

/// The token with a byte behind what it carries, which its own length counts.
fn lengthened(token: &[u8]) -> Vec<u8> {
    // So long a token has its length in two octets.
    assert_eq!(token[1], 0x82);
    let length = u16::from_be_bytes([token[2], token[3]]) + 1;
    [&token[..2], &length.to_be_bytes(), &token[4..], &[0]].concat()
}

#[test]
fn a_byte_between_the_request_and_the_end_of_its_token_is_found() {
    for order in [ticket(), ticket().negotiated()] {
        assert_eq!(service().accept(&lengthened(&bytes(&order)), NOW).map(|_| ()), Err(Fault::Malformed), "{order:?}");
    }
}

/// A request that Python's `minikerberos` made for this service and password, with flags, a checksum and a sequence
/// number, none of which the centre here writes.
#[test]
fn a_request_that_another_implementation_made_is_believed_at_its_time() {
    let service = ServicePrincipal::with_password(SERVICE, "of the service").unwrap();
    let token = STANDARD.decode(FOREIGN_REQUEST).unwrap();
    let opened = service.accept(&token, FOREIGN_TIME).unwrap();
    assert_eq!(opened.client.to_string(), "ann@EXAMPLE.COM");
    assert_eq!(service.accept(&token, FOREIGN_TIME + 301), Err(Fault::Skew));
}

proptest! {
    #[test]
    fn any_bytes_are_refused_and_nothing_panics(bytes: Vec<u8>) {
        prop_assert!(service().accept(&bytes, NOW).is_err());
    }

    #[test]
    fn a_request_with_anything_behind_it_is_refused(stray in proptest::collection::vec(any::<u8>(), 1..40), wrapped: bool) {
        let order = if wrapped { ticket().negotiated() } else { ticket() };
        let token = [bytes(&order), stray].concat();
        prop_assert!(service().accept(&token, NOW).is_err());
    }

    #[test]
    fn a_request_with_a_byte_changed_anywhere_never_names_somebody_else(
        place: usize,
        change in 1_u8..,
        wrapped: bool,
    ) {
        let order = if wrapped { ticket().negotiated() } else { ticket() };
        let mut token = bytes(&order);
        let place = place % token.len();
        token[place] ^= change;
        if let Ok(opened) = service().accept(&token, NOW) {
            prop_assert_eq!(opened.client.to_string(), "ann@EXAMPLE.COM");
        }
        token.truncate(place);
        prop_assert!(service().accept(&token, NOW).is_err());
    }
}
