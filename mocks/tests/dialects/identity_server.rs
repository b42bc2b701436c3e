//! Interfaces of the older Identity Server that tell of users and end tokens for key managers, and what Identity Server 7
//! believes of software statements. Clients at either are tested in `registration` and `open_banking`.

use kmspec_mocks::{
    forge::Forge,
    realm::{ClientSpec, KeyRing, TrustedIssuer, TrustedKeys, test_keys::KeyFamily},
    vendors::Vendor,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{answer, stage, stage_with};

#[tokio::test]
async fn an_administrator_reads_the_claims_of_a_user_by_either_path() {
    let stage = stage(Vendor::Is).await;
    let base = format!("{}/keymanager-operations/user-info/claims", stage.server.base_url());
    let expected =
        json!({ "count": 1, "list": [{ "uri": "http://wso2.org/claims/email", "value": "ann@example.com" }] });
    for name in ["ann", "ann@carbon.super"] {
        let read = stage.admin(Method::GET, &format!("{base}?username={name}"), None).await;
        assert_eq!((read.status, read.json()), (200, expected.clone()), "{name}");
        let made = stage.admin(Method::POST, &format!("{base}/generate"), Some(json!({ "username": name }))).await;
        assert_eq!((made.status, made.json()), (200, expected.clone()), "{name}");
    }
    let asked = async |more: &str| stage.admin(Method::GET, &format!("{base}?username=ann{more}"), None).await;
    assert_eq!(asked("&domain=PRIMARY&dialect=http://wso2.org/claims").await.json(), expected);
    let openid = asked("&dialect=http://wso2.org/oidc/claim").await.json();
    assert_eq!(openid["list"], json!([{ "uri": "email", "value": "ann@example.com" }]));
    assert_eq!(asked("&dialect=http://nobody.example").await.json(), json!({ "count": 0, "list": [] }));
    assert_eq!(asked("&domain=SECONDARY").await.status, 404, "there is no such user store");
    assert_eq!(stage.admin(Method::GET, &format!("{base}?username=nobody"), None).await.status, 404);
    assert_eq!(stage.admin(Method::GET, &base, None).await.status, 404);
    assert_eq!(stage.get(&format!("{base}?username=ann")).await.status, 401, "nobody is told without credentials");
}

#[tokio::test]
async fn an_administrator_ends_one_token_whosever_it_is() {
    let stage = stage_with(Vendor::Is, ClientSpec::new("orders")).await;
    let url = format!("{}/keymanager-operations/revoke-one-time-token", stage.server.base_url());
    let form = [("grant_type", "client_credentials")];
    let token = stage.token(&form).await.member("access_token");
    assert_eq!(stage.introspect(&token).await["active"], true);
    let body = json!({ "token": token });
    let bare = answer(stage.http.post(&url).json(&body).send().await.unwrap()).await;
    assert_eq!((bare.status, stage.introspect(&token).await["active"].clone()), (401, json!(true)));
    let nothing = stage.admin(Method::POST, &url, Some(json!({}))).await;
    assert_eq!((nothing.status, nothing.member("message")), (400, "invalid_request".to_owned()));
    assert_eq!(stage.admin(Method::POST, &url, Some(body)).await.status, 200);
    assert_eq!(stage.introspect(&token).await["active"], false);
}

#[tokio::test]
async fn a_software_statement_counts_while_it_lasts_and_reads_in_one_way() {
    let stage = stage(Vendor::Is7).await;
    let keys = KeyRing::of_family(KeyFamily::Rsa);
    let forge = Forge::new("https://partner.example", keys.clone(), stage.server.clock().clone());
    stage
        .server
        .realm()
        .trust(TrustedIssuer::new("partner", "https://partner.example", TrustedKeys::Ring(keys)))
        .unwrap();
    let url = stage.server.endpoints().registration.clone().unwrap();
    let register = async |name: &str, statement: &str| {
        let body: Value =
            json!({ "client_name": name, "grant_types": ["client_credentials"], "software_statement": statement });
        stage.admin(Method::POST, &url, Some(body)).await
    };
    let good = || forge.token("registration", "software");
    for (what, statement) in [
        ("expired", good().expires_in(-1)),
        ("not-yet", good().not_before_in(60)),
        ("no-number", good().claim("exp", "tomorrow")),
        ("twice", good().duplicate_claim("iss", "https://partner.example")),
        ("critical", good().header("crit", json!(["x"]))),
        ("other-type", good().header("typ", "logout+jwt")),
    ] {
        let refused = register(what, &statement.encode()).await;
        assert_eq!(refused.error(), (400, "invalid_software_statement".to_owned()), "{what}: {}", refused.text);
    }
    assert_eq!(register("lasting", &good().not_before_in(-60).encode()).await.status, 201);
    assert_eq!(register("unending", &good().without_claim("exp").encode()).await.status, 201, "exp is optional");
}
