//! Case status as its callers meet it, over HTTP, with the sandbox's agencies and with worse ones.
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod alone;
mod answers;
mod facades;
mod leaks;
mod leaving;
mod mapping;
mod mixes;
mod outages;
mod parties;
mod people;
mod prevalidations;
mod pushes;
mod refusals;
mod represented;
mod support;
mod worse;
