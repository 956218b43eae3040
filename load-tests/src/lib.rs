//! Load scenarios: what a request costs the gateway, and how long callers wait, beside other proxies in the same run.
//!
//! In reading order: what may be called (`target`), when requests are sent (`schedule`, `arrivals`, `ticker`), how
//! (`generator`), what came of it (`measured`, `process`, `report`). Comparisons stand on that: the servers (`peers`,
//! `running`, `surroundings`), the kinds of work (`rungs`, `credentials`, `certificate`, `document`), taking turns (`contest`), and the `ladder`. `instructions` counts
//! what does not depend on the machine, `growth` what more of everything adds, `tokens` what an access token costs, and `scale` computes what
//! a country needs.

mod arrivals;
pub mod cases;
mod certificate;
mod contest;
mod credentials;
mod document;
pub mod generator;
pub mod growth;
pub mod instructions;
mod interleave;
pub mod ladder;
pub mod measured;
pub mod origin;
mod peers;
pub mod process;
pub mod report;
mod rungs;
mod running;
pub mod scale;
pub mod schedule;
mod surroundings;
pub mod target;
mod ticker;
pub mod tokens;
