//! The active health checks: each address of a backend that has one is asked in turn, from outside the request path.
//!
//! Run it on the control runtime. It reads the plan in force at every turn, so a change of the registry needs no word.

use super::report::Event;
use super::{Standing, clock};
use crate::plan::Shared;
use crate::transport::{Keeper, Transport};
use crate::upstream::connect;
use http::{Request, header};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use snapshot::{Backend, HealthCheck, UpstreamAddress};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// How often it looks what is due: the shortest interval that a registry may ask for.
const TURN: Duration = Duration::from_millis(50);
/// Checks under way at once, over all backends.
const MOST: usize = 64;

/// Asks until it is dropped.
pub async fn watch(shared: Arc<Shared>) {
    let mut due: HashMap<(Arc<str>, usize), Instant> = HashMap::new();
    let mut asking = JoinSet::new();
    let mut clock = tokio::time::interval(TURN);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        while asking.try_join_next().is_some() {}
        let plan = shared.plan.load_full();
        let now = Instant::now();
        for (backend, standing) in plan.snapshot.backends().iter().zip(plan.standings()) {
            let Some(check) = &backend.traffic.health else { continue };
            for index in 0..backend.addresses.len() {
                let place = due.entry((Arc::clone(&backend.id), index)).or_insert(now);
                if *place <= now && asking.len() < MOST {
                    *place = now + check.interval;
                    asking.spawn(ask(backend.clone(), Arc::clone(standing), index));
                }
            }
        }
        due.retain(|_, at| *at + Duration::from_secs(3600) > now);
    }
}

async fn ask(backend: Backend, standing: Arc<Standing>, index: usize) {
    let (Some(check), Some(address)) = (&backend.traffic.health, backend.addresses.get(index)) else {
        return;
    };
    let well = timeout(check.timeout, answers_well(&backend, address, check))
        .await
        .unwrap_or(false);
    standing.checked(index, well, check);
}

async fn answers_well(backend: &Backend, address: &UpstreamAddress, check: &HealthCheck) -> bool {
    let Ok((socket, _)) = connect::reach(backend, address, 0).await else {
        return false;
    };
    let Ok((mut sender, connection)) = http1::handshake(TokioIo::new(Transport::new(socket, Alone))).await else {
        return false;
    };
    let request = Request::get(format!("{}{}", address.base_path, check.path))
        .header(header::HOST, address.authority.clone())
        .header(header::USER_AGENT, "vagvisare-health")
        .header(header::CONNECTION, "close")
        .body(crate::body::RequestBody::empty());
    let Ok(request) = request else { return false };
    // The connection is driven here: when this future is dropped, so is the socket. It may end before its answer is seen.
    let mut answer = std::pin::pin!(sender.send_request(request));
    let answer = tokio::select! {
        biased;
        answer = answer.as_mut() => answer,
        _ = connection => answer.await,
    };
    answer.is_ok_and(|answer| answer.status().is_success() || answer.status().is_redirection())
}

/// A socket that nothing counts.
struct Alone;

impl Keeper for Alone {}

impl Standing {
    fn checked(&self, index: usize, well: bool, check: &HealthCheck) {
        let after = if well {
            check.healthy_after
        } else {
            check.unhealthy_after
        };
        let changed = self
            .addresses
            .get(index)
            .and_then(|address| address.checked(well, after, clock::now()));
        match changed {
            None => {}
            Some(true) => self.tell(Event::Healthy, Some(index)),
            Some(false) => self.tell(Event::Unhealthy, Some(index)),
        }
    }
}
