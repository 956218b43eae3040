//! The flags that every stand-alone service has.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::ServiceTelemetry;

/// Flags that every stand-alone service has; flatten them into the service's own.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Address to listen on; port 0 takes a free one and the ready line says which.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,

    /// Where spans go: the base URL of an OTLP/HTTP receiver. Without it none are sent.
    #[arg(long, value_name = "http://HOST:PORT")]
    pub otlp_endpoint: Option<String>,

    /// Where the service keeps what it stores; made if it is not there.
    #[arg(long, default_value = "data", value_name = "DIRECTORY")]
    pub data_dir: PathBuf,

    /// What is logged to standard error, as in `info,sqlx=warn`.
    #[arg(long, default_value = "info", value_name = "FILTER")]
    pub log: String,
}

impl Args {
    /// Where spans go, by these flags.
    #[must_use]
    pub fn telemetry(&self) -> ServiceTelemetry {
        match &self.otlp_endpoint {
            Some(endpoint) => ServiceTelemetry::otlp_http(endpoint),
            None => ServiceTelemetry::off(),
        }
    }
}
