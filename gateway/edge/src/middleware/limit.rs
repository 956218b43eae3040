//! Holds the caller to the limits of the API: all windows are checked before any is charged, refused calls are free.

use crate::call::Call;
use crate::error::GatewayError;
use crate::middleware::gate::{Decide, Flow};
use crate::plan::Shared;
use limits::{Decision, Demand, Subject};
use snapshot::{LimitPer, Target};
use std::sync::Arc;
use std::time::Instant;
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
        let plan = Arc::clone(&call.facts.plan);
        let Some(index) = call.facts.api else {
            return Ok(Flow::Continue);
        };
        let api = plan.snapshot.api(index);
        // Reading an API's documents costs its consumers none of their calls.
        if api.limits.is_empty() || matches!(call.facts.route()?.target, Target::Document(_)) {
            return Ok(Flow::Continue);
        }
        let began = Instant::now();
        let application = call.facts.record.application.clone();
        let demands: Vec<Demand<'_>> = api
            .limits
            .iter()
            .map(|policy| {
                let subject = match (policy.per, &application) {
                    (LimitPer::Application, Some(application)) => Subject::Application(application),
                    // A caller without an application is counted by where it comes from.
                    (LimitPer::Application, None) | (LimitPer::Address, _) => {
                        Subject::Address(call.facts.client_address)
                    }
                    (LimitPer::Api, _) => Subject::Api(&api.id),
                };
                Demand { policy, subject }
            })
            .collect();
        let decision = self.shared.limiter.check(&demands);
        let facts = &mut *call.facts;
        let verdict = match decision {
            Decision::Unlimited => Ok(Flow::Continue),
            Decision::Admitted(standing) => {
                plan.limit_metrics(index, &standing.policy)
                    .inspect(|metrics| metrics.admitted());
                facts.standing = Some(standing);
                Ok(Flow::Continue)
            }
            Decision::Refused(refusal) => {
                plan.limit_metrics(index, &refusal.policy)
                    .inspect(|metrics| metrics.refused());
                facts.record.limit_policy = Some(Arc::clone(&refusal.policy.id));
                Err(GatewayError::LimitReached(refusal))
            }
        };
        facts.record.phase(Phase::Limit, began, Instant::now());
        verdict
    }
}
