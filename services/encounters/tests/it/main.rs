//! Encounters in both databases and over a socket.
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod booking;
mod walk;
