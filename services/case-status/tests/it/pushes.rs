//! Producers that push: each event counts once, in order, and shows at once to those who read changes.

use std::time::Duration;

use case_status::{Form, Producer};
use model::LocalizedText;
use sandbox::PushTo;
use serde_json::{Value, json};

use crate::support::{Running, client, party, person};
use crate::worse::{Manner, many_register, producer};

const TYPE: &str = "se.vagvisare.case.changed.v1";

/// A service over one producer that is never asked.
async fn over_a_pusher() -> (Running, crate::support::Task) {
    let (register, task) = many_register(&["organisation-pusher"]).await;
    let pusher = Producer {
        id: "pusher".to_owned(),
        organisation_id: "organisation-pusher".to_owned(),
        name: LocalizedText::swedish("Pusher"),
        form: Form::Pushed,
        base_url: String::new(),
        relation_term: None,
        rules: Vec::new(),
    };
    (
        Running::over(vec![pusher], &register, Duration::from_secs(5)).await,
        task,
    )
}

fn event(id: &str, sequence: &str, party: &str, title: &str) -> Value {
    json!({
        "specversion": "1.0", "type": TYPE, "id": id, "source": "urn:x:pusher", "subject": "R-1", "sequence": sequence,
        "data": { "party": format!("known-as-{party}"), "case": {
            "reference": "R-1", "title": { "sv": title }, "status": "inProgress", "requiresAction": false,
            "ballHolder": "agency", "lastChangedAt": "2026-01-02T10:00:00Z",
            "events": [
                { "eventId": "1", "type": "A.B.C", "occurredAt": "2026-01-01T10:00:00Z", "title": { "sv": "Öppen" } },
                { "eventId": "2", "type": "A.B.D", "occurredAt": "2026-01-02T10:00:00Z", "title": { "sv": "Dold" },
                  "requiredScope": "cases.read.health" },
                { "eventId": "3", "type": "A.B.C", "occurredAt": "2026-01-03T10:00:00Z", "title": { "sv": "Också öppen" } },
            ],
        } },
    })
}

