//! The page: both drawings, the same figures in tables, and what agencies have learnt and done. No script, nothing from
//! elsewhere.

use std::fmt::Write;

use crate::batch::Reason;
use crate::chart;
use crate::statistics::ContactReasons;
use crate::store::{ActionState, Insight, Publication};
use crate::words::{self, Language, decimal, escaped};

/// Insights on the page; the rest is in the API.
const MOST_INSIGHTS: usize = 50;

const STYLE: &str = "body{font:1.05rem/1.5 sans-serif;color:#1a1a1a;background:#fff;max-width:62rem;margin:0 auto;padding:1rem}\
    a{color:#1f5a94}h1{line-height:1.2}figure{margin:1.5rem 0}svg{width:100%;height:auto}.wide{overflow-x:auto}\
    table{border-collapse:collapse;margin:1rem 0}caption{text-align:left;font-weight:bold;padding:.3rem 0}\
    th,td{border:1px solid #767676;padding:.3rem .6rem;text-align:left}td{white-space:nowrap}td.number{text-align:right}\
    article{border-left:.3rem solid #1f5a94;padding:0 1rem;margin:1.5rem 0}:focus-visible{outline:3px solid #1f5a94;outline-offset:2px}";

/// What the page shows.
pub(crate) struct Shown<'s> {
    /// Publications, newest first.
    pub(crate) publications: &'s [Publication],
    /// The sums of their reasons.
    pub(crate) reasons: &'s [ContactReasons],
    /// Shared insights, newest first.
    pub(crate) insights: &'s [Insight],
}

/// The whole page.
#[must_use]
pub(crate) fn page(shown: &Shown<'_>, language: Language) -> String {
    let title = language.pick(
        "Insikter: hur det är att kontakta myndigheter",
        "Insights: what it is like to contact public agencies",
    );
    let mut html = format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width,initial-scale=1\"><title>{title}</title><style>{STYLE}</style></head><body>\
         <header><h1>{title}</h1><p>{}</p><p lang=\"{other}\"><a hreflang=\"{other}\" href=\"?language={other}\">{}</a></p></header><main>",
        language.tag(),
        language.pick(
            "Siffrorna kommer från människor som fått frågan efter en kontakt. Inget publiceras om färre än 100 svar, och \
             aldrig om en person.",
            "The figures come from people who were asked after a contact. Nothing is published of fewer than 100 answers, \
             and never about a person.",
        ),
        language.pick("In English", "På svenska"),
        other = language.pick("en", "sv"),
    );
    effort(&mut html, shown.publications, language);
    reasons(&mut html, shown.reasons, language);
    insights(&mut html, shown.insights, language);
    let _ = write!(
        html,
        "</main><footer><p>{} <a href=\"publications\">publications</a>, <a href=\"contact-reasons\">contact-reasons</a>, \
         <a href=\"shared-insights\">shared-insights</a>.</p></footer></body></html>",
        language.pick("Samma siffror som JSON:", "The same figures as JSON:"),
    );
    html
}

/// The figures of a drawing, written.
struct Table<'t> {
    caption: &'t str,
    heads: &'t [&'t str],
    rows: Vec<Vec<String>>,
}

/// A section with a drawing and, when there is something to tell, a table of the same.
fn section(html: &mut String, heading: &str, svg: &str, table: &Table<'_>) {
    let _ = write!(html, "<section><h2>{heading}</h2><figure>{svg}</figure>");
    let Table { caption, heads, rows } = table;
    if !rows.is_empty() {
        // A table that scrolls sideways is reached by keyboard too.
        let _ = write!(
            html,
            "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table><caption>{caption}</caption><thead><tr>"
        );
        for head in *heads {
            let _ = write!(html, "<th scope=\"col\">{head}</th>");
        }
        html.push_str("</tr></thead><tbody>");
        for row in rows {
            html.push_str("<tr>");
            for (at, cell) in row.iter().enumerate() {
                let cell = escaped(cell);
                let _ = match at {
                    0 => write!(html, "<th scope=\"row\">{cell}</th>"),
                    1 | 2 => write!(html, "<td>{cell}</td>"),
                    _ => write!(html, "<td class=\"number\">{cell}</td>"),
                };
            }
            html.push_str("</tr>");
        }
        html.push_str("</tbody></table></div>");
    }
    html.push_str("</section>");
}

