//! The store as people run it: under TLS with a password, behind sentinels, as a cluster; failing over and being resharded.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::redis_server::{Node, RedisServer};
use crate::support::{demand, refused, shared_policy};
use limits::{Decision, Demand, StoreConfig};
use snapshot::OnStoreFailure::{Deny, LocalShare};
use std::time::{Duration, Instant};
use test_parts::free_port;

const LONG: Duration = Duration::from_secs(10_000);

async fn drain(node: &Node, demands: &[Demand<'_>]) -> u32 {
    let mut passed = 0;
    while matches!(node.check(demands).await, Decision::Admitted(_)) {
        passed += 1;
        assert!(passed < 10_000, "no limit at all");
    }
    passed
}

#[tokio::test]
async fn under_tls_with_a_password() {
    let folder = tempfile::tempdir().unwrap();
    let signed = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    let (certificate, key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, signed.cert.pem()).unwrap();
    std::fs::write(&key, signed.signing_key.serialize_pem()).unwrap();
    let port = free_port();
    let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
    let _server = RedisServer::start_on(
        port,
        &[
            "--port",
            "0",
            "--tls-port",
            &port.to_string(),
            "--tls-cert-file",
            certificate,
            "--tls-key-file",
            key,
            "--tls-ca-cert-file",
            certificate,
            "--tls-auth-clients",
            "no",
            "--requirepass",
            "a long secret",
        ],
    );
    let address = format!("rediss://localhost:{port}");
    let roots = signed.cert.pem().into_bytes();
    let right = StoreConfig::new(&address)
        .unwrap()
        .with_password(None, "a long secret")
        .with_roots(&roots)
        .unwrap();
    assert!(!format!("{right:?}").contains("secret"), "{right:?}");
    let mut slow = right.clone();
    slow.command_timeout = Duration::from_secs(2);
    let node = Node::on(slow);
    node.until(|status| status.up).await;
    let policy = shared_policy("p", 20, LONG, 20, Deny);
    assert_eq!(drain(&node, &[demand(&policy, "a")]).await, 20);

    let strangers = [
        StoreConfig::new(&address).unwrap().with_roots(&roots).unwrap(),
        right.clone().with_password(None, "another"),
        // Signed by nobody the system knows.
        StoreConfig::new(&address).unwrap().with_password(None, "a long secret"),
    ];
    for stranger in strangers {
        let node = Node::on(stranger);
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!node.status().up);
        refused(node.check(&[demand(&policy, "a")]).await);
    }
    assert!(StoreConfig::new(&format!("{address}/#insecure")).is_err());
}

#[tokio::test]
async fn sentinels_name_another_server() {
    let folder = tempfile::tempdir().unwrap();
    let primary = RedisServer::start(&[]);
    let port = primary.port().to_string();
    let replica = RedisServer::start(&["--replicaof", "127.0.0.1", &port, "--repl-diskless-sync-delay", "0"]);
    replica
        .answers(&["INFO", "replication"], |info| info.contains("master_link_status:up"))
        .await;
    let watch: Vec<_> = [
        format!("sentinel monitor limits 127.0.0.1 {port} 2"),
        "sentinel down-after-milliseconds limits 500".into(),
        "sentinel failover-timeout limits 3000".into(),
    ]
    .into();
    let sentinels: Vec<_> = (0..3).map(|_| RedisServer::sentinel(folder.path(), &watch)).collect();
    for sentinel in &sentinels {
        sentinel
            .answers(&["INFO", "sentinel"], |info| info.contains("slaves=1,sentinels=3"))
            .await;
    }
    let addresses: Vec<_> = sentinels
        .iter()
        .map(|sentinel| format!("redis://127.0.0.1:{}", sentinel.port()))
        .collect();
    let store = StoreConfig::sentinels(&addresses, "limits").unwrap();
    let unknown = Node::on(StoreConfig::sentinels(&addresses, "other").unwrap());
    let node = Node::on(store);
    node.until(|status| status.up).await;
    let policy = shared_policy("p", 100, LONG, 100, LocalShare);
    let demands = [demand(&policy, "a")];
    let mut passed = 0;
    for _ in 0..30 {
        passed += u32::from(matches!(node.check(&demands).await, Decision::Admitted(_)));
    }
    assert!(!unknown.status().up);
    // What is leased when a server dies is lost with it; here nothing is: all is spent or given back, and the replica knows.
    node.until(|status| status.granted - status.returned == u64::from(passed))
        .await;
    primary
        .answers(&["INFO", "replication"], |info| {
            let offset = |name: &str| info.split(name).nth(1)?.split([',', '\r', '\n']).next();
            offset("master_repl_offset:").is_some_and(|own| offset(",offset=") == Some(own))
        })
        .await;

    primary.kill();
    let killed = Instant::now();
    node.until(|status| !status.up).await;
    println!("noticed {:?} after the kill", killed.elapsed());
    for _ in 0..10 {
        passed += u32::from(matches!(node.check(&demands).await, Decision::Admitted(_)));
    }
    node.until(|status| status.up).await;
    println!("counting at the replica {:?} after the kill", killed.elapsed());
    replica
        .answers(&["INFO", "replication"], |info| info.contains("role:master"))
        .await;
    passed += drain(&node, &demands).await;
    assert!((95..=100).contains(&passed), "{passed}");
    assert_eq!(node.status().overshoot, 0);
}

