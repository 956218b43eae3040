//! The shelf in Redis: one round trip a step, on the runtime that it was made on, whoever asks.

use super::{Name, Unavailable};
use crate::shared::{Link, Program, StoreConfig};
use redis::{Cmd, FromRedisValue};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::timeout;

/// A step may take so many command timeouts: unlike a limit, it has no second way.
const PATIENCE: u32 = 10;
const LEAST: Duration = Duration::from_millis(500);

/// Gives what is there, or else puts the value there.
const CLAIM: &str = "local kept = redis.call('GET', KEYS[1]) if kept then return kept end redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) return false";
const PUT: &str = "redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) return false";
const FORGET: &str = "redis.call('DEL', KEYS[1]) return false";

#[derive(Debug)]
pub(super) struct Shared {
    config: StoreConfig,
    runtime: Handle,
    link: Mutex<Option<Link>>,
    claim: Arc<Program>,
    put: Arc<Program>,
    forget: Arc<Program>,
}

impl Shared {
    pub(super) fn new(config: StoreConfig) -> Self {
        Self {
            config,
            runtime: Handle::current(),
            link: Mutex::new(None),
            claim: Arc::new(Program::new(CLAIM)),
            put: Arc::new(Program::new(PUT)),
            forget: Arc::new(Program::new(FORGET)),
        }
    }

    pub(super) async fn claim(
        self: &Arc<Self>,
        name: Name,
        value: Vec<u8>,
        life: Duration,
    ) -> Result<Option<Vec<u8>>, Unavailable> {
        self.ask(Arc::clone(&self.claim), name, Some((value, life))).await
    }

    pub(super) async fn put(self: &Arc<Self>, name: Name, value: Vec<u8>, life: Duration) -> Result<(), Unavailable> {
        self.ask::<Option<Vec<u8>>>(Arc::clone(&self.put), name, Some((value, life)))
            .await
            .map(drop)
    }

    pub(super) async fn forget(self: &Arc<Self>, name: Name) -> Result<(), Unavailable> {
        self.ask::<Option<Vec<u8>>>(Arc::clone(&self.forget), name, None)
            .await
            .map(drop)
    }

    async fn ask<T: FromRedisValue + Send + 'static>(
        self: &Arc<Self>,
        program: Arc<Program>,
        name: Name,
        value: Option<(Vec<u8>, Duration)>,
    ) -> Result<T, Unavailable> {
        let mut call = Cmd::new();
        call.arg("EVALSHA").arg(program.hash()).arg(1).arg(key(&name));
        if let Some((value, life)) = value {
            call.arg(value)
                .arg(u64::try_from(life.as_millis()).unwrap_or(u64::MAX).max(1));
        }
        let this = Arc::clone(self);
        let asked = self.runtime.spawn(async move { this.run(&program, call).await });
        asked.await.unwrap_or(Err(Unavailable))
    }

    async fn run<T: FromRedisValue>(&self, program: &Program, call: Cmd) -> Result<T, Unavailable> {
        let limit = (self.config.command_timeout * PATIENCE).max(LEAST);
        let asked = async {
            let known = self.kept();
            if let Some(link) = known {
                // A connection that was lost meanwhile is no outage: the second try opens another.
                if let Ok(answers) = link.run::<T>(program, vec![call.clone()]).await {
                    return answers.into_iter().next();
                }
            }
            let link = Link::connect(&self.config).await.ok()?;
            *self.lock() = Some(link.clone());
            link.run::<T>(program, vec![call]).await.ok()?.into_iter().next()
        };
        match timeout(limit, asked).await {
            Ok(Some(answer)) => Ok(answer),
            _ => {
                *self.lock() = None;
                Err(Unavailable)
            }
        }
    }

    fn kept(&self) -> Option<Link> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Link>> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(name: &Name) -> Vec<u8> {
    let mut key = b"vagvisare:kept:".to_vec();
    for byte in name {
        key.extend_from_slice(format!("{byte:02x}").as_bytes());
    }
    key
}
