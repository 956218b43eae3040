//! The rungs of the ladder: each asks the same work of every competitor. One file a rung.

mod bare;
mod key;

use anyhow::Result;

use crate::peers::{Bench, Entry};

/// A kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rung {
    /// Pass a request on, nothing else.
    Bare,
    /// The same with an API key checked, its agreement looked up and its limit counted.
    Key,
}

impl Rung {
    /// What first light climbs.
    pub(crate) const FIRST_LIGHT: [Self; 2] = [Self::Bare, Self::Key];

    /// Its short name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Key => "key",
        }
    }

    /// Starts its competitors.
    pub(crate) async fn start(self, bench: &Bench) -> Result<Vec<Entry>> {
        match self {
            Self::Bare => bare::start(bench).await,
            Self::Key => key::start(bench).await,
        }
    }
}
