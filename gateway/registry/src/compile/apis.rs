//! APIs as they are published.

use super::{OperationsOf, convert};
use crate::model::{Api, HttpMethod, Operation, Publication};
use http::{HeaderValue, Method};
use snapshot::{ApiDraft, Cors, RouteDraft};
use std::time::Duration;

/// A publication, with the operations of its document.
pub(super) fn published(publication: &Publication, operations: &mut OperationsOf<'_>) -> Result<ApiDraft, String> {
    let routes = match &publication.document {
        Some(hash) => operations(hash)?,
        None => publication.api.operations.iter().map(route).collect(),
    };
    Ok(api(&publication.api, routes))
}

/// One API with its operations.
pub(crate) fn api(api: &Api, routes: Vec<RouteDraft>) -> ApiDraft {
    ApiDraft {
        id: api.api_id.clone(),
        name: api.name.clone(),
        base_path: None,
        title: api.title.clone(),
        version: api.version.clone(),
        released: api.released.map(|date| date.to_string()).unwrap_or_default(),
        organisation: api.organisation_id.clone(),
        state: convert::lifecycle(api.state),
        deprecated_at: api.deprecated_at.map(crate::model::Moment::seconds),
        sunset_at: api.sunset_at.map(crate::model::Moment::seconds),
        successor: api.successor.clone(),
        authentication: convert::authentication(api.authentication),
        audience: api.audience.clone().unwrap_or_default(),
        sender_constraint: convert::sender_constraint(api.sender_constraint),
        personal_data: api.personal_data,
        limits: api.limit_plan_ids.clone(),
        cors: api.cors.as_ref().map(|cors| Cors {
            any_origin: cors.any_origin,
            // What no header can hold was refused when it was registered.
            origins: cors
                .origins
                .iter()
                .filter_map(|origin| HeaderValue::from_str(origin).ok())
                .collect(),
        }),
        deadline: Duration::from_millis(api.deadline_milliseconds),
        idle_timeout: Duration::from_millis(api.idle_timeout_milliseconds),
        max_body_bytes: api.max_body_bytes,
        backend: api.backend_id.clone(),
        traffic: super::policies::api(api),
        routes,
        documents: Vec::new(),
    }
}

/// An operation that is written in the registry.
pub(crate) fn route(operation: &Operation) -> RouteDraft {
    RouteDraft {
        method: operation.method.map(|method| match method {
            HttpMethod::Get => Method::GET,
            HttpMethod::Head => Method::HEAD,
            HttpMethod::Post => Method::POST,
            HttpMethod::Put => Method::PUT,
            HttpMethod::Patch => Method::PATCH,
            HttpMethod::Delete => Method::DELETE,
            HttpMethod::Options => Method::OPTIONS,
        }),
        path: operation.path.clone(),
        scopes: operation.scopes.clone(),
        authentication: operation.authentication.map(convert::authentication),
    }
}
