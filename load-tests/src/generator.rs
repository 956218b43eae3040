//! The load generator: many connections on one thread, paced by a schedule or as fast as the answers come.

mod connection;
mod idle;
mod protocol;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use tokio::task::JoinSet;

use crate::arrivals::Arrivals;
use crate::measured::{Failure, Measured};
use crate::schedule::Schedule;
use crate::target::Target;
use crate::ticker::Ticker;

use connection::Connection;
use protocol::Wire;

pub use idle::Idle;
pub use protocol::Protocol;
pub(crate) use protocol::SERVER_NAME;

/// Bounds of one run, so that a slip of the finger cannot make a machine unusable.
const MOST_PER_SECOND: u32 = 200_000;
const MOST_CONNECTIONS: usize = 10_000;
const LONGEST: Duration = Duration::from_secs(600);

/// How long answers may take after the last request was due.
const DRAIN: Duration = Duration::from_secs(5);

/// When requests are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// So many each second, whatever the answers do; latency counts from the intended time.
    Open {
        /// Requests a second.
        per_second: u32,
    },
    /// Each connection sends the next request when it has the answer; finds the highest rate.
    Closed,
    /// As `Closed`, but so many requests on each connection, whatever time they take (the plan's duration is a bound).
    Counted {
        /// Requests a connection.
        requests: u32,
    },
}

/// One run of the generator.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What to call.
    pub target: Target,
    /// Fields added to each request, such as a key: one map a caller, in turn. Not empty.
    pub callers: Arc<[HeaderMap]>,
    /// When to send.
    pub pace: Pace,
    /// For how long.
    pub duration: Duration,
    /// How many requests may be under way at once: connections of HTTP/1.1, or streams of HTTP/2 on fewer connections.
    pub connections: usize,
    /// The status that counts as success.
    pub expected: StatusCode,
    /// The body's least length in bytes that counts as success.
    pub least_body: u64,
    /// A JSON document to send with each request, which is a POST then; without one it is a GET.
    pub payload: Option<Bytes>,
    /// What is spoken.
    pub protocol: Protocol,
}

/// What came out of a run.
#[derive(Debug, Clone)]
pub struct Run {
    /// Counts and latencies.
    pub measured: Measured,
    /// From the first request to the end of the last answer.
    pub elapsed: Duration,
}

impl Run {
    /// Successful requests a second.
    pub fn per_second(&self) -> f64 {
        self.measured.succeeded() as f64 / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }
}

impl Plan {
    /// A plan to change: one caller without credentials on one connection for a second, as fast as the answers come, by GET
    /// in plain HTTP/1.1, where a 200 of any length is success.
    pub fn of(target: Target) -> Self {
        Self {
            target,
            callers: [HeaderMap::new()].into(),
            pace: Pace::Closed,
            duration: Duration::from_secs(1),
            connections: 1,
            expected: StatusCode::OK,
            least_body: 0,
            payload: None,
            protocol: Protocol::Http1,
        }
    }

    /// Whether the plan stays inside the generator's bounds.
    fn check(&self) -> Result<()> {
        if let Pace::Open { per_second } = self.pace
            && !(1..=MOST_PER_SECOND).contains(&per_second)
        {
            bail!("a rate of {per_second}/s is out of bounds: 1 to {MOST_PER_SECOND}");
        }
        if !(1..=MOST_CONNECTIONS).contains(&self.connections) {
            bail!(
                "{} connections are out of bounds: 1 to {MOST_CONNECTIONS}",
                self.connections
            );
        }
        if self.callers.is_empty() {
            bail!("no caller is named; one that sends nothing along is a map without fields");
        }
        if self.duration.is_zero() || self.duration > LONGEST {
            bail!(
                "a duration of {:?} is out of bounds: above 0, at most {} s",
                self.duration,
                LONGEST.as_secs()
            );
        }
        Ok(())
    }
}

