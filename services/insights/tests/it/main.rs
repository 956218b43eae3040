//! Insights over a socket and in both databases.
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod publishing;
mod walk;
