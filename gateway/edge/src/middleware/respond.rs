//! The only place where an error becomes an answer (RFC 9457), and where every answer gets the gateway's own headers.
//!
//! Outside this layer the error type is `Infallible`: the compiler proves that no error cuts a connection.

use crate::body::ResponseBody;
use crate::call::{Answer, Call, Facts, Refused};
use crate::error::{CredentialKind, GatewayError, Words, whole_seconds};
use crate::middleware::cors;
use crate::middleware::headers::fields::Seen;
use crate::plan::Shared;
use crate::server::{Peer, Rest};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, header};
use pin_project_lite::pin_project;
use serde::Serialize;
use snapshot::{SenderConstraint, Target};
use std::convert::Infallible;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use telemetry::{Blame, TraceContext};
use tower::{Layer, Service};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const PROXY_STATUS: HeaderName = HeaderName::from_static("proxy-status");

/// The layer.
pub fn layer(shared: &Arc<Shared>) -> RespondLayer {
    RespondLayer(Arc::clone(shared))
}

/// See [`layer`].
#[derive(Debug, Clone)]
pub struct RespondLayer(Arc<Shared>);

impl<S> Layer<S> for RespondLayer {
    type Service = Respond<S>;

    fn layer(&self, inner: S) -> Respond<S> {
        Respond {
            shared: Arc::clone(&self.0),
            inner,
        }
    }
}

/// See [`layer`].
#[derive(Debug, Clone)]
pub struct Respond<S> {
    shared: Arc<Shared>,
    inner: S,
}

impl<S> Service<Call> for Respond<S>
where
    S: Service<Call, Response = Answer, Error = Refused>,
{
    type Response = Answer;
    type Error = Infallible;
    type Future = RespondFuture<S::Future>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Self::Future {
        let trace = &call.facts.record.trace;
        let spare = Spare {
            shared: Arc::clone(&self.shared),
            peer: call.facts.peer,
            trace: TraceContext {
                tracestate: None,
                ..*trace
            },
        };
        // A layer decides inside `call`, so a panic can come from here as well as from polling.
        let future = catch_unwind(AssertUnwindSafe(|| self.inner.call(call))).ok();
        RespondFuture { future, spare }
    }
}

/// What is needed to answer when a panic has taken the facts with it.
#[derive(Debug)]
struct Spare {
    shared: Arc<Shared>,
    peer: Peer,
    trace: TraceContext,
}

impl Spare {
    fn answer(&self) -> Answer {
        let peer = Some(self.peer.address.ip());
        let mut record = self
            .shared
            .telemetry
            .begin(None, http::Method::GET, http::Version::HTTP_11, peer);
        record.trace = self.trace.clone();
        let facts = Facts::new(
            Arc::clone(&self.shared),
            self.shared.plan.load_full(),
            record,
            self.peer,
            Seen::default(),
        );
        refuse(Refused {
            error: GatewayError::Internal("a handler panicked".into()),
            facts,
        })
    }
}

pin_project! {
    /// The future of [`Respond`].
    #[derive(Debug)]
    pub struct RespondFuture<F> {
        #[pin]
        future: Option<F>,
        spare: Spare,
    }
}

impl<F: Future<Output = Result<Answer, Refused>>> Future for RespondFuture<F> {
    type Output = Result<Answer, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let polled = this
            .future
            .as_pin_mut()
            .map(|future| catch_unwind(AssertUnwindSafe(|| future.poll(cx))));
        let mut answer = match polled {
            Some(Ok(Poll::Pending)) => return Poll::Pending,
            Some(Ok(Poll::Ready(Ok(answer)))) => answer,
            Some(Ok(Poll::Ready(Err(refused)))) => refuse(refused),
            Some(Err(_)) | None => this.spare.answer(),
        };
        mark(&mut answer);
        Poll::Ready(Ok(answer))
    }
}

/// RFC 9457, with the members of our own that every problem has.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Problem<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: String,
    instance: String,
    code: &'static str,
    trace_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    documentation: Option<String>,
    /// IETF RateLimit draft: the policies that are hit.
    #[serde(rename = "violated-policies", skip_serializing_if = "Option::is_none")]
    violated_policies: Option<[&'a str; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    violations: Option<&'a [super::validate::Violation]>,
    /// Words of the API's owner, by language.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a Words>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u64>,
}

