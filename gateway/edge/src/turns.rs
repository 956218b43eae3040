//! Turns for what is large: a body that has moved [`TURN`] bytes stands in line until everything else that is ready on its
//! worker has run once.
//!
//! On loopback or a fast network a socket takes megabytes at once. A hundred large answers would keep everybody else
//! waiting for a round of all of them, at each step of a call; so of all that stand in line one goes on a round.

use crate::line::Line;
use std::cell::RefCell;
use std::task::{Context, Poll, Waker};

/// Bytes that a body moves in its turn.
const TURN: usize = 64 * 1024;

thread_local! {
    static WAITING: RefCell<Waiting> = const { RefCell::new(Waiting::new()) };
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
        WAITING.with_borrow_mut(|waiting| match self.number {
            None => {
                self.number = Some(waiting.join(cx.waker().clone()));
                Poll::Pending
            }
            Some(number) if waiting.line.waits(number, cx.waker()) => Poll::Pending,
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

/// Those who wait on one worker.
struct Waiting {
    line: Line,
    /// Whether [`call`] runs.
    calling: bool,
}

impl Waiting {
    const fn new() -> Self {
        Self {
            line: Line::new(),
            calling: false,
        }
    }

    fn join(&mut self, waker: Waker) -> u64 {
        if !self.calling {
            self.calling = true;
            tokio::task::spawn_local(call());
        }
        self.line.join(waker)
    }

    fn next(&mut self) -> Option<Waker> {
        let next = self.line.next();
        self.calling = next.is_some();
        next
    }
}

/// Calls one after the other, and in between lets everything run that is ready, with what the sockets have to say.
async fn call() {
    loop {
        tokio::task::yield_now().await;
        match WAITING.with_borrow_mut(Waiting::next) {
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
