//! Says whether the consumer may: an agreement in force that covers the API, and the scopes that the route asks for.

use crate::call::{Call, Consumer};
use crate::error::GatewayError;
use crate::middleware::gate::{Decide, Flow};
use snapshot::{Access, Agreement, Authentication, Route};
use std::sync::Arc;
use telemetry::Phase;

/// The decision.
#[derive(Debug, Clone)]
pub struct Authorise;

impl Decide for Authorise {
    fn decide(&self, call: &mut Call) -> Result<Flow, GatewayError> {
        let now = call.facts.now();
        let facts = &mut *call.facts;
        let snapshot = &facts.plan.snapshot;
        let (Some(consumer), Some(api), Some(matched)) = (&facts.consumer, facts.api, facts.route) else {
            // Nothing to check on an open route; a closed one without a consumer would be a defect of the stack.
            return match facts.route()?.authentication {
                Authentication::None => Ok(Flow::Continue),
                _ => Err(GatewayError::CredentialMissing),
            };
        };
        let access = snapshot.access_to_route(consumer.application, matched, now);
        let index = match access {
            Access::Granted(index) | Access::Ended(index) | Access::NotYet(index) | Access::Suspended(index) => index,
            Access::Missing => {
                return Err(GatewayError::AgreementMissing {
                    application: Arc::clone(&snapshot.application(consumer.application).id),
                    api: Arc::clone(&snapshot.api(api).title),
                });
            }
        };
        let agreement = snapshot.agreement(index);
        let route = snapshot.route(matched);
        let verdict = check_in_force(access, agreement).and_then(|()| check_scopes(route, consumer, agreement));
        facts.record.agreement = Some(Arc::clone(&agreement.id));
        facts.record.supplier = snapshot
            .delegation(consumer.application, index)
            .map(|delegation| Arc::clone(&snapshot.organisation(delegation.supplier).id));
        facts.agreement = Some(index);
        facts.record.ends(Phase::Authorise);
        verdict.map(|()| Flow::Continue)
    }
}

fn check_in_force(access: Access, agreement: &Agreement) -> Result<(), GatewayError> {
    let id = Arc::clone(&agreement.id);
    match access {
        Access::Ended(_) => Err(GatewayError::AgreementNotInForce {
            agreement: id,
            ended: true,
            at: agreement.valid_to.unwrap_or(agreement.valid_from),
        }),
        Access::NotYet(_) => Err(GatewayError::AgreementNotInForce {
            agreement: id,
            ended: false,
            at: agreement.valid_from,
        }),
        Access::Suspended(_) => Err(GatewayError::AgreementSuspended { agreement: id }),
        Access::Granted(_) | Access::Missing => Ok(()),
    }
}

/// Every scope must be in the agreement, and in the token when there is one. An agreement without scopes grants all of its APIs'.
fn check_scopes(route: &Route, consumer: &Consumer, agreement: &Agreement) -> Result<(), GatewayError> {
    for scope in &route.scopes {
        let granted = agreement.scopes.is_empty() || agreement.scopes.iter().any(|held| held == scope);
        if !granted {
            return Err(GatewayError::ScopeMissing {
                scope: Arc::clone(scope),
                agreement: Some(Arc::clone(&agreement.id)),
            });
        }
        let held = consumer
            .scopes
            .as_ref()
            .is_none_or(|scopes| scopes.iter().any(|held| **held == **scope));
        if !held {
            return Err(GatewayError::ScopeMissing {
                scope: Arc::clone(scope),
                agreement: None,
            });
        }
    }
    Ok(())
}
