//! Things that nodes keep together: one of them has it, all of them see it, and no answer is never a yes.

use crate::redis_server::RedisServer;
use limits::shelf::Unavailable;
use limits::{Shelf, StoreConfig};
use std::time::{Duration, Instant};
use test_parts::free_port;

const LIFE: Duration = Duration::from_secs(60);

fn node(port: u16) -> Shelf {
    let store = StoreConfig::new(&format!("redis://127.0.0.1:{port}"));
    Shelf::with_store(store.unwrap_or_else(|error| panic!("{error}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn of_nodes_that_claim_at_once_one_gets_it_and_all_see_what_it_put() {
    let server = RedisServer::start(&[]);
    let nodes: Vec<Shelf> = (0..4).map(|_| node(server.port())).collect();
    let claims = (0..40_u8).map(|number| {
        let shelf = nodes[usize::from(number) % nodes.len()].clone();
        tokio::spawn(async move { shelf.claim([7; 32], vec![number], LIFE).await.unwrap() })
    });
    let mut first = 0;
    for claim in claims.collect::<Vec<_>>() {
        first += usize::from(claim.await.unwrap().is_none());
    }
    assert_eq!(first, 1);
    // Bytes of every kind come back as they were.
    let value: Vec<u8> = (0..=255).collect();
    nodes[0].put([7; 32], value.clone(), LIFE).await.unwrap();
    assert_eq!(nodes[1].claim([7; 32], vec![1], LIFE).await.unwrap(), Some(value));
    nodes[2].forget([7; 32]).await.unwrap();
    assert_eq!(nodes[3].claim([7; 32], vec![2], LIFE).await.unwrap(), None);
    nodes[3].put([7; 32], vec![3], Duration::from_millis(30)).await.unwrap();
    let over = Instant::now() + Duration::from_secs(5);
    while nodes[0]
        .claim([7; 32], vec![4], Duration::from_millis(30))
        .await
        .unwrap()
        == Some(vec![3])
    {
        assert!(Instant::now() < over, "it is kept for longer than its life");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_store_it_says_so_in_time_and_goes_on_when_it_is_back() {
    let nobody = node(free_port());
    assert_eq!(nobody.claim([1; 32], vec![1], LIFE).await, Err(Unavailable));
    let server = RedisServer::start(&[]);
    let shelf = node(server.port());
    assert_eq!(shelf.claim([1; 32], vec![1], LIFE).await, Ok(None));
    server.freeze(true);
    let began = Instant::now();
    assert_eq!(shelf.claim([1; 32], vec![1], LIFE).await, Err(Unavailable));
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    server.freeze(false);
    let port = server.kill();
    assert_eq!(shelf.claim([1; 32], vec![1], LIFE).await, Err(Unavailable));
    let _again = RedisServer::start_on(port, &[]);
    assert_eq!(shelf.claim([2; 32], vec![1], LIFE).await, Ok(None));
    assert_eq!(shelf.claim([2; 32], vec![1], LIFE).await, Ok(Some(vec![1])));
}
