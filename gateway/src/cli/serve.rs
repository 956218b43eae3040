//! `vagvisare serve --config FILE`: one node, as in production.

use super::{complain, control_runtime, say, start_log};
use crate::check::{self, Checked};
use crate::config::Config;
use crate::credentials::Checks;
use crate::descriptors;
use crate::governed::{self, Governed, Uses};
use crate::load::Registry;
use crate::node::{self, Node, Setup};
use crate::people;
use crate::publish::{self, Site};
use crate::token_service::{self, TokenService};
use anyhow::{Context, bail};
use document::{Problems, Source};
use edge::plan::Settings;
use identity::api_key::Pepper;
use identity::token::Verifier;
use registry::import;
use registry::store::Store;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use telemetry::UsageCounter;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Configuration of the node (TOML); see config/production.toml
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Runs until Ctrl-C or SIGTERM; SIGHUP reads the registry document again.
pub(super) fn run(args: Args) -> anyhow::Result<()> {
    start_log();
    match read(&args.config) {
        Ok(checked) => control_runtime()?.block_on(serve(checked, &args.config)),
        Err(problems) => {
            complain(&problems.render());
            bail!("{} was not started", args.config.display());
        }
    }
}

fn read(file: &Path) -> Result<Checked, Problems> {
    check::read(&Source::load(file)?)
}

async fn serve(checked: Checked, file: &Path) -> anyhow::Result<()> {
    let Checked { config, registry } = checked;
    let usage = UsageCounter::default();
    let mut starting = setup(&config);
    starting.telemetry.usage = config.registry.store.is_some().then(|| usage.clone());
    let mut bound = node::bind(starting)?;
    let address = bound.address();
    let scheme = if config.listen.tls.is_some() { "https" } else { "http" };
    let public_base_url = config
        .gateway
        .public_base_url
        .clone()
        .unwrap_or_else(|| format!("{scheme}://{address}"));
    let pepper = match &config.identity.pepper_file {
        Some(path) => Pepper::load(path)?,
        // No key can be checked without one, and the registry has none: `check::read` saw to that.
        None => Pepper::random()?,
    };
    let halt = CancellationToken::new();
    let uses = Arc::<Uses>::default();
    let tokens = match &config.identity.service {
        Some(service) => {
            let setup = token_service::Setup::of(service, &public_base_url, &pepper)?;
            Some(TokenService::start(setup, config.issuers().to_vec(), &uses, &halt).await?)
        }
        None => None,
    };
    let mut internal: Vec<_> = tokens.iter().map(|tokens| tokens.internal.clone()).collect();
    let mut readings = None;
    if let (Some(tokens), Some(service), Some(settings)) = (&tokens, &config.identity.service, &config.identity.people)
    {
        let setup = people::Setup::of(settings, &service.database, &public_base_url).await?;
        let people = people::start(setup, tokens, &halt).await?;
        internal.push(people.internal);
        readings = Some(people.readings);
    }
    let own = tokens.iter().map(|_| public_base_url.clone());
    let authorization_servers: Vec<String> = own
        .chain(config.issuers().iter().map(|issuer| issuer.issuer.clone()))
        .collect();
    let site = Site {
        public_base_url,
        issuer: authorization_servers.first().cloned(),
        authorization_servers,
        internal,
        service_problems: publish::service_problems(),
        sandbox: config.gateway.sandbox,
        ..Site::default()
    };
    let verifier = match &tokens {
        Some(tokens) => tokens.verifier.clone(),
        None => {
            let verifier = Verifier::new(config.issuers().to_vec())?;
            tokio::spawn(verifier.clone().keep_fresh());
            verifier
        }
    };
    let nonces = tokens.as_ref().and_then(TokenService::nonces);
    let signer = tokens.as_ref().map(|tokens| tokens.service.clone());
    let operations = bound.operations_address()?;
    let checks = Checks::new(pepper.clone(), verifier)
        .with_nonces(nonces)
        .with_signer(signer)
        .with_readings(readings.clone());
    let credentials = Arc::new(checks.noting(&uses));
    let (node, following) = if let Some(settings) = &config.registry.store {
        let store = Store::at(&settings.address);
        if let Some(registry) = registry {
            fill(&store, &registry).await?;
        }
        let mut governed = Governed::begin(governed::Settings {
            store,
            cache: Some(settings.cache.clone()),
            node: config.gateway.node.clone(),
            site: site.clone(),
            allow_private_backends: config.allow_private_backends,
            takes_tokens: !site.authorization_servers.is_empty(),
            signs: tokens.is_some(),
            pepper,
            uses,
            usage_kept: settings.usage_kept,
            usage,
            operations,
        })
        .await?;
        bound.set_registry(governed.status());
        let node = bound.serve(governed.snapshot()?, credentials)?;
        let shared = Arc::clone(node.shared());
        (node, Some(governed.follow(shared)))
    } else {
        let mut registry = registry.context("the configuration names no registry")?;
        let snapshot =
            publish::compile(&mut registry, &site).map_err(|problems| anyhow::anyhow!("{}", problems.render()))?;
        (bound.serve(snapshot, credentials)?, None)
    };
    if let Some(tokens) = &tokens {
        tokens.follow(&node);
    }
    let (hangup, stop) = (signal(SignalKind::hangup())?, node::stop_signal()?);
    say(&format!("ready {scheme}://{address}, operations http://{operations}"));
    run_until(stop, hangup, || match &following {
        Some(_) => say("nothing to reload: the registry's database is followed"),
        None => reload(&node, file, &site),
    })
    .await;
    say("stopping: requests in flight may finish");
    let report = node.stop().await?;
    if let Some(readings) = readings {
        readings.flush().await;
    }
    halt.cancel();
    if let Some(following) = following {
        following.stop().await;
    }
    if report.in_flight_cut > 0 {
        tracing::warn!(
            cut = report.in_flight_cut,
            "requests were still in flight when the time to finish was over"
        );
    }
    Ok(())
}

