//! The limiter from outside, by behaviour.

mod bound;
mod exact;
mod many_windows;
mod memory;
mod support;
mod threads;
