//! What a developer and an agency do, over a socket.

use insights::batch::{Answer, JourneyStep, Reason};
use insights::store::Store;
use insights::{InsightsConfig, service};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde_json::{Value, json};
use service_host::ServiceTelemetry;

struct Running {
    base: String,
    client: reqwest::Client,
    _directory: tempfile::TempDir,
}

async fn start() -> Running {
    start_in(tempfile::tempdir().unwrap()).await
}

async fn start_in(directory: tempfile::TempDir) -> Running {
    let database = format!("sqlite:{}", directory.path().join("insights.sqlite").display());
    let service = service(InsightsConfig { database }).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/insights/v1", listener.local_addr().unwrap());
    tokio::spawn(service_host::serve(
        listener,
        service,
        std::future::pending(),
        ServiceTelemetry::off(),
    ));
    Running {
        base,
        client: reqwest::Client::new(),
        _directory: directory,
    }
}

impl Running {
    /// The media type and the text at a path.
    async fn text(&self, path: &str) -> (String, String) {
        let response = self.client.get(format!("{}{path}", self.base)).send().await.unwrap();
        let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
        (kind, response.text().await.unwrap())
    }

    async fn send(&self, method: &str, path: &str, body: Value, organisation: &str) -> (u16, Value) {
        let method = method.parse().unwrap();
        let request = self.client.request(method, format!("{}{path}", self.base)).json(&body);
        let request = if organisation.is_empty() {
            request
        } else {
            request.header("vagvisare-organisation", organisation)
        };
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }
}

#[tokio::test]
async fn feedback_is_given_once_and_seen_counted() {
    let running = start().await;
    let contact = json!({"organisationId": "skatteverket", "channelKind": "phone"});
    let (status, impression) = running.send("POST", "/impressions", contact, "").await;
    assert_eq!((status, impression["counted"].as_bool()), (201, Some(false)));
    let id = impression["impressionId"].as_str().unwrap();
    let answer = json!({"impressionId": id, "effort": 2, "gotAnswer": true, "reasonForContact": "wantedStatus"});
    assert_eq!(running.send("POST", "/feedback", answer.clone(), "").await.0, 201);
    assert_eq!(running.send("POST", "/feedback", answer, "").await.0, 409);
    let path = format!("{}/impressions/{id}", running.base);
    let seen: Value = running.client.get(path).send().await.unwrap().json().await.unwrap();
    assert_eq!(seen["counted"], true);
    for (wrong, status) in [
        (json!({"impressionId": id, "effort": 8, "gotAnswer": true}), 422),
        (
            json!({"impressionId": id, "effort": 3, "gotAnswer": true, "text": "fritext"}),
            422,
        ),
        (json!({"impressionId": "none", "effort": 3, "gotAnswer": true}), 404),
    ] {
        assert_eq!(running.send("POST", "/feedback", wrong, "").await.0, status);
    }
    let url = format!("{}/effort-chart", running.base);
    let chart = running.client.get(url).send().await.unwrap();
    assert_eq!(chart.headers()["content-type"], "image/svg+xml");
    assert!(chart.text().await.unwrap().contains("minst 100 svar"));
}

