//! Pages for people: rendered on the server, no script, nothing fetched from anywhere, one inline style sheet.
//!
//! Texts of an agency reach a page only through the template's escaping or through [`markdown`], which knows a safe subset
//! and drops raw HTML and links that are not http(s). A policy in the page itself forbids scripts on top of that.

mod bilingual;
mod credential;
mod curl;
mod docs;
mod fields;
mod index;
mod markdown;
mod operations;
mod problem;
mod words;

pub use docs::docs_page;
pub use index::index_page;
pub use problem::{problem_index_page, problem_page};

/// What a template failed at: none of ours can, as they only print texts; the page says so rather than the process ending.
fn rendered(page: &impl askama::Template) -> String {
    page.render()
        .unwrap_or_else(|error| format!("<!doctype html><title>500</title><p>{error}</p>"))
}

/// `url` when a link to it is harmless: absolute, http or https.
fn safe_link(url: &str) -> Option<String> {
    let scheme = url.split_once("://")?.0;
    let harmless = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    (harmless && !url.contains(char::is_whitespace) && !url.contains(char::is_control)).then(|| url.to_owned())
}
