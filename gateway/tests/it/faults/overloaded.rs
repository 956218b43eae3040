//! Three times as many calls as the gateway can take, from callers that heed no `Retry-After`.

use super::caller::{Caller, within};
use super::processors::{Busy, ON_THE_FIRST, elsewhere, keep_away};
use super::say;
use crate::world::{Node, World};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

const SQLITE: &str = "sqlite:registry.sqlite";
const CALLERS_AT_PEAK: usize = 64;
/// Callers in an overload for each call a second at the peak: three times as many as are under way at once when each takes the
/// tenth of a second that a loop may be late.
const OF_THE_PEAK: f64 = 0.3;
/// And at the least: three times as many as are always let in.
const AT_LEAST: usize = 384;
/// Callers and backend, in a quick build and maybe with one processor, must be able to ask three times what the gateway can
/// take. One that serves more than this a second has to share its processor with so many that want it all the time.
const MOST_ALONE: f64 = 3_000.0;
const BUSY_BESIDE: usize = 3;
const WARM: Duration = Duration::from_secs(5);
const MEASURED: Duration = Duration::from_secs(10);

/// What callers got while it was measured.
#[derive(Default)]
struct Counts {
    good: AtomicUsize,
    refused: AtomicUsize,
    without_retry_after: AtomicUsize,
    other: AtomicUsize,
}

/// Calls from `callers` connections until it is dropped: one call for each permit.
struct Load {
    counts: Arc<Counts>,
    counting: Arc<AtomicBool>,
    _tasks: JoinSet<()>,
}

impl Load {
    fn begin(gateway: &str, key: &str, callers: usize, permits: &Arc<Semaphore>) -> Self {
        let (counts, counting) = <(Arc<Counts>, Arc<AtomicBool>)>::default();
        let mut tasks = JoinSet::new();
        for _ in 0..callers {
            let mut caller = Caller::new(gateway, "/guide/v1/things", key);
            let (counts, counting, permits) = (Arc::clone(&counts), Arc::clone(&counting), Arc::clone(permits));
            tasks.spawn(async move {
                while let Ok(permit) = permits.acquire().await {
                    permit.forget();
                    let heard = caller.call().await;
                    if !counting.load(Relaxed) {
                        continue;
                    }
                    match heard {
                        Ok(heard) if heard.status == 200 => counts.good.fetch_add(1, Relaxed),
                        Ok(heard) if heard.status == 503 => {
                            counts
                                .without_retry_after
                                .fetch_add(usize::from(!heard.retry_after), Relaxed);
                            counts.refused.fetch_add(1, Relaxed)
                        }
                        _ => counts.other.fetch_add(1, Relaxed),
                    };
                }
            });
        }
        Self {
            counts,
            counting,
            _tasks: tasks,
        }
    }

    /// Good answers a second, after a while of getting used to it, and the part of a processor that the node had for it.
    async fn goodput(&self, node: &Node) -> (f64, f64) {
        tokio::time::sleep(WARM).await;
        let (began, used) = (Instant::now(), node.process.processor_time());
        self.counting.store(true, Relaxed);
        tokio::time::sleep(MEASURED).await;
        self.counting.store(false, Relaxed);
        let seconds = began.elapsed().as_secs_f64();
        let used = node.process.processor_time().checked_sub(used).unwrap();
        (
            self.counts.good.load(Relaxed) as f64 / seconds,
            used.as_secs_f64() / seconds,
        )
    }
}

async fn peak(node: &Node, key: &str) -> (f64, f64) {
    let permits = Arc::new(Semaphore::new(Semaphore::MAX_PERMITS));
    let load = Load::begin(&node.gateway, key, CALLERS_AT_PEAK, &permits);
    load.goodput(node).await
}

