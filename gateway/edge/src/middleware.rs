//! The layers, in request order; [`gate`] is the plumbing that most of them share.

pub mod record;
pub mod respond;
pub mod shed;
pub mod normalise;
pub mod route;
pub mod cors;
pub mod authenticate;
pub mod authorise;
pub mod limit;
pub mod deadline;
pub mod forward;

pub mod client_address;
pub mod gate;
pub mod headers;
