//! Organisations, APIs, backends, applications and agreements: kept in a database, changed through an API, compiled to
//! drafts of snapshots; or read from one declarative document.
//!
//! - [`model`]: the objects. [`rules`]: what may be registered. [`store`]: where they are kept, each change with its
//!   [`audit`] entry in one transaction. [`api`]: `/registry/v1`. [`compile`]: objects to a [`snapshot::Draft`].
//!   [`watch`]: how a node keeps up. [`import`]: a registry document into an empty store.
//! - [`load`] reads a registry document, checks it whole by compiling it, and gives a [`Loaded`]: a [`snapshot::Draft`] that
//!   may still be edited, and the way back from a problem of the draft to a line of the document. Whoever calls it passes
//!   an [`OperationsReader`].

pub mod api;
pub mod audit;
pub mod compile;
pub mod document;
mod explain;
pub mod import;
pub mod intake;
mod loaded;
pub mod model;
pub mod rules;
pub mod store;
pub mod watch;

pub use document::OperationsReader;
pub use loaded::{Loaded, load, read};
