//! Life events: every step leads somewhere in every municipality, and a person's plan follows the person's real cases.

use axum::Json as Answer;
use axum::http::HeaderMap;
use axum::routing::get;
use contact_routing::engine::Outcome;
use contact_routing::{ContactRoutingConfig, life, service};
use serde_json::{Value, json};
use service_host::ServiceTelemetry;

use crate::ENGINE;

#[test]
fn every_step_has_one_holder_in_every_municipality() {
    let engine = &*ENGINE;
    let events = life::read().unwrap();
    assert!(events.len() >= 12, "{}", events.len());
    assert_eq!(life::check(&events, engine), Vec::<String>::new());
    for event in &events {
        assert!(event.steps.len() >= 5 && event.questions.len() >= 3, "{}", event.id);
        for step in &event.steps {
            assert!(step.what.en.is_some(), "{}/{}", event.id, step.id);
            let need = engine.need(&step.need).unwrap();
            for municipality in &engine.directory.municipalities {
                let answer = engine.by_need(need, Some(&municipality.code));
                assert!(
                    matches!(answer.outcome, Outcome::Organisation | Outcome::NotPublic),
                    "{}/{} in {}",
                    event.id,
                    step.id,
                    municipality.name
                );
            }
        }
    }
}

#[test]
fn what_is_wrong_with_an_event_is_said() {
    let engine = &*ENGINE;
    let mut event = life::read().unwrap().remove(0);
    event.steps[0].need = "nothing".to_owned();
    event.steps[1].after = vec![event.steps[3].id.clone()];
    event.steps[2].by = Some(-5);
    event.steps[4].only_if = Some(("who-knows".to_owned(), true));
    let wrong = life::check(&[event], engine).concat();
    for part in [
        "no need 'nothing'",
        "a cycle",
        "ends before it begins",
        "nobody asks 'who-knows'",
    ] {
        assert!(wrong.contains(part), "{part} is missing in {wrong}");
    }
}

#[test]
fn a_law_that_was_not_found_in_a_source_says_so() {
    let events = life::read().unwrap();
    let steps = || events.iter().flat_map(|event| &event.steps);
    let with_law = steps().filter(|step| step.law.is_some()).count();
    let unconfirmed = steps().filter(|step| step.unconfirmed).count();
    assert!(
        with_law >= 40 && unconfirmed * 4 <= with_law,
        "{unconfirmed} of {with_law}"
    );
    // Whoever moves here has three months and a week (26 § folkbokföringslagen), not a week.
    let event = events.iter().find(|event| event.id == "moving-to-sweden").unwrap();
    let register = event.steps.iter().find(|step| step.id == "register").unwrap();
    assert_eq!((register.by, register.unconfirmed), (Some(97), false));
}

/// Case status, with one case of the person's: an application for student aid.
async fn case_status() -> String {
    async fn cases(headers: HeaderMap) -> Answer<Value> {
        assert_eq!(headers["vagvisare-subject"], "party-1");
        Answer(json!({"complete": true, "cases": [{
            "caseId": "0b7d2b8c-7a8c-5d0e-9a46-0a2c6f6f3b51", "organisationId": "studiestodsverket",
            "title": {"sv": "Ansökan om studiemedel"}, "status": "waitingForPerson", "requiresAction": true,
            "closed": false, "ballHolder": "person", "lastChangedAt": "2026-11-01T10:00:00Z", "revision": "1",
            "source": {"sourceId": "s", "organisationId": "studiestodsverket", "asOf": "2026-11-01T10:00:00Z", "freshness": "live"}
        }]}))
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = axum::Router::new().route("/case-status/v1/cases", get(cases));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

#[tokio::test]
async fn a_plan_asks_drops_and_follows_the_persons_cases() {
    let directory = tempfile::tempdir().unwrap();
    let config = ContactRoutingConfig {
        database: directory.path().join("contact-routing.db"),
        entries: format!("sqlite:{}", directory.path().join("entries.sqlite").display()),
        stewards: std::collections::BTreeMap::new(),
        case_status: Some(case_status().await),
    };
    let service = service(config).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/life-events/v1", listener.local_addr().unwrap());
    tokio::spawn(service_host::serve(
        listener,
        service,
        std::future::pending(),
        ServiceTelemetry::off(),
    ));
    let client = reqwest::Client::new();
    let send = async |body: Value, path: &str, person: bool, scopes: &str| {
        let mut request = client.post(format!("{base}{path}")).json(&body);
        if person {
            request = request
                .header("vagvisare-subject", "party-1")
                .header("vagvisare-scopes", scopes);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    let plan = async |body: Value, person: bool, scopes: &str| {
        let (status, text) = send(body, "/plans", person, scopes).await;
        (status, serde_json::from_str::<Value>(&text).unwrap())
    };
    let open = json!({"lifeEventId": "studier", "municipality": "Lund"});
    let (status, first) = plan(open.clone(), false, "").await;
    assert_eq!((status, first["cases"].as_str()), (200, Some("notAsked")), "{first}");
    assert_eq!(first["questions"].as_array().unwrap().len(), 5);

    let (_, without) = plan(open.clone(), true, "other").await;
    assert_eq!(without["cases"], "notAsked");
    let mut answered = open.clone();
    answered["answers"] =
        json!([{"questionId": "vocational", "answer": false}, {"questionId": "moving", "answer": false}]);
    let (_, mine) = plan(answered, true, "cases.read").await;
    assert_eq!(mine["cases"], "complete");
    assert_eq!(mine["nextStepId"], "aid");
    let steps = mine["steps"].as_array().unwrap();
    let aid = steps.iter().find(|one| one["step"]["stepId"] == "aid").unwrap();
    assert_eq!(
        (aid["state"].as_str(), aid["case"]["status"].as_str()),
        (Some("yourTurn"), Some("waitingForPerson"))
    );
    let href = aid["case"]["href"].as_str().unwrap();
    assert!(href.ends_with("/case-status/v1/cases/0b7d2b8c-7a8c-5d0e-9a46-0a2c6f6f3b51"));
    assert!(
        mine["droppedStepIds"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one == "move")
    );

    let (status, svg) = send(open, "/plans/drawing", false, "").await;
    assert!(status == 200 && svg.starts_with("<svg") && svg.contains("Ansök om studiemedel"));
    for wrong in [
        json!({"lifeEventId": "x"}),
        json!({"lifeEventId": "barn", "municipality": "Atlantis"}),
        json!({"lifeEventId": "barn", "answers": [{"questionId": "x", "answer": true}]}),
        json!({"lifeEventId": "barn", "done": ["x"]}),
    ] {
        assert_eq!(plan(wrong, false, "").await.0, 422);
    }
}
