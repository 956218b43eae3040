//! An answer in the standard's words.

use jiff::Timestamp;
use model::{BallHolder, CaseEvent, ReferenceKind};
use serde::Serialize;
use utoipa::ToSchema;

use super::question::{Fraga, Identitet, Part};
use crate::forms::swedish_time;
use crate::gather::Gathered;
use crate::source::{SourceReport, SourceStatus};
use crate::told::Known;

/// The answer.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(example = json!({ "kundhandelser": [{ "part": {}, "totaltAntalKundhandelser": 1, "kundhandelserForPart": [{
    "kundhandelseId": "BYGG-2026-0042-0", "rubrik": "Bygglov", "sprak": "sv", "producent": "exempelby", "tidpunkt": "2026-01-15T10:00:00Z",
    "kundhandelseTyp": "BYGG.BYGGLOV.ANSOKAN.MOTTAGEN", "producentarendetKraverKundatgard": false, "producentarendetKlart": false,
    "version": "6.1", "utokadInformation": {}, "referenser": [{ "identifierare": "BYGG-2026-0042", "typ": "Producentarendereferens" }] }] }],
    "metadata": { "version": "6.1" }, "delfragor": [{ "producent": "exempelby", "part": {}, "status": "OK", "httpCode": 200 }] }))]
pub(super) struct Svar {
    /// The events of each part.
    kundhandelser: Vec<Grupp>,
    /// Which version of the standard this is.
    metadata: Metadata,
    /// What became of each source, part by part.
    delfragor: Vec<Delfraga>,
}

/// Which version of the standard this is.
#[derive(Debug, Serialize, ToSchema)]
struct Metadata {
    /// `6.1`.
    version: &'static str,
}

impl Default for Metadata {
    fn default() -> Self {
        Self { version: "6.1" }
    }
}

/// The events of one part.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Grupp {
    /// The part as it was asked about.
    part: Part,
    /// How many there are; the page may hold fewer.
    totalt_antal_kundhandelser: usize,
    /// Those of the page.
    kundhandelser_for_part: Vec<Kundhandelse>,
}

/// One event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Kundhandelse {
    /// Its id at the source.
    kundhandelse_id: String,
    /// What the case is called.
    rubrik: String,
    /// What happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    beskrivning: Option<String>,
    /// The language of the texts.
    sprak: &'static str,
    /// Whose it is.
    producent: String,
    /// When it happened.
    #[schema(value_type = String, format = DateTime, example = "2026-01-31T10:00:00Z")]
    tidpunkt: Timestamp,
    /// Its type.
    kundhandelse_typ: String,
    /// Whether the person has to do something.
    producentarendet_kraver_kundatgard: bool,
    /// Whether the case is over.
    producentarendet_klart: bool,
    /// The version of the standard that the source follows.
    version: String,
    /// What is missing and by when, and until when it can be appealed.
    utokad_information: Mer,
    /// The case's numbers.
    referenser: Vec<Identitet>,
}

/// What is missing and by when, and until when it can be appealed.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Mer {
    /// By when the person has to act.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-01-31T10:00:00Z")]
    senast_datum: Option<Timestamp>,
    /// What the person has to send.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    saknade_handlingar: Vec<String>,
    /// Until when the decision can be appealed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-01-31T10:00:00Z")]
    overklagas_senast: Option<Timestamp>,
}

/// What became of one source.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Delfraga {
    /// The source; none where the part itself is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    producent: Option<String>,
    /// The part.
    part: Part,
    /// `OK`, or what was wrong.
    status: &'static str,
    /// The status of the answer, as far as there was one.
    http_code: u16,
}

impl Svar {
    pub(super) fn is_whole(&self) -> bool {
        self.delfragor.iter().all(|one| one.http_code == 200)
    }

    /// A part that is not answered at all.
    pub(super) fn refused(&mut self, part: &Part, http_code: u16) {
        let status = if http_code == 403 { "EJ_BEHORIG" } else { "FEL" };
        self.delfragor.push(Delfraga {
            producent: None,
            part: part.clone(),
            status,
            http_code,
        });
    }

    /// The part's events of what was gathered for its person.
    pub(super) fn take(&mut self, fraga: &Fraga, part: &Part, gathered: &Gathered) {
        let wanted = gathered.known.iter().filter(|known| is_about(part, known));
        let mut events: Vec<Kundhandelse> = wanted
            .flat_map(|known| {
                known
                    .events
                    .iter()
                    .enumerate()
                    .filter(|(_, event)| is_wanted(fraga, event))
                    .map(|(at, event)| kundhandelse(known, event, at + 1 == known.events.len()))
            })
            .collect();
        events.sort_by(|a, b| (a.tidpunkt, &a.kundhandelse_id).cmp(&(b.tidpunkt, &b.kundhandelse_id)));
        if !fraga.oldest_first() {
            events.reverse();
        }
        let (offset, limit) = fraga.page();
        self.kundhandelser.push(Grupp {
            part: part.clone(),
            totalt_antal_kundhandelser: events.len(),
            kundhandelser_for_part: events.into_iter().skip(offset).take(limit).collect(),
        });
        let asked = gathered.sources.iter().filter_map(|report| delfraga(part, report));
        self.delfragor.extend(asked);
    }
}

