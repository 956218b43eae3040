//! The store on both databases: what is acknowledged is there, in a trail that shows every hand laid on it.

use crate::{GOOD, loaded};
use registry::audit::{Fault, verify};
use registry::import;
use registry::model::{Organisation, OrganisationKind};
use registry::store::{Actor, NewObject, Store, backup, restore};
use registry::watch::Picture;
use snapshot::Snapshot;
use std::collections::BTreeSet;
use std::path::Path;

const NOW: i64 = 1_800_000_000;

/// Runs `check` on a new store of each kind, with a folder for files.
pub(crate) async fn on_both<F: Future<Output = ()>>(check: impl Fn(String, std::path::PathBuf) -> F) {
    for address in [None, Some(database::testing::postgres().await)] {
        let folder = tempfile::tempdir().unwrap();
        let file = || format!("sqlite:{}", folder.path().join("registry.sqlite").display());
        check(address.unwrap_or_else(file), folder.path().to_owned()).await;
    }
}

pub(crate) fn actor() -> Actor {
    Actor {
        member: "tester".to_owned(),
        organisation: "operator".to_owned(),
    }
}

fn organisation(id: &str) -> Organisation {
    Organisation {
        organisation_id: id.to_owned(),
        name: id.to_owned(),
        name_en: None,
        kind: OrganisationKind::Municipality,
        organisation_number: None,
        municipality_code: None,
        county_code: None,
        parent_id: None,
        website: None,
        valid_from: None,
        valid_to: None,
        successor_ids: Vec::new(),
        relation_terms: None,
    }
}

async fn add(store: &Store, id: &str) -> i64 {
    let mut change = store.change(actor()).await.unwrap();
    let made = change.add(organisation(id)).await.unwrap();
    assert!(matches!(made, NewObject::Made(_)));
    change.commit().await.unwrap()
}

/// Everything the store holds, as a node reads it.
async fn picture(store: &Store) -> Picture {
    let mut picture = Picture::default();
    picture.follow(store).await.unwrap();
    picture
}

async fn ids(store: &Store) -> Vec<String> {
    picture(store).await.objects.organisations.into_keys().collect()
}

#[tokio::test]
async fn every_acknowledged_change_is_there_and_the_trail_verifies() {
    on_both(|address, _| async move {
        let store = Store::open(&address).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..40 {
            let store = store.clone();
            tasks.spawn(async move { add(&store, &format!("o{number}")).await });
        }
        let mut versions = BTreeSet::new();
        while let Some(version) = tasks.join_next().await {
            assert!(versions.insert(version.unwrap()), "two changes have one version");
        }
        store.close().await;
        let again = Store::open(&address).await.unwrap();
        let report = verify(&again).await.unwrap();
        assert_eq!((report.entries, report.faults.as_slice()), (40, [].as_slice()));
        assert_eq!(ids(&again).await.len(), 40);
    })
    .await;
}

#[tokio::test]
async fn a_change_that_is_not_committed_leaves_no_trace() {
    on_both(|address, _| async move {
        let store = Store::open(&address).await.unwrap();
        add(&store, "first").await;
        let mut dropped = store.change(actor()).await.unwrap();
        dropped.add(organisation("second")).await.unwrap();
        drop(dropped);
        assert_eq!(add(&store, "third").await, 2, "the number is given out again");
        assert_eq!(ids(&store).await, ["first", "third"]);
        assert!(verify(&store).await.unwrap().faults.is_empty());
    })
    .await;
}

#[tokio::test]
async fn what_is_rehearsed_is_built_upon_and_never_was() {
    on_both(|address, _| async move {
        let store = Store::open(&address).await.unwrap();
        add(&store, "first").await;
        let rehearsal = store.rehearse().await.unwrap();
        assert_eq!(add(&rehearsal, "second").await, 2);
        let mut refused = rehearsal.change(actor()).await.unwrap();
        let known = refused.get::<Organisation>("second").await.unwrap();
        assert!(known.is_some(), "each change sees those before it");
        assert!(matches!(
            refused.add(organisation("second")).await.unwrap(),
            NewObject::Taken
        ));
        drop(refused);
        assert_eq!(add(&rehearsal, "third").await, 3);
        assert_eq!(ids(&store).await, ["first"]);
        drop(rehearsal);
        assert_eq!(add(&store, "fourth").await, 2);
        assert_eq!(ids(&store).await, ["first", "fourth"]);
        assert!(verify(&store).await.unwrap().faults.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_changed_a_missing_and_a_cut_off_entry_are_found() {
    on_both(|address, _| async move {
        let store = Store::open(&address).await.unwrap();
        for number in 0..5 {
            add(&store, &format!("o{number}")).await;
        }
        let database = store.database().await.unwrap();
        let run = |sql: &'static str| async move { database.execute(database::query(sql)).await.unwrap() };
        run("UPDATE registry_audit SET member = 'somebody' WHERE sequence = 2").await;
        assert_eq!(verify(&store).await.unwrap().faults, [Fault::Changed(2)]);
        run("UPDATE registry_audit SET member = 'tester' WHERE sequence = 2").await;
        assert!(verify(&store).await.unwrap().faults.is_empty());
        run("UPDATE registry_object SET body = '{}' WHERE id = 'o3'").await;
        assert!(matches!(verify(&store).await.unwrap().faults.as_slice(), [Fault::Object { id, .. }] if id == "o3"));
        run("DELETE FROM registry_audit WHERE sequence = 3").await;
        assert!(verify(&store).await.unwrap().faults.contains(&Fault::Missing(3, 4)));
        run("DELETE FROM registry_audit WHERE sequence > 3").await;
        assert!(
            verify(&store)
                .await
                .unwrap()
                .faults
                .contains(&Fault::Head { last: 2, expected: 5 })
        );
    })
    .await;
}

#[tokio::test]
async fn a_document_that_fills_a_store_compiles_to_what_it_said() {
    on_both(|address, _| async move {
        let store = Store::open(&address).await.unwrap();
        let document = loaded(GOOD);
        import::fill(&store, import::objects(&document.draft, &[None]))
            .await
            .unwrap();
        let mut compiled = picture(&store).await.draft(NOW);
        assert!(compiled.left_out.is_empty(), "{:?}", compiled.left_out);
        compiled.draft.version = 1;
        let snapshot = Snapshot::compile(&compiled.draft).unwrap();
        let application = snapshot.find_application("app").unwrap();
        let api = snapshot.find_api("cases-v1").unwrap();
        assert!(matches!(
            snapshot.access(application, api, NOW),
            snapshot::Access::Granted(_)
        ));
        assert_eq!(snapshot.api(api).version.as_ref(), "1.2.0");
        assert_eq!(snapshot.routes().len(), document.compile().unwrap().routes().len());
    })
    .await;
}

#[tokio::test]
async fn a_backup_taken_while_serving_is_put_back_whole() {
    on_both(|address, folder| async move {
        let store = Store::open(&address).await.unwrap();
        add(&store, "kept").await;
        let file = folder.join("copy.backup");
        backup(&store, Path::new(&file)).await.unwrap();
        add(&store, "later").await;
        restore(&store, Path::new(&file)).await.unwrap();
        assert_eq!(ids(&store).await, ["kept"]);
        assert!(verify(&store).await.unwrap().faults.is_empty());
    })
    .await;
}
