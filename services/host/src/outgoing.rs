//! Calling others as a part of answering: the trace goes along, time and size are bounded.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use opentelemetry::trace::{Span, SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::Span as SdkSpan;

use crate::context::RequestContext;
use crate::strangers::Strangers;
use crate::trace_headers;

/// A client for calls to others. Cheap to clone; keep one per service, it pools connections.
#[derive(Clone, Debug)]
pub struct Outgoing {
    client: reqwest::Client,
}

/// What one call may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long it may take, body included.
    pub time: Duration,
    /// How many bytes of body are read.
    pub body_bytes: usize,
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, within the limit.
    pub body: Bytes,
}

/// Why there was no whole answer.
#[derive(Debug, thiserror::Error)]
pub enum OutgoingError {
    /// Nobody answered in time.
    #[error("no whole answer in time")]
    Timeout,
    /// No connection, or one that broke.
    #[error("the connection failed")]
    Connection(#[source] reqwest::Error),
    /// The address is one that may not be called.
    #[error("the address does not lead to the public internet")]
    Forbidden,
    /// The body was larger than the limit.
    #[error("the body is too large")]
    TooLarge,
    /// The request itself could not be made.
    #[error("the request cannot be made")]
    Request(#[source] reqwest::Error),
}

impl OutgoingError {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Connection(_) => "connection",
            Self::Forbidden => "forbidden",
            Self::TooLarge => "body_too_large",
            Self::Request(_) => "request",
        }
    }
}

impl Outgoing {
    /// A client that follows no redirects and uses no proxy: it goes where it is told and nowhere else.
    ///
    /// # Errors
    /// When the platform's TLS cannot be set up.
    pub fn new() -> Result<Self, reqwest::Error> {
        let client = builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { client })
    }

    /// A client for addresses that others have named, which [`Strangers::check`] has let through.
    ///
    /// # Errors
    /// When the platform's TLS cannot be set up.
    pub fn to(strangers: Strangers) -> Result<Self, reqwest::Error> {
        let client = strangers.guard(builder()).build()?;
        Ok(Self { client })
    }

    /// Starts a request; give it to [`Outgoing::fetch`].
    pub fn request(&self, method: reqwest::Method, url: &str) -> reqwest::RequestBuilder {
        self.client.request(method, url)
    }

    /// Sends a request as a part of the one being answered and reads the whole answer. Dropping the future
    /// ends the call. `route` names the call in the trace: the path with its variable parts as `{name}`.
    ///
    /// # Errors
    /// See [`OutgoingError`]. A status of 400 or more is an answer, not an error.
    pub async fn fetch(
        &self,
        route: &str,
        request: reqwest::RequestBuilder,
        limits: Limits,
    ) -> Result<Fetched, OutgoingError> {
        let mut request = request.build().map_err(OutgoingError::Request)?;
        let mut span = start_span(route, &mut request);
        let answer = tokio::time::timeout(limits.time, self.exchange(request, limits.body_bytes)).await;
        let answer = answer.unwrap_or(Err(OutgoingError::Timeout));
        if let Some(span) = &mut span {
            finish_span(span, &answer);
        }
        answer
    }

    async fn exchange(&self, request: reqwest::Request, limit: usize) -> Result<Fetched, OutgoingError> {
        let mut response = self.client.execute(request).await.map_err(failed)?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len().saturating_add(chunk.len()) > limit {
                return Err(OutgoingError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Fetched {
            status,
            headers,
            body: body.into(),
        })
    }
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(2))
        .pool_idle_timeout(Duration::from_secs(30))
        .user_agent(concat!("vagvisare-service/", env!("CARGO_PKG_VERSION")))
}

fn failed(error: reqwest::Error) -> OutgoingError {
    // The URL may hold a reference to a person; an error is printed in places where that must not be.
    let error = error.without_url();
    if Strangers::forbade(&error) {
        OutgoingError::Forbidden
    } else if error.is_timeout() {
        OutgoingError::Timeout
    } else {
        OutgoingError::Connection(error)
    }
}

/// A client span under the request being answered; none when there is no such request.
fn start_span(route: &str, request: &mut reqwest::Request) -> Option<SdkSpan> {
    let context = RequestContext::current()?;
    let parent = Context::new().with_remote_span_context(context.span().clone());
    let url = request.url();
    let method = request.method().as_str().to_owned();
    let mut attributes = vec![
        KeyValue::new("http.request.method", method.clone()),
        KeyValue::new("url.template", route.to_owned()),
        KeyValue::new("server.address", url.host_str().unwrap_or_default().to_owned()),
    ];
    if let Some(port) = url.port_or_known_default() {
        attributes.push(KeyValue::new("server.port", i64::from(port)));
    }
    let tracer = context.tracer();
    let span = tracer
        .span_builder(format!("{method} {route}"))
        .with_kind(SpanKind::Client)
        .with_attributes(attributes)
        .start_with_context(tracer, &parent);
    let headers = request.headers_mut();
    if let Some(value) = trace_headers::traceparent(span.span_context()) {
        headers.insert("traceparent", value);
    }
    if let Some(value) = trace_headers::tracestate(span.span_context()) {
        headers.insert("tracestate", value);
    }
    Some(span)
}

fn finish_span(span: &mut SdkSpan, answer: &Result<Fetched, OutgoingError>) {
    match answer {
        Ok(fetched) => {
            let status = fetched.status;
            span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
            if status.is_client_error() || status.is_server_error() {
                span.set_attribute(KeyValue::new("error.type", status.as_str().to_owned()));
                span.set_status(Status::error(""));
            }
        }
        Err(error) => {
            span.set_attribute(KeyValue::new("error.type", error.kind()));
            span.set_status(Status::error(error.to_string()));
        }
    }
    span.end();
}