/// Asks on new connections until it is told to stop: how long each answer took, and how many were refused.
async fn newcomers(gateway: String, key: String, stop: Arc<AtomicBool>) -> (Vec<Duration>, usize) {
    let (mut times, mut refused) = (Vec::new(), 0);
    while !stop.load(Relaxed) {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if let Ok(heard) = Caller::new(&gateway, "/guide/v1/things", &key).call().await {
            times.push(heard.took);
            refused += usize::from(heard.status == 503);
        }
    }
    (times, refused)
}

#[test]
#[ignore = "long: cargo xtask faults"]
fn at_three_times_the_capacity_goodput_stays_and_operations_answer() {
    let _beside = Busy::beside();
    keep_away(0);
    elsewhere(0).block_on(overload());
}

async fn overload() {
    let world = World::begin(SQLITE);
    let node = world.node_after(ON_THE_FIRST, "first", SQLITE, "[telemetry]\naccess_log = \"off\"\n");
    let serving = world.serving(&node).await;
    let (alone, _) = peak(&node, &serving.key).await;
    let _busy = (alone > MOST_ALONE).then(|| Busy::on_the_first(BUSY_BESIDE));
    let (before, used_before) = peak(&node, &serving.key).await;

    let permits = Arc::new(Semaphore::new(0));
    let callers = ((before * OF_THE_PEAK) as usize).max(AT_LEAST);
    let load = Load::begin(&node.gateway, &serving.key, callers, &permits);
    let offered = before * 3.0;
    let due = Arc::clone(&permits);
    let clock = tokio::spawn(async move {
        let (began, mut given) = (Instant::now(), 0.0);
        loop {
            tokio::time::sleep(Duration::from_millis(2)).await;
            let wanted = (began.elapsed().as_secs_f64() * offered).floor();
            // What nobody could take in time is not asked for later.
            if due.available_permits() < callers {
                due.add_permits((wanted - given) as usize);
            }
            given = wanted;
        }
    });
    let stop = Arc::<AtomicBool>::default();
    let newcomers = tokio::spawn(newcomers(node.gateway.clone(), serving.key.clone(), Arc::clone(&stop)));
    let health = tokio::spawn({
        let (client, url, stop) = (
            reqwest::Client::new(),
            format!("{}/health/ready", node.operations),
            Arc::clone(&stop),
        );
        async move {
            let mut times = Vec::new();
            while !stop.load(Relaxed) {
                tokio::time::sleep(Duration::from_millis(50)).await;
                let began = Instant::now();
                let answer = client.get(&url).send().await.unwrap();
                assert_eq!(answer.status(), 200);
                times.push(began.elapsed());
            }
            times
        }
    });
    let (goodput, used) = load.goodput(&node).await;
    stop.store(true, Relaxed);
    clock.abort();
    let (mut new, new_refused) = newcomers.await.unwrap();
    let mut health = health.await.unwrap();
    let counts = Arc::clone(&load.counts);
    drop(load);
    let (after, used_after) = peak(&node, &serving.key).await;
    let peak = f64::midpoint(before, after);
    let (refused, other) = (counts.refused.load(Relaxed), counts.other.load(Relaxed));
    let (newcomer, health) = (within(&mut new, 0.99), within(&mut health, 0.99));
    say(&format!(
        "peak {before:.0}/s before, {after:.0}/s after, on {used_before:.2} and {used_after:.2} of a processor; offered {offered:.0}/s by \
         {callers} callers that heed nothing: {goodput:.0}/s good ({:.0} % of peak) on {used:.2}, {refused} refused, \
         {other} otherwise; newcomers ({new_refused} of {} refused) p99 {newcomer:?}; health p99 {health:?}",
        goodput / peak * 100.0,
        new.len(),
    ));
    assert!(goodput >= 0.9 * peak, "{goodput:.0}/s of {peak:.0}/s");
    assert!(refused > 0 && other == 0, "{refused} refused, {other} otherwise");
    assert_eq!(counts.without_retry_after.load(Relaxed), 0);
    assert!(newcomer < Duration::from_millis(500), "{newcomer:?}");
    assert!(health < Duration::from_millis(500), "{health:?}");
}
