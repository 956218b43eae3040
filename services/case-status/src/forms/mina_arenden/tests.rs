//! What events of the national form add up to, as a table.

use model::CaseStatus as S;
use serde_json::json;

use super::*;
use crate::config::{Form, Producer};

fn producer() -> Producer {
    Producer {
        id: "csn".to_owned(),
        organisation_id: "csn".to_owned(),
        name: LocalizedText::swedish("Verket"),
        form: Form::MinaArenden61,
        base_url: "http://127.0.0.1:1".to_owned(),
        relation_term: Some(LocalizedText::swedish("kund")),
        rules: Vec::new(),
    }
}

const NUMBER: &str = "189001019802";

fn told(answer: &Value) -> Result<Told, NotInForm> {
    let producer = producer();
    let now = "2026-01-20T10:00:00Z".parse().unwrap();
    let asked = Asked {
        producer: &producer,
        party: "party",
        identifier: NUMBER,
        now,
    };
    let mut reading = Reading::default();
    reading.take(&asked, answer.to_string().as_bytes())?;
    Ok(reading.told(&asked))
}

fn event(at: &str, kind: &str, needs: bool, done: bool) -> Value {
    json!({
        "kundhandelseId": format!("{at}-{kind}"), "rubrik": "Studiemedel", "beskrivning": "Text", "sprak": "sv",
        "producent": "csn", "tidpunkt": at, "kundhandelseTyp": format!("STUDIE.STUDIEMEDEL.{kind}"),
        "producentarendetKraverKundatgard": needs, "producentarendetKlart": done, "version": "6.1",
        "utokadInformation": { "senastDatum": "2026-02-01", "saknadeHandlingar": ["Studieintyg", "Kontrakt"],
                               "overklagasSenast": "2026-03-01T10:00:00Z" },
        "referenser": [{ "identifierare": "SM-1", "typ": "Producentarendereferens" }],
    })
}

fn answer(number: &str, events: &[Value]) -> Value {
    json!({ "kundhandelser": [{
        "part": { "kund": { "identifierare": number, "typ": "Personnummer" } },
        "totaltAntalKundhandelser": events.len(), "kundhandelserForPart": events,
    }], "metadata": {}, "delfragor": [] })
}

#[test]
fn the_last_event_says_who_has_the_ball() {
    let earlier = ("2026-01-01T10:00:00Z", "ANSOKAN.MOTTAGEN", false, false);
    let cases = [
        (vec![earlier], S::Received, BallHolder::Agency),
        (
            vec![earlier, ("2026-01-02T10:00:00Z", "HANDLAGGNING.PAGAR", false, false)],
            S::InProgress,
            BallHolder::Agency,
        ),
        (
            vec![earlier, ("2026-01-02T10:00:00Z", "KOMPLETTERING.BEGARD", true, false)],
            S::WaitingForPerson,
            BallHolder::Person,
        ),
        (
            vec![
                earlier,
                ("2026-01-02T10:00:00Z", "HANDLAGGNING.VANTAR_PA_ANNAN", false, false),
            ],
            S::WaitingForOther,
            BallHolder::ThirdParty,
        ),
        (
            vec![earlier, ("2026-01-02T10:00:00Z", "BESLUT.BIFALL", false, false)],
            S::Decided,
            BallHolder::Nobody,
        ),
        (
            vec![earlier, ("2026-01-02T10:00:00Z", "ARENDE.AVSLUTAT", true, true)],
            S::Closed,
            BallHolder::Nobody,
        ),
        (
            vec![earlier, ("2026-01-02T10:00:00Z", "ARENDE.ATERTAGET", false, true)],
            S::Withdrawn,
            BallHolder::Nobody,
        ),
        // Order on the wire does not matter, time does.
        (
            vec![("2026-01-02T10:00:00Z", "BESLUT.AVSLAG", false, false), earlier],
            S::Decided,
            BallHolder::Nobody,
        ),
    ];
    for (events, status, holder) in cases {
        let events: Vec<_> = events
            .iter()
            .map(|(at, kind, needs, done)| event(at, kind, *needs, *done))
            .collect();
        let told = told(&answer(NUMBER, &events)).unwrap();
        let known = &told.known[0];
        assert_eq!(
            (known.case.status, known.case.ball_holder, told.rejected),
            (status, holder, 0),
            "{events:?}"
        );
        assert_eq!(known.events.len(), events.len());
        assert!(!(known.case.closed && known.case.requires_action));
    }
}

#[test]
fn what_is_missing_becomes_next_steps_with_a_last_moment() {
    let known = told(&answer(
        NUMBER,
        &[event("2026-01-02T10:00:00Z", "KOMPLETTERING.BEGARD", true, false)],
    ))
    .unwrap()
    .known;
    let steps: Vec<_> = known[0]
        .case
        .next_steps
        .iter()
        .map(|step| step.what.sv.as_str())
        .collect();
    assert_eq!(steps, ["Skicka in: Studieintyg", "Skicka in: Kontrakt"]);
    assert_eq!(
        known[0].case.next_steps[0].due_at.unwrap().to_string(),
        "2026-02-01T22:59:59Z"
    );
}

