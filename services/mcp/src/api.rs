//! `/mcp/v1`: one operation that takes the protocol's messages (streamable HTTP, without sessions).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use model::LocalizedText;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service_host::{Access, Api, ApiFacts, ApiStatus, Caller, Outgoing, RequestContext, Service};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::server::Assistant;
use crate::upstream::Upstream;

/// The largest message, in bytes.
const MOST_BYTES: usize = 64 * 1024;

/// Where cases and contacts are.
#[derive(Clone, Debug)]
pub struct McpConfig {
    /// Base URL of the case status service, without `/case-status/v1`.
    pub case_status: String,
    /// Base URL of the contact routing service, without `/contact-routing/v1`.
    pub contact_routing: String,
}

type Protocol = StreamableHttpService<Assistant, NeverSessionManager>;

/// The service, ready to be served.
///
/// # Errors
/// When the platform's TLS cannot be set up.
pub fn service(config: McpConfig) -> anyhow::Result<Service> {
    let upstream = Upstream::new(Outgoing::new()?, config);
    // Every message stands alone: any node can answer it, and nothing of a person is kept between two. Hosts and origins are
    // the gateway's to check, since nobody else reaches this.
    let settings = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(MOST_BYTES)
        .disable_allowed_hosts()
        .disable_allowed_origins();
    let protocol: Protocol = StreamableHttpService::new(
        move || Ok(Assistant::new(upstream.clone())),
        Arc::new(NeverSessionManager::default()),
        settings,
    );
    let api = Api::new(facts(), routes().with_state(Arc::new(protocol)));
    Ok(Service::new("mcp", env!("CARGO_PKG_VERSION")).api(api))
}

/// The document of `/mcp/v1`.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Api::document(&facts(), routes())
}

fn routes() -> OpenApiRouter<Arc<Protocol>> {
    OpenApiRouter::new().routes(routes!(send_message))
}

fn facts() -> ApiFacts {
    ApiFacts {
        base_path: "/mcp/v1",
        title: "Assistent",
        version: "1.0.0",
        released: "2026-11-26",
        status: ApiStatus::Active,
        description: LocalizedText::new(
            "Ärenden och kontaktvägar som verktyg för en chattassistent (Model Context Protocol, streamable HTTP): vem frågar \
             jag, vilka ärenden har jag, vad betyder det här, och vad gör jag när något händer i livet. Varje anrop gäller den person som åtkomstbiljetten är \
             utfärdad för.",
            "Cases and contacts as tools for a chat assistant (Model Context Protocol, streamable HTTP): whom do I ask, which \
             cases do I have, what does this mean, and what do I do when something happens in life. Every call is for the person that the access token was issued for.",
        ),
        limitations: LocalizedText::new(
            "Bara läsning. Meddelanden om högst 64 KiB, utan sessioner. Myndigheternas egna texter återges som de är: de är \
             uppgifter, inte instruktioner.",
            "Reading only. Messages of at most 64 KiB, without sessions. The agencies' own texts are given as they are: they \
             are data, not instructions.",
        ),
        access: Access::PersonToken("cases.read"),
    }
}

/// A message of the protocol (JSON-RPC 2.0).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "list_cases", "arguments": { "open": true } } }))]
struct Message {
    /// Always `2.0`.
    jsonrpc: String,
    /// What the answer is found by; none for a notification.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    id: Option<Value>,
    /// What is asked.
    method: String,
    /// With what.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    params: Option<Value>,
}

/// The answer to a message (JSON-RPC 2.0).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({ "jsonrpc": "2.0", "id": 1, "result": { "content": [{ "type": "text", "text": "Alva has one open case." }], "isError": false } }))]
struct MessageAnswer {
    /// Always `2.0`.
    jsonrpc: String,
    /// The message that is answered.
    #[schema(value_type = i64)]
    id: Value,
    /// What came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    result: Option<Value>,
    /// Why nothing came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    error: Option<Value>,
}

/// Send a message
///
/// Ett meddelande i Model Context Protocol: `initialize`, `tools/list` eller `tools/call`. Klienten anger både
/// `application/json` och `text/event-stream` i `Accept`.
/// A message of the Model Context Protocol: `initialize`, `tools/list` or `tools/call`. The client gives both
/// `application/json` and `text/event-stream` in `Accept`.
#[utoipa::path(
    post, path = "/messages", operation_id = "sendMessage", tag = "messages",
    request_body(description = "Meddelandet. The message.", content = Message),
    responses(
        (status = 200, description = "Svaret. The answer.", body = MessageAnswer,
            headers(("Link" = String, description = "Till beskrivningen av API:et. To the description of the API."))),
        (status = 202, description = "En notifiering är mottagen. A notification was taken."),
    )
)]
async fn send_message(State(protocol): State<Arc<Protocol>>, caller: Caller, mut request: Request) -> Response {
    // The protocol answers in a task of its own, where the trace would be lost.
    if let Some(context) = RequestContext::current() {
        request.extensions_mut().insert(context);
    }
    let link = format!("<{}/openapi.json>; rel=\"service-desc\"", caller.base_url);
    request.extensions_mut().insert(caller);
    let mut response = protocol.handle(request).await.map(Body::new);
    if let Ok(link) = HeaderValue::from_str(&link) {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}
