//! Codes and access tokens in memory: few, short-lived, and gone with the process.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// At most this many are kept; the oldest go first.
const MOST: usize = 10_000;

/// Somebody who has logged in, and for whom.
#[derive(Clone, Debug)]
pub(super) struct Login {
    pub(super) person: String,
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) challenge: String,
    pub(super) nonce: Option<String>,
    pub(super) with_number: bool,
    pub(super) level: &'static str,
    pub(super) at: i64,
}

/// What is out just now. Codes and access tokens share it: both are unguessable words that stand for a login.
#[derive(Default)]
pub(super) struct Codes(Mutex<HashMap<String, (Login, i64)>>);

impl Codes {
    /// A new word for a login, good until `ends`. `None`: no random bytes.
    pub(super) fn issue(&self, login: Login, ends: i64) -> Option<String> {
        let mut bytes = [0_u8; 32];
        aws_lc_rs::rand::fill(&mut bytes).ok()?;
        let word = URL_SAFE_NO_PAD.encode(bytes);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (login, ends)| *ends > login.at.max(super::request::now()));
        if all.len() >= MOST
            && let Some(oldest) = all
                .iter()
                .min_by_key(|(_, (_, ends))| *ends)
                .map(|(word, _)| word.clone())
        {
            all.remove(&oldest);
        }
        all.insert(word.clone(), (login, ends));
        Some(word)
    }

    /// The login of a word, which then stands for nothing any more.
    pub(super) fn take(&self, word: &str) -> Option<Login> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (login, ends) = all.remove(word)?;
        (ends > super::request::now()).then_some(login)
    }

    /// The login of a word.
    pub(super) fn look(&self, word: &str) -> Option<Login> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (login, ends) = all.get(word)?;
        (*ends > super::request::now()).then(|| login.clone())
    }
}
