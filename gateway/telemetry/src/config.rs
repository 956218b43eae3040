//! Settings of this crate, and what can be wrong with them.

use std::path::PathBuf;
use std::time::Duration;

/// All settings. Start from [`Config::default`] and change what differs.
#[derive(Debug, Clone)]
pub struct Config {
    /// `service.name` of every span.
    pub service_name: String,
    /// `service.version` of every span, and the build metric.
    pub service_version: String,
    /// `service.instance.id`: which node of several this is.
    pub node: String,
    /// `server.address` of server spans: the gateway's public host name.
    pub server_address: Option<String>,
    /// Share of ordinary requests whose trace is kept, 0.0 to 1.0. Failed and slow ones are kept besides.
    pub share: f64,
    /// A request that took at least this long is kept.
    pub slow: Duration,
    /// Let the `sampled` flag of a caller's `traceparent` decide instead of the share. Off unless every caller is trusted:
    /// anyone could fill the trace store.
    pub trust_caller_sampling: bool,
    /// Where spans are sent; `None`: nowhere.
    pub otlp: Option<OtlpConfig>,
    /// Where the access log goes.
    pub access_log: AccessLog,
    /// How many traces are kept in memory for the operations listener; 0: none.
    pub trace_store: usize,
    /// Where each application's calls to each API are counted; `None`: nowhere, at no cost.
    pub usage: Option<crate::UsageCounter>,
}

/// An OpenTelemetry collector.
#[derive(Debug, Clone)]
pub struct OtlpConfig {
    /// `http://host:port` or `https://host:port`. Over HTTP the path `/v1/traces` is added when none is given.
    pub endpoint: String,
    /// Which of the two OTLP transports.
    pub protocol: Protocol,
    /// Longest time one batch may take, its retries included.
    pub timeout: Duration,
    /// Spans that may wait for the exporter; more are dropped and counted.
    pub queue_spans: usize,
    /// Spans in one batch at most.
    pub batch: usize,
}

/// OTLP transports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// OTLP/gRPC, usually port 4317.
    Grpc,
    /// OTLP/HTTP with protobuf bodies, usually port 4318.
    HttpProtobuf,
}

/// Where the access log goes: one JSON object a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessLog {
    /// Nowhere.
    Off,
    /// Standard output.
    Stdout,
    /// Appended to a file, which is made when missing.
    File(PathBuf),
}

/// Why telemetry could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting is outside its range.
    #[error("telemetry setting {field}: {reason}")]
    Setting {
        /// The field's name in [`Config`].
        field: &'static str,
        /// What it must be.
        reason: String,
    },
    /// The access log cannot be written.
    #[error("cannot open the access log {path}")]
    AccessLog {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A background thread or its event loop could not be made.
    #[error("cannot start a telemetry thread")]
    Thread(#[source] std::io::Error),
    /// The OTLP exporter refused its settings.
    #[error("cannot build the OTLP exporter for {endpoint}: {reason}")]
    Exporter {
        /// The endpoint as configured.
        endpoint: String,
        /// The exporter's words.
        reason: String,
    },
}

// === impl Config ===

impl Default for Config {
    fn default() -> Self {
        Self {
            service_name: "vagvisare".to_owned(),
            service_version: env!("CARGO_PKG_VERSION").to_owned(),
            node: "local".to_owned(),
            server_address: None,
            share: 0.01,
            slow: Duration::from_secs(1),
            trust_caller_sampling: false,
            otlp: None,
            access_log: AccessLog::Off,
            trace_store: 1_000,
            usage: None,
        }
    }
}

impl Config {
    /// Checks every setting that has a range.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let fail = |field, reason: &str| {
            Err(Error::Setting {
                field,
                reason: reason.to_owned(),
            })
        };
        if !(0.0..=1.0).contains(&self.share) {
            return fail("share", "must be between 0 and 1");
        }
        let Some(otlp) = &self.otlp else { return Ok(()) };
        if otlp.timeout.is_zero() {
            return fail("otlp.timeout", "must be longer than zero");
        }
        if otlp.batch == 0 || otlp.queue_spans < otlp.batch {
            return fail("otlp.batch", "must be at least 1 and at most otlp.queue_spans");
        }
        let uri: http::Uri = match otlp.endpoint.parse() {
            Ok(uri) => uri,
            Err(error) => {
                return Err(Error::Setting {
                    field: "otlp.endpoint",
                    reason: format!("is not a URL: {error}"),
                });
            }
        };
        match (uri.scheme_str(), uri.authority()) {
            (Some("http" | "https"), Some(_)) => Ok(()),
            _ => fail("otlp.endpoint", "must be http://host:port or https://host:port"),
        }
    }
}

// === impl OtlpConfig ===

impl OtlpConfig {
    /// A collector at `endpoint` with the usual bounds: 5 s a batch, 512 spans a batch, 8,192 waiting.
    pub fn new(endpoint: impl Into<String>, protocol: Protocol) -> Self {
        Self {
            endpoint: endpoint.into(),
            protocol,
            timeout: Duration::from_secs(5),
            queue_spans: 8_192,
            batch: 512,
        }
    }
}
