//! The resident key manager with a browser and with assertions: logins, codes, implicit tokens, exchanged tokens.
//! Its other grants are seen by the scenarios.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use kmspec_mocks::{
    grants::{Issue, issue},
    realm::{ClientSpec, KeyPurpose},
    vendors::Vendor,
};
use reqwest::{Client, Method, Response, redirect::Policy};
use serde_json::{Value, json};
use url::Url;

use crate::house::{House, text};

const CALLBACK: &str = "https://app.example/cb";

/// A browser that follows nothing by itself.
struct Browser {
    http: Client,
    base: String,
    cookies: Vec<String>,
}

impl Browser {
    fn before(house: &House) -> Self {
        let http = house.client_builder().redirect(Policy::none()).build().unwrap();
        Self { http, base: house.platform.management_url().to_owned(), cookies: Vec::new() }
    }

    async fn get(&mut self, url: &str) -> Response {
        let answer = self.http.get(url).header("cookie", self.cookies.join("; ")).send().await.unwrap();
        let set = answer.headers().get_all("set-cookie").iter();
        self.cookies.extend(set.map(|line| line.to_str().unwrap().split(';').next().unwrap().to_owned()));
        answer
    }

    async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Response {
        let post = self.http.post(format!("{}{path}", self.base)).header("cookie", self.cookies.join("; "));
        post.form(form).send().await.unwrap()
    }

    async fn authorize(&mut self, parameters: &[(&str, &str)]) -> Response {
        let url = Url::parse_with_params(&format!("{}/oauth2/authorize", self.base), parameters).unwrap();
        self.get(url.as_str()).await
    }
}

fn location(answer: &Response) -> Url {
    assert_eq!(answer.status(), 302);
    answer.headers()["location"].to_str().unwrap().parse().unwrap()
}

fn parameter(url: &Url, name: &str) -> String {
    let found = url.query_pairs().find(|(known, _)| known == name);
    found.unwrap_or_else(|| panic!("no {name} in {url}")).1.into_owned()
}

async fn keys(house: &House, grants: &[&str]) -> (String, Value) {
    let application = house.application().await;
    let body = json!({"keyType": "PRODUCTION", "grantTypesToBeSupported": grants, "callbackUrl": CALLBACK});
    let path = format!("/devportal/v3/applications/{application}/generate-keys");
    let (status, key) = house.call(Method::POST, &path, body).await;
    assert_eq!(status, 200, "{key}");
    (application, key)
}

/// Logs in and consents; where the browser is sent at the end.
async fn log_in(browser: &mut Browser, parameters: &[(&str, &str)], application: &str) -> Url {
    let login = browser.authorize(parameters).await;
    let key = parameter(&location(&login), "sessionDataKey");
    assert!(browser.cookies.iter().any(|cookie| cookie.starts_with("sessionNonceCookie-")), "{:?}", browser.cookies);
    assert!(!browser.cookies.iter().any(|cookie| cookie.starts_with("JSESSIONID")));
    let form =
        [("username", "admin@t.example"), ("password", "secret"), ("tocommonauth", "true"), ("sessionDataKey", &key)];
    let answer = browser.post("/commonauth", &form).await;
    let back = location(&answer);
    let consent = location(&browser.get(back.as_str()).await);
    assert_eq!(parameter(&consent, "application"), format!("admin_{application}_PRODUCTION"));
    let asked = parameter(&consent, "sessionDataKeyConsent");
    let form = [("consent", "approve"), ("hasApprovedAlways", "false"), ("sessionDataKeyConsent", asked.as_str())];
    location(&browser.post("/oauth2/authorize", &form).await)
}

#[tokio::test]
async fn a_login_with_consent_gives_a_code_that_is_worth_one_token_with_the_default_scope() {
    let house = House::build().await;
    let (application, key) = keys(&house, &["authorization_code"]).await;
    let (id, secret) = (text(&key["consumerKey"]), text(&key["consumerSecret"]));
    let mut browser = Browser::before(&house);
    let wanted = [("response_type", "code"), ("client_id", &id), ("redirect_uri", CALLBACK), ("state", "s")];
    let back = log_in(&mut browser, &wanted, &application).await;
    assert!(back.as_str().starts_with(CALLBACK), "{back}");
    assert_eq!(parameter(&back, "state"), "s");
    let code = parameter(&back, "code");
    let token = house.http.post(format!("{}/oauth2/token", house.platform.management_url()));
    let token = token.basic_auth(&id, Some(&secret));
    let form = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK)];
    let token = token.form(&form);
    let again = token.try_clone().unwrap();
    let answer: Value = token.send().await.unwrap().json().await.unwrap();
    assert_eq!(
        (answer["scope"].as_str(), answer["token_type"].as_str()),
        (Some("default"), Some("Bearer")),
        "{answer}"
    );
    assert_eq!(text(&answer["access_token"]).split('.').count(), 3);
    assert_eq!(again.send().await.unwrap().status(), 400, "a code serves once");
    house.close().await;
}

