//! Load scenarios: what a request costs the gateway, and how long callers wait, beside other proxies in the same run.
//!
//! In reading order: what may be called (`target`), when requests are sent (`schedule`, `arrivals`, `ticker`), how
//! (`generator`), what came of it (`measured`, `process`, `report`).

mod arrivals;
pub mod generator;
pub mod measured;
pub mod origin;
pub mod process;
pub mod report;
pub mod schedule;
pub mod target;
mod ticker;
