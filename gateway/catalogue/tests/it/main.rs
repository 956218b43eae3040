//! The catalogue from outside: one file per behaviour.

mod catalog;
mod pages;
mod profile_rules;
mod profile_walk;
mod publishing;
mod reading;
mod routes;
mod serving;
mod support;
