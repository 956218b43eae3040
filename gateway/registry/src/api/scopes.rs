//! Which scope a member's token needs for each operation. A key has no scopes: its member's roles say all.

use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{HttpMethod, OpenApi};

const READ: &str = "registry.read";
const WRITE: &str = "registry.write";
const PUBLISH: &str = "registry.publish";
const OPERATE: &str = "registry.operate";

/// Adds the scopes to the document.
pub(super) fn add(mut document: OpenApi) -> OpenApi {
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("at+jwt")
        .description(Some(
            "Åtkomstbiljett för en medlem (RFC 9068). An access token of a member (RFC 9068).",
        ))
        .build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("memberToken", SecurityScheme::Http(scheme));
    for (path, item) in &mut document.paths.paths {
        let operations = [
            (HttpMethod::Get, item.get.as_mut()),
            (HttpMethod::Post, item.post.as_mut()),
            (HttpMethod::Put, item.put.as_mut()),
            (HttpMethod::Delete, item.delete.as_mut()),
        ];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            if path == "/api-info" {
                continue;
            }
            operation.security = Some(vec![
                SecurityRequirement::new("apiKey", Vec::<String>::new()),
                SecurityRequirement::new("memberToken", [scope(&method, path)]),
            ]);
        }
    }
    document
}

fn scope(method: &HttpMethod, path: &str) -> &'static str {
    match method {
        HttpMethod::Get => READ,
        HttpMethod::Post if path == "/organisations" => OPERATE,
        HttpMethod::Delete if path == "/organisations/{organisationId}" => OPERATE,
        _ if path.ends_with("/publications") || path.ends_with("/maintenance") => PUBLISH,
        _ if path.starts_with("/backends") || path.starts_with("/limit-plans") => PUBLISH,
        _ => WRITE,
    }
}
