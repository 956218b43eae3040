//! The task that carries orders to the ledger, decides when it counts as gone, and gives everything back in the end.

use super::counters::{Placed, Quotas};
use super::{Grant, Ledger, LedgerError, Order};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Orders of one transaction.
const BATCH: usize = 256;
/// A transaction that takes longer, and nobody waits for the ledger any more.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often a ledger that is gone is asked whether it is back.
const PROBE: Duration = Duration::from_secs(1);
/// How long the last words may take when the node stops.
const FAREWELL: Duration = Duration::from_secs(2);

/// Carries orders. Runs on any runtime that has time; without it every quota is decided as if the ledger were gone.
#[derive(Debug)]
pub struct QuotaKeeper {
    quotas: Arc<Quotas>,
    placed: mpsc::UnboundedReceiver<Placed>,
    ledger: Arc<dyn Ledger>,
}

impl QuotaKeeper {
    pub(super) fn new(quotas: Arc<Quotas>, placed: mpsc::UnboundedReceiver<Placed>, ledger: Arc<dyn Ledger>) -> Self {
        Self { quotas, placed, ledger }
    }

    /// Works until `stop` is over; then gives back what is reserved. Stop it when no more calls are decided, or what they
    /// reserve meanwhile counts as spent.
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        let mut batch = Vec::with_capacity(BATCH);
        // Opened before the first call needs it.
        self.carry(Vec::new()).await;
        loop {
            tokio::select! {
                () = &mut stop => break,
                _ = self.placed.recv_many(&mut batch, BATCH) => self.carry(std::mem::take(&mut batch)).await,
                () = tokio::time::sleep(PROBE), if self.quotas.is_away() => self.carry(Vec::new()).await,
            }
        }
        self.give_everything_back().await;
    }

    async fn carry(&self, batch: Vec<Placed>) {
        let orders: Vec<Order> = batch.iter().map(|placed| placed.order.clone()).collect();
        let mut flight = self.ledger.carry_out(&orders);
        let result = match tokio::time::timeout(PATIENCE, &mut flight).await {
            Ok(result) => result,
            Err(_) => {
                self.away("it does not answer");
                // What it grants in the end is this node's all the same.
                flight.await
            }
        };
        match result {
            Ok(grants) if grants.len() == orders.len() => self.take_in(&batch, &grants),
            Ok(_) => self.lose(&batch, "answers are missing"),
            Err(error) => self.lose(&batch, &error.to_string()),
        }
    }

    fn take_in(&self, batch: &[Placed], grants: &[Grant]) {
        if self.quotas.set_here() {
            tracing::info!("the ledger of quotas answers again");
        }
        for (placed, grant) in batch.iter().zip(grants) {
            self.quotas.accept(placed, *grant);
        }
    }

    /// First the state, then those who wait: they decide by it.
    fn lose(&self, batch: &[Placed], reason: &str) {
        self.away(reason);
        batch.iter().for_each(|placed| self.quotas.fail(placed));
    }

    fn away(&self, reason: &str) {
        if self.quotas.set_away() {
            tracing::warn!(
                reason,
                "the ledger of quotas is gone: what is reserved is spent, then each policy does what its on_store_failure says"
            );
        }
    }

    async fn give_everything_back(mut self) {
        self.placed.close();
        let mut batch = Vec::new();
        while let Ok(placed) = self.placed.try_recv() {
            batch.push(placed);
        }
        // What was asked for is answered first, so that it can go back with the rest.
        if !batch.is_empty() && tokio::time::timeout(FAREWELL, self.carry(batch)).await.is_err() {
            self.away("it does not answer");
        }
        let orders = self.quotas.close();
        if orders.is_empty() {
            return;
        }
        let told: Result<Result<Vec<Grant>, LedgerError>, _> =
            tokio::time::timeout(FAREWELL, self.ledger.carry_out(&orders)).await;
        match told {
            Ok(Ok(_)) => self.quotas.closed(&orders),
            Ok(Err(error)) => tracing::warn!(%error, "reserved calls could not be given back: they count as spent"),
            Err(_) => tracing::warn!("reserved calls could not be given back in time: they count as spent"),
        }
    }
}

impl Drop for QuotaKeeper {
    /// Nobody will answer any more: who waits must not.
    fn drop(&mut self) {
        self.placed.close();
        while let Ok(placed) = self.placed.try_recv() {
            self.quotas.fail(&placed);
        }
        self.quotas.set_away();
    }
}
