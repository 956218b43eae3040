//! An agency that is down costs its own cases, and only until there is a last known state to show.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Running, party};

#[tokio::test]
async fn a_list_with_one_agency_down_says_so() {
    let service = Running::over_sandbox(&["indrivningsverket"]).await;
    let answer = service.get(&party("alva"), "/cases").await;
    assert_eq!(
        (answer.status, answer.cases().len(), &answer.body["complete"]),
        (200, 6, &Value::Bool(false))
    );
    assert_eq!(answer.source("indrivningsverket")["status"], "failed");
    assert!(answer.source("indrivningsverket")["traceId"].is_string());
}

#[tokio::test]
async fn while_a_source_is_down_its_last_known_state_is_shown_as_what_it_is() {
    let service = Running::over_sandbox(&[]).await;
    let alva = party("alva");
    let before = service.get(&alva, "/cases").await;
    let as_of = before.source("skattekontoret")["asOf"].clone();
    for (failure, http_status) in [("error503", Some(503)), ("garbage", Some(200)), ("down", None)] {
        service.switch("skattekontoret", failure).await;
        let answer = service.get(&alva, "/cases").await;
        let source = answer.source("skattekontoret");
        assert_eq!(
            (source["status"].as_str(), source["httpStatus"].as_u64()),
            (Some("stale"), http_status),
            "{failure}"
        );
        assert_eq!(
            (&source["asOf"], &answer.body["complete"]),
            (&as_of, &Value::Bool(false))
        );
        let case = answer.of("skattekontoret")[0];
        assert_eq!(
            (case["source"]["freshness"].as_str(), &case["source"]["asOf"]),
            (Some("stale"), &as_of)
        );
        let one = service
            .get(&alva, &format!("/cases/{}", case["caseId"].as_str().unwrap()))
            .await;
        assert_eq!(
            (one.status, one.body["source"]["freshness"].as_str()),
            (200, Some("stale"))
        );
    }
    // Nobody else gets to see what is kept for her.
    let bo = service.get(&party("bo"), "/cases").await;
    assert_ne!(bo.source("skattekontoret")["status"], "stale");
}

#[tokio::test]
async fn when_nobody_answers_the_answer_is_a_503_that_says_when_to_come_back() {
    let service = Running::over_sandbox(&[]).await;
    for agency in sandbox::Agency::ALL {
        service.switch(agency.id, "error503").await;
    }
    let answer = service.get(&party("alva"), "/cases").await;
    assert_eq!(
        (answer.status, answer.body["code"].as_str()),
        (503, Some("sources-unavailable"))
    );
    assert_eq!(
        (answer.retry_after.as_deref(), answer.body["retryAfterSeconds"].as_u64()),
        (Some("30"), Some(30))
    );
}

#[tokio::test]
async fn a_case_whose_source_has_gone_silent_is_not_called_missing() {
    let service = Running::over_sandbox(&[]).await;
    let alva = party("alva");
    // A list of one organisation leaves no last known state of another, but asking for a case needs its place.
    let list = service.get(&alva, "/cases?organisation=exempelby").await;
    let path = format!("/cases/{}", list.cases()[0]["caseId"].as_str().unwrap());
    service.switch("exempelby", "down").await;
    assert_eq!(
        service.get(&alva, &path).await.status,
        200,
        "the last known state is shown"
    );
}

#[tokio::test]
async fn the_callers_deadline_holds_and_the_rest_is_still_shown() {
    let service = Running::over_sandbox(&[]).await;
    service.switch("studiestodsverket", "hang").await;
    let started = Instant::now();
    let answer = service
        .get_with(&party("alva"), "/cases", &[("vagvisare-deadline-ms", "1500")])
        .await;
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    assert_eq!(
        (answer.status, answer.source("studiestodsverket")["status"].as_str()),
        (200, Some("timeout"))
    );
    assert_eq!(answer.source("exempelby")["status"], "ok");
}

/// An agency of each form.
const OF_EACH_FORM: [&str; 3] = ["exempelby", "region-exempelland", "skattekontoret"];

#[tokio::test]
async fn wrong_data_and_broken_connections_are_told_as_what_they_are_in_every_form() {
    for (failure, status, cases) in [
        ("truncated", "failed", 0),
        ("wrongSchema", "failed", 0),
        ("anotherPerson", "failed", 0),
        ("cutOff", "failed", 0),
        ("reset", "failed", 0),
        ("trickle", "timeout", 0),
        ("partial", "ok", 1),
    ] {
        let service = Running::over_sandbox(&[]).await;
        for agency in OF_EACH_FORM {
            service.switch(agency, failure).await;
        }
        let alva = party("alva");
        let patience = [("vagvisare-deadline-ms", "2500")];
        let answer = service.get_with(&alva, "/cases", &patience).await;
        assert_eq!(
            (answer.status, &answer.body["complete"]),
            (200, &Value::Bool(false)),
            "{failure}"
        );
        for agency in OF_EACH_FORM {
            let source = answer.source(agency);
            assert_eq!(
                (source["status"].as_str(), answer.of(agency).len()),
                (Some(status), cases),
                "{failure}: {source}"
            );
        }
        // The agencies that are well are told as ever, and what was wrong leaves nothing behind.
        assert_eq!(answer.source("pensionsverket")["status"], "ok");
        for agency in OF_EACH_FORM {
            service.switch(agency, "none").await;
        }
        let healed = service.get(&alva, "/cases").await;
        assert_eq!(healed.body["complete"], true, "{failure}: {}", healed.body["sources"]);
        assert_eq!(healed.cases().len(), sandbox::Agency::ALL.len());
    }
}

#[tokio::test]
async fn an_agency_with_an_old_system_is_read_as_any_other() {
    let service = Running::over_sandbox(&[]).await;
    let answer = service.get(&party("alva"), "/cases").await;
    let case = answer.of("familjekassan")[0];
    assert_eq!(case["title"]["sv"], "Ansökan om föräldrapenning");
    assert_eq!(
        (case["status"].as_str(), case["closedAt"].as_str()),
        (Some("closed"), Some("2026-07-18T10:00:00Z"))
    );
    let one = service
        .get(&party("alva"), &format!("/cases/{}", case["caseId"].as_str().unwrap()))
        .await;
    assert_eq!(
        one.body["events"].as_array().unwrap().len(),
        4,
        "two at a time, and all of them"
    );
}
