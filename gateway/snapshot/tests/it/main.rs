//! The compiled registry, through its public face.
#![expect(clippy::unwrap_used, reason = "a fixture that cannot be built is a failed test")]

mod access;
mod fixture;
mod forbidden_addresses;
mod lookup;
mod own;
mod problems;
mod rendered;
