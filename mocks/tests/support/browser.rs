//! A browser, as far as logging in needs one: it follows redirects within a server, fills in forms, and stops where a
//! redirect leaves. It knows none of the pages it meets.

use std::collections::BTreeMap;

use url::Url;

use super::{Answer, Stage, answer};

/// Where the browser has arrived.
pub enum Arrival {
    /// At a page of the server.
    Page(Box<Page>),
    /// It was sent away, there.
    Away(Url),
}

pub struct Page {
    pub url: Url,
    pub answer: Answer,
    action: Option<Url>,
    hidden: BTreeMap<String, String>,
}

impl Page {
    fn read(url: Url, answer: Answer) -> Self {
        let attribute = |tag: &str, name: &str| {
            let start = tag.find(&format!("{name}=\""))? + name.len() + 2;
            Some(tag[start..].split('"').next()?.replace("&amp;", "&"))
        };
        let tags = |name: &str| {
            let opening = format!("<{name} ");
            let rests = answer.text.split(opening.as_str()).skip(1);
            rests.map(|rest| rest.split('>').next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let action = tags("form").first().and_then(|tag| url.join(&attribute(tag, "action")?).ok());
        let hidden = tags("input")
            .into_iter()
            .filter(|tag| tag.contains("type=\"hidden\""))
            .filter_map(|tag| Some((attribute(&tag, "name")?, attribute(&tag, "value")?)))
            .collect();
        Self { url, answer, action, hidden }
    }

    /// Value of a hidden field.
    pub fn hidden(&self, name: &str) -> &str {
        &self.hidden[name]
    }
}

impl Arrival {
    #[track_caller]
    pub fn page(self) -> Page {
        match self {
            Self::Page(page) => *page,
            Self::Away(url) => panic!("sent away to {url}"),
        }
    }

    /// The parameters of the address it was sent away to.
    #[track_caller]
    pub fn away(self) -> BTreeMap<String, String> {
        match self {
            Self::Away(url) => url.query_pairs().into_owned().collect(),
            Self::Page(page) => panic!("still at {}: {}", page.url, page.answer.text),
        }
    }
}

impl Stage {
    /// Opens a page.
    pub async fn open(&self, url: &str) -> Arrival {
        let url: Url = url.parse().unwrap();
        let response = self.http.get(url.clone()).send().await.unwrap();
        self.follow(url, answer(response).await).await
    }

    /// Opens the authorization endpoint with these parameters.
    pub async fn authorize(&self, parameters: &[(&str, &str)]) -> Arrival {
        let url = Url::parse_with_params(&self.server.endpoints().authorize, parameters).unwrap();
        self.open(url.as_str()).await
    }

    /// Sends the form of a page, its hidden fields included.
    pub async fn submit(&self, page: &Page, fields: &[(&str, &str)]) -> Arrival {
        let action = page.action.clone().unwrap_or_else(|| panic!("no form on {}", page.url));
        let hidden = page.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let form: Vec<_> = hidden.chain(fields.iter().copied()).collect();
        let response = self.http.post(action.clone()).form(&form).send().await.unwrap();
        self.follow(action, answer(response).await).await
    }

    async fn follow(&self, mut url: Url, mut at: Answer) -> Arrival {
        for _ in 0..10 {
            if at.status != 302 {
                return Arrival::Page(Box::new(Page::read(url, at)));
            }
            url = url.join(at.header("location")).unwrap();
            if !url.as_str().starts_with(self.server.base_url()) {
                return Arrival::Away(url);
            }
            at = answer(self.http.get(url.clone()).send().await.unwrap()).await;
        }
        panic!("redirected in circles, last to {url}");
    }

    /// Logs ann in on a page that asks for it, whoever's it is, and agrees if asked to.
    pub async fn log_in(&self, page: &Page) -> Arrival {
        let known = [("username", "ann"), ("password", "ann's secret"), ("decision", "approve")];
        match self.submit(page, &known).await {
            Arrival::Page(consent) if consent.hidden.contains_key("sessionDataKeyConsent") => {
                self.submit(&consent, &[("consent", "approve")]).await
            }
            arrival => arrival,
        }
    }

    /// The code that ann's login ends with.
    pub async fn code(&self, parameters: &[(&str, &str)]) -> String {
        let page = self.authorize(parameters).await.page();
        self.log_in(&page).await.away().remove("code").unwrap()
    }
}
