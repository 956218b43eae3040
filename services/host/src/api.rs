//! One API of a service: where it is, what it says of itself, and what it serves.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use axum::routing::get;
use axum::{Extension, Router};
use model::{LocalizedText, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Access;
use crate::caller::{BasePath, Caller};
use crate::document;
use crate::extract::Json;

/// Where in its life an API is (VER.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ApiStatus {
    /// First try-outs.
    Alpha,
    /// Nearly there.
    Beta,
    /// In use.
    Active,
    /// Still there, soon not.
    Deprecated,
    /// No longer answering.
    Retired,
    /// Gone.
    Decommissioned,
}

/// What an API says of itself; all of it is asked for by the national profile.
#[derive(Clone, Debug)]
pub struct ApiFacts {
    /// Where it is served, such as `/case-status/v1`.
    pub base_path: &'static str,
    /// Its name as people read it.
    pub title: &'static str,
    /// Its full version, such as `1.0.0`.
    pub version: &'static str,
    /// The day this version was published, as `2026-01-31`.
    pub released: &'static str,
    /// Where in its life it is.
    pub status: ApiStatus,
    /// What it does.
    pub description: LocalizedText,
    /// What it cannot do (DOK.09).
    pub limitations: LocalizedText,
    /// What a caller must show.
    pub access: Access,
}

/// The answer of `api-info` (VER.06, VER.07).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "apiName": "Ärendestatus", "apiVersion": "1.0.0", "apiReleased": "2026-01-31",
    "apiDocumentation": "https://api.vagvisare.example/case-status/v1/docs", "apiStatus": "active"
}))]
pub struct ApiInfo {
    /// Name of the API.
    pub api_name: String,
    /// Its version with major, minor and patch.
    pub api_version: String,
    /// The day the version was published.
    #[schema(format = Date, example = "2026-01-31")]
    pub api_released: String,
    /// Where its documentation is.
    #[schema(format = "uri")]
    pub api_documentation: String,
    /// Where in its life it is.
    pub api_status: ApiStatus,
}

/// One API of a service.
pub struct Api {
    facts: ApiFacts,
    router: OpenApiRouter,
}

impl Api {
    /// An API from its facts and its routes. Routes are relative to the facts' base path and their
    /// `utoipa::path` annotations become the document; what every operation has (trace headers, the
    /// problem response, `api-info`, security) is added here and need not be annotated.
    #[must_use]
    pub fn new(facts: ApiFacts, router: OpenApiRouter) -> Self {
        let info = info_routes().with_state(facts.clone());
        Self {
            facts,
            router: router.merge(info),
        }
    }

    /// The complete document of an API with these routes, paths relative to the server's URL. It needs no state,
    /// so that it can be written without starting anything.
    #[must_use]
    pub fn document<S>(facts: &ApiFacts, routes: OpenApiRouter<S>) -> OpenApi
    where
        S: Clone + Send + Sync + 'static,
    {
        let mut document = routes.into_openapi();
        document.merge(info_routes().into_openapi());
        document::complete(document, facts)
    }

    /// The routes under the base path, with the document itself beside them.
    pub(crate) fn into_router(self) -> Router {
        let base_path = self.facts.base_path;
        let (router, document) = self.router.split_for_parts();
        let document = document::complete(document, &self.facts);
        // Written once: it never changes while the service runs.
        let document = Bytes::from(serde_json::to_vec(&document).unwrap_or_default());
        let json = [(header::CONTENT_TYPE, "application/json")];
        let router = router.route("/openapi.json", get(move || async move { (json, document) }));
        Router::new().nest(base_path, router.layer(Extension(BasePath(base_path))))
    }
}

fn info_routes() -> OpenApiRouter<ApiFacts> {
    OpenApiRouter::new().routes(routes!(get_api_info))
}

/// API information
///
/// Namn, version, publiceringsdatum, dokumentation och tillstånd för API:et.
/// Name, version, release date, documentation and life-cycle state of the API.
#[utoipa::path(
    get, path = "/api-info", operation_id = "getApiInfo", tag = "api-info", security(()),
    responses((status = 200, description = "Uppgifter om API:et. Facts about the API.", body = ApiInfo,
        examples(("apiInfo" = (value = json!({
            "apiName": "Ärendestatus", "apiVersion": "1.0.0", "apiReleased": "2026-01-31",
            "apiDocumentation": "https://api.vagvisare.example/case-status/v1/docs", "apiStatus": "active"
        }))))))
)]
async fn get_api_info(State(facts): State<ApiFacts>, caller: Caller) -> Json<ApiInfo> {
    // Only behind the gateway is there a page to read; alone, the document is the documentation.
    let page = if caller.through_gateway { "docs" } else { "openapi.json" };
    Json(ApiInfo {
        api_name: facts.title.to_owned(),
        api_version: facts.version.to_owned(),
        api_released: facts.released.to_owned(),
        api_documentation: format!("{}/{page}", caller.base_url),
        api_status: facts.status,
    })
}

/// Makes the problem schema known to the document, although no operation names it.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(Problem, model::InvalidField)))]
pub(crate) struct ProblemSchemas;
