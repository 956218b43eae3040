//! Own usage: both sides see the calls, a third sees none, and a restart forgets nothing.

use crate::world::{Call, Caller, Node, World};
use serde_json::{Value, json};

const DATABASE: &str = "sqlite:registry.sqlite";

/// The usage that a member sees, once it holds so many calls.
async fn seen(world: &World, node: &Node, by: &Caller, calls: u64) -> Value {
    let begun = std::time::Instant::now();
    loop {
        let list = world.get(node, &by.key, "/usage-periods?by=day&apiId=guide-v1").await;
        assert_eq!(list.status, 200, "{list:?}");
        let periods = list.body["usagePeriods"].as_array().unwrap();
        let sum: u64 = periods.iter().map(|one| one["calls"].as_u64().unwrap()).sum();
        if sum >= calls {
            assert_eq!(sum, calls, "{list:?}");
            return periods[0].clone();
        }
        assert!(begun.elapsed().as_secs() < 30, "{list:?}");
    }
}

#[tokio::test]
async fn an_agency_and_a_consumer_see_their_calls_and_a_restart_forgets_none() {
    let world = World::begin(DATABASE);
    let mut node = world.node("first", DATABASE);
    let serving = world.serving(&node).await;
    world.organisation(&node, "stranger", "privateActor").await;
    let stranger = world.member(&node, "stranger", &["agencyAdmin"]).await;
    // The calls until the key was known are not the application's; the last one was.
    for _ in 0..9 {
        assert_eq!(world.served(&node, &serving.key, "/guide/v1/things").await.0, 200);
    }
    let path = format!("/agreements/{}/suspension", serving.agreement_id);
    world
        .change(&node, &serving.agency.key, "PUT", &path, json!({"reason": "because"}))
        .await;
    world.served_until(&node, &serving.key, 403).await;
    let of_agency = world
        .get(&node, &serving.agency.key, "/apis/guide-v1/callers")
        .await
        .body;
    assert_eq!(
        of_agency["callers"][0]["applicationId"],
        serving.application_id.as_str(),
        "{of_agency}"
    );
    assert_eq!(of_agency["callers"][0]["organisationId"], "bank");
    let before = loop {
        let list = world.get(&node, &serving.bank.key, "/usage-periods").await.body;
        let first = list["usagePeriods"][0].clone();
        if first["clientErrors"].as_u64() > Some(0) {
            break first;
        }
    };
    assert_eq!(before["apiOrganisationId"], "agency");
    assert_eq!(before["applicationId"], serving.application_id.as_str());
    let calls = before["calls"].as_u64().unwrap();
    assert!(calls >= 11, "ten answered and one refused: {before}");
    let classes = before["latencies"].as_array().unwrap();
    assert_eq!(
        classes
            .iter()
            .map(|class| class["calls"].as_u64().unwrap())
            .sum::<u64>(),
        calls,
        "{before}"
    );
    let strange = world
        .get(&node, &stranger.key, "/usage-periods?apiId=guide-v1")
        .await
        .body;
    assert_eq!(strange["usagePeriods"], json!([]));
    let hidden = world
        .send(&node, &Call::new(&serving.bank.key, "GET", "/apis/guide-v1/callers"))
        .await;
    assert_eq!(hidden.status, 404, "{hidden:?}");

    // What was counted in the last moment is added before the node ends.
    for _ in 0..5 {
        assert_eq!(world.served(&node, &serving.key, "/guide/v1/things").await.0, 403);
    }
    node.process.signal("TERM");
    assert!(node.process.ended().0.success());
    node = world.node("first", DATABASE);
    for by in [&serving.agency, &serving.bank] {
        let after = seen(&world, &node, by, calls + 5).await;
        assert_eq!(
            after["clientErrors"].as_u64().unwrap(),
            before["clientErrors"].as_u64().unwrap() + 5
        );
    }
    let last = world
        .get(&node, &serving.agency.key, "/apis/guide-v1/callers")
        .await
        .body;
    assert!(last["callers"][0]["lastCalledAt"].is_string(), "{last}");
}
