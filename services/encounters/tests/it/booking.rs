//! No time is given twice, however many want it at once; numbers go when they have been used.

use std::sync::Arc;

use encounters::meeting::{BookingState, EncounterKind, Slot};
use encounters::store::{Asker, BookingError, Owner, Store, Wish};
use jiff::{Span, Timestamp};
use proptest::test_runner::{Config as ProptestConfig, TestRunner};
use service_host::Seal;

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

fn wish(slot: &str) -> Wish<'_> {
    Wish {
        slot,
        number: Some("070-174 06 05"),
        language: "sv",
        matter: None,
    }
}

/// `wanting` callers at once, each of whom books and some of whom cancel at once: gives how many hold a place at the end.
async fn rush(store: &Arc<Store>, slot: &Slot, wanting: usize, cancelling: usize) -> usize {
    let tasks: Vec<_> = (0..wanting)
        .map(|number| {
            let (store, slot) = (Arc::clone(store), slot.id.clone());
            tokio::spawn(async move {
                let owner = Owner::new(&format!("app-{number}"), None);
                let booked = store.book(&owner, &wish(&slot), Timestamp::now()).await;
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

/// Any number of places, of callers and of changes of mind, again and again in the same store.
fn whoever_comes(address: impl Future<Output = String>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let directory = tempfile::tempdir().unwrap();
    let store = runtime.block_on(async { store(&address.await, &directory).await });
    let mut runner = TestRunner::new(ProptestConfig::with_cases(24));
    let cases = (1_u32..5, 1_usize..24, 0_usize..8);
    runner
        .run(&cases, |(capacity, wanting, cancelling)| {
            runtime.block_on(never_more_than_offered(
                Arc::clone(&store),
                capacity,
                wanting,
                cancelling,
            ));
            Ok(())
        })
        .unwrap();
}

#[test]
fn no_time_is_given_twice_in_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("encounters.sqlite");
    whoever_comes(async { format!("sqlite:{}", file.display()) });
}

#[test]
fn no_time_is_given_twice_in_postgresql() {
    whoever_comes(database::testing::postgres());
}

#[tokio::test]
async fn a_time_taken_back_is_kept_by_whoever_has_it_and_given_to_nobody_else() {
    let directory = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", directory.path().join("encounters.sqlite").display());
    let store = store(&address, &directory).await;
    let slot = offer(&store, 2).await;
    let (owner, now) = (Owner::new("app", None), Timestamp::now());
    let booking = store.book(&owner, &wish(&slot.id), now).await.unwrap();
    assert!(!store.withdraw("csn", &slot.id).await.unwrap());
    assert!(store.withdraw("skatteverket", &slot.id).await.unwrap());
    let refused = store.book(&owner, &wish(&slot.id), now).await;
    assert!(matches!(refused, Err(BookingError::NotOffered)));
    let kept = store.bookings(&Asker::Organisation("skatteverket"), now).await.unwrap();
    assert_eq!(kept.iter().map(|one| &one.id).collect::<Vec<_>>(), [&booking.id]);
    let asker = Asker::Owner(&owner);
    store
        .close(&asker, &booking.id, BookingState::Cancelled, now)
        .await
        .unwrap();
    let refused = store.book(&owner, &wish(&slot.id), now).await;
    assert!(matches!(refused, Err(BookingError::NotOffered)));
}

#[tokio::test]
async fn a_promise_that_nobody_keeps_is_missed_and_its_number_goes() {
    let directory = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", directory.path().join("encounters.sqlite").display());
    let store = store(&address, &directory).await;
    let slot = offer(&store, 1).await;
    let owner = Owner::new("app", Some("party-1"));
    let booking = store.book(&owner, &wish(&slot.id), Timestamp::now()).await.unwrap();
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
    let (mine, others) = (
        store.bookings(&Asker::Owner(&owner), later).await.unwrap(),
        store.bookings(&Asker::Owner(&stranger), later).await.unwrap(),
    );
    assert_eq!((mine.len(), others.len()), (1, 0));
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
