//! Which traces are kept, decided when everything about the request is known.

use crate::record::{Blame, Outcome, RequestRecord};
use std::time::Duration;

/// Why a trace is kept. The order is that of worth: what comes first survives when the queue is nearly full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// The gateway or a backend failed.
    Failed,
    /// It took too long.
    Slow,
    /// It is in the share.
    Share,
    /// The caller was refused or went away. Last, because one bad caller can make any number of these.
    Refused,
}

/// `None`: an ordinary request outside the share.
pub(crate) fn reason(record: &RequestRecord, duration: Duration, slow: Duration) -> Option<Reason> {
    let at_fault = matches!(record.blame, Some(Blame::Upstream | Blame::Gateway));
    if record.status >= 500 || at_fault || record.outcome == Outcome::UpstreamBroke {
        return Some(Reason::Failed);
    }
    if duration >= slow {
        return Some(Reason::Slow);
    }
    if record.trace.sampled {
        return Some(Reason::Share);
    }
    let refused = record.error.is_some() || record.status >= 400 || record.outcome == Outcome::ClientGone;
    refused.then_some(Reason::Refused)
}
