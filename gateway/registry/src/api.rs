//! `/registry/v1`: everything that agencies and operators do, and what the document says of the whole.
//!
//! The API is a service of the node behind the gateway's own stack: who calls is said by the gateway (`acting`), and
//! nobody else is listened to. What every kind of object has in common is written once (`resource`).

mod acting;
mod agreements;
mod apis;
mod applications;
mod audit_entries;
mod backends;
mod checks;
mod credentials;
mod documents;
mod example;
mod flow;
mod limit_plans;
mod maintenance;
mod members;
mod nodes;
mod organisations;
mod preview;
mod refuse;
mod resource;
mod schema;
mod scopes;
mod usage;

pub use checks::MOST_CHECKED;
pub use documents::{DocumentAddress, DocumentChange, DocumentReport, Elsewhere, Finding};
pub use preview::Preview;

use crate::model::Backend;
use crate::store::Store;
use model::LocalizedText;
use service_host::{Access, Api, ApiFacts, ApiStatus, Service};
use std::fmt;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The largest body that the registry takes: an OpenAPI document.
pub const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// A secret just made: its text is shown once, its hash is kept.
pub struct NewSecret {
    /// Id by which it is found.
    pub id: String,
    /// The text.
    pub text: String,
    /// What is kept of it, in hexadecimal.
    pub hash: String,
}

impl fmt::Debug for NewSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NewSecret")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Makes keys and secrets; implemented where the pepper is.
pub trait Secrets: fmt::Debug + Send + Sync {
    /// A key for `X-Api-Key`.
    ///
    /// # Errors
    /// Why there is none.
    fn api_key(&self, environment: &str) -> Result<NewSecret, String>;

    /// A secret for the token service.
    ///
    /// # Errors
    /// Why there is none.
    fn client_secret(&self) -> Result<NewSecret, String>;
}

/// Whether a backend may be where it says that it is.
pub trait AddressPolicy: fmt::Debug + Send + Sync {
    /// What is wrong with its addresses: field and message.
    fn check(&self, backend: &Backend) -> Vec<(String, String)>;
}

/// What the API works with.
#[derive(Debug, Clone)]
pub struct Registry {
    /// The store.
    pub store: Store,
    /// Makes keys and secrets.
    pub secrets: Arc<dyn Secrets>,
    /// Judges backends.
    pub addresses: Arc<dyn AddressPolicy>,
    /// Fetches documents that are named by their address.
    pub elsewhere: Elsewhere,
    /// Shows drafts.
    pub preview: Arc<dyn Preview>,
}

/// The document of `/registry/v1`.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    scopes::add(Api::document(&facts(), routes()))
}

/// The service. Who serves it lets in only the gateway of this process: what that says of the caller is believed.
#[must_use]
pub fn service(registry: Registry) -> Service {
    let router = routes().with_state(Arc::new(registry));
    Service::new("registry", env!("CARGO_PKG_VERSION"))
        .api(Api::new(facts(), router))
        .body_limit(LARGEST_BODY)
}

/// The routes, relative to the API's base path.
fn routes() -> OpenApiRouter<Arc<Registry>> {
    objects().routes(routes!(checks::check_changes))
}

/// Those that read and change objects: what can be tried out.
fn objects() -> OpenApiRouter<Arc<Registry>> {
    OpenApiRouter::new()
        .routes(routes!(
            organisations::list_organisations,
            organisations::create_organisation
        ))
        .routes(routes!(
            organisations::get_organisation,
            organisations::replace_organisation,
            organisations::remove_organisation
        ))
        .routes(routes!(members::list_members, members::create_member))
        .routes(routes!(
            members::get_member,
            members::replace_member,
            members::remove_member
        ))
        .routes(routes!(
            credentials::list_member_credentials,
            credentials::create_member_credential
        ))
        .routes(routes!(credentials::revoke_member_credential))
        .routes(routes!(backends::list_backends, backends::create_backend))
        .routes(routes!(
            backends::get_backend,
            backends::replace_backend,
            backends::remove_backend
        ))
        .routes(routes!(limit_plans::list_limit_plans, limit_plans::create_limit_plan))
        .routes(routes!(
            limit_plans::get_limit_plan,
            limit_plans::replace_limit_plan,
            limit_plans::remove_limit_plan
        ))
        .routes(routes!(apis::list_apis, apis::create_api))
        .routes(routes!(apis::get_api, apis::replace_api, apis::remove_api))
        .routes(routes!(documents::get_document, documents::put_document))
        .routes(routes!(preview::get_preview))
        .routes(routes!(apis::publish_api))
        .routes(routes!(maintenance::begin_maintenance, maintenance::end_maintenance))
        .routes(routes!(
            applications::list_applications,
            applications::create_application
        ))
        .routes(routes!(
            applications::get_application,
            applications::replace_application,
            applications::remove_application
        ))
        .routes(routes!(
            credentials::list_application_credentials,
            credentials::create_application_credential
        ))
        .routes(routes!(credentials::revoke_application_credential))
        .routes(routes!(agreements::list_agreements, agreements::create_agreement))
        .routes(routes!(
            agreements::get_agreement,
            agreements::replace_agreement,
            agreements::remove_agreement
        ))
        .routes(routes!(agreements::sign_agreement))
        .routes(routes!(agreements::suspend_agreement, agreements::resume_agreement))
        .routes(routes!(agreements::terminate_agreement))
        .routes(routes!(usage::list_usage_periods))
        .routes(routes!(usage::list_api_callers))
        .routes(routes!(audit_entries::list_audit_entries))
        .routes(routes!(nodes::list_nodes))
}

/// What the API says of itself.
#[must_use]
pub fn facts() -> ApiFacts {
    ApiFacts {
        base_path: "/registry/v1",
        title: "Register",
        version: "1.0.0",
        released: "2026-11-26",
        status: ApiStatus::Active,
        description: LocalizedText::new(
            "Här registrerar en organisation sina API:er, bakomliggande tjänster, applikationer och avtal, och ser bara sitt \
             eget. Det som publiceras gäller i varje nod inom en sekund. Den som anropar är en medlem med egen nyckel.",
            "Here an organisation registers its APIs, backends, applications and agreements, and sees only its own. What is \
             published holds on every node within a second. Who calls is a member with a key of its own.",
        ),
        limitations: LocalizedText::new(
            "En meddelandekropp får vara högst 4 MiB. En ändring kräver If-Match med den revision som lästes. En \
             Idempotency-Key minns svaret i ett dygn.",
            "A body may be at most 4 MiB. A change needs If-Match with the revision that was read. An Idempotency-Key \
             remembers the answer for a day.",
        ),
        access: Access::Key,
    }
}