#[tokio::test]
async fn an_implicit_token_comes_in_the_fragment_and_only_where_the_client_chose_it() {
    let house = House::build().await;
    let (application, key) = keys(&house, &["implicit"]).await;
    let id = text(&key["consumerKey"]);
    let wanted = [("response_type", "token"), ("client_id", &id), ("redirect_uri", CALLBACK)];
    let back = log_in(&mut Browser::before(&house), &wanted, &application).await;
    let fragment: Vec<_> = url::form_urlencoded::parse(back.fragment().unwrap().as_bytes()).collect();
    let member = |name: &str| fragment.iter().find(|(known, _)| known == name).map(|(_, value)| value.to_string());
    assert_eq!(member("token_type").as_deref(), Some("Bearer"));
    assert_eq!(member("access_token").unwrap().split('.').count(), 3);
    let code = [("response_type", "code"), ("client_id", &id), ("redirect_uri", CALLBACK)];
    let refused = location(&Browser::before(&house).authorize(&code).await);
    assert_eq!(parameter(&refused, "error"), "unauthorized_client");
    house.close().await;
}

#[tokio::test]
async fn what_is_wrong_with_an_authorization_request_is_shown_in_the_products_words() {
    let house = House::build().await;
    let (_, key) = keys(&house, &["authorization_code"]).await;
    let id = text(&key["consumerKey"]);
    let mut browser = Browser::before(&house);
    let missing = "Redirect URI is not present in the authorization request";
    for (more, code, words) in [
        (vec![], "invalid_request", missing),
        (vec![("redirect_uri", "https://evil.example/")], "invalid_callback", "callback.not.match"),
    ] {
        let mut wanted = vec![("response_type", "code"), ("client_id", id.as_str())];
        wanted.extend(more);
        let shown = location(&browser.authorize(&wanted).await);
        assert_eq!(
            (parameter(&shown, "oauthErrorCode").as_str(), parameter(&shown, "oauthErrorMsg").as_str()),
            (code, words)
        );
    }
    let wanted = [("response_type", "code"), ("client_id", &id), ("redirect_uri", CALLBACK)];
    let session = parameter(&location(&browser.authorize(&wanted).await), "sessionDataKey");
    let form = [("username", "admin@t.example"), ("password", "wrong"), ("sessionDataKey", session.as_str())];
    let failed = location(&browser.post("/commonauth", &form).await);
    assert_eq!(parameter(&failed, "authFailure"), "true");
    let mut stranger = Browser::before(&house);
    let form = [("username", "admin@t.example"), ("password", "secret"), ("sessionDataKey", session.as_str())];
    let shown = location(&stranger.post("/commonauth", &form).await);
    assert_eq!(parameter(&shown, "oauthErrorCode"), "invalid_request", "another browser's login");
    house.close().await;
}

#[tokio::test]
async fn tokens_are_exchanged_for_as_long_as_their_key_manager_says_so_and_its_keys_fit() {
    let house = House::build().await;
    let server = house.server(Vendor::Custom).await;
    let (_, key) = keys(&house, &["urn:ietf:params:oauth:grant-type:token-exchange"]).await;
    let mut key_manager = house.key_manager("custom", &server, server.base_url(), json!({})).await;
    let path = format!("/admin/v4/key-managers/{}", text(&key_manager["id"]));
    let client = server.realm().add_client(ClientSpec::new("far").audiences(["here"]));
    let subject = async || issue(server.realm(), &Issue::new(&client, None, "client_credentials", vec![])).access_token;
    let exchange = async |subject: String| {
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("requested_token_type", "urn:ietf:params:oauth:token-type:jwt"),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
            ("subject_token", subject.as_str()),
        ];
        let post = house.http.post(format!("{}/oauth2/token", house.platform.management_url())).form(&form);
        let post = post.basic_auth(text(&key["consumerKey"]), Some(text(&key["consumerSecret"])));
        let answer = post.send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let certificate = server.realm().keys().current(KeyPurpose::Access).certificate_pem();
    let fitting = json!({"type": "PEM", "value": BASE64.encode(certificate)});
    let foreign = house.server(Vendor::Is7).await;
    let stale = foreign.realm().keys().current(KeyPurpose::Access).certificate_pem();
    let stale = json!({"type": "PEM", "value": BASE64.encode(stale)});
    let by_url = key_manager["certificates"].clone();
    for (token_type, alias, certificates, expected) in [
        ("DIRECT", "here", &by_url, 400),
        ("BOTH", "here", &by_url, 200),
        ("EXCHANGED", "here", &fitting, 200),
        ("EXCHANGED", "here", &stale, 400),
        ("EXCHANGED", "elsewhere", &fitting, 400),
        ("DIRECT", "here", &fitting, 400),
    ] {
        key_manager["tokenType"] = json!(token_type);
        key_manager["alias"] = json!(alias);
        key_manager["certificates"] = certificates.clone();
        assert_eq!(house.call(Method::PUT, &path, key_manager.clone()).await.0, 200);
        let (status, told) = exchange(subject().await).await;
        assert_eq!(status, expected, "{token_type} {alias}: {told}");
        if status == 200 {
            let (header, claims) = kmspec_mocks::realm::jwt::read(&text(&told["access_token"])).unwrap();
            assert_eq!((header["typ"].as_str(), &claims["sub"]), (Some("at+jwt"), &json!(client.id)));
            assert_eq!(claims["aud"], key["consumerKey"]);
        }
    }
    house.close().await;
}
