//! A browser, as far as logging in needs one: it follows redirects within a server, fills in forms, and stops where a
//! redirect leaves. It knows none of the pages it meets; whether they are right is not for it to say.

use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use super::{
    conversation::Conversation,
    error::DriverError,
    wire::{Answered, Call},
};

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
pub async fn open(talk: &Conversation, url: Url) -> Result<Arrival, DriverError> {
    let answer = talk.send(Call::new("GET", url.clone())).await?;
    follow(talk, url, answer).await
}

/// Sends every form it meets with these fields and the form's own hidden ones, until it is sent away or meets no form.
///
/// # Errors
///
/// [`DriverError`] when no answer came.
pub async fn fill_in(
    talk: &Conversation,
    mut arrival: Arrival,
    fields: &[(&str, &str)],
) -> Result<Arrival, DriverError> {
    for _ in 0..PATIENCE {
        let Arrival::Page(Page { action: Some(action), hidden, .. }) = &arrival else { break };
        let own = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let form: Vec<_> = hidden.iter().cloned().chain(own).collect();
        let url = action.clone();
        let answer = talk.send(Call::new("POST", url.clone()).form(&form)).await?;
        arrival = follow(talk, url, answer).await?;
    }
    Ok(arrival)
}

async fn follow(talk: &Conversation, mut url: Url, mut answer: Answered) -> Result<Arrival, DriverError> {
    let home = url.origin();
    for _ in 0..PATIENCE {
        let next = answer.header("location").and_then(|location| url.join(location).ok());
        let Some(next) = next.filter(|_| matches!(answer.status, 301..=303 | 307 | 308)) else { break };
        if next.origin() != home {
            return Ok(Arrival::Away(next));
        }
        url = next;
        answer = talk.send(Call::new("GET", url.clone())).await?;
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
