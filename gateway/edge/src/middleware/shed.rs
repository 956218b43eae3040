//! Refuses work over the cap of requests in flight, before anything has been done for it. The cap falls while the workers
//! fall behind, see [`overload`]. Its last half is for connections that hold little (`crate::room`).
//!
//! The operations listener has a runtime and listeners of its own, so health and metrics stay reachable.

pub mod overload;

use crate::call::Call;
use crate::error::GatewayError;
use crate::middleware::gate::{Decide, Flow};
use crate::plan::Shared;
use crate::room::has_room;
use std::sync::Arc;

/// The decision.
#[derive(Debug, Clone)]
pub struct Shed {
    shared: Arc<Shared>,
}

impl Shed {
    /// Takes the cap in force from the shared parts.
    pub fn new(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::clone(shared),
        }
    }
}

impl Decide for Shed {
    fn decide(&self, call: &mut Call) -> Result<Flow, GatewayError> {
        let (limit, asking) = (self.shared.overload.limit(), call.facts.peer.asking);
        if call.facts.count_in_flight(|taken| has_room(taken, limit, asking)) {
            Ok(Flow::Continue)
        } else {
            Err(GatewayError::Overloaded)
        }
    }
}
