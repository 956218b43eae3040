//! A municipality's own form: `GET /errands`. Snake case, codes in capitals, the wall's clock, weeks for deadlines.

use jiff::{SignedDuration, Timestamp};
use model::{
    Actor, ActorKind, BallHolder, Case, CaseEvent, CaseStatus, Links, LocalizedText, NextStep, Outcome, OutcomeKind,
    PartyRole, Reference, ReferenceKind, StatusDetail,
};
use serde::Deserialize;
use serde_json::Value;

use crate::forms::mina_arenden::ball_holder;
use crate::forms::swedish_time;
use crate::told::{Asked, Known, MOST_CASES, NotInForm, Told};

/// Under the producer's base URL; `party` goes in the query.
pub(crate) const PATH: &str = "/errands";

#[derive(Deserialize)]
struct Answer {
    errands: Vec<Value>,
    #[serde(default)]
    total: usize,
}

#[derive(Deserialize)]
struct Errand {
    errand_no: String,
    party: String,
    #[serde(rename = "type")]
    kind: String,
    heading: String,
    state: String,
    #[serde(default)]
    unit: Option<String>,
    opened: String,
    changed: String,
    #[serde(default)]
    statutory_weeks: Option<i64>,
    #[serde(default)]
    missing_documents: Vec<Missing>,
    #[serde(default)]
    waiting_for: Option<String>,
    #[serde(default)]
    decision: Option<Decision>,
    #[serde(default)]
    log: Vec<Entry>,
}

#[derive(Deserialize)]
struct Missing {
    code: String,
    label: String,
    before: String,
}

#[derive(Deserialize)]
struct Decision {
    result: String,
    appeal_until: Option<String>,
    appeal_to: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    at: String,
    code: String,
}

/// What the municipality's codes mean: the common status and the words for it.
const STATES: [(&str, CaseStatus, &str, &str); 7] = [
    ("INKOMMET", CaseStatus::Received, "Inkommet", "Received"),
    ("HANDLAGGS", CaseStatus::InProgress, "Handläggs", "Being handled"),
    (
        "KOMPLETTERING",
        CaseStatus::WaitingForPerson,
        "Väntar på komplettering",
        "Waiting for more documents",
    ),
    (
        "GRANNHORANDE",
        CaseStatus::WaitingForOther,
        "Grannar hörs",
        "Neighbours are heard",
    ),
    ("BESLUTAT", CaseStatus::Decided, "Beslutat", "Decided"),
    ("AVSLUTAT", CaseStatus::Closed, "Avslutat", "Closed"),
    ("ATERTAGET", CaseStatus::Withdrawn, "Återtaget", "Withdrawn"),
];

/// From an answer to what was told.
///
/// # Errors
/// An answer without a list of errands. An errand that is wrong is left out and counted.
pub(crate) fn read(asked: &Asked<'_>, body: &[u8]) -> Result<Told, NotInForm> {
    let answer: Answer = serde_json::from_slice(body).map_err(|_| NotInForm("errands"))?;
    // What it says that it has and did not give is missing.
    let mut told = Told {
        rejected: answer.total.saturating_sub(answer.errands.len()).min(MOST_CASES),
        ..Told::default()
    };
    for errand in answer.errands {
        match serde_json::from_value(errand)
            .ok()
            .and_then(|errand| case_of(asked, &errand))
        {
            Some(known) => told.take(asked, known),
            None => told.rejected += 1,
        }
    }
    Ok(told)
}

