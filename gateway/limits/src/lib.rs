//! Rate limits and quotas, counted in this process or together with other nodes. Knows nothing of HTTP but the text of two headers.
//!
//! A request brings its [`Demand`]s, one per policy that applies to it; [`Limiter::check`] answers with one
//! [`Decision`]. The arithmetic is GCRA as the `governor` crate has it: in any stretch of time `w`, one subject gets
//! through at most `burst + quota * w / window` times. All policies of a request are looked at before any is charged,
//! and a refused request is never charged.
//!
//! [`Limiter`] counts in this process. [`Limits`] is what a node uses: it leases the cells of shared policies from Redis
//! (see `shared.rs`) and hands the others to a [`Limiter`]. The same bound holds for all nodes together while the store
//! answers, on the store's clock. Quotas of a calendar day or month are reserved in a durable [`Ledger`] (see `quota.rs`).

mod gcra;
mod header;
mod key;
mod limiter;
mod limits;
mod quota;
mod shared;
pub mod shelf;
mod table;

pub use header::{ratelimit_header, ratelimit_policy_header};
pub use limiter::{DEFAULT_CAPACITY, Decision, Demand, Limiter, Refusal, Standing, Subject};
pub use limits::{Limits, Verdict};
pub use quota::{Grant, Ledger, LedgerError, Order, QuotaKeeper, QuotaStatus, WallClock};
pub use shared::{AddressError, Keeper, StoreConfig, StoreStatus};
pub use shelf::Shelf;

/// Time sources for [`Limiter::with_clock`]; tests bring a [`FakeRelativeClock`].
pub use governor::clock::{Clock, DefaultClock, FakeRelativeClock};
