//! The binary as its users run it: one file a behaviour.
#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

mod assertions;
mod backend_states;
mod browser;
mod channels;
mod check;
mod clients;
mod consent;
mod credentials;
mod declared;
mod demo;
mod documents;
mod explain;
mod faults;
mod guardian;
mod journey;
mod leaks;
mod lint;
mod mcp;
mod mocks;
mod mtls;
mod oauth;
mod people;
mod policies;
mod process;
mod publishing;
mod quotas;
mod readme;
mod refusals;
mod registry;
mod serve;
mod tenancy;
mod trusting;
mod usage;
mod world;
