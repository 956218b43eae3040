//! Everything the gateway itself refuses, and the one table of facts about it.
//!
//! A middleware returns a [`GatewayError`]; [`GatewayError::kind`] names its [`ErrorKind`]; [`ErrorKind::facts`] holds all
//! that follows from the kind: status, code, blame, log level, what to do. Nothing else decides any of these.

mod facts;

pub use facts::{Advice, ErrorKind, Facts};

use crate::middleware::validate::Violation;
use crate::upstream::UpstreamError;
use http::HeaderValue;
use snapshot::LimitPer;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// Words of an API's owner to people.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Words {
    /// In Swedish.
    pub sv: String,
    /// In English, where they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub en: Option<String>,
}

/// Why a call was not answered by the backend.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The request can be read in more than one way, or not at all.
    #[error("malformed request: {0}")]
    Malformed(&'static str),
    /// An `Expect` other than `100-continue`.
    #[error("unknown expectation")]
    Expectation,
    /// Path and query together are longer than the cap.
    #[error("request target too long")]
    UriTooLong,
    /// Too many requests in flight.
    #[error("overloaded")]
    Overloaded {
        /// When the caller may try again.
        retry_after: Duration,
    },
    /// No API is served under this path.
    #[error("no such API")]
    UnknownApi,
    /// The API has no such path.
    #[error("no such path in {api}")]
    UnknownPath {
        /// Title of the API.
        api: Arc<str>,
    },
    /// The path exists, the method does not.
    #[error("method not allowed")]
    MethodNotAllowed {
        /// `Allow`, as rendered in the snapshot.
        allow: HeaderValue,
    },
    /// The API's version has been taken out of use.
    #[error("{api} has been taken out of use")]
    Gone {
        /// Title of the API.
        api: Arc<str>,
    },
    /// No credential where one is needed.
    #[error("no credential")]
    CredentialMissing,
    /// A credential that does not hold.
    #[error("credential refused: {0}")]
    CredentialRefused(CredentialRefusal),
    /// A token that is bound to its sender, without what it is bound to.
    #[error("possession not proved: {}", .0.code)]
    ProofRefused(Box<ProofRefusal>),
    /// Whether a proof of possession was used on another node cannot be known just now.
    #[error("the store of used proofs is unavailable")]
    ProofUnavailable,
    /// The issuer's keys cannot be had just now, so the token can be neither trusted nor refused.
    #[error("the issuer's keys are unavailable")]
    KeysUnavailable {
        /// When to try again.
        retry_after: Duration,
    },
    /// No agreement lets this application call this API.
    #[error("no agreement for {application} to call {api}")]
    AgreementMissing {
        /// Application id.
        application: Arc<str>,
        /// Title of the API.
        api: Arc<str>,
    },
    /// The agreement exists, but not now.
    #[error("agreement {agreement} is not in force")]
    AgreementNotInForce {
        /// Agreement id.
        agreement: Arc<str>,
        /// Whether it is over, or has not begun.
        ended: bool,
        /// Unix seconds at which it ended or begins.
        at: i64,
    },
    /// The agreement exists, and a party has suspended it.
    #[error("agreement {agreement} is suspended")]
    AgreementSuspended {
        /// Agreement id.
        agreement: Arc<str>,
    },
    /// The credential or the agreement lacks a scope.
    #[error("scope {scope} missing")]
    ScopeMissing {
        /// The scope asked for.
        scope: Arc<str>,
        /// The agreement that lacks it; `None`: the token does.
        agreement: Option<Arc<str>>,
    },
    /// A quota of which nobody can say just now whether there is anything left.
    #[error("quota {policy} unknown")]
    QuotaUnavailable {
        /// The policy's name.
        policy: Arc<str>,
        /// When to try again.
        retry_after: Duration,
    },
    /// A rate limit is reached.
    #[error("limit {} reached", .0.policy.name)]
    LimitReached(limits::Refusal),
    /// The request body is larger than the API takes.
    #[error("request body over {limit} bytes")]
    BodyTooLarge {
        /// The cap in bytes.
        limit: u64,
    },
    /// The caller stopped sending its body.
    #[error("request body stalled")]
    BodyStalled,
    /// The backend could not be asked, or broke its answer.
    #[error("backend {backend}: {source}")]
    Upstream {
        /// Backend id, for the log.
        backend: Arc<str>,
        /// The agency's name, for the caller.
        agency: Arc<str>,
        /// What happened.
        source: UpstreamError,
    },
    /// So many calls to the backend failed that none is sent for a while.
    #[error("calls to backend {backend} are paused")]
    UpstreamPaused {
        /// Backend id, for the log.
        backend: Arc<str>,
        /// The agency's name, for the caller.
        agency: Arc<str>,
        /// When to try again.
        retry_after: Duration,
    },
    /// The backend did not answer in time.
    #[error("backend {backend} did not answer within {after:?}")]
    UpstreamTimeout {
        /// Backend id, for the log.
        backend: Arc<str>,
        /// The agency's name, for the caller.
        agency: Arc<str>,
        /// How long it had.
        after: Duration,
    },
    /// The request is not what the API's document describes.
    #[error("the request breaks {} rules of the API's document", .0.len())]
    RequestInvalid(Vec<Violation>),
    /// The answer is not what the API's document describes.
    #[error("the answer breaks {} rules of the API's document", .0.len())]
    AnswerInvalid(Vec<Violation>),
    /// The API's owner has taken it aside for work.
    #[error("{api} is taken aside for work")]
    Maintenance {
        /// Title of the API.
        api: Arc<str>,
        /// The owner's words.
        words: Box<Words>,
        /// When to come back.
        retry_after: Duration,
    },
    /// An `Idempotency-Key` that is none, or none where one is needed.
    #[error("no usable Idempotency-Key")]
    IdempotencyKey,
    /// The first call with this key is under way.
    #[error("a call with the same Idempotency-Key is under way")]
    IdempotencyInFlight,
    /// The key was used for another call.
    #[error("the Idempotency-Key was used for another call")]
    IdempotencyReused,
    /// The first call with this key was sent, and its answer is not known or was not kept.
    #[error("the outcome of the first call with this Idempotency-Key is not known")]
    IdempotencyUnknown,
    /// Whether there was a first call cannot be known just now.
    #[error("the store of idempotency keys is unavailable")]
    IdempotencyUnavailable,
    /// `only-if-cached`, and it is not.
    #[error("not in the cache")]
    NotCached,
    /// An example was asked for, and the API's document has no such one.
    #[error("no such example of {operation}")]
    ExampleUnknown {
        /// Method and path template.
        operation: Arc<str>,
        /// What there is.
        known: String,
    },
    /// A defect of the gateway's own.
    #[error("internal: {0}")]
    Internal(Cow<'static, str>),
}

/// What was wrong with a proof of possession.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofRefusal {
    /// RFC 9449 section 7.1: `invalid_token`, `invalid_dpop_proof`, `use_dpop_nonce`.
    pub code: &'static str,
    /// For the caller.
    pub description: Cow<'static, str>,
    /// The nonce that the next proof must carry.
    pub nonce: Option<String>,
}

