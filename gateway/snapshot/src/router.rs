//! Finds the route of a method and a path; cost does not grow with the number of routes.
//!
//! The first two segments (`/case-status/v1`) are hashed to an API's own table, which is a radix tree over the rest of
//! the path. Documents outside any API are hashed whole.

use crate::template::shape;
use crate::{ApiIndex, RouteIndex};
use hashbrown::HashMap;
use http::{HeaderValue, Method};
use std::borrow::Cow;

/// The result of a route look-up.
#[derive(Debug, Clone, PartialEq)]
pub enum Found<'a> {
    /// This route answers.
    Route(RouteIndex),
    /// The path exists, the method does not; `allow` is the `Allow` header, ready to send.
    MethodNotAllowed {
        /// `Allow`, rendered once.
        allow: &'a HeaderValue,
        /// The API the path belongs to.
        api: Option<ApiIndex>,
    },
    /// Under an API, but no such path.
    NoSuchPath(ApiIndex),
    /// Nothing is served here.
    NotFound,
}

/// The look-up tables.
#[derive(Debug, Default)]
pub(crate) struct Router {
    apis: HashMap<Box<str>, ApiTable>,
    documents: HashMap<Box<str>, Entry>,
}

/// The paths of one API, relative to its base path.
#[derive(Debug)]
struct ApiTable {
    api: ApiIndex,
    paths: matchit::Router<u32>,
    entries: Vec<Entry>,
}

/// The methods of one path.
#[derive(Debug)]
struct Entry {
    methods: Vec<(Method, RouteIndex)>,
    every_method: Option<RouteIndex>,
    allow: HeaderValue,
}

impl Router {
    /// See [`crate::Snapshot::find`].
    pub(crate) fn find(&self, method: &Method, path: &str) -> Found<'_> {
        let (base, rest) = split_base(path);
        if let Some(table) = self.apis.get(base) {
            return table.find(method, rest);
        }
        match self.documents.get(path) {
            Some(entry) => entry.find(method, None),
            None => Found::NotFound,
        }
    }

    /// Whether an API is served under this base path.
    pub(crate) fn has_base(&self, path: &str) -> bool {
        self.apis.contains_key(split_base(path).0)
    }

    /// Adds an API's table.
    pub(crate) fn add_api(&mut self, base: &str, paths: Paths) {
        let Paths { api, tree, open, .. } = paths;
        let entries = open.into_iter().map(OpenEntry::close).collect();
        self.apis.insert(
            Box::from(base),
            ApiTable {
                api,
                paths: tree,
                entries,
            },
        );
    }

    /// Adds a document outside any API; `false`: the path is taken.
    pub(crate) fn add_document(&mut self, path: &str, route: RouteIndex) -> bool {
        let mut open = OpenEntry::default();
        open.methods.push((Method::GET, route));
        self.documents.insert(Box::from(path), open.close()).is_none()
    }
}

impl ApiTable {
    fn find(&self, method: &Method, rest: &str) -> Found<'_> {
        let rest = if rest.is_empty() { "/" } else { rest };
        let entry = self
            .paths
            .at(rest)
            .ok()
            .and_then(|found| self.entries.get(*found.value as usize));
        match entry {
            Some(entry) => entry.find(method, Some(self.api)),
            None => Found::NoSuchPath(self.api),
        }
    }
}

impl Entry {
    fn find(&self, method: &Method, api: Option<ApiIndex>) -> Found<'_> {
        let named = self.of(method).or(self.every_method);
        let route = match named {
            None if method == Method::HEAD => self.of(&Method::GET),
            other => other,
        };
        match route {
            Some(route) => Found::Route(route),
            None => Found::MethodNotAllowed {
                allow: &self.allow,
                api,
            },
        }
    }

    fn of(&self, method: &Method) -> Option<RouteIndex> {
        self.methods
            .iter()
            .find(|(known, _)| known == method)
            .map(|(_, route)| *route)
    }
}

/// Splits `/case-status/v1/cases/7` into `/case-status/v1` and `/cases/7`.
fn split_base(path: &str) -> (&str, &str) {
    let slashes = path.bytes().enumerate().filter(|(_, byte)| *byte == b'/');
    let end = slashes.map(|(at, _)| at).nth(2).unwrap_or(path.len());
    path.split_at_checked(end).unwrap_or((path, ""))
}

