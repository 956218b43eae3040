//! When each credential was last used: noted on the request path at most once a minute a credential and thread, told to the
//! registry at most once a minute a credential.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Credentials that are remembered; beyond it the memory is begun anew.
const MOST: usize = 10_000;
const MINUTE: i64 = 60;

/// Minutes by credential.
type Minutes = HashMap<Box<str>, i64>;

thread_local! {
    static NOTED: RefCell<Minutes> = RefCell::default();
}

/// Last uses that have not been told yet.
#[derive(Debug, Default)]
pub struct Uses(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    waiting: Minutes,
    told: Minutes,
}

impl Uses {
    /// A credential was used. `now` in Unix seconds.
    pub fn note(&self, credential: &str, now: i64) {
        let minute = now - now.rem_euclid(MINUTE);
        let news = NOTED.with_borrow_mut(|noted| remember(noted, credential, minute));
        if news {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if known.told.get(credential) != Some(&minute)
                && (known.waiting.len() < MOST || known.waiting.contains_key(credential))
            {
                known.waiting.insert(credential.into(), minute);
            }
        }
    }

    /// Takes what has been noted.
    pub fn take(&self) -> Vec<(String, i64)> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = std::mem::take(&mut known.waiting);
        for (credential, minute) in &waiting {
            remember(&mut known.told, credential, *minute);
        }
        waiting.into_iter().map(|(name, at)| (name.into_string(), at)).collect()
    }
}

/// Whether it is news.
fn remember(minutes: &mut Minutes, credential: &str, minute: i64) -> bool {
    if minutes.get(credential) == Some(&minute) {
        return false;
    }
    if minutes.len() >= MOST {
        minutes.clear();
    }
    minutes.insert(credential.into(), minute);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_told_once_a_minute_whatever_thread_it_is_used_on() {
        let uses = Uses::default();
        let told = |now| {
            std::thread::scope(|threads| {
                for _ in 0..4 {
                    threads.spawn(|| uses.note("k", now));
                }
            });
            uses.take()
        };
        assert_eq!(told(601), [("k".to_owned(), 600)]);
        assert_eq!(told(659), []);
        assert_eq!(told(660), [("k".to_owned(), 660)]);
    }
}
