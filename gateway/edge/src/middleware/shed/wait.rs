//! How long who is refused is told to wait: longer while refusing takes a good part of what is done.
//!
//! A refusal costs a quarter to a half of serving, so callers who are refused and come again each second can be as dear as those
//! who are served. The wait grows, up to fourfold a second, while more than one in [`DEAR`] is refused, and halves again when hardly
//! anyone is: as many come again in a second then as refusing may cost, however many there are.

use std::time::Duration;

/// The wait grows while, for each that is refused, fewer than this are taken.
const DEAR: u32 = 16;
/// It is halved while more than this are.
const CHEAP: u32 = 64;
/// How much it grows at once.
const STEPS: std::ops::RangeInclusive<u64> = 2..=4;
const SHORTEST: u32 = 1;
/// With the spread twice this: less than a connection may be silent, so that nobody is cut off for having waited.
const LONGEST: u32 = 16;

/// The wait in force. Pure: no clock, no lock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wait {
    seconds: u32,
}

impl Wait {
    pub(super) const fn new() -> Self {
        Self { seconds: SHORTEST }
    }

    /// Takes a second's counts in. The wait that follows, in seconds.
    pub(super) fn learn(&mut self, asked: u32, refused: u32) -> u32 {
        let (taken, refused) = (u64::from(asked.saturating_sub(refused)), u64::from(refused));
        if refused * u64::from(DEAR) > taken {
            let dear = (refused * u64::from(DEAR)).checked_div(taken).unwrap_or(u64::MAX);
            let step = dear.clamp(*STEPS.start(), *STEPS.end());
            self.seconds =
                u32::try_from(u64::from(self.seconds) * step).map_or(LONGEST, |seconds| seconds.min(LONGEST));
        } else if refused * u64::from(CHEAP) <= taken {
            self.seconds = (self.seconds / 2).max(SHORTEST);
        }
        self.seconds
    }
}

/// The wait of the refusal of this number: between `seconds` and twice that, so that who was refused at once does not come
/// again at once.
pub(super) fn spread(seconds: u32, number: u32) -> Duration {
    // Steps of the golden section lie evenly, however many there are (Knuth, TAOCP 3, section 6.4).
    let part = f64::from(number.wrapping_mul(0x9E37_79B9)) / f64::from(u32::MAX);
    Duration::from_secs(u64::from(seconds)).mul_f64(1.0 + part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What is taken a second in the end where `callers` more than fit come again as they were told, a refusal costs `price`
    /// of serving and the gateway could serve `peak`.
    fn taken(callers: f64, price: f64, peak: f64) -> f64 {
        let (mut wait, mut seconds, mut taken) = (Wait::new(), 1, peak);
        for _ in 0..100 {
            let refused = (callers / (1.5 * f64::from(seconds))).min(peak / price);
            taken = (peak - refused * price).max(0.0);
            seconds = wait.learn((taken + refused) as u32, refused as u32);
        }
        taken
    }

    #[test]
    fn however_many_come_again_nine_tenths_are_left_for_those_who_are_taken() {
        for callers in [100.0, 1_600.0, 20_000.0] {
            let (now, peak) = (taken(callers, 0.5, 8_000.0), 8_000.0);
            assert!(now > peak * 0.92, "{callers} callers: {now} of {peak}");
        }
    }

    #[test]
    fn after_an_overload_the_wait_is_short_again() {
        let mut wait = Wait::new();
        for _ in 0..10 {
            wait.learn(2_000, 1_000);
        }
        assert_eq!(wait.seconds, LONGEST);
        for _ in 0..10 {
            wait.learn(1_000, 0);
        }
        assert_eq!(wait.seconds, SHORTEST);
    }

    proptest! {
        #[test]
        fn the_wait_stays_between_its_bounds(counts in proptest::collection::vec((any::<u32>(), any::<u32>()), 0..100)) {
            let mut wait = Wait::new();
            for (asked, refused) in counts {
                prop_assert!((SHORTEST..=LONGEST).contains(&wait.learn(asked, refused)));
            }
        }

        #[test]
        fn a_wait_is_spread_over_as_much_again(seconds in SHORTEST..=LONGEST, number in any::<u32>()) {
            let wait = spread(seconds, number);
            let least = Duration::from_secs(u64::from(seconds));
            prop_assert!(wait >= least && wait <= least * 2);
        }
    }
}
