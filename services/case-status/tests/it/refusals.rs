//! What the facades refuse, in the forms of others, is what their documents say: status, media type and body.

use std::collections::BTreeSet;

use case_status::{mina_arenden_openapi, open311_openapi};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::support::{Running, client, party};

/// An answer and what its API's document says of it.
struct Checked {
    status: u16,
    retry_after: bool,
    body: Value,
}

/// Sends it, and holds the answer against the document.
async fn sent(request: RequestBuilder, document: &Value, operation: &str) -> Checked {
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let media_type = headers["content-type"].to_str().unwrap();
    let body: Value = answer.json().await.unwrap();
    let declared = &document.pointer(operation).unwrap()["responses"][status.to_string()]["content"];
    let schema = &declared[media_type]["schema"];
    assert!(
        schema.is_object(),
        "{operation} has no {status} as {media_type}: {body}"
    );
    let schema = json!({ "allOf": [schema], "components": document["components"] });
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(validator.is_valid(&body), "{operation} {status}: {body}");
    Checked {
        status,
        retry_after: headers.contains_key("retry-after"),
        body,
    }
}

#[tokio::test]
async fn what_mina_arenden_refuses_is_told_as_its_document_says() {
    let document = serde_json::to_value(mina_arenden_openapi()).unwrap();
    let operation = "/paths/~1kundhandelseFragaSynkron/post";
    let service = Running::over_sandbox(&[]).await;
    let url = service
        .url
        .replace("/case-status/v1", "/mina-arenden/v6/kundhandelseFragaSynkron");
    let question = json!({ "fraga": { "parter": [{}] } });
    let (party, none) = (party("alva"), String::new());
    let asked = |party: &str, id: Option<&str>, body: &Value| {
        let request = client().post(&url).header("vagvisare-subject", party).json(body);
        match id {
            Some(id) => request.header("skv_client_correlation_id", id),
            None => request,
        }
    };
    let right = sent(asked(&party, Some("1"), &question), &document, operation).await;
    assert_eq!(right.status, 200);
    for (party, id, body, status) in [
        (&none, Some("1"), &question, 403),
        (&party, None, &question, 400),
        (&party, Some(""), &question, 400),
        (&party, Some("1"), &json!({}), 400),
        (&party, Some("1"), &json!({ "fraga": { "parter": [] } }), 400),
    ] {
        let refused = sent(asked(party, id, body), &document, operation).await;
        assert_eq!(refused.status, status, "{id:?} {body}");
        let members: Vec<_> = refused.body.as_object().unwrap().keys().collect();
        assert_eq!(members, ["message"], "as the standard has it");
    }
}

#[tokio::test]
async fn what_open311_refuses_is_a_list_of_code_and_description_as_its_document_says() {
    let document = serde_json::to_value(open311_openapi()).unwrap();
    let (services, requests, one) = (
        "/paths/~1services.json/get",
        "/paths/~1requests.json/get",
        "/paths/~1requests~1{serviceRequestId}/get",
    );
    let service = Running::over_sandbox(&[]).await;
    let silent = Running::over_sandbox(&["exempelby"]).await;
    let (party, none) = (party("alva"), String::new());
    let mut seen = BTreeSet::new();
    for (service, party, path, operation, status) in [
        (&service, &party, "/services.json", services, 200),
        (&service, &none, "/services.json", services, 403),
        (&service, &party, "/services.json?jurisdiction=x", services, 400),
        (&silent, &party, "/services.json", services, 503),
        (&service, &party, "/requests.json", requests, 200),
        (&service, &none, "/requests.json", requests, 403),
        (&service, &party, "/requests.json?start_date=yesterday", requests, 400),
        (
            &service,
            &party,
            "/requests.json?status=open&status=closed",
            requests,
            400,
        ),
        (&silent, &party, "/requests.json", requests, 503),
        (&service, &none, "/requests/x.json", one, 403),
        (&service, &party, "/requests/x.json", one, 404),
        (&service, &party, "/requests/x?y=z", one, 400),
        (&silent, &party, "/requests/x", one, 503),
    ] {
        let url = service.url.replace("/case-status/v1", "/open311/v2") + path;
        let request = client().get(url).header("vagvisare-subject", party);
        let answer = sent(request, &document, operation).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.retry_after, status == 503, "{path}");
        if status != 200 {
            let [fault] = answer.body.as_array().unwrap().as_slice() else {
                panic!("{path}: {}", answer.body)
            };
            assert_eq!(fault["code"], status, "{path}");
            assert!(!fault["description"].as_str().unwrap().is_empty(), "{path}");
        }
        seen.insert(status);
    }
    assert_eq!(seen, BTreeSet::from([200, 400, 403, 404, 503]));
}
