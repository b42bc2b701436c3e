//! Defects of how the management planes say that something was done: by another status of success than theirs.
//! That something was done that should not have been, or the other way round, is the business of the planes' own files.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};

use crate::{
    Deed, message,
    pair::{Notes, Pair},
    table::defects,
};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-SEED-REST-01", "that a shared scope was made is told as if it had been there", Pair::telling(made_told_as_found);
    "DEF-SEED-REST-02", "that a secret was revoked is told as if there were more to say", Pair::telling(revoked_told_as_found);
}

fn told_as_ok(answer: &mut Response<Bytes>) -> Deed {
    *answer.status_mut() = StatusCode::OK;
    Deed::Done
}

fn made_told_as_found(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let creates = plane == Plane::Publisher
        && request.method() == Method::POST
        && *message::resource(request.uri().path()) == ["scopes"];
    if creates && answer.status() == StatusCode::CREATED { told_as_ok(answer) } else { Deed::Nothing }
}

fn revoked_told_as_found(_: &mut Notes, plane: Plane, request: &Request<Bytes>, answer: &mut Response<Bytes>) -> Deed {
    let resource = message::resource(request.uri().path());
    let revokes = plane == Plane::Devportal && resource.last() == Some(&"revoke-secret");
    if revokes && answer.status() == StatusCode::NO_CONTENT { told_as_ok(answer) } else { Deed::Nothing }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_status_of_that_success_is_another() {
        let publisher = "/api/am/publisher/v4/scopes";
        let secret = "/api/am/devportal/v3/applications/7/oauth-keys/8/revoke-secret";
        for (tell, plane, path, status, told) in [
            (made_told_as_found as crate::pair::Tell, Plane::Publisher, publisher, 201, 200),
            (made_told_as_found, Plane::Publisher, publisher, 409, 409),
            (made_told_as_found, Plane::Publisher, "/api/am/publisher/v4/apis", 201, 201),
            (revoked_told_as_found, Plane::Devportal, secret, 204, 200),
            (revoked_told_as_found, Plane::Devportal, secret, 400, 400),
        ] {
            let request = Request::post(path).body(Bytes::new()).unwrap();
            let mut answer = Response::builder().status(status).body(Bytes::from("{}")).unwrap();
            let _ = tell(&mut Notes::default(), plane, &request, &mut answer);
            assert_eq!(answer.status().as_u16(), told, "{path} {status}");
        }
    }
}
