//! Keeps a call that carries an `Idempotency-Key` from being carried out twice, where its API says so
//! (`[apis.idempotency]`): IETF draft-ietf-httpapi-idempotency-key-header.
//!
//! While the first call is under way another with its key is a 409. Afterwards it gets the stored answer, if it is the same
//! call: with another payload it is a 422. A call whose outcome nobody knows is a 409 that says so, until the key is
//! forgotten. A caller that leaves does not end its call: the answer is kept for when it asks again.
//!
//! Kept on the shelf of the process, or in the store that nodes share. What is kept is encrypted under the key itself, so
//! whoever can read the store learns nothing without it. The store gone, nothing is carried out: 503.

mod seal;

use super::around::{Inside, Take, Taken};
use super::hold::{Held, HeldAnswer, hold, hold_answer};
use super::idempotency_key;
use crate::body::{RequestBody, ResponseBody};
use crate::call::{Answer, Call, Facts, Refused};
use crate::error::GatewayError;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode, request};
use limits::Shelf;
use seal::Names;
use snapshot::Idempotency as Policy;
use std::time::Duration;
use telemetry::Blame;

/// Tells a stored answer from the first one.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// What is kept for a call, before what its answer was.
const IN_FLIGHT: u8 = b'f';
const UNKNOWN: u8 = b'u';
const TOO_LARGE: u8 = b'l';
const ANSWERED: u8 = b'a';

/// The layer.
#[derive(Debug, Clone)]
pub struct Idempotency;

impl Take for Idempotency {
    fn concerns(&self, call: &Call) -> bool {
        call.facts.api().is_some_and(|api| {
            let policy = api.traffic.idempotency.as_ref();
            policy.is_some_and(|policy| {
                !matches!(call.head.method, Method::GET | Method::HEAD | Method::OPTIONS)
                    && (call.head.headers.contains_key(idempotency_key::IDEMPOTENCY_KEY)
                        || (policy.required && matches!(call.head.method, Method::POST | Method::PATCH)))
            })
        })
    }

    fn take<S: Inside>(&self, call: Call, inside: S) -> Taken {
        Box::pin(once(call, inside))
    }
}

async fn once<S: Inside>(call: Call, inside: S) -> Result<Answer, Refused> {
    let Call { head, body, mut facts } = call;
    match prepare(&head, body, &mut facts).await {
        Ok(Prepared::First(claim, body)) => {
            let call = Call { head, body, facts };
            // In a task of its own: it goes on when the caller leaves.
            match tokio::task::spawn_local(carry_out(claim, call, inside)).await {
                Ok(outcome) => outcome,
                Err(ended) => match ended.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    // The worker is being taken down, and this future with it.
                    Err(_) => std::future::pending().await,
                },
            }
        }
        Ok(Prepared::Again(response)) => Ok(Answer { response, facts }),
        Err(error) => Err(Refused { error, facts }),
    }
}

enum Prepared {
    /// Nobody has made this call before.
    First(Claim, RequestBody),
    /// The stored answer.
    Again(Response<ResponseBody>),
}

async fn prepare(head: &request::Parts, body: RequestBody, facts: &mut Facts) -> Result<Prepared, GatewayError> {
    let (Some(api), Some(key)) = (facts.api(), idempotency_key::of(&head.headers)) else {
        return Err(GatewayError::IdempotencyKey);
    };
    let Some(policy) = api.traffic.idempotency.clone() else {
        return Err(GatewayError::Internal("no policy for Idempotency-Key".into()));
    };
    // Longer than any call can take: after a node that died in the middle nobody waits for longer.
    let lock = api.deadline * 2 + api.idle_timeout * 2 + Duration::from_secs(60);
    let body = match hold(body, policy.max_body_bytes as usize, facts).await? {
        Held::Whole(body) => body,
        Held::Larger(_) => {
            return Err(GatewayError::BodyTooLarge {
                limit: policy.max_body_bytes.into(),
            });
        }
    };
    let names = Names::new(head, key, &body, facts);
    let shelf = facts.shelf().clone();
    let first = names.marked(IN_FLIGHT);
    let claimed = shelf.claim(names.place, first, lock).await;
    let kept = claimed.map_err(|_| GatewayError::IdempotencyUnavailable)?;
    let Some(kept) = kept else {
        let body = match body.is_empty() {
            true => RequestBody::empty(),
            false => RequestBody::full(body),
        };
        let claim = Claim {
            shelf,
            names,
            policy,
            settled: false,
        };
        return Ok(Prepared::First(claim, body));
    };
    let Some((mark, sealed)) = names.read(&kept) else {
        return Err(GatewayError::IdempotencyReused);
    };
    match mark {
        IN_FLIGHT => Err(GatewayError::IdempotencyInFlight),
        ANSWERED => match names.open(sealed) {
            Some(mut response) => {
                response
                    .headers_mut()
                    .insert(REPLAYED, HeaderValue::from_static("true"));
                Ok(Prepared::Again(response))
            }
            None => Err(GatewayError::IdempotencyReused),
        },
        _ => Err(GatewayError::IdempotencyUnknown),
    }
}

/// The right to carry the call out, and the duty to say what became of it.
struct Claim {
    shelf: Shelf,
    names: Names,
    policy: Policy,
    settled: bool,
}

impl Claim {
    /// Says that `value` became of it; `None`: nothing did.
    async fn settle(mut self, value: Option<Vec<u8>>) {
        self.settled = true;
        let done = match value {
            Some(value) => self.shelf.put(self.names.place, value, self.policy.keep_for).await,
            None => self.shelf.forget(self.names.place).await,
        };
        if done.is_err() {
            tracing::warn!(
                "what became of a call with an Idempotency-Key could not be noted: it is a 409 until its time is over"
            );
        }
    }
}

impl Drop for Claim {
    /// The call was cut in the middle: whether the backend acted on it nobody knows.
    fn drop(&mut self) {
        if !self.settled
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let (shelf, value) = (self.shelf.clone(), self.names.marked(UNKNOWN));
            let (place, keep_for) = (self.names.place, self.policy.keep_for);
            runtime.spawn(async move { shelf.put(place, value, keep_for).await });
        }
    }
}

async fn carry_out<S: Inside>(claim: Claim, call: Call, mut inside: S) -> Result<Answer, Refused> {
    match inside.call(call).await {
        Ok(Answer { response, facts }) => {
            // These say that nothing was done.
            if matches!(
                response.status(),
                StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
            ) {
                claim.settle(None).await;
                return Ok(Answer { response, facts });
            }
            match hold_answer(response, claim.policy.max_answer_bytes as usize, &facts).await {
                Ok(HeldAnswer::Whole(head, body)) => {
                    let value = claim.names.sealed(ANSWERED, &head, &body);
                    claim.settle(Some(value)).await;
                    let response = Response::from_parts(head, ResponseBody::Full(body));
                    Ok(Answer { response, facts })
                }
                Ok(HeldAnswer::Larger(response)) => {
                    let value = claim.names.marked(TOO_LARGE);
                    claim.settle(Some(value)).await;
                    Ok(Answer {
                        response: *response,
                        facts,
                    })
                }
                Err(error) => {
                    let value = claim.names.marked(UNKNOWN);
                    claim.settle(Some(value)).await;
                    Err(Refused { error, facts })
                }
            }
        }
        Err(refused) => {
            let row = refused.error.kind().facts();
            let nothing_was_done = row.retry_safe || row.blame == Blame::Client;
            let value = (!nothing_was_done).then(|| claim.names.marked(UNKNOWN));
            claim.settle(value).await;
            Err(refused)
        }
    }
}
