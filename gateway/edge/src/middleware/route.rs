//! Finds the API and the route; 404, 405, 410 and plain `OPTIONS` are decided here.

use crate::call::Call;
use crate::error::GatewayError;
use crate::middleware::gate::{Decide, Flow};
use http::Method;
use snapshot::{Found, LifecycleState};
use std::sync::Arc;
use telemetry::Phase;

/// The decision.
#[derive(Debug, Clone)]
pub struct Match;

impl Decide for Match {
    fn decide(&self, call: &mut Call) -> Result<Flow, GatewayError> {
        let now = call.facts.now();
        let facts = &mut *call.facts;
        let plan = &facts.plan;
        let snapshot = &plan.snapshot;
        let verdict = match snapshot.find(&call.head.method, call.head.uri.path()) {
            Found::Route(index) => {
                let route = snapshot.route(index);
                facts.route = Some(index);
                facts.api = route.api;
                facts.record.path_template = Some(Arc::clone(&route.template));
                Ok(())
            }
            Found::MethodNotAllowed { allow, api } => {
                facts.api = api;
                if call.head.method == Method::OPTIONS {
                    facts.options = Some(allow.clone());
                    Ok(())
                } else {
                    Err(GatewayError::MethodNotAllowed { allow: allow.clone() })
                }
            }
            Found::NoSuchPath(index) => {
                facts.api = Some(index);
                Err(GatewayError::UnknownPath {
                    api: Arc::clone(&snapshot.api(index).title),
                })
            }
            Found::NotFound => Err(GatewayError::UnknownApi),
        };
        facts.record.route = Some(plan.metrics(facts.route).clone());
        if let Some(index) = facts.api {
            let api = snapshot.api(index);
            facts.record.api = Some(Arc::clone(&api.id));
            facts.record.organisation = Some(Arc::clone(&snapshot.organisation(api.organisation).id));
            let over = api.sunset_at.is_some_and(|at| now >= at)
                || matches!(api.state, LifecycleState::Retired | LifecycleState::Decommissioned);
            if over && verdict.is_ok() {
                return Err(GatewayError::Gone {
                    api: Arc::clone(&api.title),
                });
            }
            call.body.set_limit(api.max_body_bytes);
        }
        facts.record.ends(Phase::Route);
        verdict.map(|()| Flow::Continue)
    }
}
