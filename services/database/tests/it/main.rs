//! The same tests on both databases.

mod both;
mod outage;
