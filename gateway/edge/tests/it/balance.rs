//! Several addresses behind one backend, and backends that fail: who gets the calls, and when nobody does.

use crate::support::{Builder, Gateway, OriginBody, full, gateway, origin, problem};
use edge::upstream::fleet::{Position, Report, health};
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use snapshot::{BackendTraffic, Breaker, Ejection, HealthCheck};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

/// An origin that counts its calls and can be told to fail or to be slow.
#[derive(Clone, Default)]
struct Own {
    calls: Arc<AtomicUsize>,
    fails: Arc<AtomicBool>,
    slow: Arc<AtomicBool>,
}

impl Own {
    async fn start(&self) -> SocketAddr {
        let own = self.clone();
        origin(move |request: Request<Incoming>| {
            let own = own.clone();
            async move {
                if request.uri().path() != "/health" {
                    own.calls.fetch_add(1, Ordering::SeqCst);
                    if own.slow.load(Ordering::SeqCst) {
                        tokio::time::sleep(Duration::from_millis(40)).await;
                    }
                }
                let mut answer: Response<OriginBody> = Response::new(full("answer"));
                if own.fails.load(Ordering::SeqCst) {
                    *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                }
                answer
            }
        })
        .await
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

fn in_front_of(addresses: &[SocketAddr], traffic: BackendTraffic) -> Builder {
    let addresses: Vec<String> = addresses.iter().map(|address| format!("http://{address}")).collect();
    gateway("127.0.0.1:1".parse().unwrap()).with(|draft| {
        draft.backends[0].addresses = addresses;
        draft.backends[0].traffic = traffic;
    })
}

fn report(gateway: &Gateway) -> Report {
    gateway.shared.plan.load().backends().remove(0)
}

fn events(gateway: &Gateway, name: &str) -> u64 {
    let report = report(gateway);
    report.events.iter().find(|(event, _)| *event == name).unwrap().1
}

async fn call(gateway: &Gateway) -> u16 {
    // Without a client of its own for each call: that would take longer than the call.
    let answer = gateway
        .raw(b"GET /test/v1/any/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await;
    answer["HTTP/1.1 ".len()..][..3].parse().unwrap()
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let looked = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), looked).await.expect(what);
}

#[tokio::test]
async fn equal_addresses_share_the_calls_and_a_slow_one_gets_few() {
    let (one, other) = (Own::default(), Own::default());
    let gateway = in_front_of(&[one.start().await, other.start().await], BackendTraffic::default()).start();
    until("both have their part", async || {
        assert_eq!(call(&gateway).await, 200);
        one.calls() > 10 && other.calls() > 10
    })
    .await;
    other.slow.store(true, Ordering::SeqCst);
    let before = other.calls();
    for _ in 0..60 {
        assert_eq!(call(&gateway).await, 200);
    }
    assert!(
        other.calls() - before <= 5,
        "{} calls went to the slow one",
        other.calls() - before
    );
}

#[tokio::test]
async fn a_dead_address_costs_no_call_and_is_passed_over() {
    let one = Own::default();
    let dead = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let gateway = in_front_of(&[one.start().await, dead], BackendTraffic::default()).start();
    for _ in 0..40 {
        assert_eq!(call(&gateway).await, 200);
    }
    assert_eq!(one.calls(), 40);
    assert!(report(&gateway).addresses[1].ejected_for.is_some());
    assert_eq!(events(&gateway, "address_ejected"), 1);
}

#[tokio::test]
async fn an_address_that_fails_is_ejected_and_comes_back_but_never_the_last_one() {
    let (one, other) = (Own::default(), Own::default());
    let ejection = Ejection {
        failures: 1,
        eject_for: Duration::from_millis(200),
        max_percent: 100,
    };
    let traffic = BackendTraffic {
        ejection: Some(ejection),
        slow_start: Duration::ZERO,
        ..BackendTraffic::default()
    };
    let gateway = in_front_of(&[one.start().await, other.start().await], traffic).start();
    other.fails.store(true, Ordering::SeqCst);
    until("ejected", async || {
        call(&gateway).await;
        report(&gateway).addresses[1].ejected_for.is_some()
    })
    .await;
    one.fails.store(true, Ordering::SeqCst);
    for _ in 0..10 {
        call(&gateway).await;
        let ejected = report(&gateway)
            .addresses
            .iter()
            .filter(|address| address.ejected_for.is_some())
            .count();
        assert!(ejected <= 1, "both are passed over");
    }
    one.fails.store(false, Ordering::SeqCst);
    other.fails.store(false, Ordering::SeqCst);
    let before = other.calls();
    until("used again", async || {
        call(&gateway).await;
        other.calls() > before + 3
    })
    .await;
    assert!(events(&gateway, "address_returned") >= 1);
}

#[tokio::test]
async fn a_health_check_takes_an_address_out_and_in_again() {
    let (one, other) = (Own::default(), Own::default());
    let traffic = BackendTraffic {
        health: Some(HealthCheck {
            interval: Duration::from_millis(50),
            unhealthy_after: 2,
            ..HealthCheck::default()
        }),
        ejection: None,
        slow_start: Duration::ZERO,
        ..BackendTraffic::default()
    };
    let gateway = in_front_of(&[one.start().await, other.start().await], traffic).start();
    let watch = tokio::spawn(health::watch(Arc::clone(&gateway.shared)));
    other.fails.store(true, Ordering::SeqCst);
    until("unhealthy", async || !report(&gateway).addresses[1].healthy).await;
    let before = other.calls();
    for _ in 0..30 {
        assert_eq!(call(&gateway).await, 200);
    }
    assert_eq!(other.calls(), before, "no call goes to the one that is ill");
    // Both ill: then it is not the addresses, and both are used.
    one.fails.store(true, Ordering::SeqCst);
    until("both", async || {
        report(&gateway).addresses.iter().all(|address| !address.healthy)
    })
    .await;
    assert_eq!(call(&gateway).await, 500);
    one.fails.store(false, Ordering::SeqCst);
    other.fails.store(false, Ordering::SeqCst);
    until("healthy", async || {
        report(&gateway).addresses.iter().all(|address| address.healthy)
    })
    .await;
    assert_eq!(events(&gateway, "address_healthy"), 2);
    watch.abort();
}

#[tokio::test]
async fn a_breaker_opens_at_its_ratio_and_closes_when_probes_go_well() {
    let own = Own::default();
    let traffic = BackendTraffic {
        breaker: Some(Breaker {
            min_calls: 10,
            open_for: Duration::from_secs(3),
            probes: 2,
            ..Breaker::default()
        }),
        ..BackendTraffic::default()
    };
    let gateway = in_front_of(&[own.start().await], traffic).start();
    for _ in 0..5 {
        assert_eq!(call(&gateway).await, 200);
    }
    own.fails.store(true, Ordering::SeqCst);
    for _ in 0..4 {
        assert_eq!(call(&gateway).await, 500);
    }
    assert_eq!(
        report(&gateway).breaker,
        Position::Closed,
        "4 of 9: below the ratio and the least number"
    );
    assert_eq!(call(&gateway).await, 500);
    assert_eq!(report(&gateway).breaker, Position::Open, "5 of 10 is half");
    let seen = own.calls();
    let answer = gateway.get("/test/v1/any/x", &[]).await;
    assert_eq!(answer.status(), 503);
    let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=3).contains(&wait), "{wait}");
    assert!(
        answer.headers()["proxy-status"]
            .to_str()
            .unwrap()
            .contains("next-hop=\"origin\"")
    );
    let body = problem(answer).await;
    assert_eq!(body["code"], "agency-paused");
    let detail = body["detail"].as_str().unwrap();
    assert!(
        detail.contains("The Agency") && detail.contains("try again"),
        "{detail}"
    );
    assert_eq!(own.calls(), seen, "nothing was sent");
    own.fails.store(false, Ordering::SeqCst);
    until("closed", async || {
        call(&gateway).await;
        report(&gateway).breaker == Position::Closed
    })
    .await;
    assert_eq!(call(&gateway).await, 200);
    for event in ["breaker_opened", "breaker_half_opened", "breaker_closed"] {
        assert_eq!(events(&gateway, event), 1, "{event}");
    }
}

