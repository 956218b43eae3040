//! Backends: where an agency's service listens.

use super::{Breaker, Ejection, Kind, Object};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An agency's backend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Backend {
    /// Stable id; made by the registry unless given.
    #[serde(default)]
    pub backend_id: String,
    /// The organisation; the caller's own unless given.
    #[serde(default)]
    pub organisation_id: String,
    /// Name for people.
    pub name: String,
    /// Where it listens; at least one.
    pub targets: Vec<BackendTarget>,
    /// Time to open a connection, in milliseconds.
    #[serde(default = "connect_timeout")]
    #[schema(default = 2000, minimum = 1, maximum = 60000)]
    pub connect_timeout_milliseconds: u64,
    /// Whether it stands on loopback or a private network. Refused where the node's configuration does not allow it.
    #[serde(default)]
    pub private_network: bool,
    /// File on the nodes with the only roots trusted for it (PEM); the system's unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted_roots_file: Option<String>,
    /// Whether it is told who calls in a signed statement (`Vagvisare-Assertion`). Needs a gateway with a token service.
    #[serde(default, skip_serializing_if = "is_none")]
    #[schema(default = "none")]
    pub assertion: Assertion,
    /// How the nodes see whether it lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HealthCheck>,
    /// Calls at once from each node, each on a connection of its own; each worker's cap of connections unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub max_concurrent: Option<u32>,
    /// Calls that may wait for one of those to end; more are refused at once.
    #[serde(default)]
    #[schema(default = 0, maximum = 100000)]
    pub max_pending: u32,
    /// Time over which a target that is new or back takes on its full share.
    #[serde(default = "slow_start")]
    #[schema(default = 10000, maximum = 3600000)]
    pub slow_start_milliseconds: u64,
    /// When calls to the whole backend are paused; never unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaker: Option<Breaker>,
    /// When a target is passed over because calls to it fail; on unless it says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ejection: Option<Ejection>,
}

/// Whether a backend is told who calls in a statement that it can verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Assertion {
    /// Plain header fields only.
    #[default]
    None,
    /// A signed statement of who calls, the same for some seconds.
    Session,
    /// A signed statement of this one call, with its trace and an id of its own.
    Call,
}

/// One address of a backend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackendTarget {
    /// `http` or `https`, a host, perhaps a port and a path prefix.
    #[schema(format = "uri", example = "https://cases.example.se")]
    pub url: String,
    /// Its share beside the other targets' shares.
    #[serde(default = "weight")]
    #[schema(default = 1, minimum = 1, maximum = 1000)]
    pub weight: u32,
}

/// A call that a living backend answers with success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HealthCheck {
    /// Path that is asked with GET.
    #[schema(example = "/health")]
    pub path: String,
    /// Seconds between two calls.
    #[schema(minimum = 1, maximum = 3600)]
    pub interval_seconds: u64,
    /// How long the answer may take.
    #[serde(default = "health_timeout")]
    #[schema(default = 1000, minimum = 10, maximum = 60000)]
    pub timeout_milliseconds: u64,
    /// Bad answers in a row after which the target is passed over. Good is a status from 200 to 399.
    #[serde(default = "unhealthy_after")]
    #[schema(default = 3, minimum = 1)]
    pub unhealthy_after: u32,
    /// Good answers in a row after which it is used again.
    #[serde(default = "healthy_after")]
    #[schema(default = 2, minimum = 1)]
    pub healthy_after: u32,
}

fn is_none(assertion: &Assertion) -> bool {
    *assertion == Assertion::None
}

fn connect_timeout() -> u64 {
    2_000
}

fn slow_start() -> u64 {
    10_000
}

fn health_timeout() -> u64 {
    1_000
}

fn unhealthy_after() -> u32 {
    3
}

fn healthy_after() -> u32 {
    2
}

fn weight() -> u32 {
    1
}

impl Object for Backend {
    const KIND: Kind = Kind::Backend;

    fn id(&self) -> &str {
        &self.backend_id
    }

    fn organisation(&self) -> &str {
        &self.organisation_id
    }
}
