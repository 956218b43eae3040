//! Turns for what is large: a body that has moved [`TURN`] bytes stands in line until everything else that is ready on its
//! worker has run once.
//!
//! On loopback or a fast network a socket takes megabytes at once. A hundred large answers would keep everybody else
//! waiting for a round of all of them, at each step of a call; so of all that stand in line one goes on a round.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

/// Bytes that a body moves in its turn.
const TURN: usize = 64 * 1024;

thread_local! {
    static LINE: RefCell<Line> = const { RefCell::new(Line::new()) };
}

/// A body's place among others; costs a comparison until it has moved [`TURN`] bytes.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    moved: usize,
    /// Where it stands in line.
    number: Option<u64>,
}

impl Turn {
    /// Whether the body may go on; wakes its task when it may. Belongs to a worker's runtime.
    pub(crate) fn poll(&mut self, cx: &Context<'_>) -> Poll<()> {
        if self.moved < TURN {
            return Poll::Ready(());
        }
        LINE.with_borrow_mut(|line| match self.number {
            None => {
                self.number = Some(line.join(cx.waker().clone()));
                Poll::Pending
            }
            Some(number) if line.waits(number, cx.waker()) => Poll::Pending,
            Some(_) => {
                *self = Self::default();
                Poll::Ready(())
            }
        })
    }

    /// The body has moved so many bytes.
    pub(crate) fn moved(&mut self, bytes: usize) {
        self.moved += bytes;
    }

    /// The body has nothing to move just now: others had their turn meanwhile.
    pub(crate) fn rests(&mut self) {
        self.moved = 0;
    }
}

/// Those who wait on one worker, first come first served.
struct Line {
    waiting: VecDeque<Waker>,
    /// The number that was called last; who waits has the numbers after it.
    called: u64,
    /// Whether [`call`] runs.
    calling: bool,
}

impl Line {
    const fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            called: 0,
            calling: false,
        }
    }

    fn join(&mut self, waker: Waker) -> u64 {
        self.waiting.push_back(waker);
        if !self.calling {
            self.calling = true;
            tokio::task::spawn_local(call());
        }
        self.called + self.waiting.len() as u64
    }

    /// Whether `number` has not been called yet; remembers whom to wake then.
    fn waits(&mut self, number: u64, waker: &Waker) -> bool {
        let Some(before) = number.checked_sub(self.called + 1) else {
            return false;
        };
        let place = usize::try_from(before)
            .ok()
            .and_then(|before| self.waiting.get_mut(before));
        if let Some(known) = place {
            known.clone_from(waker);
        }
        true
    }

    fn next(&mut self) -> Option<Waker> {
        let next = self.waiting.pop_front();
        match next {
            Some(_) => self.called += 1,
            None => self.calling = false,
        }
        next
    }
}

/// Calls one after the other, and in between lets everything run that is ready, with what the sockets have to say.
async fn call() {
    loop {
        tokio::task::yield_now().await;
        match LINE.with_borrow_mut(Line::next) {
            Some(waker) => waker.wake(),
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::rc::Rc;
    use tokio::runtime::{Builder, LocalOptions};

    fn on_a_worker<T>(work: impl Future<Output = T>) -> T {
        let runtime = Builder::new_current_thread().build_local(LocalOptions::default());
        runtime.unwrap().block_on(work)
    }

    /// Moves so many times [`TURN`] bytes, saying `name` each time.
    async fn large(name: char, times: usize, said: Rc<RefCell<String>>) {
        let mut turn = Turn::default();
        for _ in 0..times {
            poll_fn(|cx| turn.poll(cx)).await;
            turn.moved(TURN);
            said.borrow_mut().push(name);
        }
    }

    #[test]
    fn the_large_go_on_one_after_the_other_and_the_small_in_between() {
        let said = Rc::new(RefCell::new(String::new()));
        on_a_worker(async {
            let tasks: Vec<_> = ['a', 'b', 'c']
                .map(|name| tokio::task::spawn_local(large(name, 3, Rc::clone(&said))))
                .into();
            let mut rounds = Vec::new();
            for _ in 0..9 {
                rounds.push(said.borrow().len());
                tokio::task::yield_now().await;
            }
            for task in tasks {
                task.await.unwrap();
            }
            assert!(
                rounds.windows(2).skip(1).all(|pair| pair[1] - pair[0] <= 1),
                "{rounds:?}"
            );
        });
        assert_eq!(*said.borrow(), "abcabcabc");
    }

    #[test]
    fn who_leaves_the_line_holds_nobody_up() {
        on_a_worker(async {
            let left = tokio::task::spawn_local(large('a', 9, Rc::default()));
            let stays = tokio::task::spawn_local(large('b', 9, Rc::default()));
            tokio::task::yield_now().await;
            left.abort();
            stays.await.unwrap();
        });
    }

    #[test]
    fn who_waits_in_another_task_than_before_is_woken_there() {
        on_a_worker(async {
            let mut turn = Turn::default();
            turn.moved(TURN);
            // Somebody before it, so that it is not called at once.
            let other = tokio::task::spawn_local(large('a', 2, Rc::default()));
            let first = poll_fn(|cx| Poll::Ready(turn.poll(cx))).await;
            assert!(first.is_pending());
            tokio::task::spawn_local(async move { poll_fn(|cx| turn.poll(cx)).await })
                .await
                .unwrap();
            other.await.unwrap();
        });
    }

    #[test]
    fn who_rests_begins_anew() {
        on_a_worker(async {
            let mut turn = Turn::default();
            for _ in 0..10 {
                turn.moved(TURN - 1);
                assert!(poll_fn(|cx| Poll::Ready(turn.poll(cx))).await.is_ready());
                turn.rests();
            }
        });
    }
}