#[tokio::test]
async fn an_insight_is_shared_reused_and_acted_on() {
    let running = start().await;
    let insight = json!({"statement": "Fyra av tio ringer om status.", "evidence": ["telefon, november"]});
    assert_eq!(
        running.send("POST", "/shared-insights", insight.clone(), "").await.0,
        403
    );
    let (status, one) = running.send("POST", "/shared-insights", insight, "skatteverket").await;
    assert_eq!((status, one["organisationId"].as_str()), (201, Some("skatteverket")));
    let path = format!("/shared-insights/{}", one["insightId"].as_str().unwrap());
    for _ in 0..2 {
        let (status, _) = running.send("PUT", &format!("{path}/reuse"), json!({}), "csn").await;
        assert_eq!(status, 200);
    }
    let plan = json!({"what": "Visar handläggningstid", "state": "planned"});
    let (_, one) = running.send("POST", &format!("{path}/actions"), plan, "csn").await;
    assert_eq!(one["actedOn"], false);
    let (_, waiting) = running
        .send("GET", "/shared-insights?actedOn=false", json!({}), "")
        .await;
    assert_eq!(waiting["_meta"]["totalRecords"], 1);
    let action = json!({"what": "Visar handläggningstid", "measuredEffect": "20 procent färre samtal"});
    let (status, one) = running.send("POST", &format!("{path}/actions"), action, "csn").await;
    assert_eq!(status, 201);
    assert_eq!(one["reusedBy"], json!(["csn"]));
    assert_eq!(one["actions"][1]["organisationId"], "csn");
    assert_eq!(one["actedOn"], true);
    let (_, done) = running
        .send("GET", "/shared-insights?actedOn=true", json!({}), "")
        .await;
    assert_eq!(done["insights"][0]["actions"].as_array().unwrap().len(), 2);
    let (_, page) = running.text("/overview?language=sv").await;
    assert!(
        page.contains("20 procent färre samtal") && page.contains("Åtgärdad"),
        "{page}"
    );
}

#[tokio::test]
async fn what_was_answered_yesterday_is_published_drawn_and_written_beside_the_drawing() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("insights.sqlite");
    let store = Store::open(&format!("sqlite:{}", file.display())).await.unwrap();
    let yesterday = Timestamp::now().checked_sub(Span::new().hours(24)).unwrap();
    let day = yesterday.to_zoned(TimeZone::UTC).date();
    for number in 0..200 {
        let impression = store
            .impression("a<b", "phone", Some(JourneyStep::Wait), day)
            .await
            .unwrap();
        let answer = Answer {
            effort: if number < 100 { 2 } else { 5 },
            treatment: None,
            clarity: None,
            got_answer: number < 150,
            reason: Some(if number < 50 {
                Reason::Error
            } else {
                Reason::WantedStatus
            }),
            step: None,
        };
        store.record(&impression, &answer, yesterday).await.unwrap();
    }
    drop(store);
    let running = start_in(directory).await;
    let (_, reasons) = running
        .send("GET", "/contact-reasons?channelKind=phone", json!({}), "")
        .await;
    let one = &reasons["contactReasons"][0];
    assert_eq!(
        (one["answers"].as_u64(), one["steps"][0]["step"].as_str()),
        (Some(200), Some("wait"))
    );
    let share = |name: &str| {
        let shares = one["reasons"].as_array().unwrap();
        shares.iter().find(|share| share["reason"] == name).unwrap()["perCent"].as_u64()
    };
    assert_eq!((share("wantedStatus"), share("error")), (Some(75), Some(25)));
    let (_, none) = running
        .send("GET", "/contact-reasons?to=2020-01-01", json!({}), "")
        .await;
    assert_eq!(none["_meta"]["totalRecords"], 0);
    assert_eq!(
        running.send("GET", "/contact-reasons?from=igår", json!({}), "").await.0,
        400
    );

    let (kind, effort) = running.text("/effort-chart").await;
    assert_eq!(kind, "image/svg+xml");
    // All that is drawn is said in the description, too.
    let about = effort.split("<desc").nth(1).unwrap().split("</desc>").next().unwrap();
    assert!(about.contains("a&lt;b, telefon: 3,5 (n=200)"), "{about}");
    let (_, chart) = running.text("/reason-chart?language=en").await;
    let about = chart.split("<desc").nth(1).unwrap().split("</desc>").next().unwrap();
    assert!(
        about.contains("Something was wrong 25 %") && chart.contains("xml:lang=\"en\""),
        "{about}"
    );
    let (kind, page) = running.text("/overview").await;
    assert_eq!(kind, "text/html; charset=utf-8");
    assert_eq!(page.matches("<svg").count(), 2);
    for part in [
        "<html lang=\"sv\">",
        "<th scope=\"row\">a&lt;b</th>",
        "<td class=\"number\">75 %</td>",
        "<td class=\"number\">100</td>",
    ] {
        assert!(page.contains(part), "{part} is missing in {page}");
    }
    assert!(!page.contains("<script") && !page.contains("a<b"));
}
