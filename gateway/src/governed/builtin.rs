//! The registry's own API in the registry's draft: a call to it crosses the gateway's stack like any other.

use crate::internal::Entrance;
use registry::compile::Objects;
use registry::model::Role;
use serde_json::Value;
use snapshot::{
    AgreementDraft, AgreementKind, ApiDraft, Authentication, Draft, LifecycleState, LimitDraft, LimitPer, Retry,
    SenderConstraint,
};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Id of the API, its backend and its agreement. Nobody else can have it: members' ids have a dot, operators' are refused.
pub(super) const ID: &str = "registry-v1";

/// The registry's API, as it stands in each draft.
#[derive(Debug)]
pub(super) struct Builtin {
    address: SocketAddr,
    entrance: Entrance,
    authentication: Authentication,
    audience: String,
    document: Arc<Value>,
}

impl Builtin {
    pub(super) fn new(address: SocketAddr, takes_tokens: bool, public_base_url: &str) -> anyhow::Result<Self> {
        Ok(Self {
            address,
            entrance: Entrance::new()?,
            authentication: if takes_tokens {
                Authentication::KeyOrToken
            } else {
                Authentication::Key
            },
            audience: format!("{public_base_url}{}", registry::api::facts().base_path),
            document: Arc::new(serde_json::to_value(registry::api::openapi())?),
        })
    }

    /// The way in, for the gateway of this process alone.
    pub(super) fn entrance(&self) -> Entrance {
        self.entrance.clone()
    }

    pub(super) fn document(&self) -> Arc<Value> {
        Arc::clone(&self.document)
    }

    /// Adds the API where there is an operator to own it. Gives whether it did.
    pub(super) fn add(&self, draft: &mut Draft, objects: &Objects) -> anyhow::Result<bool> {
        let operator = objects
            .members
            .values()
            .find(|member| member.roles.contains(&Role::Operator));
        let Some(owner) = operator.map(|member| member.organisation_id.clone()) else {
            return Ok(false);
        };
        let facts = registry::api::facts();
        let routes = registry::intake::operations(&self.document).map_err(anyhow::Error::msg)?;
        draft.limits.push(LimitDraft {
            id: ID.to_owned(),
            name: "member".to_owned(),
            per: LimitPer::Application,
            quota: 6_000,
            window: Duration::from_secs(60),
            burst: Some(1_200),
            shared: None,
            calendar: None,
        });
        draft.backends.push(self.entrance.backend(ID, &owner, self.address));
        draft.apis.push(ApiDraft {
            id: ID.to_owned(),
            base_path: None,
            name: facts.base_path.split('/').nth(1).unwrap_or_default().to_owned(),
            title: facts.title.to_owned(),
            version: facts.version.to_owned(),
            released: facts.released.to_owned(),
            organisation: owner.clone(),
            state: LifecycleState::Active,
            deprecated_at: None,
            sunset_at: None,
            successor: None,
            authentication: self.authentication,
            audience: self.audience.clone(),
            sender_constraint: SenderConstraint::None,
            personal_data: true,
            limits: vec![ID.to_owned()],
            cors: None,
            deadline: Duration::from_secs(20),
            idle_timeout: Duration::from_secs(30),
            max_body_bytes: registry::api::LARGEST_BODY as u64,
            backend: Some(ID.to_owned()),
            traffic: snapshot::ApiTraffic {
                mock_answers: Some(false),
                retry: Some(Retry::default()),
                ..snapshot::ApiTraffic::default()
            },
            routes,
            documents: Vec::new(),
        });
        let members = objects.members.values().filter(|member| !member.suspended);
        let mut consumers: Vec<String> = members.clone().map(|member| member.organisation_id.clone()).collect();
        consumers.sort_unstable();
        consumers.dedup();
        draft.agreements.push(AgreementDraft {
            id: ID.to_owned(),
            kind: AgreementKind::Anslutningsavtal,
            purpose: "Sköta den egna organisationens uppgifter i registret".to_owned(),
            producers: vec![owner],
            consumers,
            suppliers: Vec::new(),
            applications: members.map(|member| member.member_id.clone()).collect(),
            apis: vec![ID.to_owned()],
            scopes: Vec::new(),
            limits: Vec::new(),
            valid_from: 0,
            valid_to: None,
            suspended: false,
        });
        Ok(true)
    }
}