#[tokio::test]
async fn a_cap_lets_so_many_through_lets_some_wait_and_refuses_the_rest() {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let address = origin(move |_| {
        let held = Arc::clone(&held);
        async move {
            held.acquire().await.unwrap().forget();
            Response::new(full("answer"))
        }
    })
    .await;
    let traffic = BackendTraffic {
        max_concurrent: NonZeroU32::new(2),
        max_pending: 1,
        ..BackendTraffic::default()
    };
    let gateway = in_front_of(&[address], traffic).start();
    let ask = || {
        let asking = crate::support::client().get(gateway.url("/test/v1/any/x")).send();
        tokio::spawn(async move { asking.await.unwrap().status().as_u16() })
    };
    let mut asked = vec![ask(), ask()];
    until("two in flight", async || report(&gateway).in_flight == 2).await;
    asked.push(ask());
    until("one waits", async || report(&gateway).waiting == 1).await;
    let refused = gateway.get("/test/v1/any/x", &[]).await;
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(problem(refused).await["code"], "agency-busy");
    gate.add_permits(3);
    for asked in asked {
        assert_eq!(asked.await.unwrap(), 200);
    }
    until("all given back", async || report(&gateway).in_flight == 0).await;
}

#[tokio::test]
async fn a_caller_that_leaves_cancels_the_call_to_the_backend() {
    let dropped = Arc::new(AtomicUsize::new(0));
    struct Count(Arc<AtomicUsize>);
    impl Drop for Count {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let began = Arc::new(Semaphore::new(0));
    let (counter, starting) = (Arc::clone(&dropped), Arc::clone(&began));
    let address = origin(move |_| {
        let count = Count(Arc::clone(&counter));
        starting.add_permits(1);
        async move {
            std::future::pending::<()>().await;
            drop(count);
            Response::new(full("never"))
        }
    })
    .await;
    for traffic in [
        BackendTraffic::default(),
        BackendTraffic {
            breaker: Some(Breaker::default()),
            ..BackendTraffic::default()
        },
    ] {
        let before = dropped.load(Ordering::SeqCst);
        let gateway = in_front_of(&[address], traffic).start();
        let url = gateway.url("/test/v1/any/x");
        let asked = tokio::spawn(async move { crate::support::client().get(url).send().await });
        began.acquire().await.unwrap().forget();
        asked.abort();
        until("the backend's connection is closed", async || {
            dropped.load(Ordering::SeqCst) == before + 1
        })
        .await;
        assert_eq!((report(&gateway).in_flight, report(&gateway).failed), (0, 0));
    }
}
