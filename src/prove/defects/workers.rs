//! Defects of how a gateway divides its attention: a call that waits for somebody keeps the others waiting.
//! Whether calls get the right answers is judged elsewhere.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http::{Request, Response};
use tokio::{sync::Semaphore, time::timeout};

use crate::{Deed, Saboteur, table::defects};
use kmspec_model::exchange::Plane;

defects! {
    "DEF-105", "a call that waits for an authorization server holds up all others",
        With(|_| Arc::new(OneWorker::default()));
}

/// The longest that a call waits for its turn. A worker whose call broke off never says that it is free.
const PATIENCE: Duration = Duration::from_secs(20);

/// Serves the calls of a tenant one after the other.
#[derive(Default)]
struct OneWorker {
    workers: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl OneWorker {
    fn of(&self, request: &Request<Bytes>) -> Arc<Semaphore> {
        let path = request.uri().path();
        let tenant = path.strip_prefix("/t/").and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let mut workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(workers.entry(tenant.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(1))))
    }
}

impl Saboteur for OneWorker {
    fn on_request<'a>(&'a self, plane: Plane, request: &'a mut Request<Bytes>) -> BoxFuture<'a, Deed> {
        async move {
            if plane != Plane::Gateway {
                return Deed::Nothing;
            }
            let worker = self.of(request);
            let busy = worker.available_permits() == 0;
            if let Ok(Ok(turn)) = timeout(PATIENCE, worker.acquire()).await {
                // Given back with the answer.
                turn.forget();
            }
            if busy { Deed::Done } else { Deed::Nothing }
        }
        .boxed()
    }

    fn on_answer<'a>(
        &'a self,
        plane: Plane,
        request: &'a Request<Bytes>,
        _: &'a mut Response<Bytes>,
    ) -> BoxFuture<'a, Deed> {
        if plane == Plane::Gateway {
            let worker = self.of(request);
            worker.add_permits(1 - worker.available_permits().min(1));
        }
        std::future::ready(Deed::Nothing).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_second_call_of_a_tenant_waits_for_the_answer_to_the_first() {
        let workers = OneWorker::default();
        let call = |path: &str| Request::get(path).body(Bytes::new()).unwrap();
        let (mut first, mut second, mut elsewhere) = (call("/t/a/x"), call("/t/a/y"), call("/t/b/x"));
        assert_eq!(workers.on_request(Plane::Gateway, &mut first).await, Deed::Nothing);
        assert_eq!(workers.on_request(Plane::Gateway, &mut elsewhere).await, Deed::Nothing);
        let mut waiting = workers.on_request(Plane::Gateway, &mut second);
        assert!(futures::poll!(&mut waiting).is_pending());
        let _ = workers.on_answer(Plane::Gateway, &first, &mut Response::new(Bytes::new())).await;
        assert_eq!(waiting.await, Deed::Done);
    }
}
