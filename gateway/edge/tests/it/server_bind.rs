//! Binding: the right port for every worker, and a clear refusal.

use crate::server_support::*;
use edge::server::{self, BindError, TlsConfig};
use std::net::TcpListener;

#[tokio::test]
async fn workers_share_the_port_that_the_first_was_given() {
    let mut config = config();
    config.workers = 4;
    let bound = server::bind(&config).unwrap();
    let address = bound.local_addr();
    assert_ne!(address.port(), 0);
    let handle = TestHandle::new();
    let running = bound.serve(move |_| handle.clone()).unwrap();
    for _ in 0..40 {
        assert!(Raw::connect(address).await.ask("/").await.contains("hello"));
    }
    assert_eq!(running.stats().totals().accepted, 40);
}

#[test]
fn port_of_another_gateway_is_refused_although_both_would_share_it() {
    let mut config = config();
    let first = server::bind(&config).unwrap();
    config.address = first.local_addr();
    let error = server::bind(&config).unwrap_err();
    assert!(matches!(error, BindError::InUse(address) if address == config.address));
    let text = error.to_string();
    assert!(
        text.starts_with(&format!("address {} is already in use", config.address)),
        "{text}"
    );
    drop(first);
    assert!(server::bind(&config).is_ok());
}

#[test]
fn port_of_another_program_is_refused() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = config();
    config.address = other.local_addr().unwrap();
    assert!(matches!(server::bind(&config), Err(BindError::InUse(_))));
}

#[test]
fn address_of_another_machine_is_refused() {
    let mut config = config();
    config.address = "192.0.2.1:0".parse().unwrap();
    let error = server::bind(&config).unwrap_err();
    assert_eq!(
        error.to_string(),
        "address 192.0.2.1:0 is not an address of this machine"
    );
}

#[test]
fn missing_certificate_is_named_before_a_port_is_bound() {
    let mut config = config();
    config.tls = Some(TlsConfig {
        client_certificates: false,
        certificate: "/nowhere/certificate.pem".into(),
        key: "/nowhere/key.pem".into(),
    });
    let error = server::bind(&config).unwrap_err();
    assert_eq!(error.to_string(), "cannot read /nowhere/certificate.pem");
}
