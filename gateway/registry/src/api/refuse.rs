//! How the registry says no.

use crate::rules::Breach;
use crate::store;
use database::Error as DatabaseError;
use model::{Problem, ProblemKind};
use service_host::Refusal;

/// Seconds after which a caller may try again while the database is away.
const DATABASE_AWAY: u32 = 5;

pub(crate) fn not_found(what: &str) -> Refusal {
    Refusal::of(ProblemKind::NotFound, format!("There is no {what} with this id."))
}

pub(crate) fn not_allowed(detail: impl Into<String>) -> Refusal {
    Refusal::of(ProblemKind::NotAllowed, detail)
}

pub(crate) fn conflict(detail: impl Into<String>) -> Refusal {
    Refusal::of(ProblemKind::Conflict, detail)
}

pub(crate) fn stale(revision: i64) -> Refusal {
    let detail = format!("It has been changed since: it is at revision {revision} now. Read it again and decide anew.");
    Refusal::of(ProblemKind::StaleRevision, detail)
}

pub(crate) fn revision_needed() -> Refusal {
    let detail = "Send If-Match with the ETag that you read, so that nobody else's change is lost.";
    Refusal::of(ProblemKind::RevisionNeeded, detail)
}

/// 422 with every breach.
pub(crate) fn breaches(breaches: Vec<Breach>) -> Refusal {
    let detail = match breaches.as_slice() {
        [one] => format!("The field '{}': {}.", one.field, one.message.trim_end_matches('.')),
        many => format!("{} fields are wrong; errors lists them.", many.len()),
    };
    let problem = Problem::of(ProblemKind::InvalidBody).detail(detail);
    breaches
        .into_iter()
        .fold(problem, |problem, breach| problem.field(breach.field, breach.message))
        .into()
}

pub(crate) fn store(error: store::Error) -> Refusal {
    match &error {
        store::Error::Database(DatabaseError::Unavailable(_) | DatabaseError::Serialization(_)) => {
            tracing::warn!(%error, "the registry's database does not answer");
            let detail = "The registry's database cannot be reached. Calls to APIs go on as they are; read and change again \
                          when it is back. Whether a change that was under way took effect is seen by reading.";
            Problem::of(ProblemKind::Unavailable)
                .detail(detail)
                .retry_after(DATABASE_AWAY)
                .into()
        }
        store::Error::Database(DatabaseError::Full(_)) => {
            tracing::error!(%error, "the registry's database is full");
            let detail =
                "The registry's database has no room left. Calls to APIs go on as they are; nothing was changed.";
            Problem::of(ProblemKind::Unavailable)
                .detail(detail)
                .retry_after(DATABASE_AWAY)
                .into()
        }
        store::Error::Database(DatabaseError::Conflict { .. }) => {
            conflict("Another change was first. Read again and decide anew.")
        }
        _ => {
            tracing::error!(error = ?error, "the registry's store failed");
            Problem::of(ProblemKind::Internal).into()
        }
    }
}
