//! Logins in a browser at the resident key manager: whose they are, what becomes of a code that comes twice, and
//! what of them outlives the platform.

use reqwest::header;

use super::{
    super::{resident, store::StoreError},
    credentials::Open,
    *,
};

const CALLBACK: &str = "https://app.example/cb";

/// dora's application with keys for codes, and the stage it stands on.
struct Shop<'a> {
    stage: &'a Stage,
    key: String,
    secret: String,
}

/// Where a redirect leads, and the cookie that came with it.
struct Sent {
    to: String,
    cookie: Option<String>,
}

impl<'a> Shop<'a> {
    async fn of(stage: &'a Stage, application: &str) -> Self {
        let order = json!({"keyType": "PRODUCTION", "callbackUrl": CALLBACK,
            "grantTypesToBeSupported": ["authorization_code", "refresh_token", "client_credentials"]});
        let made = stage.dora(Method::POST, &format!("/applications/{application}/generate-keys"), order).await;
        Self { stage, key: made.text("consumerKey"), secret: made.text("consumerSecret") }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.stage.platform.management_url())
    }

    async fn send(&self, request: reqwest::RequestBuilder, cookie: Option<&str>) -> Sent {
        let request = cookie.into_iter().fold(request, |request, cookie| request.header(header::COOKIE, cookie));
        let answer = request.send().await.unwrap();
        let text = |name| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let cookie = text(header::SET_COOKIE).and_then(|line| line.split(';').next().map(str::to_owned));
        Sent { to: text(header::LOCATION).unwrap_or_default(), cookie }
    }

    /// Opens a login and signs dora in; the address that the browser comes back by, and its cookie.
    async fn signed_in(&self) -> (String, String) {
        let query = [("response_type", "code"), ("client_id", &self.key), ("redirect_uri", CALLBACK)];
        let begun = self.stage.window.get(self.url("/t/one.com/oauth2/authorize")).query(&query);
        let begun = self.send(begun, None).await;
        let cookie = begun.cookie.expect("a login has a cookie");
        let key = parameter(&begun.to, "sessionDataKey");
        let form = [("sessionDataKey", key.as_str()), ("username", "dora@one.com"), ("password", "dora-secret")];
        let signed = self.stage.window.post(self.url("/commonauth")).form(&form);
        (self.send(signed, Some(&cookie)).await.to, cookie)
    }

    async fn agree(&self, page: &str, cookie: Option<&str>) -> String {
        self.answer(page, cookie, "approve").await
    }

    async fn answer(&self, page: &str, cookie: Option<&str>, consent: &str) -> String {
        let key = parameter(page, "sessionDataKeyConsent");
        let form = [("sessionDataKeyConsent", key.as_str()), ("consent", consent)];
        self.send(self.stage.window.post(self.url("/oauth2/authorize")).form(&form), cookie).await.to
    }

    async fn code(&self) -> String {
        let (back, cookie) = self.signed_in().await;
        let page = self.send(self.stage.window.get(back), Some(&cookie)).await.to;
        parameter(&self.agree(&page, Some(&cookie)).await, "code")
    }

    async fn ask(&self, form: &[(&str, &str)]) -> Answer {
        let request = self.stage.client.post(self.url("/oauth2/token")).basic_auth(&self.key, Some(&self.secret));
        Stage::answer(request.form(form)).await
    }

    async fn redeem(&self, code: &str) -> Answer {
        self.ask(&[("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK)]).await
    }

    async fn refresh(&self, token: &str) -> Answer {
        self.ask(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    async fn is_active(&self, token: &str) -> bool {
        let url = self.url("/t/one.com/oauth2/introspect");
        let request = self.stage.client.post(url).basic_auth("admin@one.com", Some("admin-secret"));
        Stage::answer(request.form(&[("token", token)])).await.body["active"] == true
    }
}

fn parameter(url: &str, name: &str) -> String {
    let url = url::Url::parse(url).unwrap_or_else(|_| panic!("`{url}` is no address"));
    let found = url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned());
    found.unwrap_or_else(|| panic!("no {name} in {url}"))
}

#[tokio::test]
async fn a_code_that_comes_twice_ends_its_token_at_the_gateway_too() {
    let open = Open::to(&["oauth2"]).await;
    let shop = Shop::of(&open.stage, &open.application).await;
    let code = shop.code().await;
    let first = shop.redeem(&code).await;
    let (token, refresh) = (first.text("access_token"), first.text("refresh_token"));
    let fresh = shop.refresh(&refresh).await;
    let bearer = |token: &str| format!("Bearer {token}");
    open.until(200, "authorization", &bearer(&fresh.text("access_token"))).await;
    let again = shop.redeem(&code).await;
    assert_eq!((again.status, &again.body["error"]), (400, &json!("invalid_grant")));
    open.until(401, "authorization", &bearer(&fresh.text("access_token"))).await;
    open.until(401, "authorization", &bearer(&token)).await;
    assert_eq!(shop.refresh(&fresh.text("refresh_token")).await.status, 400);
    open.stage.close().await;
}

#[tokio::test]
async fn what_a_replayed_code_ended_stays_ended_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let data = Data::File(folder.path().join("platform.db"));
    let stage = Stage::open_on(data.clone()).await;
    let application = stage.application("shop").await;
    let shop = Shop::of(&stage, &application).await;
    let (kept, code) = (shop.code().await, shop.code().await);
    let (kept, first) = (shop.redeem(&kept).await, shop.redeem(&code).await);
    assert_eq!(shop.redeem(&code).await.status, 400);
    let (key, secret) = (shop.key.clone(), shop.secret.clone());
    stage.close().await;
    let stage = Stage::open_on(data).await;
    let shop = Shop { stage: &stage, key, secret };
    assert!(!shop.is_active(&first.text("access_token")).await);
    assert_eq!(shop.refresh(&first.text("refresh_token")).await.status, 400);
    assert_eq!(shop.refresh(&kept.text("refresh_token")).await.status, 200, "{kept:?}");
    stage.close().await;
}

/// A platform on a file, and keys for codes that are good on every platform on that file.
struct Lasting {
    folder: tempfile::TempDir,
    keys: (String, String),
}

impl Lasting {
    async fn open() -> (Self, Stage) {
        let folder = tempfile::tempdir().unwrap();
        let stage = Stage::open_on(Data::File(folder.path().join("platform.db"))).await;
        let application = stage.application("shop").await;
        let shop = Shop::of(&stage, &application).await;
        let keys = (shop.key, shop.secret);
        (Self { folder, keys }, stage)
    }

    fn shop<'a>(&self, stage: &'a Stage) -> Shop<'a> {
        Shop { stage, key: self.keys.0.clone(), secret: self.keys.1.clone() }
    }

    /// The platform ends and another one starts on its data, configured by this file.
    async fn restarted(&self, stage: Stage, text: &str) -> Stage {
        stage.close().await;
        let (deployment, _) = Deployment::parse(text).unwrap_or_else(|error| panic!("{error}"));
        let data = Data::File(self.folder.path().join("platform.db"));
        Stage::open_with(data, |config| config.deployment = deployment).await
    }
}