#[test]
fn a_decision_says_how_it_went_and_how_long_one_can_appeal() {
    for (kind, expected) in [
        ("BESLUT.BIFALL", OutcomeKind::Granted),
        ("BESLUT.DELVIS_BIFALL", OutcomeKind::PartlyGranted),
        ("BESLUT.AVSLAG", OutcomeKind::Rejected),
        ("BESLUT.AVVISAT", OutcomeKind::Dismissed),
        ("BESLUT.FATTAT", OutcomeKind::Other),
    ] {
        let known = told(&answer(NUMBER, &[event("2026-01-02T10:00:00Z", kind, false, false)]))
            .unwrap()
            .known;
        let outcome = known[0].case.outcome.as_ref().unwrap();
        assert_eq!(outcome.kind, expected, "{kind}");
        assert_eq!(outcome.appeal_by.unwrap().to_string(), "2026-03-01T10:00:00Z");
    }
}

#[test]
fn somebody_elses_events_are_left_out() {
    let told = told(&answer(
        "189001019999",
        &[event("2026-01-02T10:00:00Z", "BESLUT.BIFALL", false, false)],
    ))
    .unwrap();
    assert_eq!((told.known.len(), told.rejected), (0, 1));
}

#[test]
fn each_wrong_event_costs_itself_only() {
    let good = event("2026-01-02T10:00:00Z", "BESLUT.BIFALL", false, false);
    let mut no_time = good.clone();
    no_time["tidpunkt"] = json!("nyss");
    let mut no_reference = good.clone();
    no_reference["referenser"] = json!([]);
    let told = told(&answer(
        NUMBER,
        &[json!("x"), no_time, good.clone(), no_reference, good],
    ))
    .unwrap();
    assert_eq!((told.known.len(), told.known[0].events.len(), told.rejected), (1, 1, 3));
}

#[test]
fn a_text_with_the_persons_number_is_not_handed_on() {
    let mut leaking = event("2026-01-02T10:00:00Z", "BESLUT.BIFALL", false, false);
    leaking["beskrivning"] = json!("Beslut för 900101-9802.");
    let told = told(&answer(NUMBER, &[leaking])).unwrap();
    assert_eq!((told.known.len(), told.rejected), (0, 1));
}

#[test]
fn a_part_that_a_forwarder_has_no_answer_to_is_counted() {
    let mut partial = answer(NUMBER, &[]);
    partial["delfragor"] = json!([{ "producent": "x", "status": "FEL", "httpCode": 504 }, { "httpCode": 200 }]);
    assert_eq!(told(&partial).unwrap().rejected, 1);
}

#[test]
fn what_is_not_the_form_at_all_is_refused() {
    for body in [json!({}), json!([]), json!({"kundhandelser": "x"}), json!(null)] {
        assert!(told(&body).is_err(), "{body}");
    }
}

#[test]
fn the_question_names_the_person_and_the_case() {
    let question = question(NUMBER, Some("SM-1"), 4);
    assert_eq!(question["fraga"]["behandling"]["paginering"]["offset"], 4);
    assert_eq!(question["fraga"]["parter"][0]["kund"]["typ"], "Personnummer");
    assert_eq!(question["fraga"]["parter"][0]["arende"]["identifierare"], "SM-1");
    assert!(
        super::question(NUMBER, None, 0)["fraga"]["parter"][0]
            .get("arende")
            .is_none()
    );
}

#[test]
fn an_answer_in_parts_is_whole_when_every_event_has_come_and_not_when_one_slid_past() {
    let producer = producer();
    let asked = Asked {
        producer: &producer,
        party: "party",
        identifier: NUMBER,
        now: "2026-01-20T10:00:00Z".parse().unwrap(),
    };
    let day = |day: u8| event(&format!("2026-01-0{day}T10:00:00Z"), "HANDLAGGNING.PAGAR", false, false);
    let page = |events: &[Value]| {
        let mut page = answer(NUMBER, events);
        page["kundhandelser"][0]["totaltAntalKundhandelser"] = json!(3);
        page.to_string()
    };
    for (second, missing) in [([day(3)].as_slice(), 0), (&[day(2)], 1), (&[], 1)] {
        let mut reading = Reading::default();
        assert_eq!(reading.take(&asked, page(&[day(1), day(2)]).as_bytes()), Ok(Some(2)));
        assert_eq!(reading.take(&asked, page(second).as_bytes()), Ok(None));
        let told = reading.told(&asked);
        assert_eq!((told.known.len(), told.rejected), (1, missing));
    }
}
