//! A proof of possession counts once on all nodes together (RFC 9449 section 11.1), where nodes share a store.
//!
//! Whether it is new on this node has been told before; only a proof that is reaches the store, in one round trip, and only
//! for a call that the agreement admits. The store away, nobody can say whether the proof was used, and the call is refused
//! (503): its API asked for tokens that a thief cannot use, and a thief who could make the store slow would have been let in.
//! A node without a store remembers for itself.

use crate::call::Call;
use crate::error::{GatewayError, ProofRefusal};
use crate::middleware::gate::{Change, Decide, Flow};
use std::time::Duration;

/// How far nodes' clocks may be apart: a proof is remembered for so much longer than it is fresh here.
const CLOCKS: Duration = Duration::from_secs(10);

/// The decision.
#[derive(Debug, Clone)]
pub struct Spend;

impl Decide for Spend {
    fn decide(&self, call: &mut Call) -> Result<Flow, GatewayError> {
        let Some(proof) = call.facts.proof else {
            return Ok(Flow::Continue);
        };
        let shelf = call.facts.shelf();
        if !shelf.is_shared() {
            return Ok(Flow::Continue);
        }
        let shelf = shelf.clone();
        Ok(Flow::Later(Box::pin(async move {
            match shelf.claim(proof.id, vec![1], proof.fresh_for + CLOCKS).await {
                Ok(None) => {
                    let change: Change = Box::new(|_: &mut Call| Ok(()));
                    Ok(change)
                }
                Ok(Some(_)) => Err(GatewayError::ProofRefused(Box::new(ProofRefusal {
                    code: "invalid_dpop_proof",
                    description: "The DPoP proof has been used before; make a new one for each request.".into(),
                    nonce: None,
                }))),
                Err(_) => Err(GatewayError::ProofUnavailable),
            }
        })))
    }
}
