//! The front page: all APIs.

use super::docs::Frame;
use super::rendered;
use super::words::{Words, words};
use crate::API_CATALOG_PATH;
use crate::facts::{ApiFacts, Language, state_name};
use askama::Template;

struct Entry {
    title: String,
    organisation: String,
    version: String,
    state: &'static str,
    base_url: String,
    docs_url: String,
}

#[derive(Template)]
#[template(path = "index.html")]
struct IndexPage {
    words: &'static Words,
    frame: Frame,
    title: &'static str,
    entries: Vec<Entry>,
    catalog_url: String,
}

/// The list of all APIs with their organisation, state and links to their pages.
#[must_use]
pub fn index_page(apis: &[ApiFacts], public_base_url: &str, language: Language) -> String {
    let base = public_base_url.trim_end_matches('/');
    let (swedish, english) = (format!("{base}/"), format!("{base}/en"));
    let problems_url = format!("{base}/problems");
    let frame = match language {
        Language::Swedish => Frame {
            lang: "sv",
            other_lang: "en",
            other_url: english,
            home_url: swedish,
            problems_url,
        },
        Language::English => Frame {
            lang: "en",
            other_lang: "sv",
            other_url: swedish,
            home_url: english,
            problems_url,
        },
    };
    let words = words(language);
    let entries = apis.iter().map(|api| entry(api, language)).collect();
    rendered(&IndexPage {
        words,
        frame,
        title: words.index_title,
        entries,
        catalog_url: format!("{base}{API_CATALOG_PATH}"),
    })
}

fn entry(api: &ApiFacts, language: Language) -> Entry {
    let docs_url = match (&api.docs_url, language) {
        (Some(url), _) => super::safe_link(url).unwrap_or_else(|| format!("{}/docs", api.base_url())),
        (None, Language::Swedish) => api.docs_url(),
        (None, Language::English) => format!("{}/en", api.docs_url()),
    };
    Entry {
        title: api.title.clone(),
        organisation: api.organisation.clone(),
        version: api.version.clone(),
        state: state_name(api.state),
        base_url: api.base_url(),
        docs_url,
    }
}
