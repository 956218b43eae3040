//! The deadline in virtual time: whatever each source does, for however long, everybody is settled when it comes.

use proptest::prelude::*;
use proptest::test_runner::Config;
use tokio::time::sleep;

use super::*;

/// What one source does when it is asked.
#[derive(Clone, Copy, Debug)]
enum Does {
    /// Answers after so many milliseconds.
    Answers(u64),
    /// Fails after so many.
    Fails(u64),
    /// Answers in so many parts, each after so many.
    Trickles(u64, u64),
    /// Never says anything.
    Hangs,
}

impl Does {
    /// When it is done by itself.
    fn done_after(self) -> Option<Duration> {
        match self {
            Self::Answers(ms) | Self::Fails(ms) => Some(Duration::from_millis(ms)),
            Self::Trickles(parts, ms) => Some(Duration::from_millis(parts * ms)),
            Self::Hangs => None,
        }
    }

    async fn act(self) -> Result<(), Failed> {
        match self {
            Self::Answers(ms) => sleep(Duration::from_millis(ms)).await,
            Self::Fails(ms) => {
                sleep(Duration::from_millis(ms)).await;
                return Err(Failed::register());
            }
            Self::Trickles(parts, ms) => {
                for _ in 0..parts {
                    sleep(Duration::from_millis(ms)).await;
                }
            }
            Self::Hangs => std::future::pending().await,
        }
        Ok(())
    }
}

fn does() -> impl Strategy<Value = Does> {
    prop_oneof![
        (0..5_000_u64).prop_map(Does::Answers),
        (0..5_000_u64).prop_map(Does::Fails),
        (1..100_u64, 1..100_u64).prop_map(|(parts, ms)| Does::Trickles(parts, ms)),
        Just(Does::Hangs),
    ]
}

proptest! {
    #![proptest_config(Config { cases: 200, failure_persistence: None, ..Config::default() })]

    #[test]
    fn everybody_has_answered_or_is_late_at_the_deadline_and_nobody_is_waited_for_longer_than_needed(
        all in proptest::collection::vec(does(), 0..200),
        time in 0..4_000_u64,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let (answers, took) = runtime.block_on(async {
            let begun = Instant::now();
            let deadline = begun + Duration::from_millis(time);
            let asked = all.iter().enumerate().map(|(at, one)| (at, one.act())).collect();
            (scatter(asked, deadline).await, begun.elapsed())
        });
        let deadline = Duration::from_millis(time);
        // A timer rounds up to a whole millisecond.
        let slack = Duration::from_millis(1);
        let last = all.iter().map(|one| one.done_after().map_or(deadline, |done| done.min(deadline))).max();
        prop_assert!(took <= last.unwrap_or_default() + slack, "{took:?}");
        prop_assert_eq!(answers.len(), all.len());
        for (at, (key, answer)) in answers.iter().enumerate() {
            prop_assert_eq!(*key, at, "each answer is kept with whom it is of");
            let Some(done) = all[at].done_after() else {
                prop_assert_eq!(answer, &Err(Failed::late()));
                continue;
            };
            if done < deadline {
                let expected = if matches!(all[at], Does::Fails(_)) { Err(Failed::register()) } else { Ok(()) };
                prop_assert_eq!(answer, &expected);
            } else if done > deadline + slack {
                prop_assert_eq!(answer, &Err(Failed::late()));
            }
        }
    }
}
