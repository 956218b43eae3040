//! Keeps answers for the APIs that want it (`[apis.cache]`), by the rules of RFC 9111 as `http-cache-semantics` has them,
//! with `stale-while-revalidate` and `stale-if-error` (RFC 5861).
//!
//! Nothing is kept that the backend does not say may be, with an explicit lifetime. What was answered to a caller with a
//! credential is kept for that application and person only, and only if the answer says so in so many words (`public`,
//! `s-maxage` or `must-revalidate`). Cookies, ranges and credentials on an open route go past it. Callers who miss the same
//! thing at once wait for one of them. The memory is bounded, and each node has its own.

mod rules;
mod status;
mod store;

pub use store::Store;

use super::around::{Inside, Take, Taken};
use super::hold::{HeldAnswer, hold_answer};
use crate::body::{RequestBody, ResponseBody};
use crate::call::{Answer, Call, Facts, Refused};
use crate::error::GatewayError;
use bytes::Bytes;
use http::{Method, Response, StatusCode, header, request, response};
use http_cache_semantics::{AfterResponse, BeforeRequest, CachePolicy};
use rules::Question;
use status::{Told, tell};
use std::sync::Arc;
use std::time::{Instant, SystemTime};
use store::{Entry, Place, Turn};

/// The layer.
#[derive(Debug, Clone)]
pub struct Cache;

impl Take for Cache {
    fn concerns(&self, call: &Call) -> bool {
        call.facts.api().is_some_and(|api| api.traffic.cache.is_some()) && call.facts.goes_to_backend()
    }

    fn take<S: Inside>(&self, call: Call, inside: S) -> Taken {
        Box::pin(async move {
            if rules::goes_past(&call) {
                return past(call, inside).await;
            }
            Seeking::new(&call).answer(call, inside).await
        })
    }
}

/// A call that the cache has no part in; one that changes something makes what is kept of its address old.
async fn past<S: Inside>(call: Call, mut inside: S) -> Result<Answer, Refused> {
    let place = Place::of(&call.head, &call.facts);
    let changes = !call.head.method.is_safe();
    let cache = Arc::clone(call.facts.cache());
    let mut answer = inside.call(call).await?;
    let status = answer.response.status();
    // RFC 9111 section 4.4.
    if changes && (status.is_success() || status.is_redirection()) {
        cache.invalidate(&place);
    }
    tell(&mut answer.response, Told::Bypass);
    Ok(answer)
}

/// One caller's search for an answer.
#[derive(Clone)]
struct Seeking {
    cache: Arc<Store>,
    place: Place,
    question: Question,
    most: usize,
}

/// What is in the cache, seen by one caller.
enum Found {
    Fresh(Arc<Entry>, response::Parts),
    Stale(Arc<Entry>, request::Parts),
    Nothing(Told),
}

impl Seeking {
    fn new(call: &Call) -> Self {
        let policy = call.facts.api().and_then(|api| api.traffic.cache.as_ref());
        Self {
            cache: Arc::clone(call.facts.cache()),
            place: Place::of(&call.head, &call.facts),
            question: Question::of(call),
            most: policy.map_or(0, |policy| policy.max_entry_bytes as usize),
        }
    }

