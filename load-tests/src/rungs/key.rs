//! An API key is checked, its application's agreement looked up and a limit counted that is never reached.
//!
//! That the work is really done is asked first: the same call without the key must be refused.

use anyhow::Result;

use crate::peers::{Bench, Entry, vagvisare};

/// The gateway only, so far.
pub(super) async fn start(bench: &Bench) -> Result<Vec<Entry>> {
    Ok(vec![vagvisare::key(bench).await?])
}
