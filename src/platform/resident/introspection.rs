//! The introspection endpoint (RFC 7662): what a token is, for administrators of its tenant and for its own client.
//! What is said of a token is its shape's business.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use kmspec_mocks::{
    grants,
    realm::{OAuthError, Realm, RealmSpec},
};
use serde_json::Value;

use super::{
    endpoints::{Asked, Failure, fields, no_such_tenant},
    realms::Residents,
    sync,
};
use crate::{domain::SUPER_TENANT, identity, store::Documents};

pub(super) async fn introspect(State(residents): State<Arc<Residents>>, asked: Asked) -> Result<Response, Failure> {
    let store = residents.store().clone();
    let answer = store
        .write(move |documents| {
            let (tenant, realm) = permitted(&residents, documents, &asked)?;
            let text = asked.value("token").ok_or_else(|| OAuthError::invalid_request("token is missing"))?;
            sync::owner_of_token(documents, &realm, &tenant, text)?;
            Ok::<_, Failure>(realm.introspect(text))
        })
        .await?;
    Ok((fields(&[]), Json(Value::Object(answer))).into_response())
}

/// Who may introspect: an administrator of the path's tenant, or a client about tokens of its own (RFC 7662, section 4:
/// what others hold is not its business, so for those it gets an empty realm's answer).
fn permitted(residents: &Residents, documents: &Documents<'_>, asked: &Asked) -> Result<(String, Realm), Failure> {
    if let [header] = asked.request.authorization.as_slice()
        && let Some((name, password)) = grants::basic_pair(header, false)
        && let Some(user) = identity::find_principal(documents, &name)?
    {
        let own = asked.tenant.clone().unwrap_or_else(|| SUPER_TENANT.to_owned());
        let administers = user.roles.iter().any(|role| role.eq_ignore_ascii_case(identity::ADMINISTRATOR));
        if user.tenant != own || !identity::password_fits(&user.password, &password) {
            let refused = OAuthError::new(401, "invalid_client", "the caller may not introspect");
            return Err(refused.header("www-authenticate", "Basic realm=\"localhost\"").into());
        }
        if !administers {
            return Err(OAuthError::new(403, "access_denied", "only an administrator may introspect").into());
        }
        let realm = residents.realm(documents, &own)?.ok_or_else(no_such_tenant)?;
        return Ok((own, realm));
    }
    let (tenant, realm) = asked.realm(residents, documents)?;
    let client = asked.authenticate(&realm)?;
    let foreign =
        asked.value("token").and_then(|text| realm.token(text)).is_some_and(|(row, _)| row.client_id != client);
    if foreign {
        return Ok((tenant, Realm::new(RealmSpec::new(realm.issuer()))));
    }
    Ok((tenant, realm))
}
