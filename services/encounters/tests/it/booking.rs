//! No time is given twice, however many want it at once; numbers go when they have been used.

use std::sync::Arc;

use encounters::seal::Seal;
use encounters::store::{Asker, BookingError, BookingState, EncounterKind, Owner, Slot, Store};
use jiff::{Span, Timestamp};
use proptest::prelude::*;

async fn store(address: &str, directory: &tempfile::TempDir) -> Arc<Store> {
    let seal = Seal::load_or_create(&directory.path().join("key")).unwrap();
    Arc::new(Store::open(address, seal).await.unwrap())
}

fn in_hours(hours: i64) -> Timestamp {
    Timestamp::now().checked_add(Span::new().hours(hours)).unwrap()
}

async fn offer(store: &Store, capacity: u32) -> Slot {
    let slot = Slot {
        id: String::new(),
        organisation: "skatteverket".to_owned(),
        kind: EncounterKind::Callback,
        starts: in_hours(1),
        ends: in_hours(2),
        place: None,
        capacity,
        free: capacity,
    };
    store.offer(slot).await.unwrap()
}

/// `wanting` callers at once, each of whom books and some of whom cancel at once: gives how many hold a place at the end.
async fn rush(store: &Arc<Store>, slot: &Slot, wanting: usize, cancelling: usize) -> usize {
    let tasks: Vec<_> = (0..wanting)
        .map(|number| {
            let (store, slot) = (Arc::clone(store), slot.id.clone());
            tokio::spawn(async move {
                let owner = Owner::new(&format!("app-{number}"), None);
                let booked = store
                    .book(&owner, &slot, Some("070-174 06 05"), "sv", Timestamp::now())
                    .await;
                let booking = match booked {
                    Ok(booking) => booking,
                    Err(BookingError::NotOffered) => return 0,
                    Err(error) => panic!("{error}"),
                };
                if number < cancelling {
                    let asker = Asker::Owner(&owner);
                    store
                        .close(&asker, &booking.id, BookingState::Cancelled, Timestamp::now())
                        .await
                        .unwrap();
                    return 0;
                }
                1
            })
        })
        .collect();
    let mut held = 0;
    for task in tasks {
        held += task.await.unwrap();
    }
    held
}

async fn never_more_than_offered(store: Arc<Store>, capacity: u32, wanting: usize, cancelling: usize) {
    let slot = offer(&store, capacity).await;
    let held = rush(&store, &slot, wanting, cancelling).await;
    let offered = usize::try_from(capacity).unwrap();
    assert!(held <= offered, "{held} hold {offered} places");
    let free = store.offered("skatteverket", Timestamp::now()).await.unwrap();
    let left = free
        .iter()
        .find(|one| one.id == slot.id)
        .map_or(0, |one| usize::try_from(one.free).unwrap());
    assert_eq!(held + left, offered, "places were lost or made");
    if cancelling == 0 {
        assert_eq!(held, offered.min(wanting));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_time_is_given_twice_in_sqlite(capacity in 1_u32..5, wanting in 1_usize..24, cancelling in 0_usize..8) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let directory = tempfile::tempdir().unwrap();
            let address = format!("sqlite:{}", directory.path().join("encounters.sqlite").display());
            never_more_than_offered(store(&address, &directory).await, capacity, wanting, cancelling).await;
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_time_is_given_twice_in_postgresql() {
    let directory = tempfile::tempdir().unwrap();
    let address = database::testing::postgres().await;
    let store = store(&address, &directory).await;
    for (capacity, wanting, cancelling) in [(1, 20, 0), (3, 24, 8), (4, 2, 1)] {
        never_more_than_offered(Arc::clone(&store), capacity, wanting, cancelling).await;
    }
}

#[tokio::test]
async fn a_promise_that_nobody_keeps_is_missed_and_its_number_goes() {
    let directory = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", directory.path().join("encounters.sqlite").display());
    let store = store(&address, &directory).await;
    let slot = offer(&store, 1).await;
    let owner = Owner::new("app", Some("party-1"));
    let booking = store
        .book(&owner, &slot.id, Some("070-174 06 05"), "sv", Timestamp::now())
        .await
        .unwrap();
    assert_eq!(
        store
            .number("skatteverket", &booking.id, Timestamp::now())
            .await
            .unwrap(),
        "070-174 06 05"
    );
    let others = store.number("csn", &booking.id, Timestamp::now()).await;
    assert!(matches!(others, Err(BookingError::NoBooking)));
    let stranger = Owner::new("app", Some("party-2"));
    let strange = store
        .booking(&Asker::Owner(&stranger), &booking.id, Timestamp::now())
        .await;
    assert!(matches!(strange, Err(BookingError::NoBooking)));
    let later = in_hours(4);
    let missed = store.booking(&Asker::Owner(&owner), &booking.id, later).await.unwrap();
    assert_eq!((missed.state, missed.has_number), (BookingState::Missed, false));
    assert_eq!(store.promises("skatteverket", later).await.unwrap(), [0, 0, 1]);
    let late = store
        .close(
            &Asker::Organisation("skatteverket"),
            &booking.id,
            BookingState::Kept,
            later,
        )
        .await;
    assert!(matches!(late, Err(BookingError::Closed)));
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(13).any(|part| part == b"070-174 06 05"));
    }
}
