//! All limits of one node: what is counted here and what is counted together with other nodes, one decision per request.

use crate::limiter::{Decision, Demand, Limiter, Refusal, Subject};
use crate::quota::{Ledger, QuotaKeeper, QuotaStatus, Quotas, WallClock};
use crate::shared::{self, Attempt, Keeper, Leases, StoreConfig, StoreStatus};
use snapshot::LimitPolicy;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::oneshot;

/// Tries after which a request that finds every cell taken by others is refused.
const TRIES: usize = 32;
/// What such a request is told to wait.
const CROWDED_FOR: Duration = Duration::from_secs(1);

/// Counts calls, for all threads of a process. A copy is another handle to the same counters.
#[derive(Debug, Clone, Default)]
pub struct Limits(Arc<Parts>);

#[derive(Debug, Default)]
struct Parts {
    local: Limiter,
    leases: Option<Arc<Leases>>,
    quotas: OnceLock<Arc<Quotas>>,
}

/// The answer to one request, now or in a moment.
pub enum Verdict {
    /// What was needed was at hand.
    Now(Decision),
    /// The store has to be asked. The future may be polled on any thread and any runtime; it ends within a few command
    /// timeouts of the store, whatever happens there.
    Later(Pin<Box<dyn Future<Output = Decision> + Send>>),
}

impl From<Limiter> for Limits {
    /// Everything is counted in this process, shared policies too.
    fn from(local: Limiter) -> Self {
        Self(Arc::new(Parts {
            local,
            leases: None,
            quotas: OnceLock::new(),
        }))
    }
}

impl Limits {
    /// Shared policies are counted in the store, others by `local`. The [`Keeper`] has to be run by the caller, best on a
    /// runtime that serves no calls.
    pub fn with_store(local: Limiter, store: StoreConfig) -> (Self, Keeper) {
        let (leases, keeper) = shared::start(store);
        (
            Self(Arc::new(Parts {
                local,
                leases: Some(leases),
                quotas: OnceLock::new(),
            })),
            keeper,
        )
    }

    /// Quotas are reserved in `ledger` from now on; the first ledger stays. The [`QuotaKeeper`] has to be run by the caller,
    /// best on a runtime that serves no calls. Without a ledger a call under a quota is refused: nobody could count it.
    pub fn keep_quotas_in(&self, ledger: Arc<dyn Ledger>) -> QuotaKeeper {
        self.keep_quotas_in_at(ledger, Box::new(|| jiff::Timestamp::now().as_second()))
    }

    /// As [`Limits::keep_quotas_in`], with another clock to tell what day it is.
    pub fn keep_quotas_in_at(&self, ledger: Arc<dyn Ledger>, wall: WallClock) -> QuotaKeeper {
        let (quotas, keeper) = Quotas::start(ledger, wall);
        // Of a second ledger nobody will ask anything.
        let _ = self.0.quotas.set(quotas);
        keeper
    }