    async fn answer<S: Inside>(self, call: Call, mut inside: S) -> Result<Answer, Refused> {
        let mut waited = false;
        loop {
            let now = SystemTime::now();
            let (stale, told) = match self.look(now) {
                Found::Fresh(entry, head) => {
                    let ttl = entry.ttl(now);
                    return Ok(self.serve(head, &entry.body, call.facts, Told::Hit { ttl, collapsed: waited }));
                }
                Found::Stale(entry, conditions)
                    if entry.may_be_stale_while_revalidated(now) && !self.question.insists =>
                {
                    let (head, ttl) = (entry.stale_head(now), entry.ttl(now));
                    self.revalidate_behind(&call, entry.clone(), conditions, inside);
                    return Ok(self.serve(head, &entry.body, call.facts, Told::Hit { ttl, collapsed: false }));
                }
                Found::Stale(entry, conditions) => (Some((entry, conditions)), Told::Stale { status: 0 }),
                Found::Nothing(told) => (None, told),
            };
            if self.question.only_if_cached {
                return Err(Refused {
                    error: GatewayError::NotCached,
                    facts: call.facts,
                });
            }
            if self.question.is_head {
                let mut answer = inside.call(call).await?;
                tell(&mut answer.response, told);
                return Ok(answer);
            }
            // One who has waited once does not wait again: what the first one got was not for keeping.
            let turn = match waited {
                true => None,
                false => match self.cache.turn(&self.place) {
                    Turn::Wait(done) => {
                        let until = call.facts.deadline.unwrap_or_else(Instant::now);
                        // Both the end of the other's call and the end of our time are reasons to go on.
                        let _ = tokio::time::timeout_at(until.into(), done.acquire()).await;
                        waited = true;
                        continue;
                    }
                    Turn::Mine(turn) => Some(turn),
                    Turn::Free => None,
                },
            };
            let outcome = self.fetch(call, stale, told, inside).await;
            drop(turn);
            return outcome;
        }
    }

    fn look(&self, now: SystemTime) -> Found {
        let entries = self.cache.find(&self.place);
        let mut stale = None;
        for entry in entries.iter() {
            match entry.policy.before_request(&self.question.view, now) {
                BeforeRequest::Fresh(head) => return Found::Fresh(Arc::clone(entry), head),
                BeforeRequest::Stale { request, matches: true } => stale = Some((Arc::clone(entry), request)),
                BeforeRequest::Stale { .. } => {}
            }
        }
        match stale {
            Some((entry, conditions)) => Found::Stale(entry, conditions),
            None if entries.is_empty() => Found::Nothing(Told::Miss),
            None => Found::Nothing(Told::VaryMiss),
        }
    }

    /// Asks the backend, whether what is kept still holds or for something to keep.
    async fn fetch<S: Inside>(
        &self,
        call: Call,
        stale: Option<(Arc<Entry>, request::Parts)>,
        told: Told,
        mut inside: S,
    ) -> Result<Answer, Refused> {
        let Call { mut head, body, facts } = call;
        rules::set_conditions(&mut head.headers, stale.as_ref().map(|(_, conditions)| conditions));
        let asked = SystemTime::now();
        let outcome = inside.call(Call { head, body, facts }).await;
        let Some((entry, conditions)) = stale else {
            let Answer { response, facts } = outcome?;
            return self.keep_and_serve(response, facts, told, asked).await;
        };
        match outcome {
            Ok(Answer { response, facts }) if response.status() == StatusCode::NOT_MODIFIED => {
                let (head, _) = response.into_parts();
                match entry.policy.after_response(
                    &rules::answered(&conditions, &self.question.view),
                    &head,
                    SystemTime::now(),
                ) {
                    AfterResponse::NotModified(policy, head) | AfterResponse::Modified(policy, head)
                        if head.status != StatusCode::NOT_MODIFIED =>
                    {
                        self.cache.put(
                            &self.place,
                            Entry::new(policy, &self.question.view, head.clone(), entry.body.clone(), asked),
                        );
                        Ok(self.serve(head, &entry.body, facts, Told::Stale { status: 304 }))
                    }
                    // It speaks of another answer than ours.
                    _ => {
                        let response = Response::from_parts(head, ResponseBody::Empty);
                        Ok(Answer { response, facts })
                    }
                }
            }
            Ok(Answer { response, facts })
                if response.status().is_server_error() && entry.may_be_stale_if_error(SystemTime::now()) =>
            {
                let status = response.status().as_u16();
                Ok(self.serve_stale(&entry, facts, status))
            }
            Ok(Answer { response, facts }) => {
                let status = response.status().as_u16();
                self.keep_and_serve(response, facts, Told::Stale { status }, asked)
                    .await
            }
            Err(refused)
                if refused.error.kind().facts().status.is_server_error()
                    && entry.may_be_stale_if_error(SystemTime::now()) =>
            {
                let status = refused.error.kind().facts().status.as_u16();
                Ok(self.serve_stale(&entry, refused.facts, status))
            }
            Err(refused) => Err(refused),
        }
    }

