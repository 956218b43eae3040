//! Tells the person's own record that somebody reads about them, and waits until it is written where that is asked for. What
//! cannot be told is not read.

use crate::call::Call;
use crate::error::GatewayError;
use crate::middleware::authenticate::{Noted, Reading};
use crate::middleware::gate::{Change, Decide, Flow};
use crate::plan::Shared;
use std::sync::Arc;
use std::time::Duration;

/// What was to be written down could not be.
const UNWRITTEN: GatewayError = GatewayError::Overloaded {
    retry_after: Duration::from_secs(1),
};

/// The decision.
#[derive(Debug, Clone)]
pub struct Witness {
    shared: Arc<Shared>,
}

impl Witness {
    /// Takes who keeps the record from the shared parts.
    pub fn new(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::clone(shared),
        }
    }
}

impl Decide for Witness {
    fn decide(&self, call: &mut Call) -> Result<Flow, GatewayError> {
        let facts = &call.facts;
        let person = facts.consumer.as_ref().filter(|consumer| consumer.subject.is_some());
        let (Some(token_id), Some(api)) = (person.and_then(|consumer| consumer.token.as_ref()), facts.api()) else {
            return Ok(Flow::Continue);
        };
        let reading = Reading {
            token_id,
            api: &api.audience,
            method: call.head.method.as_str(),
            template: &facts.route()?.template,
            trace: &facts.record.trace,
        };
        match self.shared.credentials.reading(reading) {
            Noted::Now(true) => Ok(Flow::Continue),
            Noted::Now(false) => Err(UNWRITTEN),
            Noted::Later(written) => Ok(Flow::Later(Box::pin(async move {
                if !written.await {
                    return Err(UNWRITTEN);
                }
                let change: Change = Box::new(|_: &mut Call| Ok(()));
                Ok(change)
            }))),
        }
    }
}
