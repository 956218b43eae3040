//! Status codes as labels: the registered ones and the few others seen in practice; anything else is `other`.

/// Codes with a series of their own (IANA registry, and 499 for a caller that went away before the answer).
const CODES: [u16; 64] = [
    100, 101, 102, 103, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 307, 308, 400,
    401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424, 425,
    426, 428, 429, 431, 451, 499, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511, 520,
];

/// Counters needed: one a code, and one for all others.
pub(super) const SLOTS: usize = CODES.len() + 1;

/// Status classes, `other` last.
pub(super) const CLASSES: [&str; 6] = ["1xx", "2xx", "3xx", "4xx", "5xx", "other"];

/// Where the counter of `status` is.
pub(super) fn slot(status: u16) -> usize {
    CODES.binary_search(&status).unwrap_or(CODES.len())
}

/// The status of a counter; `None` for the last one.
pub(super) fn code(slot: usize) -> Option<u16> {
    CODES.get(slot).copied()
}

/// The place of the class of `status` in [`CLASSES`].
pub(super) fn class(status: u16) -> usize {
    match status {
        100..=599 => usize::from(status / 100 - 1),
        _ => CLASSES.len() - 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_exactly_one_counter() {
        assert!(CODES.is_sorted());
        for status in 0..=u16::MAX {
            let place = slot(status);
            assert!(place < SLOTS);
            assert!(code(place).is_none_or(|code| code == status));
        }
        assert_eq!((class(204), class(429), class(0), class(700)), (1, 3, 5, 5));
    }
}
