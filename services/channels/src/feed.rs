//! Reading what changed from case status, and having it look at the cases of those whom somebody follows.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde::Deserialize;
use serde_json::json;
use service_host::{InternalKey, Limits, Outgoing};

use crate::store::{News, Store};

/// How long one answer may be waited for when there is nothing new, in seconds.
const WAIT: u64 = 15;

/// Reads from case status.
#[derive(Clone, Debug)]
pub(crate) struct Feed {
    outgoing: Outgoing,
    case_status: String,
    key: Option<InternalKey>,
}

#[derive(Deserialize)]
struct Changes {
    changes: Vec<News>,
}

impl Feed {
    /// `key` is shown to case status, where that asks for one.
    pub(crate) fn new(outgoing: Outgoing, case_status: &str, key: Option<InternalKey>) -> Self {
        Self {
            outgoing,
            case_status: case_status.trim_end_matches('/').to_owned(),
            key,
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.outgoing.request(method, &format!("{}{path}", self.case_status));
        match &self.key {
            Some(key) => key.show(request),
            None => request,
        }
    }

    /// Takes in what has changed since last time; waits for it when `wait` is set. Gives the number of changes.
    ///
    /// # Errors
    /// Case status does not answer as it should, or nothing can be written: the place has not moved.
    pub(crate) async fn read(&self, store: &Store, now: impl Fn() -> i64, wait: bool) -> anyhow::Result<usize> {
        let after = store.position().await?;
        let wait = if wait { WAIT } else { 0 };
        let path = format!("/internal/changes?after={after}&waitSeconds={wait}");
        let limits = Limits {
            time: Duration::from_secs(WAIT + 10),
            body_bytes: 4 * 1024 * 1024,
        };
        let request = self.request(Method::GET, &path);
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
    /// Case status does not answer as it should.
    pub(crate) async fn look_at(&self, party: &str) -> anyhow::Result<()> {
        let limits = Limits {
            time: Duration::from_secs(10),
            body_bytes: 4 * 1024 * 1024,
        };
        let request = self.request(Method::POST, "/internal/looks");
        let request = request.json(&json!({ "partyId": party }));
        let fetched = self.outgoing.fetch("/internal/looks", request, limits).await?;
        anyhow::ensure!(fetched.status.is_success(), "case status answered {}", fetched.status);
        Ok(())
    }
}
