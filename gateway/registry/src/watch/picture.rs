//! The registry as a node has read it: the objects, and the documents of what is published.

use crate::compile::{self, Compiled, Objects};
use crate::intake;
use crate::store::{Error, Store};
use serde_json::Value;
use snapshot::RouteDraft;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// An OpenAPI document, read once however often what is around it changes.
#[derive(Debug)]
pub struct Documented {
    /// Its text.
    pub text: String,
    /// The document.
    pub value: Arc<Value>,
    /// Its operations, or why there are none.
    pub operations: Result<Vec<RouteDraft>, String>,
}

impl Documented {
    /// Reads a document.
    pub fn read(text: String) -> Self {
        match intake::parse(text.as_bytes(), "document.json") {
            Ok(value) => Self {
                operations: intake::operations(&value),
                value: Arc::new(value),
                text,
            },
            Err(reason) => Self {
                text,
                value: Arc::new(Value::Null),
                operations: Err(reason),
            },
        }
    }
}

/// The registry at one version.
#[derive(Debug, Clone, Default)]
pub struct Picture {
    /// Its objects.
    pub objects: Objects,
    /// Documents of what is published, by hash.
    pub documents: HashMap<String, Arc<Documented>>,
}

impl Picture {
    /// Reads what has changed in the store since this picture; whether anything had.
    ///
    /// # Errors
    /// The store's. What was read until then is kept, and the next call goes on from there.
    pub async fn follow(&mut self, store: &Store) -> Result<bool, Error> {
        let head = store.head().await?;
        if head.epoch != self.objects.epoch {
            // Restored from a backup: numbers of versions mean something else now.
            self.objects = Objects {
                epoch: head.epoch.clone(),
                ..Objects::default()
            };
        }
        if head.sequence == self.objects.version {
            return Ok(false);
        }
        loop {
            let (changed, more) = store.changed_since(self.objects.version).await?;
            for row in &changed {
                if let Err(error) = self.objects.apply(row) {
                    // One row that cannot be read holds nothing else up; what was known of it stays.
                    tracing::error!(%error, kind = row.kind.name(), id = row.id, "a row of the registry cannot be read");
                }
                self.objects.version = self.objects.version.max(row.version);
            }
            if !more {
                break;
            }
        }
        self.objects.version = self.objects.version.max(head.sequence);
        self.follow_documents(store).await?;
        Ok(true)
    }

    async fn follow_documents(&mut self, store: &Store) -> Result<(), Error> {
        let wanted: HashSet<String> = self.objects.documents().map(str::to_owned).collect();
        self.documents.retain(|hash, _| wanted.contains(hash));
        let missing: Vec<&str> = wanted
            .iter()
            .map(String::as_str)
            .filter(|hash| !self.documents.contains_key(*hash))
            .collect();
        for (hash, text) in store.documents(&missing).await? {
            self.documents.insert(hash, Arc::new(Documented::read(text)));
        }
        Ok(())
    }

    /// The draft of everything that is in force. `now` in Unix seconds.
    pub fn draft(&self, now: i64) -> Compiled {
        let mut operations = |hash: &str| match self.documents.get(hash) {
            Some(document) => document.operations.clone(),
            None => Err("its OpenAPI document is missing".to_owned()),
        };
        compile::draft(&self.objects, now, &mut operations)
    }
}
