//! Asking every producer at the same time and putting together what came of it. Everything happens inside the
//! request's own future: when the caller leaves, it is dropped, and every call with it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use model::Freshness;
use service_host::{PartyId, RequestContext};
use tokio::time::{Instant, timeout_at};

use crate::ask::{Answer, Failed, Question, now};
use crate::config::Producer;
use crate::index::{Learnt, Seen};
use crate::source::{SourceReport, SourceStatus};
use crate::state::State;
use crate::told::Known;

/// For how long after the deadline an answer may wait for the index.
const GRACE: Duration = Duration::from_millis(10);

/// What became of asking everyone.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) known: Vec<Known>,
    /// In the order of the configuration.
    pub(crate) sources: Vec<SourceReport>,
}

/// Asks every producer that `wanted` lets through about everything the party has with it.
pub(crate) async fn gather(state: &State, party: &PartyId, wanted: impl Fn(&Producer) -> bool) -> Gathered {
    let deadline = state.deadline();
    let not_engaged = state.index.not_engaged(party).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "the index cannot be read; every producer is asked");
        Vec::new()
    });
    // One call says who has to do with the party, so that hundreds of others cost nothing.
    let time = deadline.saturating_duration_since(Instant::now());
    let engaged = state.asker.register.engagements(party.as_str(), time).await;
    let question = |producer: &Producer| {
        if !wanted(producer) {
            return None;
        }
        match &engaged {
            Some(engaged) => engaged.get(&producer.organisation_id).map(|identifier| Question {
                identifier: Some(identifier.clone()),
                reference: None,
            }),
            None => (!not_engaged.contains(&producer.id)).then(Question::default),
        }
    };
    let mut gathered = Gathered::default();
    let asked_at = now();
    let mut asked = Vec::new();
    for (at, producer) in state.producers.iter().enumerate() {
        gathered.sources.push(report(producer, SourceStatus::NotAsked));
        if let Some(question) = question(producer) {
            let asking = state.asker.ask(producer, party, question, asked_at, deadline);
            asked.push(((at, producer), asking));
        }
    }
    let mut learnt = Vec::new();
    for ((at, producer), answer) in scatter(asked, deadline).await {
        let (known, report) = settle(state, (producer, party), true, asked_at, answer, &mut learnt);
        gathered.known.extend(known);
        if let Some(source) = gathered.sources.get_mut(at) {
            *source = report;
        }
    }
    remember(state, party, learnt, deadline).await;
    gathered
}

/// Asks one producer; falls back on what it last told.
pub(crate) async fn one(
    state: &State,
    producer: &Producer,
    party: &PartyId,
    question: Question,
    deadline: Instant,
) -> (Vec<Known>, SourceReport) {
    let asked_at = now();
    let all = question.reference.is_none();
    let asking = state.asker.ask(producer, party, question, asked_at, deadline);
    let answer = timeout_at(deadline, asking)
        .await
        .unwrap_or_else(|_| Err(Failed::late()));
    let mut learnt = Vec::new();
    let (known, report) = settle(state, (producer, party), all, asked_at, answer, &mut learnt);
    remember(state, party, learnt, deadline).await;
    (known, report)
}

/// Asks everyone at the same time. Each has answered at the deadline or is late, whatever it does; the calls inside keep the
/// time by themselves too.
async fn scatter<K, T>(
    asked: Vec<(K, impl Future<Output = Result<T, Failed>>)>,
    deadline: Instant,
) -> Vec<(K, Result<T, Failed>)> {
    let each = asked.into_iter().map(|(key, asking)| async move {
        let answer = timeout_at(deadline, asking).await;
        (key, answer.unwrap_or_else(|_| Err(Failed::late())))
    });
    join_all(each).await
}

/// What an answer, or none, means for the list; what it has taught goes to `learnt`.
fn settle(
    state: &State,
    (producer, party): (&Producer, &PartyId),
    all: bool,
    asked_at: Timestamp,
    answer: Result<Answer, Failed>,
    learnt: &mut Vec<Learnt>,
) -> (Vec<Known>, SourceReport) {
    let source_id = producer.id.clone();
    match answer {
        Ok(Answer::Told(told)) => {
            if all {
                // For the time that the source is down.
                state.last_known.keep(party, &source_id, asked_at, told.known.clone());
            }
            learnt.push(Learnt {
                source_id,
                cases: Some(told.known.iter().map(Seen::of).collect()),
                whole: all && told.rejected == 0,
            });
            let report = SourceReport {
                as_of: Some(asked_at),
                http_status: Some(200),
                item_count: told.known.len() as u64,
                rejected_item_count: told.rejected as u64,
                ..report(producer, SourceStatus::Ok)
            };
            (told.known, report)
        }
        Ok(Answer::NotEngaged) => {
            learnt.push(Learnt {
                source_id,
                cases: None,
                whole: false,
            });
            (Vec::new(), report(producer, SourceStatus::NotAsked))
        }
        Err(failed) => fall_back(state, producer, party, failed),
    }
}

/// Has the index remember where to ask for each case. The answer waits for it as long as there is time, so that a case can
/// be asked for as soon as it has been listed; after that it is written all the same, and the answer is given.
async fn remember(state: &State, party: &PartyId, learnt: Vec<Learnt>, deadline: Instant) {
    let (index, party) = (Arc::clone(&state.index), party.clone());
    let writing = tokio::spawn(async move {
        if let Err(error) = index.learn(&party, &learnt).await {
            tracing::warn!(%error, "the index cannot be written");
        }
    });
    if timeout_at(deadline + GRACE, writing).await.is_err() {
        tracing::warn!("the index is written later than the answer is given");
    }
}

/// The last known state in place of an answer, marked as what it is.
fn fall_back(state: &State, producer: &Producer, party: &PartyId, failed: Failed) -> (Vec<Known>, SourceReport) {
    tracing::warn!(
        source = producer.id,
        status = failed.status,
        why = failed.why,
        "a source did not answer"
    );
    let status = if failed.timeout {
        SourceStatus::Timeout
    } else {
        SourceStatus::Failed
    };
    let report = SourceReport {
        http_status: failed.status,
        retry_after_seconds: failed.retry_after,
        ..report(producer, status)
    };
    let Some(snapshot) = state.last_known.get(party, &producer.id, Timestamp::now()) else {
        return (Vec::new(), report);
    };
    let known: Vec<_> = snapshot
        .known
        .iter()
        .cloned()
        .map(|mut known| {
            known.case.source.freshness = Freshness::Stale;
            known
        })
        .collect();
    let report = SourceReport {
        status: SourceStatus::Stale,
        as_of: Some(snapshot.as_of),
        item_count: known.len() as u64,
        ..report
    };
    (known, report)
}

fn report(producer: &Producer, status: SourceStatus) -> SourceReport {
    SourceReport {
        source_id: producer.id.clone(),
        organisation_id: producer.organisation_id.clone(),
        name: producer.name.clone(),
        status,
        as_of: None,
        http_status: None,
        item_count: 0,
        rejected_item_count: 0,
        retry_after_seconds: None,
        trace_id: RequestContext::current().map(|context| context.trace_id()),
    }
}

#[cfg(test)]
#[path = "gather/tests.rs"]
mod tests;
