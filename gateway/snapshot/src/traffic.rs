//! How calls are carried to backends that may be slow, broken or gone: plain policies, the same in a draft and compiled.

use std::num::NonZeroU32;
use std::time::Duration;

/// How a backend is used, and when it is left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendTraffic {
    /// Shares of the addresses, in their order; empty: all alike.
    pub weights: Vec<u32>,
    /// Calls of the whole node to the backend at once, each on a connection of its own; more wait or are refused. `None`:
    /// each worker's cap of connections.
    pub max_concurrent: Option<NonZeroU32>,
    /// Calls that may wait for one of those to end, as long as their deadline; more are refused at once.
    pub max_pending: u32,
    /// Time over which an address that is new or back takes on its full share.
    pub slow_start: Duration,
    /// When calls to the whole backend are paused; `None`: never.
    pub breaker: Option<Breaker>,
    /// When an address is passed over because calls to it fail; `None`: only while no connection can be opened.
    pub ejection: Option<Ejection>,
    /// How the node asks whether an address is well; `None`: it does not.
    pub health: Option<HealthCheck>,
}

impl Default for BackendTraffic {
    fn default() -> Self {
        Self {
            weights: Vec::new(),
            max_concurrent: None,
            max_pending: 0,
            slow_start: Duration::from_secs(10),
            breaker: None,
            ejection: Some(Ejection::default()),
            health: None,
        }
    }
}

/// Pauses calls to a backend when too many of the last ones failed, and lets a few through later to see.
///
/// A failure is a call without an answer (no connection, a broken answer, none within the API's own deadline) and an answer
/// of 500 or more that blames the backend (not 501 or 505).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    /// Failures among the calls of the window, in percent, at which it opens.
    pub failure_percent: u8,
    /// Calls looked at: those that ended in this time.
    pub window: Duration,
    /// It never opens on fewer calls than this in the window.
    pub min_calls: u32,
    /// How long it stays open the first time; doubled each time that the probes fail, up to a minute.
    pub open_for: Duration,
    /// Calls let through at once after that; it closes when as many in a row went well.
    pub probes: u8,
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            failure_percent: 50,
            window: Duration::from_secs(10),
            min_calls: 20,
            open_for: Duration::from_secs(5),
            probes: 3,
        }
    }
}

/// Passes over an address to which calls fail while others are well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ejection {
    /// Failures in a row.
    pub failures: u32,
    /// How long the first time; twice as long the second time, and so on, up to five minutes.
    pub eject_for: Duration,
    /// Never more of the backend's addresses than this, in percent, and never the last one.
    pub max_percent: u8,
}

impl Default for Ejection {
    fn default() -> Self {
        Self {
            failures: 5,
            eject_for: Duration::from_secs(10),
            max_percent: 50,
        }
    }
}

/// Asks each address in turn, from outside the request path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCheck {
    /// What is asked with `GET`; begins with `/`.
    pub path: String,
    /// How often.
    pub interval: Duration,
    /// How long the answer may take.
    pub timeout: Duration,
    /// Bad answers in a row after which the address is passed over. Good is a status from 200 to 399.
    pub unhealthy_after: u32,
    /// Good answers in a row after which it is used again.
    pub healthy_after: u32,
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self {
            path: "/health".to_owned(),
            interval: Duration::from_secs(5),
            timeout: Duration::from_secs(1),
            unhealthy_after: 3,
            healthy_after: 2,
        }
    }
}

/// How calls to one API are carried.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiTraffic {
    /// When a call may be sent once more after it may have reached the backend; `None`: never.
    ///
    /// What provably did not reach it (no connection, a connection that closed before anything was sent) is sent to
    /// another connection or address in any case.
    pub retry: Option<Retry>,
    /// Whether a call with an `Idempotency-Key` is carried out once only; `None`: the key is passed on, and that is all.
    pub idempotency: Option<Idempotency>,
    /// Whether answers are kept (RFC 9111); `None`: each call is asked for.
    pub cache: Option<Cache>,
    /// What is held against the API's OpenAPI document; `None`: nothing.
    pub validate: Option<Validate>,
    /// Whether the API is taken aside for work.
    pub maintenance: Option<Maintenance>,
    /// Which calls go to another backend.
    pub canary: Option<Canary>,
    /// Which reads another backend is shown.
    pub mirror: Option<Mirror>,
    /// Whether callers may ask for the examples of the API's document; `None`: on a sandbox.
    pub mock_answers: Option<bool>,
}

