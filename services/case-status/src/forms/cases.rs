//! The form that follows the national REST profile: `GET /cases`, near to this service's own model.

use jiff::Timestamp;
use model::{
    BallHolder, Case, CaseEvent, CaseStatus, Extension, Links, LocalizedText, NextStep, Outcome, PartyRole, Reference,
    ReferenceKind, StatusDetail, Suspension,
};
use serde::Deserialize;
use serde_json::Value;

use crate::told::{Asked, Known, NotInForm, Other, Told};

/// Under the producer's base URL; `party`, `page` and `limit` go in the query.
pub(crate) const PATH: &str = "/cases";

/// How many are asked for at a time.
pub(crate) const LIMIT: u64 = 100;

#[derive(Deserialize)]
struct Answer {
    party: String,
    cases: Vec<Value>,
    #[serde(rename = "_meta", default)]
    meta: Option<Counted>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Counted {
    total_records: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToldCase {
    reference: String,
    #[serde(default)]
    service: Option<String>,
    title: LocalizedText,
    #[serde(default)]
    summary: Option<LocalizedText>,
    status: CaseStatus,
    #[serde(default)]
    status_detail: Option<StatusDetail>,
    requires_action: bool,
    ball_holder: BallHolder,
    #[serde(default)]
    parties: Vec<Part>,
    #[serde(default)]
    next_steps: Vec<NextStep>,
    #[serde(default)]
    progress: Option<u8>,
    #[serde(default)]
    started_at: Option<Timestamp>,
    #[serde(default)]
    expected_at: Option<Timestamp>,
    #[serde(default)]
    legal_deadline_at: Option<Timestamp>,
    #[serde(default)]
    closed_at: Option<Timestamp>,
    last_changed_at: Timestamp,
    #[serde(default)]
    suspended: Option<Suspension>,
    #[serde(default)]
    extended: Option<Extension>,
    #[serde(default)]
    outcome: Option<Outcome>,
    #[serde(default)]
    events: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    role: PartyRole,
    #[serde(default)]
    relation_term: Option<LocalizedText>,
    /// What the producer knows somebody else by; without it the part is the person's own.
    #[serde(default)]
    party: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Happened {
    event_id: String,
    #[serde(rename = "type")]
    type_: String,
    occurred_at: Timestamp,
    title: LocalizedText,
    #[serde(default)]
    text: Option<LocalizedText>,
    #[serde(default)]
    requires_action: bool,
    #[serde(default)]
    closes_case: bool,
    /// Who lacks this scope is not shown the event.
    #[serde(default)]
    required_scope: Option<String>,
}

/// One page of what was told.
#[derive(Debug)]
pub(crate) struct PageTold {
    /// How many items the page had, right and wrong.
    pub(crate) count: u64,
    /// How many there are in all, when the producer says so.
    pub(crate) total: Option<u64>,
}

/// Adds one page of an answer to what was told.
///
/// # Errors
/// An answer without a list of cases, or one about another person. A case that is wrong is left out and counted.
pub(crate) fn read(asked: &Asked<'_>, body: &[u8], told: &mut Told) -> Result<PageTold, NotInForm> {
    let answer: Answer = serde_json::from_slice(body).map_err(|_| NotInForm("cases"))?;
    if answer.party != asked.identifier {
        return Err(NotInForm("party is another"));
    }
    let count = answer.cases.len() as u64;
    for case in answer.cases {
        match serde_json::from_value(case).ok().and_then(|case| case_of(asked, case)) {
            Some(known) => told.take(asked, known),
            None => told.rejected += 1,
        }
    }
    Ok(PageTold {
        count,
        total: answer.meta.map(|meta| meta.total_records),
    })
}

/// Reads one case by itself, as it is pushed; none when it is not in the form.
pub(crate) fn read_one(asked: &Asked<'_>, case: Value) -> Option<Known> {
    serde_json::from_value(case).ok().and_then(|case| case_of(asked, case))
}

fn case_of(asked: &Asked<'_>, told: ToldCase) -> Option<Known> {
    if told.reference.is_empty() || told.progress.is_some_and(|progress| progress > 100) {
        return None;
    }
    let case_id = asked.case_id(&told.reference);
    let is_own = |part: &Part| part.party.as_deref().is_none_or(|party| party == asked.identifier);
    let (own, others): (Vec<_>, Vec<_>) = told.parties.into_iter().partition(is_own);
    let own_part = match own.into_iter().next() {
        Some(Part {
            role, relation_term, ..
        }) => asked.own_part(role, relation_term),
        None => asked.own_part(PartyRole::Applicant, None),
    };
    let other = |part: Part| {
        Some(Other {
            identifier: part.party.filter(|party| !party.is_empty())?,
            role: part.role,
            relation_term: part.relation_term,
        })
    };
    let case = Case {
        case_id,
        references: vec![Reference {
            kind: ReferenceKind::ProducerReference,
            value: told.reference.clone(),
        }],
        organisation_id: asked.producer.organisation_id.clone(),
        service_id: told.service,
        parties: vec![own_part],
        title: told.title,
        summary: told.summary,
        status: told.status,
        status_detail: told.status_detail,
        requires_action: told.requires_action,
        closed: matches!(told.status, CaseStatus::Closed | CaseStatus::Withdrawn),
        ball_holder: told.ball_holder,
        holder_id: (told.ball_holder == BallHolder::Agency).then(|| asked.producer.organisation_id.clone()),
        next_steps: told.next_steps,
        progress: told.progress,
        started_at: told.started_at,
        expected_at: told.expected_at,
        legal_deadline_at: told.legal_deadline_at,
        closed_at: told.closed_at,
        last_changed_at: told.last_changed_at,
        suspended: told.suspended,
        extended: told.extended,
        outcome: told.outcome,
        related_cases: Vec::new(),
        contact_point_ids: Vec::new(),
        source: asked.source(),
        revision: String::new(),
        links: Links::default(),
    };
    let events = told
        .events
        .into_iter()
        .filter_map(|event| event_of(case_id, event))
        .collect();
    Some(Known {
        reference: told.reference,
        case,
        events,
        others: others.into_iter().filter_map(other).collect(),
    })
}

fn event_of(case_id: uuid::Uuid, value: Value) -> Option<CaseEvent> {
    let happened: Happened = serde_json::from_value(value).ok()?;
    Some(CaseEvent {
        event_id: happened.event_id,
        case_id,
        type_: happened.type_,
        occurred_at: happened.occurred_at,
        title: happened.title,
        text: happened.text,
        plain_text: None,
        requires_action: happened.requires_action,
        closes_case: happened.closes_case,
        actor: None,
        documents: Vec::new(),
        tags: Vec::new(),
        standard_version: None,
        required_scope: happened.required_scope,
    })
}

#[cfg(test)]
#[path = "cases/tests.rs"]
mod tests;
