//! The near form, as a table.

use model::CaseStatus as S;
use serde_json::json;

use super::*;
use crate::config::{Form, Producer};

fn told(answer: &Value) -> Result<(Told, PageTold), NotInForm> {
    let producer = Producer {
        id: "pension".to_owned(),
        organisation_id: "pension".to_owned(),
        name: LocalizedText::swedish("Verket"),
        form: Form::Cases,
        base_url: "http://127.0.0.1:1".to_owned(),
        relation_term: Some(LocalizedText::swedish("sparare")),
        rules: Vec::new(),
    };
    let now = "2026-01-20T10:00:00Z".parse().unwrap();
    let asked = Asked {
        producer: &producer,
        party: "party",
        identifier: "p1",
        now,
    };
    let mut told = Told::default();
    let page = read(&asked, answer.to_string().as_bytes(), &mut told)?;
    Ok((told, page))
}

fn case(status: &str) -> Value {
    json!({
        "reference": "PV-1", "title": { "sv": "Pension" }, "status": status, "requiresAction": true,
        "ballHolder": "person", "lastChangedAt": "2026-01-15T10:00:00Z",
        "events": [{ "eventId": "1", "type": "A.B.C", "occurredAt": "2026-01-15T10:00:00Z", "title": { "sv": "x" } }, 5],
    })
}

#[test]
fn what_is_over_asks_nothing_of_the_person() {
    for (status, expected, closed) in [
        ("received", S::Received, false),
        ("waitingForPerson", S::WaitingForPerson, false),
        ("decided", S::Decided, false),
        ("closed", S::Closed, true),
        ("withdrawn", S::Withdrawn, true),
    ] {
        let (told, _) = told(&json!({ "party": "p1", "cases": [case(status)] })).unwrap();
        let case = &told.known[0].case;
        assert_eq!(
            (case.status, case.closed, case.requires_action),
            (expected, closed, !closed),
            "{status}"
        );
        assert_eq!(told.known[0].events.len(), 1);
    }
}

#[test]
fn the_producers_own_word_for_the_person_is_used_where_the_case_has_none() {
    let mut guardian = case("received");
    guardian["parties"] = json!([{ "role": "guardian", "relationTerm": { "sv": "vårdnadshavare" } }]);
    for (value, role, term) in [
        (case("received"), PartyRole::Applicant, "sparare"),
        (guardian, PartyRole::Guardian, "vårdnadshavare"),
    ] {
        let (told, _) = told(&json!({ "party": "p1", "cases": [value] })).unwrap();
        let party = &told.known[0].case.parties[0];
        assert_eq!(
            (party.role, party.relation_term.as_ref().unwrap().sv.as_str()),
            (role, term)
        );
        assert_eq!(party.party_id, "party");
    }
}

#[test]
fn others_in_a_case_are_kept_apart_from_the_person_and_never_shown_by_what_the_producer_knows_them_by() {
    let mut childs = case("received");
    childs["parties"] = json!([{ "role": "applicant", "party": "p9" }, { "role": "guardian", "party": "p1" }]);
    let (both, _) = told(&json!({ "party": "p1", "cases": [childs.clone()] })).unwrap();
    let known = &both.known[0];
    assert_eq!(
        (known.case.parties.len(), known.case.parties[0].role),
        (1, PartyRole::Guardian)
    );
    assert_eq!((known.others.len(), known.others[0].identifier.as_str()), (1, "p9"));
    assert!(!format!("{known:?}").contains("p9"));
    childs["title"] = json!({ "sv": "Remiss för p9" });
    let (indiscreet, _) = told(&json!({ "party": "p1", "cases": [childs] })).unwrap();
    assert_eq!((indiscreet.known.len(), indiscreet.rejected), (0, 1));
}

#[test]
fn an_answer_about_another_person_is_refused_whole() {
    assert!(told(&json!({ "party": "p2", "cases": [case("received")] })).is_err());
    assert!(told(&json!({ "cases": [] })).is_err());
    assert!(told(&json!({ "party": "p1", "cases": {} })).is_err());
}

#[test]
fn wrong_cases_cost_themselves_and_are_counted_for_the_next_page() {
    let mut impossible = case("received");
    impossible["progress"] = json!(101);
    let answer = json!({ "party": "p1", "cases": [case("resting"), impossible, case("received")], "_meta": { "totalRecords": 9 } });
    let (told, page) = told(&answer).unwrap();
    assert_eq!(
        (told.known.len(), told.rejected, page.count, page.total),
        (1, 2, 3, Some(9))
    );
}