/// What is held against the API's OpenAPI document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validate {
    /// Parameters and bodies of requests: what is wrong is a 400.
    pub requests: bool,
    /// Answers: what is wrong is a 502. For a sandbox, where an agency wants to know.
    pub responses: bool,
    /// Longest body: it is kept in memory while it is looked at. A longer request is refused, a longer answer passed on.
    pub max_body_bytes: u32,
}

/// An API that is taken aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maintenance {
    /// For people: why, and until when; in Swedish.
    pub message: String,
    /// The same in English, where its owner has written it.
    pub message_en: Option<String>,
    /// When callers are told to come back.
    pub retry_after: Duration,
}

impl Maintenance {
    /// What is wrong with it: each field and a message.
    pub fn problems(&self) -> Vec<(&'static str, &'static str)> {
        let readable = |text: &str| (1..=500).contains(&text.chars().count());
        let said = "must be 1 to 500 characters: it is what people read";
        let mut problems = Vec::new();
        if !readable(&self.message) {
            problems.push(("maintenance.message", said));
        }
        if !self.message_en.as_deref().is_none_or(readable) {
            problems.push(("maintenance.message_en", said));
        }
        if !(Duration::from_secs(1)..=Duration::from_secs(7 * 24 * 3600)).contains(&self.retry_after) {
            problems.push((
                "maintenance.retry_after",
                "must be a second at least and seven days at most",
            ));
        }
        problems
    }
}

/// Calls that another backend answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canary {
    /// Its id; it belongs to the organisation of the API's own.
    pub backend: String,
    /// Of all calls, by chance.
    pub percent: u8,
    /// Every call that has this header field.
    pub header: Option<String>,
    /// Every call of these applications.
    pub applications: Vec<String>,
}

impl Canary {
    /// Whether there is any call that it would answer.
    pub fn gets_calls(&self) -> bool {
        self.percent > 0 || self.header.is_some() || !self.applications.is_empty()
    }
}

/// Reads that another backend is shown. Nobody gets its answers, and nobody waits for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// Its id; it belongs to the organisation of the API's own.
    pub backend: String,
    /// Of all `GET` and `HEAD` calls, by chance.
    pub percent: u8,
}

/// How calls with an `Idempotency-Key` are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// How long an answer is kept, and a repetition known for one.
    pub keep_for: Duration,
    /// Whether `POST` and `PATCH` without a key are refused.
    pub required: bool,
    /// Longest body of a call with a key: it is kept in memory while it is compared.
    pub max_body_bytes: u32,
    /// Longest answer that is kept. After a longer one a repetition is told that it is one, and no more.
    pub max_answer_bytes: u32,
}

impl Default for Idempotency {
    fn default() -> Self {
        Self {
            keep_for: Duration::from_secs(24 * 60 * 60),
            required: false,
            max_body_bytes: 1 << 20,
            max_answer_bytes: 256 << 10,
        }
    }
}

/// How answers are kept. For how long is the backend's to say, in `Cache-Control`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    /// Longest answer that is kept.
    pub max_entry_bytes: u32,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            max_entry_bytes: 1 << 20,
        }
    }
}

/// Which calls are sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// Which methods. A call with an `Idempotency-Key` is repeated whatever its method.
    pub methods: RetryMethods,
    /// How often at most, after the first time.
    pub attempts: u8,
    /// Statuses that are a reason too, besides a broken connection; each 500 or more. A `Retry-After` is waited for when it
    /// fits the deadline, else the answer is passed on.
    pub statuses: Vec<u16>,
    /// How long one try may take to be answered while others are left; `None`: the whole deadline.
    pub try_timeout: Option<Duration>,
    /// Calls that are sent again, in percent of the calls to the backend's APIs that may be, within ten seconds; three may
    /// be whatever the traffic.
    pub budget_percent: u8,
    /// A request body up to this many bytes is kept to be sent again; a call with a longer one is sent once.
    pub max_replay_bytes: u32,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            methods: RetryMethods::Safe,
            attempts: 1,
            statuses: Vec::new(),
            try_timeout: None,
            budget_percent: 20,
            max_replay_bytes: 64 * 1024,
        }
    }
}

/// Methods by what repeating them does (RFC 9110 section 9.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryMethods {
    /// `GET`, `HEAD`, `OPTIONS`.
    Safe,
    /// Those and `PUT` and `DELETE`.
    Idempotent,
}
