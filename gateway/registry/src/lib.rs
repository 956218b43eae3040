//! Organisations, APIs, backends, applications and agreements: today from one declarative document.
//!
//! [`load`] reads the document, checks it whole by compiling it, and gives a [`Loaded`]: a [`snapshot::Draft`] that may
//! still be edited, and the way back from a problem of the draft to a line of the document.
//!
//! The crate does not read OpenAPI documents itself; whoever calls it passes an [`OperationsReader`].

pub mod document;
mod explain;
mod loaded;

pub use document::OperationsReader;
pub use loaded::{Loaded, load, read};
