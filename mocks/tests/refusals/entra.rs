//! Refusals of Microsoft Entra ID: a number for each, which stands in the body twice.
//! Applications made by Graph are tested in `vendor_clients`.

use kmspec_mocks::vendors::Vendor;
use serde_json::json;

use crate::{OWN, Who, ask, support::stage};

#[tokio::test]
async fn every_refusal_of_entra_has_its_number() {
    let stage = stage(Vendor::Entra).await;
    let token = stage.server.endpoints().token.clone();
    let api = ("scope", "api://kmspec-v2/.default");
    let both = ("scope", "api://kmspec-v2/.default api://kmspec-v1/.default");
    for (what, who, form, status, code, numbers) in [
        ("wrong secret", Who::Wrong, vec![OWN, api], 401, "invalid_client", &[7_000_215][..]),
        ("no credential", Who::IdAlone, vec![OWN, api], 401, "invalid_client", &[7_000_216, 7_000_218]),
        ("unknown application", Who::Unknown, vec![OWN, api], 400, "unauthorized_client", &[700_016]),
        ("bad scope", Who::Right, vec![OWN, ("scope", "read")], 400, "invalid_scope", &[70_011]),
        ("two resources", Who::Right, vec![OWN, both], 400, "invalid_scope", &[70_011]),
        ("unknown grant", Who::Right, vec![("grant_type", "magic"), api], 400, "unsupported_grant_type", &[70_003]),
    ] {
        let refused = ask(&stage, &token, who, &form).await;
        assert_eq!(refused.error(), (status, code.to_owned()), "{what}: {}", refused.text);
        let body = refused.json();
        let told = numbers.iter().find(|number| body["error_codes"] == json!([number]));
        let number = told.unwrap_or_else(|| panic!("{what}: {}", refused.text));
        let description = refused.member("error_description");
        assert!(description.starts_with(&format!("AADSTS{number}: ")) && description.contains("\r\n"), "{description}");
        for name in ["timestamp", "trace_id", "correlation_id"] {
            assert!(!refused.member(name).is_empty(), "{what}: {name}");
        }
    }
    let unregistered = stage.get(&format!("{}/v1.0/applications", stage.server.base_url())).await;
    assert_eq!((unregistered.status, unregistered.json()["error"]["code"].is_string()), (401, true));
}
