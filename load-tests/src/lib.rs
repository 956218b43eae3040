//! Load scenarios: what a request costs the gateway, and how long callers wait, beside other proxies in the same run.
//!
//! In reading order: what may be called (`target`), when requests are sent (`schedule`, `arrivals`, `ticker`), how
//! (`generator`), what came of it (`measured`, `process`, `report`). Comparisons stand on that: the servers (`peers`,
//! `running`), the kinds of work (`rungs`), taking turns (`contest`), and the scenarios (`first_light`).

mod arrivals;
mod contest;
pub mod first_light;
pub mod generator;
mod interleave;
pub mod measured;
pub mod origin;
mod peers;
pub mod process;
pub mod report;
mod rungs;
mod running;
pub mod schedule;
pub mod target;
mod ticker;
