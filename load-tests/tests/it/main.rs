//! The generator against real servers on loopback: this crate's own origin, and servers that misbehave.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it set it up"
)]

mod bounds;
mod failures;
mod growth;
mod http2;
mod ladder;
mod origin;
mod scale;
