//! Defects of the doors of administration: whoever should stay out gets in.
//! The subject refuses; the caller is told that it did not.

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::json;

use crate::{
    Deed, ghosts, message,
    pair::{Notes, Pair},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-136", "key managers are administered without authentication", Pair::telling(open_to_all);
    "DEF-137", "an odd spelling of a path opens the administration", Pair::telling(open_by_path);
    "DEF-138", "an odd spelling of a method opens the administration", Pair::telling(open_by_method);
    "DEF-139", "the event intake asks nobody who they are", Pair::telling(open_intake);
}

fn is_about_key_managers(plane: Plane, request: &Request<Bytes>) -> bool {
    plane == Plane::Admin && request.uri().path().contains("/key-managers")
}

/// An empty list, as if there was nothing to hide.
fn list(answer: &mut Response<Bytes>) -> Deed {
    message::say(answer, 200, &json!({"count": 0, "list": []}));
    Deed::Done
}

fn open_to_all(notes: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if !is_about_key_managers(plane, request) {
        return Deed::Nothing;
    }
    match (request.method(), answer.status().as_u16()) {
        (&Method::POST, 401) => ghosts::appear(notes, request, answer),
        (&Method::GET, 401) => list(answer),
        _ => ghosts::haunt(notes, request, answer),
    }
}

fn open_by_path(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let path = request.uri().path();
    let odd = path.ends_with('/') || path.contains([';', '%']) || path.contains("//");
    let opens = is_about_key_managers(plane, request) && odd && !answer.status().is_success();
    if opens { list(answer) } else { Deed::Nothing }
}

fn open_by_method(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let method = request.method().as_str();
    let odd = method.chars().any(|c| c.is_ascii_lowercase());
    let opens = is_about_key_managers(plane, request) && odd && !answer.status().is_success();
    if opens { list(answer) } else { Deed::Nothing }
}

fn open_intake(_: &mut Notes, plane: Plane, _: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    if plane != Plane::Notify || answer.status() != 401 {
        return Deed::Nothing;
    }
    message::say(answer, 200, &serde_json::Value::Null);
    Deed::Done
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(method: &str, path: &str, status: u16, tell: crate::pair::Tell) -> (u16, Deed) {
        let request = Request::builder().method(method).uri(path).body(Bytes::from("{}")).unwrap();
        let mut answer = Response::new(Bytes::new());
        *answer.status_mut() = http::StatusCode::from_u16(status).unwrap();
        let deed = tell(&mut Notes::default(), Plane::Admin, &request, &mut answer);
        (answer.status().as_u16(), deed)
    }

    #[test]
    fn each_door_opens_for_its_own_trick_only() {
        let plain = "/api/am/admin/v4/key-managers";
        assert_eq!(told("GET", plain, 401, open_to_all), (200, Deed::Done));
        assert_eq!(told("POST", plain, 401, open_to_all), (201, Deed::Done));
        assert_eq!(told("GET", plain, 404, open_to_all), (404, Deed::Nothing));
        assert_eq!(told("GET", "/api/am/admin/v4/settings", 401, open_to_all), (401, Deed::Nothing));
        assert_eq!(told("GET", plain, 401, open_by_path), (401, Deed::Nothing));
        for odd in ["/", ";x=1", "%2f"] {
            assert_eq!(told("GET", &format!("{plain}{odd}"), 404, open_by_path), (200, Deed::Done));
        }
        assert_eq!(told("GET", plain, 401, open_by_method), (401, Deed::Nothing));
        assert_eq!(told("Get", plain, 405, open_by_method), (200, Deed::Done));
    }
}