fn refuse(Refused { error, mut facts }: Refused) -> Answer {
    let kind = error.kind();
    let row = kind.facts();
    facts.record.error = Some(row.code);
    facts.record.blame = Some(row.blame);
    log(&error, &facts, row.code, row.blame);
    let trace_id = facts.record.trace.trace_id_hex();
    let trace_id = trace_id.as_str();
    let retry_after = error.retry_after().map(|wait| whole_seconds(wait).max(1));
    let base = facts.public_base_url().unwrap_or_default();
    let documentation = facts.api().map(|api| format!("{base}{}/docs", api.base_path));
    let problem = Problem {
        r#type: format!("{base}/problems/{}", row.code),
        title: row.title,
        status: row.status.as_u16(),
        detail: match (&error, &documentation) {
            (GatewayError::CredentialMissing, Some(page)) => missing(&facts, page),
            _ => error.detail(),
        },
        instance: format!("urn:trace:{trace_id}"),
        code: row.code,
        trace_id,
        reason: match &error {
            GatewayError::CredentialRefused(refusal) => Some(refusal.code),
            GatewayError::ProofRefused(refusal) => Some(refusal.code),
            _ => None,
        },
        documentation,
        violated_policies: match &error {
            GatewayError::LimitReached(refusal) => Some([&refusal.policy.name]),
            _ => None,
        },
        violations: error.violations(),
        message: match &error {
            GatewayError::Maintenance { words, .. } => Some(words),
            _ => None,
        },
        retry_after_seconds: retry_after,
    };
    let body = serde_json::to_vec(&problem).map(Bytes::from).unwrap_or_default();
    let mut response = Response::new(ResponseBody::Full(body));
    *response.status_mut() = row.status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Ok(value) = HeaderValue::from_str(&proxy_status(row.proxy_status, &error)) {
        headers.insert(PROXY_STATUS, value);
    }
    add_for(&error, headers, &facts);
    // Refusing costs a good part of serving: without this, callers that come again at once would take what the others need.
    if let GatewayError::Overloaded { retry_after } = error {
        response.extensions_mut().insert(Rest(retry_after));
    }
    Answer { response, facts }
}

/// Which credential the call lacks, and where to get one.
fn missing(facts: &Facts, page: &str) -> String {
    use snapshot::Authentication::{Key, Token};
    let what = match facts.route().map(|route| route.authentication) {
        Ok(Key) => "an API key in X-Api-Key",
        Ok(Token) => "an access token in Authorization: Bearer",
        _ => "an API key in X-Api-Key or an access token in Authorization: Bearer",
    };
    format!("This API needs {what}. How to get one: {page}")
}

/// RFC 9209: whose fault it is, for machines. The agency's backend is named, never its address.
fn proxy_status(error_type: &str, error: &GatewayError) -> String {
    match error {
        GatewayError::Upstream { backend, .. }
        | GatewayError::UpstreamPaused { backend, .. }
        | GatewayError::UpstreamTimeout { backend, .. } => {
            format!(
                "vagvisare; error={error_type}; next-hop=\"{}\"",
                backend.replace(['"', '\\'], "")
            )
        }
        _ => format!("vagvisare; error={error_type}"),
    }
}

