//! What the municipality's codes become, as a table.

use model::CaseStatus as S;
use serde_json::json;

use super::*;
use crate::config::{Form, Producer};

fn told(errands: &Value) -> Result<Told, NotInForm> {
    let producer = Producer {
        id: "kommun".to_owned(),
        organisation_id: "kommun".to_owned(),
        name: LocalizedText::swedish("Kommunen"),
        form: Form::Errands,
        base_url: "http://127.0.0.1:1".to_owned(),
        relation_term: None,
        rules: Vec::new(),
    };
    let now = "2026-01-20T10:00:00Z".parse().unwrap();
    let asked = Asked {
        producer: &producer,
        party: "party",
        identifier: "p1",
        now,
    };
    read(&asked, json!({ "errands": errands }).to_string().as_bytes())
}

fn errand(state: &str) -> Value {
    json!({
        "errand_no": "BYGG-1", "party": "p1", "type": "BYGGLOV", "heading": "Bygglov", "state": state,
        "opened": "2026-01-02 09:14", "changed": "2026-01-15 11:00", "statutory_weeks": 10,
        "missing_documents": [{ "code": "situationsplan", "label": "Situationsplan", "before": "2026-02-01" }],
        "waiting_for": "grannarna",
        "log": [{ "at": "2026-01-02 09:14", "code": "INKOMMET" }, { "at": "2026-01-15 11:00", "code": state }],
    })
}

#[test]
fn each_code_has_a_status_and_says_who_has_the_ball() {
    for (state, status, holder, steps) in [
        ("INKOMMET", S::Received, BallHolder::Agency, 0),
        ("HANDLAGGS", S::InProgress, BallHolder::Agency, 0),
        ("KOMPLETTERING", S::WaitingForPerson, BallHolder::Person, 1),
        ("GRANNHORANDE", S::WaitingForOther, BallHolder::ThirdParty, 1),
        ("BESLUTAT", S::Decided, BallHolder::Nobody, 0),
        ("AVSLUTAT", S::Closed, BallHolder::Nobody, 0),
        ("ATERTAGET", S::Withdrawn, BallHolder::Nobody, 0),
    ] {
        let told = told(&json!([errand(state)])).unwrap();
        let case = &told.known[0].case;
        assert_eq!(
            (case.status, case.ball_holder, case.next_steps.len()),
            (status, holder, steps),
            "{state}"
        );
        assert_eq!(case.requires_action, holder == BallHolder::Person);
        assert_eq!(told.known[0].events.len(), 2);
    }
}

#[test]
fn times_on_the_wall_and_weeks_become_moments() {
    let told = told(&json!([errand("KOMPLETTERING")])).unwrap();
    let case = &told.known[0].case;
    assert_eq!(case.started_at.unwrap().to_string(), "2026-01-02T08:14:00Z");
    assert_eq!(case.legal_deadline_at.unwrap().to_string(), "2026-03-13T08:14:00Z");
    assert_eq!(case.next_steps[0].due_at.unwrap().to_string(), "2026-02-01T22:59:59Z");
}

#[test]
fn a_decision_says_whom_to_appeal_to() {
    for (result, kind) in [
        ("BEVILJAT", OutcomeKind::Granted),
        ("AVSLAG", OutcomeKind::Rejected),
        ("X", OutcomeKind::Other),
    ] {
        let mut decided = errand("BESLUTAT");
        decided["decision"] = json!({ "result": result, "appeal_until": "2026-02-10", "appeal_to": "Länsstyrelsen" });
        let told = told(&json!([decided])).unwrap();
        let outcome = told.known[0].case.outcome.clone().unwrap();
        assert_eq!(
            (outcome.kind, outcome.appeal_to.unwrap().sv.as_str()),
            (kind, "Länsstyrelsen")
        );
    }
}

#[test]
fn wrong_errands_and_those_of_others_cost_themselves_only() {
    let mut others = errand("HANDLAGGS");
    others["party"] = json!("p2");
    let mut absurd = errand("HANDLAGGS");
    absurd["errand_no"] = json!("BYGG-2");
    absurd["statutory_weeks"] = json!(i64::MAX);
    let told = told(&json!([others, errand("NYTT_LAGE"), 7, errand("HANDLAGGS"), absurd])).unwrap();
    assert_eq!((told.known.len(), told.rejected), (2, 3));
    assert_eq!(told.known[1].case.legal_deadline_at, None);
}

#[test]
fn of_two_with_one_number_the_newer_stays() {
    let mut newer = errand("BESLUTAT");
    newer["changed"] = json!("2026-01-16 11:00");
    for pair in [
        json!([errand("HANDLAGGS"), newer.clone()]),
        json!([newer, errand("HANDLAGGS")]),
    ] {
        let told = told(&pair).unwrap();
        assert_eq!((told.known.len(), told.known[0].case.status), (1, S::Decided));
    }
}
