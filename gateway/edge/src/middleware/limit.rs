//! Holds the caller to the limits of the API and to the quotas of its agreement: all windows are checked before any is charged, refused calls are free.
//!
//! The decision is made here and now unless a limit is shared by all nodes and nothing of it is at hand; then the call
//! waits for the store, which takes a moment.

use crate::call::Call;
use crate::error::GatewayError;
use crate::middleware::gate::{Decide, Flow};
use crate::plan::Shared;
use limits::{Decision, Demand, Subject, Verdict};
use snapshot::{ApiIndex, LimitPer, Target};
use std::sync::Arc;
use telemetry::Phase;

/// The decision.
#[derive(Debug, Clone)]
pub struct Limit {
    shared: Arc<Shared>,
}

impl Limit {
    /// Takes the limiter from the shared parts.
    pub fn new(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::clone(shared),
        }
    }
}

impl Decide for Limit {
    fn decide(&self, call: &mut Call) -> Result<Flow, GatewayError> {
        let facts = &*call.facts;
        let Some(index) = facts.api else {
            return Ok(Flow::Continue);
        };
        let api = facts.plan.snapshot.api(index);
        let agreement = facts.agreement.map(|index| facts.plan.snapshot.agreement(index));
        let of_agreement = agreement.map_or(&[][..], |agreement| &agreement.limits[..]);
        // Reading an API's documents costs its consumers none of their calls.
        if api.limits.is_empty() && of_agreement.is_empty() || matches!(facts.route()?.target, Target::Document(_)) {
            return Ok(Flow::Continue);
        }
        let application = &facts.record.application;
        let person = facts.consumer.as_ref().and_then(|consumer| consumer.subject.as_deref());
        let mut demands: Vec<Demand<'_>> = Vec::with_capacity(api.limits.len() + of_agreement.len());
        for policy in api.limits.iter().chain(of_agreement) {
            let subject = match (policy.per, application) {
                (LimitPer::Application, Some(application)) => Subject::Application(application),
                // A caller without an application is counted by where it comes from.
                (LimitPer::Application, None) | (LimitPer::Address, _) => Subject::Address(facts.client_address),
                (LimitPer::Api, _) => Subject::Api(&api.id),
                (LimitPer::Person, _) => match person {
                    Some(person) => Subject::Person(person),
                    None => continue,
                },
                (LimitPer::Agreement, _) => match agreement {
                    Some(agreement) => Subject::Agreement(&agreement.id),
                    None => continue,
                },
            };
            demands.push(Demand { policy, subject });
        }
        match self.shared.limits.check(&demands) {
            Verdict::Now(decision) => take(call, index, decision).map(|()| Flow::Continue),
            Verdict::Later(decision) => Ok(Flow::Later(Box::pin(async move {
                let decision = decision.await;
                let outcome: Box<dyn FnOnce(&mut Call) -> _ + Send> = Box::new(move |call| take(call, index, decision));
                Ok(outcome)
            }))),
        }
    }
}

/// Writes the decision into the call, and how long it took.
fn take(call: &mut Call, api: ApiIndex, decision: Decision) -> Result<(), GatewayError> {
    let facts = &mut *call.facts;
    let verdict = match decision {
        Decision::Unlimited => Ok(()),
        Decision::Admitted(standing) => {
            facts
                .plan
                .limit_metrics(api, &standing.policy)
                .inspect(|metrics| metrics.admitted());
            facts.standing = Some(standing);
            Ok(())
        }
        Decision::Refused(refusal) => {
            facts
                .plan
                .limit_metrics(api, &refusal.policy)
                .inspect(|metrics| metrics.refused());
            facts.record.limit_policy = Some(Arc::clone(&refusal.policy.id));
            Err(match refusal.known {
                true => GatewayError::LimitReached(refusal),
                false => GatewayError::QuotaUnavailable {
                    policy: Arc::clone(&refusal.policy.name),
                    retry_after: refusal.retry_after,
                },
            })
        }
    };
    facts.record.ends(Phase::Limit);
    verdict
}
