//! The limiter from outside, by behaviour.

mod bound;
mod exact;
mod many_windows;
mod memory;
mod quotas;
mod redis_server;
mod shared_decisions;
mod shared_faults;
mod shared_places;
mod shared_promise;
mod shelf;
mod support;
mod threads;
