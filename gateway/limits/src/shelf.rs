//! Small things that are kept for a while under a name of 32 bytes: in this process, or in the store that all nodes share.
//!
//! What is kept is opaque here. Nothing is given up silently: a claim that cannot be made known to the others is an error.

mod shared;

use crate::shared::StoreConfig;
use shared::Shared;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What things are kept under.
pub type Name = [u8; 32];

/// How much a process keeps in memory unless told otherwise.
const MOST_BYTES: usize = 64 << 20;

/// The store does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the place where things are kept cannot be asked")]
pub struct Unavailable;

/// See the module. A copy is another handle to the same shelf.
#[derive(Debug, Clone)]
pub struct Shelf(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Own(Arc<Mutex<Own>>),
    Shared(Arc<Shared>),
}

impl Default for Shelf {
    /// In this process.
    fn default() -> Self {
        Self::in_memory(MOST_BYTES)
    }
}

impl Shelf {
    /// In this process: at most `most_bytes`, the oldest goes first.
    pub fn in_memory(most_bytes: usize) -> Self {
        Self(Kind::Own(Arc::new(Mutex::new(Own::new(most_bytes)))))
    }

    /// In the store. Call it on the runtime that is to talk to the store.
    pub fn with_store(config: StoreConfig) -> Self {
        Self(Kind::Shared(Arc::new(Shared::new(config))))
    }

    /// Whether other nodes see what is kept here.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self.0, Kind::Shared(_))
    }

    /// Keeps `value` for `life` unless there is something under `name` already: then that is what comes back.
    ///
    /// # Errors
    /// [`Unavailable`]: it is not known whether there is something.
    pub async fn claim(&self, name: Name, value: Vec<u8>, life: Duration) -> Result<Option<Vec<u8>>, Unavailable> {
        match &self.0 {
            Kind::Own(own) => Ok(lock(own).claim(name, value, life, Instant::now())),
            Kind::Shared(shared) => shared.claim(name, value, life).await,
        }
    }

    /// Keeps `value` for `life`, whatever was there.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn put(&self, name: Name, value: Vec<u8>, life: Duration) -> Result<(), Unavailable> {
        match &self.0 {
            Kind::Own(own) => {
                lock(own).put(name, value, Instant::now() + life);
                Ok(())
            }
            Kind::Shared(shared) => shared.put(name, value, life).await,
        }
    }

    /// Takes away what is kept.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn forget(&self, name: Name) -> Result<(), Unavailable> {
        match &self.0 {
            Kind::Own(own) => {
                lock(own).take(&name);
                Ok(())
            }
            Kind::Shared(shared) => shared.forget(name).await,
        }
    }
}

fn lock(own: &Mutex<Own>) -> std::sync::MutexGuard<'_, Own> {
    own.lock().unwrap_or_else(PoisonError::into_inner)
}

/// In memory: found by name, given up in the order they came.
#[derive(Debug)]
struct Own {
    most_bytes: usize,
    bytes: usize,
    kept: HashMap<Name, Kept>,
    order: VecDeque<(Name, u64)>,
    next: u64,
}

#[derive(Debug)]
struct Kept {
    value: Vec<u8>,
    until: Instant,
    number: u64,
}

/// What a thing costs beside its own bytes.
const OVERHEAD: usize = 160;

impl Own {
    fn new(most_bytes: usize) -> Self {
        Self {
            most_bytes,
            bytes: 0,
            kept: HashMap::new(),
            order: VecDeque::new(),
            next: 0,
        }
    }

    fn claim(&mut self, name: Name, value: Vec<u8>, life: Duration, now: Instant) -> Option<Vec<u8>> {
        if let Some(kept) = self.kept.get(&name).filter(|kept| kept.until > now) {
            return Some(kept.value.clone());
        }
        self.put(name, value, now + life);
        None
    }

    fn put(&mut self, name: Name, value: Vec<u8>, until: Instant) {
        self.take(&name);
        self.next += 1;
        self.bytes += value.len() + OVERHEAD;
        let number = self.next;
        self.order.push_back((name, number));
        self.kept.insert(name, Kept { value, until, number });
        while self.bytes > self.most_bytes {
            let Some((oldest, number)) = self.order.pop_front() else {
                break;
            };
            if self.kept.get(&oldest).is_some_and(|kept| kept.number == number) {
                self.take(&oldest);
            }
        }
        // Names that were put again leave their old places behind.
        if self.order.len() > 2 * self.kept.len() + 64 {
            let kept = &self.kept;
            self.order
                .retain(|(name, number)| kept.get(name).is_some_and(|kept| kept.number == *number));
        }
    }

    fn take(&mut self, name: &Name) {
        if let Some(kept) = self.kept.remove(name) {
            self.bytes -= kept.value.len() + OVERHEAD;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_holds_until_its_time_is_over_and_memory_is_bounded() {
        let (mut own, now, life) = (Own::new(10 * (OVERHEAD + 10)), Instant::now(), Duration::from_secs(5));
        assert_eq!(own.claim([1; 32], vec![1; 10], life, now), None);
        assert_eq!(own.claim([1; 32], vec![2; 10], life, now), Some(vec![1; 10]));
        assert_eq!(own.claim([1; 32], vec![3; 10], life, now + life), None);
        for turn in 0..100_u32 {
            own.put([u8::try_from(turn % 50).unwrap() + 2; 32], vec![0; 10], now + life);
            assert!(own.kept.len() <= 10 && own.bytes <= own.most_bytes);
        }
        assert!(own.order.len() < 200);
        own.take(&[51; 32]);
        assert_eq!(own.kept.len(), 9);
    }
}
