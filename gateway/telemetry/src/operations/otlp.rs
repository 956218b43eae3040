//! `POST /v1/traces`: OTLP over HTTP with protobuf (OTLP 1.x, section OTLP/HTTP), for the services behind this gateway.

use super::problem;
use crate::store::{Store, receive};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTracePartialSuccess, ExportTraceServiceResponse};
use prost::Message;
use std::sync::Arc;

const PROTOBUF: &str = "application/x-protobuf";

/// What is answered when a batch is refused (`google.rpc.Status`).
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// gRPC `INVALID_ARGUMENT`.
const INVALID: i32 = 3;

/// Takes the spans of one batch into the trace store.
pub(super) async fn receive_spans(
    State(store): State<Option<Arc<Store>>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(store) = store else {
        return problem(
            StatusCode::NOT_FOUND,
            "trace-store-off",
            "This gateway keeps no traces in memory.",
        );
    };
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let encoded = headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|value| value != "identity");
    if encoded || !kind.trim().to_ascii_lowercase().starts_with(PROTOBUF) {
        return refuse(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send application/x-protobuf without compression",
        );
    }
    match receive(&body) {
        Err(error) => refuse(StatusCode::BAD_REQUEST, &error.to_string()),
        Ok(batch) => {
            store.insert(batch.spans);
            let message = || "spans without a valid trace id or span id are left out".to_owned();
            let partial = (batch.rejected > 0).then(|| ExportTracePartialSuccess {
                rejected_spans: batch.rejected,
                error_message: message(),
            });
            answer(
                StatusCode::OK,
                ExportTraceServiceResponse {
                    partial_success: partial,
                }
                .encode_to_vec(),
            )
        }
    }
}

fn refuse(status: StatusCode, message: &str) -> Response {
    answer(
        status,
        RpcStatus {
            code: INVALID,
            message: message.to_owned(),
        }
        .encode_to_vec(),
    )
}

fn answer(status: StatusCode, body: Vec<u8>) -> Response {
    (status, [(header::CONTENT_TYPE, PROTOBUF)], body).into_response()
}