    /// Decides about one request: all demands are met and charged, or none is charged.
    pub fn check(&self, demands: &[Demand<'_>]) -> Verdict {
        let leases = self.0.leases.is_some();
        if !demands
            .iter()
            .any(|demand| is_quota(demand) || leases && is_shared(demand))
        {
            return Verdict::Now(self.0.local.check(demands));
        }
        match self.attempt(demands) {
            Attempt::Decided(decision) => Verdict::Now(decision),
            Attempt::Wait(waits) => {
                let owned: Vec<Owned> = demands.iter().map(Owned::new).collect();
                Verdict::Later(Box::pin(self.clone().decide_later(owned, waits)))
            }
        }
    }

    /// Drops counters that say nothing any more. To be called by a timer, every few seconds.
    pub fn sweep(&self) {
        self.0.local.sweep();
        if let Some(leases) = &self.0.leases {
            leases.sweep();
        }
        if let Some(quotas) = self.0.quotas.get() {
            quotas.sweep();
        }
    }

    /// Counters held just now.
    pub fn tracked(&self) -> usize {
        self.0.local.tracked()
            + self.0.leases.as_ref().map_or(0, |leases| leases.tracked())
            + self.0.quotas.get().map_or(0, |quotas| quotas.tracked())
    }

    /// How the ledger of quotas is; `None` when there is none.
    pub fn quotas(&self) -> Option<QuotaStatus> {
        self.0.quotas.get().map(|quotas| quotas.status())
    }

    /// How the store is; `None` when there is none, and shared policies are counted here.
    pub fn store(&self) -> Option<StoreStatus> {
        self.0.leases.as_ref().map(|leases| leases.status())
    }

    /// Quotas first, then shared rates, then rates of this process: each asks the next under its own locks.
    fn attempt(&self, demands: &[Demand<'_>]) -> Attempt {
        let (quotas, rates): (Vec<&Demand<'_>>, Vec<&Demand<'_>>) = demands.iter().partition(|demand| is_quota(demand));
        match (quotas.first(), self.0.quotas.get()) {
            (None, _) => self.attempt_rates(&rates),
            (Some(_), Some(known)) => known.attempt(&quotas, || self.attempt_rates(&rates)),
            (Some(first), None) => Attempt::Decided(Decision::Refused(Refusal {
                policy: Arc::clone(first.policy),
                retry_after: CROWDED_FOR,
                known: false,
            })),
        }
    }

    fn attempt_rates(&self, demands: &[&Demand<'_>]) -> Attempt {
        let together = |demand: &&&Demand<'_>| self.0.leases.is_some() && is_shared(demand);
        let (shared, local): (Vec<&Demand<'_>>, Vec<&Demand<'_>>) =
            demands.iter().copied().partition(|demand| together(&demand));
        let local: Vec<Demand<'_>> = local.into_iter().copied().collect();
        match &self.0.leases {
            Some(leases) if !shared.is_empty() => {
                let shared: Vec<Demand<'_>> = shared.into_iter().copied().collect();
                leases.attempt(&shared, || self.0.local.check(&local))
            }
            _ => Attempt::Decided(self.0.local.check(&local)),
        }
    }

    async fn decide_later(self, owned: Vec<Owned>, mut waits: Vec<oneshot::Receiver<()>>) -> Decision {
        for _ in 0..TRIES {
            for wait in waits {
                // A counter that is gone is looked at anew, like one that has an answer.
                let _ = wait.await;
            }
            let demands: Vec<Demand<'_>> = owned.iter().map(Owned::demand).collect();
            match self.attempt(&demands) {
                Attempt::Decided(decision) => return decision,
                Attempt::Wait(again) => waits = again,
            }
        }
        let shared = owned
            .iter()
            .find(|owned| owned.policy.shared.is_some() || owned.policy.calendar.is_some());
        shared.map_or(Decision::Unlimited, |owned| {
            Decision::Refused(Refusal {
                policy: Arc::clone(&owned.policy),
                retry_after: CROWDED_FOR,
                known: owned.policy.calendar.is_none(),
            })
        })
    }
}

fn is_shared(demand: &Demand<'_>) -> bool {
    demand.policy.shared.is_some() && !is_quota(demand)
}

fn is_quota(demand: &Demand<'_>) -> bool {
    demand.policy.calendar.is_some()
}

/// A demand that outlives the call that made it.
struct Owned {
    policy: Arc<LimitPolicy>,
    subject: OwnedSubject,
}

enum OwnedSubject {
    Application(Box<str>),
    Address(IpAddr),
    Api(Box<str>),
    Person(Box<str>),
    Agreement(Box<str>),
}

impl Owned {
    fn new(demand: &Demand<'_>) -> Self {
        let subject = match demand.subject {
            Subject::Application(id) => OwnedSubject::Application(id.into()),
            Subject::Address(address) => OwnedSubject::Address(address),
            Subject::Api(id) => OwnedSubject::Api(id.into()),
            Subject::Person(id) => OwnedSubject::Person(id.into()),
            Subject::Agreement(id) => OwnedSubject::Agreement(id.into()),
        };
        Self {
            policy: Arc::clone(demand.policy),
            subject,
        }
    }

    fn demand(&self) -> Demand<'_> {
        let subject = match &self.subject {
            OwnedSubject::Application(id) => Subject::Application(id),
            OwnedSubject::Address(address) => Subject::Address(*address),
            OwnedSubject::Api(id) => Subject::Api(id),
            OwnedSubject::Person(id) => Subject::Person(id),
            OwnedSubject::Agreement(id) => Subject::Agreement(id),
        };
        Demand {
            policy: &self.policy,
            subject,
        }
    }
}