fn delfraga(part: &Part, report: &SourceReport) -> Option<Delfraga> {
    let failed = report.http_status.filter(|status| *status >= 400);
    let (status, http_code) = match report.status {
        SourceStatus::NotAsked => return None,
        SourceStatus::Ok if report.rejected_item_count == 0 => ("OK", 200),
        SourceStatus::Ok => ("OFULLSTANDIG", 502),
        SourceStatus::Stale => ("SENAST_KAND", failed.unwrap_or(503)),
        SourceStatus::Failed => ("FEL", failed.unwrap_or(502)),
        SourceStatus::Timeout => ("TIMEOUT", 504),
    };
    Some(Delfraga {
        producent: Some(report.source_id.clone()),
        part: part.clone(),
        status,
        http_code,
    })
}

fn is_about(part: &Part, known: &Known) -> bool {
    part.arende.as_ref().is_none_or(|arende| {
        let own = arende.typ == "Producentarendereferens" && known.reference == arende.identifierare;
        let named = known.case.references.iter();
        own || named
            .into_iter()
            .any(|one| typ(one.kind) == arende.typ && one.value == arende.identifierare)
    })
}

fn is_wanted(fraga: &Fraga, event: &CaseEvent) -> bool {
    let start = fraga.start_datum.as_deref().and_then(swedish_time::read_beginning);
    let end = fraga.slut_datum.as_deref().and_then(swedish_time::read);
    let types = &fraga.kundhandelse_typer;
    (types.is_empty() || types.iter().any(|wanted| event.type_.starts_with(wanted.as_str())))
        && (fraga.taggar.is_empty() || event.tags.iter().any(|tag| fraga.taggar.contains(tag)))
        && start.is_none_or(|start| event.occurred_at >= start)
        && end.is_none_or(|end| event.occurred_at <= end)
}

const fn typ(kind: ReferenceKind) -> &'static str {
    match kind {
        ReferenceKind::DiaryNumber => "Diarienummer",
        ReferenceKind::ReceiptNumber => "Kvittensnummer",
        ReferenceKind::ProducerReference => "Producentarendereferens",
        ReferenceKind::ConsumerReference => "Konsumentreferens",
    }
}

fn kundhandelse(known: &Known, event: &CaseEvent, last: bool) -> Kundhandelse {
    let case = &known.case;
    let mut referenser = vec![Identitet {
        identifierare: known.reference.clone(),
        typ: typ(ReferenceKind::ProducerReference).to_owned(),
    }];
    for one in &case.references {
        if one.kind != ReferenceKind::ProducerReference {
            referenser.push(Identitet {
                identifierare: one.value.clone(),
                typ: typ(one.kind).to_owned(),
            });
        }
    }
    Kundhandelse {
        kundhandelse_id: event.event_id.clone(),
        rubrik: case.title.sv.clone(),
        beskrivning: Some(event.text.as_ref().unwrap_or(&event.title).sv.clone()),
        sprak: "sv",
        producent: case.organisation_id.clone(),
        tidpunkt: event.occurred_at,
        kundhandelse_typ: event.type_.clone(),
        producentarendet_kraver_kundatgard: event.requires_action,
        producentarendet_klart: event.closes_case,
        version: event.standard_version.clone().unwrap_or_else(|| "6.1".to_owned()),
        utokad_information: more(known, event, last),
        referenser,
    }
}

/// What the case says beyond its events, beside the event that it is about.
fn more(known: &Known, event: &CaseEvent, last: bool) -> Mer {
    let case = &known.case;
    let mut more = Mer::default();
    if last && event.requires_action {
        let steps = case.next_steps.iter().filter(|step| step.who == BallHolder::Person);
        for step in steps {
            more.senast_datum = more.senast_datum.into_iter().chain(step.due_at).min();
            let what = step.what.sv.strip_prefix("Skicka in: ").unwrap_or(&step.what.sv);
            more.saknade_handlingar.push(what.to_owned());
        }
    }
    if event.type_.contains("BESLUT") {
        more.overklagas_senast = case.outcome.as_ref().and_then(|outcome| outcome.appeal_by);
    }
    more
}
