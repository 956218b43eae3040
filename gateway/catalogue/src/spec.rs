//! A document taken apart once: its operations, parameters, responses, media types and schemas, each with its place.
//!
//! A [`Node`] knows the JSON pointer of the value it stands on and follows `$ref` inside the document by itself, so a
//! finding points at what has to be mended, not at where it is used. Each value is listed once however often it is
//! referred to: hostile documents cannot multiply the work, and reference cycles end by themselves.

mod node;

pub(crate) use node::{Node, escape, is_media_json};

use serde_json::Value;
use std::collections::HashSet;

/// The methods an OpenAPI path item can have.
pub(crate) const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// One method on one path.
pub(crate) struct Operation<'a> {
    pub(crate) path: &'a str,
    /// Lower case, as in the document.
    pub(crate) method: &'static str,
    pub(crate) node: Node<'a>,
    /// Its own and its path's, the own ones winning.
    pub(crate) parameters: Vec<Node<'a>>,
}

/// One status (or `default`) of an operation.
pub(crate) struct Response<'a> {
    pub(crate) status: &'a str,
    pub(crate) node: Node<'a>,
}

/// Where a media type stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Request,
    Success,
    /// 400 and above, and `default`.
    Failure,
}

/// One entry of a `content` object.
pub(crate) struct Media<'a> {
    pub(crate) role: Role,
    pub(crate) name: &'a str,
    pub(crate) node: Node<'a>,
}

/// The parts of a document.
pub(crate) struct Spec<'a> {
    pub(crate) root: Node<'a>,
    /// Every path, also those without operations.
    pub(crate) paths: Vec<(&'a str, Node<'a>)>,
    pub(crate) operations: Vec<Operation<'a>>,
    pub(crate) parameters: Vec<Node<'a>>,
    pub(crate) responses: Vec<Response<'a>>,
    /// The `content` objects, for rules over all of a body's media types.
    pub(crate) contents: Vec<(Role, Node<'a>)>,
    pub(crate) media: Vec<Media<'a>>,
    /// Every schema of a body or under `components`, also nested ones.
    pub(crate) schemas: Vec<Node<'a>>,
}

impl<'a> Spec<'a> {
    pub(crate) fn new(document: &'a Value) -> Self {
        let root = Node::root(document);
        let mut builder = Builder {
            seen: HashSet::new(),
            spec: Spec {
                paths: paths(&root),
                root,
                operations: Vec::new(),
                parameters: Vec::new(),
                responses: Vec::new(),
                contents: Vec::new(),
                media: Vec::new(),
                schemas: Vec::new(),
            },
        };
        builder.operations();
        builder.responses();
        builder.schemas();
        builder.spec
    }

    pub(crate) fn info(&self) -> Option<Node<'a>> {
        self.root.get("info")
    }

    /// `(place, url)` of every server of the document.
    pub(crate) fn servers(&self) -> Vec<(String, &'a str)> {
        let servers = self
            .root
            .get("servers")
            .map(|servers| servers.items())
            .unwrap_or_default();
        servers
            .iter()
            .filter_map(|server| Some((format!("{}/url", server.place), server.text("url")?)))
            .collect()
    }

    /// The security scheme of this name.
    pub(crate) fn security_scheme(&self, name: &str) -> Option<Node<'a>> {
        self.root.at(&["components", "securitySchemes", name])
    }

    pub(crate) fn security_schemes(&self) -> Vec<(&'a str, Node<'a>)> {
        self.root
            .at(&["components", "securitySchemes"])
            .map(|schemes| schemes.entries())
            .unwrap_or_default()
    }
}

/// The paths; extensions stand beside them.
fn paths<'a>(root: &Node<'a>) -> Vec<(&'a str, Node<'a>)> {
    let mut paths = root.get("paths").map(|paths| paths.entries()).unwrap_or_default();
    paths.retain(|(path, _)| !path.starts_with("x-"));
    paths
}

/// Fills a [`Spec`], listing every value once.
struct Builder<'a> {
    seen: HashSet<String>,
    spec: Spec<'a>,
}

impl<'a> Builder<'a> {
    fn first_time(&mut self, kind: &str, node: &Node<'_>) -> bool {
        self.seen.insert(format!("{kind} {}", node.place))
    }

