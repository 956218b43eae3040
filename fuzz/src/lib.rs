//! Mutated input: bytes near to something that is right, which is where readers go wrong.
//!
//! Not guided by coverage: a generator that runs on the stable compiler as an ordinary test. `cargo xtask fuzz` runs the same
//! tests for many more cases. What once failed goes into the seeds.

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Pieces that have meaning to some reader.
const PIECES: [&str; 40] = [
    "",
    "\0",
    "\r\n",
    "\n",
    "\"",
    "\\",
    "'",
    "%",
    "%2e",
    "%2f",
    "%00",
    "%c0%ae",
    "..",
    "/",
    "//",
    ";",
    ":",
    ",",
    "=",
    "[",
    "]",
    "{",
    "}",
    "-",
    "_",
    ".",
    "#",
    "&a",
    "*a",
    "$ref",
    "<<",
    "!!",
    "\t",
    " ",
    "-1",
    "1e999999",
    "99999999999999999999",
    "\u{e5}",
    "\u{202e}",
    "é́",
];

/// What is done to a text at one place.
#[derive(Debug, Clone)]
enum Change {
    Insert(&'static str),
    Remove(usize),
    Repeat(usize, usize),
    Flip(u8),
}

/// One of `seeds`, with up to eight changes.
pub fn mutated(seeds: Vec<String>) -> impl Strategy<Value = Vec<u8>> {
    let change = prop_oneof![
        select(&PIECES[..]).prop_map(Change::Insert),
        (1_usize..40).prop_map(Change::Remove),
        (1_usize..40, 1_usize..60).prop_map(|(length, times)| Change::Repeat(length, times)),
        (1_u8..=255).prop_map(Change::Flip),
    ];
    let changes = proptest::collection::vec((any::<Index>(), change), 0..8);
    (select(seeds), changes).prop_map(|(seed, changes)| {
        let mut bytes = seed.into_bytes();
        for (place, change) in changes {
            apply(&mut bytes, &place, change);
        }
        bytes
    })
}

fn apply(bytes: &mut Vec<u8>, place: &Index, change: Change) {
    let at = place.index(bytes.len() + 1);
    match change {
        Change::Insert(piece) => drop(bytes.splice(at..at, piece.bytes())),
        Change::Remove(length) => drop(bytes.drain(at..(at + length).min(bytes.len()))),
        Change::Repeat(length, times) => {
            let part = bytes
                .get(at..(at + length).min(bytes.len()))
                .unwrap_or_default()
                .repeat(times);
            bytes.splice(at..at, part);
        }
        Change::Flip(bits) => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= bits;
            }
        }
    }
}

/// As [`mutated`], as text.
pub fn mutated_text(seeds: Vec<String>) -> impl Strategy<Value = String> {
    mutated(seeds).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}
