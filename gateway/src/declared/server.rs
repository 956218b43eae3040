//! The registry's API, as a client with a member's key sees it.

use super::kinds::{APIS, KINDS, Kind, ORGANISATIONS};
use super::{Known, Object};
use anyhow::{Context, bail};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::collections::HashSet;
use std::time::Duration;

/// Objects on a page.
const PAGE: usize = 100;
/// Most pages that are read of one kind.
const MOST_PAGES: usize = 10_000;
/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a call that the gateway's limit refuses is made again.
const TRIES: usize = 30;

/// Where the registry is, and with which key it is called.
#[derive(Clone)]
pub struct Server {
    client: reqwest::Client,
    base: String,
    key: String,
}

impl std::fmt::Debug for Server {
    /// Without the key.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Server")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

/// An answer that is not an error below HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    /// HTTP's own.
    pub(crate) status: StatusCode,
    /// Of the object that was read or changed.
    pub(crate) revision: Option<String>,
    /// The body.
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// What a problem says, in a line.
    pub(crate) fn said(&self) -> String {
        said(&self.status.as_u16().into(), &self.json())
    }
}

/// A status and what its problem says, in a line.
pub(super) fn said(status: &Value, problem: &Value) -> String {
    match problem["detail"].as_str().or(problem["title"].as_str()) {
        Some(detail) => format!("{status} {detail}"),
        None => status.to_string(),
    }
}

impl Server {
    /// The registry of the gateway at this address.
    ///
    /// # Errors
    /// No client can be made.
    pub fn new(gateway: &str, key: &str) -> anyhow::Result<Self> {
        Ok(Self {
            client: reqwest::Client::builder().timeout(PATIENCE).build()?,
            base: format!("{}{}", gateway.trim_end_matches('/'), registry::api::facts().base_path),
            key: key.to_owned(),
        })
    }

    /// The same registry, called with another key, over the same connections.
    pub(crate) fn with_key(&self, key: &str) -> Self {
        Self {
            key: key.to_owned(),
            ..self.clone()
        }
    }

    /// Makes one call; waits and makes it again where a limit says so.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        revision: Option<&str>,
        body: Option<String>,
    ) -> anyhow::Result<Answer> {
        let url = format!("{}/{path}", self.base);
        for _ in 0..TRIES {
            let mut request = self.client.request(method.clone(), &url).header("X-Api-Key", &self.key);
            if let Some(revision) = revision {
                request = request.header("If-Match", revision);
            }
            if let Some(body) = &body {
                request = request.header("Content-Type", "application/json").body(body.clone());
            }
            let answer = request
                .send()
                .await
                .with_context(|| format!("{} cannot be reached", self.base))?;
            let header = |name: &str| {
                answer
                    .headers()
                    .get(name)
                    .and_then(|value| value.to_str().ok())
                    .map(str::to_owned)
            };
            let (status, revision, wait) = (answer.status(), header("etag"), header("retry-after"));
            if status == StatusCode::TOO_MANY_REQUESTS {
                let seconds = wait.and_then(|wait| wait.parse().ok()).unwrap_or(1).min(60);
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                continue;
            }
            let text = answer.text().await?;
            return Ok(Answer { status, revision, text });
        }
        bail!("the gateway's limit refuses the call for too long: try again later")
    }

    /// Reads; what is not there is an error.
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        let answer = self.send(Method::GET, path, None, None).await?;
        if !answer.status.is_success() {
            bail!("GET {}/{path}: {}", self.base, answer.said());
        }
        Ok(answer)
    }

    /// The organisation that the key speaks for, where there is only one.
    ///
    /// # Errors
    /// The registry cannot be read.
    pub async fn only_organisation(&self) -> anyhow::Result<Option<String>> {
        let list = self.get("organisations?limit=2").await?.json();
        let organisations = list["organisations"].as_array().cloned().unwrap_or_default();
        let [one] = organisations.as_slice() else {
            return Ok(None);
        };
        Ok(one["organisationId"].as_str().map(str::to_owned))
    }

    /// Everything that the key sees and `wanted` owns; all of it when nobody is wanted.
    ///
    /// # Errors
    /// The registry cannot be read, or is of a newer kind than this program.
    pub async fn known(&self, wanted: impl Fn(&str) -> bool) -> anyhow::Result<Vec<Known>> {
        let mut known = Vec::<Known>::new();
        // An agreement is seen by all its parties; only those whose organisation is seen too are the key's to declare.
        let mut seen = HashSet::new();
        for kind in &KINDS {
            for page in 1..=MOST_PAGES {
                let list = self
                    .get(&format!("{}?page={page}&limit={PAGE}", kind.path))
                    .await?
                    .json();
                let items = list[kind.table].as_array().cloned().unwrap_or_default();
                for item in &items {
                    let one =
                        read(kind, item).with_context(|| format!("the registry's {} cannot be read", kind.table))?;
                    if kind.table == ORGANISATIONS {
                        seen.insert(one.object.organisation.clone());
                    }
                    if wanted(&one.object.organisation) && seen.contains(&one.object.organisation) {
                        known.push(one);
                    }
                }
                if items.len() < PAGE {
                    break;
                }
            }
        }
        Ok(known)
    }
}

fn read(kind: &'static Kind, view: &Value) -> anyhow::Result<Known> {
    let mut body = view.clone();
    if let Some(members) = body.as_object_mut() {
        for field in ["revision", "createdAt", "changedAt", "_links"]
            .iter()
            .chain(kind.set_by_registry)
        {
            members.shift_remove(*field);
        }
    }
    let body = (kind.complete)(&body).map_err(|(field, message)| anyhow::anyhow!("{field} {message}"))?;
    let text = |name: &str| view[name].as_str().map(str::to_owned);
    Ok(Known {
        object: Object {
            kind,
            id: text(kind.id).context("it has no id")?,
            organisation: text("organisationId").context("it has no organisation")?,
            body,
            openapi: None,
            published: kind.table == APIS && view["published"].is_object() && view["unpublishedChanges"] == false,
        },
        document_hash: text("documentHash"),
        document_url: text("documentUrl"),
        revision: view["revision"].as_i64().context("it has no revision")?,
        served: kind.table == APIS && view["published"].is_object(),
        ended: view["state"] == "terminated",
    })
}
