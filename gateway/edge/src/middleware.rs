//! The layers, in request order; [`gate`] is the plumbing that most of them share.

pub mod authenticate;
pub mod authorise;
pub mod cors;
pub mod deadline;
pub mod forward;
pub mod limit;
pub mod normalise;
pub mod record;
pub mod respond;
pub mod route;
pub mod shed;
pub mod witness;

pub mod client_address;
pub mod gate;
pub mod headers;