/// Carries out `plan` on the current thread's runtime, which should be a current-thread one.
///
/// # Errors
/// When the plan is out of bounds or not one connection can be made.
pub async fn run(plan: Plan) -> Result<Run> {
    plan.check()?;
    let shared = Shared::new(plan)?;
    let connections = connect_all(&shared).await?;
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for connection in connections {
        match shared.plan.pace {
            Pace::Open { .. } => tasks.spawn(connection.take_arrivals()),
            Pace::Closed => tasks.spawn(connection.send_until(started + shared.plan.duration, u32::MAX)),
            Pace::Counted { requests } => tasks.spawn(connection.send_until(started + shared.plan.duration, requests)),
        };
    }
    if let Pace::Open { per_second } = shared.plan.pace {
        release(
            &shared.arrivals,
            Schedule::new(per_second, shared.plan.duration),
            started,
        )
        .await?;
    }
    let give_up = started + shared.plan.duration + DRAIN;
    let all_ended = async { while tasks.join_next().await.is_some() {} };
    let drained = tokio::time::timeout_at(give_up.into(), all_ended).await.is_ok();
    let elapsed = started.elapsed();
    if !drained {
        tasks.shutdown().await;
    }
    let mut state = std::mem::take(&mut *shared.lock());
    let unanswered = state.under_way + shared.arrivals.left();
    if unanswered > 0 {
        state.measured.failures.insert(Failure::Unanswered, unanswered);
    }
    Ok(Run {
        measured: state.measured,
        elapsed,
    })
}

/// What the connections of one run have in common.
struct Shared {
    plan: Plan,
    /// Where each request goes, in the form that the protocol wants.
    uri: Uri,
    /// All fields of a request of each caller.
    callers: Vec<HeaderMap>,
    next_caller: AtomicUsize,
    arrivals: Arrivals,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    measured: Measured,
    under_way: u64,
}

impl Shared {
    fn new(plan: Plan) -> Result<Arc<Self>> {
        let callers = plan
            .callers
            .iter()
            .map(|fields| with_common_fields(&plan, fields))
            .collect();
        Ok(Arc::new(Self {
            uri: plan.protocol.uri(&plan.target)?,
            plan,
            callers,
            next_caller: AtomicUsize::new(0),
            arrivals: Arrivals::default(),
            state: Mutex::default(),
        }))
    }

    /// All fields of the next request.
    fn next_headers(&self) -> HeaderMap {
        let turn = self.next_caller.fetch_add(1, Ordering::Relaxed);
        self.callers.get(turn % self.callers.len()).cloned().unwrap_or_default()
    }

    /// A request is about to be sent.
    fn begin(&self) {
        self.lock().under_way += 1;
    }

    /// A request ended; `count` says how.
    fn end(&self, count: impl FnOnce(&mut Measured)) {
        let mut state = self.lock();
        state.under_way -= 1;
        count(&mut state.measured);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn with_common_fields(plan: &Plan, fields: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(fields.len() + 3);
    // In HTTP/2 the address of a request names the host.
    if matches!(plan.protocol, Protocol::Http1) {
        headers.insert(header::HOST, plan.target.host.clone());
    }
    if plan.payload.is_some() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    headers.extend(fields.clone());
    headers
}

async fn connect_all(shared: &Arc<Shared>) -> Result<Vec<Connection>> {
    let mut connections = Vec::with_capacity(shared.plan.connections);
    let mut wire = Arc::new(Wire::default());
    for number in 0..shared.plan.connections {
        if number.is_multiple_of(shared.plan.protocol.streams()) {
            wire = Arc::new(Wire::default());
        }
        let mut connection = Connection::new(Arc::clone(shared), Arc::clone(&wire));
        connection
            .open()
            .await
            .with_context(|| format!("nothing answers at {}", shared.plan.target.address))?;
        connections.push(connection);
    }
    Ok(connections)
}

/// Gives out each arrival at its time, then closes the queue.
async fn release(arrivals: &Arrivals, schedule: Schedule, started: Instant) -> Result<()> {
    let mut ticker = Ticker::every(schedule.tick()).context("cannot make a timer")?;
    let mut released = 0;
    loop {
        let due = schedule.due(started.elapsed());
        for index in released..due {
            arrivals.push(started + schedule.intended(index));
        }
        released = due;
        if released == schedule.total() {
            arrivals.close();
            return Ok(());
        }
        ticker.tick().await.context("the timer failed")?;
    }
}
