//! What became of each source of a list: who answered, who did not, and how old what is shown is.

use jiff::Timestamp;
use model::LocalizedText;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What became of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum SourceStatus {
    /// It answered just now.
    Ok,
    /// It did not; its last known state is shown.
    Stale,
    /// It did not answer, or not as it should; nothing of it is shown.
    Failed,
    /// It did not answer in time; nothing of it is shown.
    Timeout,
    /// It was not asked: it has nothing to do with the person, or was filtered out.
    NotAsked,
}

/// What became of one source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "sourceId": "indrivningsverket", "organisationId": "indrivningsverket",
    "name": {"sv": "Indrivningsverket (sandlåda)", "en": "Debt Collection Agency (sandbox)"},
    "status": "failed", "itemCount": 0, "traceId": "4bf92f3577b34da6a3ce929d0e0e4736"
}))]
pub(crate) struct SourceReport {
    /// Which source.
    pub(crate) source_id: String,
    /// Whose it is.
    pub(crate) organisation_id: String,
    /// What people call it.
    pub(crate) name: LocalizedText,
    /// What became of it.
    pub(crate) status: SourceStatus,
    /// When what is shown of it was true.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-01-15T10:00:00Z")]
    pub(crate) as_of: Option<Timestamp>,
    /// What it answered, when it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) http_status: Option<u16>,
    /// How many cases of it there are, before filters.
    pub(crate) item_count: u64,
    /// How many items of it were left out because they were wrong; then the answer is not complete.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) rejected_item_count: u64,
    /// When it may be asked again, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after_seconds: Option<u32>,
    /// The trace to quote when asking why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trace_id: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl SourceReport {
    /// Whether nothing of this source is missing or old.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.status, SourceStatus::Ok | SourceStatus::NotAsked) && self.rejected_item_count == 0
    }

    /// Whether there is anything from this source to show.
    pub(crate) fn answers(&self) -> bool {
        matches!(self.status, SourceStatus::Ok | SourceStatus::Stale)
    }
}
