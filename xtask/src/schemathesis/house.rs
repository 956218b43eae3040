//! The demo as its reader runs it, on free ports; and what its reader is given: addresses, keys, tokens of a person.

use std::fs::{self, File};
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::{PACE, ended_before};
use crate::command::Tool;
use crate::workspace;

/// The demo says where it is within this time, or not at all.
const START: Duration = Duration::from_secs(60);
/// What it may need to end.
const STOP: Duration = Duration::from_secs(20);
/// Nodes serve what was changed in the registry within this time.
const SERVED: Duration = Duration::from_secs(2);
/// More calls than are made.
const LIMIT: u32 = 1_000_000;
/// The one API whose calls change what the node serves: it comes last.
const REGISTRY: &str = "registry/v1";

/// How often an API may be called whose limit is the node's own, which nobody lifts: from 600 a minute. Faster calls would try
/// little but that limit.
pub(super) fn pace(api: &str) -> Option<&'static str> {
    matches!(api, "me" | "oauth2").then_some("9/s")
}

/// The demo; it ends when this is dropped.
pub(super) struct House {
    child: Child,
    /// `demo.json`.
    told: Value,
}

impl House {
    /// Starts the demo that was built, with its files below `folder`.
    pub(super) fn start(folder: &Path) -> Result<Self> {
        let data = folder.join("demo");
        let log = File::create(folder.join("demo.txt")).context("cannot write demo.txt")?;
        let errors = log.try_clone().context("a file cannot be opened twice")?;
        let mut command = Tool::new(workspace::target().join("debug/vagvisare"))
            .args([
                "demo",
                "--listen",
                "127.0.0.1:0",
                "--ops-listen",
                "127.0.0.1:0",
                "--data-dir",
            ])
            .args([&data])
            .into_command();
        let child = command
            .stdout(log)
            .stderr(errors)
            .spawn()
            .context("the demo did not start")?;
        let mut house = Self {
            child,
            told: Value::Null,
        };
        let deadline = Instant::now() + START;
        while house.told.is_null() {
            if ended_before(&mut house.child, Instant::now() + PACE)?.is_some() || Instant::now() > deadline {
                bail!("the demo did not start; {} says why", folder.join("demo.txt").display());
            }
            // Not there, or not yet whole.
            let text = fs::read_to_string(data.join("demo.json")).unwrap_or_default();
            house.told = serde_json::from_str(&text).unwrap_or(Value::Null);
        }
        Ok(house)
    }

    /// Where callers are served.
    pub(super) fn gateway(&self) -> &str {
        self.text("/gateway")
    }

    /// Every API that the node's catalogue lists, as `case-status/v1`.
    pub(super) fn apis(&self) -> Result<Vec<String>> {
        let catalogue = call(&[format!("{}/.well-known/api-catalog", self.gateway())])?;
        let items = catalogue.pointer("/linkset/0/item").and_then(Value::as_array);
        let place = |item: &Value| Some(item["href"].as_str()?.strip_prefix(self.gateway())?[1..].to_owned());
        let mut apis: Vec<String> = items.into_iter().flatten().filter_map(place).collect();
        apis.sort_by_key(|api| api == REGISTRY);
        Ok(apis)
    }

    /// The owner of the demo's APIs lets callers through as often as they like: limits are tried elsewhere, and a call that
    /// is refused by one tries nothing.
    pub(super) fn lift_limits(&self) -> Result<()> {
        let plans = format!("{}/limit-plans", self.text("/registry/url"));
        let key = format!("X-Api-Key: {}", self.text("/registry/memberKeys/vagvisare-demo"));
        let listed = call(&["-H".to_owned(), key.clone(), format!("{plans}?limit=100")])?;
        for plan in listed["limitPlans"].as_array().into_iter().flatten() {
            let id = plan["limitPlanId"].as_str().unwrap_or_default();
            let mut wanted = plan.clone();
            for own in ["revision", "createdAt", "changedAt", "_links"] {
                wanted.as_object_mut().and_then(|members| members.remove(own));
            }
            (wanted["quota"], wanted["burst"]) = (json!(LIMIT), json!(LIMIT));
            let revision = format!("If-Match: \"{}\"", plan["revision"]);
            let change = ["-X", "PUT", "-H", &key, "-H", &revision, "-d", &wanted.to_string()].map(str::to_owned);
            call(&[&change[..], &[format!("{plans}/{id}")]].concat())?;
        }
        std::thread::park_timeout(SERVED);
        Ok(())
    }

    /// The headers that let a call of this API in.
    pub(super) fn credentials(&self, api: &str) -> Result<Vec<String>> {
        let key = |place: &str| Ok(vec![format!("X-Api-Key: {}", self.text(place))]);
        match api.split('/').next().unwrap_or_default() {
            "case-status" | "life-events" | "mcp" | "mina-arenden" | "open311" => self.token(api, "cases.read"),
            "channels" => self.token(api, "cases.events.subscribe"),
            "handover" => self.token(api, "handovers.write"),
            "contact-routing" | "encounters" | "insights" => key("/apiKey"),
            "directory" => key("/agencyKey"),
            "registry" => key("/registry/operatorKey"),
            "case-events" => self.new_key(),
            "me" | "oauth2" | "test-identity" => Ok(Vec::new()),
            other => bail!("nobody has said here what lets a call of {other} in: see `House::credentials`"),
        }
    }

    /// An access token of the demo's person for this API.
    fn token(&self, api: &str, scope: &str) -> Result<Vec<String>> {
        let mut wanted = self.told["personToken"]["body"].clone();
        let audience = wanted["audience"].as_str().unwrap_or_default();
        let audience = audience.replace("case-status/v1", api);
        (wanted["audience"], wanted["scopes"]) = (json!(audience), json!([scope]));
        let made = call(&[
            "-d".to_owned(),
            wanted.to_string(),
            self.text("/personToken/url").to_owned(),
        ])?;
        let token = made["access_token"]
            .as_str()
            .context("the test e-identification gave no token")?;
        Ok(vec![format!("Authorization: Bearer {token}")])
    }

    /// A key of the one application that may tell of changes, made by its organisation.
    fn new_key(&self) -> Result<Vec<String>> {
        let member = format!("X-Api-Key: {}", self.text("/registry/memberKeys/skattekontoret"));
        let wanted = json!({ "name": "schemathesis", "kind": "apiKey", "environment": "demo" }).to_string();
        let url = format!(
            "{}/applications/skattekontoret-handelser/credentials",
            self.text("/registry/url")
        );
        let made = call(&["-H".to_owned(), member, "-d".to_owned(), wanted, url])?;
        let key = made["secret"].as_str().context("the registry gave no key")?;
        std::thread::park_timeout(SERVED);
        Ok(vec![format!("X-Api-Key: {key}")])
    }

    fn text(&self, place: &str) -> &str {
        self.told.pointer(place).and_then(Value::as_str).unwrap_or_default()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        Tool::new("kill").args([self.child.id().to_string()]).succeeds();
        if !matches!(ended_before(&mut self.child, Instant::now() + STOP), Ok(Some(_))) {
            // Nothing more can be done about one that cannot be ended.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Calls with `curl`, and reads the answer.
fn call(arguments: &[String]) -> Result<Value> {
    let answer = Tool::new("curl")
        .args([
            "--silent",
            "--show-error",
            "--fail-with-body",
            "--max-time",
            "30",
            "--noproxy",
            "*",
        ])
        .args(["-H", "Content-Type: application/json"])
        .args(arguments)
        .output()?;
    serde_json::from_str(&answer).context("the demo answered something else than JSON")
}
