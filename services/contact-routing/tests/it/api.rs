//! The API over a socket: what a developer meets.

use std::sync::LazyLock;

use contact_routing::{ContactRoutingConfig, service};
use serde_json::{Value, json};
use service_host::ServiceTelemetry;

struct Running {
    base: String,
    client: reqwest::Client,
}

/// One service for all of these tests, none of which changes anything: a start takes longer than what is asked of it.
static BASE: LazyLock<String> = LazyLock::new(|| {
    let (started, base) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(serve(started));
    });
    base.recv().unwrap()
});

async fn serve(started: std::sync::mpsc::Sender<String>) {
    let directory = tempfile::tempdir().unwrap();
    let config = ContactRoutingConfig {
        database: directory.path().join("contact-routing.db"),
        entries: format!("sqlite:{}", directory.path().join("entries.sqlite").display()),
        stewards: std::collections::BTreeMap::new(),
        case_status: None,
    };
    // Twice: the second start reads what the first has loaded.
    drop(service(config.clone()).await.unwrap());
    let service = service(config).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    started.send(format!("http://{address}/contact-routing/v1")).unwrap();
    let never = std::future::pending();
    let _ = service_host::serve(listener, service, never, ServiceTelemetry::off()).await;
}

async fn start() -> Running {
    let base = tokio::task::spawn_blocking(|| BASE.clone()).await.unwrap();
    let client = reqwest::Client::new();
    Running { base, client }
}

impl Running {
    async fn get(&self, path: &str) -> (u16, Value) {
        let response = self.client.get(format!("{}{path}", self.base)).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn ask(&self, body: Value) -> (u16, Value) {
        let response = self
            .client
            .post(format!("{}/routes", self.base))
            .json(&body)
            .send()
            .await
            .unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }
}

#[tokio::test]
async fn a_developer_asks_and_is_answered() {
    let running = start().await;

    let (status, answer) = running
        .ask(json!({"question": "Behöver jag bygglov för en altan?", "municipality": "Helsingborg"}))
        .await;
    assert_eq!(status, 200);
    assert_eq!(answer["outcome"], "organisation");
    let first = &answer["candidates"][0];
    assert_eq!(
        (first["organisationName"].as_str(), first["level"].as_str()),
        (Some("Helsingborg"), Some("municipality"))
    );
    assert!(!first["because"].as_array().unwrap().is_empty() && !first["contactPoints"].as_array().unwrap().is_empty());
    assert_eq!(answer["understoodAs"]["needId"], "building-permit");

    let (_, answer) = running
        .ask(json!({"question": "Behöver jag bygglov för en altan?"}))
        .await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["askBack"]["about"].as_str()),
        (Some("askBack"), Some("municipality"))
    );

    let (_, answer) = running.ask(json!({"question": "det brinner i köket"})).await;
    assert_eq!(
        (
            answer["outcome"].as_str(),
            answer["emergency"]["numbers"][0]["number"].as_str()
        ),
        (Some("emergency"), Some("112"))
    );

    let (_, answer) = running
        .ask(json!({"question": "Mitt BankID fungerar inte", "channels": ["phone"]}))
        .await;
    assert_eq!(answer["outcome"], "notPublic");
    assert!(answer["notPublic"]["explanation"]["en"].is_string());

    let wished = json!({"question": "Var ansöker jag om allmän pension?", "channels": ["phone"]});
    let (_, answer) = running.ask(wished).await;
    let points = answer["candidates"][0]["contactPoints"].as_array().unwrap().clone();
    assert!(points.iter().all(|point| point["kind"] == "phone") && !points.is_empty());
}

#[tokio::test]
async fn what_is_wrong_is_said_and_never_repeated() {
    let running = start().await;
    let refused = [
        (json!({"question": ""}), 422, "question"),
        (json!({"question": "x".repeat(2001)}), 422, "question"),
        (
            json!({"question": "hej", "municipality": "Helsingbrog"}),
            422,
            "municipality",
        ),
        (json!({"question": "hej", "shoe": 1}), 422, "shoe"),
    ];
    for (body, status, field) in refused {
        let (got, problem) = running.ask(body).await;
        assert_eq!(
            (got, problem["errors"][0]["field"].as_str()),
            (status, Some(field)),
            "{problem}"
        );
    }
    let (_, problem) = running
        .ask(json!({"question": "hej", "municipality": "Helsingbrog"}))
        .await;
    assert!(
        problem["detail"].as_str().unwrap().contains("Helsingborg (1283)"),
        "{problem}"
    );

    let (status, problem) = running.get("/routes?need=building-permits&municipality=1283").await;
    assert_eq!(status, 400);
    assert!(
        problem["detail"].as_str().unwrap().contains("building-permit"),
        "{problem}"
    );
    assert_eq!(running.get("/routes").await.0, 400);
    assert_eq!(running.get("/needs/nothing").await.0, 404);
    assert_eq!(running.get("/organisations/nobody").await.0, 404);
    assert_eq!(running.get("/needs?limit=0").await.0, 400);
    assert_eq!(running.get("/needs?colour=red").await.0, 400);
}

