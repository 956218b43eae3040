//! Watches the connections of one worker, all of them at each tick: who is silent, who stalls, who should end.
//!
//! A timer per connection or request would cost memory while idle and time while busy; here a request costs a few plain
//! counter updates, and [`judge`] looks at them about once a second. The price is that a timeout comes up to two ticks late.

use super::Config;
use super::head_watch::HeadWatch;
use super::stats::{self, WorkerStats};
use crate::rounds::{self, Turn};
use crate::transport::Keeper;
use hashbrown::HashMap;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

/// Ticks that a connection gets to end by itself after it was asked to, before it is cut.
const LINGER: u32 = 5;

/// Ticks without a request after which a connection gives back what it needs only for requests.
const SLEEP: u32 = 2;

/// What a connection does, counted by its parts and read by [`judge`]. All on one thread, but for a tunnel's socket.
#[derive(Debug)]
pub(super) struct Watched {
    worker: Arc<WorkerStats>,
    http2: AtomicBool,
    /// Requests begun.
    requests: AtomicU32,
    /// Requests whose answer is not taken over whole.
    in_flight: AtomicU32,
    /// Answers in the body phase that have something for the caller now.
    owed: AtomicU32,
    /// Body parts the caller's side took.
    parts: AtomicU32,
    /// Reads from the socket that gave bytes.
    reads: AtomicU32,
    /// `reads` when the last answer ended: more since then is the beginning of a head.
    reads_at_rest: AtomicU32,
    /// What the connection's task should do.
    command: AtomicU32,
    /// A head came that has more than one reading.
    ambiguous: AtomicBool,
    /// Milliseconds for which the caller is to be left alone, until the socket has heard of it.
    rest_ms: AtomicU32,
    /// All that was read belongs to messages that are whole.
    whole: AtomicBool,
    /// Something for the caller waits for the caller to take it.
    unsent: AtomicBool,
    /// The next request is to be refused: too many wait before it.
    crowded: AtomicBool,
    /// It carries another protocol now, and no more requests.
    tunnel: AtomicBool,
}

/// A read of a body that brings fewer bytes is a crumb.
const CRUMB: usize = 64;
/// After so many crumbs in a row the caller is left alone between reads, so that what it sends adds up. Else hundreds of
/// callers that send a byte at a time, in step, would keep everybody else waiting for a round of all of them.
const CRUMBS: u32 = 8;
/// For how long, in milliseconds: at least so long, and at most twice, each connection its own time, so that none of them
/// stay in step.
const CRUMBS_REST_MS: u32 = 250;

/// The longest that an HTTP/2 connection rests: others may be answered on it.
const HTTP2_RESTS_MS: u32 = 100;

/// What the watcher asks of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Go on.
    Leave,
    /// The next request is the last, and its answer says so. For HTTP/1.1, where a request may be on its way already.
    Last,
    /// Give back what is needed only while something goes on. For HTTP/1.
    Sleep,
    /// Take no more requests, end when those in flight are answered.
    Finish,
    /// End now.
    Cut,
}

/// Counted by the connection's own thread alone, so that no locked instruction is needed. (A tunnel's reads may come from
/// two threads; nobody asks how many they were.)
fn bump(counter: &AtomicU32) {
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}

fn drop_one(counter: &AtomicU32) -> u32 {
    let left = counter.load(Ordering::Relaxed).saturating_sub(1);
    counter.store(left, Ordering::Relaxed);
    left
}