fn case_of(asked: &Asked<'_>, errand: &Errand) -> Option<Known> {
    // Somebody else's errand is nobody's business, whoever sent it.
    if errand.party != asked.identifier || errand.errand_no.is_empty() {
        return None;
    }
    let (_, status, sv, en) = *STATES.iter().find(|(code, ..)| *code == errand.state)?;
    let opened = swedish_time::read(&errand.opened)?;
    let case_id = asked.case_id(&errand.errand_no);
    let holder = ball_holder(status);
    let case = Case {
        case_id,
        references: vec![Reference {
            kind: ReferenceKind::DiaryNumber,
            value: errand.errand_no.clone(),
        }],
        organisation_id: asked.producer.organisation_id.clone(),
        service_id: Some(errand.kind.to_lowercase()),
        parties: vec![asked.own_part(PartyRole::Applicant, None)],
        title: LocalizedText::swedish(&errand.heading),
        summary: None,
        status,
        status_detail: Some(StatusDetail {
            code: errand.state.clone(),
            text: Some(LocalizedText::new(sv, en)),
        }),
        requires_action: status == CaseStatus::WaitingForPerson,
        closed: matches!(status, CaseStatus::Closed | CaseStatus::Withdrawn),
        ball_holder: holder,
        holder_id: (holder == BallHolder::Agency).then(|| asked.producer.organisation_id.clone()),
        next_steps: next_steps(errand, holder),
        progress: None,
        started_at: Some(opened),
        expected_at: None,
        legal_deadline_at: errand.statutory_weeks.and_then(|weeks| weeks_after(opened, weeks)),
        closed_at: logged(errand, "AVSLUTAT"),
        last_changed_at: swedish_time::read(&errand.changed)?,
        suspended: None,
        extended: None,
        outcome: errand.decision.as_ref().map(outcome),
        related_cases: Vec::new(),
        contact_point_ids: Vec::new(),
        source: asked.source(),
        revision: String::new(),
        links: Links::default(),
    };
    let events = errand
        .log
        .iter()
        .enumerate()
        .filter_map(|(at, entry)| event(case_id, errand, at, entry))
        .collect();
    Some(Known {
        reference: errand.errand_no.clone(),
        case,
        events,
        others: Vec::new(),
    })
}

fn weeks_after(time: Timestamp, weeks: i64) -> Option<Timestamp> {
    let hours = weeks
        .checked_mul(7 * 24)
        .filter(|hours| (0..=24 * 366 * 20).contains(hours))?;
    time.checked_add(SignedDuration::from_hours(hours)).ok()
}

fn logged(errand: &Errand, code: &str) -> Option<Timestamp> {
    errand
        .log
        .iter()
        .rev()
        .find(|entry| entry.code == code)
        .and_then(|entry| swedish_time::read(&entry.at))
}

fn next_steps(errand: &Errand, holder: BallHolder) -> Vec<NextStep> {
    let step = |step_id: &str, who, what, due_at| NextStep {
        step_id: step_id.to_owned(),
        who,
        what,
        contact_point_ids: Vec::new(),
        due_at,
        prevalidation_url: None,
    };
    match (holder, &errand.waiting_for) {
        (BallHolder::Person, _) => errand
            .missing_documents
            .iter()
            .map(|missing| {
                let what = LocalizedText::swedish(format!("Skicka in: {}", missing.label));
                step(
                    &missing.code,
                    BallHolder::Person,
                    what,
                    swedish_time::read(&missing.before),
                )
            })
            .collect(),
        (BallHolder::ThirdParty, Some(whom)) => {
            let what = LocalizedText::swedish(format!("Besked från {whom}"));
            vec![step("waiting-for", BallHolder::ThirdParty, what, None)]
        }
        _ => Vec::new(),
    }
}

fn outcome(decision: &Decision) -> Outcome {
    let kind = match decision.result.as_str() {
        "BEVILJAT" => OutcomeKind::Granted,
        "DELVIS" => OutcomeKind::PartlyGranted,
        "AVSLAG" => OutcomeKind::Rejected,
        "AVVISAT" => OutcomeKind::Dismissed,
        _ => OutcomeKind::Other,
    };
    Outcome {
        kind,
        explanation: None,
        appeal_by: decision.appeal_until.as_deref().and_then(swedish_time::read),
        appeal_to: decision.appeal_to.as_ref().map(LocalizedText::swedish),
    }
}

fn event(case_id: uuid::Uuid, errand: &Errand, at: usize, entry: &Entry) -> Option<CaseEvent> {
    let (_, status, sv, en) = *STATES.iter().find(|(code, ..)| *code == entry.code)?;
    Some(CaseEvent {
        event_id: format!("{}-{at}", errand.errand_no),
        case_id,
        type_: format!("KOMMUN.{}.{}", errand.kind.to_uppercase(), entry.code),
        occurred_at: swedish_time::read(&entry.at)?,
        title: LocalizedText::new(sv, en),
        text: None,
        plain_text: None,
        requires_action: status == CaseStatus::WaitingForPerson,
        closes_case: matches!(status, CaseStatus::Closed | CaseStatus::Withdrawn),
        actor: errand.unit.clone().map(|unit| Actor {
            kind: ActorKind::Agency,
            name: Some(unit),
        }),
        documents: Vec::new(),
        tags: Vec::new(),
        standard_version: None,
        required_scope: None,
    })
}

#[cfg(test)]
#[path = "errands/tests.rs"]
mod tests;