#[tokio::test]
async fn needs_organisations_and_municipalities_are_found() {
    let running = start().await;
    let (_, answer) = running.get("/routes?need=transport-service&municipality=0160").await;
    assert_eq!(answer["candidates"][0]["organisationName"], "Region Stockholm");
    assert_eq!(answer["candidates"][0]["area"]["municipality"], "Täby");

    let (_, needs) = running.get("/needs?limit=5&page=2").await;
    assert_eq!(
        (
            needs["needs"].as_array().unwrap().len(),
            needs["_meta"]["page"].as_u64()
        ),
        (5, Some(2))
    );
    let (_, need) = running.get("/needs/building-permit").await;
    assert_eq!(need["responsibleRule"]["level"], "municipality");

    let (_, found) = running.get("/organisations?query=skattev").await;
    assert_eq!(found["organisations"][0]["name"]["sv"], "Skatteverket");
    let (_, found) = running.get("/organisations?query=CSN").await;
    assert_eq!(found["organisations"][0]["name"]["sv"], "Centrala studiestödsnämnden");
    let (_, one) = running.get("/organisations/region-01").await;
    assert_eq!(one["kind"], "region");

    let (_, all) = running.get("/municipalities?limit=100&page=3").await;
    assert_eq!(
        (all["_meta"]["totalRecords"].as_u64(), all["_meta"]["count"].as_u64()),
        (Some(290), Some(90))
    );
}

#[tokio::test]
async fn what_is_open_is_said_for_the_time_asked_about() {
    let running = start().await;
    let state = async |time: &str| {
        let question = json!({"question": "Hur deklarerar jag?", "channels": ["phone"], "time": time});
        let (_, answer) = running.ask(question).await;
        answer["candidates"][0]["contactPoints"][0]["opening"].clone()
    };
    assert_eq!(state("2026-11-26T10:00:00Z").await["state"], "open");
    let christmas = state("2026-12-24T10:00:00Z").await;
    assert_eq!(
        (christmas["state"].as_str(), christmas["opensAt"].as_str()),
        (Some("closed"), Some("2026-12-28T07:00:00Z"))
    );
}

#[tokio::test]
async fn the_glossary_explains_words_and_keeps_to_the_organisations_own_for_people() {
    let running = start().await;
    let (_, found) = running.get("/glossary?query=anst").await;
    assert_eq!(found["terms"][0]["term"]["sv"], "anstånd");
    let text = json!({"text": "Som kund kan du begära omprövning.", "organisationId": "skatteverket"});
    let request = running
        .client
        .post(format!("{}/glossary/annotations", running.base))
        .json(&text);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["annotations"][0]["term"]["sv"], "omprövning");
    assert_eq!(answer["relationWords"][0]["instead"]["sv"], "skattebetalare");
    let (_, one) = running.get("/organisations/skatteverket").await;
    assert_eq!(one["relationTerms"]["default"]["sv"], "skattebetalare");
}

#[tokio::test]
async fn every_served_route_is_in_the_document() {
    let running = start().await;
    let (status, document) = running.get("/openapi.json").await;
    assert_eq!(status, 200);
    let paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    for path in [
        "/routes",
        "/needs",
        "/needs/{needId}",
        "/organisations",
        "/organisations/{organisationId}",
        "/municipalities",
        "/glossary",
        "/glossary/annotations",
        "/api-info",
    ] {
        assert!(paths.iter().any(|known| *known == path), "{path}");
    }
    assert_eq!(document["paths"].as_object().unwrap().len(), 9);
    assert_eq!(
        serde_json::to_value(contact_routing::openapi()).unwrap()["paths"],
        document["paths"]
    );
}