fn effort(html: &mut String, publications: &[Publication], language: Language) {
    let heads = match language {
        Language::Sv => [
            "Myndighet",
            "Kanal",
            "Publicerat",
            "Svar",
            "Ansträngning 1–7",
            "Fick svar, %",
            "Svarsandel, %",
        ],
        Language::En => [
            "Agency",
            "Channel",
            "Published",
            "Answers",
            "Effort 1–7",
            "Got an answer, %",
            "Response rate, %",
        ],
    };
    let rows: Vec<Vec<String>> = chart::newest(publications)
        .into_iter()
        .map(|one| {
            let rate = one.figures.response_rate_per_cent;
            vec![
                one.organisation.clone(),
                words::channel(&one.channel, language).to_owned(),
                one.day.clone(),
                one.figures.answers.to_string(),
                decimal(one.figures.effort_mean, language),
                one.figures.got_answer_per_cent.to_string(),
                rate.map_or_else(|| "–".to_owned(), |rate| rate.to_string()),
            ]
        })
        .collect();
    let caption = language.pick(
        "Senaste publicering per myndighet och kanal",
        "Newest publication per agency and channel",
    );
    let heading = language.pick("Ansträngning", "Effort");
    let table = Table {
        caption,
        heads: &heads,
        rows,
    };
    section(html, heading, &chart::effort(publications, language), &table);
}

fn reasons(html: &mut String, statistics: &[ContactReasons], language: Language) {
    let (agency, channel, step, answers) = match language {
        Language::Sv => ("Myndighet", "Kanal", "Steg", "Svar"),
        Language::En => ("Agency", "Channel", "Step", "Answers"),
    };
    let mut heads = vec![agency, channel, step, answers];
    heads.extend(Reason::ALL.map(|reason| words::reason(reason, language)));
    let mut rows = Vec::new();
    for one in statistics {
        let all = language.pick("alla", "all");
        let steps = one
            .steps
            .iter()
            .map(|step| (words::step(step.step, language), step.answers, &step.reasons));
        for (step, answers, shares) in std::iter::once((all, one.answers, &one.reasons)).chain(steps) {
            let channel = words::channel(&one.channel_kind, language).to_owned();
            let mut row = vec![
                one.organisation_id.clone(),
                channel,
                step.to_owned(),
                answers.to_string(),
            ];
            row.extend(shares.iter().map(|share| format!("{} %", share.per_cent)));
            rows.push(row);
        }
    }
    let caption = language.pick(
        "Skäl till kontakt, andel av dem som sa varför",
        "Reasons for contact, share of those who said why",
    );
    let heading = language.pick("Skäl till kontakt", "Reasons for contact");
    let table = Table {
        caption,
        heads: &heads,
        rows,
    };
    section(html, heading, &chart::reasons(statistics, language), &table);
}

fn insights(html: &mut String, insights: &[Insight], language: Language) {
    let _ = write!(
        html,
        "<section><h2>{}</h2>",
        language.pick("Delade insikter", "Shared insights")
    );
    if insights.is_empty() {
        let none = language.pick("Ingen insikt är delad ännu.", "No insight has been shared yet.");
        let _ = write!(html, "<p>{none}</p>");
    }
    for one in insights.iter().take(MOST_INSIGHTS) {
        let acted = if one.is_acted_on() {
            language.pick("Åtgärdad", "Acted on")
        } else {
            language.pick("Inte åtgärdad ännu", "Not acted on yet")
        };
        // Agencies write in Swedish.
        let _ = write!(
            html,
            "<article><h3 lang=\"sv\">{}</h3><p>{}: {}. <strong>{acted}</strong>.</p>",
            escaped(&one.statement),
            language.pick("Delad av", "Shared by"),
            escaped(&one.organisation_id),
        );
        list(html, language.pick("Bygger på", "Rests on"), &one.evidence);
        list(html, language.pick("Används av", "Used by"), &one.reused_by);
        let actions = one.actions.iter().map(|action| {
            let state = match action.state {
                ActionState::Planned => language.pick("planerat", "planned"),
                ActionState::Ongoing => language.pick("pågår", "under way"),
                ActionState::Done => language.pick("klart", "done"),
            };
            let effect = action
                .measured_effect
                .as_ref()
                .map(|effect| format!(" {}: {effect}", language.pick("Effekt", "Effect")));
            format!(
                "{} ({state}): {}{}",
                action.organisation_id,
                action.what,
                effect.unwrap_or_default()
            )
        });
        list(html, language.pick("Åtgärder", "Actions"), &actions.collect::<Vec<_>>());
        html.push_str("</article>");
    }
    html.push_str("</section>");
}

fn list(html: &mut String, heading: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    let _ = write!(html, "<h4>{heading}</h4><ul>");
    for item in items {
        let _ = write!(html, "<li>{}</li>", escaped(item));
    }
    html.push_str("</ul>");
}
