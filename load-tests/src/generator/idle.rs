//! Connections that are open and carry nothing: what most of a gateway's connections do most of the time.

use std::sync::Arc;

use anyhow::{Context, Result, bail};

use super::connection::Connection;
use super::protocol::Wire;
use super::{Plan, Shared};

/// Connections that have each carried one request and stay open until this is dropped.
pub struct Idle {
    connections: Vec<Connection>,
}

impl Idle {
    /// Opens `count` connections to the target of `plan`, each with one request of its kind.
    ///
    /// # Errors
    /// When one of them cannot be opened, or its request is not answered as the plan expects.
    pub async fn open(plan: Plan, count: usize) -> Result<Self> {
        let address = plan.target.address;
        let shared = Shared::new(plan)?;
        let mut connections = Vec::with_capacity(count);
        for number in 1..=count {
            let mut connection = Connection::new(Arc::clone(&shared), Arc::new(Wire::default()));
            connection
                .open()
                .await
                .with_context(|| format!("connection {number} to {address} cannot be opened"))?;
            connection.send_once().await;
            connections.push(connection);
        }
        let state = shared.lock();
        if state.measured.succeeded() != count as u64 {
            bail!(
                "{} of {count} requests on connections of their own were answered: statuses {:?}, {:?}",
                state.measured.succeeded(),
                state.measured.statuses,
                state.measured.failures
            );
        }
        drop(state);
        Ok(Self { connections })
    }

    /// How many of them are still open.
    pub async fn still_open(&mut self) -> usize {
        let mut open = 0;
        for connection in &mut self.connections {
            open += usize::from(connection.is_open().await);
        }
        open
    }
}
