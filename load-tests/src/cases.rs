//! Case status under load: many people, many sources of which some are slow and some fail. Says how long callers wait, what a
//! source costs, how much memory it takes, and whether anything was wrong in any answer.

mod judge;
mod sources;
mod world;

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use hdrhistogram::Histogram;
use http::Request;
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::process::{self, Memory};
use crate::running::{Running, free_address};
use judge::{Verdict, judge};
use sources::Sources;
use world::World;

/// What the service keeps back of a caller's time to send its answer.
const MARGIN: Duration = Duration::from_millis(100);
/// What an answer may take beyond its deadline, at the 99th percentile.
const SLACK: Duration = Duration::from_millis(20);
/// The largest answer that is read, in bytes.
const MOST_BYTES: usize = 16 << 20;

/// What is asked of a run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The program of the service.
    pub case_status: PathBuf,
    /// How many people ask.
    pub people: u32,
    /// How many sources there are; each twentieth fails.
    pub sources: u32,
    /// How often each person asks.
    pub rounds: u32,
    /// Requests a second, sent on schedule whatever the answers do.
    pub rate: u32,
    /// When sources must have answered.
    pub deadline: Duration,
    /// The most memory that the service may take, in MiB.
    pub most_mib: u64,
}

/// What came of a run.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Answers that were read.
    pub answers: u64,
    /// Requests a second, over the whole run.
    pub per_second: f64,
    /// Sources that were asked.
    pub asked: u64,
    /// Sources that would have answered in time and did not get through: the machine was too slow.
    pub late: u64,
    /// Milliseconds from the intended send to the last byte.
    pub p50_ms: f64,
    /// The same.
    pub p90_ms: f64,
    /// The same; at most the deadline and 20 ms.
    pub p99_ms: f64,
    /// The same.
    pub p999_ms: f64,
    /// The same.
    pub max_ms: f64,
    /// CPU of the service for each request, in microseconds.
    pub cpu_micros_per_request: f64,
    /// CPU of the service for each source that was asked, in microseconds.
    pub cpu_micros_per_source: f64,
    /// The service's memory after each round.
    pub memory: Vec<Memory>,
    /// What was wrong in answers, the first few.
    pub mistakes: Vec<String>,
}

struct Measured {
    latency: Histogram<u64>,
    verdict: Verdict,
}

/// Starts the sources and the service, asks, and judges every answer.
///
/// # Errors
/// The service does not start or ends; a request that has no answer.
pub async fn run(options: &Options) -> Result<Outcome> {
    ensure!(
        options.people > 0 && options.rate > 0 && options.rounds > 0,
        "nothing is asked"
    );
    // It is started in a folder of its own.
    let program = std::path::absolute(&options.case_status).context("where is the service?")?;
    let world = Arc::new(World::new(options.people, options.sources, options.deadline));
    let sources = Sources::bind().await?;
    let folder = tempfile::tempdir()?;
    let producers = folder.path().join("producers.toml");
    fs::write(&producers, sources.producers(&world))?;
    let serving = tokio::spawn(sources.serve(Arc::clone(&world)));
    let address = free_address()?;
    let listen = address.to_string();
    let arguments: [&OsStr; 6] = [
        "--listen".as_ref(),
        listen.as_ref(),
        "--producers".as_ref(),
        producers.as_ref(),
        "--data-dir".as_ref(),
        folder.path().as_ref(),
    ];
    let service = Running::start(&program, &arguments, None, folder.path(), address).await?;
    let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
    let measured = Arc::new(Mutex::new(Measured {
        latency: Histogram::new(3)?,
        verdict: Verdict::default(),
    }));
    let before = process::usage(service.id())?;
    let begun = Instant::now();
    let mut memory = Vec::new();
    for round in 0..options.rounds {
        let mut asking = JoinSet::new();
        for (at, person) in world.order(round).enumerate() {
            let turn = u64::from(round) * u64::from(options.people) + at as u64;
            let intended = begun + Duration::from_secs_f64(turn as f64 / f64::from(options.rate));
            sleep_until(intended).await;
            asking.spawn(ask(
                client.clone(),
                format!("http://{address}/case-status/v1/cases?limit=100"),
                Arc::clone(&world),
                person,
                intended,
                Arc::clone(&measured),
            ));
            while let Some(done) = asking.try_join_next() {
                done??;
            }
        }
        while let Some(done) = asking.join_next().await {
            done??;
        }
        memory.push(process::usage(service.id())?.memory);
    }
    let took = begun.elapsed();
    let cpu = process::usage(service.id())?.cpu.saturating_sub(before.cpu);
    service.stop().await?;
    serving.abort();
    let measured = measured.lock().map_err(|_| anyhow::anyhow!("a request failed badly"))?;
    Ok(outcome(&measured, cpu, took, memory))
}

fn outcome(measured: &Measured, cpu: Duration, took: Duration, memory: Vec<Memory>) -> Outcome {
    let Measured { latency, verdict } = measured;
    let ms = |quantile: f64| latency.value_at_quantile(quantile) as f64 / 1000.0;
    let each = |count: u64| cpu.as_secs_f64() * 1e6 / count.max(1) as f64;
    Outcome {
        answers: latency.len(),
        per_second: latency.len() as f64 / took.as_secs_f64(),
        asked: verdict.asked,
        late: verdict.late,
        p50_ms: ms(0.5),
        p90_ms: ms(0.9),
        p99_ms: ms(0.99),
        p999_ms: ms(0.999),
        max_ms: latency.max() as f64 / 1000.0,
        cpu_micros_per_request: each(latency.len()),
        cpu_micros_per_source: each(verdict.asked),
        memory,
        mistakes: verdict.mistakes.clone(),
    }
}

#[expect(clippy::disallowed_methods, reason = "the body is limited")]
async fn ask(
    client: Client<HttpConnector, Empty<Bytes>>,
    url: String,
    world: Arc<World>,
    person: u32,
    intended: Instant,
    measured: Arc<Mutex<Measured>>,
) -> Result<()> {
    let time = (world.deadline() + MARGIN).as_millis().to_string();
    let request = Request::get(url)
        .header("vagvisare-subject", World::party(person))
        .header("vagvisare-deadline-ms", time)
        .body(Empty::new())?;
    let answer = client.request(request).await.context("a request has no answer")?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), MOST_BYTES);
    let body = body
        .collect()
        .await
        .map_err(|error| anyhow::anyhow!("an answer breaks off: {error}"))?;
    let micros = u64::try_from(intended.elapsed().as_micros())?;
    let verdict = judge(&world, person, status, &body.to_bytes());
    let mut measured = measured.lock().map_err(|_| anyhow::anyhow!("a request failed badly"))?;
    measured.latency.record(micros)?;
    measured.verdict.add(verdict);
    Ok(())
}

impl Outcome {
    /// What is not as it must be: empty when the run is good.
    #[must_use]
    pub fn breaches(&self, options: &Options) -> Vec<String> {
        let mut found = self.mistakes.clone();
        let most_ms = (options.deadline + SLACK).as_secs_f64() * 1000.0;
        if self.p99_ms > most_ms {
            found.push(format!("p99 is {:.1} ms, more than {most_ms} ms", self.p99_ms));
        }
        let peak_mib = self
            .memory
            .iter()
            .map(|memory| memory.peak_kib / 1024)
            .max()
            .unwrap_or(0);
        if peak_mib > options.most_mib {
            found.push(format!(
                "the service took {peak_mib} MiB, more than {} MiB",
                options.most_mib
            ));
        }
        found
    }
}
