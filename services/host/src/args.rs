//! The flags that every stand-alone service has.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::{InternalKey, ServiceTelemetry, Trust, TrustSettings};

/// Flags that every stand-alone service has; flatten them into the service's own.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Address to listen on; port 0 takes a free one and the ready line says which.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,

    /// Where spans go: the base URL of an OTLP/HTTP receiver. Without it none are sent.
    #[arg(long, value_name = "http://HOST:PORT")]
    pub otlp_endpoint: Option<String>,

    /// The gateway whose signed word about callers is taken, and no other: its issuer. Without it the service must be
    /// reachable from the gateway alone.
    #[arg(long, value_name = "https://HOST", requires = "api_id")]
    pub trust: Option<String>,

    /// Id of an API of this service at that gateway, or of an API whose service passes calls on to this one; may be given
    /// several times.
    #[arg(long, value_name = "NAME-vN")]
    pub api_id: Vec<String>,

    /// What services of one organisation show each other under /internal (32 characters or more, mode 0600). With --trust
    /// and without it nothing is served there.
    #[arg(long, value_name = "FILE")]
    pub internal_key_file: Option<PathBuf>,

    /// Where the service keeps what it stores; made if it is not there.
    #[arg(long, default_value = "data", value_name = "DIRECTORY")]
    pub data_dir: PathBuf,

    /// What is logged to standard error, as in `info,sqlx=warn`.
    #[arg(long, default_value = "info", value_name = "FILTER")]
    pub log: String,
}

impl Args {
    /// Whose word is taken, by these flags.
    ///
    /// # Errors
    /// When the platform's TLS cannot be set up.
    pub fn trust(&self) -> anyhow::Result<Option<Trust>> {
        let Some(issuer) = &self.trust else {
            return Ok(None);
        };
        let settings = TrustSettings {
            issuer: issuer.trim_end_matches('/').to_owned(),
            apis: self.api_id.clone(),
        };
        Ok(Some(Trust::new(settings)?))
    }

    /// What services of the same organisation show each other, by these flags.
    ///
    /// # Errors
    /// A file that cannot be used.
    pub fn internal_key(&self) -> anyhow::Result<Option<InternalKey>> {
        self.internal_key_file.as_deref().map(InternalKey::load).transpose()
    }

    /// Where spans go, by these flags.
    #[must_use]
    pub fn telemetry(&self) -> ServiceTelemetry {
        match &self.otlp_endpoint {
            Some(endpoint) => ServiceTelemetry::otlp_http(endpoint),
            None => ServiceTelemetry::off(),
        }
    }
}
