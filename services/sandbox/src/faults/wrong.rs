//! Answers that are wrong in themselves, made from right ones.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{Failure, Fault, gone};
use crate::agency::Agency;
use crate::world::World;

/// No question and no answer of the sandbox is larger, in bytes.
const MOST_BYTES: usize = 1024 * 1024;

/// Between two bytes of an answer that trickles.
const DRIP: Duration = Duration::from_millis(50);

/// The same question about somebody else whom the agency knows; none when it is no question about anybody.
pub(super) async fn about_another(world: &World, agency: &'static Agency, request: Request) -> Option<Request> {
    let (mut parts, body) = request.into_parts();
    if let Some((path, query)) = parts
        .uri
        .path_and_query()
        .map(|all| (all.path(), all.query().unwrap_or_default()))
    {
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        if let Some((_, asked)) = pairs.iter().find(|(name, _)| name == "party") {
            let other = world.another(agency, asked)?;
            let mut query = form_urlencoded::Serializer::new(String::new());
            for (name, value) in &pairs {
                query.append_pair(name, if name == "party" { &other } else { value });
            }
            parts.uri = format!("{path}?{}", query.finish()).parse::<Uri>().ok()?;
            return Some(Request::from_parts(parts, body));
        }
    }
    let mut question: Value = serde_json::from_slice(&to_bytes(body, MOST_BYTES).await.ok()?).ok()?;
    let asked = question
        .pointer("/fraga/parter/0/kund/identifierare")?
        .as_str()?
        .to_owned();
    *question.pointer_mut("/fraga/parter/0/kund/identifierare")? = world.another(agency, &asked)?.into();
    parts.headers.remove(header::CONTENT_LENGTH);
    Some(Request::from_parts(parts, Body::from(question.to_string())))
}

/// A right answer made wrong; `fault` says when nobody is left to give the rest of it.
pub(super) async fn spoil(failure: Failure, response: Response, fault: watch::Receiver<Fault>) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, MOST_BYTES).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    let half = body.slice(..body.len() / 2);
    let body = match failure {
        Failure::Truncated => Body::from(half),
        Failure::CutOff => breaking_off(half),
        Failure::Trickle => trickling(body, fault),
        _ => match (serde_json::from_slice(&body), failure) {
            (Ok(answer), Failure::Partial) => {
                let (answer, status) = partial(answer);
                parts.status = status;
                Body::from(answer.to_string())
            }
            (Ok(answer), _) => Body::from(json!({ "resultat": Value::from_iter([answer]) }).to_string()),
            // What is not JSON in UTF-8 is of another shape as it is.
            (Err(_), _) => Body::from(half),
        },
    };
    Response::from_parts(parts, body)
}

/// A head, and then a connection that breaks.
pub(super) fn broken(beginning: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], breaking_off(beginning)).into_response()
}

fn breaking_off(beginning: Bytes) -> Body {
    Body::from_stream(stream::unfold(Some(beginning), |beginning| async move {
        if let Some(beginning) = beginning {
            return Some((Ok(beginning), None));
        }
        // What has been said must have left before the connection breaks.
        tokio::time::sleep(DRIP).await;
        Some((Err(break_off()), None))
    }))
}

fn trickling(body: Bytes, fault: watch::Receiver<Fault>) -> Body {
    Body::from_stream(stream::unfold(body, move |mut rest| {
        let fault = fault.clone();
        async move {
            if rest.is_empty() {
                return None;
            }
            tokio::select! {
                () = tokio::time::sleep(DRIP) => {}
                () = gone(fault) => return Some((Err(break_off()), Bytes::new())),
            }
            let byte = rest.split_to(1);
            Some((Ok(byte), rest))
        }
    }))
}

fn break_off() -> io::Error {
    io::Error::other("the agency breaks off")
}

/// Says that there is more than it gives, as each form says it.
fn partial(mut answer: Value) -> (Value, StatusCode) {
    if let Some(parts) = answer.get_mut("delfragor").and_then(Value::as_array_mut) {
        parts.push(json!({ "producent": "arkivet", "status": "FEL", "httpCode": 503 }));
        return (answer, StatusCode::PARTIAL_CONTENT);
    }
    for place in ["/total", "/_meta/totalRecords"] {
        if let Some(total) = answer.pointer_mut(place) {
            *total = (total.as_u64().unwrap_or(0) + 1).into();
        }
    }
    (answer, StatusCode::OK)
}
