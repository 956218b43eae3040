//! The layers, in request order; [`gate`] and [`around`] are the plumbing that they share.

pub mod authenticate;
pub mod authorise;
pub mod cache;
pub mod cors;
pub mod deadline;
pub mod forward;
pub mod idempotency;
pub mod limit;
pub mod maintain;
pub mod mock;
pub mod normalise;
pub mod record;
pub mod respond;
pub mod retry;
pub mod route;
pub mod shed;
pub mod spend;
pub mod steer;
pub mod validate;
pub mod witness;

pub mod around;
pub mod client_address;
pub mod gate;
pub mod headers;
mod hold;
mod idempotency_key;
