//! The service on a free port, over the sandbox or over producers of a test's own.

use std::time::Duration;

use case_status::{CaseStatusConfig, Form, Producer, service};
use model::LocalizedText;
use sandbox::{Person, SandboxConfig};
use serde_json::{Value, json};
use service_host::{ServiceTelemetry, serve};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// The service and what it stands on; all of it ends when this is dropped.
pub(crate) struct Running {
    pub(crate) url: String,
    pub(crate) sandbox: Option<sandbox::Running>,
    client: reqwest::Client,
    _directory: TempDir,
    _task: Task,
}

/// A task that ends when nobody holds it any more.
pub(crate) struct Task(tokio::task::JoinHandle<()>);

impl Task {
    pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(future))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) etag: Option<String>,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Value,
}

impl Running {
    /// Over every agency of the sandbox, where time stands still.
    pub(crate) async fn over_sandbox(down: &[&str]) -> Self {
        Self::over_sandbox_within(down, Duration::from_secs(5)).await
    }

    /// The same with another deadline.
    pub(crate) async fn over_sandbox_within(down: &[&str], deadline: Duration) -> Self {
        let config = SandboxConfig {
            now: Some("2026-11-23T10:00:00Z".parse().unwrap()),
            down: down.iter().map(|id| (*id).to_owned()).collect(),
            ..SandboxConfig::default()
        };
        let sandbox = sandbox::start(config).await.unwrap();
        let producers = producers_of(&sandbox);
        let register = sandbox.party_register_url.clone();
        let mut running = Self::over(producers, &register, deadline).await;
        running.sandbox = Some(sandbox);
        running
    }

    /// Over these producers.
    pub(crate) async fn over(producers: Vec<Producer>, register: &str, deadline: Duration) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = CaseStatusConfig {
            deadline,
            ..CaseStatusConfig::new(producers, register, directory.path())
        };
        let service = service(config).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/case-status/v1", listener.local_addr().unwrap());
        let serving = serve(listener, service, std::future::pending(), ServiceTelemetry::off());
        let task = Task::spawn(async move { serving.await.unwrap() });
        Self {
            url,
            sandbox: None,
            client: client(),
            _directory: directory,
            _task: task,
        }
    }

    /// Asks as the gateway would, for this party.
    pub(crate) async fn get(&self, party: &str, path: &str) -> Answer {
        self.get_with(party, path, &[]).await
    }

    pub(crate) async fn get_with(&self, party: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self
            .client
            .get(format!("{}{path}", self.url))
            .header("vagvisare-subject", party);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        let text = |name: &str| {
            answer
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        let (status, etag, retry_after) = (answer.status().as_u16(), text("etag"), text("retry-after"));
        let body = answer.text().await.unwrap();
        Answer {
            status,
            etag,
            retry_after,
            body: serde_json::from_str(&body).unwrap_or(Value::Null),
        }
    }

    /// Switches an agency's faults.
    pub(crate) async fn switch(&self, agency: &str, failure: &str) {
        let url = format!("{}/sandbox/faults/{agency}", self.sandbox.as_ref().unwrap().control_url);
        let answer = client()
            .put(url)
            .json(&json!({ "failure": failure }))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
    }
}

impl Answer {
    /// The report of one source.
    pub(crate) fn source(&self, id: &str) -> &Value {
        self.body["sources"]
            .as_array()
            .unwrap()
            .iter()
            .find(|source| source["sourceId"] == id)
            .unwrap()
    }

    /// The cases of one source.
    pub(crate) fn of(&self, id: &str) -> Vec<&Value> {
        self.cases()
            .into_iter()
            .filter(|case| case["source"]["sourceId"] == id)
            .collect()
    }

    pub(crate) fn cases(&self) -> Vec<&Value> {
        self.body["cases"].as_array().unwrap().iter().collect()
    }
}

/// The sandbox's agencies as producers.
pub(crate) fn producers_of(sandbox: &sandbox::Running) -> Vec<Producer> {
    let form = |form| match form {
        sandbox::Form::MinaArenden61 => Form::MinaArenden61,
        sandbox::Form::Cases => Form::Cases,
        sandbox::Form::Errands => Form::Errands,
    };
    let producer = |running: &sandbox::RunningAgency| {
        let agency = running.agency;
        Producer {
            id: agency.id.to_owned(),
            organisation_id: agency.id.to_owned(),
            name: LocalizedText::new(agency.name_sv, agency.name_en),
            form: form(agency.form),
            base_url: running.base_url.clone(),
            relation_term: Some(LocalizedText::new(agency.relation_term.0, agency.relation_term.1)),
            rules: agency.rules.iter().map(|&service| service.to_owned()).collect(),
        }
    };
    sandbox.agencies.iter().map(producer).collect()
}

pub(crate) fn person(key: &str) -> Person {
    sandbox::people().into_iter().find(|person| person.key == key).unwrap()
}

pub(crate) fn party(key: &str) -> String {
    person(key).party_id.to_string()
}

pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(60))
        .build()
        .unwrap()
}
