//! The gateway's composition: configuration and registry in, a serving node out. Logic lives in the library crates.

pub mod check;
pub mod cli;
pub mod config;
pub mod credentials;
pub mod declared;
pub mod demo;
pub mod descriptors;
pub mod explain;
pub mod governed;
pub mod internal;
pub mod load;
pub mod node;
pub mod operations;
pub mod people;
pub mod publish;
pub mod quota_ledger;
pub mod token_service;
