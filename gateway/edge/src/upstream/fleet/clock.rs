//! Milliseconds of the monotonic clock, small enough to be packed beside other things in one atomic word.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The first reading is an hour: 0 can mean "never", and a little can be taken off without falling below it.
const OFFSET: u64 = 3_600_000;

/// This instant in milliseconds. Nobody compares them between processes.
pub(crate) fn at(instant: Instant) -> u64 {
    static BASE: OnceLock<Instant> = OnceLock::new();
    let base = *BASE.get_or_init(Instant::now);
    OFFSET + millis(instant.saturating_duration_since(base))
}

/// Now.
pub(crate) fn now() -> u64 {
    at(Instant::now())
}

/// A duration in whole milliseconds.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
