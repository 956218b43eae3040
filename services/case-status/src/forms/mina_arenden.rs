//! The national *Mina ärenden* 6.1 form. A producer tells events (*kundhändelser*), not cases: a case is what its
//! events add up to. The standard's two booleans say who has the ball; the words of the event type say the rest.

use std::collections::HashMap;

use jiff::Timestamp;
use model::{
    BallHolder, Case, CaseEvent, CaseStatus, Links, LocalizedText, NextStep, Outcome, OutcomeKind, PartyRole,
    Reference, ReferenceKind, StatusDetail,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::forms::swedish_time;
use crate::told::{Asked, Known, MOST_CASES, NotInForm, Told};

/// Under the producer's base URL.
pub(crate) const PATH: &str = "/kundhandelseFragaSynkron";

/// The standard asks for it; recommended to be a UUID.
pub(crate) const CORRELATION_HEADER: &str = "skv_client_correlation_id";

/// As many events as the standard lets one ask for.
const MOST_EVENTS: u64 = 1000;

/// The question about one person, or about one case of theirs, from the event of this number on.
pub(crate) fn question(identifier: &str, reference: Option<&str>, offset: usize) -> Value {
    let mut party = json!({ "kund": { "identifierare": identifier, "typ": "Personnummer" } });
    if let (Some(reference), Some(party)) = (reference, party.as_object_mut()) {
        party.insert(
            "arende".to_owned(),
            json!({ "identifierare": reference, "typ": "Producentarendereferens" }),
        );
    }
    json!({ "fraga": {
        "parter": [party],
        "behandling": {
            "sortering": [{ "attribut": "tidpunkt", "stigande": true }],
            "paginering": { "offset": offset, "limit": MOST_EVENTS },
        },
    }})
}

#[derive(Deserialize)]
struct Answer {
    kundhandelser: Vec<Group>,
    #[serde(default)]
    delfragor: Vec<PartQuestion>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    part: Part,
    #[serde(default)]
    totalt_antal_kundhandelser: usize,
    #[serde(default)]
    kundhandelser_for_part: Vec<Value>,
}

#[derive(Deserialize)]
struct Part {
    kund: Option<Identity>,
}

#[derive(Deserialize)]
struct Identity {
    identifierare: String,
    #[serde(default)]
    typ: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PartQuestion {
    #[serde(default)]
    http_code: Option<u16>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    kundhandelse_id: String,
    rubrik: String,
    #[serde(default)]
    beskrivning: Option<String>,
    tidpunkt: String,
    kundhandelse_typ: String,
    #[serde(rename = "producentarendetKraverKundatgard")]
    needs_person: bool,
    #[serde(rename = "producentarendetKlart")]
    done: bool,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    utokad_information: Option<More>,
    #[serde(default)]
    referenser: Vec<Identity>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct More {
    senast_datum: Option<String>,
    saknade_handlingar: Vec<String>,
    overklagas_senast: Option<String>,
}

/// An event with its time read and its case known.
struct Happened {
    at: Timestamp,
    reference: String,
    event: Event,
}

/// What has been told so far, page by page.
#[derive(Default)]
pub(crate) struct Reading {
    happened: Vec<Happened>,
    /// Each event's id and case and the answer it came in, so that one that comes twice counts once.
    seen: HashMap<(String, String), usize>,
    answers: usize,
    /// How many events were in an earlier answer too: something else slid past between two of them.
    repeated: usize,
    rejected: usize,
    /// How many events of the person were on the pages so far, right or wrong.
    given: usize,
    /// How many there are, as the producer says.
    stated: usize,
}

impl Reading {
    /// Takes in one answer; tells from where on to ask for more, when there is more.
    ///
    /// # Errors
    /// An answer whose outer form is not the standard's. An event that is wrong is left out and counted.
    pub(crate) fn take(&mut self, asked: &Asked<'_>, body: &[u8]) -> Result<Option<usize>, NotInForm> {
        let answer: Answer = serde_json::from_slice(body).map_err(|_| NotInForm("kundhandelser"))?;
        // A forwarder says 206 and names the parts that it has no answer to.
        self.rejected += answer
            .delfragor
            .iter()
            .filter(|part| part.http_code.is_some_and(|code| code >= 400))
            .count();
        let before = self.given;
        self.answers += 1;
        for group in answer.kundhandelser {
            if group
                .part
                .kund
                .is_none_or(|kund| kund.identifierare != asked.identifier)
            {
                // Somebody else's events are nobody's business, whoever sent them.
                self.rejected += group.kundhandelser_for_part.len().max(1);
                continue;
            }
            self.stated = self.stated.max(group.totalt_antal_kundhandelser);
            self.given += group.kundhandelser_for_part.len();
            for event in group.kundhandelser_for_part {
                match event_of(event) {
                    Some(one) => {
                        let name = (one.event.kundhandelse_id.clone(), one.reference.clone());
                        match self.seen.get(&name) {
                            Some(answer) => self.repeated += usize::from(*answer < self.answers),
                            None => {
                                self.seen.insert(name, self.answers);
                                self.happened.push(one);
                            }
                        }
                    }
                    None => self.rejected += 1,
                }
            }
        }
        // A page with nothing new on it is the last, whatever the number says.
        Ok((self.given > before && self.given < self.stated).then_some(self.given))
    }

    /// What it all adds up to.
    pub(crate) fn told(mut self, asked: &Asked<'_>) -> Told {
        let given = self.given.saturating_sub(self.repeated);
        let missing = self.stated.saturating_sub(given).min(MOST_CASES);
        let mut told = Told {
            rejected: self.rejected + missing,
            ..Told::default()
        };
        self.happened
            .sort_by(|a, b| (&a.reference, a.at).cmp(&(&b.reference, b.at)));
        for events in self.happened.chunk_by(|a, b| a.reference == b.reference) {
            if let Some(known) = case_of(asked, events) {
                told.take(asked, known);
            }
        }
        told
    }
}

fn event_of(value: Value) -> Option<Happened> {
    let event: Event = serde_json::from_value(value).ok()?;
    let at = swedish_time::read(&event.tidpunkt)?;
    let of_kind = |kind: &str| event.referenser.iter().find(|reference| reference.typ == kind);
    let reference = of_kind("Producentarendereferens")
        .or_else(|| of_kind("Diarienummer"))?
        .identifierare
        .clone();
    (!reference.is_empty()).then_some(Happened { at, reference, event })
}

/// What the events of one case, oldest first, add up to.
fn case_of(asked: &Asked<'_>, events: &[Happened]) -> Option<Known> {
    let (first, last) = (events.first()?, events.last()?);
    let case_id = asked.case_id(&last.reference);
    let more = last.event.utokad_information.clone().unwrap_or_default();
    let status = status(last, events.len());
    let decision = events.iter().rev().find(|one| has(one, "BESLUT"));
    let case = Case {
        case_id,
        references: references(&last.event),
        organisation_id: asked.producer.organisation_id.clone(),
        service_id: last
            .event
            .kundhandelse_typ
            .split('.')
            .nth(1)
            .map(str::to_ascii_lowercase),
        parties: vec![asked.own_part(PartyRole::Applicant, None)],
        title: LocalizedText::swedish(&last.event.rubrik),
        summary: last.event.beskrivning.as_ref().map(LocalizedText::swedish),
        status,
        status_detail: Some(StatusDetail {
            code: last.event.kundhandelse_typ.clone(),
            text: None,
        }),
        requires_action: last.event.needs_person,
        closed: last.event.done,
        ball_holder: ball_holder(status),
        holder_id: (ball_holder(status) == BallHolder::Agency).then(|| asked.producer.organisation_id.clone()),
        next_steps: next_steps(status, &more),
        progress: None,
        started_at: Some(first.at),
        expected_at: None,
        legal_deadline_at: None,
        closed_at: last.event.done.then_some(last.at),
        last_changed_at: last.at,
        suspended: None,
        extended: None,
        outcome: decision.map(outcome),
        related_cases: Vec::new(),
        contact_point_ids: Vec::new(),
        source: asked.source(),
        revision: String::new(),
        links: Links::default(),
    };
    let events = events.iter().map(|one| event(case_id, one)).collect();
    Some(Known {
        reference: last.reference.clone(),
        case,
        events,
        others: Vec::new(),
    })
}

fn has(happened: &Happened, word: &str) -> bool {
    happened
        .event
        .kundhandelse_typ
        .split(['.', '_'])
        .any(|part| part == word)
}

fn status(last: &Happened, count: usize) -> CaseStatus {
    if last.event.done {
        if has(last, "ATERTAGET") || has(last, "ATERKALLAT") {
            CaseStatus::Withdrawn
        } else {
            CaseStatus::Closed
        }
    } else if last.event.needs_person {
        CaseStatus::WaitingForPerson
    } else if has(last, "BESLUT") {
        CaseStatus::Decided
    } else if has(last, "VANTAR") {
        CaseStatus::WaitingForOther
    } else if count == 1 && (has(last, "MOTTAGEN") || has(last, "MOTTAGET")) {
        CaseStatus::Received
    } else {
        CaseStatus::InProgress
    }
}

/// Who has the ball in a case of this status.
pub(crate) fn ball_holder(status: CaseStatus) -> BallHolder {
    match status {
        CaseStatus::Received | CaseStatus::InProgress => BallHolder::Agency,
        CaseStatus::WaitingForPerson => BallHolder::Person,
        CaseStatus::WaitingForOther => BallHolder::ThirdParty,
        CaseStatus::Decided | CaseStatus::Closed | CaseStatus::Withdrawn => BallHolder::Nobody,
    }
}

fn next_steps(status: CaseStatus, more: &More) -> Vec<NextStep> {
    if status != CaseStatus::WaitingForPerson {
        return Vec::new();
    }
    let due_at = more.senast_datum.as_deref().and_then(swedish_time::read);
    let step = |step_id: String, what| NextStep {
        step_id,
        who: BallHolder::Person,
        what,
        contact_point_ids: Vec::new(),
        due_at,
        prevalidation_url: None,
    };
    if more.saknade_handlingar.is_empty() {
        let what = LocalizedText::new("Gör det som myndigheten ber om", "Do what the agency asks for");
        return vec![step("1".to_owned(), what)];
    }
    let steps = more.saknade_handlingar.iter().zip(1..);
    // The document's name is the agency's own word and has no translation.
    steps
        .map(|(name, at)| step(at.to_string(), LocalizedText::swedish(format!("Skicka in: {name}"))))
        .collect()
}

fn outcome(decision: &Happened) -> Outcome {
    let kind = match decision {
        one if has(one, "DELVIS") => OutcomeKind::PartlyGranted,
        one if has(one, "BIFALL") || has(one, "BEVILJAT") => OutcomeKind::Granted,
        one if has(one, "AVSLAG") => OutcomeKind::Rejected,
        one if has(one, "AVVISAT") => OutcomeKind::Dismissed,
        _ => OutcomeKind::Other,
    };
    let more = decision.event.utokad_information.as_ref();
    Outcome {
        kind,
        explanation: decision.event.beskrivning.as_ref().map(LocalizedText::swedish),
        appeal_by: more
            .and_then(|more| more.overklagas_senast.as_deref())
            .and_then(swedish_time::read),
        appeal_to: None,
    }
}

fn references(event: &Event) -> Vec<Reference> {
    let kind = |typ: &str| match typ {
        "Producentarendereferens" => Some(ReferenceKind::ProducerReference),
        "Diarienummer" => Some(ReferenceKind::DiaryNumber),
        "Kvittensnummer" => Some(ReferenceKind::ReceiptNumber),
        "Konsumentreferens" => Some(ReferenceKind::ConsumerReference),
        _ => None,
    };
    let of = |identity: &Identity| {
        Some(Reference {
            kind: kind(&identity.typ)?,
            value: identity.identifierare.clone(),
        })
    };
    event.referenser.iter().filter_map(of).collect()
}

fn event(case_id: uuid::Uuid, happened: &Happened) -> CaseEvent {
    let event = &happened.event;
    CaseEvent {
        event_id: event.kundhandelse_id.clone(),
        case_id,
        type_: event.kundhandelse_typ.clone(),
        occurred_at: happened.at,
        title: LocalizedText::swedish(&event.rubrik),
        text: event.beskrivning.as_ref().map(LocalizedText::swedish),
        plain_text: None,
        requires_action: event.needs_person,
        closes_case: event.done,
        actor: None,
        documents: Vec::new(),
        tags: Vec::new(),
        standard_version: event.version.clone(),
        required_scope: None,
    }
}

#[cfg(test)]
#[path = "mina_arenden/tests.rs"]
mod tests;
