//! The innermost layer: asks the backend, or answers from a document that the gateway itself publishes.
//!
//! It also keeps the deadline, because only here a future is dropped that could take the call's facts with it.

use crate::alarm::Alarm;
use crate::body::TooLarge;
use crate::body::{Progress, RequestBody, ResponseBody};
use crate::call::{Answer, Call, Facts, Refused};
use crate::error::GatewayError;
use crate::middleware::headers::{self, fields};
use crate::plan::Shared;
use crate::upstream::fleet::{Attempt, Refusal, Standing};
use crate::upstream::{self, Timing, UpstreamBody, UpstreamError};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use snapshot::{Assertion, Backend, Document, Target};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use telemetry::{Phase, UpstreamFacts};
use tower::Service;

/// The service at the bottom of the stack.
#[derive(Debug, Clone)]
pub struct Forward;

impl Forward {
    /// Makes the service.
    pub fn new(_: &Arc<Shared>) -> Self {
        Self
    }
}

impl Service<Call> for Forward {
    type Response = Answer;
    type Error = Refused;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, Refused>>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Self::Future {
        Box::pin(answer(call))
    }
}

async fn answer(call: Call) -> Result<Answer, Refused> {
    let Call { head, body, mut facts } = call;
    let target = match facts.route() {
        Ok(route) => route.target.clone(),
        Err(error) => return Err(Refused { error, facts }),
    };
    match target {
        Target::Document(document) => Ok(Answer {
            response: serve(&document, &head.headers),
            facts,
        }),
        Target::Upstream(index) => {
            let index = facts.backend.unwrap_or(index);
            let plan = Arc::clone(&facts.plan);
            let to = match plan.standing(index) {
                Ok(standing) => To {
                    backend: plan.snapshot.backend(index),
                    standing,
                },
                Err(error) => return Err(Refused { error, facts }),
            };
            match ask(&to, head, body, &mut facts).await {
                Ok(response) => Ok(Answer { response, facts }),
                Err(error) => Err(Refused { error, facts }),
            }
        }
    }
}

/// A document from memory; 304 when the caller has it already (RFC 9110 section 13.1.2).
fn serve(document: &Document, request: &HeaderMap) -> Response<ResponseBody> {
    let known = request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|tag| tag.trim() == "*" || tag.trim().trim_start_matches("W/").as_bytes() == document.etag.as_bytes());
    let mut response = Response::new(if known {
        ResponseBody::Empty
    } else {
        ResponseBody::Full(document.body.clone())
    });
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, document.content_type.clone());
    headers.insert(header::ETAG, document.etag.clone());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    // RFC 9727 section 3: any of the site's resources may lead to the catalogue.
    headers.insert(
        header::LINK,
        HeaderValue::from_static("</.well-known/api-catalog>; rel=\"api-catalog\""),
    );
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, Document::SECURITY_POLICY);
    response
}

/// Where a call goes, and what is known of it.
struct To<'a> {
    backend: &'a Backend,
    standing: &'a Arc<Standing>,
}

impl To<'_> {
    /// Asks whether the backend takes a call now, and chooses among its addresses. `None`: there is nothing to ask.
    async fn enter(&self, facts: &Facts, times: &Times) -> Result<Option<Box<Attempt>>, GatewayError> {
        if self.standing.is_plain() {
            return Ok(None);
        }
        let attempt = match Attempt::admit(self.standing) {
            Err(Refusal::Full(attempt)) => Box::pin(attempt.wait(times.deadline)).await,
            other => other,
        };
        match attempt {
            Ok(mut attempt) => {
                attempt.balance(facts.tried);
                Ok(Some(Box::new(attempt)))
            }
            Err(Refusal::Paused(retry_after)) => Err(GatewayError::UpstreamPaused {
                backend: Arc::clone(&self.backend.id),
                agency: agency(self.backend, facts),
                retry_after,
            }),
            Err(Refusal::Busy | Refusal::Full(_)) => Err(broken(self.backend, facts, UpstreamError::Overloaded)),
        }
    }
}

async fn ask(
    to: &To<'_>,
    mut head: http::request::Parts,
    body: RequestBody,
    facts: &mut Facts,
) -> Result<Response<ResponseBody>, GatewayError> {
    refuse_announced_size(&head.headers, facts)?;
    let backend = to.backend;
    let times = Times::of(facts);
    let mut attempt = to.enter(facts, &times).await?;
    let websocket = headers::wants_websocket(&head, &facts.seen);
    let caller = websocket.then(|| head.extensions.remove::<OnUpgrade>()).flatten();
    let span_id = facts.record.trace.child();
    let sent = Instant::now();
    headers::towards_backend(&mut head, facts, span_id, caller.is_some(), sent);
    if backend.assertion != Assertion::None {
        headers::add_assertion(&mut head.headers, backend.assertion, facts);
    }
    head.extensions.clear();
    let (version, method) = (head.version, head.method.clone());
    head.version = http::Version::HTTP_11;
    if let Some(target) = head.uri.path_and_query().cloned() {
        head.uri = http::Uri::from(target);
    }
    let progress = body.progress();
    let mut timing = Timing::default();
    let result = {
        let choice = attempt.as_ref().and_then(|attempt| attempt.choice());
        let send = upstream::send_to(
            backend,
            choice,
            facts.peer.asking,
            Request::from_parts(head, body),
            times.idle,
            &mut timing,
        );
        in_time(send, progress.as_deref(), &times, sent).await
    };
    note(facts, backend, span_id, &timing, sent, progress.as_deref());
    if let Some(attempt) = &mut attempt {
        tell(attempt, &result, &timing, sent, &times);
        facts.tried |= attempt.tried();
    }
    let mut response = match result {
        Ok(response) => response,
        Err(failure) => return Err(explain(failure, backend, facts, &times)),
    };
    if let Some(attempt) = attempt {
        response.body_mut().tell(attempt);
    }
    if let Some(upstream) = &mut facts.record.upstream {
        upstream.status = Some(response.status().as_u16());
    }
    pass_on(response, caller, version, &method).map_err(|source| broken(backend, facts, source))
}

