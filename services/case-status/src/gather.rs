//! Asking every producer at the same time and putting together what came of it. Everything happens inside the
//! request's own future: when the caller leaves, it is dropped, and every call with it.

use futures_util::future::join_all;
use jiff::Timestamp;
use model::Freshness;
use service_host::{PartyId, RequestContext};
use tokio::time::{Instant, timeout_at};

use crate::ask::{Answer, Failed, Question, now};
use crate::config::Producer;
use crate::index::Seen;
use crate::source::{SourceReport, SourceStatus};
use crate::state::State;
use crate::told::{Known, Told};

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
    let mut asked = Vec::new();
    for (at, producer) in state.producers.iter().enumerate() {
        gathered.sources.push(report(producer, SourceStatus::NotAsked));
        if let Some(question) = question(producer) {
            asked.push(async move { (at, one(state, producer, party, question, deadline).await) });
        }
    }
    for (at, (known, report)) in join_all(asked).await {
        gathered.known.extend(known);
        if let Some(source) = gathered.sources.get_mut(at) {
            *source = report;
        }
    }
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
    // The calls inside keep the time by themselves; this holds whatever they do.
    let asking = timeout_at(deadline, state.asker.ask(producer, party, question, asked_at, deadline));
    match asking.await.unwrap_or_else(|_| Err(Failed::late())) {
        Ok(Answer::Told(told)) => {
            remember(state, producer, party, all, asked_at, &told).await;
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
            if let Err(error) = state.index.engage(party, &producer.id, false).await {
                tracing::warn!(%error, "the index cannot be written");
            }
            (Vec::new(), report(producer, SourceStatus::NotAsked))
        }
        Err(failed) => fall_back(state, producer, party, failed),
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

/// Keeps what was told for the time the source is down, and where to ask for each case. When the index cannot be
/// written the answer is given all the same.
async fn remember(state: &State, producer: &Producer, party: &PartyId, all: bool, at: Timestamp, told: &Told) {
    if all {
        state.last_known.keep(party, &producer.id, at, told.known.clone());
    }
    let places: Vec<_> = told
        .known
        .iter()
        .map(|known| Seen {
            case_id: known.case.case_id,
            reference: known.reference.clone(),
            revision: known.case.revision.clone(),
        })
        .collect();
    let whole = all && told.rejected == 0;
    if let Err(error) = state.index.remember(party, &producer.id, &places, whole).await {
        tracing::warn!(%error, "the index cannot be written");
    }
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
