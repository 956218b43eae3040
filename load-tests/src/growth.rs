//! How the cost of a request grows with what a gateway holds: routes, applications, agreements, connections, the length of a
//! body, the number of nodes that share their limits.
//!
//! The gateways of all sizes of one axis run at once and take turns, so that what else the machine does hits them alike.
//! What must not be is said by `Axis::bound` and asserted: no axis but a body's length costs more than a few percent for
//! each doubling.

mod axis;
mod fit;
mod plot;

use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use tempfile::TempDir;

use crate::generator::{self, Idle, Pace, Plan};
use crate::instructions;
use crate::interleave::{median, order};
use crate::ladder::share_the_cores;
use crate::origin::Origin;
use crate::peers::{Bench, Subject, gateway};
use crate::process;
use crate::surroundings::Neighbours;
use crate::target::Target;

use axis::Work;
pub use axis::{Axis, Sizes};
use fit::Fit;

/// Long enough for pools to fill and for each caller to have called.
const WARM_UP: Duration = Duration::from_millis(700);

/// What to measure, and how long.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The gateway's program.
    pub gateway: PathBuf,
    /// The axes, and their sizes.
    pub axes: Vec<(Axis, Sizes)>,
    /// Turns of each size.
    pub rounds: usize,
    /// Length of one turn.
    pub turn: Duration,
    /// Connections that carry the load, at most; long bodies take fewer.
    pub connections: usize,
    /// Count instructions under valgrind where the axis allows it, instead of the processor's time.
    pub instructions: bool,
}

/// What came out: a table for people, JSON for programs, a drawing, and what grows faster than it may.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The table.
    pub text: String,
    /// The same figures.
    pub json: String,
    /// Each axis drawn.
    pub svg: String,
    /// A sentence for each axis that grows faster than its bound.
    pub faults: Vec<String>,
}

/// One axis measured.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Curve {
    axis: Axis,
    unit: &'static str,
    points: Vec<Point>,
    fit: Option<Fit>,
}

/// The cost at one size.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Point {
    size: u64,
    /// Cost a request: the median of the rounds.
    cost: f64,
    /// The least and the most of the rounds.
    spread: [f64; 2],
    /// Processor time of the Redis a request, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    redis: Option<f64>,
}

/// Measures every axis on the current thread's runtime; `tell` hears of each.
///
/// # Errors
/// When a gateway does not start, does not answer every call, or valgrind is asked for and missing.
pub async fn run(settings: &Settings, tell: impl Fn(&str)) -> Result<Outcome> {
    if settings.rounds == 0 || settings.rounds > 20 {
        bail!("{} rounds are out of bounds: 1 to 20", settings.rounds);
    }
    let core = share_the_cores()?;
    let origin = Origin::bind("127.0.0.1:0".parse()?).await?;
    let address = origin.address();
    let serving = tokio::spawn(origin.serve());
    let mut curves = Vec::new();
    for (axis, sizes) in &settings.axes {
        tell(&format!("--- {axis}: {}", axis.asks()));
        let curve = if settings.instructions && axis.is_countable() {
            counted(*axis, sizes, settings, address, &tell).await
        } else {
            timed(*axis, sizes, settings, core, address, &tell).await
        };
        curves.push(curve.with_context(|| format!("axis {axis}"))?);
    }
    serving.abort();
    Ok(Outcome {
        text: text(&curves),
        json: serde_json::to_string_pretty(&curves).context("cannot write the figures as JSON")?,
        svg: plot::draw(&curves),
        faults: curves.iter().filter_map(fault).collect(),
    })
}

/// Instructions a request, which do not depend on how busy the machine is.
async fn counted(
    axis: Axis,
    sizes: &Sizes,
    settings: &Settings,
    origin: std::net::SocketAddr,
    tell: impl Fn(&str),
) -> Result<Curve> {
    let gateway = std::path::absolute(&settings.gateway).context("cannot resolve the gateway's path")?;
    let mut points = Vec::new();
    for size in sizes.iter() {
        let cost = instructions::count_one(&axis.work(size)?.rung, &gateway, origin, None).await?;
        let instructions = cost.instructions as f64;
        tell(&format!("{axis} {size}: {instructions:.0} instructions a request"));
        points.push(Point {
            size,
            cost: instructions,
            spread: [instructions; 2],
            redis: None,
        });
    }
    Ok(Curve::new(axis, "instructions a request", points))
}

