//! Logins at the resident key manager in a browser: for a code, for a token by the implicit grant, and what goes wrong.
//! Tokens that need no browser stand in `oauth_client` and `user_grants`.

use cucumber::{given, then, when};
use url::Url;

use crate::world::{Last, Login, OrFail as _, StepError, World};
use kmspec_drivers::{
    authorization_server::TokenGrant,
    browser::{self, Arrival, Window},
    error::DriverError,
    reply::Reply,
};
use kmspec_model::exchange::Role;

use super::{
    oauth_client::keep,
    observed_calls,
    parameters::RESIDENT,
    tokens::{self, keys_of},
    user_grants::CALLBACK,
    users,
};

#[when(expr = "the developer logs in for a code, and {string} redeems it")]
async fn redeems(world: &mut World, application: String) -> Result<(), StepError> {
    let code = code(world, &application).await?;
    let reply = redeem(world, &application, &code).await?;
    keep(world, reply)?;
    hold(world, &application);
    Ok(())
}

#[given(
    expr = "the developer has logged in for a code, and {string} has redeemed it for a token that {string} accepts"
)]
async fn has_redeemed(world: &mut World, application: String, api: String) -> Result<(), StepError> {
    let code = code(world, &application).await?;
    let reply = redeem(world, &application, &code).await?;
    let granted = world.demand("redeeming the code", reply)?;
    tokens::hold(world, &application, RESIDENT, granted);
    world.seen.code = Some(code);
    let token = tokens::held(world)?.token;
    observed_calls::accepts(world, &api, &token).await
}

#[when(expr = "{string} redeems that code again")]
async fn redeems_again(world: &mut World, application: String) -> Result<(), StepError> {
    let code = world.seen.code.clone();
    let code = code.ok_or_else(|| world.error("no code was redeemed\nhint: a `Given` has to do it"))?;
    let reply = redeem(world, &application, &code).await?;
    keep(world, reply)
}

#[when(expr = "the developer logs in for a code of {string}, and somebody agrees to it in another browser")]
async fn agrees_elsewhere(world: &mut World, application: String) -> Result<(), StepError> {
    let (own, other) = (window(world)?, window(world)?);
    let url = address(world, &application, "code", Some(CALLBACK))?;
    let developer = users::persona(world, Role::Developer)?;
    let name_and_password = [("username", developer.username.as_str()), ("password", developer.password.as_str())];
    let opened = browser::open(&own, url).await.or_fail(world)?;
    let asked = browser::submit(&own, &opened, &name_and_password).await.or_fail(world)?;
    let asked = asked.ok_or_else(|| world.deviates("a page with a form to log in", "none"))?;
    asks_for_consent(world, &asked)?;
    let agreed = browser::submit(&other, &asked, &[("consent", "approve")]).await.or_fail(world)?;
    let agreed = agreed.ok_or_else(|| world.deviates("a page with a form to agree", "none"))?;
    remember(world, &other);
    if let (Arrival::Away(to), Some(login)) = (agreed, world.seen.login.as_mut()) {
        login.sent_to = Some(to);
    }
    Ok(())
}

/// What a server that asks for consent (O9, TOK-08) is expected to show; others are told apart in the target's file, since
/// a server that comes to leave the question out must not go unnoticed.
const CONSENT_PAGE: &str =
    "a page that asks for consent (where users are not asked: `consent = false` in the target's file)";

/// Deviates unless this is the page that asks for consent.
fn asks_for_consent(world: &World, arrival: &Arrival) -> Result<(), StepError> {
    match arrival {
        Arrival::Page(page) if is_consent(&page.url) => Ok(()),
        Arrival::Page(page) => Err(world.deviates(CONSENT_PAGE, format!("the page {}", page.url.path()))),
        Arrival::Away(to) => {
            Err(world
                .deviates(CONSENT_PAGE, format!("the browser is sent to {}", to.host_str().unwrap_or("elsewhere"))))
        }
    }
}

