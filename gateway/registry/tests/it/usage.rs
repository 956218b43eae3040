//! Usage on both databases: added up by hour and day, seen by both sides and by nobody else.

use crate::store::on_both;
use crate::{GOOD, loaded};
use registry::import;
use registry::model::Moment;
use registry::store::{Scope, Store, Usage, WantedUsage};

const HOUR: i64 = 3_600;
/// A day's first second.
const DAY: i64 = 1_800_057_600;

fn usage(application: &str, api: &str, calls: u64) -> Usage {
    Usage {
        application: application.to_owned(),
        api: api.to_owned(),
        calls,
        limited: 1,
        microseconds: calls * 2_000,
        within: [calls, 0, 0, 0, 0, 0],
        ..Usage::default()
    }
}

#[tokio::test]
async fn calls_are_added_up_and_shown_to_both_sides() {
    on_both(|address, _| async move {
        let store = Store::open(&address).await.unwrap();
        let document = loaded(GOOD);
        import::fill(&store, import::objects(&document.draft, &[None]))
            .await
            .unwrap();
        let add = async |at: i64, calls| {
            let counted = [usage("app", "cases-v1", calls), usage("member", "registry-v1", 7)];
            store.add_usage(&counted, Moment::from_seconds(at)).await.unwrap();
        };
        for (at, calls) in [(DAY, 3), (DAY + 5, 4), (DAY + HOUR, 10), (DAY + 24 * HOUR, 20)] {
            add(at, calls).await;
        }
        let page = service_host::page(None, None, 100).unwrap();
        let seen = async |scope: Scope, wanted: WantedUsage| {
            let (periods, total) = store.usage(&scope, &wanted, page).await.unwrap();
            assert_eq!(periods.len() as u64, total);
            periods
                .into_iter()
                .map(|one| (one.start.seconds() - DAY, one.usage.calls, one.usage.limited))
                .collect::<Vec<_>>()
        };
        let organisation = |id: &str| Scope::Organisation(id.to_owned());
        let hours = [(24 * HOUR, 20, 1), (HOUR, 10, 1), (0, 7, 2)];
        for scope in [Scope::All, organisation("agency"), organisation("bank")] {
            assert_eq!(seen(scope, WantedUsage::default()).await, hours);
        }
        assert_eq!(seen(organisation("other"), WantedUsage::default()).await, []);
        let by_day = WantedUsage {
            by_day: true,
            ..WantedUsage::default()
        };
        assert_eq!(seen(Scope::All, by_day).await, [(24 * HOUR, 20, 1), (0, 17, 3)]);
        let between = WantedUsage {
            from: Some(Moment::from_seconds(DAY + HOUR)),
            to: Some(Moment::from_seconds(DAY + 2 * HOUR)),
            ..WantedUsage::default()
        };
        assert_eq!(seen(Scope::All, between).await, [(HOUR, 10, 1)]);
        let of_another = WantedUsage {
            api: Some("other-v1".to_owned()),
            ..WantedUsage::default()
        };
        assert_eq!(seen(Scope::All, of_another).await, []);
        let last = store.last_calls("cases-v1").await.unwrap();
        assert_eq!(last["app"].seconds(), DAY + 24 * HOUR);
    })
    .await;
}
