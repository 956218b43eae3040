//! Sends a call again where the API's owner allows it (`[apis.retry]`) and a repetition cannot do anything twice: the
//! method is safe or idempotent, the call carries an `Idempotency-Key`, or the backend provably never saw it.
//!
//! Never more than a share of the calls of the last ten seconds, so that a backend in trouble is not given more work; never
//! beyond the deadline; never a body that was not kept whole. A `Retry-After` is waited for when that fits the deadline.

use super::around::{Inside, Take, Taken};
use super::hold::{Held, hold};
use super::{headers, idempotency_key};
use crate::body::RequestBody;
use crate::call::{Answer, Call, Facts, Refused};
use crate::error::GatewayError;
use crate::upstream::UpstreamError;
use http::{HeaderMap, Method, header, request};
use snapshot::{Retry as Policy, RetryMethods};
use std::time::{Duration, Instant};

/// Before a second try at the only address: what failed at once would fail at once again.
const PAUSE: Duration = Duration::from_millis(20);

/// The layer.
#[derive(Debug, Clone)]
pub struct Retry;

impl Take for Retry {
    fn concerns(&self, call: &Call) -> bool {
        call.facts.api().is_some_and(|api| api.traffic.retry.is_some()) && call.facts.goes_to_backend()
    }

    fn take<S: Inside>(&self, call: Call, inside: S) -> Taken {
        Box::pin(retry(call, inside))
    }
}

async fn retry<S: Inside>(call: Call, mut inside: S) -> Result<Answer, Refused> {
    let Call { head, body, mut facts } = call;
    let policy = facts.api().and_then(|api| api.traffic.retry.clone());
    let Some(policy) = policy.filter(|_| !headers::wants_websocket(&head, &facts.seen)) else {
        return inside.call(Call { head, body, facts }).await;
    };
    let kept = match hold(body, policy.max_replay_bytes as usize, &mut facts).await {
        Ok(Held::Whole(kept)) => kept,
        Ok(Held::Larger(body)) => return inside.call(Call { head, body, facts }).await,
        Err(error) => return Err(Refused { error, facts }),
    };
    count(&facts);
    let repeatable = is_repeatable(&head, &policy);
    let mut left = policy.attempts;
    loop {
        facts.try_until = policy
            .try_timeout
            .filter(|_| left > 0 && repeatable)
            .map(|time| Instant::now() + time);
        let body = if kept.is_empty() {
            RequestBody::empty()
        } else {
            RequestBody::full(kept.clone())
        };
        let try_call = Call {
            head: again(&head),
            body,
            facts,
        };
        let outcome = inside.call(try_call).await;
        let (outcome_facts, wait) = match &outcome {
            Ok(answer) => (&answer.facts, after_answer(answer, &policy, repeatable)),
            Err(refused) => (&refused.facts, after_error(&refused.error, repeatable)),
        };
        let Some(wait) =
            wait.filter(|wait| left > 0 && fits(outcome_facts, *wait) && is_in_budget(outcome_facts, &policy))
        else {
            return outcome;
        };
        left -= 1;
        // The answer that is not passed on is dropped here, with its connection.
        facts = match outcome {
            Ok(answer) => answer.facts,
            Err(refused) => refused.facts,
        };
        facts.record.resends = facts.record.resends.saturating_add(1);
        tokio::time::sleep(wait).await;
    }
}

/// A call that may be sent more than once, counted for the budget.
fn count(facts: &Facts) {
    if let Some(standing) = standing(facts) {
        standing.count_call();
    }
}

fn is_in_budget(facts: &Facts, policy: &Policy) -> bool {
    standing(facts).is_some_and(|standing| standing.may_retry(policy))
}

fn standing(facts: &Facts) -> Option<&crate::upstream::fleet::Standing> {
    let index = facts.backend()?;
    facts.plan.standing(index).ok().map(|standing| &**standing)
}

/// The head for one try; extensions stay behind, they hold nothing that the backend is sent.
fn again(head: &request::Parts) -> request::Parts {
    let mut copy = http::Request::new(()).into_parts().0;
    copy.method = head.method.clone();
    copy.uri = head.uri.clone();
    copy.version = head.version;
    copy.headers = head.headers.clone();
    copy
}

/// Whether the call may be sent again although the backend may have acted on it.
fn is_repeatable(head: &request::Parts, policy: &Policy) -> bool {
    let safe = matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS);
    let idempotent = matches!(head.method, Method::PUT | Method::DELETE);
    safe || (idempotent && policy.methods == RetryMethods::Idempotent) || idempotency_key::of(&head.headers).is_some()
}

/// How long to wait before another try; `None`: this is the answer.
fn after_answer(answer: &Answer, policy: &Policy, repeatable: bool) -> Option<Duration> {
    let status = answer.response.status().as_u16();
    if !repeatable || !policy.statuses.contains(&status) {
        return None;
    }
    match answer.response.headers().get(header::RETRY_AFTER) {
        Some(_) => retry_after(answer.response.headers()),
        None => Some(PAUSE),
    }
}

fn after_error(error: &GatewayError, repeatable: bool) -> Option<Duration> {
    match error {
        GatewayError::Upstream { source, .. } => match source {
            // Our own settings and caps: another try would meet them again.
            UpstreamError::Forbidden(_)
            | UpstreamError::Roots(_)
            | UpstreamError::Target(_)
            | UpstreamError::Overloaded => None,
            source if source.nothing_was_sent() || repeatable => Some(PAUSE),
            _ => None,
        },
        GatewayError::UpstreamTimeout { .. } if repeatable => Some(Duration::ZERO),
        _ => None,
    }
}

/// `Retry-After` in seconds. A date says that it is about hours, not about this call.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Whether there is time for another try after `wait`.
fn fits(facts: &Facts, wait: Duration) -> bool {
    facts.deadline.is_some_and(|deadline| Instant::now() + wait < deadline)
}