/// Whether this is the address of a page that asks for consent: it names the session that the answer belongs to.
fn is_consent(page: &Url) -> bool {
    parameter(page.query(), "sessionDataKeyConsent").is_some()
}

#[then(expr = "the other browser is not sent to the application")]
async fn stays(world: &mut World) -> Result<(), StepError> {
    let sent_to = login(world)?.sent_to;
    let observed = sent_to.as_ref().map_or_else(String::new, |to| format!("sent to {}", to.path()));
    world.expect(sent_to.is_none(), "a page of the server", observed)
}

#[then(expr = "the developer still gets a code for {string} by agreeing")]
async fn agrees_after_all(world: &mut World, application: String) -> Result<(), StepError> {
    code(world, &application).await.map(drop)
}

#[when(expr = "the developer logs in for a token of {string} in the address itself")]
async fn implicitly(world: &mut World, application: String) -> Result<(), StepError> {
    let sent_to = log_in(world, &application, "token").await?;
    let told = |name: &str| parameter(sent_to.fragment(), name);
    let Some(token) = told("access_token") else {
        return Err(world.deviates("a token in the fragment of the address that the browser is sent to", "none"));
    };
    world.log().know(&token);
    world.seen.grant = Some(TokenGrant {
        access_token: token.as_str().into(),
        token_type: told("token_type"),
        expires_in: told("expires_in").and_then(|seconds| seconds.parse::<u64>().ok()).map(Into::into),
        refresh_token: None,
        scope: told("scope"),
        id_token: None,
        other: serde_json::Map::new(),
    });
    world.last = Some(Last::Granted);
    hold(world, &application);
    Ok(())
}

#[when(regex = r#"^the developer logs in for a code of "([^"]*)"$"#)]
async fn logs_in(world: &mut World, application: String) -> Result<(), StepError> {
    log_in(world, &application, "code").await.map(drop)
}

#[when(
    regex = r#"^the developer opens the login of "([^"]*)" (without a redirect URI|with a redirect URI of somebody else)$"#
)]
async fn opens(world: &mut World, application: String, way: String) -> Result<(), StepError> {
    let foreign = way.starts_with("with ").then_some("https://elsewhere.example/callback");
    let window = window(world)?;
    let url = address(world, &application, "code", foreign)?;
    let arrival = browser::open(&window, url).await.or_fail(world)?;
    remember(world, &window);
    match arrival {
        Arrival::Page(_) => Ok(()),
        Arrival::Away(to) => Err(world.deviates("a page of the server", format!("the browser is sent to {to}"))),
    }
}

#[then(expr = "the browser was given a cookie whose name begins with {string}")]
async fn given_cookie(world: &mut World, beginning: String) -> Result<(), StepError> {
    let cookies = login(world)?.cookies;
    let given = cookies.iter().any(|name| name.starts_with(&beginning));
    world.expect(given, format!("a cookie whose name begins with `{beginning}`"), cookies.join(", "))
}

#[then(expr = "the page that asked for consent named {string}, its owner and its keys")]
async fn consent_named(world: &mut World, application: String) -> Result<(), StepError> {
    let owner = users::persona(world, Role::Developer)?.username;
    let id = world.applications.named(&application).or_fail(world)?.id.clone();
    let wanted = format!("{}_{id}_PRODUCTION", owner.split('@').next().unwrap_or_default());
    let pages = login(world)?.pages;
    world.expect(pages.iter().any(is_consent), CONSENT_PAGE, "none")?;
    let named: Vec<_> = pages.iter().filter_map(|page| parameter(page.query(), "application")).collect();
    world.expect(named.contains(&wanted), format!("a page that names `{wanted}`"), named.join(", "))
}

