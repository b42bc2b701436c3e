//! A request in the hands of a defect: what it says, what the honest endpoint would answer, and changed copies of both.
//! Which defect changes what stands in the files of the endpoints.

use serde_json::Value;

use crate::{
    endpoints::{
        call::{Call, Reply},
        token,
    },
    grants::{self, TokenRequest},
    realm::{
        Client, KeyPurpose, Realm, TokenKind, TokenRow,
        jwt::{self, Object},
    },
    server::Site,
};

/// One request and the honest way to answer it.
pub(super) struct Turn<'a> {
    pub(super) site: &'a Site,
    pub(super) call: &'a Call,
    within: &'a dyn Fn(&Call) -> Reply,
}

impl<'a> Turn<'a> {
    pub(super) fn new(site: &'a Site, call: &'a Call, within: &'a dyn Fn(&Call) -> Reply) -> Self {
        Self { site, call, within }
    }

    pub(super) fn realm(&self) -> &'a Realm {
        &self.site.realm
    }

    /// The honest answer.
    pub(super) fn honest(&self) -> Reply {
        (self.within)(self.call)
    }

    /// The honest answer to another request.
    pub(super) fn honest_to(&self, call: &Call) -> Reply {
        (self.within)(call)
    }

    /// The request as a client's; `None` when it does not read as one.
    pub(super) fn request(&self) -> Option<TokenRequest> {
        self.call.form(self.realm().policy().json_requests).ok()
    }

    /// A parameter of the form.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        self.request()?.form.value(name).map(str::to_owned)
    }

    /// Whether the grant type is this one.
    pub(super) fn asks_by(&self, grant_type: &str) -> bool {
        self.value("grant_type").as_deref() == Some(grant_type)
    }

    /// The client that proves itself; `None` when none does.
    pub(super) fn client(&self) -> Option<Client> {
        let request = self.request()?;
        let client = grants::authenticate_client(self.realm(), &request).ok()?;
        // The honest endpoint has to find it unused.
        request.form.value("client_assertion").into_iter().for_each(|text| self.realm().forget_assertion(text));
        Some(client)
    }

    /// The row of the token in the form, and which of its tokens it is.
    pub(super) fn row(&self, parameter: &str) -> Option<(TokenRow, TokenKind)> {
        self.realm().token(&self.value(parameter)?)
    }

    /// The request with its form changed.
    pub(super) fn with_form(&self, change: impl FnOnce(&mut Vec<(String, String)>)) -> Call {
        let mut parameters = self.request().map(|request| request.form.into_pairs()).unwrap_or_default();
        change(&mut parameters);
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let mut call = self.call.clone();
        call.headers.retain(|(name, _)| name != "content-type");
        call.headers.push(("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
        call.body = body.into_bytes();
        call
    }

    /// The request with this parameter instead of whatever was sent under its name.
    pub(super) fn with(&self, name: &str, value: &str) -> Call {
        self.with_form(|form| {
            form.retain(|(known, _)| known != name);
            form.push((name.to_owned(), value.to_owned()));
        })
    }

    /// What the request earns for this client once nobody asks whether the client may have it; `None` when its own grant
    /// refuses it.
    pub(super) fn granted_to(&self, client: &Client) -> Option<Reply> {
        let request = self.request()?;
        let grant_type = request.form.value("grant_type")?;
        let grant = grants::ALL.into_iter().find(|grant| grant.name() == grant_type)?;
        let answer = grant.redeem(self.realm(), client, &request.form).ok()?;
        Some(token::granted(self.site, &answer))
    }

    /// A granted answer with its access token signed anew, after its header and claims were changed.
    pub(super) fn reissued(&self, reply: Reply, change: impl FnOnce(&mut Object, &mut Object)) -> Reply {
        let text = members(&reply).and_then(|members| Some(members.get("access_token")?.as_str()?.to_owned()));
        let Some((text, (mut header, mut claims))) = text.and_then(|text| Some((text.clone(), jwt::read(&text)?)))
        else {
            return reply;
        };
        change(&mut header, &mut claims);
        let fresh = jwt::sign(&self.realm().keys().current(KeyPurpose::Access), header, &claims);
        self.realm().rewrite_access(&text, &fresh);
        changed(reply, |members| drop(members.insert("access_token".to_owned(), Value::String(fresh))))
    }
}

/// The members of an answer that is a JSON object.
pub(super) fn members(reply: &Reply) -> Option<Object> {
    serde_json::from_str(&reply.body).ok()
}

/// The answer with its members changed; as it was when it is no JSON object.
pub(super) fn changed(mut reply: Reply, change: impl FnOnce(&mut Object)) -> Reply {
    if let Some(mut members) = members(&reply) {
        change(&mut members);
        reply.body = Value::Object(members).to_string();
    }
    reply
}

/// The answer, changed only when it is a success.
pub(super) fn changed_success(reply: Reply, change: impl FnOnce(&mut Object)) -> Reply {
    if is_success(&reply) { changed(reply, change) } else { reply }
}

/// The answer without this header field.
pub(super) fn without_header(mut reply: Reply, name: &str) -> Reply {
    reply.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    reply
}

/// Whether the answer grants what was asked for.
pub(super) fn is_success(reply: &Reply) -> bool {
    (200..300).contains(&reply.status)
}

/// The `error` of an answer.
pub(super) fn error_of(reply: &Reply) -> Option<String> {
    Some(members(reply)?.get("error")?.as_str()?.to_owned())
}
