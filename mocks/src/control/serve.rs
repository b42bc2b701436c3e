//! Serves the control interface on a port of this machine, to callers on this machine.
//! What stands under which path is in `routes`.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use axum::{
    extract::Request,
    http::{StatusCode, header::HOST},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
};
use tokio::{net::TcpListener, task::JoinHandle};

use super::{house::House, refusal::Refusal, routes};

/// The control interface did not start.
#[derive(Debug, thiserror::Error)]
#[error(
    "opening port {port} on 127.0.0.1 for the control interface: {source}\nhint: another process may hold it; leave the port out to get a free one"
)]
pub struct ControlError {
    /// The port asked for; 0 means any.
    pub port: u16,
    /// What the system said.
    pub source: io::Error,
}

/// A control interface being served; dropping it closes its port. The servers stay.
#[derive(Debug)]
pub struct Control {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Control {
    /// Serves the house's servers on this port; on a free one when none is given.
    ///
    /// # Errors
    ///
    /// [`ControlError`] when the port is taken.
    pub async fn serve(house: House, port: Option<u16>) -> Result<Self, ControlError> {
        let failed = |source| ControlError { port: port.unwrap_or(0), source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port.unwrap_or(0))).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let router = routes::router(house).layer(from_fn(local_only));
        let serving = tokio::spawn(async move {
            if let Err(cause) = axum::serve(listener, router).await {
                tracing::error!(%cause, "the control interface ended");
            }
        });
        Ok(Self { address, serving })
    }

    /// Scheme, address and port.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// A page in a browser that resolves its own name to this machine must not reach the interface: it would come under
/// that name.
async fn local_only(request: Request, next: Next) -> Response {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    match name {
        "localhost" | "127.0.0.1" | "[::1]" => next.run(request).await,
        _ => Refusal::of(StatusCode::FORBIDDEN, format!("this interface is not for `{name}`"))
            .hint("call it as localhost or 127.0.0.1")
            .into_response(),
    }
}
