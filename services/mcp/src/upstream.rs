//! Reading from the services that have cases and contacts, for the caller that the gateway named.

use std::time::Duration;

use axum::http::request::Parts;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use service_host::{Caller, Limits, Outgoing, RequestContext};

use crate::api::McpConfig;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(6);

/// The largest answer that is read, in bytes.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// What else the gateway says of the call; it goes along to the services, as who calls does.
const CALL: [&str; 2] = ["vagvisare-deadline-ms", "forwarded"];

/// The services.
#[derive(Clone, Debug)]
pub(crate) struct Upstream {
    outgoing: Outgoing,
    config: McpConfig,
}

/// Why there is no answer, in words for whoever reads the assistant's.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unanswered(pub(crate) String);

impl Upstream {
    pub(crate) fn new(outgoing: Outgoing, mut config: McpConfig) -> Self {
        for url in [&mut config.case_status, &mut config.contact_routing] {
            *url = url.trim_end_matches('/').to_owned();
        }
        Self { outgoing, config }
    }

    /// `GET` below `/case-status/v1`. `route` is the path with `{name}` for what varies.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub(crate) async fn cases(&self, caller: &Parts, route: &str, path: &str) -> Result<Value, Unanswered> {
        let url = format!("{}/case-status/v1{path}", self.config.case_status);
        let request = self.outgoing.request(Method::GET, &url);
        self.fetch(caller, &format!("/case-status/v1{route}"), request).await
    }

    /// `POST` below `/contact-routing/v1`.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub(crate) async fn contacts(&self, caller: &Parts, path: &str, body: &Value) -> Result<Value, Unanswered> {
        let url = format!("{}/contact-routing/v1{path}", self.config.contact_routing);
        let request = self.outgoing.request(Method::POST, &url).json(body);
        self.fetch(caller, &format!("/contact-routing/v1{path}"), request).await
    }

    /// Every life event.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub(crate) async fn life_events(&self, caller: &Parts) -> Result<Value, Unanswered> {
        let path = "/life-events/v1/life-events";
        let url = format!("{}{path}?limit=100", self.config.contact_routing);
        let request = self.outgoing.request(Method::GET, &url);
        self.fetch(caller, path, request).await
    }

    /// A life event fitted to a situation, with the person's cases where the caller may read them.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub(crate) async fn plan(&self, caller: &Parts, situation: &Value) -> Result<Value, Unanswered> {
        let path = "/life-events/v1/plans";
        let url = format!("{}{path}", self.config.contact_routing);
        let request = self.outgoing.request(Method::POST, &url).json(situation);
        self.fetch(caller, path, request).await
    }

    async fn fetch(&self, caller: &Parts, route: &str, mut request: RequestBuilder) -> Result<Value, Unanswered> {
        if let Some(who) = caller.extensions.get::<Caller>() {
            request = who.speak_for(request);
        }
        for name in CALL {
            for value in caller.headers.get_all(name) {
                request = request.header(name, value);
            }
        }
        let limits = Limits {
            time: PATIENCE,
            body_bytes: MOST_BYTES,
        };
        let fetching = self.outgoing.fetch(route, request, limits);
        let fetched = match caller.extensions.get::<RequestContext>() {
            Some(context) => context.clone().scope(fetching).await,
            None => fetching.await,
        };
        let fetched = fetched.map_err(|error| {
            tracing::warn!(%error, route, "a service did not answer");
            Unanswered("The service did not answer. Try again in a moment.".to_owned())
        })?;
        let body: Option<Value> = serde_json::from_slice(&fetched.body).ok();
        if !fetched.status.is_success() {
            return Err(refused(fetched.status.as_u16(), body.as_ref()));
        }
        body.ok_or_else(|| Unanswered("The service answered with something unreadable. Try again later.".to_owned()))
    }
}

/// A problem's own words; they say what to do.
fn refused(status: u16, problem: Option<&Value>) -> Unanswered {
    let said = problem.and_then(|problem| problem.get("detail").or_else(|| problem.get("title"))?.as_str());
    Unanswered(match said {
        Some(said) => said.to_owned(),
        None => format!("The service refused with status {status}."),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_is_told_in_the_problems_own_words() {
        let problem = json!({ "title": "Not found", "detail": "There is no such case." });
        assert_eq!(refused(404, Some(&problem)).0, "There is no such case.");
        assert_eq!(refused(404, Some(&json!({ "title": "Not found" }))).0, "Not found");
        assert_eq!(refused(502, None).0, "The service refused with status 502.");
    }
}
