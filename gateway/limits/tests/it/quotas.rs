//! Quotas: never more than the quota in a period, over nodes, restarts, crashes and a ledger that fails.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::support::{admitted, demand, policy, refused};
use limits::{Decision, Grant, Ledger, LedgerError, Limiter, Limits, Order, Verdict};
use snapshot::{Calendar, LimitPolicy, OnStoreFailure};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// 2026-11-26, noon.
const NOON: i64 = 1_795_694_400;
const DAY: i64 = 86_400;

/// How the ledger is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    Well,
    /// Says no, and does nothing.
    Refuses,
    /// Does it, and the answer is lost.
    LosesAnswers,
    /// Says nothing until it is well again; then it does it.
    Hangs,
}

/// A ledger in memory that outlives the nodes of a test.
#[derive(Debug)]
struct Kept {
    taken: Mutex<HashMap<(Arc<str>, i64), u64>>,
    health: watch::Sender<Health>,
    transactions: AtomicU32,
}

impl Kept {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            taken: Mutex::default(),
            health: watch::Sender::new(Health::Well),
            transactions: AtomicU32::new(0),
        })
    }

    fn taken(&self) -> u64 {
        self.taken.lock().unwrap().values().sum()
    }
}

impl Ledger for Kept {
    fn carry_out<'a>(
        &'a self,
        orders: &'a [Order],
    ) -> Pin<Box<dyn Future<Output = Result<Vec<Grant>, LedgerError>> + Send + 'a>> {
        Box::pin(async move {
            self.transactions.fetch_add(1, Ordering::Relaxed);
            let mut health = self.health.subscribe();
            let now = *health.wait_for(|health| *health != Health::Hangs).await.unwrap();
            if now == Health::Refuses {
                return Err(LedgerError("it is away".into()));
            }
            let mut taken = self.taken.lock().unwrap();
            let grants = orders.iter().map(|order| {
                let place = taken.entry((Arc::clone(&order.counter), order.starts)).or_default();
                let grant = order.settle(*place);
                *place = grant.taken;
                grant
            });
            let grants = grants.collect();
            match now {
                Health::LosesAnswers => Err(LedgerError("the connection was lost".into())),
                _ => Ok(grants),
            }
        })
    }
}

fn quota(id: &str, quota: u32, on_failure: OnStoreFailure) -> Arc<LimitPolicy> {
    Arc::new(LimitPolicy {
        quota: NonZeroU32::new(quota).unwrap(),
        shared: Some(on_failure),
        calendar: Some(Calendar::Day),
        ..Arc::unwrap_or_clone(policy(id, quota, Calendar::Day.longest(), quota))
    })
}

struct Node {
    limits: Limits,
    clock: Arc<AtomicI64>,
    stop: CancellationToken,
    keeper: tokio::task::JoinHandle<()>,
}

impl Node {
    fn start(ledger: &Arc<Kept>) -> Self {
        let limits = Limits::from(Limiter::new());
        let clock = Arc::new(AtomicI64::new(NOON));
        let shown = Arc::clone(&clock);
        let keeper = limits.keep_quotas_in_at(
            Arc::clone(ledger) as Arc<dyn Ledger>,
            Box::new(move || shown.load(Ordering::Relaxed)),
        );
        let stop = CancellationToken::new();
        let keeper = tokio::spawn(keeper.run(stop.clone().cancelled_owned()));
        Self {
            limits,
            clock,
            stop,
            keeper,
        }
    }

    async fn call(&self, policy: &Arc<LimitPolicy>) -> Decision {
        match self.limits.check(&[demand(policy, "app")]) {
            Verdict::Now(decision) => decision,
            Verdict::Later(decision) => decision.await,
        }
    }

    /// Calls until one is refused or `most` have passed; how many passed.
    async fn call_up_to(&self, policy: &Arc<LimitPolicy>, most: u32) -> u32 {
        let mut passed = 0;
        while passed < most && matches!(self.call(policy).await, Decision::Admitted(_)) {
            passed += 1;
        }
        passed
    }

    async fn stop(self) {
        self.stop.cancel();
        self.keeper.await.unwrap();
    }

