//! A life event or a plan as a drawing (SVG) that a screen reader can read in order, and that does without colour.

use std::fmt::Write;

use crate::life::plan::StepState;

/// One step as it is drawn.
#[derive(Clone, Debug)]
pub struct Row {
    /// What to do.
    pub what: String,
    /// Whose step it is.
    pub who: String,
    /// When.
    pub when: String,
    /// How far it has come, in a plan.
    pub state: Option<StepState>,
    /// Whether it is what to do first.
    pub next: bool,
    /// Rows that must be done before, by their place.
    pub after: Vec<usize>,
}

const WIDTH: usize = 760;
const ROW: usize = 84;
const TOP: usize = 64;
const LEFT: usize = 96;
/// Characters that fit on a line of the drawing.
const LINE: usize = 74;

const fn word(state: StepState, english: bool) -> &'static str {
    match (state, english) {
        (StepState::Done, false) => "✓ klart",
        (StepState::Done, true) => "✓ done",
        (StepState::Underway, false) => "… pågår",
        (StepState::Underway, true) => "… under way",
        (StepState::YourTurn, false) => "! din tur",
        (StepState::YourTurn, true) => "! your turn",
        (StepState::Ready, false) => "→ kan göras nu",
        (StepState::Ready, true) => "→ can be done now",
        (StepState::Later, false) => "○ senare",
        (StepState::Later, true) => "○ later",
        (StepState::Waiting, false) => "○ väntar på ett annat steg",
        (StepState::Waiting, true) => "○ waits for another step",
        (StepState::Automatic, false) => "↻ sker av sig självt",
        (StepState::Automatic, true) => "↻ happens by itself",
    }
}

/// The drawing. `language` is `sv` or `en`.
#[must_use]
pub fn draw(title: &str, rows: &[Row], language: &str) -> String {
    let english = language == "en";
    let height = TOP + ROW * rows.len() + 16;
    let about = if english {
        format!("{} steps in order, from the first to the last", rows.len())
    } else {
        format!("{} steg i ordning, från första till sista", rows.len())
    };
    let language = if english { "en" } else { "sv" };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xml:lang=\"{language}\" viewBox=\"0 0 {WIDTH} {height}\" role=\"group\" \
         aria-labelledby=\"title about\" font-family=\"sans-serif\" font-size=\"15\"><title id=\"title\">{0}</title>\
         <desc id=\"about\">{about}</desc><rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\
         <text x=\"20\" y=\"36\" font-size=\"22\" font-weight=\"bold\" fill=\"#1a1a1a\">{0}</text>",
        escaped(title)
    );
    for (at, row) in rows.iter().enumerate() {
        for before in &row.after {
            arrow(&mut svg, *before, at);
        }
    }
    svg.push_str("<g role=\"list\">");
    for (at, row) in rows.iter().enumerate() {
        step(&mut svg, at, row, english);
    }
    svg.push_str("</g></svg>");
    svg
}

/// From a step to one that waits for it, in the margin; a wider bow for a longer way.
fn arrow(svg: &mut String, from: usize, to: usize) {
    let (start, end) = (TOP + ROW * from + 36, TOP + ROW * to + 36);
    let bow = LEFT.saturating_sub(36 + 9 * to.saturating_sub(from).min(6));
    let at = LEFT - 30;
    let _ = write!(
        svg,
        "<path d=\"M {at} {start} C {bow} {start} {bow} {end} {at} {end}\" fill=\"none\" stroke=\"#4a4a4a\" stroke-width=\"1.5\" \
         aria-hidden=\"true\"/>"
    );
}

fn step(svg: &mut String, at: usize, row: &Row, english: bool) {
    let y = TOP + ROW * at;
    let (edge, fill) = match row.state {
        Some(StepState::Done) => ("#1e6b37", "#eaf6ee"),
        Some(StepState::YourTurn) => ("#8a1c1c", "#fdeeee"),
        Some(StepState::Ready) if row.next => ("#1f5a94", "#e6f0fa"),
        _ => ("#4a4a4a", "#fafafa"),
    };
    let thick = if row.next { 3 } else { 1 };
    let second = [row.who.as_str(), row.when.as_str()]
        .into_iter()
        .chain(row.state.map(|state| word(state, english)))
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ");
    let _ = write!(
        svg,
        "<g role=\"listitem\" aria-label=\"{0}. {1}. {2}\"><circle cx=\"{cx}\" cy=\"{cy}\" r=\"16\" fill=\"#1a1a1a\"/>\
         <text x=\"{cx}\" y=\"{ty}\" fill=\"#ffffff\" text-anchor=\"middle\">{0}</text>\
         <rect x=\"{LEFT}\" y=\"{y}\" width=\"{w}\" height=\"72\" rx=\"8\" fill=\"{fill}\" stroke=\"{edge}\" stroke-width=\"{thick}\"/>",
        at + 1,
        escaped(&row.what),
        escaped(&second),
        cx = LEFT - 14,
        cy = y + 36,
        ty = y + 41,
        w = WIDTH - LEFT - 20,
    );
    let lines = lines(&row.what);
    for (line, text) in lines.iter().enumerate() {
        let _ = write!(
            svg,
            "<text x=\"{}\" y=\"{}\" font-weight=\"bold\" fill=\"#1a1a1a\">{}</text>",
            LEFT + 14,
            y + 22 + 18 * line,
            escaped(text)
        );
    }
    let _ = write!(
        svg,
        "<text x=\"{}\" y=\"{}\" font-size=\"13\" fill=\"#333333\">{}</text></g>",
        LEFT + 14,
        y + 60,
        escaped(&second)
    );
}

/// At most two lines; what is longer than both is cut where a word ends.
fn lines(text: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    for word in text.split_whitespace() {
        let Some(last) = all.last_mut() else { break };
        if !last.is_empty() && last.chars().count() + 1 + word.chars().count() > LINE {
            if all.len() == 2 {
                if let Some(last) = all.last_mut() {
                    last.push('…');
                }
                break;
            }
            all.push(word.to_owned());
        } else {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    all
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_is_escaped_and_said_in_words() {
        let row = Row {
            what: "Ansök <nu> & sedan".to_owned(),
            who: "Skatteverket".to_owned(),
            when: "senast 7 dagar efter".to_owned(),
            state: Some(StepState::Done),
            next: false,
            after: vec![],
        };
        let svg = draw("Flytt", &[row], "sv");
        assert!(
            svg.contains("Ansök &lt;nu&gt; &amp; sedan") && svg.contains("✓ klart") && svg.contains("xml:lang=\"sv\"")
        );
        let long = "ord ".repeat(60);
        assert_eq!(lines(&long).len(), 2);
    }
}