/// Headers that belong to one kind of refusal.
fn add_for(error: &GatewayError, headers: &mut HeaderMap, facts: &Facts) {
    match error {
        GatewayError::MethodNotAllowed { allow } => {
            headers.insert(header::ALLOW, allow.clone());
            // Who asks for a tunnel may already be sending what belongs in it.
            if matches!(facts.record.method, Method::CONNECT | Method::TRACE) {
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
        }
        GatewayError::CredentialMissing => challenge(headers, facts, None),
        GatewayError::CredentialRefused(refusal) => {
            let code =
                (refusal.kind == CredentialKind::Token).then_some(("invalid_token", refusal.description.as_ref()));
            challenge(headers, facts, code);
        }
        GatewayError::ProofRefused(refusal) => {
            challenge(headers, facts, Some((refusal.code, refusal.description.as_ref())));
            if let Some(nonce) = refusal
                .nonce
                .as_deref()
                .and_then(|nonce| HeaderValue::from_str(nonce).ok())
            {
                headers.insert(HeaderName::from_static("dpop-nonce"), nonce);
            }
        }
        GatewayError::ScopeMissing { scope, .. } => {
            let text = format!("Bearer realm=\"vagvisare\", error=\"insufficient_scope\", scope=\"{scope}\"");
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(header::WWW_AUTHENTICATE, value);
            }
        }
        // What is malformed once may hide a second message behind it: the connection is not used again.
        GatewayError::Malformed(_) | GatewayError::BodyTooLarge { .. } | GatewayError::BodyStalled => {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        GatewayError::LimitReached(refusal) => {
            if let Ok(value) = HeaderValue::from_str(&refusal.header()) {
                headers.insert(RATELIMIT, value);
            }
        }
        _ => {}
    }
}

/// RFC 9110 section 11.6.1 and RFC 6750 section 3: which credentials the API takes.
fn challenge(headers: &mut HeaderMap, facts: &Facts, error: Option<(&str, &str)>) {
    use snapshot::Authentication::{Key, KeyOrToken, None as Open, Token};
    let accepted = facts.route().map_or(KeyOrToken, |route| route.authentication);
    if matches!(accepted, Token | KeyOrToken | Open) {
        let constraint = facts.api().map_or(SenderConstraint::None, |api| api.sender_constraint);
        // An API that takes bound tokens, or a proof that failed: the scheme is DPoP then (RFC 9449 section 7.1).
        let proves = matches!(constraint, SenderConstraint::Dpop | SenderConstraint::Either)
            || error.is_some_and(|(code, _)| code.contains("dpop"));
        let mut text = match proves {
            true => "DPoP realm=\"vagvisare\", algs=\"ES256 EdDSA RS256 PS256\"".to_owned(),
            false => "Bearer realm=\"vagvisare\"".to_owned(),
        };
        if let Some((code, description)) = error {
            let description = description.replace(['"', '\\'], "'");
            text.push_str(&format!(", error=\"{code}\", error_description=\"{description}\""));
        }
        // RFC 9728 section 5.1: where a client learns who gives tokens for this API.
        if let (Some(base), Some(api)) = (facts.public_base_url(), facts.api())
            && !api.audience.is_empty()
        {
            let path = &api.base_path;
            text.push_str(&format!(
                ", resource_metadata=\"{base}/.well-known/oauth-protected-resource{path}\""
            ));
        }
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.append(header::WWW_AUTHENTICATE, value);
        }
    }
    if matches!(accepted, Key | KeyOrToken) {
        headers.append(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("ApiKey realm=\"vagvisare\", header=\"X-Api-Key\""),
        );
    }
}

/// An error is logged once, here. A caller's own mistakes are in the access log, not among the errors.
fn log(error: &GatewayError, facts: &Facts, code: &'static str, blame: Blame) {
    let trace_id = facts.record.trace.trace_id_hex();
    // That calls are paused or taken aside was said once, when it began.
    if matches!(
        error,
        GatewayError::UpstreamPaused { .. } | GatewayError::Maintenance { .. }
    ) {
        return;
    }
    match blame {
        Blame::Client => {}
        Blame::Upstream => {
            let cause = cause(error);
            tracing::warn!(code, trace_id = trace_id.as_str(), cause, "{error}");
        }
        Blame::Gateway => tracing::error!(code, trace_id = trace_id.as_str(), "{error}"),
    }
}

fn cause(error: &GatewayError) -> String {
    let mut text = String::new();
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}

/// An answer to HEAD says how long its content would be and has none (RFC 9110 section 9.3.2). hyper sees to that in
/// HTTP/1.1, but not in HTTP/2.
fn leave_body_out(response: &mut Response<ResponseBody>) {
    if let ResponseBody::Full(content) = response.body() {
        let length = HeaderValue::from(content.len());
        response.headers_mut().insert(header::CONTENT_LENGTH, length);
        *response.body_mut() = ResponseBody::Empty;
    }
}

/// What every answer carries, whoever made it.
fn mark(Answer { response, facts }: &mut Answer) {
    if facts.record.method == Method::HEAD {
        leave_body_out(response);
    }
    let headers = response.headers_mut();
    let trace = &facts.record.trace;
    headers.insert(TRACEPARENT, trace.traceparent(trace.span_id));
    cors::mark(headers, facts);
    let Some(index) = facts.api else { return };
    if let Some(policy) = facts.plan.limit_header(index)
        && facts
            .route()
            .is_ok_and(|route| matches!(route.target, Target::Upstream(_)))
    {
        headers.insert(RATELIMIT_POLICY, policy.clone());
    }
    if let Some(policy) = facts
        .agreement
        .and_then(|agreement| facts.plan.agreement_limit_header(agreement))
    {
        headers.append(RATELIMIT_POLICY, policy.clone());
    }
    if let Some(value) = facts
        .standing
        .as_ref()
        .and_then(|standing| HeaderValue::from_str(&standing.header()).ok())
    {
        headers.insert(RATELIMIT, value);
    }
    for (name, value) in &facts.plan.snapshot.api(index).lifecycle_headers {
        headers.append(name.clone(), value.clone());
    }
}
