//! A browser, as far as logging in needs one: it follows redirects within a server, fills in forms, and stops where a
//! redirect leaves. It knows none of the pages it meets; whether they are right is not for it to say.

use std::sync::{LazyLock, Mutex, PoisonError};

use regex::Regex;
use url::Url;

use super::{
    authorization_server::AuthorizationServerClient,
    conversation::Conversation,
    error::DriverError,
    wire::{Answered, Call},
};

/// Whatever carries a browser's requests to a server.
pub trait Carrier {
    /// Sends a request and brings back whatever was answered.
    ///
    /// # Errors
    ///
    /// [`DriverError`] when no answer came.
    fn carry(&self, call: Call) -> impl Future<Output = Result<Answered, DriverError>> + Send;
}

impl Carrier for Conversation {
    async fn carry(&self, call: Call) -> Result<Answered, DriverError> {
        self.send(call).await
    }
}

/// A browser of its own at a server: it keeps the cookies that it is given, and the addresses of the pages it was shown.
#[derive(Debug)]
pub struct Window {
    server: AuthorizationServerClient,
    cookies: Mutex<Vec<String>>,
    shown: Mutex<Vec<Url>>,
}

impl Window {
    /// A window that nothing was opened in yet.
    pub fn new(server: AuthorizationServerClient) -> Self {
        Self { server, cookies: Mutex::default(), shown: Mutex::default() }
    }

    /// The cookies, each as `name=value`.
    pub fn cookies(&self) -> Vec<String> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Addresses of what it asked for and was answered with a page, in their order.
    pub fn shown(&self) -> Vec<Url> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Carrier for Window {
    async fn carry(&self, call: Call) -> Result<Answered, DriverError> {
        let cookies = self.cookies();
        let call = if cookies.is_empty() { call } else { call.header("Cookie", cookies.join("; ")) };
        let answer = self.server.send(call).await?;
        let given = answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
        let given = given.filter_map(|(_, line)| line.split(';').next().map(str::to_owned));
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner).extend(given);
        if let Ok(url) = answer.url().parse()
            && answer.is_success()
        {
            self.shown.lock().unwrap_or_else(PoisonError::into_inner).push(url);
        }
        Ok(answer)
    }
}

/// Where a visit ended.
#[derive(Debug, Clone)]
pub enum Arrival {
    /// At a page of the server.
    Page(Page),
    /// Sent away from it, to this address.
    Away(Url),
}

/// A page as it was shown.
#[derive(Debug, Clone)]
pub struct Page {
    /// Where.
    pub url: Url,
    action: Option<Url>,
    hidden: Vec<(String, String)>,
}

/// More steps than any login takes.
const PATIENCE: usize = 12;

/// Opens an address, and follows where it leads within the server.
///
/// # Errors
///
/// [`DriverError`] when no answer came.
pub async fn open(talk: &impl Carrier, url: Url) -> Result<Arrival, DriverError> {
    let answer = talk.carry(Call::new("GET", url.clone())).await?;
    follow(talk, url, answer).await
}

/// Sends every form it meets with these fields and the form's own hidden ones, until it is sent away or meets no form.
///
/// # Errors
///
/// [`DriverError`] when no answer came.
pub async fn fill_in(
    talk: &impl Carrier,
    mut arrival: Arrival,
    fields: &[(&str, &str)],
) -> Result<Arrival, DriverError> {
    for _ in 0..PATIENCE {
        match submit(talk, &arrival, fields).await? {
            Some(next) => arrival = next,
            None => break,
        }
    }
    Ok(arrival)
}

/// Sends the one form that is met with these fields and its own hidden ones; `None` where no form is met.
///
/// # Errors
///
/// [`DriverError`] when no answer came.
pub async fn submit(
    talk: &impl Carrier,
    arrival: &Arrival,
    fields: &[(&str, &str)],
) -> Result<Option<Arrival>, DriverError> {
    let Arrival::Page(Page { action: Some(url), hidden, .. }) = arrival else { return Ok(None) };
    let own = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let form: Vec<_> = hidden.iter().cloned().chain(own).collect();
    let answer = talk.carry(Call::new("POST", url.clone()).form(&form)).await?;
    follow(talk, url.clone(), answer).await.map(Some)
}

async fn follow(talk: &impl Carrier, mut url: Url, mut answer: Answered) -> Result<Arrival, DriverError> {
    let home = url.origin();
    for _ in 0..PATIENCE {
        let next = answer.header("location").and_then(|location| url.join(location).ok());
        let Some(next) = next.filter(|_| matches!(answer.status, 301..=303 | 307 | 308)) else { break };
        if next.origin() != home {
            return Ok(Arrival::Away(next));
        }
        url = next;
        answer = talk.carry(Call::new("GET", url.clone())).await?;
    }
    Ok(Arrival::Page(Page::read(url, &answer.body)))
}

static FORM: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?is)<form\b[^>]*>").expect("it is a pattern"));
static INPUT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?is)<input\b[^>]*>").expect("it is a pattern"));
static ATTRIBUTE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?is)\b([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')"#).expect("it is a pattern"));

impl Page {
    fn read(url: Url, body: &str) -> Self {
        let form = FORM.find(body).map(|form| form.as_str());
        // A form without an address is sent to the page it stands on.
        let action = form.and_then(|form| url.join(&attribute(form, "action").unwrap_or_default()).ok());
        let hidden = INPUT
            .find_iter(body)
            .map(|input| input.as_str())
            .filter(|input| attribute(input, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("hidden")))
            .filter_map(|input| Some((attribute(input, "name")?, attribute(input, "value").unwrap_or_default())))
            .collect();
        Self { url, action, hidden }
    }
}

/// The value of an attribute, its character references resolved as far as addresses and keys need it.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let found = ATTRIBUTE.captures_iter(tag).find(|found| found[1].eq_ignore_ascii_case(name))?;
    let value = found.get(2).or_else(|| found.get(3))?.as_str();
    Some(
        value
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_found_with_its_address_and_its_hidden_fields() {
        let body = "<p>Hi</p><FORM method=post action='/login?a=1&amp;b=2'><input type=\"hidden\" name=\"key\" value=\"x&quot;y\">\
                    <input name=\"username\"></FORM>";
        let page = Page::read("https://as.example/authorize?x=1".parse().unwrap(), body);
        assert_eq!(page.action.unwrap().as_str(), "https://as.example/login?a=1&b=2");
        assert_eq!(page.hidden, [("key".to_owned(), "x\"y".to_owned())]);
    }
}
