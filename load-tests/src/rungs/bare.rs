//! Pass a request on and its answer back: HTTP/1.1, kept alive on both sides, no log, no credential.

use anyhow::Result;

use crate::peers::{Bench, Entry, haproxy, nginx, reference, vagvisare};

/// The backend alone, then everyone as a bare proxy.
pub(super) async fn start(bench: &Bench) -> Result<Vec<Entry>> {
    Ok(vec![
        reference(bench)?,
        haproxy::bare(bench).await?,
        nginx::bare(bench).await?,
        vagvisare::bare(bench).await?,
    ])
}