#[then(expr = "the page that is shown names the error {string} and says {string}")]
async fn page_says(world: &mut World, error: String, words: String) -> Result<(), StepError> {
    let shown = login(world)?.pages.last().cloned();
    let told = |name: &str| shown.as_ref().and_then(|page| parameter(page.query(), name)).unwrap_or_default();
    let observed = (told("oauthErrorCode"), told("oauthErrorMsg"));
    world.expect_eq("the error and its words", &(error, words), &observed)
}

/// Logs in for a code.
async fn code(world: &mut World, application: &str) -> Result<String, StepError> {
    let sent_to = log_in(world, application, "code").await?;
    let code = parameter(sent_to.query(), "code");
    let code = code.ok_or_else(|| world.deviates("a code in the address that the browser is sent to", "none"))?;
    world.log().know(&code);
    Ok(code)
}

async fn redeem(
    world: &mut World,
    application: &str,
    code: &str,
) -> Result<Result<Reply<TokenGrant>, DriverError>, StepError> {
    let keys = keys_of(world, application, RESIDENT)?;
    let fields = [("code", code), ("redirect_uri", CALLBACK)];
    Ok(tokens::request(world, &keys, RESIDENT, "authorization_code", &fields).await)
}

/// Opens the login, logs the developer in and agrees; where the browser is sent at the end.
async fn log_in(world: &mut World, application: &str, response_type: &str) -> Result<Url, StepError> {
    let window = window(world)?;
    let url = address(world, application, response_type, Some(CALLBACK))?;
    let developer = users::persona(world, Role::Developer)?;
    let fields =
        [("username", developer.username.as_str()), ("password", developer.password.as_str()), ("consent", "approve")];
    let opened = browser::open(&window, url).await.or_fail(world)?;
    let arrival = browser::fill_in(&window, opened, &fields).await.or_fail(world)?;
    remember(world, &window);
    match arrival {
        Arrival::Away(to) if to.as_str().starts_with(CALLBACK) => Ok(to),
        Arrival::Away(to) => Err(world.deviates(format!("the browser is sent to {CALLBACK}"), to.to_string())),
        Arrival::Page(page) => {
            Err(world
                .deviates(format!("the browser is sent to {CALLBACK}"), format!("it stays at {}", page.url.path())))
        }
    }
}

fn window(world: &World) -> Result<Window, StepError> {
    Ok(Window::new(world.scene().resident().or_fail(world)?.oauth()))
}

/// Where the browser is sent by the client that wants a login (RFC 6749, sections 4.1.1 and 4.2.1).
fn address(
    world: &World,
    application: &str,
    response_type: &str,
    redirect_uri: Option<&str>,
) -> Result<Url, StepError> {
    let client = keys_of(world, application, RESIDENT)?.consumer_key;
    let mut url = world.scene().resident().or_fail(world)?.authorization_endpoint();
    url.query_pairs_mut().append_pair("response_type", response_type).append_pair("client_id", &client.0);
    if let Some(redirect_uri) = redirect_uri {
        url.query_pairs_mut().append_pair("redirect_uri", redirect_uri);
    }
    Ok(url)
}

/// Names of cookies only: what they hold is nobody's business.
fn remember(world: &mut World, window: &Window) {
    let names = window.cookies().into_iter().filter_map(|pair| pair.split_once('=').map(|(name, _)| name.to_owned()));
    world.seen.login = Some(Login { cookies: names.collect(), pages: window.shown(), sent_to: None });
}

fn login(world: &World) -> Result<Login, StepError> {
    world.seen.login.clone().ok_or_else(|| world.error("no step before this one opened a login"))
}

fn hold(world: &mut World, application: &str) {
    if let Some(granted) = world.seen.grant.clone() {
        tokens::hold(world, application, RESIDENT, granted);
    }
}

/// A parameter of a query or a fragment.
fn parameter(text: Option<&str>, name: &str) -> Option<String> {
    let pairs = url::form_urlencoded::parse(text?.as_bytes());
    pairs.into_owned().find(|(known, _)| known == name).map(|(_, value)| value)
}
