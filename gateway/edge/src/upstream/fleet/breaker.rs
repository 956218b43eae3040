//! The circuit breaker: a pure state machine of one word, and the atomic cell that holds it.
//!
//! Closed, calls pass. Open, none does, until its time is over. Then it is half open: as many probes as the policy says
//! pass, one failure opens it again for longer, and when all went well it closes.

use super::clock;
use super::window::Counts;
use snapshot::Breaker;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Longest pause, unless the policy's first one is longer.
const LONGEST_OPEN: u64 = 60_000;
/// What a caller is told to wait while probes are under way.
const WHILE_PROBING: u64 = 1_000;

/// Where a breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// Calls pass.
    Closed,
    /// No call passes.
    Open,
    /// Probes pass.
    HalfOpen,
}

impl Position {
    /// In words, for logs, metrics and `/status`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        }
    }
}

/// A call that is let through to see how the backend is; the number tells one half-open time from another.
pub(crate) type Probe = u64;

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Pass,
    Probe(Probe),
    /// Try again after so many milliseconds.
    Refuse(u64),
}

/// How a call ended, for the breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Well,
    Failed,
    /// It says nothing: the caller left, or was at fault.
    Abandoned,
}

/// The whole state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State {
    position: Position,
    /// Open: until when. Half open: since when.
    at: u64,
    /// Times it has opened without having closed since.
    streak: u8,
    /// Half open: probes let through, and those of them that went well.
    admitted: u8,
    passed: u8,
}

impl State {
    pub(crate) const CLOSED: Self = Self {
        position: Position::Closed,
        at: 0,
        streak: 0,
        admitted: 0,
        passed: 0,
    };

    /// May a call pass?
    pub(crate) fn admit(self, now: u64, policy: &Breaker) -> (Self, Verdict) {
        match self.position {
            Position::Closed => (self, Verdict::Pass),
            Position::Open if now < self.at => (self, Verdict::Refuse(self.at - now)),
            Position::Open => {
                let next = Self {
                    position: Position::HalfOpen,
                    at: now,
                    admitted: 1,
                    passed: 0,
                    ..self
                };
                (next, Verdict::Probe(now))
            }
            Position::HalfOpen if self.admitted < policy.probes => {
                let next = Self {
                    admitted: self.admitted + 1,
                    ..self
                };
                (next, Verdict::Probe(self.at))
            }
            Position::HalfOpen => (self, Verdict::Refuse(WHILE_PROBING)),
        }
    }

    /// A call ended; `counts` are those of the window, this call included.
    pub(crate) fn settle(
        self,
        outcome: Outcome,
        probe: Option<Probe>,
        now: u64,
        counts: impl FnOnce() -> Counts,
        policy: &Breaker,
    ) -> Self {
        match (self.position, outcome) {
            (Position::Closed, Outcome::Failed) if is_too_much(counts(), policy) => self.opened(now, policy),
            // What began before the breaker opened says nothing about now.
            (Position::Closed | Position::Open, _) => self,
            (Position::HalfOpen, _) if probe != Some(self.at) => self,
            (Position::HalfOpen, Outcome::Failed) => self.opened(now, policy),
            (Position::HalfOpen, Outcome::Abandoned) => Self {
                admitted: self.admitted.saturating_sub(1),
                ..self
            },
            (Position::HalfOpen, Outcome::Well) if self.passed + 1 >= policy.probes => Self::CLOSED,
            (Position::HalfOpen, Outcome::Well) => Self {
                passed: self.passed + 1,
                ..self
            },
        }
    }

    fn opened(self, now: u64, policy: &Breaker) -> Self {
        let first = clock::millis(policy.open_for);
        let open_for = first
            .saturating_mul(1 << self.streak.min(16))
            .min(LONGEST_OPEN.max(first));
        Self {
            position: Position::Open,
            at: now + open_for,
            streak: (self.streak + 1).min(31),
            admitted: 0,
            passed: 0,
        }
    }

    pub(crate) fn position(self) -> Position {
        self.position
    }

    fn pack(self) -> u64 {
        let position = match self.position {
            Position::Closed => 0,
            Position::Open => 1,
            Position::HalfOpen => 2,
        };
        position
            | u64::from(self.streak & 31) << 2
            | u64::from(self.admitted & 63) << 7
            | u64::from(self.passed & 63) << 13
            | self.at << 19
    }

    fn unpack(word: u64) -> Self {
        let small = |shift: u32, mask: u64| u8::try_from((word >> shift) & mask).unwrap_or(0);
        Self {
            position: match word & 3 {
                0 => Position::Closed,
                1 => Position::Open,
                _ => Position::HalfOpen,
            },
            streak: small(2, 31),
            admitted: small(7, 63),
            passed: small(13, 63),
            at: word >> 19,
        }
    }
}

fn is_too_much(counts: Counts, policy: &Breaker) -> bool {
    counts.total() >= u64::from(policy.min_calls)
        && counts.failed * 100 >= u64::from(policy.failure_percent) * counts.total()
}

/// A state that threads share.
#[derive(Debug)]
pub(crate) struct Cell(AtomicU64);

impl Default for Cell {
    fn default() -> Self {
        Self(AtomicU64::new(State::CLOSED.pack()))
    }
}

impl Cell {
    /// The state now.
    pub(crate) fn load(&self) -> State {
        State::unpack(self.0.load(Ordering::Relaxed))
    }

    /// Whether every call passes: one load, no clock.
    pub(crate) fn is_closed(&self) -> bool {
        self.0.load(Ordering::Relaxed) & 3 == 0
    }

    /// Changes the state by `step`; gives what `step` gave, and the new position if it is another.
    pub(crate) fn change<T>(&self, step: impl Fn(State) -> (State, T)) -> (T, Option<Position>) {
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            let before = State::unpack(word);
            let (after, result) = step(before);
            if after == before {
                return (result, None);
            }
            match self
                .0
                .compare_exchange_weak(word, after.pack(), Ordering::AcqRel, Ordering::Relaxed)
            {
                Ok(_) => {
                    let moved = (after.position != before.position).then_some(after.position);
                    return (result, moved);
                }
                Err(found) => word = found,
            }
        }
    }
}

/// For `Retry-After`.
pub(crate) fn wait(millis: u64) -> Duration {
    Duration::from_millis(millis.max(1))
}

#[cfg(test)]
mod tests;
