//! How many requests a worker begins before it goes on with those that it has.
//!
//! When more comes than can be served, a thousand sockets are ready at once. Begun all together, each of their requests would be in
//! memory at each of its steps together with all the others: by the time its answer comes, nothing of it is in a cache any more, and a
//! request costs twice what it costs alone. So a round of the event loop begins [`ROUND`] of them; the others wait unread in the kernel,
//! which costs nothing. A backend's slowness holds nobody up: who waits for it is not counted.
//!
//! The line is as long as what is let in within [`WAIT`]. Who comes when it is full is to be refused, at once.

use crate::line::Line;
use std::cell::RefCell;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// Requests that are begun in one round.
const ROUND: usize = 64;
/// The longest that anybody stands in line, about.
const WAIT: Duration = Duration::from_millis(100);
/// How long the line may be at the least.
const SHORTEST: usize = 2 * ROUND;
/// How long the line may be before it is known how fast it moves.
const AT_FIRST: usize = 1024;

thread_local! {
    static ROUNDS: RefCell<Rounds> = const { RefCell::new(Rounds::new()) };
}

/// A connection's place in its worker's line.
#[derive(Debug, Default)]
pub(crate) struct Place(Option<u64>);

/// What comes of waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// The next request may be begun.
    Begin,
    /// The line is too long.
    Refuse,
}

impl Place {
    /// Whether this one's turn has come, or never will; wakes its task then. Belongs to a worker's runtime.
    pub(crate) fn poll(&mut self, cx: &Context<'_>) -> Poll<Turn> {
        ROUNDS.with_borrow_mut(|rounds| match self.0 {
            None if rounds.line.len() >= rounds.longest => Poll::Ready(Turn::Refuse),
            None => {
                self.0 = Some(rounds.join(cx.waker().clone()));
                Poll::Pending
            }
            Some(number) if rounds.line.waits(number, cx.waker()) => Poll::Pending,
            Some(_) => {
                self.0 = None;
                Poll::Ready(Turn::Begin)
            }
        })
    }
}

/// Whether who wants to begin a request has to stand in line.
pub(crate) fn is_line() -> bool {
    ROUNDS.with_borrow(|rounds| rounds.begun >= ROUND || rounds.line.len() > 0)
}

/// A request has begun.
pub(crate) fn begun() {
    ROUNDS.with_borrow_mut(|rounds| rounds.begun += 1);
}

/// The worker has nothing to do: a round is over.
pub(crate) fn rest() {
    ROUNDS.with_borrow_mut(|rounds| rounds.begun = 0);
}

struct Rounds {
    /// Requests begun in this round.
    begun: usize,
    line: Line,
    longest: usize,
    /// How many were let in since when.
    let_in: usize,
    since: Option<Instant>,
    /// Whether [`call`] runs.
    calling: bool,
}

impl Rounds {
    const fn new() -> Self {
        Self {
            begun: 0,
            line: Line::new(),
            longest: AT_FIRST,
            let_in: 0,
            since: None,
            calling: false,
        }
    }

    fn join(&mut self, waker: Waker) -> u64 {
        if !self.calling {
            self.calling = true;
            (self.let_in, self.since) = (0, None);
            tokio::task::spawn_local(call());
        }
        self.line.join(waker)
    }

    /// A new round. `false`: nobody waits.
    fn turn(&mut self, now: Instant) -> bool {
        self.begun = 0;
        let since = *self.since.get_or_insert(now);
        let elapsed = now.duration_since(since);
        if elapsed >= WAIT {
            let within = self.let_in as f64 * WAIT.as_secs_f64() / elapsed.as_secs_f64();
            // The cast saturates. A hiccup of the machine must not refuse anybody.
            self.longest = (within as usize).max(self.longest / 2).max(SHORTEST);
            (self.let_in, self.since) = (0, Some(now));
        }
        self.calling = self.line.len() > 0;
        self.calling
    }