/// A document beside a database fills it while it is empty, and is not looked at afterwards.
async fn fill(store: &Store, registry: &Registry) -> anyhow::Result<()> {
    match store.head().await {
        Ok(head) if head.sequence == 0 => {
            let imported = import::objects(&registry.loaded.draft, &registry.documents);
            let version = import::fill(store, imported).await?;
            tracing::info!(version, "the registry's database was empty and holds the document now");
        }
        Ok(_) => {}
        // The node starts from what was kept, where there is something.
        Err(error) => tracing::warn!(%error, "the registry's database does not answer"),
    }
    Ok(())
}

fn setup(config: &Config) -> Setup {
    let mut listen = edge::server::Config::new(config.listen.address);
    listen.tls = config.listen.tls.clone();
    listen.max_connections = descriptors::for_callers(config.gateway.max_connections, descriptors::raise());
    listen.header_read_timeout = config.gateway.header_read_timeout;
    if config.gateway.worker_threads > 0 {
        listen.workers = config.gateway.worker_threads;
    }
    Setup {
        listen,
        operations: config.operations,
        settings: Settings {
            public_base_url: config.gateway.public_base_url.as_deref().map(Arc::from),
            max_in_flight: config.gateway.max_in_flight,
            network: config.network.clone(),
            cache_bytes: config.gateway.cache_bytes,
            ..Settings::default()
        },
        telemetry: config.telemetry.clone(),
        shared_limits: config.shared_limits.clone(),
        quota_ledger: config.quota_ledger.clone(),
        drain_timeout: config.gateway.drain_timeout,
        registry: None,
    }
}

async fn run_until(stop: impl Future<Output = ()>, mut hangup: Signal, reload: impl Fn()) {
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return,
            _ = hangup.recv() => reload(),
        }
    }
}

/// Takes over the registry as it now is. One that is not right is refused whole, and what is served stays.
fn reload(node: &Node, file: &Path, site: &Site) {
    let read = read(file).map(|checked| checked.registry);
    match read.and_then(|registry| {
        registry
            .map(|mut registry| publish::compile(&mut registry, site))
            .transpose()
    }) {
        Ok(None) => complain("not reloaded: the configuration names a database now; start the node anew"),
        Ok(Some(snapshot)) => {
            node.swap(snapshot);
            say(&format!("reloaded: registry version {}", node.version()));
        }
        Err(problems) => complain(&format!("not reloaded:\n{}", problems.render())),
    }
}
