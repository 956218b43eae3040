//! Finds the route of a method and a path; cost does not grow with the number of routes.
//!
//! The first two segments (`/case-status/v1`) are hashed to an API, whose templates are found by the form of the rest of
//! the path. Documents outside any API are hashed whole.

use crate::forms::{Forms, Full};
use crate::template::segments;
use crate::{ApiIndex, RouteIndex};
use hashbrown::HashMap;
use http::{HeaderValue, Method};

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
    bases: HashMap<Box<str>, Base>,
    /// APIs of the gateway's own whose base path is one segment: looked for when nothing else is found.
    roots: HashMap<Box<str>, Base>,
    templates: Forms,
    entries: Vec<Entry>,
    documents: HashMap<Box<str>, Entry>,
}

/// Where an API's paths begin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Base {
    /// The API.
    pub(crate) api: ApiIndex,
    group: u32,
}

/// The methods of one path.
#[derive(Debug)]
struct Entry {
    methods: Vec<(Method, RouteIndex)>,
    every_method: Option<RouteIndex>,
    allow: HeaderValue,
}

/// Why a route could not be added.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The template itself is wrong.
    Template(String),
    /// Another route has this method and this template.
    Taken(RouteIndex),
}

impl From<Full> for Refusal {
    fn from(Full: Full) -> Self {
        Refusal::Template("is one path more than can be counted".to_owned())
    }
}

impl Router {
    /// See [`crate::Snapshot::find`].
    pub(crate) fn find(&self, method: &Method, path: &str) -> Found<'_> {
        let (base, rest) = split_base(path);
        if let Some(Base { api, group }) = self.bases.get(base) {
            let rest = if rest.is_empty() { "/" } else { rest };
            let entry = self
                .templates
                .find(*group, rest)
                .and_then(|entry| self.entries.get(entry as usize));
            return entry.map_or(Found::NoSuchPath(*api), |entry| entry.find(method, Some(*api)));
        }
        match self.documents.get(path) {
            Some(entry) => entry.find(method, None),
            None => self.find_under_root(method, path),
        }
    }

    fn find_under_root(&self, method: &Method, path: &str) -> Found<'_> {
        let (root, rest) = split_root(path);
        let Some(Base { api, group }) = self.roots.get(root) else {
            return Found::NotFound;
        };
        let rest = if rest.is_empty() { "/" } else { rest };
        let entry = self
            .templates
            .find(*group, rest)
            .and_then(|entry| self.entries.get(entry as usize));
        entry.map_or(Found::NoSuchPath(*api), |entry| entry.find(method, Some(*api)))
    }

    /// Whether an API is served under this base path.
    pub(crate) fn has_base(&self, path: &str) -> bool {
        self.bases.contains_key(split_base(path).0)
    }

    /// Begins an API's paths.
    pub(crate) fn add_api(&mut self, base: &str, api: ApiIndex) -> Result<Base, Refusal> {
        let begin = Base {
            api,
            group: self.templates.add_group()?,
        };
        let table = if split_root(base).1.is_empty() {
            &mut self.roots
        } else {
            &mut self.bases
        };
        table.insert(Box::from(base), begin);
        Ok(begin)
    }

    /// Adds one route; `template` is relative to the API's base path.
    pub(crate) fn add(
        &mut self,
        base: Base,
        method: Option<&Method>,
        template: &str,
        route: RouteIndex,
    ) -> Result<(), Refusal> {
        let segments = segments(template).map_err(Refusal::Template)?;
        let free = u32::try_from(self.entries.len()).map_err(|_| Full)?;
        let entry = self.templates.entry(base.group, &segments, free)?;
        if entry == free {
            self.entries.push(Entry::default());
        }
        self.entries.get_mut(entry as usize).ok_or(Full)?.add(method, route)
    }

    /// Adds a document outside any API; `false`: the path is taken.
    pub(crate) fn add_document(&mut self, path: &str, route: RouteIndex) -> bool {
        let mut entry = Entry {
            methods: vec![(Method::GET, route)],
            ..Entry::default()
        };
        entry.allow = allow(&entry.methods);
        self.documents.insert(Box::from(path), entry).is_none()
    }

    /// Renders every `Allow`, once all routes are in.
    pub(crate) fn finish(&mut self) {
        for entry in &mut self.entries {
            entry.allow = allow(&entry.methods);
            entry.methods.shrink_to_fit();
        }
    }
}

impl Default for Entry {
    fn default() -> Self {
        Entry {
            methods: Vec::new(),
            every_method: None,
            allow: HeaderValue::from_static("OPTIONS"),
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

    fn add(&mut self, method: Option<&Method>, route: RouteIndex) -> Result<(), Refusal> {
        let taken = match method {
            None => self.every_method,
            Some(method) => self.of(method),
        };
        match (taken, method) {
            (Some(taken), _) => return Err(Refusal::Taken(taken)),
            (None, None) => self.every_method = Some(route),
            (None, Some(method)) => self.methods.push((method.clone(), route)),
        }
        Ok(())
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

/// After the first segment.
fn split_root(path: &str) -> (&str, &str) {
    let slashes = path.bytes().enumerate().filter(|(_, byte)| *byte == b'/');
    let end = slashes.map(|(at, _)| at).nth(1).unwrap_or(path.len());
    path.split_at_checked(end).unwrap_or((path, ""))
}

/// Renders `Allow` (RFC 9110 section 10.2.1): `GET` first, with the `HEAD` that it brings, `OPTIONS` last.
fn allow(methods: &[(Method, RouteIndex)]) -> HeaderValue {
    let mut names: Vec<&str> = methods.iter().map(|(method, _)| method.as_str()).collect();
    if names.contains(&"GET") && !names.contains(&"HEAD") {
        names.push("HEAD");
    }
    if !names.contains(&"OPTIONS") {
        names.push("OPTIONS");
    }
    names.sort_by_key(|name| match *name {
        "GET" => (0, ""),
        "HEAD" => (1, ""),
        "OPTIONS" => (3, ""),
        other => (2, other),
    });
    // Method names are tokens (RFC 9110 section 5.6.2), so the list always is a header value.
    HeaderValue::from_str(&names.join(", ")).unwrap_or(HeaderValue::from_static("OPTIONS"))
}
