//! Whom userinfo tells of: the subject that the id token names (OpenID Connect Core, section 5.3.2), at every vendor.
//! How subjects look is the affair of each vendor's own tests.

use kmspec_mocks::{realm::ClientSpec, vendors::Vendor};

use crate::{
    issued, read,
    support::{answer, stage_with},
    text,
};

#[tokio::test]
async fn userinfo_names_the_subject_that_the_id_token_names_at_every_vendor() {
    for vendor in Vendor::ALL {
        let stage = stage_with(vendor, ClientSpec::new("orders").scopes(["read"])).await;
        let document = stage.get(&stage.server.discovery_url()).await.json();
        let url = document["userinfo_endpoint"].as_str().unwrap().to_owned();
        let tokens = issued(&stage, &["openid"], None);
        let profile = answer(stage.http.get(&url).bearer_auth(&tokens.access_token).send().await.unwrap()).await;
        assert_eq!(profile.status, 200, "{vendor}: {}", profile.text);
        let (_, claims) = read(&tokens.id_token.unwrap());
        assert_eq!(profile.member("sub"), text(&claims, "sub"), "{vendor}");
        assert!(!profile.member("sub").is_empty(), "{vendor}");
    }
}
