//! How calls are carried to a backend, and when they are not: policies of backends and of APIs. Each is off until it is
//! given, but for ejection, which is on where a backend has several targets.
//!
//! What each of them does is told by the types of the same names in `snapshot`; here are the forms that the API takes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Pauses calls to a backend when too many of the last ones failed: 503 with `Retry-After` until a few probes go well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Breaker {
    /// Failures among the calls of the window, in percent, at which it opens.
    #[schema(default = 50, minimum = 1, maximum = 100)]
    pub failure_percent: u8,
    /// Calls looked at: those that ended within this time.
    #[schema(default = 10000, minimum = 100, maximum = 3600000)]
    pub window_milliseconds: u64,
    /// It never opens on fewer calls than this.
    #[schema(default = 20, minimum = 1)]
    pub min_calls: u32,
    /// How long it stays open the first time; doubled each time that the probes fail, up to a minute.
    #[schema(default = 5000, minimum = 10, maximum = 3600000)]
    pub open_for_milliseconds: u64,
    /// Calls let through at once after that; it closes when as many in a row went well.
    #[schema(default = 3, minimum = 1, maximum = 60)]
    pub probes: u8,
}

/// Passes over a target to which calls fail while others are well; never the last one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Ejection {
    /// False: no target is ever passed over for failing calls.
    #[schema(default = true)]
    pub enabled: bool,
    /// Failures in a row.
    #[schema(default = 5, minimum = 1)]
    pub failures: u32,
    /// How long the first time; twice as long the second time, and so on, up to five minutes.
    #[schema(default = 10000, minimum = 10, maximum = 3600000)]
    pub eject_for_milliseconds: u64,
    /// Never more of the targets than this, in percent.
    #[schema(default = 50, minimum = 1, maximum = 100)]
    pub max_percent: u8,
}

/// Sends a call again that may have reached the backend, within a budget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Retry {
    /// Which methods; a call with an `Idempotency-Key` is repeated whatever its method.
    #[schema(default = "safe")]
    pub methods: RetryMethods,
    /// How often at most, after the first time.
    #[schema(default = 1, minimum = 1, maximum = 5)]
    pub attempts: u8,
    /// Statuses that are a reason too, besides a broken connection: 500 to 599.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<u16>,
    /// How long one try may take while others are left; the whole deadline unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 10, maximum = 3600000)]
    pub try_timeout_milliseconds: Option<u64>,
    /// Calls that are sent again, in percent of those that may be.
    #[schema(default = 20, minimum = 1, maximum = 100)]
    pub budget_percent: u8,
    /// A longer body is sent once.
    #[schema(default = 65536, maximum = 16777216)]
    pub max_replay_bytes: u32,
}

/// Methods by what repeating them does (RFC 9110 section 9.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum RetryMethods {
    /// `GET`, `HEAD`, `OPTIONS`.
    #[default]
    Safe,
    /// Those and `PUT` and `DELETE`.
    Idempotent,
}

/// Carries out a call with an `Idempotency-Key` once; a repetition gets the first answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Idempotency {
    /// How long an answer is kept.
    #[schema(default = 86400, minimum = 60, maximum = 604800)]
    pub keep_for_seconds: u64,
    /// Whether `POST` and `PATCH` without a key are refused.
    #[schema(default = false)]
    pub required: bool,
    /// Longest body of a call with a key.
    #[schema(default = 1048576, minimum = 1, maximum = 16777216)]
    pub max_body_bytes: u32,
    /// Longest answer that is kept.
    #[schema(default = 262144, minimum = 1, maximum = 16777216)]
    pub max_answer_bytes: u32,
}

/// Keeps answers for as long as the backend's `Cache-Control` says (RFC 9111).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schema(as = CachePolicy)]
pub struct Cache {
    /// Longest answer that is kept.
    #[schema(default = 1048576, minimum = 1, maximum = 16777216)]
    pub max_entry_bytes: u32,
}

/// Holds calls against the API's OpenAPI document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Validation {
    /// Parameters and bodies of requests: what is wrong is a 400.
    #[schema(default = true)]
    pub requests: bool,
    /// Answers: what is wrong is a 502. For a sandbox, where an agency wants to know.
    #[schema(default = false)]
    pub responses: bool,
    /// Longest body that is looked at. A longer request is refused, a longer answer passed on.
    #[schema(default = 1048576, minimum = 1, maximum = 16777216)]
    pub max_body_bytes: u32,
}

/// Lets another backend answer some of the calls: a share, those that ask for it, those of some applications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Canary {
    /// The other backend, of the same organisation.
    pub backend_id: String,
    /// Of all calls, by chance.
    #[serde(default)]
    #[schema(default = 0, maximum = 100)]
    pub percent: u8,
    /// Every call that has this header field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "x-canary")]
    pub header: Option<String>,
    /// Every call of these applications: the organisation's own, and those of the consumers of its agreements.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub application_ids: Vec<String>,
}

/// Shows another backend some of the reads. Nobody gets its answers, and nobody waits for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mirror {
    /// The other backend, of the same organisation.
    pub backend_id: String,
    /// Of all `GET` and `HEAD` calls, by chance.
    #[serde(default = "all")]
    #[schema(default = 100, minimum = 1, maximum = 100)]
    pub percent: u8,
}

/// Takes the API aside: every call is answered 503 until it is taken away again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Maintenance {
    /// For people: why, and until when; in Swedish.
    #[schema(
        min_length = 1,
        max_length = 500,
        example = "Vi byter databas och är tillbaka 06.00."
    )]
    pub message: String,
    /// The same in English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        min_length = 1,
        max_length = 500,
        example = "We change databases and are back at 06.00."
    )]
    pub message_en: Option<String>,
    /// When callers are told to come back.
    #[serde(default = "ten_minutes")]
    #[schema(default = 600, minimum = 1, maximum = 604800)]
    pub retry_after_seconds: u64,
}

fn all() -> u8 {
    100
}

fn ten_minutes() -> u64 {
    600
}

/// What holds for fields that are left out is what holds on the request path.
macro_rules! default_of {
    ($($policy:ident),*) => {
        $(impl Default for $policy {
            fn default() -> Self {
                Self::from(&snapshot::$policy::default())
            }
        })*
    };
}

default_of!(Breaker, Retry, Idempotency, Cache);

impl Default for Ejection {
    fn default() -> Self {
        Self::of(Some(&snapshot::Ejection::default()))
    }
}

impl Default for Validation {
    fn default() -> Self {
        Self {
            requests: true,
            responses: false,
            max_body_bytes: 1 << 20,
        }
    }
}
