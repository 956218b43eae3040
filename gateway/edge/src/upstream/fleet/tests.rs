//! Who gets the calls, and what outlives a reload.

use super::*;
use proptest::prelude::*;
use snapshot::{BackendDraft, Draft, OrganisationDraft, OrganisationKind, Snapshot};

fn backend(addresses: usize, traffic: BackendTraffic) -> Backend {
    let draft = Draft {
        version: 1,
        organisations: vec![OrganisationDraft {
            id: "agency".into(),
            name: "Agency".into(),
            kind: OrganisationKind::StateAgency,
        }],
        backends: vec![BackendDraft {
            id: "backend".into(),
            organisation: "agency".into(),
            addresses: (0..addresses).map(|number| format!("http://10.0.0.{number}")).collect(),
            connect_timeout: Duration::from_secs(1),
            allow_private_network: true,
            ca_file: None,
            assertion: snapshot::Assertion::None,
            traffic,
        }],
        ..Draft::default()
    };
    Snapshot::compile(&draft).unwrap().backends()[0].clone()
}

fn standing(addresses: usize, traffic: BackendTraffic) -> Arc<Standing> {
    Fleet::default().follow(&[backend(addresses, traffic)]).remove(0)
}

fn shares(standing: &Standing, turns: usize) -> Vec<usize> {
    let mut counts = vec![0; standing.addresses.len()];
    for _ in 0..turns {
        counts[standing.choose(0).unwrap().first] += 1;
    }
    counts
}

#[test]
fn equals_get_equal_calls_and_weights_are_kept() {
    let counts = shares(&standing(4, BackendTraffic::default()), 4000);
    assert!(counts.iter().all(|count| (800..1200).contains(count)), "{counts:?}");
    let weighted = BackendTraffic {
        weights: vec![3, 1, 0],
        ..BackendTraffic::default()
    };
    let counts = shares(&standing(3, weighted), 4000);
    assert!((2700..3300).contains(&counts[0]) && counts[2] == 0, "{counts:?}");
    let many = shares(&standing(20, BackendTraffic::default()), 8000);
    assert!(many.iter().all(|count| (200..700).contains(count)), "{many:?}");
}

#[test]
fn what_is_slow_or_fails_fast_gets_nothing() {
    let standing = standing(3, BackendTraffic::default());
    let now = clock::now();
    standing.addresses[0].well(now, Duration::from_millis(200));
    standing.addresses[1].failed(now, Duration::from_micros(10), None);
    assert_eq!(shares(&standing, 500), [0, 0, 500]);
}

#[test]
fn one_that_is_back_begins_with_a_small_share() {
    let standing = standing(2, BackendTraffic::default());
    let now = clock::now();
    assert_eq!(standing.addresses[0].checked(false, 1, now), Some(false));
    assert_eq!(shares(&standing, 500), [0, 500]);
    assert_eq!(standing.addresses[0].checked(true, 1, now), Some(true));
    let counts = shares(&standing, 2000);
    assert!((60..400).contains(&counts[0]), "{counts:?}");
}

#[test]
fn with_too_few_left_all_are_used() {
    let standing = standing(3, BackendTraffic::default());
    let now = clock::now();
    for index in 0..2 {
        standing.addresses[index].checked(false, 1, now);
    }
    let counts = shares(&standing, 900);
    assert!(counts.iter().all(|count| *count > 200), "{counts:?}");
}

#[test]
fn history_survives_a_change_of_addresses_and_policies() {
    let fleet = Fleet::default();
    let broken = || BackendTraffic {
        breaker: Some(snapshot::Breaker::default()),
        ..BackendTraffic::default()
    };
    let first = fleet.follow(&[backend(2, broken())]).remove(0);
    first.addresses[1].checked(false, 1, clock::now());
    for _ in 0..20 {
        first.settle(Outcome::Failed, None, clock::now());
    }
    assert!(first.admit().is_err());
    let weighted = BackendTraffic {
        weights: vec![1, 2, 1],
        ..broken()
    };
    let second = fleet.follow(&[backend(3, weighted)]).remove(0);
    assert!(!second.addresses[1].is_healthy() && second.addresses[2].is_healthy());
    assert!(second.admit().is_err(), "the breaker is open still");
    assert_eq!(fleet.reports()[0].breaker, Position::Open);
    fleet.follow(&[]);
    assert!(fleet.reports().is_empty());
}

#[test]
fn the_cap_is_on_calls_at_once() {
    let capped = BackendTraffic {
        max_concurrent: std::num::NonZeroU32::new(2),
        ..BackendTraffic::default()
    };
    let standing = standing(1, capped);
    let held = [Attempt::admit(&standing).unwrap(), Attempt::admit(&standing).unwrap()];
    assert!(matches!(Attempt::admit(&standing), Err(Refusal::Busy)));
    drop(held);
    assert!(Attempt::admit(&standing).is_ok());
    assert_eq!(standing.report_now().in_flight, 0);
}

proptest! {
    /// Whatever fails, in whatever order: never all addresses are ejected, never more than the policy's share.
    #[test]
    fn never_all_at_once(count in 1_usize..12, max_percent in 1_u8..=100, failures in proptest::collection::vec(0_usize..12, 0..200)) {
        let ejection = Some(Ejection { failures: 1, max_percent, ..Ejection::default() });
        let standing = standing(count, BackendTraffic { ejection, ..BackendTraffic::default() });
        let now = clock::now();
        for index in failures.into_iter().filter(|index| *index < count) {
            standing.eject(index, now);
            let gone = standing.addresses.iter().filter(|address| !address.is_available(now)).count();
            prop_assert!(gone < count && gone * 100 <= count * usize::from(max_percent));
            if count > 1 {
                prop_assert!(standing.choose(0).is_some());
            }
        }
    }

    /// Retries stay within their share of the calls, but for the few that are always allowed.
    #[test]
    fn the_retry_budget_holds(steps in proptest::collection::vec(any::<bool>(), 0..500)) {
        let standing = standing(1, BackendTraffic::default());
        let (mut calls, mut retries) = (0_u64, 0_u64);
        for is_call in steps {
            if is_call {
                standing.count_call();
                calls += 1;
            } else if standing.may_retry(&Retry::default()) {
                retries += 1;
            }
            prop_assert!(retries <= (calls / 5).max(BUDGET_FLOOR));
        }
    }
}

use snapshot::Ejection;
