//! A node whose registry is a database, and those who call it.

use crate::process::{Vagvisare, run, start, start_after};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Longest wait for a change to be served; a debug build on a busy machine needs some of it.
const PATIENCE: Duration = Duration::from_secs(30);

/// One answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) media: String,
    pub(crate) etag: String,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Value,
}

/// A member, and the key it calls with.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) id: String,
    pub(crate) key: String,
}

/// One call to the registry's API, in the making.
#[derive(Debug, Clone, Default)]
pub(crate) struct Call {
    pub(crate) key: Option<String>,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: Option<Value>,
    pub(crate) if_match: Option<String>,
}

/// A folder with a node's configuration and secrets; its nodes share one registry.
pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) operator: String,
    pub(crate) client: reqwest::Client,
}

/// A running node.
pub(crate) struct Node {
    pub(crate) process: Vagvisare,
    /// Where it is called.
    pub(crate) gateway: String,
    /// Its operations listener.
    pub(crate) operations: String,
}

impl World {
    /// A new registry in this database, with an operator.
    pub(crate) fn begin(database: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = write_config(folder.path(), "first", database, "127.0.0.1:0");
        let said = run(&["init", "--config", config.to_str().unwrap()]);
        assert!(said.status.success(), "{said:?}");
        let said = String::from_utf8(said.stdout).unwrap();
        let key = said.split_whitespace().find(|word| word.starts_with("vv_")).unwrap();
        Self {
            operator: key.to_owned(),
            folder,
            client: reqwest::Client::new(),
        }
    }

    /// Starts a node of this name.
    pub(crate) fn node(&self, name: &str, database: &str) -> Node {
        let config = write_config(self.folder.path(), name, database, "127.0.0.1:0");
        Self::started(start(&["serve", "--config", config.to_str().unwrap()]))
    }

    /// Starts a node of this name, with another text for this one in its configuration.
    pub(crate) fn node_with(&self, name: &str, database: &str, (old, new): (&str, &str)) -> Node {
        let config = write_config(self.folder.path(), name, database, "127.0.0.1:0");
        let text = std::fs::read_to_string(&config).unwrap();
        assert!(text.contains(old), "{text}");
        std::fs::write(&config, text.replace(old, new)).unwrap();
        Self::started(start(&["serve", "--config", config.to_str().unwrap()]))
    }

    /// Starts a node of this name, with more in its configuration, in a shell that said this before: `ulimit -n 256`.
    pub(crate) fn node_after(&self, said: &str, name: &str, database: &str, more: &str) -> Node {
        let config = write_config(self.folder.path(), name, database, "127.0.0.1:0");
        let text = std::fs::read_to_string(&config).unwrap();
        std::fs::write(&config, text + more).unwrap();
        Self::started(start_after(said, &["serve", "--config", config.to_str().unwrap()]))
    }

    fn started(mut process: Vagvisare) -> Node {
        let ready = process.wait_for("ready ");
        let (gateway, operations) = ready.split_once(", operations ").unwrap();
        Node {
            process,
            gateway: gateway.to_owned(),
            operations: operations.to_owned(),
        }
    }

    /// Makes one call to a node's registry API.
    pub(crate) async fn send(&self, node: &Node, call: &Call) -> Answer {
        call.send(&self.client, &node.gateway).await.unwrap()
    }

    /// Reads.
    pub(crate) async fn get(&self, node: &Node, key: &str, path: &str) -> Answer {
        self.send(node, &Call::new(key, "GET", path)).await
    }

    /// Creates, which must succeed.
    pub(crate) async fn make(&self, node: &Node, key: &str, path: &str, body: Value) -> Value {
        let call = Call::new(key, "POST", path).with(body);
        let answer = self.send(node, &call).await;
        assert_eq!(answer.status, 201, "{call:?} {answer:?}");
        answer.body
    }