    fn operations(&mut self) {
        for (path, item) in self.spec.paths.clone() {
            let shared = item.get("parameters").map(|list| list.items()).unwrap_or_default();
            for method in METHODS {
                let Some(node) = item.get(method).filter(|node| node.value.is_object()) else {
                    continue;
                };
                if !self.first_time("operation", &node) {
                    continue;
                }
                let own = node.get("parameters").map(|list| list.items()).unwrap_or_default();
                let parameters = merge_parameters(own, &shared);
                for parameter in &parameters {
                    if self.first_time("parameter", parameter) {
                        self.spec.parameters.push(parameter.clone());
                    }
                }
                self.spec.operations.push(Operation {
                    path,
                    method,
                    node,
                    parameters,
                });
            }
        }
    }

    fn responses(&mut self) {
        let nodes: Vec<Node<'a>> = self
            .spec
            .operations
            .iter()
            .map(|operation| operation.node.clone())
            .collect();
        for node in nodes {
            if let Some(content) = node.at(&["requestBody", "content"]) {
                self.content(Role::Request, content);
            }
            for (status, response) in node.get("responses").map(|all| all.entries()).unwrap_or_default() {
                let role = if is_failure(status) {
                    Role::Failure
                } else {
                    Role::Success
                };
                if let Some(content) = response.get("content") {
                    self.content(role, content);
                }
                // Once as what it is: a component under a hundred thousand made-up statuses is still one response.
                let kind = if is_failure(status) { "failed" } else { "answered" };
                if self.first_time(kind, &response) {
                    self.spec.responses.push(Response { status, node: response });
                }
            }
        }
    }

    fn content(&mut self, role: Role, content: Node<'a>) {
        let kind = match role {
            Role::Request => "request",
            Role::Success => "success",
            Role::Failure => "failure",
        };
        if !self.first_time(kind, &content) {
            return;
        }
        for (name, node) in content.entries() {
            self.spec.media.push(Media { role, name, node });
        }
        self.spec.contents.push((role, content));
    }

    /// A work list, not recursion: a chain of a hundred thousand references must not end the process.
    fn schemas(&mut self) {
        let components = self
            .spec
            .root
            .at(&["components", "schemas"])
            .map(|all| all.entries())
            .unwrap_or_default();
        let mut waiting: Vec<Node<'a>> = components.into_iter().map(|(_, schema)| schema).collect();
        waiting.extend(self.spec.media.iter().filter_map(|media| media.node.get("schema")));
        waiting.reverse();
        while let Some(schema) = waiting.pop() {
            if schema.value.is_object() && self.first_time("schema", &schema) {
                waiting.extend(subschemas(&schema).into_iter().rev());
                self.spec.schemas.push(schema);
            }
        }
    }
}

/// The schemas one step below `schema`.
fn subschemas<'a>(schema: &Node<'a>) -> Vec<Node<'a>> {
    let mut found = Vec::new();
    for key in ["properties", "patternProperties", "$defs"] {
        if let Some(all) = schema.get_raw(key) {
            found.extend(all.entries().into_iter().map(|(_, node)| node));
        }
    }
    for key in ["allOf", "anyOf", "oneOf", "prefixItems"] {
        if let Some(all) = schema.get_raw(key) {
            found.extend(all.items());
        }
    }
    for key in [
        "items",
        "additionalProperties",
        "not",
        "if",
        "then",
        "else",
        "contains",
        "propertyNames",
    ] {
        found.extend(schema.get(key));
    }
    found
}

/// An operation's own parameters and its path's, the own ones winning.
pub(crate) fn merge_parameters<'a>(own: Vec<Node<'a>>, shared: &[Node<'a>]) -> Vec<Node<'a>> {
    let named = |node: &Node<'a>| (node.text("name"), node.text("in"));
    let names: HashSet<_> = own.iter().map(named).collect();
    let mut all = own;
    all.extend(shared.iter().filter(|node| !names.contains(&named(node))).cloned());
    all
}

/// 400 and above, `4XX`, `5XX` and `default`.
pub(crate) fn is_failure(status: &str) -> bool {
    status == "default" || status.starts_with(['4', '5'])
}