/// What was wrong with a credential: a stable code and words that are safe to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialRefusal {
    /// `key` or `token`.
    pub kind: CredentialKind,
    /// Stable machine code, for example `expired`.
    pub code: &'static str,
    /// For the caller.
    pub description: Cow<'static, str>,
}

impl std::fmt::Display for CredentialRefusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.code)
    }
}

/// Which credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    /// `X-Api-Key`.
    Key,
    /// `Authorization: Bearer`.
    Token,
}

impl GatewayError {
    /// The kind, from which everything else follows.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Malformed(_) => ErrorKind::MalformedRequest,
            Self::Expectation => ErrorKind::ExpectationFailed,
            Self::UriTooLong => ErrorKind::UriTooLong,
            Self::Overloaded { .. } => ErrorKind::Overloaded,
            Self::UnknownApi => ErrorKind::UnknownApi,
            Self::UnknownPath { .. } => ErrorKind::UnknownPath,
            Self::MethodNotAllowed { .. } => ErrorKind::MethodNotAllowed,
            Self::Gone { .. } => ErrorKind::ApiGone,
            Self::CredentialMissing => ErrorKind::CredentialMissing,
            Self::CredentialRefused(_) | Self::ProofRefused(_) => ErrorKind::CredentialRefused,
            Self::ProofUnavailable => ErrorKind::ProofUnavailable,
            Self::KeysUnavailable { .. } => ErrorKind::KeysUnavailable,
            Self::AgreementMissing { .. } => ErrorKind::AgreementMissing,
            Self::AgreementNotInForce { .. } | Self::AgreementSuspended { .. } => ErrorKind::AgreementNotInForce,
            Self::ScopeMissing { .. } => ErrorKind::ScopeMissing,
            Self::LimitReached(_) => ErrorKind::LimitReached,
            Self::QuotaUnavailable { .. } => ErrorKind::QuotaUnavailable,
            Self::BodyTooLarge { .. } => ErrorKind::BodyTooLarge,
            Self::BodyStalled => ErrorKind::BodyStalled,
            Self::Upstream { source, .. } => source.kind(),
            Self::UpstreamPaused { .. } => ErrorKind::UpstreamPaused,
            Self::RequestInvalid(_) => ErrorKind::RequestInvalid,
            Self::AnswerInvalid(_) => ErrorKind::AnswerInvalid,
            Self::Maintenance { .. } => ErrorKind::Maintenance,
            Self::IdempotencyKey => ErrorKind::IdempotencyKeyRefused,
            Self::IdempotencyInFlight => ErrorKind::IdempotencyInFlight,
            Self::IdempotencyReused => ErrorKind::IdempotencyReused,
            Self::IdempotencyUnknown => ErrorKind::IdempotencyUnknown,
            Self::IdempotencyUnavailable => ErrorKind::IdempotencyUnavailable,
            Self::NotCached => ErrorKind::NotCached,
            Self::ExampleUnknown { .. } => ErrorKind::ExampleUnknown,
            Self::UpstreamTimeout { .. } => ErrorKind::UpstreamTimeout,
            Self::Internal(_) => ErrorKind::Internal,
        }
    }

    /// What the caller is told; never anything internal (REST profile SAK.24-26).
    pub fn detail(&self) -> String {
        match self {
            Self::Malformed(what) => (*what).to_owned(),
            Self::UnknownPath { api } => format!("{api} has no such path. Its documentation lists every operation."),
            Self::MethodNotAllowed { allow } => {
                format!("Use one of: {}.", allow.to_str().unwrap_or("see the documentation"))
            }
            Self::Gone { api } => format!("{api} is no longer served. The Link header names its successor, if there is one."),
            Self::CredentialRefused(refusal) => refusal.description.clone().into_owned(),
            Self::ProofRefused(refusal) => refusal.description.clone().into_owned(),
            Self::KeysUnavailable { .. } => {
                "The token's issuer does not answer, so the token could not be checked. The token may be fine: try again.".to_owned()
            }
            Self::AgreementMissing { application, api } => {
                format!("Application {application} has no agreement that covers {api}.")
            }
            Self::AgreementNotInForce { agreement, ended: true, at } => {
                format!("Agreement {agreement} ended at {}.", date(*at))
            }
            Self::AgreementNotInForce { agreement, ended: false, at } => {
                format!("Agreement {agreement} is in force from {}.", date(*at))
            }
            Self::AgreementSuspended { agreement } => {
                format!("Agreement {agreement} is suspended by one of its parties.")
            }
            Self::ScopeMissing { scope, agreement: None } => format!("The token lacks the scope {scope}."),
            Self::ScopeMissing { scope, agreement: Some(agreement) } => {
                format!("Agreement {agreement} does not grant the scope {scope}.")
            }
            Self::LimitReached(refusal) if refusal.policy.calendar.is_some() => used_up(refusal),
            Self::LimitReached(refusal) => {
                let policy = &refusal.policy;
                format!(
                    "The limit \"{}\" allows {} calls in {} s. Try again in {} s. {}",
                    policy.name,
                    policy.quota,
                    policy.window.as_secs(),
                    whole_seconds(refusal.retry_after),
                    how_to_get_more(policy.per)
                )
            }
            Self::BodyTooLarge { limit } => format!("This API takes bodies of at most {limit} bytes."),
            Self::Upstream { agency, .. } => format!(
                "{agency} could not answer: the fault is in the agency's system, not in your call. {}",
                self.kind().facts().advice.en
            ),
            Self::UpstreamPaused { agency, retry_after, .. } => format!(
                "{agency} has failed so many calls that none is sent to it for the next {} s. {}",
                whole_seconds(*retry_after),
                self.kind().facts().advice.en
            ),
            Self::Maintenance { api, words, .. } => match &words.en {
                Some(en) => format!("{api}: {} / {en}", words.sv),
                None => format!("{api}: {}", words.sv),
            },
            Self::ExampleUnknown { operation, known } if known.is_empty() => {
                format!("The API's document describes no answer of {operation}.")
            }
            Self::ExampleUnknown { operation, known } => {
                format!("{operation} has no such example. Its document has: {known}.")
            }
            Self::UpstreamTimeout { agency, after, .. } => format!(
                "{agency} did not answer within {} s. {}",
                after.as_secs_f32(),
                self.kind().facts().advice.en
            ),
            Self::Expectation
            | Self::UriTooLong
            | Self::Overloaded { .. }
            | Self::UnknownApi
            | Self::CredentialMissing
            | Self::BodyStalled
            | Self::RequestInvalid(_)
            | Self::AnswerInvalid(_)
            | Self::IdempotencyKey
            | Self::IdempotencyInFlight
            | Self::IdempotencyReused
            | Self::IdempotencyUnknown
            | Self::IdempotencyUnavailable
            | Self::QuotaUnavailable { .. }
            | Self::ProofUnavailable
            | Self::NotCached
            | Self::Internal(_) => self.kind().facts().advice.en.to_owned(),
        }
    }

    /// What is wrong, place by place.
    pub(crate) fn violations(&self) -> Option<&[Violation]> {
        match self {
            Self::RequestInvalid(violations) | Self::AnswerInvalid(violations) => Some(violations),
            _ => None,
        }
    }

    /// When the caller may try again, where that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::LimitReached(refusal) => Some(refusal.retry_after),
            Self::KeysUnavailable { retry_after }
            | Self::QuotaUnavailable { retry_after, .. }
            | Self::UpstreamPaused { retry_after, .. }
            | Self::Overloaded { retry_after }
            | Self::Maintenance { retry_after, .. } => Some(*retry_after),
            Self::IdempotencyInFlight | Self::IdempotencyUnavailable | Self::ProofUnavailable => {
                Some(Duration::from_secs(1))
            }
            Self::Upstream { .. } if self.kind() == ErrorKind::UpstreamBusy => Some(Duration::from_secs(1)),
            _ => None,
        }
    }
}