impl Running {
    async fn push(&self, organisation: &str, event: &Value) -> (u16, Value) {
        let request = client()
            .post(self.url.replace("case-status", "case-events") + "/events")
            .header("vagvisare-organisation", organisation)
            .header("content-type", "application/cloudevents+json")
            .body(event.to_string());
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn changes(&self, after: i64, wait: u32) -> Vec<Value> {
        let url = self.url.replace("/case-status/v1", "/internal/changes");
        let answer = client()
            .get(format!("{url}?after={after}&waitSeconds={wait}"))
            .send()
            .await
            .unwrap();
        let body: Value = answer.json().await.unwrap();
        body["changes"].as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn an_event_counts_once_and_never_over_a_later_one() {
    let (service, _register) = over_a_pusher().await;
    let push = |id: &'static str, sequence: &'static str, title: &'static str| {
        let event = event(id, sequence, "alva", title);
        let service = &service;
        async move {
            let (status, body) = service.push("organisation-pusher", &event).await;
            assert_eq!(status, 202, "{body}");
            body["outcome"].as_str().unwrap().to_owned()
        }
    };
    assert_eq!(push("a", "02", "två").await, "accepted");
    assert_eq!(push("a", "02", "två").await, "duplicate");
    assert_eq!(push("b", "01", "ett").await, "superseded");
    let list = service.get("alva", "/cases").await;
    assert_eq!(
        (
            list.cases()[0]["title"]["sv"].as_str(),
            list.source("pusher")["status"].as_str()
        ),
        (Some("två"), Some("ok"))
    );
    assert_eq!(push("c", "03", "tre").await, "accepted");
    assert_eq!(service.get("alva", "/cases").await.cases()[0]["title"]["sv"], "tre");
    assert!(service.get("bo", "/cases").await.cases().is_empty());
    let kinds: Vec<_> = service
        .changes(0, 0)
        .await
        .iter()
        .map(|one| one["kind"].clone())
        .collect();
    assert_eq!(kinds, ["added", "updated"]);
}

#[tokio::test]
async fn a_hidden_event_hides_itself_and_nothing_else() {
    let (service, _register) = over_a_pusher().await;
    service.push("organisation-pusher", &event("a", "1", "alva", "x")).await;
    let list = service.get("alva", "/cases").await;
    let path = format!("/cases/{}/events", list.cases()[0]["caseId"].as_str().unwrap());
    let titles = |answer: &crate::support::Answer| -> Vec<String> {
        let events = answer.body["events"].as_array().unwrap().iter();
        events
            .map(|event| event["title"]["sv"].as_str().unwrap().to_owned())
            .collect()
    };
    let without = service.get("alva", &path).await;
    assert_eq!(
        (titles(&without), &without.body["_meta"]["totalRecords"]),
        (vec!["Öppen".to_owned(), "Också öppen".to_owned()], &json!(2))
    );
    assert!(!without.body.to_string().contains("health"));
    let scopes = [("vagvisare-scopes", "cases.read cases.read.health")];
    let with = service.get_with("alva", &path, &scopes).await;
    assert_eq!(
        (titles(&with).len(), &with.body["_meta"]["totalRecords"]),
        (3, &json!(3))
    );
    assert_eq!(
        service
            .get_with("alva", &path, &[("if-none-match", with.etag.as_deref().unwrap())])
            .await
            .status,
        200
    );
    let second = service.get("alva", &format!("{path}?page=2&limit=1")).await;
    assert_eq!(titles(&second), ["Också öppen"]);
}

#[tokio::test]
async fn an_event_that_is_wrong_or_somebody_elses_is_refused_with_its_place() {
    let (service, _register) = over_a_pusher().await;
    let right = event("a", "1", "alva", "x");
    let with = |pointer: &str, value: Value| {
        let mut event = right.clone();
        *event.pointer_mut(pointer).unwrap() = value;
        event
    };
    for (organisation, event, status, field) in [
        ("another", right.clone(), 403, None),
        ("organisation-pusher", with("/source", json!("urn:x:other")), 403, None),
        ("organisation-pusher", with("/type", json!("x")), 422, Some("type")),
        (
            "organisation-pusher",
            with("/specversion", json!("0.3")),
            422,
            Some("specversion"),
        ),
        ("organisation-pusher", with("/id", json!("")), 422, Some("id")),
        (
            "organisation-pusher",
            with("/subject", json!("R-2")),
            422,
            Some("data.case"),
        ),
        (
            "organisation-pusher",
            with("/data/case", json!({})),
            422,
            Some("data.case"),
        ),
        (
            "organisation-pusher",
            with("/data/case/title/sv", json!("known-as-alva ringde")),
            422,
            Some("data.case"),
        ),
        (
            "organisation-pusher",
            with("/data/party", json!("unknown")),
            422,
            Some("data.party"),
        ),
    ] {
        let (answered, body) = service.push(organisation, &event).await;
        assert_eq!(
            (answered, body["errors"][0]["field"].as_str()),
            (status, field),
            "{body}"
        );
        assert!(!body.to_string().contains("known-as"), "{body}");
    }
    assert!(service.get("alva", "/cases").await.cases().is_empty());
}

#[tokio::test]
async fn the_attributes_may_come_in_headers() {
    let (service, _register) = over_a_pusher().await;
    let whole = event("a", "1", "alva", "x");
    let post = |leave_out: &'static str| {
        let mut request = client()
            .post(service.url.replace("case-status", "case-events") + "/events")
            .header("vagvisare-organisation", "organisation-pusher")
            .json(&whole["data"]);
        for name in ["specversion", "type", "id", "source", "subject", "sequence"] {
            if name != leave_out {
                request = request.header(format!("ce-{name}"), whole[name].as_str().unwrap());
            }
        }
        request.send()
    };
    assert_eq!(post("").await.unwrap().status(), 202);
    assert_eq!(post("specversion").await.unwrap().status(), 415);
    assert_eq!(post("subject").await.unwrap().status(), 422);
    assert_eq!(service.get("alva", "/cases").await.cases().len(), 1);
}

#[tokio::test]
async fn an_agency_that_pushes_is_asked_right_away_and_its_change_is_noted_once() {
    let service = Running::over_sandbox(&[]).await;
    let alva = party("alva");
    let before = service.get(&alva, "/cases").await;
    assert!(service.changes(0, 0).await.is_empty(), "what is met first is not news");
    let sandbox = service.sandbox.as_ref().unwrap();
    sandbox.push_to(PushTo {
        url: service.url.replace("case-status", "case-events") + "/events",
        headers: vec![("vagvisare-organisation".to_owned(), "skattekontoret".to_owned())],
    });
    // Long enough for what lies ahead of the tax office's case to happen, whatever it is. The agency first looks at what
    // has happened already: the clock goes on until it has told.
    let mut told = Vec::new();
    for _ in 0..20 {
        let forward = client()
            .post(format!("{}/sandbox/time", sandbox.control_url))
            .json(&json!({ "days": 9 }));
        assert_eq!(forward.send().await.unwrap().status(), 200);
        told = service.changes(0, 2).await;
        if told.iter().any(|one| one["party"] == alva.as_str()) {
            break;
        }
    }
    let own: Vec<_> = told.iter().filter(|one| one["party"] == alva.as_str()).collect();
    let case = &before.of("skattekontoret")[0]["caseId"];
    assert_eq!(
        (own.len(), &own[0]["caseId"], own[0]["kind"].as_str()),
        (1, case, Some("updated"))
    );
    let after = service.get(&alva, "/cases").await;
    assert_ne!(
        after.of("skattekontoret")[0]["revision"],
        before.of("skattekontoret")[0]["revision"]
    );
    assert!(
        !serde_json::to_string(&told)
            .unwrap()
            .contains(person("alva").number.digits())
    );
}

#[tokio::test]
async fn of_hundreds_of_sources_only_those_that_have_to_do_with_the_person_are_asked() {
    let engaged = ["organisation-p7", "organisation-p300", "organisation-p660"];
    let (register, _register) = many_register(&engaged).await;
    let (one, _task) = producer("p".to_owned(), Manner::Right).await;
    let (silent, _silent) = producer("silent".to_owned(), Manner::Silent).await;
    let producers = (0..661).map(|at| {
        let organisation_id = format!("organisation-p{at}");
        // Whoever has nothing to do with the person would never answer: asking one would show.
        let url = if engaged.contains(&organisation_id.as_str()) {
            &one.base_url
        } else {
            &silent.base_url
        };
        Producer {
            id: format!("p{at}"),
            base_url: url.clone(),
            organisation_id,
            ..one.clone()
        }
    });
    let service = Running::over(producers.collect(), &register, Duration::from_secs(5)).await;
    let answer = service.get("alva", "/cases").await;
    assert_eq!(
        (answer.status, answer.cases().len(), &answer.body["complete"]),
        (200, 3, &json!(true))
    );
    let sources = answer.body["sources"].as_array().unwrap();
    let of = |status: &str| sources.iter().filter(|source| source["status"] == status).count();
    assert_eq!((of("ok"), of("notAsked")), (3, 658));
    let calls: Value = client()
        .get(format!("{register}/calls"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(calls, json!(1), "one call to the register for the whole list");
}

#[tokio::test]
async fn a_cursor_goes_on_where_the_page_before_ended() {
    let service = Running::over_sandbox(&[]).await;
    let alva = party("alva");
    for sort in [
        "-lastChangedAt",
        "startedAt",
        "-startedAt",
        "dueAt",
        "title",
        "lastChangedAt",
    ] {
        let ids = |answer: &crate::support::Answer| -> Vec<Value> {
            answer.cases().iter().map(|case| case["caseId"].clone()).collect()
        };
        let all = ids(&service.get(&alva, &format!("/cases?limit=100&sort={sort}")).await);
        let (mut seen, mut path) = (Vec::new(), format!("/cases?limit=2&sort={sort}&cursor="));
        for _ in 0..10 {
            let answer = service.get(&alva, &path).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
            seen.extend(ids(&answer));
            let links = answer.body["_links"].as_array().unwrap();
            let Some(next) = links.iter().find(|link| link["rel"] == "next") else {
                break;
            };
            path = next["href"]
                .as_str()
                .unwrap()
                .strip_prefix(&service.url)
                .unwrap()
                .to_owned();
        }
        assert_eq!(seen, all, "{sort}");
    }
    let wrong = service.get(&alva, "/cases?cursor=x").await;
    assert_eq!(
        (wrong.status, wrong.body["errors"][0]["field"].as_str()),
        (400, Some("cursor"))
    );
}

#[tokio::test]
async fn lists_can_be_narrowed_to_a_service_a_role_and_what_has_changed() {
    let service = Running::over_sandbox(&[]).await;
    let alva = party("alva");
    let count = async |query: &str| service.get(&alva, &format!("/cases?{query}")).await.cases().len();
    assert_eq!(count("service=bygglov").await, 1);
    assert_eq!(count("role=guardian").await, 1);
    assert_eq!(count("changedSince=2026-11-17T10:00:00Z").await, 2);
    assert_eq!(count("changedSince=2026-11-24T00:00:00Z").await, 0);
}