/// Processor time a request.
async fn timed(
    axis: Axis,
    sizes: &Sizes,
    settings: &Settings,
    core: Option<usize>,
    origin: std::net::SocketAddr,
    tell: impl Fn(&str),
) -> Result<Curve> {
    let mut fleets = Vec::new();
    for size in sizes.iter() {
        let fleet = Fleet::start(axis.work(size)?, size, settings, core, origin).await;
        fleets.push(fleet.with_context(|| format!("{axis} {size}"))?);
    }
    for fleet in &mut fleets {
        fleet.turn(WARM_UP).await?;
    }
    for round in 0..settings.rounds {
        for index in order(round, fleets.len()) {
            if let Some(fleet) = fleets.get_mut(index) {
                let cost = fleet.turn(settings.turn).await?;
                tell(&format!("{axis} {}: {cost:.1} us CPU a request", fleet.size));
                fleet.costs.push(cost);
            }
        }
    }
    let mut points = Vec::new();
    for fleet in fleets {
        points.push(fleet.stop().await?);
    }
    Ok(Curve::new(axis, "us CPU a request", points))
}

/// The gateways of one size, mostly one.
struct Fleet {
    size: u64,
    connections: usize,
    work: Work,
    nodes: Vec<Subject>,
    idle: Option<Idle>,
    neighbours: Neighbours,
    costs: Vec<f64>,
    redis: Vec<f64>,
    // Removed when the servers have ended.
    _folders: Vec<TempDir>,
}

impl Fleet {
    async fn start(
        work: Work,
        size: u64,
        settings: &Settings,
        core: Option<usize>,
        origin: std::net::SocketAddr,
    ) -> Result<Self> {
        let mut neighbours = Neighbours::default();
        let (mut nodes, mut folders) = (Vec::new(), Vec::new());
        let shared = tempfile::tempdir().context("cannot make a temporary folder")?;
        if work.rung.limit == crate::rungs::Limit::Shared {
            neighbours.start_redis(shared.path()).await?;
        }
        folders.push(shared);
        for _ in 0..work.nodes {
            let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
            let bench = Bench {
                redis: neighbours.redis(),
                ..Bench::new(&work.rung, origin, folder.path(), core, &settings.gateway)?
            };
            let mut node = gateway(&bench, &work.rung).await?;
            node.target = Target::new(node.target.address, &work.path())?;
            nodes.push(node);
            folders.push(folder);
        }
        let mut fleet = Self {
            size,
            connections: work.connections.min(settings.connections),
            work,
            nodes,
            idle: None,
            neighbours,
            costs: Vec::new(),
            redis: Vec::new(),
            _folders: folders,
        };
        if fleet.work.rung.idle > 0 {
            let first = fleet.nodes.first().context("a fleet has a node")?;
            let plan = fleet.plan(first, WARM_UP);
            fleet.idle = Some(Idle::open(plan, fleet.work.rung.idle).await?);
        }
        Ok(fleet)
    }

    /// Load on every node at once; returns microseconds of processor time a request, of all nodes together.
    async fn turn(&mut self, duration: Duration) -> Result<f64> {
        let (before, redis) = (self.cpu()?, self.redis_cpu()?);
        let runs = self.nodes.iter().map(|node| generator::run(self.plan(node, duration)));
        let mut answered = 0;
        for run in futures_of(runs).await {
            let run = run?;
            if run.measured.failed() > 0 || run.measured.succeeded() == 0 {
                bail!(
                    "size {}: {} answered, {:?}, statuses {:?}",
                    self.size,
                    run.measured.succeeded(),
                    run.measured.failures,
                    run.measured.statuses
                );
            }
            answered += run.measured.succeeded();
        }
        let each = |cpu: Duration| cpu.as_secs_f64() * 1e6 / (answered.max(1) as f64);
        if let Some((before, after)) = redis.zip(self.redis_cpu()?) {
            self.redis.push(each(after.saturating_sub(before)));
        }
        Ok(each(self.cpu()?.saturating_sub(before)))
    }

    fn plan(&self, node: &Subject, duration: Duration) -> Plan {
        Plan {
            callers: std::sync::Arc::clone(&node.callers),
            pace: Pace::Closed,
            duration,
            connections: (self.connections / self.nodes.len().max(1)).max(1),
            least_body: self.work.answer,
            payload: self.work.payload.clone(),
            protocol: node.protocol.clone(),
            ..Plan::of(node.target.clone())
        }
    }