#[tokio::test]
async fn a_code_is_redeemed_once_whenever_the_platform_restarts() {
    // A token that is not kept for its own sake is for that of its code.
    for text in ["", "[oauth.token_persistence]\nenable = false"] {
        let (lasting, stage) = Lasting::open().await;
        let code = lasting.shop(&stage).code().await;
        let stage = lasting.restarted(stage, text).await;
        let shop = lasting.shop(&stage);
        let first = shop.redeem(&code).await;
        assert_eq!(first.status, 200, "{text:?}: {first:?}");
        let fresh = shop.refresh(&first.text("refresh_token")).await;
        assert!(shop.is_active(&fresh.text("access_token")).await);
        let stage = lasting.restarted(stage, text).await;
        let shop = lasting.shop(&stage);
        assert!(shop.is_active(&fresh.text("access_token")).await, "{text:?}");
        let again = shop.redeem(&code).await;
        assert_eq!((again.status, &again.body["error"]), (400, &json!("invalid_grant")), "{text:?}");
        assert!(!shop.is_active(&fresh.text("access_token")).await, "{text:?}: what came of the code has ended");
        assert_eq!(shop.refresh(&fresh.text("refresh_token")).await.status, 400, "{text:?}");
        stage.close().await;
    }
}

#[tokio::test]
async fn a_code_that_was_spoilt_stays_so_after_a_restart() {
    let (lasting, stage) = Lasting::open().await;
    let shop = lasting.shop(&stage);
    let code = shop.code().await;
    let elsewhere = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", "https://evil.example")];
    assert_eq!(shop.ask(&elsewhere).await.status, 400);
    let stage = lasting.restarted(stage, "").await;
    assert_eq!(lasting.shop(&stage).redeem(&code).await.status, 400);
    stage.close().await;
}

