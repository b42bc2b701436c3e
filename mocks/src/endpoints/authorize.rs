//! The authorization endpoint (RFC 6749, section 3.1): checks the request and sends the user to log in.
//! What a request must look like is in `grants`; the login pages are in `login` and `login_is7`.

use super::call::{Call, Reply};
use crate::{
    grants::{AuthorizationRefusal, Form},
    realm::{AuthorizationRequest, LoginPurpose},
    server::Site,
};

pub(crate) fn answer(site: &Site, call: &Call) -> Reply {
    match parameters(call) {
        Ok(form) => begin(site, &form),
        Err(refusal) => refusal,
    }
}

/// The parameters: of the query with GET, of the body with POST.
pub(crate) fn parameters(call: &Call) -> Result<Form, Reply> {
    match call.method.as_str() {
        "GET" => Ok(Form::parse(call.query.as_deref().unwrap_or_default().as_bytes())),
        "POST" => Ok(Form::parse(&call.body)),
        _ => Err(Reply::only("GET, POST")),
    }
}

/// Opens a login for a request that is in order.
pub(crate) fn begin(site: &Site, form: &Form) -> Reply {
    match AuthorizationRequest::read(&site.realm, form) {
        Ok(request) => {
            let key = site.realm.begin_login(LoginPurpose::Code(request));
            site.dialect.log_in(site, &key)
        }
        Err(AuthorizationRefusal::Shown(error)) => site.dialect.shown(site, &error),
        Err(AuthorizationRefusal::Redirected(to)) => Reply::redirect(to),
    }
}