impl Watched {
    /// Counts a new connection as open until its [`Open`] is dropped.
    pub(super) fn open(worker: &Arc<WorkerStats>) -> (Arc<Self>, Open) {
        stats::add(&worker.open);
        let watched = Arc::new(Self {
            worker: Arc::clone(worker),
            http2: AtomicBool::new(false),
            requests: AtomicU32::new(0),
            in_flight: AtomicU32::new(0),
            owed: AtomicU32::new(0),
            parts: AtomicU32::new(0),
            reads: AtomicU32::new(0),
            reads_at_rest: AtomicU32::new(0),
            command: AtomicU32::new(0),
            ambiguous: AtomicBool::new(false),
            rest_ms: AtomicU32::new(0),
            whole: AtomicBool::new(true),
            unsent: AtomicBool::new(false),
            crowded: AtomicBool::new(false),
            tunnel: AtomicBool::new(false),
        });
        let open = Open {
            watched: Arc::clone(&watched),
            heads: HeadWatch::default(),
            crumbs: 0,
            place: rounds::Place::default(),
        };
        (watched, open)
    }

    pub(super) fn set_http2(&self) {
        self.http2.store(true, Ordering::Relaxed);
    }

    pub(super) fn set_tunnel(&self) {
        self.tunnel.store(true, Ordering::Relaxed);
    }

    pub(super) fn command(&self) -> Verdict {
        match self.command.load(Ordering::Relaxed) {
            0 => Verdict::Leave,
            1 => Verdict::Last,
            2 => Verdict::Finish,
            4 => Verdict::Sleep,
            _ => Verdict::Cut,
        }
    }

    /// Takes note that the connection's task has heard [`Verdict::Sleep`]. Whether nothing goes on on it: no request in
    /// flight nor begun, no answer that is not sent whole.
    pub(super) fn may_sleep(&self) -> bool {
        self.command.store(0, Ordering::Relaxed);
        self.in_flight() == 0
            && self.reads.load(Ordering::Relaxed) == self.reads_at_rest.load(Ordering::Relaxed)
            && self.whole.load(Ordering::Relaxed)
            && !self.unsent.load(Ordering::Relaxed)
    }

    /// Requests in flight.
    pub(super) fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Whether a head that hyper has read, or is about to, has more than one reading.
    pub(super) fn is_ambiguous(&self) -> bool {
        self.ambiguous.load(Ordering::Relaxed)
    }

    /// Whether the request that has just come is one too many.
    pub(super) fn takes_crowded(&self) -> bool {
        self.crowded.load(Ordering::Relaxed) && self.crowded.swap(false, Ordering::Relaxed)
    }

    /// Nothing is read from the caller for so long.
    pub(super) fn rest(&self, rest: Duration) {
        let rest = u32::try_from(rest.as_millis()).unwrap_or(u32::MAX);
        let rest = match self.http2.load(Ordering::Relaxed) {
            true => rest.min(HTTP2_RESTS_MS),
            false => rest,
        };
        self.rest_ms.store(rest, Ordering::Relaxed);
    }

    pub(super) fn request_begins(&self) {
        bump(&self.requests);
        bump(&self.in_flight);
        stats::add(&self.worker.in_flight);
    }