    /// Does something to an object as it now is, which must succeed.
    pub(crate) async fn change(&self, node: &Node, key: &str, method: &str, path: &str, body: Value) -> Value {
        let object = path.split('/').take(3).collect::<Vec<_>>().join("/");
        let tag = self.get(node, key, &object).await.etag;
        let call = Call::new(key, method, path).with(body).seen(&tag);
        let answer = self.send(node, &call).await;
        assert!(answer.status < 300, "{call:?} {answer:?}");
        answer.body
    }

    /// Registers an organisation.
    pub(crate) async fn organisation(&self, node: &Node, id: &str, kind: &str) {
        let body = json!({"organisationId": id, "name": id, "kind": kind});
        self.make(node, &self.operator, "/organisations", body).await;
    }

    /// Makes a member with a key, and waits until the node knows the key.
    pub(crate) async fn member(&self, node: &Node, organisation: &str, roles: &[&str]) -> Caller {
        let body = json!({"organisationId": organisation, "name": roles.join(" "), "roles": roles});
        let id = self.make(node, &self.operator, "/members", body).await;
        let id = id["memberId"].as_str().unwrap().to_owned();
        let key = json!({"name": "first", "kind": "apiKey"});
        let path = format!("/members/{id}/credentials");
        let made = self.make(node, &self.operator, &path, key).await;
        let key = made["secret"].as_str().unwrap().to_owned();
        self.until(node, &Call::new(&key, "GET", "/organisations"), 200).await;
        Caller { id, key }
    }

    /// An agency that serves an API under `/guide/v1` from this machine, and a consumer's application that may call it.
    pub(crate) async fn serving(&self, node: &Node) -> Serving {
        self.serving_under(node, json!(null)).await
    }

    /// The same, under an agreement that admits so many calls.
    pub(crate) async fn serving_under(&self, node: &Node, limits: Value) -> Serving {
        self.organisation(node, "agency", "municipality").await;
        self.organisation(node, "bank", "privateActor").await;
        let agency = self.member(node, "agency", &["agencyAdmin"]).await;
        let bank = self.member(node, "bank", &["agencyAdmin"]).await;
        let backend = json!({"name": "b", "targets": [{"url": backend().await}], "privateNetwork": true});
        let backend = self.make(node, &agency.key, "/backends", backend).await;
        let api = json!({"name": "guide", "title": "t", "version": "1.0.0", "state": "active", "authentication": "key",
            "personalData": false, "backendId": backend["backendId"], "operations": [{"path": "/things"}]});
        self.make(node, &agency.key, "/apis", api).await;
        self.change(node, &agency.key, "POST", "/apis/guide-v1/publications", json!({}))
            .await;
        let agreement = json!({"kind": "avtal", "purpose": "p", "personalData": false, "validFrom": "2026-01-01T00:00:00Z",
            "parties": [{"organisationId": "agency", "role": "producer"}, {"organisationId": "bank", "role": "consumer"}],
            "apiIds": ["guide-v1"], "limits": limits});
        let agreement = self.make(node, &agency.key, "/agreements", agreement).await;
        let agreement_id = agreement["agreementId"].as_str().unwrap().to_owned();
        for key in [&agency.key, &bank.key] {
            let path = format!("/agreements/{agreement_id}/signatures");
            self.change(node, key, "POST", &path, json!({})).await;
        }
        let application = self.make(node, &bank.key, "/applications", json!({"name": "a"})).await;
        let application_id = application["applicationId"].as_str().unwrap().to_owned();
        let path = format!("/applications/{application_id}/credentials");
        let made = self
            .make(node, &bank.key, &path, json!({"name": "k", "kind": "apiKey"}))
            .await;
        let key = made["secret"].as_str().unwrap().to_owned();
        self.served_until(node, &key, 200).await;
        Serving {
            agency,
            bank,
            application_id,
            agreement_id,
            key,
        }
    }

