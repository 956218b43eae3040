//! Contact routing as a whole: what it knows, how well it answers, and what it says over HTTP.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on fails; the golden run prints its score"
)]

mod api;
mod directory;
mod entries;
mod golden;
mod language;
mod life;
mod places;
