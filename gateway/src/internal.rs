//! APIs that the node itself serves, behind its own stack: limits, records, traces and problems hold for them as for an
//! agency's, and the data plane needs no second way to answer.
//!
//! Each is an axum router on a loopback port of its own. Its address holds a secret of this process as the first path
//! segment, so that nothing else on the machine can call past the gateway and set `Vagvisare-*` headers of its own.

use anyhow::Context;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use snapshot::{ApiDraft, Assertion, BackendDraft, Draft, LimitDraft, OrganisationDraft, OrganisationKind, Retry};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq;
use tokio_util::sync::CancellationToken;

/// The organisation that owns what the node itself serves.
pub const ORGANISATION: &str = "vagvisare";
/// How long a connection to a service of this process may take: it listens as long as the process lives, so what is waited
/// for is the process's own load, or a packet that the kernel dropped and sends again after seconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// One API of the node's own, to be put into every registry that is served.
#[derive(Debug, Clone)]
pub struct InternalApi {
    /// The API; its organisation is [`ORGANISATION`], its backend that of `backend`.
    pub api: ApiDraft,
    /// Where it is served.
    pub backend: BackendDraft,
    /// Limits of its own.
    pub limits: Vec<LimitDraft>,
    /// Paths outside the API that the same backend answers (`GET`).
    pub relays: Vec<String>,
    /// Its OpenAPI document.
    pub document: Arc<Value>,
}

impl InternalApi {
    /// Puts the API into a draft; one of the same id is replaced, so that a registry may be published again. Gives its place
    /// when it was there already; without one it is the last.
    pub(crate) fn put_into(&self, draft: &mut Draft) -> Option<usize> {
        if draft.organisations.iter().all(|known| known.id != ORGANISATION) {
            draft.organisations.push(OrganisationDraft {
                id: ORGANISATION.to_owned(),
                name: "Vägvisare".to_owned(),
                kind: OrganisationKind::StateAgency,
            });
        }
        draft.backends.retain(|known| known.id != self.backend.id);
        draft.backends.push(self.backend.clone());
        for limit in &self.limits {
            draft.limits.retain(|known| known.id != limit.id);
            draft.limits.push(limit.clone());
        }
        draft.relays.retain(|(path, _)| !self.relays.contains(path));
        let relays = self.relays.iter().map(|path| (path.clone(), self.backend.id.clone()));
        draft.relays.extend(relays);
        let mut own = self.api.clone();
        // What the node itself serves does what it says, on a sandbox too.
        own.traffic.mock_answers = Some(false);
        own.traffic.retry = Some(Retry::default());
        let known = draft.apis.iter().position(|known| known.id == self.api.id);
        match known.and_then(|position| draft.apis.get_mut(position)) {
            Some(api) => *api = own,
            None => draft.apis.push(own),
        }
        known
    }
}

/// The way into a service of this process, for its gateway alone: an address with a secret in it.
#[derive(Clone)]
pub(crate) struct Entrance(Arc<str>);

impl std::fmt::Debug for Entrance {
    /// Without the secret.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Entrance")
    }
}

impl Entrance {
    /// With a secret of its own.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let secret = identity::random_word().context("no random bytes could be had")?;
        Ok(Self(format!("/{secret}").into()))
    }

    /// Where the gateway finds what [`Entrance::guard`] lets in.
    pub(crate) fn backend(&self, id: &str, organisation: &str, address: SocketAddr) -> BackendDraft {
        BackendDraft {
            id: id.to_owned(),
            organisation: organisation.to_owned(),
            addresses: vec![format!("http://{address}{}", self.0)],
            connect_timeout: CONNECT_TIMEOUT,
            allow_private_network: true,
            ca_file: None,
            assertion: Assertion::None,
            traffic: snapshot::BackendTraffic::default(),
        }
    }

    /// Everything but what comes this way is not found.
    pub(crate) fn guard(&self, router: Router) -> Router {
        Router::new()
            .fallback_service(router)
            .layer(middleware::from_fn_with_state(Arc::clone(&self.0), guard))
    }
}

/// Serves `router` for this node's gateway alone, until `stop`; gives the backend to put into the registry. Call it inside
/// the control runtime.
///
/// # Errors
/// No loopback port, no random bytes.
pub async fn serve(id: &str, router: Router, stop: CancellationToken) -> anyhow::Result<BackendDraft> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .context("no loopback port for the node's own APIs")?;
    let entrance = Entrance::new()?;
    let backend = entrance.backend(id, ORGANISATION, listener.local_addr()?);
    let guarded = entrance.guard(router);
    tokio::spawn(async move {
        let served = axum::serve(listener, guarded).with_graceful_shutdown(stop.cancelled_owned());
        if let Err(error) = served.await {
            tracing::error!(%error, "the node's own APIs are no longer served");
        }
    });
    Ok(backend)
}

/// Lets through what this process's gateway sends, without the secret in its path.
async fn guard(State(prefix): State<Arc<str>>, mut request: Request, next: Next) -> Response {
    let target = request.uri().path_and_query().map_or("", |target| target.as_str());
    let (given, rest) = target.split_at_checked(prefix.len()).unwrap_or(("", ""));
    let known = bool::from(given.as_bytes().ct_eq(prefix.as_bytes()));
    let rest: Option<Uri> = rest.starts_with('/').then(|| rest.parse().ok()).flatten();
    match rest.filter(|_| known) {
        Some(uri) => {
            *request.uri_mut() = uri;
            next.run(request).await
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;

    #[tokio::test]
    async fn only_who_knows_the_secret_is_served_and_the_router_never_sees_it() {
        let router = Router::new().route("/a/{b}", get(|uri: Uri| async move { uri.to_string() }));
        let stop = CancellationToken::new();
        let backend = serve("own", router, stop.clone()).await.unwrap();
        let url = &backend.addresses[0];
        let get = async |url: String| {
            let answer = reqwest::get(url).await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        };
        assert_eq!(get(format!("{url}/a/1?x=2")).await, (200, "/a/1?x=2".to_owned()));
        let (base, _) = url.rsplit_once('/').unwrap();
        for other in [
            format!("{base}/a/1"),
            format!("{base}/{}/a/1", "x".repeat(43)),
            format!("{url}x/a/1"),
            url.clone(),
        ] {
            assert_eq!(get(other).await.0, 404);
        }
        stop.cancel();
    }
}