/// What the call has shown of the backend.
fn tell(
    attempt: &mut Attempt,
    result: &Result<Response<UpstreamBody>, Failure>,
    timing: &Timing,
    sent: Instant,
    times: &Times,
) {
    match result {
        Ok(response) => attempt.answered(response.status(), timing, sent),
        Err(Failure::Broken(error)) if body_fault(error).is_none() => attempt.failed(error, timing, sent),
        // A caller that asked for little time is not the backend's fault.
        Err(Failure::Late) => attempt.late(timing, sent, sent.elapsed() * 2 >= times.fair),
        // The caller's own fault says nothing.
        Err(Failure::Broken(_) | Failure::Stalled) => {}
    }
}

fn refuse_announced_size(headers: &HeaderMap, facts: &Facts) -> Result<(), GatewayError> {
    let Some(limit) = facts.api().map(|api| api.max_body_bytes) else {
        return Ok(());
    };
    if !facts.seen.has(fields::CONTENT_LENGTH) {
        return Ok(());
    }
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match announced {
        Some(bytes) if bytes > limit => Err(GatewayError::BodyTooLarge { limit }),
        _ => Ok(()),
    }
}

/// The two clocks of a call.
#[derive(Debug)]
struct Times {
    /// For the answer's head, once the whole request has been sent.
    answer: Duration,
    /// For the next part of a body, either way.
    idle: Duration,
    deadline: Instant,
    /// What a try may take by the API's own rules, whatever the caller asked for.
    fair: Duration,
}

impl Times {
    fn of(facts: &Facts) -> Self {
        let (answer, idle) = facts
            .api()
            .map_or((Duration::from_secs(30), Duration::from_secs(30)), |api| {
                (api.deadline, api.idle_timeout)
            });
        let mut deadline = facts.deadline.unwrap_or_else(|| Instant::now() + answer);
        let mut fair = answer;
        if let Some(until) = facts.try_until {
            fair = fair.min(until.saturating_duration_since(Instant::now()));
            deadline = deadline.min(until);
        }
        Self {
            answer,
            idle,
            deadline,
            fair,
        }
    }

    /// When to look again; the failure when it is too late already.
    fn next(&self, progress: Option<&Progress>, now: Instant) -> Result<Instant, Failure> {
        let until = match progress {
            None => self.deadline,
            Some(progress) if progress.is_done() => self.deadline.max(progress.last_moved() + self.answer),
            Some(progress) => progress.last_moved() + self.idle,
        };
        if until > now {
            return Ok(until);
        }
        match progress {
            Some(progress) if !progress.is_done() && progress.waits_for_caller() => Err(Failure::Stalled),
            _ => Err(Failure::Late),
        }
    }
}

#[derive(Debug)]
enum Failure {
    Late,
    Stalled,
    Broken(UpstreamError),
}

async fn in_time<F, T>(send: F, progress: Option<&Progress>, times: &Times, began: Instant) -> Result<T, Failure>
where
    F: Future<Output = Result<T, UpstreamError>>,
{
    let mut send = pin!(send);
    let until = times.next(progress, began)?;
    let mut alarm = None;
    poll_fn(|cx| {
        if let Poll::Ready(result) = send.as_mut().poll(cx) {
            return Poll::Ready(result.map_err(Failure::Broken));
        }
        let alarm = alarm.get_or_insert_with(|| Alarm::at(until));
        while alarm.poll(cx).is_ready() {
            match times.next(progress, Instant::now()) {
                Ok(until) => alarm.set(until),
                Err(failure) => return Poll::Ready(Err(failure)),
            }
        }
        Poll::Pending
    })
    .await
}

/// Puts the call to the backend into the record.
fn note(
    facts: &mut Facts,
    backend: &Backend,
    span_id: [u8; 8],
    timing: &Timing,
    sent: Instant,
    progress: Option<&Progress>,
) {
    let record = &mut facts.record;
    if let Some(progress) = progress {
        record.request_bytes = progress.bytes();
    }
    let connected = sent + timing.connected_in.unwrap_or_default();
    record.phase(Phase::Connect, sent, connected);
    record.ends(Phase::Forward);
    if let Some(address) = timing.address {
        record.upstream = Some(UpstreamFacts {
            backend: Arc::clone(&backend.id),
            address,
            span_id,
            status: None,
            reused_connection: timing.reused,
        });
    }
}

