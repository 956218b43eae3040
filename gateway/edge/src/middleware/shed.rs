//! Refuses work over the cap of requests in flight, before anything has been done for it. The cap falls while the workers
//! fall behind, see [`overload`]. Its last half is for connections that hold little (`crate::room`). And refuses who comes
//! while the line of those whose request is yet to be read is full (`crate::rounds`).
//!
//! The operations listener has a runtime and listeners of its own, so health and metrics stay reachable.

pub mod in_flight;
pub mod overload;
mod wait;

use crate::call::Call;
use crate::error::GatewayError;
use crate::middleware::gate::{Decide, Flow};
use crate::plan::Shared;
use crate::room::has_room;
use std::sync::Arc;
use std::time::Duration;

/// When to try again where others leave room enough.
const SOON: Duration = Duration::from_secs(1);

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
        let crowded = call.facts.peer.crowded;
        let mut full = false;
        let may = |taken| {
            full = crowded || !has_room(taken, limit, 1);
            !crowded && has_room(taken, limit, asking)
        };
        if call.facts.count_in_flight(may) {
            return Ok(Flow::Continue);
        }
        // Who finds no room because of all that it asks at once says nothing about what the others may hope for.
        let retry_after = if full { self.shared.overload.refuse() } else { SOON };
        Err(GatewayError::Overloaded { retry_after })
    }
}
