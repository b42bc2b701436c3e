//! `/servers/{server}/faults`, `…/answers` and `…/defects`: what goes wrong, at once or from now on.
//! What each of them means stands in `faults` and `defects`.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::IntoResponse,
};
use serde_json::{Value, json};

use super::{
    body::{Body, explained},
    house::House,
    refusal::{Answer, Refusal},
};
use crate::{defects, faults::FaultScript, journal::Endpoint, server::Canned};

pub(super) async fn list(State(house): State<House>, Path(server): Path<String>) -> Answer {
    Ok(Json(house.named(&server)?.faults().pending()).into_response())
}

pub(super) async fn create(
    State(house): State<House>,
    Path(server): Path<String>,
    Body(script): Body<FaultScript>,
) -> Answer {
    let server = house.named(&server)?;
    server.faults().script(script.clone()).await.map_err(|error| Refusal::told(&error))?;
    Ok((StatusCode::CREATED, Json(script)).into_response())
}

pub(super) async fn clear(State(house): State<House>, Path(server): Path<String>) -> Answer {
    house.named(&server)?.faults().clear().await;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn endpoint(name: &str) -> Result<Endpoint, Refusal> {
    serde_json::from_value(Value::from(name)).map_err(|error| explained(&error))
}

pub(super) async fn list_answers(State(house): State<House>, Path(server): Path<String>) -> Answer {
    let told = |(endpoint, canned): (Endpoint, Canned)| json!({ "endpoint": endpoint, "status": canned.status, "body": canned.body, "content_type": canned.content_type });
    let all: Vec<Value> = house.named(&server)?.answers().into_iter().map(told).collect();
    Ok(Json(all).into_response())
}

pub(super) async fn put_answer(
    State(house): State<House>,
    Path((server, at)): Path<(String, String)>,
    Body(canned): Body<Canned>,
) -> Answer {
    let (server, at) = (house.named(&server)?, endpoint(&at)?);
    if !(200..=599).contains(&canned.status) {
        return Err(Refusal::bad(format!("{} is no status of an answer", canned.status)).hint("from 200 to 599"));
    }
    if http::HeaderValue::from_str(&canned.content_type).is_err() {
        return Err(Refusal::bad("the member `content_type` cannot stand in a header field"));
    }
    server.faults().serves(at).map_err(|error| Refusal::told(&error))?;
    server.answer_as(at, Some(canned));
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn remove_answer(State(house): State<House>, Path((server, at)): Path<(String, String)>) -> Answer {
    house.named(&server)?.answer_as(endpoint(&at)?, None);
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn list_defects(State(house): State<House>, Path(server): Path<String>) -> Answer {
    let server = house.named(&server)?;
    let on: Vec<&str> = server.defects().list().iter().map(|defect| defect.id).collect();
    let entry = |defect: &&defects::Defect| json!({ "id": defect.id, "summary": defect.summary, "on": on.contains(&defect.id) });
    let all: Vec<Value> = defects::switchable().iter().map(entry).collect();
    Ok(Json(all).into_response())
}

pub(super) async fn switch_on(State(house): State<House>, Path((server, id)): Path<(String, String)>) -> Answer {
    let server = house.named(&server)?;
    let known = defects::switchable();
    if !known.iter().any(|defect| defect.id == id) {
        return Err(Refusal::missing("defect", &id, known.iter().map(|defect| defect.id.to_owned())));
    }
    server.can_show(&id).map_err(|error| Refusal::told(&error))?;
    server.defects().switch_on(&id).map_err(|error| Refusal::told(&error))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn switch_off(State(house): State<House>, Path((server, id)): Path<(String, String)>) -> Answer {
    let server = house.named(&server)?;
    let on = server.defects().list().into_iter().map(|defect| defect.id.to_owned()).collect::<Vec<_>>();
    match server.defects().switch_off(&id) {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(Refusal::missing("defect that is on", &id, on)),
    }
}
