//! Applications: the programs that call APIs.

use super::{Kind, Object};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A program of an organisation; its id is also its OAuth `client_id`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Application {
    /// Stable id; made by the registry unless given.
    #[serde(default)]
    pub application_id: String,
    /// The organisation; the caller's own unless given.
    #[serde(default)]
    pub organisation_id: String,
    /// Name for people.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where a person is sent back to after logging in; exact addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<String>,
    /// What it asks a person, it must push to `/oauth2/par` first (RFC 9126), so that no browser can change it.
    #[serde(default)]
    #[schema(default = false)]
    pub require_par: bool,
    /// The application may not call anything for the time being.
    #[serde(default)]
    pub suspended: bool,
}

impl Object for Application {
    const KIND: Kind = Kind::Application;

    fn id(&self) -> &str {
        &self.application_id
    }

    fn organisation(&self) -> &str {
        &self.organisation_id
    }
}
