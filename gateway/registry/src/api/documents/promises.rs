//! What a publication must keep of what is served.

use super::report::MOST_FINDINGS;
use super::{document, routes_of, routes_of_document};
use crate::compile;
use crate::intake;
use crate::model::{ApiRecord, Authentication, LifecycleState};
use crate::rules::Breach;
use crate::store::Change;
use catalogue::compare::{Comparison, Impact, Step, VersionError, check_version, next_version};
use model::{Problem, ProblemKind};
use serde_json::Value;
use service_host::Refusal;
use snapshot::RouteDraft;
use std::sync::Arc;

/// Nothing is different.
const UNCHANGED: Comparison = Comparison {
    step: Step::None,
    changes: Vec::new(),
};

/// The document that is published, where the draft has another one.
pub(super) async fn live(change: &mut Change, record: &ApiRecord) -> Result<Option<Value>, Refusal> {
    let published = record.published.as_ref();
    let live = published.and_then(|published| published.document.as_deref());
    match live.filter(|live| record.document.as_deref().is_some_and(|next| next != *live)) {
        Some(live) => Ok(Some(document(change, live).await?)),
        None => Ok(None),
    }
}

/// What is different from the published document.
pub(super) async fn compared(live: Option<Value>, next: Arc<Value>) -> Result<Comparison, Refusal> {
    let Some(live) = live else { return Ok(UNCHANGED) };
    let compared = tokio::task::spawn_blocking(move || catalogue::compare(&live, &next)).await;
    Ok(compared.map_err(|_| Problem::of(ProblemKind::Internal))?)
}

/// What would be lost to callers if the draft took the place of what is published.
pub(super) async fn lost(change: &mut Change, record: &ApiRecord, next: &[RouteDraft]) -> Result<Vec<String>, Refusal> {
    let Some(published) = &record.published else {
        return Ok(Vec::new());
    };
    let live = match &published.document {
        Some(hash) => routes_of_document(change, hash).await?,
        None => compile::operations_written(&published.api),
    };
    Ok(intake::lost_operations(&live, next))
}

/// An active version keeps what it has promised, and its number tells callers when it promises more: what breaks them gets a
/// new major version.
pub(in crate::api) async fn check_against_published(
    change: &mut Change,
    record: &ApiRecord,
) -> Result<Vec<Breach>, Refusal> {
    let promised = |state| matches!(state, LifecycleState::Active | LifecycleState::Deprecated);
    let Some(published) = record.published.as_ref().filter(|live| promised(live.api.state)) else {
        return Ok(Vec::new());
    };
    let mut breaches = Vec::new();
    let compared = match (live(change, record).await?, &record.document) {
        (Some(live), Some(next)) => compared(Some(live), Arc::new(document(change, next).await?)).await?,
        _ => UNCHANGED,
    };
    breaches.extend(wrong_number(&published.api.version, &record.draft.version, &compared));
    if !still_admits(published.api.authentication, record.draft.authentication) {
        let message =
            "no longer takes a credential that callers use: keep it, or register the change as a new major version";
        breaches.push(Breach::new("authentication", message));
    }
    let next = routes_of(change, record).await?;
    for operation in lost(change, record, &next).await? {
        let message =
            format!("lack `{operation}`, which callers use: keep it, or register the change as a new major version");
        breaches.push(Breach::new("operations", message));
    }
    let breaking = compared.changes.iter().filter(|one| one.impact == Impact::Breaking);
    for change in breaking.take(MOST_FINDINGS) {
        let place = if change.place.is_empty() { "/" } else { &change.place };
        let which = if change.in_old {
            ", in the published document"
        } else {
            ""
        };
        let message = format!(
            "breaks callers ({}{which}): {}. {}",
            change.rule, change.message, change.mend
        );
        breaches.push(Breach::new(place, message));
    }
    Ok(breaches)
}

/// The version's number beside what has changed in the document.
fn wrong_number(live: &str, next: &str, compared: &Comparison) -> Option<Breach> {
    // Whatever has changed, nobody expects an older number; what breaks callers is told change by change.
    let changes = if compared.breaking().next().is_some() {
        &UNCHANGED
    } else {
        compared
    };
    let error = check_version(live, next, changes).err()?;
    let due = next_version(live, changes.step).unwrap_or_default();
    let message = match &error {
        // What is no version at all is told by the rules of any draft.
        VersionError::NotSemantic(_) | VersionError::Breaking { .. } => return None,
        VersionError::NotLater { .. } if due.is_empty() => format!("goes back, which no caller expects: {error}"),
        VersionError::NotLater { .. } => format!(
            "must be {due} or later: the document is another one than that of {live}, which is published, and callers see \
             by the number that it is"
        ),
        VersionError::Additions { changes, .. } => format!(
            "must be {due} or later: the document has {changes} changes since {live} that callers can see, and a new patch \
             number says that there are none"
        ),
    };
    Some(Breach::new("version", message))
}

/// Whether whoever could call before still can.
fn still_admits(before: Authentication, now: Authentication) -> bool {
    use Authentication::{Key, KeyOrToken, None, Token};
    match (before, now) {
        (_, None) | (Key | Token, KeyOrToken) => true,
        (None | KeyOrToken | Key | Token, _) => before == now,
    }
}
