//! One call on its way to a backend: what it found out is told when it is known, and what it held is given back whatever
//! becomes of it. It lives until the answer's body has ended, so each call is counted once, as what it was in the end.

use super::breaker::{Outcome, Probe};
use super::report::Event;
use super::{Choice, Refusal, Standing, bit, clock};
use crate::upstream::{Timing, UpstreamError};
use http::StatusCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::OwnedSemaphorePermit;

/// See the module.
#[derive(Debug)]
pub(crate) struct Attempt {
    standing: Arc<Standing>,
    probe: Option<Probe>,
    place: Option<OwnedSemaphorePermit>,
    choice: Option<Choice>,
    /// The address whose calls in flight it is counted among.
    at: Option<usize>,
    answered: bool,
    settled: bool,
}

impl Attempt {
    /// Asks the breaker and the cap.
    pub(crate) fn admit(standing: &Arc<Standing>) -> Result<Self, Refusal> {
        let probe = standing.admit()?;
        standing.kept.in_flight.fetch_add(1, Ordering::Relaxed);
        let mut attempt = Self {
            standing: Arc::clone(standing),
            probe,
            place: None,
            choice: None,
            at: None,
            answered: false,
            settled: false,
        };
        let Some(places) = &standing.places else {
            return Ok(attempt);
        };
        match Arc::clone(&places.free).try_acquire_owned() {
            Ok(place) => {
                attempt.place = Some(place);
                Ok(attempt)
            }
            Err(_) if places.waiting.load(Ordering::Relaxed) < standing.traffic.max_pending => {
                Err(Refusal::Full(attempt))
            }
            Err(_) => {
                standing.tell(Event::Busy, None);
                Err(Refusal::Busy)
            }
        }
    }

    /// Waits for a place until `until`.
    pub(crate) async fn wait(mut self, until: Instant) -> Result<Self, Refusal> {
        let standing = Arc::clone(&self.standing);
        let Some(places) = &standing.places else {
            return Ok(self);
        };
        let waiting = Waiting(&places.waiting);
        if waiting.0.fetch_add(1, Ordering::Relaxed) >= standing.traffic.max_pending {
            standing.tell(Event::Busy, None);
            return Err(Refusal::Busy);
        }
        let place = tokio::time::timeout_at(until.into(), Arc::clone(&places.free).acquire_owned()).await;
        drop(waiting);
        let Ok(Ok(place)) = place else {
            standing.tell(Event::Busy, None);
            return Err(Refusal::Busy);
        };
        self.place = Some(place);
        // The breaker may have opened meanwhile.
        if self.probe.is_none() {
            self.probe = standing.admit()?;
        }
        Ok(self)
    }

    /// Chooses the address, another one than those that were `tried` where there is one.
    pub(crate) fn balance(&mut self, tried: u64) {
        self.choice = self.standing.choose(tried);
        if let Some(choice) = self.choice {
            self.stand_at(choice.first);
        }
    }

    /// What was chosen.
    pub(crate) fn choice(&self) -> Option<Choice> {
        self.choice
    }

    /// The address it went to, as a bit.
    pub(crate) fn tried(&self) -> u64 {
        self.at.map_or(0, bit)
    }

    /// An answer's head is here.
    pub(crate) fn answered(&mut self, status: StatusCode, timing: &Timing, sent: Instant) {
        let now = Instant::now();
        self.heard(timing, now);
        self.answered = true;
        let took = now.saturating_duration_since(sent);
        if blames_backend(status) {
            self.fail(now, took);
        } else if let Some(address) = self.at.and_then(|index| self.standing.addresses.get(index)) {
            address.well(clock::at(now), took);
        }
    }

    /// There is no answer.
    pub(crate) fn failed(&mut self, error: &UpstreamError, timing: &Timing, sent: Instant) {
        let now = Instant::now();
        self.heard(timing, now);
        // Our own caps and settings say nothing about the backend.
        match error {
            UpstreamError::Overloaded
            | UpstreamError::Forbidden(_)
            | UpstreamError::Roots(_)
            | UpstreamError::Target(_) => {}
            UpstreamError::Resolve(_)
            | UpstreamError::Connect(_)
            | UpstreamError::ConnectTimeout
            | UpstreamError::Tls(_)
            | UpstreamError::ClosedBeforeSent(_)
            | UpstreamError::BrokenAnswer(_)
            | UpstreamError::Malformed(_) => self.fail(now, now.saturating_duration_since(sent)),
        }
    }

    /// There was none in time; `to_blame`: it had the time that it may take.
    pub(crate) fn late(&mut self, timing: &Timing, sent: Instant, to_blame: bool) {
        let now = Instant::now();
        self.heard(timing, now);
        if to_blame {
            self.fail(now, now.saturating_duration_since(sent));
        }
    }

    /// The answer broke off in its body.
    pub(crate) fn broke(&mut self) {
        self.fail(Instant::now(), Duration::ZERO);
    }

    fn fail(&mut self, at: Instant, took: Duration) {
        if self.settled {
            return;
        }
        self.settled = true;
        let now = clock::at(at);
        if let Some(index) = self.at
            && let Some(address) = self.standing.addresses.get(index)
            && address.failed(now, took, self.standing.traffic.ejection.as_ref())
        {
            self.standing.eject(index, now);
        }
        self.standing.settle(Outcome::Failed, self.probe.take(), now);
    }

    /// Addresses that no connection could be opened to, and where the call went in the end.
    fn heard(&mut self, timing: &Timing, now: Instant) {
        if self.standing.addresses.len() < 2 {
            return;
        }
        let now = clock::at(now);
        if timing.unreachable != 0 {
            for (index, address) in self.standing.addresses.iter().enumerate() {
                if timing.unreachable & bit(index) != 0 {
                    address.failed(now, Duration::ZERO, None);
                    self.standing.eject(index, now);
                }
            }
        }
        match timing.index {
            Some(index) => self.stand_at(index),
            // Told already, address by address.
            None if timing.unreachable != 0 => self.leave(),
            None => {}
        }
    }

    fn stand_at(&mut self, index: usize) {
        if self.at == Some(index) {
            return;
        }
        self.leave();
        if let Some(address) = self.standing.addresses.get(index) {
            address.enter();
            self.at = Some(index);
        }
    }

    fn leave(&mut self) {
        if let Some(address) = self.at.take().and_then(|index| self.standing.addresses.get(index)) {
            address.leave();
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.leave();
        self.standing.kept.in_flight.fetch_sub(1, Ordering::Relaxed);
        if !self.settled {
            // A caller that leaves in the middle of a good answer says nothing against it.
            let outcome = if self.answered {
                Outcome::Well
            } else {
                Outcome::Abandoned
            };
            if outcome == Outcome::Well || self.probe.is_some() {
                self.standing.settle(outcome, self.probe.take(), clock::now());
            }
        }
    }
}

/// Counted among those that wait until it is dropped.
struct Waiting<'a>(&'a std::sync::atomic::AtomicU32);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Whether an answer's status says that the backend is ill: not what it does not offer (501, 505).
fn blames_backend(status: StatusCode) -> bool {
    status.is_server_error()
        && status != StatusCode::NOT_IMPLEMENTED
        && status != StatusCode::HTTP_VERSION_NOT_SUPPORTED
}
