//! Usage on both databases: added up by hour and day, seen by both sides and by nobody else.

use crate::store::on_both;
use crate::{GOOD, loaded};
use registry::import;
use registry::model::Moment;
use registry::store::{Retention, Scope, Store, Usage, WantedUsage};
use std::time::Duration;

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

#[tokio::test]
async fn hours_are_forgotten_sooner_than_days_and_both_in_the_end() {
    on_both(|address, _| async move {
        let store = Store::open(&address).await.unwrap();
        let document = loaded(GOOD);
        import::fill(&store, import::objects(&document.draft, &[None]))
            .await
            .unwrap();
        let days = |count: i64| DAY + count * 24 * HOUR;
        for (day, calls) in [(0, 1), (5, 2), (9, 3), (10, 4)] {
            let at = Moment::from_seconds(days(day) + 7 * HOUR);
            store.add_usage(&[usage("app", "cases-v1", calls)], at).await.unwrap();
        }
        let page = service_host::page(None, None, 100).unwrap();
        let seen = async |by_day| {
            let wanted = WantedUsage {
                by_day,
                ..WantedUsage::default()
            };
            let (periods, total) = store.usage(&Scope::All, &wanted, page).await.unwrap();
            assert_eq!(periods.len() as u64, total);
            periods.into_iter().map(|one| one.usage.calls).collect::<Vec<_>>()
        };
        let retention = Retention {
            hours: Duration::from_secs(2 * 86_400),
            days: Duration::from_secs(7 * 86_400),
        };
        // An hour's row goes when the hour is over that long ago, a day's when the day is.
        let forgotten = store
            .forget_usage(retention, Moment::from_seconds(days(11) + 7 * HOUR))
            .await;
        assert_eq!(forgotten.unwrap(), 2 + 1);
        assert_eq!((seen(false).await, seen(true).await), (vec![4, 3], vec![4, 3, 2]));
        let again = store
            .forget_usage(retention, Moment::from_seconds(days(11) + 7 * HOUR))
            .await;
        assert_eq!(again.unwrap(), 0);
        // When an application last called is told by its days, once its hours are gone.
        let forgotten = store.forget_usage(retention, Moment::from_seconds(days(16))).await;
        assert_eq!(forgotten.unwrap(), 2 + 1);
        assert_eq!((seen(false).await, seen(true).await), (vec![], vec![4, 3]));
        let last = store.last_calls("cases-v1").await.unwrap();
        assert_eq!(last["app"].seconds(), days(10));
        store
            .forget_usage(retention, Moment::from_seconds(days(100)))
            .await
            .unwrap();
        assert_eq!(seen(true).await, Vec::<u64>::new());
    })
    .await;
}