/// An API's paths while they are being collected.
#[derive(Debug)]
pub(crate) struct Paths {
    api: ApiIndex,
    tree: matchit::Router<u32>,
    open: Vec<OpenEntry>,
    shapes: HashMap<String, u32>,
}

/// Why a route could not be added.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The template itself is wrong.
    Template(String),
    /// Another route has this method and shape.
    Taken(RouteIndex),
}

impl Paths {
    /// No paths yet.
    pub(crate) fn new(api: ApiIndex) -> Self {
        Paths {
            api,
            tree: matchit::Router::new(),
            open: Vec::new(),
            shapes: HashMap::new(),
        }
    }

    /// The API whose paths these are.
    pub(crate) fn api(&self) -> ApiIndex {
        self.api
    }

    /// Adds one route; `template` is relative to the API's base path.
    pub(crate) fn add(&mut self, method: Option<&Method>, template: &str, route: RouteIndex) -> Result<(), Refusal> {
        let shape = shape(template).map_err(Refusal::Template)?;
        let position = match self.shapes.get(&shape) {
            Some(position) => *position,
            None => self.open_entry(shape)?,
        };
        match self.open.get_mut(position as usize) {
            Some(entry) => entry.add(method, route),
            None => Err(Refusal::Template("is one more path than can be counted".to_owned())),
        }
    }

    fn open_entry(&mut self, shape: String) -> Result<u32, Refusal> {
        let too_many = |_| Refusal::Template("is one more path than can be counted".to_owned());
        let position = u32::try_from(self.open.len()).map_err(too_many)?;
        self.tree
            .insert(shape.clone(), position)
            .map_err(|error| Refusal::Template(ambiguous(&error)))?;
        self.open.push(OpenEntry::default());
        self.shapes.insert(shape, position);
        Ok(position)
    }
}

/// What the radix tree cannot hold, in words. The tree's own guess at the other template is not always right, so it is
/// not shown.
fn ambiguous(error: &matchit::InsertError) -> String {
    match error {
        matchit::InsertError::Conflict { .. } => {
            "matches the same paths as an earlier route, and neither is more exact; change one of them".to_owned()
        }
        other => format!("is not a template: {other}"),
    }
}

/// An [`Entry`] whose `Allow` is not rendered yet.
#[derive(Debug, Default)]
struct OpenEntry {
    methods: Vec<(Method, RouteIndex)>,
    every_method: Option<RouteIndex>,
}

impl OpenEntry {
    fn add(&mut self, method: Option<&Method>, route: RouteIndex) -> Result<(), Refusal> {
        match method {
            None => match self.every_method {
                Some(taken) => Err(Refusal::Taken(taken)),
                None => {
                    self.every_method = Some(route);
                    Ok(())
                }
            },
            Some(method) => match self.methods.iter().find(|(known, _)| known == method) {
                Some((_, taken)) => Err(Refusal::Taken(*taken)),
                None => {
                    self.methods.push((method.clone(), route));
                    Ok(())
                }
            },
        }
    }

    fn close(self) -> Entry {
        let allow = allow(&self.methods);
        Entry {
            methods: self.methods,
            every_method: self.every_method,
            allow,
        }
    }
}

/// Renders `Allow` (RFC 9110 section 10.2.1): `GET` first, with the `HEAD` that it brings, `OPTIONS` last.
fn allow(methods: &[(Method, RouteIndex)]) -> HeaderValue {
    let mut names: Vec<Cow<'_, str>> = methods
        .iter()
        .map(|(method, _)| Cow::Borrowed(method.as_str()))
        .collect();
    let has_get = names.iter().any(|name| name == "GET");
    if has_get && !names.iter().any(|name| name == "HEAD") {
        names.push(Cow::Borrowed("HEAD"));
    }
    if !names.iter().any(|name| name == "OPTIONS") {
        names.push(Cow::Borrowed("OPTIONS"));
    }
    names.sort_by_key(|name| match name.as_ref() {
        "GET" => (0, String::new()),
        "HEAD" => (1, String::new()),
        "OPTIONS" => (3, String::new()),
        other => (2, other.to_owned()),
    });
    // Method names are tokens (RFC 9110 section 5.6.2), so the list always is a header value.
    HeaderValue::from_str(&names.join(", ")).unwrap_or(HeaderValue::from_static("OPTIONS"))
}
