//! Links as the national REST API profile wants them: absolute, with relation and method (HYP.11-19).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A link description object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"href": "https://api.vagvisare.example/case-status/v1/cases", "rel": "self", "method": "GET"}))]
pub struct Link {
    /// Absolute URL of the target (HYP.14).
    #[schema(format = "uri")]
    pub href: String,
    /// What the target is to this resource; an IANA relation where one exists (HYP.18, HYP.19).
    pub rel: String,
    /// The method to use; always said, also when it is GET (HYP.17).
    pub method: String,
}

impl Link {
    /// A link that is followed with GET.
    #[must_use]
    pub fn get(rel: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            href: href.into(),
            rel: rel.into(),
            method: "GET".to_owned(),
        }
    }

    /// A link that is followed with `method`.
    #[must_use]
    pub fn with_method(rel: impl Into<String>, method: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            href: href.into(),
            rel: rel.into(),
            method: method.into(),
        }
    }
}

/// The `_links` list of a response (HYP.03-05). At most one link per relation is meant to be `self`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Links(pub Vec<Link>);

impl Links {
    /// A list that starts with the link to the resource itself.
    #[must_use]
    pub fn to_self(href: impl Into<String>) -> Self {
        Self(vec![Link::get("self", href)])
    }

    /// Adds a link followed with GET.
    #[must_use]
    pub fn and(mut self, rel: impl Into<String>, href: impl Into<String>) -> Self {
        self.0.push(Link::get(rel, href));
        self
    }

    /// The first link with this relation.
    #[must_use]
    pub fn find(&self, rel: &str) -> Option<&Link> {
        self.0.iter().find(|link| link.rel == rel)
    }
}
