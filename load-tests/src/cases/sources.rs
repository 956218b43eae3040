//! The sources and the party register, on one loopback address.

use std::convert::Infallible;
use std::fmt::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::world::{Manner, World};

/// The largest question, in bytes.
const MOST_BYTES: usize = 64 * 1024;

/// The sources, bound and not yet served.
pub(super) struct Sources {
    listener: TcpListener,
    address: SocketAddr,
}

impl Sources {
    pub(super) async fn bind() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// The service's file of producers.
    pub(super) fn producers(&self, world: &World) -> String {
        let address = self.address;
        let mut text = format!("partyRegister = \"http://{address}\"\n");
        for source in 0..world.sources() {
            let _ = write!(
                text,
                "[[producers]]\nid = \"s{source}\"\norganisationId = \"s{source}\"\nname = {{ sv = \"Källa {source}\" }}\n\
                 form = \"cases\"\nbaseUrl = \"http://{address}/s{source}\"\n"
            );
        }
        text
    }

    /// Serves until the task is dropped.
    pub(super) async fn serve(self, world: Arc<World>) -> Result<Infallible> {
        loop {
            let (stream, _) = self.listener.accept().await.context("cannot accept a connection")?;
            stream.set_nodelay(true)?;
            let world = Arc::clone(&world);
            let answer = service_fn(move |request| {
                let world = Arc::clone(&world);
                async move { Ok::<_, Infallible>(answer(&world, request).await) }
            });
            tokio::spawn(async move {
                // A caller that goes away ends its own connection only.
                let _ = http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), answer)
                    .await;
            });
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the body is limited")]
async fn answer(world: &World, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    if parts.method == Method::POST && path == "/parties/engagements" {
        let body = Limited::new(body, MOST_BYTES)
            .collect()
            .await
            .map(|body| body.to_bytes());
        let asked: Value = body
            .ok()
            .and_then(|body| serde_json::from_slice(&body).ok())
            .unwrap_or_default();
        let person = asked["partyId"]
            .as_str()
            .and_then(|party| party.strip_prefix("person-")?.parse().ok());
        return match person {
            Some(person) => told(StatusCode::OK, &engagements(world, person)),
            None => told(StatusCode::NOT_FOUND, &json!({})),
        };
    }
    let source = path
        .strip_suffix("/cases")
        .and_then(|path| path.strip_prefix("/s")?.parse().ok());
    let party = parts
        .uri
        .query()
        .and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("party=")));
    let person = party.and_then(World::person_of);
    match (source, person) {
        (Some(source), Some(person)) => as_a_source(source, person).await,
        _ => told(StatusCode::NOT_FOUND, &json!({})),
    }
}

fn engagements(world: &World, person: u32) -> Value {
    let engaged = world.engaged(person).into_iter().map(
        |source| json!({ "organisationId": format!("s{source}"), "identifier": World::identifier(person, source) }),
    );
    json!({ "engagements": engaged.collect::<Vec<_>>() })
}

async fn as_a_source(source: u32, person: u32) -> Response<Full<Bytes>> {
    tokio::time::sleep(World::latency(person, source)).await;
    match World::manner(source) {
        Manner::Answers => told(StatusCode::OK, &cases(source, person)),
        Manner::Refuses => told(StatusCode::SERVICE_UNAVAILABLE, &json!({ "message": "stängt" })),
        Manner::Hangs => std::future::pending().await,
        Manner::Babbles => told(StatusCode::OK, &json!(["inloggning"])),
        Manner::Mistakes => told(StatusCode::OK, &cases(source, person + 1)),
    }
}

fn cases(source: u32, person: u32) -> Value {
    let cases = (0..World::cases(person, source)).map(|at| {
        let reference = format!("R-{person}-{at}");
        let event = |day: u64| {
            json!({
                "eventId": format!("{reference}-{day}"), "type": "PROV.ARENDE.HANDLAGGNING", "title": { "sv": "Ärendet handläggs" },
                "occurredAt": format!("2026-10-0{day}T10:00:00Z"),
            })
        };
        json!({
            "reference": reference, "service": "prov", "title": { "sv": format!("of {}", World::party(person)) },
            "summary": { "sv": "Vi har fått in ansökan och en handläggare går igenom den. Du behöver inte göra något just nu." },
            "status": "inProgress", "requiresAction": false, "ballHolder": "agency",
            "startedAt": "2026-10-01T10:00:00Z", "lastChangedAt": "2026-10-04T10:00:00Z",
            "events": (1..=4).map(event).collect::<Vec<_>>(),
        })
    });
    json!({ "party": World::identifier(person, source), "cases": cases.collect::<Vec<_>>() })
}

fn told(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    let json = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
