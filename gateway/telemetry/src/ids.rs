//! Trace and span ids: made without a system call a request, shown without an allocation.

use std::cell::Cell;
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// A lower-case hexadecimal id on the stack: 32 characters for a trace, 16 for a span.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct HexId<const N: usize>([u8; N]);

thread_local! {
    /// State of xoshiro256++ (Blackman and Vigna); all zero until the thread's first id.
    static STATE: Cell<[u64; 4]> = const { Cell::new([0; 4]) };
}

/// A new, non-zero trace id.
pub(crate) fn new_trace_id() -> [u8; 16] {
    let value = (u128::from(random()) << 64) | u128::from(random());
    value.max(1).to_be_bytes()
}

/// A new, non-zero span id.
pub(crate) fn new_span_id() -> [u8; 8] {
    random().max(1).to_be_bytes()
}

/// The next number of this thread's generator. Ids need to be spread, not secret.
fn random() -> u64 {
    STATE.with(|cell| {
        let mut s = cell.get();
        if s == [0; 4] {
            s = seed();
        }
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        cell.set(s);
        result
    })
}

/// Thirty-two bytes from the system; the clock and a stack address where the system has none to give.
fn seed() -> [u64; 4] {
    let mut seed = [0_u64; 4];
    for (place, word) in seed.iter_mut().enumerate() {
        *word = getrandom::u64().unwrap_or_else(|_| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let address = std::ptr::from_ref(&now).addr() as u64;
            (now.as_nanos() as u64).rotate_left(place as u32 * 16) ^ address
        });
    }
    // The generator has one forbidden state, and it is also the mark for "not seeded".
    seed[0] |= u64::from(seed == [0; 4]);
    seed
}

/// The value of one lower-case hexadecimal digit.
pub(crate) fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// Reads exactly `N` bytes from `2 * N` lower-case digits.
pub(crate) fn parse_hex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = (hex_value(*high)? << 4) | hex_value(*low)?;
    }
    Some(bytes)
}

/// Writes the digits of `bytes`; `into` must be twice as long (surplus on either side is left alone).
pub(crate) fn write_hex(bytes: &[u8], into: &mut [u8]) {
    for (byte, pair) in bytes.iter().zip(into.chunks_exact_mut(2)) {
        if let [high, low] = pair {
            *high = HEX[usize::from(byte >> 4)];
            *low = HEX[usize::from(byte & 15)];
        }
    }
}

/// The trace id as text.
pub(crate) fn trace_hex(id: &[u8; 16]) -> HexId<32> {
    let mut digits = [b'0'; 32];
    write_hex(id, &mut digits);
    HexId(digits)
}

/// The span id as text.
pub(crate) fn span_hex(id: &[u8; 8]) -> HexId<16> {
    let mut digits = [b'0'; 16];
    write_hex(id, &mut digits);
    HexId(digits)
}

// === impl HexId ===

impl<const N: usize> HexId<N> {
    /// The digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl<const N: usize> std::ops::Deref for HexId<N> {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl<const N: usize> fmt::Display for HexId<N> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl<const N: usize> fmt::Debug for HexId<N> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_of_several_threads_never_meet() {
        let workers: Vec<_> = (0..4)
            .map(|_| std::thread::spawn(|| (0..20_000).map(|_| new_span_id()).collect::<Vec<_>>()))
            .collect();
        let ids: Vec<_> = workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect();
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 80_000);
        assert!(!ids.contains(&[0; 8]));
    }

    #[test]
    fn hex_round_trips_and_refuses_upper_case() {
        let id = new_trace_id();
        assert_eq!(parse_hex::<16>(trace_hex(&id).as_bytes()), Some(id));
        assert_eq!(parse_hex::<1>(b"AB"), None);
        assert_eq!(parse_hex::<1>(b"abc"), None);
    }
}
