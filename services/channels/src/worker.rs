//! Delivering what is due.

use std::time::Duration;

use futures_util::StreamExt;
use serde_json::json;

use crate::clock::Clock;
use crate::consent::{Between, Consents, Standing};
use crate::send::Sender;
use crate::store::{Due, Event, Store, Subscription};

/// Delivers.
#[derive(Clone, Debug)]
pub(crate) struct Worker {
    pub(crate) store: Store,
    pub(crate) sender: Sender,
    pub(crate) clock: Clock,
    pub(crate) consents: Consents,
    /// How many at a time.
    pub(crate) width: usize,
    /// For how long what is in hand is nobody else's.
    pub(crate) claim: Duration,
}

impl Worker {
    /// Sends what is due now, once, and notes what came of it. Gives the number of things that were due.
    ///
    /// # Errors
    /// The database cannot be used; what was claimed is due again when the claim ends.
    pub(crate) async fn step(&self) -> Result<usize, database::Error> {
        let due = self.store.claim(self.clock.micros(), self.width, self.claim).await?;
        let count = due.len();
        let mut all = futures_util::stream::iter(due)
            .map(|one| self.deal_with(one))
            // All at once: what had to wait for the others would wait while its claim runs out.
            .buffer_unordered(count.max(1));
        let mut failed = None;
        while let Some(done) = all.next().await {
            failed = failed.or(done.err());
        }
        failed.map_or(Ok(count), Err)
    }

    async fn deal_with(&self, due: Due) -> Result<(), database::Error> {
        let (subscription, event) = match &due {
            Due::Verification(subscription) => (subscription, None),
            Due::Event(subscription, event, _) => (subscription, Some(event.sequence)),
        };
        // Asked last thing before sending: a withdrawal may be a moment old.
        let between = Between::of(subscription);
        match self.consents.check(between).await {
            Standing::InForce => {}
            Standing::Ended => return self.store.withdrawn(between).await,
            Standing::Unclear => return self.store.put_off(&subscription.id, event, self.clock.micros()).await,
        }
        match due {
            Due::Verification(subscription) => self.verify(&subscription).await,
            Due::Event(subscription, event, attempts) => self.deliver(&subscription, &event, attempts).await,
        }
    }

    /// Asks the endpoint whether it wants events: only whoever runs it can answer with the challenge.
    async fn verify(&self, subscription: &Subscription) -> Result<(), database::Error> {
        let id = format!("verification-{}", subscription.id);
        let body = json!({
            "specversion": "1.0",
            "id": id,
            "source": "/channels/v1",
            "type": "se.vagvisare.channel.verification.v1",
            "subject": subscription.id,
            "time": self.clock.now(),
            "datacontenttype": "application/json",
            "data": { "challenge": subscription.challenge, "subscriptionId": subscription.id },
        });
        let sent = self
            .sender
            .send(&subscription.url, &subscription.secrets, &id, &body.to_string())
            .await;
        let why = match sent {
            Ok(answer) if !(200..300).contains(&answer.status) => {
                "the endpoint did not answer the verification with 2xx"
            }
            Ok(answer) => match echoes(&answer.body, &subscription.challenge) {
                true => return self.store.verified(&subscription.id).await,
                false => "the endpoint did not answer the verification with its challenge",
            },
            Err(why) => why,
        };
        let now = self.clock.micros();
        self.store
            .not_verified(&subscription.id, subscription.attempts, why, now)
            .await
    }

    async fn deliver(&self, subscription: &Subscription, event: &Event, attempts: i64) -> Result<(), database::Error> {
        let body = event.body(Some(&subscription.id));
        let sent = self
            .sender
            .send(&subscription.url, &subscription.secrets, &event.id, &body)
            .await;
        let now = self.clock.micros();
        let (status, why) = match sent {
            Ok(answer) if (200..300).contains(&answer.status) => {
                let (id, sequence) = (&subscription.id, event.sequence);
                return self.store.delivered(id, sequence, answer.status, now).await;
            }
            Ok(answer) => (Some(answer.status), "the endpoint did not answer with 2xx"),
            Err(why) => (None, why),
        };
        tracing::info!(
            subscription = subscription.id,
            status,
            why,
            "a webhook was not delivered"
        );
        self.store
            .not_delivered(&subscription.id, event.sequence, attempts, status, why, now)
            .await
    }
}

/// Whether the answer is JSON with the challenge in it.
fn echoes(body: &[u8], challenge: &str) -> bool {
    serde_json::from_slice::<serde_json::Value>(body)
        .is_ok_and(|answer| answer.get("challenge").and_then(|value| value.as_str()) == Some(challenge))
}
