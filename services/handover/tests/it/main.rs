//! Handover over a socket and in both databases.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod mapping;
mod walk;
