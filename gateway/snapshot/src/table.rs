//! A table of compiled objects that answers every index, with a sentinel for one that is not its own.

use crate::model::{
    Agreement, AgreementKind, Api, Application, Assertion, Authentication, Backend, Document, LifecycleState,
    Organisation, OrganisationIndex, OrganisationKind, Route, SenderConstraint, Target,
};
use bytes::Bytes;
use http::HeaderValue;
use std::sync::Arc;
use std::time::Duration;

/// The objects of one kind.
#[derive(Debug)]
pub(crate) struct Table<T> {
    items: Vec<T>,
    absent: T,
}

/// The object that stands in for an index outside its table. It must admit nothing.
pub(crate) trait Absent {
    /// Builds the sentinel.
    fn absent() -> Self;
}

impl<T: Absent> Table<T> {
    /// A table of `items`, in order.
    pub(crate) fn new(items: Vec<T>) -> Self {
        Table {
            items,
            absent: T::absent(),
        }
    }

    /// The object at `position`, or the sentinel.
    pub(crate) fn get(&self, position: usize) -> &T {
        self.items.get(position).unwrap_or(&self.absent)
    }

    /// All objects; the sentinel is not one of them.
    pub(crate) fn all(&self) -> &[T] {
        &self.items
    }
}

impl<T: Absent> Default for Table<T> {
    fn default() -> Self {
        Table::new(Vec::new())
    }
}

/// Name of every sentinel.
fn unknown() -> Arc<str> {
    Arc::from("unknown")
}

/// An index that points at nothing.
const NOWHERE: OrganisationIndex = OrganisationIndex(u32::MAX);

impl Absent for Organisation {
    fn absent() -> Self {
        Organisation {
            id: unknown(),
            id_value: None,
            name: unknown(),
            kind: OrganisationKind::PrivateActor,
        }
    }
}

impl Absent for Api {
    fn absent() -> Self {
        Api {
            id: unknown(),
            name: unknown(),
            title: unknown(),
            version: Arc::from("0.0.0"),
            released: Arc::from(""),
            base_path: Arc::from(""),
            base_path_value: None,
            organisation: NOWHERE,
            state: LifecycleState::Decommissioned,
            lifecycle_headers: Vec::new(),
            sunset_at: Some(i64::MIN),
            authentication: Authentication::Token,
            audience: Arc::from(""),
            sender_constraint: SenderConstraint::Either,
            personal_data: true,
            limits: Vec::new(),
            cors: None,
            deadline: Duration::ZERO,
            idle_timeout: Duration::ZERO,
            max_body_bytes: 0,
            backend: None,
            traffic: crate::ApiTraffic::default(),
            canary: None,
            mirror: None,
        }
    }
}

impl Absent for Backend {
    fn absent() -> Self {
        Backend {
            id: unknown(),
            organisation: NOWHERE,
            addresses: Vec::new(),
            connect_timeout: Duration::ZERO,
            allow_private_network: false,
            ca_file: None,
            assertion: Assertion::None,
            traffic: crate::BackendTraffic::default(),
        }
    }
}

impl Absent for Route {
    fn absent() -> Self {
        let nothing = Document {
            content_type: HeaderValue::from_static("text/plain"),
            etag: HeaderValue::from_static("\"\""),
            body: Bytes::new(),
        };
        Route {
            id: unknown(),
            template: unknown(),
            method: None,
            api: None,
            scopes: vec![unknown()],
            authentication: Authentication::Token,
            target: Target::Document(Arc::new(nothing)),
            mock: None,
        }
    }
}

impl Absent for Application {
    fn absent() -> Self {
        Application {
            id: unknown(),
            id_value: None,
            name: unknown(),
            organisation: NOWHERE,
            credentials: Arc::default(),
            own_agreements_only: true,
        }
    }
}

impl Absent for Agreement {
    fn absent() -> Self {
        Agreement {
            id: unknown(),
            id_value: None,
            kind: AgreementKind::Anvandarvillkor,
            purpose: unknown(),
            valid_from: i64::MAX,
            valid_to: Some(i64::MIN),
            suspended: true,
            scopes: vec![unknown()],
            limits: Vec::new(),
            consumers: Vec::new(),
            suppliers: Vec::new(),
        }
    }
}
