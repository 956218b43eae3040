//! A line of tasks: first come, first served.

use std::collections::VecDeque;
use std::task::Waker;

/// Those who wait, in the order in which they came.
pub(crate) struct Line {
    waiting: VecDeque<Waker>,
    /// The number that was called last; who waits has the numbers after it.
    called: u64,
}

impl Line {
    pub(crate) const fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            called: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Takes a place at the end. Its number.
    pub(crate) fn join(&mut self, waker: Waker) -> u64 {
        self.waiting.push_back(waker);
        self.called + self.waiting.len() as u64
    }

    /// Whether `number` has not been called yet; remembers whom to wake then.
    pub(crate) fn waits(&mut self, number: u64, waker: &Waker) -> bool {
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

    /// Calls the first. Whom to wake; it may have left without a word.
    pub(crate) fn next(&mut self) -> Option<Waker> {
        let next = self.waiting.pop_front();
        self.called += u64::from(next.is_some());
        next
    }
}
