//! Refuses work over the cap of requests in flight, before anything has been done for it.
//!
//! The operations listener has a runtime and listeners of its own, so health and metrics stay reachable.

use crate::call::Call;
use crate::error::GatewayError;
use crate::middleware::gate::{Decide, Flow};
use crate::plan::Shared;
use std::sync::Arc;

/// The decision.
#[derive(Debug, Clone)]
pub struct Shed {
    most: usize,
}

impl Shed {
    /// Reads the cap from the settings.
    pub fn new(shared: &Arc<Shared>) -> Self {
        Self {
            most: shared.settings.max_in_flight,
        }
    }
}

impl Decide for Shed {
    fn decide(&self, call: &mut Call) -> Result<Flow, GatewayError> {
        if call.facts.count_in_flight(self.most) {
            Ok(Flow::Continue)
        } else {
            Err(GatewayError::Overloaded)
        }
    }
}
