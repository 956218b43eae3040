//! Members: who may do what in the registry on an organisation's behalf.

use super::{Kind, Object};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A member of an organisation: a person's account or a program that administers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Member {
    /// Stable id; made by the registry unless given.
    #[serde(default)]
    pub member_id: String,
    /// The organisation; the caller's own unless given.
    #[serde(default)]
    pub organisation_id: String,
    /// What colleagues call it: a function or a program rather than a person, if possible.
    pub name: String,
    /// What it may do.
    pub roles: Vec<Role>,
    /// Whether it may do anything at all for the time being.
    #[serde(default)]
    pub suspended: bool,
}

/// What a member may do. To edit and to publish are separate rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Runs the gateway: registers organisations, and may act for each of them, but never sign for one.
    Operator,
    /// Everything within its organisation: members, agreements and what the roles below may.
    AgencyAdmin,
    /// Edits, and puts into force: publications, backends, limit plans.
    AgencyPublisher,
    /// Edits APIs, applications and their credentials; nothing of it changes what is published.
    Developer,
    /// Reads everything of its organisation, the audit trail too; changes nothing.
    Auditor,
}

impl Object for Member {
    const KIND: Kind = Kind::Member;

    fn id(&self) -> &str {
        &self.member_id
    }

    fn organisation(&self) -> &str {
        &self.organisation_id
    }
}
