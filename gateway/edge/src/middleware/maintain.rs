//! Answers for an API that its owner has taken aside for work (`[apis.maintenance]`): 503 with the owner's own words and when
//! to come back. It begins and ends with the registry's picture, at once. The gateway's documents about the API stay readable.

use crate::call::Call;
use crate::error::{GatewayError, Words};
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
                words: Box::new(Words {
                    sv: maintenance.message.clone(),
                    en: maintenance.message_en.clone(),
                }),
                retry_after: maintenance.retry_after,
            }),
            _ => Ok(Flow::Continue),
        }
    }
}