    fn cpu(&self) -> Result<Duration> {
        let servers = self.nodes.iter().filter_map(|node| node.server.as_ref());
        servers
            .map(|server| Ok(process::usage(server.id())?.cpu))
            .sum::<Result<Duration>>()
    }

    fn redis_cpu(&self) -> Result<Option<Duration>> {
        let id = self.neighbours.redis_id();
        id.map(|id| Ok(process::usage(id)?.cpu)).transpose()
    }

    /// Stops everything, and sums up.
    async fn stop(self) -> Result<Point> {
        if let Some(mut idle) = self.idle {
            let open = idle.still_open().await;
            if open != self.work.rung.idle {
                bail!(
                    "{} of {} idle connections were closed",
                    self.work.rung.idle - open,
                    self.work.rung.idle
                );
            }
        }
        for node in self.nodes {
            if let Some(server) = node.server {
                server.stop().await?;
            }
        }
        self.neighbours.stop().await?;
        let costs = || self.costs.iter().copied();
        Ok(Point {
            size: self.size,
            cost: median(costs()),
            spread: [costs().fold(f64::INFINITY, f64::min), costs().fold(0.0, f64::max)],
            // The first one is the warm-up.
            redis: (self.redis.len() > 1).then(|| median(self.redis.iter().skip(1).copied())),
        })
    }
}

/// Drives all of `futures` on this thread, and gives back what each came to.
async fn futures_of<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    futures_util::future::join_all(futures).await
}

impl Curve {
    fn new(axis: Axis, unit: &'static str, points: Vec<Point>) -> Self {
        let pairs: Vec<(f64, f64)> = points.iter().map(|point| (point.size as f64, point.cost)).collect();
        Self {
            axis,
            unit,
            fit: Fit::of(&pairs),
            points,
        }
    }
}

/// What is wrong with a curve.
fn fault(curve: &Curve) -> Option<String> {
    let fit = curve.fit?;
    let (value, bound) = (curve.axis.measure(&fit), curve.axis.bound());
    (value > bound).then(|| {
        format!(
            "{}: {} is {value:.2}, more than {bound:.2}",
            curve.axis,
            curve.axis.measure_name()
        )
    })
}

fn text(curves: &[Curve]) -> String {
    let mut text = String::new();
    for curve in curves {
        let _ = writeln!(text, "\n{} ({})", curve.axis, curve.unit);
        for point in &curve.points {
            let redis = point
                .redis
                .map_or(String::new(), |micros| format!("   Redis {micros:.1}"));
            let _ = writeln!(
                text,
                "{:>12}{:>12.1}{:>22}{redis}",
                point.size,
                point.cost,
                format!("{:.1}..{:.1}", point.spread[0], point.spread[1])
            );
        }
        if let Some(fit) = &curve.fit {
            let _ = writeln!(
                text,
                "exponent {:.3}; each doubling adds {:.1} % of the cost at the smallest size; {} at most {:.2}: {}",
                fit.exponent,
                fit.per_doubling * 100.0,
                curve.axis.measure_name(),
                curve.axis.bound(),
                if fault(curve).is_some() { "EXCEEDED" } else { "kept" }
            );
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(axis: Axis, cost: impl Fn(f64) -> f64) -> Curve {
        let points = [10, 1_000, 50_000].map(|size| Point {
            size,
            cost: cost(size as f64),
            spread: [0.0, 0.0],
            redis: None,
        });
        Curve::new(axis, "us", points.to_vec())
    }

    #[test]
    fn a_cost_that_grows_with_the_size_is_a_fault_and_one_that_grows_with_its_logarithm_is_none() {
        for axis in [Axis::Routes, Axis::Applications, Axis::Connections] {
            assert_eq!(fault(&curve(axis, |_| 12.0)), None);
            assert_eq!(fault(&curve(axis, |size| 12.0 + size.ln() / 4.0)), None);
            let linear = fault(&curve(axis, |size| 12.0 + size / 1_000.0)).unwrap();
            assert!(linear.contains(&axis.to_string()), "{linear}");
        }
    }

    #[test]
    fn a_body_may_cost_what_its_length_is_and_no_more() {
        assert_eq!(fault(&curve(Axis::Answers, |size| 12.0 + size / 1_000.0)), None);
        assert!(fault(&curve(Axis::Answers, |size| size * size)).is_some());
    }
}
