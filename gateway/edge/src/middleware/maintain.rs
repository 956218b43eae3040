//! Answers for an API that its owner has taken aside for work (`[apis.maintenance]`): 503 with the owner's own words and when
//! to come back. The gateway's documents about the API stay readable.

use crate::call::Call;
use crate::error::GatewayError;
use crate::middleware::gate::{Decide, Flow};
use std::sync::Arc;

/// The decision.
#[derive(Debug, Clone)]
pub struct Maintain;

impl Decide for Maintain {
    fn decide(&self, call: &mut Call) -> Result<Flow, GatewayError> {
        let Some(api) = call.facts.api() else {
            return Ok(Flow::Continue);
        };
        match &api.traffic.maintenance {
            Some(maintenance) if call.facts.goes_to_backend() => Err(GatewayError::Maintenance {
                api: Arc::clone(&api.title),
                message: maintenance.message.as_str().into(),
                retry_after: maintenance.retry_after,
            }),
            _ => Ok(Flow::Continue),
        }
    }
}