    /// As `kill -9` does: nobody is told.
    fn kill(self) {
        self.keeper.abort();
    }
}

#[tokio::test]
async fn exactly_the_quota_passes_over_restarts() {
    let (ledger, policy) = (Kept::new(), quota("day", 500, OnStoreFailure::Deny));
    let mut passed = 0;
    for _ in 0..20 {
        let node = Node::start(&ledger);
        passed += node.call_up_to(&policy, 37).await;
        node.stop().await;
        assert_eq!(
            ledger.taken(),
            u64::from(passed),
            "what was reserved and not used goes back"
        );
    }
    assert_eq!(passed, 500);
}

#[tokio::test]
async fn never_more_than_the_quota_passes_over_crashes_and_what_was_held_counts_as_spent() {
    let (ledger, policy) = (Kept::new(), quota("day", 1_000, OnStoreFailure::Deny));
    let (mut passed, mut crashes) = (0, 0);
    loop {
        let node = Node::start(&ledger);
        let now = node.call_up_to(&policy, 50).await;
        passed += now;
        assert!(u64::from(passed) <= ledger.taken());
        node.kill();
        crashes += 1;
        if now == 0 {
            break;
        }
    }
    assert!(passed <= 1_000, "{passed}");
    // A node holds at most a sixteenth of what is left in advance, and spends most of it here.
    assert!(passed >= 500, "{passed} in {crashes} lives");
    assert_eq!(ledger.taken(), 1_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_call_at_once_share_one_quota_to_the_last_call() {
    let (ledger, policy) = (Kept::new(), quota("day", 3_000, OnStoreFailure::Deny));
    let nodes: Vec<_> = (0..4).map(|_| Arc::new(Node::start(&ledger))).collect();
    let calls = nodes.iter().flat_map(|node| {
        let call = |_| {
            let (node, policy) = (Arc::clone(node), Arc::clone(&policy));
            tokio::spawn(async move { node.call_up_to(&policy, u32::MAX).await })
        };
        (0..8).map(call).collect::<Vec<_>>()
    });
    let calls: Vec<_> = calls.collect();
    let mut passed = 0;
    for call in calls {
        passed += call.await.unwrap();
    }
    assert_eq!(passed, 3_000);
    let transactions = ledger.transactions.load(Ordering::Relaxed);
    assert!(transactions < 1_500, "{transactions} transactions for 3000 calls");
}

#[tokio::test]
async fn a_lost_answer_never_lets_more_through() {
    let (ledger, policy) = (Kept::new(), quota("day", 200, OnStoreFailure::Deny));
    let node = Node::start(&ledger);
    let mut passed = node.call_up_to(&policy, 20).await;
    for _ in 0..10 {
        ledger.health.send_replace(Health::LosesAnswers);
        passed += node.call_up_to(&policy, 200).await;
        ledger.health.send_replace(Health::Well);
        passed += call_until_known(&node, &policy).await;
    }
    passed += node.call_up_to(&policy, 1_000).await;
    assert!((20..=200).contains(&passed), "{passed}");
    assert!(u64::from(passed) <= ledger.taken());
}

/// Calls until the ledger answers again; how many passed.
async fn call_until_known(node: &Node, policy: &Arc<LimitPolicy>) -> u32 {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        match node.call(policy).await {
            Decision::Admitted(_) => return 1,
            Decision::Refused(refusal) if refusal.known => return 0,
            other => assert!(Instant::now() < until, "{other:?}"),
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn while_the_ledger_hangs_what_is_reserved_is_spent_and_nobody_waits_long() {
    let (ledger, policy) = (Kept::new(), quota("day", 1_600, OnStoreFailure::Deny));
    let node = Node::start(&ledger);
    node.call_up_to(&policy, 3).await;
    ledger.health.send_replace(Health::Hangs);
    let began = Instant::now();
    let on_reserve = node.call_up_to(&policy, u32::MAX).await;
    assert!((5..=100).contains(&on_reserve), "{on_reserve}");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    let began = Instant::now();
    let refusal = refused(node.call(&policy).await);
    assert!(!refusal.known && refusal.retry_after == Duration::from_secs(1));
    assert!(began.elapsed() < Duration::from_millis(100));
    assert!(!node.limits.quotas().unwrap().up);
    ledger.health.send_replace(Health::Well);
    assert_eq!(call_until_known(&node, &policy).await, 1);
    assert!(node.limits.quotas().unwrap().up);
}

#[tokio::test]
async fn a_policy_may_let_everybody_pass_while_the_ledger_is_away_and_is_charged_afterwards() {
    let (ledger, policy) = (Kept::new(), quota("day", 100, OnStoreFailure::Allow));
    ledger.health.send_replace(Health::Refuses);
    let node = Node::start(&ledger);
    for _ in 0..70 {
        assert!(!matches!(node.call(&policy).await, Decision::Refused(_)));
    }
    ledger.health.send_replace(Health::Well);
    let until = Instant::now() + Duration::from_secs(10);
    while !node.limits.quotas().unwrap().up {
        assert!(Instant::now() < until);
        node.call(&policy).await;
        tokio::task::yield_now().await;
    }
    let rest = node.call_up_to(&policy, u32::MAX).await;
    assert!(rest <= 30, "{rest}");
    node.stop().await;
    assert!(ledger.taken() >= 100, "{}", ledger.taken());
}

#[tokio::test]
async fn each_day_opens_anew_and_a_clock_that_is_set_back_finds_the_day_as_it_left_it() {
    let (ledger, policy) = (Kept::new(), quota("day", 40, OnStoreFailure::Deny));
    let node = Node::start(&ledger);
    assert_eq!(node.call_up_to(&policy, u32::MAX).await, 40);
    let refusal = refused(node.call(&policy).await);
    assert!(refusal.known);
    assert_eq!(refusal.retry_after, Duration::from_secs(12 * 3_600));
    assert_eq!(refusal.header(), r#""day";r=0;t=43200"#);
    node.clock.fetch_add(DAY, Ordering::Relaxed);
    let standing = admitted(node.call(&policy).await);
    assert_eq!(
        (standing.remaining, standing.reset),
        (39, Duration::from_secs(12 * 3_600))
    );
    assert_eq!(node.call_up_to(&policy, 10).await, 10);
    node.clock.fetch_sub(DAY, Ordering::Relaxed);
    assert!(refused(node.call(&policy).await).known);
    node.clock.fetch_add(DAY, Ordering::Relaxed);
    assert!(node.call_up_to(&policy, u32::MAX).await <= 29);
}

#[tokio::test]
async fn a_larger_quota_keeps_what_is_used_of_it() {
    let ledger = Kept::new();
    let node = Node::start(&ledger);
    assert_eq!(
        node.call_up_to(&quota("day", 40, OnStoreFailure::Deny), u32::MAX).await,
        40
    );
    assert_eq!(
        node.call_up_to(&quota("day", 60, OnStoreFailure::Deny), u32::MAX).await,
        20
    );
}

#[tokio::test]
async fn what_another_limit_refuses_is_not_charged() {
    let (ledger, day) = (Kept::new(), quota("day", 100, OnStoreFailure::Deny));
    let minute = policy("minute", 3, Duration::from_secs(3_600), 3);
    let node = Node::start(&ledger);
    let mut passed = 0;
    for _ in 0..50 {
        let decision = match node.limits.check(&[demand(&day, "app"), demand(&minute, "app")]) {
            Verdict::Now(decision) => decision,
            Verdict::Later(decision) => decision.await,
        };
        passed += u64::from(matches!(decision, Decision::Admitted(_)));
    }
    assert_eq!(passed, 3);
    node.stop().await;
    assert_eq!(ledger.taken(), 3);
}

#[tokio::test]
async fn a_quota_without_a_ledger_lets_nobody_through() {
    let limits = Limits::from(Limiter::new());
    let policy = quota("day", 100, OnStoreFailure::Allow);
    let Verdict::Now(decision) = limits.check(&[demand(&policy, "app")]) else {
        panic!("nothing to wait for");
    };
    assert!(!refused(decision).known);
}