    pub(super) fn request_ends(&self) {
        stats::subtract(&self.worker.in_flight);
        if drop_one(&self.in_flight) == 0 {
            self.reads_at_rest
                .store(self.reads.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }

    pub(super) fn owes(&self) {
        bump(&self.owed);
    }

    pub(super) fn owes_no_more(&self) {
        drop_one(&self.owed);
    }

    pub(super) fn part_taken(&self) {
        bump(&self.parts);
    }

    fn facts(&self) -> Facts {
        let load = |counter: &AtomicU32| counter.load(Ordering::Relaxed);
        Facts {
            requests: load(&self.requests),
            in_flight: load(&self.in_flight),
            owed: load(&self.owed) > 0,
            parts: load(&self.parts),
            http2: self.http2.load(Ordering::Relaxed),
            head_begun: !self.http2.load(Ordering::Relaxed) && load(&self.reads) != load(&self.reads_at_rest),
        }
    }

    fn order(&self, verdict: Verdict) -> bool {
        let (code, timed_out) = match verdict {
            Verdict::Leave => return false,
            Verdict::Last => (1, false),
            Verdict::Finish => (2, false),
            Verdict::Cut => (3, true),
            Verdict::Sleep => (4, false),
        };
        let news = self.command.swap(code, Ordering::Relaxed) != code;
        if news && timed_out {
            stats::add(&self.worker.timed_out);
        }
        news
    }
}

/// A connection's place among the open ones; lives in its socket.
pub(super) struct Open {
    watched: Arc<Watched>,
    heads: HeadWatch,
    /// Crumbs of a body in a row.
    crumbs: u32,
    place: rounds::Place,
}

impl Open {
    /// Whether what is read next begins a request. HTTP/2 has its own cap of streams, and a tunnel has none.
    fn is_before_a_request(&self) -> bool {
        self.watched.in_flight() == 0
            && self.heads.is_between_messages()
            && !self.watched.http2.load(Ordering::Relaxed)
            && !self.watched.tunnel.load(Ordering::Relaxed)
    }

    /// Of an HTTP/1 body alone: the small messages of a tunnel are no crumbs, and a slow head has its own limit.
    fn count_crumbs(&mut self, bytes: usize) {
        if bytes >= CRUMB || !self.heads.is_in_body() {
            self.crumbs = 0;
            return;
        }
        self.crumbs += 1;
        if self.crumbs > CRUMBS {
            let own = Arc::as_ptr(&self.watched).addr() / align_of::<Watched>();
            let more = u32::try_from(own % 251).unwrap_or_default();
            self.watched.rest(Duration::from_millis(
                (CRUMBS_REST_MS + more.min(CRUMBS_REST_MS)).into(),
            ));
        }
    }
}

impl Keeper for Open {
    fn rest(&mut self) -> Option<Duration> {
        // A plain read first: an exchange at each read would cost more than the read of a counter.
        if self.watched.rest_ms.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let rest = self.watched.rest_ms.swap(0, Ordering::Relaxed);
        Some(Duration::from_millis(rest.into()))
    }

    fn stands_in_line(&self) -> bool {
        // A connection that is to end reads what has arrived before it does.
        let goes_on = || matches!(self.watched.command(), Verdict::Leave | Verdict::Sleep);
        rounds::is_line() && self.is_before_a_request() && goes_on()
    }

    fn poll_turn(&mut self, cx: &Context<'_>) -> Poll<()> {
        let turn = ready!(self.place.poll(cx));
        self.watched.crowded.store(turn == Turn::Refuse, Ordering::Relaxed);
        Poll::Ready(())
    }

    fn received(&mut self, bytes: &[u8]) {
        bump(&self.watched.reads);
        if self.watched.http2.load(Ordering::Relaxed) {
            return;
        }
        if self.is_before_a_request() {
            rounds::begun();
        }
        if self.heads.read(bytes) {
            self.watched.ambiguous.store(true, Ordering::Relaxed);
        }
        self.watched
            .whole
            .store(self.heads.is_between_messages(), Ordering::Relaxed);
        self.count_crumbs(bytes.len());
    }

    fn unsent(&mut self, waits: bool) {
        if self.watched.unsent.load(Ordering::Relaxed) != waits {
            self.watched.unsent.store(waits, Ordering::Relaxed);
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if stats::subtract(&self.watched.worker.open) == 0 {
            self.watched.worker.emptied.notify_one();
        }
    }
}

/// What [`judge`] reads.
#[derive(Debug, Clone, Copy, Default)]
struct Facts {
    http2: bool,
    requests: u32,
    in_flight: u32,
    owed: bool,
    parts: u32,
    head_begun: bool,
}

/// What [`judge`] remembers of a connection from tick to tick; all but the last two in ticks.
#[derive(Debug, Default)]
struct Memory {
    /// Without a request in flight.
    quiet: u32,
    /// With a head begun that has not ended.
    head: u32,
    /// With an answer owed that is not taken.
    stalled: u32,
    requests: u32,
    parts: u32,
}

/// The limits, in ticks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    head: u32,
    idle: u32,
    stall: u32,
}

impl Patience {
    /// The tick that suits the limits of `config`, and the limits in that tick.
    pub(super) fn of(config: &Config) -> (Duration, Self) {
        let limits = [
            config.header_read_timeout,
            config.keep_alive_timeout,
            config.stall_timeout,
        ];
        let shortest = limits.into_iter().min().unwrap_or_default();
        let tick = (shortest / 4).clamp(Duration::from_millis(10), Duration::from_secs(1));
        let ticks = |limit: Duration| {
            u32::try_from(limit.as_nanos().div_ceil(tick.as_nanos()))
                .unwrap_or(u32::MAX)
                .max(1)
        };
        let patience = Self {
            head: ticks(config.header_read_timeout),
            idle: ticks(config.keep_alive_timeout),
            stall: ticks(config.stall_timeout),
        };
        (tick, patience)
    }
}

/// One tick of one connection. Pure but for `memory`.
fn judge(memory: &mut Memory, now: Facts, patience: Patience, draining: bool) -> Verdict {
    let taken = now.parts != memory.parts;
    let used = now.requests != memory.requests;
    (memory.parts, memory.requests) = (now.parts, now.requests);
    if now.in_flight > 0 {
        (memory.quiet, memory.head) = (0, 0);
        memory.stalled = if now.owed && !taken { memory.stalled + 1 } else { 0 };
        return match () {
            () if memory.stalled >= patience.stall => Verdict::Cut,
            () if draining => Verdict::Finish,
            () => Verdict::Leave,
        };
    }
    memory.stalled = 0;
    memory.quiet = if used { 0 } else { memory.quiet.saturating_add(1) };
    memory.head = if now.head_begun && !used { memory.head + 1 } else { 0 };
    let unused = now.requests == 0;
    match () {
        () if memory.head > patience.head => Verdict::Cut,
        () if unused && memory.quiet > patience.head => Verdict::Cut,
        () if memory.quiet > patience.idle.saturating_add(LINGER) => Verdict::Cut,
        () if memory.quiet > patience.idle => Verdict::Finish,
        // One that was just accepted or just used has its next request on the way: it gets two ticks to come, and is then
        // told with the answer. HTTP/2 can be told at any time.
        () if draining && now.http2 && !unused => Verdict::Finish,
        () if draining && memory.quiet > 2 => Verdict::Finish,
        () if draining => Verdict::Last,
        () if memory.quiet == SLEEP && !unused && !now.http2 => Verdict::Sleep,
        () => Verdict::Leave,
    }
}

/// The connections of one worker.
#[derive(Default)]
pub(super) struct Registry {
    entries: RefCell<HashMap<u64, Entry>>,
    next: Cell<u64>,
    draining: Cell<bool>,
}

struct Entry {
    watched: Arc<Watched>,
    waker: Waker,
    memory: Memory,
}

impl Registry {
    /// Puts a connection under watch until the [`Place`] is dropped. `waker` is its task's.
    pub(super) fn enter(self: &Rc<Self>, watched: &Arc<Watched>, waker: Waker) -> Place {
        let id = self.next.get();
        self.next.set(id.wrapping_add(1));
        let entry = Entry {
            watched: Arc::clone(watched),
            waker,
            memory: Memory::default(),
        };
        self.entries.borrow_mut().insert(id, entry);
        Place {
            registry: Rc::clone(self),
            id,
        }
    }

    /// From now on connections are asked to end; those that have been at rest for long at once.
    pub(super) fn drain(&self, patience: Patience) {
        self.draining.set(true);
        self.tick(patience);
    }

    /// Looks at every connection once.
    pub(super) fn tick(&self, patience: Patience) {
        let draining = self.draining.get();
        for entry in self.entries.borrow_mut().values_mut() {
            let verdict = judge(&mut entry.memory, entry.watched.facts(), patience, draining);
            if entry.watched.order(verdict) {
                entry.waker.wake_by_ref();
            }
        }
    }
}

/// A connection's place in the [`Registry`].
pub(super) struct Place {
    registry: Rc<Registry>,
    id: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.registry.entries.borrow_mut().remove(&self.id);
    }
}

#[cfg(test)]
mod tests;
