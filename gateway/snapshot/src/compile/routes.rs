//! Routes: the APIs' operations and the documents that the gateway serves, and the router over them.

use super::names::Names;
use super::{Problem, Report};
use crate::mock::{Mock, Mocks};
use crate::model::{Api, ApiIndex, Authentication, Document, Route, RouteIndex, Target};
use crate::router::{Base, Refusal, Router};
use crate::template::Segment;
use crate::{ApiDraft, Draft, RouteDraft};
use http::Method;
use std::sync::Arc;

/// Paths under an API that describe the API itself and hold nobody's data (REST profile VER.06, DOK.23).
const ABOUT_THE_API: [&str; 4] = ["/api-info", "/openapi.json", "/openapi.yaml", "/docs"];

/// The compiled routes.
pub(super) struct Routed {
    /// All routes, in the order their indices count.
    pub(super) routes: Vec<Route>,
    /// The look-up over them.
    pub(super) router: Router,
}

impl Routed {
    /// The index that the next route gets.
    fn next(&self) -> RouteIndex {
        RouteIndex(u32::try_from(self.routes.len()).unwrap_or(u32::MAX))
    }

    /// A route's name for people.
    fn name(&self, index: RouteIndex) -> &str {
        self.routes
            .get(index.position())
            .map_or("another route", |route| &route.id)
    }
}

/// Compiles every route of `draft`; `apis` are its compiled APIs.
pub(super) fn compile(draft: &Draft, names: &Names<'_>, apis: &[Api], problems: &mut Vec<Problem>) -> Routed {
    let mut routed = Routed {
        routes: Vec::new(),
        router: Router::default(),
    };
    for (position, (api, compiled)) in draft.apis.iter().zip(apis).enumerate() {
        let mut report = Report::new(problems, "apis", position);
        let index = names.api(&api.id, "id", &mut report);
        match routed.router.add_api(&compiled.base_path, index) {
            Ok(base) => {
                add_documents(api, compiled, base, &mut routed, &mut report);
                let mocks = draft.mocks.get(&api.id).map(|mocks| &**mocks);
                add_operations(api, compiled, base, mocks, &mut routed, &mut report);
            }
            Err(refusal) => report.field("", explain(&compiled.base_path, refusal, &routed)),
        }
    }
    add_own_documents(draft, &mut routed, problems);
    add_relays(draft, names, &mut routed, problems);
    routed.router.finish();
    routed
}

/// The gateway's own documents under an API. They come first: an operation of the same name is theirs to answer.
fn add_documents(api: &ApiDraft, compiled: &Api, base: Base, routed: &mut Routed, report: &mut Report<'_>) {
    for (number, (path, document)) in api.documents.iter().enumerate() {
        let index = routed.next();
        match routed.router.add(base, Some(&Method::GET), path, index) {
            Ok(()) => routed.routes.push(document_route(
                &format!("{}{path}", compiled.base_path),
                Some(base.api),
                document,
            )),
            Err(refusal) => report.field(format!("documents[{number}]"), explain(path, refusal, routed)),
        }
    }
}

fn add_operations(
    api: &ApiDraft,
    compiled: &Api,
    base: Base,
    mocks: Option<&Mocks>,
    routed: &mut Routed,
    report: &mut Report<'_>,
) {
    if compiled.backend.is_none() && !api.routes.is_empty() {
        report.field("backend", "is missing; the API's routes need one");
    }
    for (number, draft) in api.routes.iter().enumerate() {
        check_operation(api, draft, number, report);
        let index = routed.next();
        let mock = || {
            mocks?
                .get(&format!("{} {}", draft.method.as_ref()?, draft.path))
                .cloned()
        };
        match routed.router.add(base, draft.method.as_ref(), &draft.path, index) {
            // Without a backend there is no route, and already a problem.
            Ok(()) => {
                routed.routes.extend(operation_route(draft, compiled, base.api, mock()));
            }
            Err(Refusal::Taken(by)) if is_own_document(routed, by) => {}
            Err(refusal) => report.field(format!("routes[{number}].path"), explain(&draft.path, refusal, routed)),
        }
    }
}

