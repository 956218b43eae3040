//! A node whose registry is a database: follows it, serves what it says, and serves the registry's own API.

mod builtin;
mod founding;
mod previews;
mod publisher;
mod secrets;
mod uses;

pub use founding::{Founder, found};
pub use secrets::PepperSecrets;
pub use uses::Uses;

use crate::publish::Site;
use anyhow::Context;
use builtin::Builtin;
use edge::plan::Shared;
use edge::upstream::network_policy::is_public;
use identity::api_key::Pepper;
use previews::Previews;
use publisher::Publisher;
use registry::api::{AddressPolicy, Elsewhere, Registry};
use registry::model::{Assertion, Backend};
use registry::store::{Retention, Store};
use registry::watch::{Cache, Status, Watch};
use service_host::ServiceTelemetry;
use snapshot::Snapshot;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What such a node is started with.
#[derive(Debug)]
pub struct Settings {
    /// The registry's store.
    pub store: Store,
    /// Where the last picture of it is kept.
    pub cache: Option<PathBuf>,
    /// The node's name among the others.
    pub node: String,
    /// What pages need to know.
    pub site: Site,
    /// Whether backends may be on loopback and private networks.
    pub allow_private_backends: bool,
    /// Whether members may call with tokens.
    pub takes_tokens: bool,
    /// Whether the node signs statements for backends.
    pub signs: bool,
    /// Makes keys.
    pub pepper: Pepper,
    /// Last uses of keys.
    pub uses: Arc<Uses>,
    /// How long usage is kept.
    pub usage_kept: Retention,
    /// Calls of applications to APIs; the node's telemetry counts them.
    pub usage: telemetry::UsageCounter,
    /// The operations listener, where the registry's spans go.
    pub operations: SocketAddr,
}

/// A node's registry, read and ready to be served.
pub struct Governed {
    watch: Watch,
    publisher: Publisher,
    tasks: JoinSet<anyhow::Result<()>>,
    stop: CancellationToken,
}

impl Governed {
    /// Reads the registry and starts its API on loopback.
    ///
    /// # Errors
    /// Neither the database nor what was kept of it can be read; no port on loopback.
    pub async fn begin(settings: Settings) -> anyhow::Result<Self> {
        let cache = settings.cache.map(Cache::new);
        let watch = Watch::begin(settings.store.clone(), &settings.node, cache)
            .await
            .context("the registry's database cannot be used, and nothing of it is kept here")?
            .keeping_usage(settings.usage_kept);
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let builtin = Builtin::new(
            listener.local_addr()?,
            settings.takes_tokens,
            &settings.site.public_base_url,
        )?;
        let service = registry::api::service(Registry {
            store: settings.store,
            secrets: Arc::new(PepperSecrets::new(settings.pepper)),
            addresses: Arc::new(Addresses {
                allow_private: settings.allow_private_backends,
                signs: settings.signs,
            }),
            elsewhere: Elsewhere::new(settings.allow_private_backends).map_err(anyhow::Error::from_boxed)?,
            preview: Arc::new(Previews::of(settings.site.clone())),
        });
        let entrance = builtin.entrance();
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(service_host::serve_behind(
            listener,
            service,
            move |router| entrance.guard(router),
            stop.clone().cancelled_owned(),
            ServiceTelemetry::otlp_http(&format!("http://{}", settings.operations)),
        ));
        Ok(Self {
            watch,
            publisher: Publisher::new(
                settings.site,
                builtin,
                settings.allow_private_backends,
                settings.uses,
                settings.usage,
            ),
            tasks,
            stop,
        })
    }

    /// The snapshot to begin with.
    ///
    /// # Errors
    /// A registry that cannot be served at all.
    pub fn snapshot(&mut self) -> anyhow::Result<Snapshot> {
        let picture = self.watch.picture();
        let (snapshot, left_out) = self
            .publisher
            .snapshot(picture)
            .map_err(|problems| anyhow::anyhow!("the registry cannot be served:\n{problems}"))?;
        for one in &left_out {
            tracing::error!(
                kind = one.kind,
                id = one.id,
                reason = one.reason,
                "left out of what is served"
            );
        }
        self.watch.status().serves(picture.objects.version, left_out.len());
        Ok(snapshot)
    }

    /// What the operations listener says of it.
    pub fn status(&self) -> Arc<Status> {
        self.watch.status()
    }

    /// Follows the registry from now on.
    pub fn follow(self, shared: Arc<Shared>) -> Following {
        let Self {
            watch,
            mut publisher,
            mut tasks,
            stop,
        } = self;
        publisher.serve_to(shared);
        let stopped = stop.clone();
        tasks.spawn(async move {
            watch.run(Box::new(publisher), stopped).await;
            Ok(())
        });
        Following { tasks, stop }
    }
}

/// The tasks of a node's registry.
pub struct Following {
    tasks: JoinSet<anyhow::Result<()>>,
    stop: CancellationToken,
}

impl Following {
    /// Ends them.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            if let Ok(Err(error)) = ended {
                tracing::warn!(%error, "the registry's service ended with an error");
            }
        }
    }
}

/// The node's network policy, at registration. It is checked again on the address that each connection goes to.
#[derive(Debug)]
struct Addresses {
    allow_private: bool,
    signs: bool,
}

impl AddressPolicy for Addresses {
    fn check(&self, backend: &Backend) -> Vec<(String, String)> {
        let mut wrong = Vec::new();
        if backend.assertion != Assertion::None && !self.signs {
            let message = "needs a gateway with a token service (identity.service), which signs it; this one has none";
            wrong.push(("assertion".to_owned(), message.to_owned()));
        }
        if backend.private_network {
            if !self.allow_private {
                let message = "is refused here: the gateway's configuration allows no backends on private networks";
                wrong.push(("privateNetwork".to_owned(), message.to_owned()));
            }
            return wrong;
        }
        for (number, target) in backend.targets.iter().enumerate() {
            let Ok(uri) = target.url.parse::<http::Uri>() else {
                continue;
            };
            let host = uri
                .host()
                .unwrap_or_default()
                .trim_matches(['[', ']'])
                .trim_end_matches('.');
            let private = match host.parse::<IpAddr>() {
                Ok(address) => !is_public(address),
                Err(_) => host.eq_ignore_ascii_case("localhost") || host.to_ascii_lowercase().ends_with(".localhost"),
            };
            if private {
                let message = "is not on the public internet; a backend beside the gateway says privateNetwork";
                wrong.push((format!("targets[{number}].url"), message.to_owned()));
            }
        }
        wrong
    }
}
