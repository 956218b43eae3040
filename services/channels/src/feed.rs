//! Reading what changed from case status, and having it look at the cases of those whom somebody follows.

use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;
use service_host::{Limits, Outgoing};

use crate::store::{News, Store};

/// How long one answer may be waited for when there is nothing new, in seconds.
const WAIT: u64 = 15;

/// Reads from case status.
#[derive(Clone, Debug)]
pub(crate) struct Feed {
    outgoing: Outgoing,
    case_status: String,
}

#[derive(Deserialize)]
struct Changes {
    changes: Vec<News>,
}

impl Feed {
    pub(crate) fn new(outgoing: Outgoing, case_status: &str) -> Self {
        Self {
            outgoing,
            case_status: case_status.trim_end_matches('/').to_owned(),
        }
    }

    /// Takes in what has changed since last time; waits for it when `wait` is set. Gives the number of changes.
    ///
    /// # Errors
    /// Case status does not answer as it should, or nothing can be written: the place has not moved.
    pub(crate) async fn read(&self, store: &Store, now: impl Fn() -> i64, wait: bool) -> anyhow::Result<usize> {
        let after = store.position().await?;
        let wait = if wait { WAIT } else { 0 };
        let url = format!("{}/internal/changes?after={after}&waitSeconds={wait}", self.case_status);
        let limits = Limits {
            time: Duration::from_secs(WAIT + 10),
            body_bytes: 4 * 1024 * 1024,
        };
        let request = self.outgoing.request(Method::GET, &url);
        let fetched = self.outgoing.fetch("/internal/changes", request, limits).await?;
        anyhow::ensure!(fetched.status.is_success(), "case status answered {}", fetched.status);
        let Changes { changes } = serde_json::from_slice(&fetched.body)?;
        if !changes.is_empty() {
            store.take(&changes, now()).await?;
        }
        Ok(changes.len())
    }

    /// Has the person's cases read, so that what has changed shows among the changes.
    ///
    /// # Errors
    /// Case status does not answer.
    pub(crate) async fn look_at(&self, party: &str) -> anyhow::Result<()> {
        let url = format!("{}/case-status/v1/cases?limit=1", self.case_status);
        let limits = Limits {
            time: Duration::from_secs(10),
            body_bytes: 4 * 1024 * 1024,
        };
        let request = self
            .outgoing
            .request(Method::GET, &url)
            .header("vagvisare-subject", party);
        self.outgoing.fetch("/case-status/v1/cases", request, limits).await?;
        Ok(())
    }
}
