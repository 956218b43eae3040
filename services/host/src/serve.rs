//! Serving on a listener until told to stop, then letting the requests in hand finish.

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware;
use axum::serve::ListenerExt;
use tokio::sync::oneshot;

use crate::answer::answer;
use crate::{Service, ServiceTelemetry};

/// How long requests in hand may take once the service is told to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves until `shutdown` is done; then takes no more connections, lets requests in hand finish for up to
/// 10 s, and sends the spans that are left. Any number of services may run in one process.
///
/// `listener` may be a `std::net::TcpListener` (then it is made non-blocking here) or one of Tokio's.
///
/// # Errors
/// A listener that cannot be used, or an OTLP endpoint that is not a URL.
pub async fn serve(
    listener: impl IntoListener,
    service: Service,
    shutdown: impl Future<Output = ()> + Send + 'static,
    telemetry: ServiceTelemetry,
) -> anyhow::Result<()> {
    serve_behind(listener, service, |router| router, shutdown, telemetry).await
}

/// As [`serve`], with something in front that sees each request first and may turn it away or change it.
///
/// # Errors
/// As [`serve`].
pub async fn serve_behind(
    listener: impl IntoListener,
    service: Service,
    entrance: impl FnOnce(Router) -> Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
    telemetry: ServiceTelemetry,
) -> anyhow::Result<()> {
    let listener = listener.into_listener()?.tap_io(|stream| {
        // Without it a small response may wait for the peer's acknowledgement; failing to set it only costs time.
        let _ = stream.set_nodelay(true);
    });
    let tracing = telemetry.start(&service.name, &service.version)?;
    let router = service
        .into_router()
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(middleware::from_fn_with_state(tracing.tracer.clone(), answer));

    let (stopping, stopped) = oneshot::channel();
    let graceful = axum::serve(listener, entrance(router)).with_graceful_shutdown(async move {
        shutdown.await;
        // The receiver is gone only when serving has already ended.
        let _ = stopping.send(());
    });
    let outcome = tokio::select! {
        outcome = graceful.into_future() => outcome,
        () = drained(stopped) => Ok(()),
    };
    tracing.finish().await;
    Ok(outcome?)
}

async fn drained(stopped: oneshot::Receiver<()>) {
    if stopped.await.is_err() {
        return std::future::pending().await;
    }
    tokio::time::sleep(DRAIN).await;
    tracing::warn!("requests were still in hand when the time to finish was over");
}

/// What can be served on; implemented for the standard library's and Tokio's listeners.
pub trait IntoListener: sealed::Sealed {
    /// As Tokio's listener.
    ///
    /// # Errors
    /// A listener that cannot be made non-blocking or registered.
    fn into_listener(self) -> std::io::Result<tokio::net::TcpListener>;
}

impl IntoListener for tokio::net::TcpListener {
    fn into_listener(self) -> std::io::Result<tokio::net::TcpListener> {
        Ok(self)
    }
}

impl IntoListener for std::net::TcpListener {
    fn into_listener(self) -> std::io::Result<tokio::net::TcpListener> {
        self.set_nonblocking(true)?;
        tokio::net::TcpListener::from_std(self)
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for tokio::net::TcpListener {}
    impl Sealed for std::net::TcpListener {}
}