fn explain(failure: Failure, backend: &Backend, facts: &Facts, times: &Times) -> GatewayError {
    match failure {
        Failure::Stalled => GatewayError::BodyStalled,
        Failure::Late => GatewayError::UpstreamTimeout {
            backend: Arc::clone(&backend.id),
            agency: agency(backend, facts),
            after: times.answer,
        },
        Failure::Broken(source) => match body_fault(&source) {
            Some(BodyFault::TooLarge(limit)) => GatewayError::BodyTooLarge { limit },
            Some(BodyFault::FromCaller) => GatewayError::Malformed("The request's body broke off or is malformed."),
            None => broken(backend, facts, source),
        },
    }
}

fn broken(backend: &Backend, facts: &Facts, source: UpstreamError) -> GatewayError {
    GatewayError::Upstream {
        backend: Arc::clone(&backend.id),
        agency: agency(backend, facts),
        source,
    }
}

/// An answer whose body broke off before anything of it was passed on.
pub(crate) fn broke_off(facts: &Facts, error: crate::BoxError) -> GatewayError {
    let Some(index) = facts.backend() else {
        return GatewayError::Internal("a body that broke off without a backend".into());
    };
    let backend = facts.plan.snapshot.backend(index);
    match error.downcast::<upstream::BodyError>().map(|error| *error) {
        Ok(upstream::BodyError::Broken(error)) => broken(backend, facts, UpstreamError::BrokenAnswer(error)),
        Ok(upstream::BodyError::Idle(after)) => GatewayError::UpstreamTimeout {
            backend: Arc::clone(&backend.id),
            agency: agency(backend, facts),
            after,
        },
        Err(_) => broken(backend, facts, UpstreamError::Malformed("a body that cannot be read")),
    }
}

fn agency(backend: &Backend, facts: &Facts) -> Arc<str> {
    Arc::clone(&facts.plan.snapshot.organisation(backend.organisation).name)
}

enum BodyFault {
    TooLarge(u64),
    FromCaller,
}

/// Whether sending failed because of what the caller sent: looked for along the chain of causes.
fn body_fault(error: &UpstreamError) -> Option<BodyFault> {
    let mut next = std::error::Error::source(error);
    let mut from_body = false;
    while let Some(cause) = next {
        if let Some(TooLarge { limit }) = cause.downcast_ref() {
            return Some(BodyFault::TooLarge(*limit));
        }
        // hyper marks what the request body's own stream said as a user error.
        from_body |= cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_user);
        next = cause.source();
    }
    from_body.then_some(BodyFault::FromCaller)
}

fn pass_on(
    response: Response<UpstreamBody>,
    caller: Option<OnUpgrade>,
    version: http::Version,
    method: &Method,
) -> Result<Response<ResponseBody>, UpstreamError> {
    let codings = response.headers().get_all(header::TRANSFER_ENCODING);
    if codings.iter().count() > 1
        || codings
            .iter()
            .any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked"))
    {
        return Err(UpstreamError::Malformed("a transfer coding other than chunked"));
    }
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return switch(response, caller, version);
    }
    let (mut head, body) = response.into_parts();
    headers::towards_caller(&mut head.headers, version);
    head.extensions.clear();
    head.version = http::Version::HTTP_11;
    let body = if method == Method::HEAD {
        ResponseBody::Empty
    } else {
        ResponseBody::Upstream(body)
    };
    Ok(Response::from_parts(head, body))
}

/// Joins the two connections after the backend has agreed to switch, and not before.
fn switch(
    mut response: Response<UpstreamBody>,
    caller: Option<OnUpgrade>,
    version: http::Version,
) -> Result<Response<ResponseBody>, UpstreamError> {
    let Some(caller) = caller else {
        return Err(UpstreamError::Malformed("a protocol switch nobody asked for"));
    };
    let backend = hyper::upgrade::on(&mut response);
    let accept = response.headers_mut().remove("sec-websocket-accept");
    let protocol = response.headers_mut().remove("sec-websocket-protocol");
    let extensions = response.headers_mut().remove("sec-websocket-extensions");
    let mut answer = Response::new(ResponseBody::Empty);
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers::towards_caller(headers, version);
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    for (name, value) in [
        ("sec-websocket-accept", accept),
        ("sec-websocket-protocol", protocol),
        ("sec-websocket-extensions", extensions),
    ] {
        if let Some(value) = value {
            headers.insert(name, value);
        }
    }
    tokio::spawn(async move {
        match tokio::try_join!(caller, backend) {
            Ok((caller, backend)) => {
                // Either side may leave at any time; that is how a WebSocket ends.
                let _ = tokio::io::copy_bidirectional(&mut TokioIo::new(caller), &mut TokioIo::new(backend)).await;
            }
            Err(error) => tracing::debug!(%error, "a protocol switch was not completed"),
        }
    });
    Ok(answer)
}
