//! The breaker as a state machine, and as threads share it.

use super::*;
use proptest::prelude::*;

fn policy() -> Breaker {
    Breaker {
        failure_percent: 50,
        min_calls: 4,
        probes: 2,
        open_for: Duration::from_secs(1),
        ..Breaker::default()
    }
}

fn counts(well: u64, failed: u64) -> impl Fn() -> Counts {
    move || Counts { well, failed }
}

#[test]
fn opens_at_the_ratio_and_not_on_a_few_calls() {
    let settle = |well, failed| {
        State::CLOSED
            .settle(Outcome::Failed, None, 1, counts(well, failed), &policy())
            .position()
    };
    assert_eq!(settle(0, 3), Position::Closed, "too few to judge");
    assert_eq!(settle(3, 2), Position::Closed, "40 %");
    assert_eq!(settle(2, 2), Position::Open);
    let well = State::CLOSED.settle(Outcome::Well, None, 1, counts(0, 100), &policy());
    assert_eq!(well.position(), Position::Closed, "only a failure opens it");
}

#[test]
fn stays_open_for_longer_each_time_the_probes_fail_and_forgets_when_they_pass() {
    let policy = policy();
    let mut state = State::CLOSED.settle(Outcome::Failed, None, 0, counts(0, 9), &policy);
    let mut now = 0;
    for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
        assert_eq!(state.admit(now, &policy).1, Verdict::Refuse(seconds * 1000));
        now += seconds * 1000;
        let (half_open, verdict) = state.admit(now, &policy);
        let Verdict::Probe(probe) = verdict else {
            panic!("{verdict:?}")
        };
        state = half_open.settle(Outcome::Failed, Some(probe), now, counts(0, 0), &policy);
    }
    now += 60_000;
    let (state, first) = state.admit(now, &policy);
    let (state, second) = state.admit(now, &policy);
    assert_eq!((first, second), (Verdict::Probe(now), Verdict::Probe(now)));
    assert_eq!(state.admit(now, &policy).1, Verdict::Refuse(WHILE_PROBING));
    let state = state.settle(Outcome::Well, Some(now), now, counts(0, 0), &policy);
    assert_eq!(state.position(), Position::HalfOpen);
    let state = state.settle(Outcome::Well, Some(now), now, counts(0, 0), &policy);
    assert_eq!(state, State::CLOSED);
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Wait(u64),
    Begin,
    End(usize, Outcome),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let outcome = prop_oneof![Just(Outcome::Well), Just(Outcome::Failed), Just(Outcome::Abandoned)];
    let step = prop_oneof![
        (0_u64..3000).prop_map(Step::Wait),
        Just(Step::Begin),
        (0_usize..8, outcome).prop_map(|(which, outcome)| Step::End(which, outcome)),
    ];
    proptest::collection::vec(step, 1..300)
}

proptest! {
    /// Whatever calls do: what is packed is what is unpacked, no call passes while it is open, never more probes at once
    /// than the policy says, and a breaker is never stuck: after a minute without a call in flight one passes.
    #[test]
    fn promises_hold_whatever_calls_do(steps in steps(), probes in 1_u8..5) {
        let policy = Breaker { probes, ..policy() };
        let cell = Cell::default();
        let mut now = 3_600_000;
        let mut in_flight: Vec<(u64, Option<Probe>)> = Vec::new();
        let mut open_until = 0;
        for step in steps {
            match step {
                Step::Wait(millis) => now += millis,
                Step::Begin => {
                    let (verdict, _) = cell.change(|state| state.admit(now, &policy));
                    match verdict {
                        Verdict::Refuse(wait) => prop_assert!(wait > 0),
                        Verdict::Pass => {
                            prop_assert!(now >= open_until);
                            in_flight.push((now, None));
                        }
                        Verdict::Probe(probe) => {
                            prop_assert!(now >= open_until);
                            in_flight.push((now, Some(probe)));
                            let same = in_flight.iter().filter(|call| call.1 == Some(probe)).count();
                            prop_assert!(same <= usize::from(probes), "{same} probes at once");
                        }
                    }
                }
                Step::End(which, outcome) => {
                    if which >= in_flight.len() { continue; }
                    let (_, probe) = in_flight.remove(which);
                    let (_, moved) =
                        cell.change(|state| (state.settle(outcome, probe, now, counts(0, 9), &policy), ()));
                    if moved == Some(Position::Open) {
                        open_until = cell.load().at;
                        prop_assert!(open_until > now && open_until <= now + LONGEST_OPEN);
                    }
                }
            }
            let state = cell.load();
            prop_assert_eq!(State::unpack(state.pack()), state);
        }
        for (_, probe) in in_flight.drain(..) {
            cell.change(|state| (state.settle(Outcome::Abandoned, probe, now, counts(0, 0), &policy), ()));
        }
        let (verdict, _) = cell.change(|state| state.admit(now + LONGEST_OPEN, &policy));
        prop_assert!(!matches!(verdict, Verdict::Refuse(_)), "stuck: {:?}", cell.load());
    }
}
