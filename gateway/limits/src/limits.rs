//! All limits of one node: what is counted here and what is counted together with other nodes, one decision per request.

use crate::limiter::{Decision, Demand, Limiter, Refusal, Subject};
use crate::shared::{self, Attempt, Keeper, Leases, StoreConfig, StoreStatus};
use snapshot::LimitPolicy;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
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
        Self(Arc::new(Parts { local, leases: None }))
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
            })),
            keeper,
        )
    }

    /// Decides about one request: all demands are met and charged, or none is charged.
    pub fn check(&self, demands: &[Demand<'_>]) -> Verdict {
        let Some(leases) = self.0.leases.as_ref().filter(|_| demands.iter().any(is_shared)) else {
            return Verdict::Now(self.0.local.check(demands));
        };
        match self.attempt(leases, demands) {
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
    }

    /// Counters held just now.
    pub fn tracked(&self) -> usize {
        self.0.local.tracked() + self.0.leases.as_ref().map_or(0, |leases| leases.tracked())
    }

    /// How the store is; `None` when there is none, and shared policies are counted here.
    pub fn store(&self) -> Option<StoreStatus> {
        self.0.leases.as_ref().map(|leases| leases.status())
    }

    fn attempt(&self, leases: &Leases, demands: &[Demand<'_>]) -> Attempt {
        let (shared, local): (Vec<_>, Vec<_>) = demands.iter().partition(|demand| is_shared(demand));
        leases.attempt(&shared, || self.0.local.check(&local))
    }

    async fn decide_later(self, owned: Vec<Owned>, mut waits: Vec<oneshot::Receiver<()>>) -> Decision {
        for _ in 0..TRIES {
            for wait in waits {
                // A counter that is gone is looked at anew, like one that has an answer.
                let _ = wait.await;
            }
            let demands: Vec<Demand<'_>> = owned.iter().map(Owned::demand).collect();
            let attempt = match &self.0.leases {
                Some(leases) => self.attempt(leases, &demands),
                None => return self.0.local.check(&demands),
            };
            match attempt {
                Attempt::Decided(decision) => return decision,
                Attempt::Wait(again) => waits = again,
            }
        }
        let shared = owned.iter().find(|owned| owned.policy.shared.is_some());
        shared.map_or(Decision::Unlimited, |owned| {
            Decision::Refused(Refusal {
                policy: Arc::clone(&owned.policy),
                retry_after: CROWDED_FOR,
            })
        })
    }
}

fn is_shared(demand: &Demand<'_>) -> bool {
    demand.policy.shared.is_some()
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
