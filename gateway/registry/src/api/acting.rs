//! Who acts: the member that the gateway says has called, and what its roles allow.

use super::{Registry, refuse};
use crate::model::{Member, Object, Role};
use crate::store::{Actor, Scope};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use service_host::{Caller, Refusal};
use std::sync::Arc;

/// A right in the registry. To edit and to publish are separate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Right {
    /// See what is one's organisation's.
    Read,
    /// See the audit trail.
    Audit,
    /// Edit what has no effect on calls until it is published, and applications with their credentials.
    Edit,
    /// Put into force.
    Publish,
    /// Members and agreements.
    Administer,
    /// Organisations, and whatever is whose.
    Operate,
}

impl Right {
    const fn given_to(self, role: Role) -> bool {
        match (self, role) {
            (_, Role::Operator) => true,
            (Self::Operate, _) => false,
            (_, Role::AgencyAdmin) => true,
            (Self::Read | Self::Edit | Self::Publish, Role::AgencyPublisher) => true,
            (Self::Audit | Self::Administer, Role::AgencyPublisher) => false,
            (Self::Read | Self::Edit, Role::Developer) => true,
            (Self::Audit | Self::Publish | Self::Administer, Role::Developer) => false,
            (Self::Read | Self::Audit, Role::Auditor) => true,
            (Self::Edit | Self::Publish | Self::Administer, Role::Auditor) => false,
        }
    }

    const fn roles(self) -> &'static str {
        match self {
            Self::Read => "any role",
            Self::Audit => "auditor or agencyAdmin",
            Self::Edit => "developer, agencyPublisher or agencyAdmin",
            Self::Publish => "agencyPublisher or agencyAdmin",
            Self::Administer => "agencyAdmin",
            Self::Operate => "operator",
        }
    }
}

/// The member that calls.
#[derive(Debug, Clone)]
pub(crate) struct Acting {
    pub(crate) member: Member,
    /// Absolute URL of the API as the caller sees it.
    pub(crate) base_url: String,
}

impl Acting {
    pub(crate) fn is_operator(&self) -> bool {
        self.member.roles.contains(&Role::Operator)
    }

    pub(crate) fn organisation(&self) -> &str {
        &self.member.organisation_id
    }

    /// Whose objects it sees.
    pub(crate) fn scope(&self) -> Scope {
        if self.is_operator() {
            Scope::All
        } else {
            Scope::Organisation(self.organisation().to_owned())
        }
    }

    pub(crate) fn actor(&self) -> Actor {
        Actor {
            member: self.member.member_id.clone(),
            organisation: self.member.organisation_id.clone(),
        }
    }

    /// Whether the object exists for it.
    pub(crate) fn sees<T: Object>(&self, object: &T) -> bool {
        self.owns(object) || object.parties().contains(&self.organisation())
    }

    /// Whether the object is its own to change.
    pub(crate) fn owns<T: Object>(&self, object: &T) -> bool {
        self.is_operator() || object.organisation() == self.organisation()
    }

    /// Refuses who has not the right. Asked before anything is looked up, so that the answer says nothing of what is there.
    pub(crate) fn require(&self, right: Right) -> Result<(), Refusal> {
        if self.member.roles.iter().any(|role| right.given_to(*role)) {
            return Ok(());
        }
        Err(refuse::not_allowed(format!(
            "This needs the role {}. Ask an agencyAdmin of your organisation.",
            right.roles()
        )))
    }
}

impl FromRequestParts<Arc<Registry>> for Acting {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, registry: &Arc<Registry>) -> Result<Self, Refusal> {
        let caller = match Caller::from_request_parts(parts, registry).await {
            Ok(caller) => caller,
            Err(never) => match never {},
        };
        let unknown =
            || refuse::not_allowed("The credential is not a member's. Call with a key that was made for a member.");
        let id = caller.application.ok_or_else(unknown)?;
        let member = registry.store.get::<Member>(&Scope::All, &id).await;
        let member = member.map_err(refuse::store)?.ok_or_else(unknown)?.object;
        if member.suspended {
            return Err(refuse::not_allowed("This member is suspended."));
        }
        // What the gateway says and what the registry says must be the same, or neither is believed.
        if caller.organisation.as_deref() != Some(member.organisation_id.as_str()) {
            return Err(unknown());
        }
        Ok(Self {
            member,
            base_url: caller.base_url,
        })
    }
}
