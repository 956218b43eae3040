//! Own usage: both sides see the calls, a third sees none, and a restart forgets nothing.

use crate::world::{Call, Caller, Node, World};
use registry::model::Moment;
use registry::store::{Store, Usage};
use serde_json::{Value, json};

const DATABASE: &str = "sqlite:registry.sqlite";

fn days_ago(days: i64) -> String {
    let then = jiff::Timestamp::now().as_second() - days * 86_400;
    jiff::Timestamp::from_second(then).unwrap().to_string()
}

/// The usage that a member sees, once it holds so many calls.
async fn seen(world: &World, node: &Node, by: &Caller, calls: u64) -> Value {
    let begun = std::time::Instant::now();
    loop {
        let path = format!("/usage-periods?by=day&apiId=guide-v1&from={}", days_ago(2));
        let list = world.get(node, &by.key, &path).await;
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

/// Usage of half a year and of ten years ago, as a node would have counted it then.
async fn long_ago(world: &World, application: &str) {
    let address = format!("sqlite:{}", world.folder.path().join("registry.sqlite").display());
    let store = Store::open(&address).await.unwrap();
    let usage = Usage {
        application: application.to_owned(),
        api: "guide-v1".to_owned(),
        calls: 1,
        ..Usage::default()
    };
    for days in [180, 3_650] {
        let then = Moment::from_seconds(Moment::now().seconds() - days * 86_400);
        store.add_usage(std::slice::from_ref(&usage), then).await.unwrap();
    }
    store.close().await;
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
    long_ago(&world, &serving.application_id).await;
    node = world.node("first", DATABASE);
    // The node has forgotten what is older than it keeps: hours after three months, days after three years.
    let begun = std::time::Instant::now();
    loop {
        let list = async |by: &str| {
            let path = format!("/usage-periods?by={by}&to={}", days_ago(150));
            let list = world.get(&node, &serving.bank.key, &path).await.body;
            list["usagePeriods"].as_array().unwrap().len()
        };
        if (list("hour").await, list("day").await) == (0, 1) {
            break;
        }
        assert!(begun.elapsed().as_secs() < 30);
    }
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