fn check_operation(api: &ApiDraft, draft: &RouteDraft, number: usize, report: &mut Report<'_>) {
    if matches!(draft.method, Some(Method::CONNECT | Method::TRACE)) {
        report.field(
            format!("routes[{number}].method"),
            "CONNECT and TRACE are never passed on",
        );
    }
    let open = draft.authentication == Some(Authentication::None);
    if open && api.personal_data && !ABOUT_THE_API.contains(&draft.path.as_str()) {
        let message = format!("must not be none on `{}`: the API holds personal data", draft.path);
        report.field(format!("routes[{number}].authentication"), message);
    }
    for (place, scope) in draft.scopes.iter().enumerate() {
        // RFC 6749 section 3.3: scope-token.
        let token = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
        if scope.is_empty() || !scope.bytes().all(token) {
            report.field(
                format!("routes[{number}].scopes[{place}]"),
                format!("`{scope}` is not a scope (RFC 6749 section 3.3)"),
            );
        }
    }
}

fn is_own_document(routed: &Routed, index: RouteIndex) -> bool {
    routed
        .routes
        .get(index.position())
        .is_some_and(|route| matches!(route.target, Target::Document(_)))
}

fn explain(path: &str, refusal: Refusal, routed: &Routed) -> String {
    match refusal {
        Refusal::Template(message) => format!("`{path}` {message}"),
        Refusal::Taken(by) => format!("`{path}` collides with `{}`: same method, same shape", routed.name(by)),
    }
}

/// `None` when the API has no backend.
fn operation_route(draft: &RouteDraft, api: &Api, index: ApiIndex, mock: Option<Arc<Mock>>) -> Option<Route> {
    let template = if draft.path == "/" {
        api.base_path.to_string()
    } else {
        format!("{}{}", api.base_path, draft.path)
    };
    let method = draft.method.as_ref().map_or("*", Method::as_str);
    Some(Route {
        id: format!("{method} {template}").into(),
        template: template.into(),
        method: draft.method.clone(),
        api: Some(index),
        scopes: draft.scopes.iter().map(|scope| Arc::from(scope.as_str())).collect(),
        authentication: draft.authentication.unwrap_or(api.authentication),
        target: Target::Upstream(api.backend?),
        mock,
    })
}

fn document_route(path: &str, api: Option<ApiIndex>, document: &Arc<Document>) -> Route {
    Route {
        id: format!("GET {path}").into(),
        template: path.into(),
        method: Some(Method::GET),
        api,
        scopes: Vec::new(),
        authentication: Authentication::None,
        target: Target::Document(document.clone()),
        mock: None,
    }
}

/// Documents outside any API. They have fixed paths and may not lie under one.
fn add_own_documents(draft: &Draft, routed: &mut Routed, problems: &mut Vec<Problem>) {
    for (position, (path, document)) in draft.documents.iter().enumerate() {
        let mut report = Report::new(problems, "documents", position);
        match crate::template::segments(path) {
            Err(message) => report.field("path", format!("`{path}` {message}")),
            Ok(segments) if !segments.iter().all(|it| matches!(it, Segment::Literal(_))) => {
                report.field("path", format!("`{path}` must not hold parameters"))
            }
            Ok(_) if routed.router.has_base(path) => {
                report.field(
                    "path",
                    format!("`{path}` lies under an API; add it to that API's documents"),
                );
            }
            Ok(_) => {
                let index = routed.next();
                if routed.router.add_document(path, index) {
                    routed.routes.push(document_route(path, None, document));
                } else {
                    report.field("path", format!("`{path}` is named twice"));
                }
            }
        }
    }
}

/// Paths outside any API that a backend of the gateway's own answers.
fn add_relays(draft: &Draft, names: &Names<'_>, routed: &mut Routed, problems: &mut Vec<Problem>) {
    for (position, (path, backend)) in draft.relays.iter().enumerate() {
        let mut report = Report::new(problems, "relays", position);
        let backend = names.backend(backend, "backend", &mut report);
        let literal = crate::template::segments(path)
            .is_ok_and(|segments| segments.iter().all(|it| matches!(it, Segment::Literal(_))));
        let index = routed.next();
        if !literal || routed.router.has_base(path) || !routed.router.add_document(path, index) {
            report.field("path", format!("`{path}` is no path of its own"));
            continue;
        }
        routed.routes.push(Route {
            id: format!("GET {path}").into(),
            template: path.as_str().into(),
            method: Some(Method::GET),
            api: None,
            scopes: Vec::new(),
            authentication: Authentication::None,
            target: Target::Upstream(backend),
            mock: None,
        });
    }
}
