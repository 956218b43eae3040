//! Published figures as drawings (SVG): mean effort, and reasons for contact.
//!
//! A drawing can be read without colour, has its figures written beside its bars, and says all of it in a title and a
//! description for who does not see it (WCAG 2.2, 1.1.1 and 1.4.11).

use std::fmt::Write;

use crate::batch::Reason;
use crate::statistics::ContactReasons;
use crate::store::Publication;
use crate::words::{self, Language, decimal, escaped};

const WIDTH: usize = 760;
/// Where bars begin.
const LEFT: usize = 300;
/// The length of the longest bar.
const LONGEST: f64 = 360.0;
const ROW: usize = 34;
const TOP: usize = 76;
/// Rows that fit in a drawing that one looks at; the rest is in the figures.
const MOST: usize = 40;
const INK: &str = "#1a1a1a";
const BAR: &str = "#1f5a94";
const LINE: &str = "#767676";

/// The newest publication of each agency and channel, in the order in which they were published, newest first.
pub(crate) fn newest(publications: &[Publication]) -> Vec<&Publication> {
    let mut shown: Vec<&Publication> = Vec::new();
    for one in publications {
        let same = |other: &&Publication| other.organisation == one.organisation && other.channel == one.channel;
        if !shown.iter().any(same) {
            shown.push(one);
        }
    }
    shown.truncate(MOST);
    shown
}

fn begin(id: &str, title: &str, about: &str, rows: usize, language: Language) -> String {
    let height = TOP + ROW * rows.max(1) + 12;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xml:lang=\"{lang}\" lang=\"{lang}\" viewBox=\"0 0 {WIDTH} {height}\" \
         role=\"img\" aria-labelledby=\"{id}-title {id}-about\" font-family=\"sans-serif\" font-size=\"15\">\
         <title id=\"{id}-title\">{0}</title><desc id=\"{id}-about\">{1}</desc>\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\
         <text x=\"16\" y=\"30\" font-size=\"19\" font-weight=\"bold\" fill=\"{INK}\">{0}</text>",
        escaped(title),
        escaped(about),
        lang = language.tag(),
    )
}

/// A line down from a mark of the scale, with what it means.
fn mark(svg: &mut String, at: f64, text: &str, rows: usize) {
    let (x, foot) = (LEFT as f64 + at, TOP + ROW * rows.max(1));
    let _ = write!(
        svg,
        "<line x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{foot}\" stroke=\"{LINE}\" stroke-width=\"1\" stroke-dasharray=\"2 4\"/>\
         <text x=\"{x}\" y=\"{}\" font-size=\"13\" text-anchor=\"middle\" fill=\"{INK}\">{text}</text>",
        TOP - 10,
        TOP - 16,
    );
}

fn bar(svg: &mut String, row: usize, label: &str, length: f64, figure: &str) {
    let y = TOP + ROW * row;
    let length = length.clamp(0.0, LONGEST).round();
    let _ = write!(
        svg,
        "<text x=\"16\" y=\"{text}\" fill=\"{INK}\">{}</text>\
         <rect x=\"{LEFT}\" y=\"{y}\" width=\"{length}\" height=\"22\" fill=\"{BAR}\"/>\
         <text x=\"{}\" y=\"{text}\" fill=\"{INK}\" stroke=\"#ffffff\" stroke-width=\"4\" paint-order=\"stroke\">{}</text>",
        escaped(&short(label)),
        LEFT as f64 + length + 8.0,
        escaped(figure),
        text = y + 16,
    );
}

/// What fits before the bars.
fn short(label: &str) -> String {
    const LONGEST_LABEL: usize = 36;
    if label.chars().count() <= LONGEST_LABEL {
        return label.to_owned();
    }
    label.chars().take(LONGEST_LABEL - 1).chain(['…']).collect()
}

fn none(svg: &mut String, text: &str) {
    let _ = write!(
        svg,
        "<text x=\"16\" y=\"{}\" fill=\"{INK}\">{}</text>",
        TOP + 16,
        escaped(text)
    );
}

