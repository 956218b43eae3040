//! What the registry has to say of an uploaded document.

use catalogue::compare::{Change, Comparison, Impact};
use catalogue::profile::{self, Severity};
use model::Links;
use serde::Serialize;
use snapshot::RouteDraft;
use utoipa::ToSchema;

/// Findings that a report holds at most; the rest are counted.
pub(super) const MOST_FINDINGS: usize = 500;

/// What the registry has to say of an uploaded document.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DocumentReport {
    /// What it is found by.
    pub document_hash: String,
    /// The operations that it describes.
    pub operations: Vec<String>,
    /// Operations that are served now and that it lacks: publishing an active version without them is refused.
    pub lost_operations: Vec<String>,
    /// What is different from the document that is published; the breaking changes first.
    pub changes: Vec<DocumentChange>,
    /// How many of them break callers: publishing an active version with one is refused.
    pub breaking_change_count: usize,
    /// Errors against the national REST profile.
    pub error_count: usize,
    /// Warnings of the national REST profile.
    pub warning_count: usize,
    /// Each of them; the errors first.
    pub findings: Vec<Finding>,
    /// Links.
    #[serde(rename = "_links")]
    pub links: Links,
}

/// One change since the document that is published.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DocumentChange {
    /// Kind of change, `operation-removed`.
    pub rule_id: String,
    /// `breaking`, `careful` or `compatible`.
    pub impact: String,
    /// JSON pointer into the document, or into the published one.
    pub place: String,
    /// Whether the place is in the published document, because the new one lacks it.
    pub in_published: bool,
    /// What happened there.
    pub message: String,
    /// The kind of change, in Swedish.
    pub rule: String,
    /// What to do about it.
    pub mend: String,
}

/// One breach of the national REST profile.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProfileFinding)]
pub struct Finding {
    /// The profile's id of the rule, `SAK.01`.
    pub rule_id: String,
    /// `error` or `warning`.
    pub severity: String,
    /// JSON pointer into the document.
    pub place: String,
    /// What is wrong.
    pub message: String,
    /// The rule, in Swedish.
    pub rule: String,
    /// What to do about it.
    pub mend: String,
}

impl DocumentReport {
    /// Puts it together; `own` is the API's address.
    pub(super) fn of(
        document_hash: String,
        routes: &[RouteDraft],
        lost_operations: Vec<String>,
        compared: Comparison,
        findings: Vec<profile::Finding>,
        own: &str,
    ) -> Self {
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
        let error_count = errors.count();
        Self {
            document_hash,
            operations: routes.iter().map(named).collect(),
            lost_operations,
            breaking_change_count: compared.breaking().count(),
            changes: compared
                .changes
                .into_iter()
                .take(MOST_FINDINGS)
                .map(told_change)
                .collect(),
            error_count,
            warning_count: findings.len() - error_count,
            findings: findings.into_iter().take(MOST_FINDINGS).map(told).collect(),
            links: Links::to_self(format!("{own}/openapi"))
                .and("up", own.to_owned())
                .and("preview", format!("{own}/preview")),
        }
    }
}

fn named(route: &RouteDraft) -> String {
    let method = route.method.as_ref().map_or("*", |method| method.as_str());
    format!("{method} {}", route.path)
}

fn told_change(change: Change) -> DocumentChange {
    DocumentChange {
        rule_id: change.rule.to_owned(),
        impact: match change.impact {
            Impact::Breaking => "breaking",
            Impact::Careful => "careful",
            Impact::Compatible => "compatible",
        }
        .to_owned(),
        place: change.place,
        in_published: change.in_old,
        message: change.message,
        rule: change.message_sv.to_owned(),
        mend: change.mend.to_owned(),
    }
}

fn told(finding: profile::Finding) -> Finding {
    Finding {
        rule_id: finding.rule.to_owned(),
        severity: match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
        .to_owned(),
        place: finding.place,
        message: finding.message,
        rule: finding.message_sv.to_owned(),
        mend: finding.mend.to_owned(),
    }
}
