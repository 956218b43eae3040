//! Pages: what they say, that they stand alone, that nothing of an agency's text comes alive.

use crate::support::{bare, clean, edited, facts, problems};
use catalogue::{ApiFacts, Language, docs_page, index_page, problem_index_page, problem_page, publish};
use serde_json::json;
use std::collections::HashSet;

fn all_pages() -> Vec<String> {
    let mut pages = Vec::new();
    for language in [Language::Swedish, Language::English] {
        pages.extend(
            [clean(), bare()]
                .iter()
                .map(|source| docs_page(&publish(source, &facts()), &facts(), language)),
        );
        pages.push(index_page(&[facts()], "https://api.example.se", language));
    }
    pages.push(problem_index_page(&problems(), "https://api.example.se"));
    pages.extend(
        problems()
            .iter()
            .map(|problem| problem_page(problem, "https://api.example.se")),
    );
    pages
}

/// The values of an attribute, as written.
fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!(" {name}=\"");
    page.split(start.as_str())
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

#[test]
fn a_page_answers_a_developers_questions() {
    let page = docs_page(&publish(&clean(), &facts()), &facts(), Language::English);
    let needed = [
        "<h1>Lånekön</h1>",
        "https://api.example.se/loan-queue/v1",
        "header X-Api-Key",
        "https://api.example.se/keys",
        "https://auth.example.se/token",
        "per-minute",
        "https://api.example.se/problems/limit-reached",
        "Send a key.",
        "/loans/{loanId}",
        "loans[].loanId",
        "Biblioteksnämnden",
        "openapi.yaml",
        "&#39;https://api.example.se/loan-queue/v1/loans/a1&#39;",
    ];
    for text in needed {
        assert!(page.contains(text), "the page does not say {text}");
    }
    assert!(docs_page(&clean(), &facts(), Language::Swedish).contains("Anropsgränser"));
}

#[test]
fn pages_need_no_script_and_fetch_nothing() {
    for page in all_pages() {
        for bad in [
            "<script", "<img", "<link", "<iframe", "@import", "url(", " src=", " onclick",
        ] {
            assert!(!page.contains(bad), "a page holds {bad}");
        }
        for link in attributes(&page, "href") {
            assert!(
                link.starts_with("https://") || link.starts_with('#') || link.starts_with("mailto:"),
                "{link}"
            );
        }
    }
}

#[test]
fn pages_are_well_built_for_every_reader() {
    for page in all_pages() {
        assert!(page.starts_with("<!doctype html>\n<html lang=\""));
        for part in [
            "<main id=\"content\"",
            "<header",
            "<nav ",
            "<footer",
            "class=\"skip\"",
            "name=\"viewport\"",
            "prefers-color-scheme",
            ":focus-visible",
        ] {
            assert!(page.contains(part), "a page has no {part}");
        }
        assert_eq!(page.matches("<h1").count(), 1);
        assert_eq!(
            page.matches("<table").count(),
            page.matches("role=\"region\"").count(),
            "every table has a name"
        );
        let ids = attributes(&page, "id");
        let unique: HashSet<&&str> = ids.iter().collect();
        assert_eq!(unique.len(), ids.len(), "an id is there twice");
        for target in attributes(&page, "href")
            .iter()
            .filter_map(|link| link.strip_prefix('#'))
        {
            assert!(ids.contains(&target), "#{target} leads nowhere");
        }
        for named in attributes(&page, "aria-labelledby") {
            assert!(ids.contains(&named), "{named} names nothing");
        }
    }
}

#[test]
fn headings_never_skip_a_level() {
    for page in all_pages() {
        let levels: Vec<u32> = page
            .split("<h")
            .skip(1)
            .filter_map(|rest| rest.chars().next()?.to_digit(10))
            .collect();
        assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
    }
}

#[test]
fn hostile_texts_are_inert() {
    let attack = "<script>alert(1)</script>\"><img src=x onerror=alert(1)> [x](javascript:alert(1))";
    let source = edited(|document| {
        document["info"]["description"] = json!(attack);
        document["info"]["termsOfService"] = json!("javascript:alert(1)");
        document["info"]["contact"] = json!({"name": attack, "url": "JavaScript:alert(1)", "email": "a@b.se?body=<x>"});
        document["info"]["license"] = json!({"name": attack, "url": "data:text/html,x"});
        document["info"]["x-sla"] = json!({attack: attack});
        document["components"]["schemas"]["Loan"]["properties"][attack] =
            json!({"type": attack, "description": attack, "enum": [attack]});
        let post = &mut document["paths"]["/loans"]["post"];
        post["summary"] = json!(attack);
        post["description"] = json!(attack);
        post["parameters"] = json!([{"name": attack, "in": attack, "description": attack, "example": attack, "schema": {"type": attack}}]);
        post["requestBody"]["content"]["application/json"]["examples"] = json!({"a": {"value": attack}});
        post["responses"][attack] = json!({"description": attack});
        post["security"] = json!([{attack: [attack]}]);
        let item = post.clone();
        document["paths"][format!("/{attack}").as_str()] = json!({"post": item});
    });
    let facts = ApiFacts {
        title: attack.into(),
        version: attack.into(),
        organisation: attack.into(),
        released: attack.into(),
        successor: Some("javascript:alert(1)".into()),
        docs_url: Some("javascript:alert(1)".into()),
        credentials_url: Some("javascript:alert(1)".into()),
        issuer: Some(attack.into()),
        ..facts()
    };
    for document in [publish(&source, &facts), source] {
        let docs = docs_page(&document, &facts, Language::English);
        let index = index_page(
            std::slice::from_ref(&facts),
            "https://api.example.se",
            Language::English,
        );
        for page in [docs, index] {
            assert!(!page.contains("<script") && !page.contains("<img"));
            for link in attributes(&page, "href") {
                assert!(link.starts_with("https://") || link.starts_with('#'), "{link}");
            }
        }
    }
}

#[test]
fn a_schema_inside_itself_ends() {
    let page = docs_page(&clean(), &facts(), Language::English);
    assert!(page.contains("loans[].after") && !page.contains("after.after"));
}

#[test]
fn a_page_stays_readable_in_size() {
    let source = edited(|document| {
        document["components"]["parameters"]["traceparent"]["description"] = json!("x".repeat(100_000));
        for number in 0..2_000 {
            let item = document["paths"]["/loans"].clone();
            document["paths"][format!("/loans{number}").as_str()] = item;
        }
    });
    let page = docs_page(&source, &facts(), Language::English);
    assert!(page.len() < 6_000_000, "{} bytes", page.len());
    assert!(page.contains("More operations are in openapi.json."));
}

#[test]
fn a_problem_page_speaks_both_languages() {
    let page = problem_page(&problems()[1], "https://api.example.se");
    for text in [
        "Wait.",
        "Vänta.",
        "HTTP 429",
        "https://api.example.se/problems/limit-reached",
        "You, the caller.",
    ] {
        assert!(page.contains(text), "{text}");
    }
}
