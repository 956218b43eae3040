//! What must hold whatever breaks.

use super::*;

const SEEDS: [u64; 3] = [1, 7, 2_026];

fn story(failure: Failure, seed: u64) -> Story {
    let (demand, costs) = (Demand::default(), Costs::round());
    run(&demand, &costs, &Needs::of(&demand, &costs), failure, seed)
}

#[test]
fn a_seed_tells_one_story() {
    for failure in [Failure::Database, Failure::Redis, Failure::Centre] {
        assert_eq!(story(failure, 1), story(failure, 1));
        assert_ne!(story(failure, 1), story(failure, 2));
    }
}

#[test]
fn no_call_is_lost_from_sight_and_no_reading_is_made_up() {
    for failure in [Failure::Database, Failure::Redis, Failure::Centre] {
        for seed in SEEDS {
            let story = story(failure, seed);
            for seen in &story.phases {
                let ends = seen.answered + seen.refused_people + seen.refused_others + seen.failed;
                assert_eq!(seen.calls, ends, "{seen:?}");
                assert!(seen.calls > 10_000, "{seen:?}");
                assert!(seen.p50_millis <= seen.p99_millis, "{seen:?}");
            }
            assert_eq!(
                story.readings_told,
                story.readings_written + story.readings_lost,
                "{story:?}"
            );
            assert!(story.most_readings_waiting <= node::QUEUE);
            let [before, ..] = &story.phases;
            assert_eq!(before.answered, before.calls, "{before:?}");
        }
    }
}

#[test]
fn without_its_database_the_gateway_answers_until_its_queue_is_full_and_then_all_but_people() {
    for seed in SEEDS {
        let story = story(Failure::Database, seed);
        let [_, during, after] = &story.phases;
        // 50,000 calls a second on 44 nodes, half of them with a person: the queue lasts 16,384 / 568 s and a little more.
        let first = story.first_noticed_seconds.unwrap();
        assert!((28.0..OUTAGE).contains(&first), "{first}");
        assert!(during.refused_people > 0, "{during:?}");
        for seen in [during, after] {
            assert_eq!((seen.refused_others, seen.failed), (0, 0), "{seen:?}");
        }
        assert_eq!(story.readings_lost, 0);
        assert!(story.last_noticed_seconds.is_none_or(|last| last < 2.0), "{story:?}");
    }
}

#[test]
fn without_its_redis_the_gateway_answers_all_and_nobody_waits_longer_than_a_timeout() {
    for seed in SEEDS {
        let story = story(Failure::Redis, seed);
        assert_eq!(story.first_noticed_seconds, None);
        let [before, during, _] = &story.phases;
        assert!((during.p99_millis - before.p99_millis).abs() < 25.0, "{story:?}");
    }
}

#[test]
fn a_centre_that_is_gone_is_noticed_until_the_others_are_asked_and_they_carry_it_all() {
    for seed in SEEDS {
        let story = story(Failure::Centre, seed);
        let [_, during, after] = &story.phases;
        let share = during.failed as f64 / during.calls as f64;
        // Half of the calls for five of thirty seconds.
        assert!((share - 0.5 * TAKEOVER / OUTAGE).abs() < 0.01, "{share}");
        assert_eq!((during.refused_people, during.refused_others), (0, 0), "{during:?}");
        assert_eq!(after.answered, after.calls, "{after:?}");
        // At most a batch and what came while it was written, and what was under way.
        assert!(story.readings_lost < 1_000, "{story:?}");
    }
}

#[test]
fn a_fleet_without_a_node_to_spare_for_a_lost_centre_refuses_what_it_cannot_carry() {
    let demand = Demand {
        // Processors decide, and each is as busy as may be.
        person_share: 0.0,
        cores: 1,
        busy: 0.9,
        ..Demand::default()
    };
    let costs = Costs {
        call: 1_000.0,
        ..Costs::round()
    };
    let mut needs = Needs::of(&demand, &costs);
    needs.nodes_a_centre = needs.nodes_a_centre * 6 / 10;
    let story = run(&demand, &costs, &needs, Failure::Centre, 1);
    let [before, during, _] = &story.phases;
    assert_eq!(before.refused_others, 0, "{before:?}");
    assert!(during.refused_others > 1_000, "{during:?}");
}