/// Nothing is published yet, in words.
pub(crate) const fn nothing(language: Language) -> &'static str {
    language.pick(
        "Ännu inga publicerade siffror (minst 100 svar krävs).",
        "No figures are published yet (at least 100 answers are needed).",
    )
}

/// Mean effort of each agency and channel, by its newest publication; the scale is that of the question, 1 to 7.
#[must_use]
pub(crate) fn effort(publications: &[Publication], language: Language) -> String {
    let rows = newest(publications);
    let title = language.pick("Ansträngning per myndighet och kanal", "Effort per agency and channel");
    let scale = language.pick(
        "Medelvärde från 1, mycket lätt, till 7, mycket svårt.",
        "Mean from 1, very easy, to 7, very hard.",
    );
    let figure = |one: &Publication| {
        format!(
            "{} (n={})",
            decimal(one.figures.effort_mean, language),
            one.figures.answers
        )
    };
    let label = |one: &Publication| format!("{}, {}", one.organisation, words::channel(&one.channel, language));
    let about = rows
        .iter()
        .map(|one| format!(" {}: {}.", label(one), figure(one)))
        .fold(scale.to_owned(), |text, row| text + &row);
    let mut svg = begin("effort", title, &about, rows.len(), language);
    if rows.is_empty() {
        none(&mut svg, nothing(language));
    } else {
        let step = |value: f64| (value - 1.0) / 6.0 * LONGEST;
        mark(
            &mut svg,
            step(1.0),
            language.pick("1 mycket lätt", "1 very easy"),
            rows.len(),
        );
        mark(&mut svg, step(4.0), "4", rows.len());
        mark(
            &mut svg,
            step(7.0),
            language.pick("7 mycket svårt", "7 very hard"),
            rows.len(),
        );
        for (row, one) in rows.iter().enumerate() {
            bar(&mut svg, row, &label(one), step(one.figures.effort_mean), &figure(one));
        }
    }
    svg.push_str("</svg>");
    svg
}

/// Why people make contact: the shares of each reason, for agencies and channels one after the other.
#[must_use]
pub(crate) fn reasons(statistics: &[ContactReasons], language: Language) -> String {
    let shown = statistics
        .get(..statistics.len().min(MOST / (Reason::ALL.len() + 1)))
        .unwrap_or_default();
    let rows = shown.len() * (Reason::ALL.len() + 1);
    let title = language.pick("Varför människor hör av sig", "Why people make contact");
    let unit = language.pick(
        "Andel av dem som sa varför, i procent.",
        "Share of those who said why, in per cent.",
    );
    let head = |one: &ContactReasons| {
        let channel = words::channel(&one.channel_kind, language);
        format!("{}, {channel} (n={})", one.organisation_id, one.answers)
    };
    let mut about = unit.to_owned();
    for one in shown {
        let _ = write!(about, " {}:", head(one));
        for share in &one.reasons {
            let _ = write!(
                about,
                " {} {} %,",
                words::reason(share.reason, language),
                share.per_cent
            );
        }
        about = about.trim_end_matches(',').to_owned() + ".";
    }
    let mut svg = begin("reasons", title, &about, rows, language);
    if shown.is_empty() {
        none(&mut svg, nothing(language));
    } else {
        for (per_cent, text) in [(0.0, "0 %"), (50.0, "50 %"), (100.0, "100 %")] {
            mark(&mut svg, per_cent / 100.0 * LONGEST, text, rows);
        }
    }
    let mut row = 0;
    for one in shown {
        let y = TOP + ROW * row + 16;
        let _ = write!(
            svg,
            "<text x=\"16\" y=\"{y}\" font-weight=\"bold\" fill=\"{INK}\" stroke=\"#ffffff\" stroke-width=\"4\" \
             paint-order=\"stroke\">{}</text>",
            escaped(&head(one))
        );
        for share in &one.reasons {
            row += 1;
            let length = f64::from(share.per_cent) / 100.0 * LONGEST;
            let label = words::reason(share.reason, language);
            bar(&mut svg, row, label, length, &format!("{} %", share.per_cent));
        }
        row += 1;
    }
    svg.push_str("</svg>");
    svg
}
