//! What the generator refuses to do.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use load_tests::generator::{self, Pace, Plan};
use load_tests::target::Target;

fn plan(address: SocketAddr) -> Plan {
    Plan::of(Target::new(address, "/").unwrap())
}

#[tokio::test]
async fn plans_without_bounds_are_refused_before_anything_is_sent() {
    // Nothing listens there: a plan that got as far as connecting would fail with another message.
    let nobody = "127.0.0.1:1".parse().unwrap();
    for plan in [
        Plan {
            pace: Pace::Open { per_second: 0 },
            ..plan(nobody)
        },
        Plan {
            pace: Pace::Open { per_second: 1_000_000 },
            ..plan(nobody)
        },
        Plan {
            duration: Duration::from_secs(3_600),
            ..plan(nobody)
        },
        Plan {
            duration: Duration::ZERO,
            ..plan(nobody)
        },
        Plan {
            connections: 0,
            ..plan(nobody)
        },
        Plan {
            connections: 1_000_000,
            ..plan(nobody)
        },
    ] {
        let problem = generator::run(plan).await.unwrap_err().to_string();
        assert!(problem.contains("out of bounds"), "{problem}");
    }
}

#[tokio::test]
async fn a_target_that_nobody_serves_is_one_clear_error() {
    let free = ([127, 0, 0, 1], test_parts::free_port()).into();
    let problem = generator::run(plan(free)).await.unwrap_err().to_string();
    assert_eq!(problem, format!("nothing answers at {free}"));
}

#[test]
fn the_command_line_takes_no_target_outside_this_machine() {
    let output = Command::new(env!("CARGO_BIN_EXE_load-tests"))
        .args([
            "run",
            "--target",
            "http://203.0.113.7/",
            "--rate",
            "1",
            "--duration",
            "1s",
        ])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(said.contains("not this machine's loopback"), "{said}");
}
