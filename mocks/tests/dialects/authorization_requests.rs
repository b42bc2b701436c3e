//! What an authorization request may ask for beyond a code (OpenID Connect Core, sections 3.1.2.1 and 6), at every vendor:
//! what is not done is refused, not passed over. Pushed requests are tested in `requests`.

use kmspec_mocks::{realm::ClientSpec, vendors::Vendor};

use crate::{
    REDIRECT, asking, read,
    support::{Stage, browser::Arrival, stage_with},
};

async fn with_login(vendor: Vendor) -> Stage {
    let spec = ClientSpec::new("orders").grant_types(["authorization_code", "refresh_token"]);
    stage_with(vendor, spec.redirect_uris([REDIRECT])).await
}

#[tokio::test]
async fn what_a_server_cannot_do_with_an_authorization_request_it_refuses() {
    for vendor in Vendor::ALL {
        let stage = with_login(vendor).await;
        let takes_pushed = [Vendor::Is7, Vendor::Is, Vendor::Asgardeo].contains(&vendor);
        for (name, value, error) in [
            ("request", "eyJhbGciOiJub25lIn0.e30.", "request_not_supported"),
            ("request_uri", "https://app.example/request", "request_uri_not_supported"),
            ("response_mode", "form_post", "invalid_request"),
            ("response_mode", "fragment", "invalid_request"),
            ("response_mode", "magic", "invalid_request"),
            ("max_age", "soon", "invalid_request"),
            ("max_age", "-1", "invalid_request"),
        ] {
            let arrival = stage.authorize(&asking(&stage, &[("scope", "openid"), ("state", "s"), (name, value)])).await;
            match arrival {
                // The name of a request that nobody pushed is shown to the user alone.
                Arrival::Page(page) => {
                    assert!(takes_pushed && name == "request_uri", "{vendor}: {name}={value} led to {}", page.url);
                    let shown = page.url.as_str().contains("oauth2_error");
                    assert!(shown, "{vendor}: {}", page.url);
                }
                Arrival::Away(url) => {
                    let said: std::collections::BTreeMap<_, _> = url.query_pairs().into_owned().collect();
                    assert_eq!(said.get("error").map(String::as_str), Some(error), "{vendor}: {name}={value}");
                    assert_eq!(said["state"], "s", "{vendor}");
                    assert!(!said.contains_key("code"), "{vendor}");
                }
            }
        }
        let plain = asking(&stage, &[("scope", "openid"), ("response_mode", "query")]);
        assert!(!stage.code(&plain).await.is_empty(), "{vendor}");
    }
}

#[tokio::test]
async fn whoever_asks_how_old_a_login_may_be_is_told_when_it_was() {
    for vendor in Vendor::ALL {
        let stage = with_login(vendor).await;
        let before = stage.server.realm().now();
        let code = stage.code(&asking(&stage, &[("scope", "openid"), ("max_age", "60")])).await;
        let after = stage.server.realm().now();
        let form = [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", REDIRECT)];
        let (_, claims) = read(&stage.token(&form).await.member("id_token"));
        let told =
            claims.get("auth_time").and_then(|time| time.as_u64()).unwrap_or_else(|| panic!("{vendor}: {claims:?}"));
        assert!((before..=after).contains(&told), "{vendor}: {told}");
    }
}
