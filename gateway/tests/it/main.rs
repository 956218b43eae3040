//! The binary as its users run it: one file a behaviour.

mod check;
mod demo;
mod process;
mod refusals;
mod serve;