    /// The next who may begin in this round, the `number`th.
    fn next(&mut self, number: usize) -> Option<Waker> {
        let next = if number < ROUND { self.line.next() } else { None };
        self.let_in += usize::from(next.is_some());
        next
    }
}

/// Lets as many in as a round begins, and in between everything run that is ready, with what the sockets have to say.
async fn call() {
    loop {
        tokio::task::yield_now().await;
        if !ROUNDS.with_borrow_mut(|rounds| rounds.turn(Instant::now())) {
            return;
        }
        for number in 0.. {
            match ROUNDS.with_borrow_mut(|rounds| rounds.next(number)) {
                Some(waker) => waker.wake(),
                None => break,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::future::poll_fn;
    use std::rc::Rc;
    use tokio::runtime::{Builder, LocalOptions};

    fn on_a_worker<T>(work: impl Future<Output = T>) -> T {
        let runtime = Builder::new_current_thread()
            .enable_time()
            .on_thread_park(rest)
            .build_local(LocalOptions::default());
        runtime.unwrap().block_on(work)
    }

    /// Begins a request as a connection does; says when. `None`: it was refused.
    async fn request(clock: Rc<Cell<usize>>) -> Option<usize> {
        let mut place = Place::default();
        if is_line() && poll_fn(|cx| place.poll(cx)).await == Turn::Refuse {
            return None;
        }
        begun();
        Some(clock.get())
    }

    /// So many requests that are ready at once: in which round each began.
    async fn at_once(many: usize) -> Vec<Option<usize>> {
        let clock = Rc::new(Cell::new(0));
        let tasks: Vec<_> = (0..many)
            .map(|_| tokio::task::spawn_local(request(Rc::clone(&clock))))
            .collect();
        let watch = Rc::clone(&clock);
        let watch = tokio::task::spawn_local(async move {
            loop {
                tokio::task::yield_now().await;
                watch.set(watch.get() + 1);
            }
        });
        let mut began = Vec::new();
        for task in tasks {
            began.push(task.await.unwrap());
        }
        watch.abort();
        began
    }

    #[test]
    fn as_many_begin_in_a_round_as_may_in_their_order() {
        on_a_worker(async {
            let began: Vec<_> = at_once(5 * ROUND).await.into_iter().map(Option::unwrap).collect();
            assert!(began.is_sorted(), "{began:?}");
            for round in began.chunk_by(|left, right| left == right) {
                assert!(round.len() <= ROUND, "{began:?}");
            }
            assert!(began.last().unwrap() - began.first().unwrap() <= 6, "{began:?}");
        });
    }

    #[test]
    fn who_comes_when_the_line_is_full_is_refused_and_nobody_else() {
        on_a_worker(async {
            let began = at_once(ROUND + AT_FIRST + 10).await;
            assert_eq!(began.iter().filter(|began| began.is_none()).count(), 10);
            assert!(began.iter().rev().take(10).all(Option::is_none));
        });
    }

    #[test]
    fn few_never_stand_in_line() {
        on_a_worker(async {
            for _ in 0..2 * ROUND {
                assert!(!is_line());
                begun();
                // Long enough for the worker to come to rest.
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
    }

    #[test]
    fn the_line_is_as_long_as_what_is_let_in_within_the_wait() {
        let mut rounds = Rounds::new();
        let mut now = Instant::now();
        for _ in 0..300 {
            rounds.turn(now);
            rounds.let_in += 5;
            now += Duration::from_millis(1);
        }
        assert!((490..=510).contains(&rounds.longest), "{}", rounds.longest);
        rounds.turn(now + Duration::from_secs(100));
        assert!((245..=255).contains(&rounds.longest), "a worker that stood still");
        for second in 101..200 {
            rounds.turn(now + Duration::from_secs(second));
        }
        assert_eq!(rounds.longest, SHORTEST);
    }
}
