//! What answers look like: objects with what the registry knows of them, and lists of them.

use crate::model::{
    Agreement, AgreementState, Api, Application, Backend, CredentialHolder, CredentialKind, LimitPlan, Member, Moment,
    Organisation, Publication, Signature, Standstill,
};
use model::{Links, Meta};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// Which page of a list, and of what.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(rename_all = "camelCase")]
pub(crate) struct ListQuery {
    /// Sidans nummer, från 1. The page's number, from 1.
    #[param(minimum = 1, default = 1, example = 1)]
    pub(crate) page: Option<u64>,
    /// Högsta antal på en sida. The most on a page.
    #[param(minimum = 1, maximum = 100, default = 20, example = 20)]
    pub(crate) limit: Option<u64>,
    /// Bara denna organisations. Of this organisation only.
    #[param(example = "exempelmyndigheten")]
    pub(crate) organisation_id: Option<String>,
    /// Bara de vars id eller innehåll har texten. Only those whose id or content has the text.
    #[param(example = "cases")]
    pub(crate) query: Option<String>,
}

/// Declares the answer for one object and for a list of them.
macro_rules! views {
    ($($(#[$doc:meta])* $view:ident of $object:ident, $list:ident of $items:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Serialize, ToSchema)]
        #[serde(rename_all = "camelCase")]
        pub(crate) struct $view {
            /// The object.
            #[serde(flatten)]
            pub(crate) object: $object,
            /// Counts its changes; also the `ETag`.
            pub(crate) revision: i64,
            /// When it was registered.
            pub(crate) created_at: Moment,
            /// When it was last changed.
            pub(crate) changed_at: Moment,
            /// Links.
            #[serde(rename = "_links")]
            pub(crate) links: Links,
        }

        /// A page of them.
        #[derive(Debug, Clone, Serialize, ToSchema)]
        #[serde(rename_all = "camelCase")]
        pub(crate) struct $list {
            /// The page.
            pub(crate) $items: Vec<$view>,
            /// Links to other pages.
            #[serde(rename = "_links")]
            pub(crate) links: Links,
            /// Numbers.
            #[serde(rename = "_meta")]
            pub(crate) meta: Meta,
        }
    )*};
}

views! {
    /// An organisation.
    OrganisationView of Organisation, OrganisationList of organisations;
    /// A member.
    MemberView of Member, MemberList of members;
    /// A backend.
    BackendView of Backend, BackendList of backends;
    /// A limit plan.
    LimitPlanView of LimitPlan, LimitPlanList of limit_plans;
    /// An application.
    ApplicationView of Application, ApplicationList of applications;
    /// An API.
    ApiView of ApiBody, ApiList of apis;
    /// An agreement.
    AgreementView of AgreementBody, AgreementList of agreements;
    /// A credential.
    CredentialView of CredentialBody, CredentialList of credentials;
}

/// A node, and when it last said so.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NodeView {
    /// The node.
    #[serde(flatten)]
    pub(crate) object: NodeBody,
    /// When it last said which version it serves.
    pub(crate) seen_at: Moment,
}

/// The nodes that live.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NodeList {
    /// The registry's version now. A change that was made before holds everywhere when every node has come to it.
    pub(crate) registry_version: i64,
    /// The page.
    pub(crate) nodes: Vec<NodeView>,
    /// Links to other pages.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
    /// Numbers.
    #[serde(rename = "_meta")]
    pub(crate) meta: Meta,
}

/// An API: what is edited, and what is served.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApiBody {
    /// What is edited.
    #[serde(flatten)]
    pub(crate) draft: Api,
    /// Hash of the OpenAPI document that was uploaded for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) document_hash: Option<String>,
    /// Address that it was fetched from when it was uploaded; absent when it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uri")]
    pub(crate) document_url: Option<String>,
    /// What is served; absent until it is published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) published: Option<Publication>,
    /// Whether what is edited differs from what is served.
    pub(crate) unpublished_changes: bool,
}

/// An agreement: its terms, and where it is.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AgreementBody {
    /// What it says.
    #[serde(flatten)]
    pub(crate) terms: Agreement,
    /// Where it is.
    pub(crate) state: AgreementState,
    /// Who has signed.
    pub(crate) signatures: Vec<Signature>,
    /// Why it is out of force for the time being.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) suspension: Option<Standstill>,
    /// Why it is out of force for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) termination: Option<Standstill>,
}

/// A credential, without what it could be used with.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CredentialBody {
    /// Its id; of an API key, the part of its text by which it is found.
    pub(crate) credential_id: String,
    /// What it belongs to.
    pub(crate) holder: CredentialHolder,
    /// The application or member.
    pub(crate) holder_id: String,
    /// Its name.
    pub(crate) name: String,
    /// What it is.
    pub(crate) kind: CredentialKind,
    /// The key or secret. In the answer that made it, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) secret: Option<String>,
    /// Uploaded public keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) jwks: Option<Value>,
    /// Where the public keys are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uri")]
    pub(crate) jwks_url: Option<String>,
    /// SHA-256 of the certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) certificate_sha256: Option<String>,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<Moment>,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) revoked_at: Option<Moment>,
    /// When it was last used, to the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_used_at: Option<Moment>,
}

/// A node of the gateway.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NodeBody {
    /// Its name.
    pub(crate) node: String,
    /// The registry's version that it serves.
    pub(crate) version: i64,
    /// How many objects it left out because they cannot be served.
    pub(crate) left_out: i64,
}

/// Why something is suspended or terminated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"reason": "Säkerhetsincident hos leverantören"}))]
pub(crate) struct Reason {
    /// In words that the other party understands.
    pub(crate) reason: String,
}

/// An entry of the audit trail.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditEntryView {
    /// Its number; the registry's version that the change made.
    pub(crate) sequence: i64,
    /// When.
    pub(crate) at: Moment,
    /// The member who did it.
    pub(crate) member_id: String,
    /// The member's organisation.
    pub(crate) member_organisation_id: String,
    /// The organisation whose object it is.
    pub(crate) organisation_id: String,
    /// What was done.
    pub(crate) action: String,
    /// Kind of object.
    pub(crate) kind: String,
    /// The object's id.
    pub(crate) object_id: String,
    /// The object before, without secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) before: Option<Value>,
    /// The object after, without secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) after: Option<Value>,
    /// Seal over this entry and the one before it.
    pub(crate) hash: String,
}

/// A page of the audit trail.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditEntryList {
    /// The page, the newest first.
    pub(crate) audit_entries: Vec<AuditEntryView>,
    /// Links to other pages.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
    /// Numbers.
    #[serde(rename = "_meta")]
    pub(crate) meta: Meta,
}