    /// Calls the API until it is answered so.
    pub(crate) async fn served_until(&self, node: &Node, key: &str, status: u16) {
        let begun = Instant::now();
        loop {
            let (answer, text) = self.served(node, key, "/guide/v1/things").await;
            if answer == status {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{answer}, not {status}: {text}");
        }
    }

    /// Runs `vagvisare` on a node's configuration; what it printed.
    pub(crate) fn command(&self, name: &str, arguments: &[&str]) -> String {
        let config = self.folder.path().join(format!("{name}.toml"));
        let said = run(&[arguments, &["--config", config.to_str().unwrap()]].concat());
        assert!(said.status.success(), "{said:?}");
        String::from_utf8(said.stdout).unwrap()
    }

    /// Repeats a call until it is answered so.
    pub(crate) async fn until(&self, node: &Node, call: &Call, status: u16) -> Answer {
        let begun = Instant::now();
        loop {
            let answer = self.send(node, call).await;
            if answer.status == status {
                return answer;
            }
            assert!(begun.elapsed() < PATIENCE, "not {status}: {answer:?}");
        }
    }

    /// Calls what is served under the gateway; the status and the text.
    pub(crate) async fn served(&self, node: &Node, key: &str, path: &str) -> (u16, String) {
        let request = self
            .client
            .get(format!("{}{path}", node.gateway))
            .header("X-Api-Key", key);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

impl Call {
    pub(crate) fn new(key: &str, method: &str, path: &str) -> Self {
        Self {
            key: Some(key.to_owned()),
            method: method.to_owned(),
            path: path.to_owned(),
            ..Self::default()
        }
    }

    /// Sends it to the registry's API of the node that listens there.
    pub(crate) async fn send(&self, client: &reqwest::Client, gateway: &str) -> reqwest::Result<Answer> {
        let url = format!("{gateway}/registry/v1{}", self.path);
        let mut request = client.request(self.method.parse().unwrap(), url);
        if let Some(key) = &self.key {
            request = request.header("X-Api-Key", key);
        }
        if let Some(tag) = &self.if_match {
            request = request.header("If-Match", tag);
        }
        if let Some(body) = &self.body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        let header = |name: &str| {
            let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
            value.map(str::to_owned)
        };
        let (status, media) = (answer.status().as_u16(), header("content-type").unwrap_or_default());
        let (etag, retry_after) = (header("etag").unwrap_or_default(), header("retry-after"));
        let text = answer.text().await?;
        Ok(Answer {
            body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
            status,
            media,
            etag,
            retry_after,
        })
    }

    pub(crate) fn with(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    pub(crate) fn seen(mut self, tag: &str) -> Self {
        self.if_match = Some(tag.to_owned());
        self
    }
}

/// An API that is served, and who calls it.
#[derive(Debug, Clone)]
pub(crate) struct Serving {
    pub(crate) agency: Caller,
    pub(crate) bank: Caller,
    pub(crate) application_id: String,
    pub(crate) agreement_id: String,
    /// The application's key.
    pub(crate) key: String,
}

/// A backend that says the same to everybody, and 300 KB to who asks for `?large`; its address.
async fn backend() -> String {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    // Written once: what a large answer costs its backend must not be taken for the gateway's.
    let [small, large] = [json!([1]), json!(["x".repeat(300_000)])]
        .map(|things| axum::body::Bytes::from(json!({ "things": things }).to_string()));
    // It reads to its end what it is asked before it answers, as backends do.
    let answer = move |uri: axum::http::Uri, _: axum::body::Bytes| async move {
        let body = if uri.query() == Some("large") { large } else { small };
        ([("content-type", "application/json")], body)
    };
    let router = axum::Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}")
}

/// A node's configuration, in a folder where all nodes have the same pepper.
fn write_config(folder: &Path, name: &str, database: &str, listen: &str) -> PathBuf {
    let path = folder.join(format!("{name}.toml"));
    let text = format!(
        "[listen]\naddress = \"{listen}\"\n[operations]\nlisten = \"127.0.0.1:0\"\n\
         [gateway]\nnode = \"{name}\"\n[registry]\ndatabase = \"{database}\"\ncache = \"{name}.cache\"\n\
         [identity]\npepper_file = \"pepper\"\n[network]\nallow_private_backends = true\n"
    );
    std::fs::write(&path, text).unwrap();
    path
}
