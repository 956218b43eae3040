//! What a developer and an agency do, over a socket.

use insights::{InsightsConfig, service};
use serde_json::{Value, json};
use service_host::ServiceTelemetry;

struct Running {
    base: String,
    client: reqwest::Client,
    _directory: tempfile::TempDir,
}

async fn start() -> Running {
    let directory = tempfile::tempdir().unwrap();
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
    let action = json!({"what": "Visar handläggningstid", "measuredEffect": "20 procent färre samtal"});
    let (status, one) = running.send("POST", &format!("{path}/actions"), action, "csn").await;
    assert_eq!(status, 201);
    assert_eq!(one["reusedBy"], json!(["csn"]));
    assert_eq!(one["actions"][0]["organisationId"], "csn");
}
