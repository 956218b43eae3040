//! The pages that problem details point at: one per problem, both languages on it, and the list of all.

use super::docs::Frame;
use super::rendered;
use super::words::{Words, words};
use crate::facts::{Blame, Language, ProblemFacts};
use askama::Template;

struct Row<'a> {
    problem: &'a ProblemFacts,
    url: String,
    blame_sv: &'static str,
    blame_en: &'static str,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    words: &'static Words,
    frame: Frame,
    title: &'a str,
    row: Row<'a>,
}

#[derive(Template)]
#[template(path = "problems.html")]
struct ProblemsPage<'a> {
    words: &'static Words,
    frame: Frame,
    title: &'static str,
    rows: Vec<Row<'a>>,
}

/// The page of one problem: what it means, who has to act, what the caller can do, in Swedish and English.
#[must_use]
pub fn problem_page(problem: &ProblemFacts, public_base_url: &str) -> String {
    let row = row(problem, public_base_url);
    rendered(&ProblemPage {
        words: words(Language::Swedish),
        frame: frame(public_base_url),
        title: &problem.title,
        row,
    })
}

/// The list of all problems.
#[must_use]
pub fn problem_index_page(problems: &[ProblemFacts], public_base_url: &str) -> String {
    let rows = problems.iter().map(|problem| row(problem, public_base_url)).collect();
    rendered(&ProblemsPage {
        words: words(Language::Swedish),
        frame: frame(public_base_url),
        title: "Fel och åtgärder",
        rows,
    })
}

/// Both languages stand on one page, so the other language's link leads to its front page.
fn frame(public_base_url: &str) -> Frame {
    let base = public_base_url.trim_end_matches('/');
    Frame {
        lang: "sv",
        other_lang: "en",
        other_url: format!("{base}/en"),
        home_url: format!("{base}/"),
        problems_url: format!("{base}/problems"),
    }
}

fn row<'a>(problem: &'a ProblemFacts, public_base_url: &str) -> Row<'a> {
    let (blame_sv, blame_en) = match problem.blame {
        Blame::Caller => ("Du som anropar.", "You, the caller."),
        Blame::Agency => ("Myndigheten bakom API:et.", "The agency behind the API."),
        Blame::Gateway => ("Den som driver växeln.", "Whoever runs the gateway."),
    };
    let url = format!("{}/problems/{}", public_base_url.trim_end_matches('/'), problem.code);
    Row {
        problem,
        url,
        blame_sv,
        blame_en,
    }
}
