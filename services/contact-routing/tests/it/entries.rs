//! Organisations keep their own entries: over a socket, in both databases, and in force at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use contact_routing::data::directory::{Directory, organisations};
use contact_routing::entries::check::check;
use contact_routing::entries::{Entries, Entry, EntryStore, Put};
use contact_routing::{ContactRoutingConfig, service};
use jiff::Timestamp;
use jiff::civil::date;
use serde_json::{Value, json};
use service_host::ServiceTelemetry;

struct Running {
    base: String,
    client: reqwest::Client,
    _directory: tempfile::TempDir,
}

async fn start() -> Running {
    let directory = tempfile::tempdir().unwrap();
    let config = ContactRoutingConfig {
        database: directory.path().join("contact-routing.db"),
        entries: format!("sqlite:{}", directory.path().join("entries.sqlite").display()),
        stewards: BTreeMap::from([("provkommun".to_owned(), "kommun-1283".to_owned())]),
        case_status: None,
    };
    let service = service(config).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let telemetry = ServiceTelemetry::off();
    tokio::spawn(service_host::serve(
        listener,
        service,
        std::future::pending(),
        telemetry,
    ));
    Running {
        base,
        client: reqwest::Client::new(),
        _directory: directory,
    }
}

impl Running {
    /// The status, the ETag and the body.
    async fn send(
        &self,
        method: &str,
        path: &str,
        organisation: &str,
        tag: &str,
        body: &Value,
    ) -> (u16, String, Value) {
        let mut request = self
            .client
            .request(method.parse().unwrap(), format!("{}{path}", self.base));
        if !organisation.is_empty() {
            request = request
                .header("vagvisare-organisation", organisation)
                .header("vagvisare-application", format!("{organisation}-katalog"));
        }
        if !tag.is_empty() {
            request = request.header("if-match", tag);
        }
        if !body.is_null() {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        let tag = response
            .headers()
            .get("etag")
            .map(|tag| tag.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        let body = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap()
        };
        (status, tag.unwrap_or_default(), body)
    }

    /// The contact points that the answer to a question about Helsingborg shows.
    async fn points(&self) -> Vec<String> {
        let question = json!({"question": "Behöver jag bygglov för en altan?", "municipality": "Helsingborg"});
        let (_, _, answer) = self.send("POST", "/contact-routing/v1/routes", "", "", &question).await;
        let points = answer["candidates"][0]["contactPoints"].as_array().unwrap().clone();
        points
            .iter()
            .map(|point| point["name"]["sv"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn phone() -> Value {
    json!({
        "kind": "phone", "name": {"sv": "Kontaktcenter", "en": "Contact centre"}, "value": "+46 42 10 50 00",
        "languages": ["sv", "en"],
        "schedules": ["DTSTART;TZID=Europe/Stockholm:20260101T080000\nDURATION:PT8H\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"]
    })
}

const ENTRY: &str = "/directory/v1/entries/kommun-1283";

#[tokio::test]
async fn an_organisation_changes_its_own_entry_and_answers_follow_at_once() {
    let running = start().await;
    let (status, tag, before) = running.send("GET", ENTRY, "provkommun", "", &Value::Null).await;
    assert_eq!(
        (status, tag.as_str(), before["own"].as_bool()),
        (200, "\"0\"", Some(false))
    );
    // What the register says can be sent back as it is.
    let (status, tag, _) = running.send("PUT", ENTRY, "provkommun", &tag, &before["entry"]).await;
    assert_eq!((status, tag.as_str()), (200, "\"1\""));

    let over = json!({"kind": "chat", "name": {"sv": "Gammal chatt"}, "url": "https://helsingborg.se/chatt", "validTo": "2020-01-01"});
    let elsewhere = json!({"kind": "visit", "name": {"sv": "I Malmö"}, "value": "Torget 1", "areas": ["1280"]});
    let new = json!({"contactPoints": [phone(), over, elsewhere], "website": "https://helsingborg.se"});
    let (status, tag, after) = running.send("PUT", ENTRY, "provkommun", &tag, &new).await;
    assert_eq!(
        (status, tag.as_str(), after["revision"].as_i64()),
        (200, "\"2\"", Some(2))
    );
    let point = &after["entry"]["contactPoints"][0];
    assert!(
        point["contactPointId"].is_string() && point["assuredAt"].is_string(),
        "{point}"
    );
    assert_eq!(running.points().await, ["Kontaktcenter"]);
    let (_, _, shown) = running
        .send(
            "GET",
            "/contact-routing/v1/organisations/kommun-1283",
            "",
            "",
            &Value::Null,
        )
        .await;
    let first = &shown["contactPoints"][0];
    assert_eq!(
        (first["assuredBy"].as_str(), first["languages"][1].as_str()),
        (Some("kommun-1283"), Some("en"))
    );
    assert!(
        first["opening"]["state"] == "open" || first["opening"]["opensAt"].is_string(),
        "{first}"
    );

    // Who has not seen the last change may not undo it; who does not say what was seen neither.
    let (status, _, problem) = running.send("PUT", ENTRY, "provkommun", "\"1\"", &new).await;
    assert_eq!((status, problem["code"].as_str()), (412, Some("stale-revision")));
    let (status, _, problem) = running.send("PUT", ENTRY, "provkommun", "", &new).await;
    assert_eq!((status, problem["code"].as_str()), (428, Some("revision-needed")));

    let (_, _, changes) = running
        .send("GET", &format!("{ENTRY}/changes"), "provkommun", "", &Value::Null)
        .await;
    let made: Vec<(i64, &str)> = changes["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["revision"].as_i64().unwrap(),
                one["applicationId"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(made, [(2, "provkommun-katalog"), (1, "provkommun-katalog")]);

    assert_eq!(
        running.send("DELETE", ENTRY, "provkommun", &tag, &Value::Null).await.0,
        204
    );
    assert!(running.points().await.len() > 1);
    let (_, tag, entry) = running.send("GET", ENTRY, "provkommun", "", &Value::Null).await;
    assert_eq!((tag.as_str(), entry["own"].as_bool()), ("\"3\"", Some(false)));
}

#[tokio::test]
async fn nobody_reads_or_changes_anothers_entry() {
    let running = start().await;
    let new = json!({"contactPoints": [phone()]});
    for (method, path, body) in [
        ("GET", ENTRY.to_owned(), &Value::Null),
        ("PUT", ENTRY.to_owned(), &new),
        ("DELETE", ENTRY.to_owned(), &Value::Null),
        ("GET", format!("{ENTRY}/changes"), &Value::Null),
    ] {
        // A bank, another authority, a caller of no organisation, and one that has another's id at the gateway.
        for stranger in ["exempelbanken", "skatteverket", "", "kommun-1283x"] {
            let (status, _, problem) = running.send(method, &path, stranger, "\"0\"", body).await;
            assert_eq!(
                (status, problem["code"].as_str()),
                (403, Some("not-yours")),
                "{stranger} {method} {path}"
            );
        }
    }
    let (status, _, _) = running
        .send("PUT", "/directory/v1/entries/nowhere", "provkommun", "\"0\"", &new)
        .await;
    assert_eq!(status, 404);
    let (_, _, none) = running
        .send("GET", "/directory/v1/entries", "exempelbanken", "", &Value::Null)
        .await;
    assert_eq!(none["_meta"]["totalRecords"], 0);
    let (_, _, own) = running
        .send("GET", "/directory/v1/entries", "skatteverket", "", &Value::Null)
        .await;
    assert_eq!(own["entries"][0]["organisationId"], "skatteverket");
    assert!(running.points().await.len() > 1, "nothing has changed");
}

#[tokio::test]
async fn an_entry_that_leaves_somebody_without_a_way_is_refused_and_so_is_all_that_is_wrong() {
    let running = start().await;
    let form = json!({"kind": "form", "name": {"sv": "E-tjänst"}, "url": "https://helsingborg.se", "needsEId": true});
    let with = |changes: Value| {
        let mut one = phone();
        for (key, value) in changes.as_object().unwrap() {
            one[key] = value.clone();
        }
        one
    };
    for only in [
        form.clone(),
        with(json!({"needsEId": true})),
        with(json!({"validTo": "2999-01-01"})),
        with(json!({"validFrom": "2999-01-01"})),
        with(json!({"areas": ["1280"]})),
    ] {
        let entry = json!({"contactPoints": [only, form]});
        let (status, _, problem) = running.send("PUT", ENTRY, "provkommun", "\"0\"", &entry).await;
        let said = problem["errors"].as_array().unwrap().iter().any(|one| {
            one["field"] == "contactPoints" && one["message"].as_str().unwrap().contains("without e-identification")
        });
        assert!(status == 422 && said, "{problem}");
    }
    let entry = json!({
        "contactPoints": [
            phone(), phone(),
            with(json!({"value": "ring oss", "areas": ["0000"], "languages": ["svenska!"]})),
            with(json!({"kind": "form", "url": "http://helsingborg.se"})),
            with(json!({"schedules": ["varje dag"], "assuredAt": "2999-01-01T00:00:00Z", "name": {"sv": ""}})),
        ],
        "website": "https://user:secret@helsingborg.se", "successorIds": ["kommun-1283", "nowhere"],
    });
    let (status, _, problem) = running.send("PUT", ENTRY, "provkommun", "\"0\"", &entry).await;
    let fields: Vec<&str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["field"].as_str().unwrap())
        .collect();
    let expected = [
        "website",
        "validTo",
        "successorIds[0]",
        "successorIds[1]",
        "contactPoints[1].value",
        "contactPoints[2].value",
        "contactPoints[2].areas[0]",
        "contactPoints[2].languages",
        "contactPoints[3].url",
        "contactPoints[3].url",
        "contactPoints[4].value",
        "contactPoints[4].name",
        "contactPoints[4].schedules[0]",
        "contactPoints[4].assuredAt",
    ];
    assert_eq!((status, fields.as_slice()), (422, expected.as_slice()), "{problem}");
    assert!(!problem.to_string().contains("secret"));
}

#[tokio::test]
async fn a_single_successor_is_named_once_the_organisation_has_ended() {
    let running = start().await;
    let ending = json!({"contactPoints": [phone()], "validTo": "2027-06-30", "successorIds": ["kommun-1280"]});
    let (status, _, _) = running.send("PUT", ENTRY, "provkommun", "\"0\"", &ending).await;
    assert_eq!(status, 200);
    for (time, expected, rule) in [
        ("2027-06-30T10:00:00Z", "Helsingborg", false),
        ("2027-07-01T10:00:00Z", "Malmö", true),
    ] {
        let question =
            json!({"question": "Behöver jag bygglov för en altan?", "municipality": "Helsingborg", "time": time});
        let (_, _, answer) = running
            .send("POST", "/contact-routing/v1/routes", "", "", &question)
            .await;
        let first = &answer["candidates"][0];
        assert_eq!(first["organisationName"], expected, "{answer}");
        let because = first["because"].as_array().unwrap();
        let told = because.iter().any(|one| one["ruleId"] == "kommun-1283.successor");
        assert_eq!(told, rule, "{answer}");
    }
}

#[test]
fn what_the_register_says_of_every_organisation_may_be_sent_back() {
    let directory = Directory::new(organisations().unwrap()).unwrap();
    for one in &directory.organisations {
        let wrong = check(
            &Entry::of_register(one),
            one,
            &directory,
            Timestamp::now(),
            date(2026, 11, 26),
        );
        assert!(wrong.is_empty(), "{}: {wrong:?}", one.id);
    }
}

fn named(name: &str) -> Entry {
    let mut point = phone();
    point["name"]["sv"] = json!(name);
    serde_json::from_value(json!({"contactPoints": [point]})).unwrap()
}

async fn changes_are_one_after_the_other_and_reach_every_node(address: &str) {
    let (one, other) = (
        Entries::open(address).await.unwrap(),
        Entries::open(address).await.unwrap(),
    );
    let store = EntryStore::open(address).await.unwrap();
    let at = Timestamp::now();
    let tries = (0..8).map(|number| {
        let store = store.clone();
        tokio::spawn(async move {
            let entry = named(&format!("nummer {number}"));
            store.put("csn", 0, Some(&entry), "app", at).await.unwrap()
        })
    });
    let mut done = 0;
    for one in tries.collect::<Vec<_>>() {
        done += usize::from(one.await.unwrap() == Put::Done(1));
    }
    assert_eq!(done, 1, "of changes made from the same revision one holds");
    assert_eq!(
        store.put("csn", 1, Some(&named("sist")), "app", at).await.unwrap(),
        Put::Done(2)
    );
    assert_eq!(
        store.put("skatteverket", 0, None, "app", at).await.unwrap(),
        Put::Done(1)
    );
    for node in [&one, &other] {
        assert!(node.of("csn").is_none());
        node.refresh().await.unwrap();
        assert_eq!(node.of("csn").unwrap().contact_points[0].name.sv, "sist");
        assert!(node.of("skatteverket").is_none());
    }
    // What was acknowledged is there for who comes later.
    let later = Entries::open(address).await.unwrap();
    assert_eq!(*later.of("csn").unwrap(), *one.of("csn").unwrap());
    assert_eq!(store.changes("csn").await.unwrap().len(), 2);
    assert_eq!(
        (
            store.sequence().await.unwrap(),
            Arc::strong_count(&one.of("csn").unwrap())
        ),
        (3, 2)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_in_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("entries.sqlite");
    changes_are_one_after_the_other_and_reach_every_node(&format!("sqlite:{}", file.display())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_in_postgresql() {
    changes_are_one_after_the_other_and_reach_every_node(&database::testing::postgres().await).await;
}
