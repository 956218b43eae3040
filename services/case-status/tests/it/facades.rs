//! The same cases in the forms of others.

use std::process::Command;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use case_status::{Form, Producer};
use model::LocalizedText;
use serde_json::{Value, json};
use test_parts::tool;
use tokio::net::TcpListener;

use crate::support::{Running, Task, client, party, person};

/// Asks in the standard's form for this party.
async fn ask(service: &Running, party: &str, question: &Value) -> (u16, Value) {
    let url = service
        .url
        .replace("/case-status/v1", "/mina-arenden/v6/kundhandelseFragaSynkron");
    let request = client()
        .post(url)
        .header("vagvisare-subject", party)
        .header("skv_client_correlation_id", "4f0c3c1e-0000-4000-8000-000000000001")
        .json(question);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn question(part: &Value) -> Value {
    json!({ "fraga": { "parter": [part] } })
}

#[tokio::test]
async fn every_source_is_told_in_the_national_form_and_a_missing_one_is_named() {
    let service = Running::over_sandbox(&["indrivningsverket"]).await;
    let alva = party("alva");
    let (status, answer) = ask(&service, &alva, &question(&json!({}))).await;
    assert_eq!(status, 206, "{answer}");
    let part = |source: &str| {
        let all = answer["delfragor"].as_array().unwrap();
        all.iter().find(|one| one["producent"] == source).unwrap().clone()
    };
    assert_eq!(
        (&part("exempelby")["status"], &part("exempelby")["httpCode"]),
        (&json!("OK"), &json!(200))
    );
    assert_eq!(part("indrivningsverket")["httpCode"], 502);
    let events = answer["kundhandelser"][0]["kundhandelserForPart"].as_array().unwrap();
    let producers: std::collections::HashSet<_> = events.iter().map(|one| one["producent"].as_str().unwrap()).collect();
    assert_eq!(producers.len(), 6, "{producers:?}");
    let missing = events
        .iter()
        .find(|one| one["producent"] == "exempelby" && one["producentarendetKraverKundatgard"] == true);
    assert_eq!(
        missing.unwrap()["utokadInformation"]["saknadeHandlingar"],
        json!(["Situationsplan"])
    );
    assert!(events.is_sorted_by_key(|one| one["tidpunkt"].as_str().unwrap().to_owned()));
}

#[tokio::test]
async fn a_question_is_narrowed_ordered_and_paged_as_the_standard_says() {
    let service = Running::over_sandbox(&[]).await;
    let alva = party("alva");
    let (_, all) = ask(&service, &alva, &question(&json!({}))).await;
    let all = &all["kundhandelser"][0];
    let one = all["kundhandelserForPart"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["producent"] == "exempelby");
    let reference = one.unwrap()["referenser"][0].clone();
    let (status, case) = ask(&service, &alva, &question(&json!({ "arende": reference }))).await;
    assert_eq!(status, 200);
    let events = case["kundhandelser"][0]["kundhandelserForPart"].as_array().unwrap();
    assert!(!events.is_empty() && events.iter().all(|one| one["producent"] == "exempelby"));
    let narrowed = json!({ "fraga": {
        "parter": [{}], "kundhandelseTyper": ["SKATT."],
        "behandling": { "sortering": [{ "attribut": "tidpunkt", "stigande": false }], "paginering": { "offset": 1, "limit": 1 } },
    }});
    let (_, page) = ask(&service, &alva, &narrowed).await;
    let group = &page["kundhandelser"][0];
    assert!(group["totaltAntalKundhandelser"].as_u64().unwrap() > 1);
    assert_eq!(group["kundhandelserForPart"].as_array().unwrap().len(), 1);
    for wrong in [
        json!({ "fraga": { "parter": [] } }),
        json!({ "fraga": { "parter": [{ "kund": { "identifierare": "1", "typ": "Personnummer" } }] } }),
        json!({ "fraga": { "parter": [{}], "behandling": { "paginering": { "offset": 0, "limit": 1 } } } }),
        json!({ "fraga": { "parter": [{}], "startDatum": "igår" } }),
        json!([]),
    ] {
        let (status, refused) = ask(&service, &alva, &wrong).await;
        assert_eq!(status, 400, "{wrong}");
        assert!(refused["message"].is_string(), "{refused}");
    }
}

#[tokio::test]
async fn a_number_in_a_question_must_be_that_of_the_tokens_person() {
    let service = Running::over_sandbox(&[]).await;
    let of = |key: &str| json!({ "kund": { "identifierare": person(key).number.digits(), "typ": "Personnummer" } });
    let both = json!({ "fraga": { "parter": [of("alva"), of("bo")] } });
    let (status, answer) = ask(&service, &party("alva"), &both).await;
    assert_eq!(status, 206);
    let groups = answer["kundhandelser"].as_array().unwrap();
    assert_eq!((groups.len(), &groups[0]["part"]), (1, &of("alva")), "{answer}");
    let refused = answer["delfragor"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["httpCode"] == 403);
    assert_eq!(refused.unwrap()["part"], of("bo"));
    let (status, _) = ask(&service, "", &both).await;
    assert_eq!(status, 403);
}

/// Stands in for the gateway: says whose token it is.
async fn forward(State((url, party)): State<(String, String)>, headers: HeaderMap, body: Bytes) -> Response {
    let id = headers["skv_client_correlation_id"].clone();
    let request = client()
        .post(url)
        .header("vagvisare-subject", party)
        .header("skv_client_correlation_id", id)
        .body(body.to_vec());
    let answer = request.send().await.unwrap();
    let status = StatusCode::from_u16(answer.status().as_u16()).unwrap();
    (status, answer.bytes().await.unwrap()).into_response()
}

#[tokio::test]
async fn what_it_tells_is_read_back_as_the_same_cases() {
    let first = Running::over_sandbox(&[]).await;
    let alva = party("alva");
    let url = first
        .url
        .replace("/case-status/v1", "/mina-arenden/v6/kundhandelseFragaSynkron");
    let router = Router::new()
        .route("/kundhandelseFragaSynkron", post(forward))
        .with_state((url, alva.clone()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let _task = Task::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let producer = Producer {
        id: "forwarder".to_owned(),
        organisation_id: "studiestodsverket".to_owned(),
        name: LocalizedText::swedish("Vidareförmedlingen"),
        form: Form::MinaArenden61,
        base_url,
        relation_term: None,
        rules: Vec::new(),
    };
    let register = &first.sandbox.as_ref().unwrap().party_register_url;
    let second = Running::over(vec![producer], register, Duration::from_secs(5)).await;
    let told = |answer: &crate::support::Answer| {
        let mut all: Vec<_> = answer
            .cases()
            .iter()
            .map(|case| {
                let due = case["nextSteps"][0]["dueAt"].clone();
                (
                    case["title"]["sv"].to_string(),
                    case["requiresAction"].to_string(),
                    case["closed"].to_string(),
                    due.to_string(),
                )
            })
            .collect();
        all.sort();
        all
    };
    let (here, there) = (first.get(&alva, "/cases").await, second.get(&alva, "/cases").await);
    assert_eq!(there.body["complete"], true, "{}", there.body);
    assert_eq!(told(&here), told(&there));
}

#[tokio::test]
async fn municipal_matters_are_read_as_open311_and_nothing_else_is() {
    let service = Running::over_sandbox(&[]).await;
    let get = |party: String, path: String| {
        let url = service.url.replace("/case-status/v1", "/open311/v2") + &path;
        async move {
            let answer = client()
                .get(url)
                .header("vagvisare-subject", party)
                .send()
                .await
                .unwrap();
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
        }
    };
    let alva = party("alva");
    let (status, requests) = get(alva.clone(), "/requests.json".to_owned()).await;
    assert_eq!(status, 200);
    let [request] = requests.as_array().unwrap().as_slice() else {
        panic!("{requests}")
    };
    assert_eq!(
        (&request["status"], &request["service_code"]),
        (&json!("open"), &json!("bygglov"))
    );
    assert_eq!(request["agency_responsible"], "Exempelby kommun (sandlåda)");
    assert_eq!(request["service_notice"], "Skicka in: Situationsplan");
    let id = request["service_request_id"].as_str().unwrap();
    for path in [
        format!("/requests/{id}.json"),
        format!("/requests/{id}"),
        format!("/requests.json?service_request_id=x,{id}&status=closed"),
        "/requests.json?status=open,closed".to_owned(),
    ] {
        assert_eq!(get(alva.clone(), path.clone()).await, (200, json!([request])), "{path}");
    }
    for path in [
        "/requests.json?status=closed",
        "/requests.json?jurisdiction_id=annanstad",
        "/requests.json?end_date=2020-01-01T00:00:00Z",
    ] {
        assert_eq!(get(alva.clone(), path.to_owned()).await, (200, json!([])), "{path}");
    }
    let (_, services) = get(alva.clone(), "/services.json".to_owned()).await;
    assert_eq!(services[0]["service_code"], "bygglov");
    let (status, problem) = get(party("bo"), format!("/requests/{id}.json")).await;
    assert_eq!((status, &problem[0]["code"]), (404, &json!(404)));
    service.switch("exempelby", "error503").await;
    let fresh = Running::over_sandbox(&["exempelby"]).await;
    let url = fresh.url.replace("/case-status/v1", "/open311/v2/requests.json");
    let answer = client()
        .get(url)
        .header("vagvisare-subject", &alva)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 503, "nothing is not the same as unknown");
}

/// A client of Open311 that nobody here wrote. It knows nothing of people: who asks is added to each of its requests. What
/// must be there, and of what kind, is the standard's (wiki.open311.org/GeoReport_v2).
const OPEN311_CLIENT: &str = r"
import datetime, functools, sys
import requests
from georeport import GeoReport
address, party = sys.argv[1:]
requests.get = functools.partial(requests.get, headers={'vagvisare-subject': party})
client = GeoReport(address)

def text(value): return isinstance(value, str)
def empty_or(kind): return lambda value: value is None or kind(value)
def time(value): return text(value) and datetime.datetime.fromisoformat(value).tzinfo is not None
def check(found, needed, optional):
    for name, kind in needed.items(): assert kind(found[name]), (name, found)
    for name, kind in optional.items(): assert empty_or(kind)(found.get(name)), (name, found)
    unknown = set(found) - set(needed) - set(optional)
    assert not unknown, unknown

services = client.get_service_list()
for service in services:
    check(service, {'service_code': text, 'service_name': text, 'metadata': lambda it: isinstance(it, bool),
        'type': lambda it: it in ('realtime', 'batch', 'blackbox')}, {'description': text, 'keywords': text, 'group': text})
matters = client.get_service_requests()
for matter in matters:
    check(matter, {'service_request_id': text, 'status': lambda it: it in ('open', 'closed'), 'service_code': text,
        'requested_datetime': time}, {'status_notes': text, 'service_name': text, 'description': lambda it: text(it) and len(it) <= 4000,
        'agency_responsible': text, 'service_notice': text, 'updated_datetime': time, 'expected_datetime': time,
        'address': text, 'address_id': text, 'zipcode': text, 'lat': float, 'long': float,
        'media_url': lambda it: it.startswith('http')})
    assert matter['service_code'] in [service['service_code'] for service in services]
one = client.get_service_request(matters[0]['service_request_id'])
assert one == matters[0]
asked = functools.partial(client.get_service_requests, service_code=one['service_code'], status=one['status'])
assert asked(start_date='2020-01-01T00:00:00Z', end_date='2030-01-01T00:00:00Z') == matters
assert asked(start_date='2030-01-01T00:00:00Z') == []
assert client.get_service_requests(service_request_id=one['service_request_id'], status='closed') == [one]
print(len(services), len(matters))
";

#[tokio::test]
async fn a_client_of_open311_that_nobody_here_wrote_reads_what_it_expects() {
    let service = Running::over_sandbox(&[]).await;
    let python = tool("../python/bin/python");
    let address = service.url.replace("/case-status/v1", "/open311/v2");
    let asking = tokio::task::spawn_blocking(move || {
        let mut command = Command::new(python);
        command.args(["-c", OPEN311_CLIENT, &address, &party("alva")]).output()
    });
    let output = asking.await.unwrap().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "1 1\n", "{complaint}");
}
