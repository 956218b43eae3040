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

use std::sync::LazyLock;

use contact_routing::engine::Engine;

/// The engine over the data as they are: building one takes longer than most tests.
static ENGINE: LazyLock<Engine> = LazyLock::new(|| contact_routing::engine_from_files().unwrap());
