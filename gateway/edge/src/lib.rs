//! The data plane: listener, the stack, middleware, upstream. No SQL, no files, no OAuth server.
//!
//! Start reading in [`stack`]: the whole request path is composed there.

mod alarm;
pub mod body;
pub mod call;
pub mod error;
mod line;
pub mod middleware;
pub mod plan;
mod room;
mod rounds;
pub mod server;
pub mod stack;
mod transport;
mod turns;
pub mod upstream;

/// Any error that a foreign layer hands us.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