/// A quota says when it opens again by the clock: it may be days away.
fn used_up(refusal: &limits::Refusal) -> String {
    let policy = &refusal.policy;
    let period = policy.calendar.map_or("period", snapshot::Calendar::name);
    let opens = jiff::Timestamp::now().checked_add(refusal.retry_after);
    // Rounded to the minute: the wait is counted in whole seconds, and a period begins at midnight.
    let opens = opens.and_then(|at| at.round(jiff::Unit::Minute));
    format!(
        "The quota \"{}\" allows {} calls in a calendar {period} (UTC), and they are used. It opens again at {}. {}",
        policy.name,
        policy.quota,
        opens.map_or_else(|_| "the next period".to_owned(), |at| at.to_string()),
        how_to_get_more(policy.per)
    )
}

/// Whom to ask for more, or why there is none.
fn how_to_get_more(per: LimitPer) -> &'static str {
    match per {
        LimitPer::Application | LimitPer::Agreement => {
            "If that is too little for your purpose, ask the agency to raise it in the agreement."
        }
        LimitPer::Address => {
            "It counts the network address. Calls with a credential of your own can have a limit of their own."
        }
        LimitPer::Person => {
            "It protects one person's data and counts every application together. The agency alone can raise it."
        }
        LimitPer::Api => {
            "It protects the agency's system and is shared by all callers. Ask the agency for a limit of your own."
        }
    }
}

/// Rounded up, so that waiting as told is enough.
pub(crate) fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

fn date(unix_seconds: i64) -> String {
    let since_epoch = u64::try_from(unix_seconds).unwrap_or(0);
    httpdate(std::time::UNIX_EPOCH + Duration::from_secs(since_epoch))
}

fn httpdate(at: std::time::SystemTime) -> String {
    jiff::Timestamp::try_from(at).map_or_else(|_| "an unknown time".to_owned(), |at| at.to_string())
}
