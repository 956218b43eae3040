//! Published figures as a drawing (SVG): mean effort of each agency and channel over the days.

use std::fmt::Write;

use crate::store::Publication;

const ROW: usize = 34;
const WIDTH: usize = 720;
const LEFT: usize = 300;
/// Rows that fit on a page to look at.
const MOST: usize = 40;

/// The drawing. A row is a publication; the bar is its mean effort from 1 to 7.
#[must_use]
pub(crate) fn effort(publications: &[Publication]) -> String {
    let rows = publications.len().min(MOST);
    let height = 70 + ROW * rows.max(1);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" font-family=\"sans-serif\" \
         font-size=\"14\"><title>Ansträngning per myndighet och kanal, 1 mycket lätt till 7 mycket svårt</title>\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\
         <text x=\"16\" y=\"28\" font-size=\"18\" fill=\"#1a1a1a\">Ansträngning: 1 mycket lätt, 7 mycket svårt</text>"
    );
    if rows == 0 {
        svg.push_str(
            "<text x=\"16\" y=\"66\" fill=\"#1a1a1a\">Ännu inga publicerade siffror (minst 100 svar krävs).</text>",
        );
    }
    for (row, one) in publications.iter().take(MOST).enumerate() {
        let y = 50 + ROW * row;
        let bar = (one.figures.effort_mean / 7.0 * 340.0).round();
        let _ = write!(
            svg,
            "<text x=\"16\" y=\"{}\" fill=\"#1a1a1a\">{} · {} · {}</text>\
             <rect x=\"{LEFT}\" y=\"{y}\" width=\"{bar}\" height=\"22\" fill=\"#1f5a94\"/>\
             <text x=\"{}\" y=\"{}\" fill=\"#1a1a1a\">{:.1} (n={})</text>",
            y + 16,
            escaped(&one.organisation),
            escaped(&one.channel),
            escaped(&one.day),
            LEFT as f64 + bar + 8.0,
            y + 16,
            one.figures.effort_mean,
            one.figures.answers,
        );
    }
    svg.push_str("</svg>");
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
