//! What a node knows of how it keeps up; read by the operations listener.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering::Relaxed};

/// Where what is served came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The database answers.
    Database,
    /// It is away.
    Kept,
}

/// Numbers about one node.
#[derive(Debug, Default)]
pub struct Status {
    version: AtomicI64,
    left_out: AtomicUsize,
    away: AtomicBool,
    outages: AtomicU64,
    refused: AtomicU64,
}

impl Status {
    /// The version of the registry that is served.
    pub fn version(&self) -> i64 {
        self.version.load(Relaxed)
    }

    /// Objects that are not served because they cannot be.
    pub fn left_out(&self) -> usize {
        self.left_out.load(Relaxed)
    }

    /// Whether the database answers.
    pub fn source(&self) -> Source {
        if self.away.load(Relaxed) {
            Source::Kept
        } else {
            Source::Database
        }
    }

    /// How often the database was lost.
    pub fn outages(&self) -> u64 {
        self.outages.load(Relaxed)
    }

    /// Versions that could not be served.
    pub fn refused_versions(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    /// This version is served now.
    pub fn serves(&self, version: i64, left_out: usize) {
        self.version.store(version, Relaxed);
        self.left_out.store(left_out, Relaxed);
    }

    /// A version could not be served.
    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Relaxed);
    }

    /// The database does not answer; whether that is news.
    pub(super) fn lost(&self) -> bool {
        let news = !self.away.swap(true, Relaxed);
        if news {
            self.outages.fetch_add(1, Relaxed);
        }
        news
    }

    /// The database answers; whether that is news.
    pub(super) fn follows(&self) -> bool {
        self.away.swap(false, Relaxed)
    }
}
