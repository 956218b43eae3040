//! When each key was last used: noted on the request path at most once a minute a key and thread, told to the registry.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Keys that a thread remembers; beyond it the memory is begun anew.
const MOST: usize = 10_000;
const MINUTE: i64 = 60;

thread_local! {
    static NOTED: RefCell<HashMap<Box<str>, i64>> = RefCell::default();
}

/// Last uses that have not been told yet.
#[derive(Debug, Default)]
pub struct Uses(Mutex<HashMap<Box<str>, i64>>);

impl Uses {
    /// A key was used. `now` in Unix seconds.
    pub fn note(&self, key: &str, now: i64) {
        let minute = now - now.rem_euclid(MINUTE);
        let news = NOTED.with_borrow_mut(|noted| {
            if noted.get(key) == Some(&minute) {
                return false;
            }
            if noted.len() >= MOST {
                noted.clear();
            }
            noted.insert(key.into(), minute);
            true
        });
        if news {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.len() < MOST || waiting.contains_key(key) {
                waiting.insert(key.into(), minute);
            }
        }
    }

    /// Takes what has been noted.
    pub fn take(&self) -> Vec<(String, i64)> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.drain().map(|(key, at)| (key.into_string(), at)).collect()
    }
}
