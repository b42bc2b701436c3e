//! `/servers/{server}/notices`: whom a server tells of tokens that ended before their time.
//! What is told stands in `notices`.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::IntoResponse,
};

use super::{
    body::Body,
    house::House,
    refusal::{Answer, Refusal},
};
use crate::notices::NoticeTarget;

pub(super) async fn show(State(house): State<House>, Path(server): Path<String>) -> Answer {
    Ok(Json(house.named(&server)?.notice_target()).into_response())
}

pub(super) async fn put(
    State(house): State<House>,
    Path(server): Path<String>,
    Body(target): Body<NoticeTarget>,
) -> Answer {
    let server = house.named(&server)?;
    server.send_notices(Some(target)).await.map_err(|error| Refusal::told(&error))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn remove(State(house): State<House>, Path(server): Path<String>) -> Answer {
    house.named(&server)?.send_notices(None).await.map_err(|error| Refusal::told(&error))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
