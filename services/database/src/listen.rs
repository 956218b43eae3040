//! Hints that something has changed.

use sqlx::postgres::{PgListener, PgPool};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;

/// How long a lost connection to PostgreSQL rests before it is tried again.
const REST: Duration = Duration::from_millis(250);
/// Notes that wait for a slow listener; beyond it the listener hears that it missed some.
const BACKLOG: usize = 1_024;

/// What a listener heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// The payload of one note.
    Note(String),
    /// Notes may have been missed: the connection was away, or the listener slow. Read what you need again.
    Gap,
}

/// Notes within one process, for SQLite.
#[derive(Debug, Clone)]
pub(crate) struct Local(broadcast::Sender<(&'static str, Arc<str>)>);

impl Default for Local {
    fn default() -> Self {
        Self(broadcast::Sender::new(BACKLOG))
    }
}

impl Local {
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<(&'static str, Arc<str>)> {
        self.0.subscribe()
    }

    pub(crate) fn tell(&self, channel: &'static str, payload: String) {
        // Nobody listens: nobody misses it.
        let _ = self.0.send((channel, payload.into()));
    }
}

/// Hears the notes of one channel.
pub struct Listener {
    channel: &'static str,
    source: Source,
}

enum Source {
    Local(broadcast::Receiver<(&'static str, Arc<str>)>),
    Postgres {
        pool: PgPool,
        connection: Option<Box<PgListener>>,
    },
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Listener").field(&self.channel).finish()
    }
}

impl Listener {
    pub(crate) fn local(receiver: broadcast::Receiver<(&'static str, Arc<str>)>, channel: &'static str) -> Self {
        Self {
            channel,
            source: Source::Local(receiver),
        }
    }

    pub(crate) fn postgres(pool: PgPool, channel: &'static str) -> Self {
        Self {
            channel,
            source: Source::Postgres { pool, connection: None },
        }
    }

    /// Waits for the next note. On PostgreSQL the first answer is a [`Heard::Gap`], once it listens: read after it and
    /// nothing is missed. A lost connection is made again for as long as it takes. Safe to drop while it waits.
    pub async fn heard(&mut self) -> Heard {
        match &mut self.source {
            Source::Local(receiver) => loop {
                match receiver.recv().await {
                    Ok((channel, payload)) if channel == self.channel => return Heard::Note(payload.to_string()),
                    Ok(_) => {}
                    Err(broadcast::error::RecvError::Lagged(_)) => return Heard::Gap,
                    // The database has been dropped: there will be no more.
                    Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
                }
            },
            Source::Postgres { pool, connection } => loop {
                let Some(listening) = connection else {
                    match connect(pool, self.channel).await {
                        Ok(listening) => {
                            *connection = Some(Box::new(listening));
                            return Heard::Gap;
                        }
                        Err(error) => {
                            tracing::debug!(%error, channel = self.channel, "cannot listen to the database");
                            tokio::time::sleep(REST).await;
                            continue;
                        }
                    }
                };
                match listening.try_recv().await {
                    Ok(Some(note)) => return Heard::Note(note.payload().to_owned()),
                    Ok(None) => return Heard::Gap,
                    Err(error) => {
                        tracing::debug!(%error, channel = self.channel, "the database's notes have stopped");
                        *connection = None;
                    }
                }
            },
        }
    }
}

async fn connect(pool: &PgPool, channel: &str) -> Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(channel).await?;
    Ok(listener)
}
