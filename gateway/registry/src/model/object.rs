//! What every object has in common.

use super::Moment;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The kinds of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "their names say it")]
pub enum Kind {
    Organisation,
    Member,
    Credential,
    Application,
    Backend,
    Api,
    Agreement,
    LimitPlan,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Organisation,
        Self::Member,
        Self::Credential,
        Self::Application,
        Self::Backend,
        Self::Api,
        Self::Agreement,
        Self::LimitPlan,
    ];

    /// As it is written in the store and in audit entries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Member => "member",
            Self::Credential => "credential",
            Self::Application => "application",
            Self::Backend => "backend",
            Self::Api => "api",
            Self::Agreement => "agreement",
            Self::LimitPlan => "limitPlan",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// An object as the store keeps it.
pub trait Object: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// Its kind.
    const KIND: Kind;

    /// Its stable id, unique among its kind.
    fn id(&self) -> &str;

    /// The organisation that it belongs to.
    fn organisation(&self) -> &str;

    /// The object that it is part of.
    fn parent(&self) -> Option<&str> {
        None
    }

    /// Organisations beside the owner that may see it.
    fn parties(&self) -> Vec<&str> {
        Vec::new()
    }

    /// What an audit entry shows of it: everything but secrets.
    fn audited(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// An object and what the store knows of it.
#[derive(Debug, Clone)]
pub struct Stored<T> {
    /// The object.
    pub object: T,
    /// Counts the object's changes, from 1; its `ETag`.
    pub revision: i64,
    /// The registry's version that the last change made.
    pub version: i64,
    /// When it was registered.
    pub created_at: Moment,
    /// When it was last changed.
    pub changed_at: Moment,
}
