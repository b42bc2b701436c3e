//! What the key manager operations say of users, and the end of a token that counts once.
//! Claims come with a user's signing up.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde_json::{Value, json};

use super::{
    super::{realms::Residents, revocation::end_one},
    change::text,
    order::{Order, Refused},
};
use crate::{domain::OAuthClient, store::Documents};

/// `GET …/user-info/claims?username=`.
pub(super) async fn claims(State(residents): State<Arc<Residents>>, order: Order) -> Result<Json<Value>, Refused> {
    let work = order.carried_out(&residents, |documents, order, _| {
        let name = order.parameter("username").ok_or_else(|| missing("username"))?;
        told(documents, order, name, order.parameter("dialect"))
    });
    work.await.map(Json)
}

/// `POST …/user-info/claims/generate`: the same, asked for in a body.
pub(super) async fn generate_claims(
    State(residents): State<Arc<Residents>>,
    order: Order,
) -> Result<Json<Value>, Refused> {
    let work = order.carried_out(&residents, |documents, order, _| {
        let asked = order.object()?;
        let name = text(&asked, "username")?.ok_or_else(|| missing("username"))?;
        told(documents, order, name, text(&asked, "dialect")?)
    });
    work.await.map(Json)
}

/// The claims of a user, of one dialect where that is asked for.
fn told(documents: &Documents<'_>, order: &Order, name: &str, dialect: Option<&str>) -> Result<Value, Refused> {
    let user = order.user(documents, name)?.ok_or(Refused::NotFound)?;
    let of_dialect = |uri: &String| dialect.is_none_or(|dialect| uri.starts_with(dialect));
    let claims = user.claims.iter().filter(|(uri, _)| of_dialect(uri));
    let list: Vec<Value> = claims.map(|(uri, value)| json!({"uri": uri, "value": value})).collect();
    Ok(json!({"count": list.len(), "list": list}))
}

/// `POST …/revoke-one-time-token`: ends a token of the client that is named; one that is unknown has ended already.
pub(super) async fn revoke_one_time_token(
    State(residents): State<Arc<Residents>>,
    order: Order,
) -> Result<StatusCode, Refused> {
    let realms = Arc::clone(&residents);
    let work = order.carried_out(&residents, move |documents, order, _| {
        let asked = order.object()?;
        let token = text(&asked, "token")?.ok_or_else(|| missing("token"))?;
        let client = text(&asked, "consumer_key")?.ok_or_else(|| missing("consumer_key"))?;
        documents.find::<OAuthClient>(&order.tenant, client)?.ok_or(Refused::UnknownClient)?;
        let realm = realms.realm(documents, &order.tenant)?.ok_or(Refused::NotFound)?;
        end_one(documents, &order.tenant, &realm, token, client)?;
        Ok(StatusCode::OK)
    });
    work.await
}

fn missing(name: &str) -> Refused {
    Refused::Invalid("invalid_request", format!("{name} is missing"))
}