    fn serve_stale(&self, entry: &Entry, facts: Box<Facts>, status: u16) -> Answer {
        let head = entry.stale_head(SystemTime::now());
        self.serve(head, &entry.body, facts, Told::StaleIfError { status })
    }

    async fn keep_and_serve(
        &self,
        response: Response<ResponseBody>,
        facts: Box<Facts>,
        told: Told,
        asked: SystemTime,
    ) -> Result<Answer, Refused> {
        let policy = self.question.policy(&response);
        let Some(policy) = policy else {
            self.cache.note_unkept(&self.place);
            return Ok(self.pass(response, facts, told));
        };
        match hold_answer(response, self.most, &facts).await {
            Ok(HeldAnswer::Whole(head, body)) => {
                self.cache.put(
                    &self.place,
                    Entry::new(policy, &self.question.view, head.clone(), body.clone(), asked),
                );
                Ok(self.serve(head, &body, facts, told.stored()))
            }
            Ok(HeldAnswer::Larger(response)) => {
                self.cache.note_unkept(&self.place);
                Ok(self.pass(*response, facts, told))
            }
            Err(error) => Err(Refused { error, facts }),
        }
    }

    fn pass(&self, mut response: Response<ResponseBody>, facts: Box<Facts>, told: Told) -> Answer {
        if response.status() == StatusCode::OK && self.question.has_it_already(response.headers()) {
            response = rules::not_modified(response.into_parts().0);
        }
        tell(&mut response, told);
        Answer { response, facts }
    }

    fn serve(&self, head: response::Parts, body: &Bytes, facts: Box<Facts>, told: Told) -> Answer {
        let mut response = match head.status == StatusCode::OK && self.question.has_it_already(&head.headers) {
            true => rules::not_modified(head),
            false => Response::from_parts(head, ResponseBody::Full(body.clone())),
        };
        // How long it is follows from the body.
        response.headers_mut().remove(header::CONTENT_LENGTH);
        tell(&mut response, told);
        Answer { response, facts }
    }

    /// Renews what is kept while the caller has the old answer already. One at a time.
    fn revalidate_behind<S: Inside>(&self, call: &Call, entry: Arc<Entry>, conditions: request::Parts, inside: S) {
        let Turn::Mine(turn) = self.cache.turn(&self.place) else {
            return;
        };
        let mut head = http::Request::new(()).into_parts().0;
        head.method = Method::GET;
        head.uri = call.head.uri.clone();
        head.version = call.head.version;
        head.headers = call.head.headers.clone();
        let (body, facts) = (RequestBody::empty(), call.facts.apart());
        let seeking = self.clone();
        tokio::task::spawn_local(async move {
            let call = Call { head, body, facts };
            // What came of it is in the cache, or in the record of the next call that asks.
            let _ = seeking.fetch(call, Some((entry, conditions)), Told::Miss, inside).await;
            drop(turn);
        });
    }
}

/// Lifetimes are the backend's to say: none is guessed.
fn options() -> http_cache_semantics::CacheOptions {
    http_cache_semantics::CacheOptions {
        shared: true,
        cache_heuristic: 0.0,
        immutable_min_time_to_live: std::time::Duration::ZERO,
        ignore_cargo_cult: false,
    }
}

fn policy_of(view: &request::Parts, head: &Response<ResponseBody>) -> CachePolicy {
    CachePolicy::new_options(view, head, SystemTime::now(), options())
}