/// Three servers with all slots between them, and a replica of the first.
async fn cluster() -> Vec<RedisServer> {
    let servers: Vec<_> = (0..4)
        .map(|_| {
            let bus = free_port().to_string();
            RedisServer::start(&[
                "--cluster-enabled",
                "yes",
                "--cluster-node-timeout",
                "500",
                "--cluster-port",
                &bus,
                "--cluster-config-file",
                &format!("vagvisare-test-{}-{bus}.conf", std::process::id()),
                "--repl-diskless-sync-delay",
                "0",
            ])
        })
        .collect();
    for (server, slots) in servers
        .iter()
        .zip([("0", "5000"), ("5001", "10000"), ("10001", "16383")])
    {
        let _: () = server.command(&["CLUSTER", "ADDSLOTSRANGE", slots.0, slots.1]).await;
    }
    for (number, server) in servers.iter().enumerate().skip(1) {
        let _: () = server
            .command(&["CLUSTER", "SET-CONFIG-EPOCH", &(number + 1).to_string()])
            .await;
        let bus = server.command::<Vec<String>>(&["CONFIG", "GET", "cluster-port"]).await;
        let (port, bus) = (server.port().to_string(), bus.get(1).unwrap().clone());
        let _: () = servers[0].command(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]).await;
    }
    for server in &servers {
        server
            .answers(&["CLUSTER", "INFO"], |info| {
                info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:4")
            })
            .await;
    }
    let first: String = servers[0].command(&["CLUSTER", "MYID"]).await;
    let _: () = servers[3].command(&["CLUSTER", "REPLICATE", &first]).await;
    servers[3]
        .answers(&["INFO", "replication"], |info| info.contains("master_link_status:up"))
        .await;
    servers
}

fn counting_in(servers: &[RedisServer]) -> StoreConfig {
    let addresses: Vec<_> = servers
        .iter()
        .map(|server| format!("redis://127.0.0.1:{}", server.port()))
        .collect();
    let mut store = StoreConfig::cluster(&addresses).unwrap();
    store.command_timeout = Duration::from_millis(200);
    store
}

#[tokio::test]
async fn a_cluster_that_is_resharded_and_loses_a_server() {
    let mut servers = cluster().await;
    let store = counting_in(&servers);
    let node = Node::on(store.clone());
    node.until(|status| status.up).await;
    let policy = shared_policy("p", 20, LONG, 20, LocalShare);
    let subjects: Vec<String> = (0..24).map(|number| format!("app-{number}")).collect();
    let mut passed = vec![0; subjects.len()];
    let call_each = async |node: &Node, passed: &mut [u32]| {
        for (subject, passed) in subjects.iter().zip(passed) {
            let decision = node.check(&[demand(&policy, subject)]).await;
            *passed += u32::from(matches!(decision, Decision::Admitted(_)));
        }
    };
    for _ in 0..5 {
        call_each(&node, &mut passed).await;
    }
    for server in &servers[..3] {
        let keys: Vec<String> = server.command(&["KEYS", "vagvisare:*"]).await;
        assert!(!keys.is_empty(), "every server has its part of the counters");
    }

    // One slot after the other moves from the second server to the third, calls in between and in the middle.
    let keys: Vec<String> = servers[1].command(&["KEYS", "vagvisare:{p*"]).await;
    let ids = [
        servers[1].command::<String>(&["CLUSTER", "MYID"]).await,
        servers[2].command::<String>(&["CLUSTER", "MYID"]).await,
    ];
    let port = servers[2].port().to_string();
    for key in &keys {
        let slot: u16 = servers[1].command(&["CLUSTER", "KEYSLOT", key]).await;
        let slot = slot.to_string();
        let _: () = servers[2]
            .command(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &ids[0]])
            .await;
        let _: () = servers[1]
            .command(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &ids[1]])
            .await;
        let moved = ["MIGRATE", "127.0.0.1", &port, key, "0", "2000"];
        let _: redis::Value = servers[1].command(&moved).await;
        call_each(&node, &mut passed).await;
        for server in [&servers[2], &servers[1], &servers[0]] {
            let _: () = server.command(&["CLUSTER", "SETSLOT", &slot, "NODE", &ids[1]]).await;
        }
    }
    call_each(&node, &mut passed).await;
    assert_eq!(node.status().outages, 0, "{:?}", node.status());
    assert!(passed.iter().all(|passed| *passed <= 20), "{passed:?}");

    // A server dies; its replica takes over.
    servers.remove(0).kill();
    let killed = Instant::now();
    call_each(&node, &mut passed).await;
    node.until(|status| !status.up).await;
    println!("noticed {:?} after the kill", killed.elapsed());
    call_each(&node, &mut passed).await;
    node.until(|status| status.up).await;
    println!("whole again {:?} after the kill", killed.elapsed());
    let late = Node::on(store);
    late.until(|status| status.up).await;
    for (subject, passed) in subjects.iter().zip(&mut passed) {
        *passed += drain(&node, &[demand(&policy, subject)]).await;
        *passed += drain(&late, &[demand(&policy, subject)]).await;
    }
    println!("{passed:?}, {:?}", node.status());
    // A lease that was under way when the server died may be lost; nothing is admitted twice.
    assert!(passed.iter().all(|passed| (16..=20).contains(passed)), "{passed:?}");
    assert_eq!(node.status().overshoot, 0);
}
