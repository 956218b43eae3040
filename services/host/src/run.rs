//! What a stand-alone service's `main` does: bind, say where, serve until a signal.

use std::io::Write;

use anyhow::Context;
use tracing_subscriber::EnvFilter;

use crate::{Args, Service, serve};

/// Starts logging, binds, prints `ready http://ADDRESS` on standard output, and serves until SIGTERM or
/// Ctrl-C; then requests in hand finish.
///
/// # Errors
/// A log filter that does not parse, an address that is taken, or a listener that fails.
pub async fn run(args: Args, service: Service) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&args.log).context("--log")?;
    // Somebody else may have started logging in this process; then theirs holds.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .json()
        .try_init();
    let service = match args.trust()? {
        Some(trust) => service.trusting(trust),
        None => service,
    };
    let service = match args.internal_key()? {
        Some(key) => service.internal_key(key),
        None => service,
    };
    let listener = tokio::net::TcpListener::bind(args.listen)
        .await
        .with_context(|| format!("cannot listen on {}", args.listen))?;
    let address = listener.local_addr()?;
    let stop = shutdown_signal();
    let mut out = std::io::stdout();
    writeln!(out, "ready http://{address}")?;
    out.flush()?;
    serve(listener, service, stop, args.telemetry()).await
}

/// Done at SIGTERM or Ctrl-C. SIGTERM is listened for from the call on, not only once the future is polled: whoever is told
/// that the service is ready may end it at once.
pub fn shutdown_signal() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let terminate = signal(SignalKind::terminate());
    async move {
        let interrupt = tokio::signal::ctrl_c();
        match terminate {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = interrupt => {}
                    _ = terminate.recv() => {}
                }
            }
            // Without SIGTERM there is still Ctrl-C.
            Err(_) => {
                let _ = interrupt.await;
            }
        }
    }
}