#[tokio::test]
async fn a_login_goes_on_and_a_consent_for_good_holds_after_a_restart() {
    let (lasting, stage) = Lasting::open().await;
    let (back, cookie) = lasting.shop(&stage).signed_in().await;
    let key = parameter(&back, "sessionDataKey");
    let stage = lasting.restarted(stage, "").await;
    let shop = lasting.shop(&stage);
    let query = [("sessionDataKey", key)];
    let page = shop.send(stage.window.get(shop.url("/oauth2/authorize")).query(&query), Some(&cookie)).await.to;
    let code = parameter(&shop.answer(&page, Some(&cookie), "approveAlways").await, "code");
    assert_eq!(shop.redeem(&code).await.status, 200);
    let stage = lasting.restarted(stage, "").await;
    let shop = lasting.shop(&stage);
    let (back, cookie) = shop.signed_in().await;
    let to = shop.send(stage.window.get(back), Some(&cookie)).await.to;
    assert_eq!(shop.redeem(&parameter(&to, "code")).await.status, 200, "nobody is asked again: {to}");
    stage.close().await;
}

#[tokio::test]
async fn what_has_ended_of_codes_logins_and_tokens_is_forgotten() {
    let (lasting, stage) = Lasting::open().await;
    let shop = lasting.shop(&stage);
    let (_, redeemed) = (shop.code().await, shop.code().await);
    assert_eq!(shop.redeem(&redeemed).await.status, 200);
    shop.signed_in().await;
    let store = &stage.platform.site().store;
    let kept = || {
        let kinds = ["resident-code", "resident-login", "resident-token"];
        store.read_now(|documents| Ok::<_, StoreError>(kinds.map(|kind| documents.count(kind).unwrap()))).unwrap()
    };
    let forget = |at: u64| store.write_now(|documents| resident::forget_ended(documents, "one.com", at)).unwrap();
    let now = Clock::system().now();
    assert_eq!((forget(now), kept()), (0, [2, 1, 2]), "all of it is good");
    assert_eq!((forget(now + 3_000), kept()), (2, [1, 0, 2]), "a code that ended tokens can come of stays");
    assert_eq!((forget(now + 90_000), kept()), (3, [0, 0, 0]));
    let data = std::fs::read(lasting.folder.path().join("platform.db")).unwrap();
    let seen = |text: &str| data.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(!seen(&redeemed), "a code does not stand in the data");
    stage.close().await;
}

#[tokio::test]
async fn a_login_goes_on_in_the_browser_that_began_it_only() {
    let stage = Stage::open().await;
    let application = stage.application("shop").await;
    let shop = Shop::of(&stage, &application).await;
    let (back, cookie) = shop.signed_in().await;
    let (_, others) = shop.signed_in().await;
    for stranger in [None, Some(others.as_str()), Some("sessionNonceCookie-x=y")] {
        let shown = shop.send(stage.window.get(&back), stranger).await.to;
        assert!(shown.contains("oauth2_error.do"), "{stranger:?}: {shown}");
    }
    let page = shop.send(stage.window.get(&back), Some(&cookie)).await.to;
    for stranger in [None, Some(others.as_str())] {
        let shown = shop.agree(&page, stranger).await;
        assert!(shown.contains("oauth2_error.do"), "{stranger:?}: {shown}");
    }
    let code = parameter(&shop.agree(&page, Some(&cookie)).await, "code");
    assert_eq!(shop.redeem(&code).await.status, 200, "whoever began it goes on undisturbed");
    let shown = shop.agree(&page, Some(&cookie)).await;
    assert!(shown.contains("oauth2_error.do"), "once: {shown}");
    stage.close().await;
}
