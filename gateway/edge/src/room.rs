//! Who gets what is left of something scarce: places in flight, connections to a backend.

/// Whether one more may be in flight where `taken` are, for a connection that has `asking` with it. The first half of
/// `limit` is anybody's; of the other half the n-th request of a connection may take the n-th part. So connections that hold
/// many streams open, by fetching nothing or by asking much, never keep out one that asks for one thing at a time.
pub(crate) fn has_room(taken: usize, limit: usize, asking: u32) -> bool {
    let half = limit / 2;
    let held = usize::try_from(asking).unwrap_or(usize::MAX).max(1);
    taken < half + (limit - half).div_ceil(held)
}

#[cfg(test)]
mod tests {
    use super::has_room;
    use proptest::prelude::*;

    /// Connections that each hold as many as they get, up to `most`, asking in turn: how many are in flight then.
    fn filled(connections: u32, most: u32, limit: usize) -> usize {
        let mut taken = 0;
        for asking in 1..=most {
            for _ in 0..connections {
                taken += usize::from(has_room(taken, limit, asking));
            }
        }
        taken
    }

    #[test]
    fn a_connection_alone_gets_more_than_half_and_single_requests_all() {
        assert!(filled(1, 100_000, 1_000) >= 500);
        assert_eq!(filled(1_000, 1, 1_000), 1_000);
        assert!(!has_room(1_000, 1_000, 1));
        assert!(has_room(0, 1, 1) && !has_room(1, 1, 1) && !has_room(0, 0, 1));
    }

    proptest! {
        #[test]
        fn who_asks_for_one_thing_finds_room_beside_fewer_hoarders_than_half_the_limit(
            limit in 2_usize..20_000, share in 1_u32..100, most in 2_u32..200,
        ) {
            let hoarders = u32::try_from(limit).unwrap() / 2 * share / 100;
            prop_assert!(has_room(filled(hoarders, most, limit), limit, 1));
        }

        #[test]
        fn never_more_than_the_limit(limit in 0_usize..20_000, taken in 0_usize..30_000, asking in 0_u32..200) {
            prop_assert!(!has_room(taken, limit, asking) || taken < limit);
        }
    }
}
