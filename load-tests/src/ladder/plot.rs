//! The cost of each rung as a drawing: a bar a server, CPU microseconds a request.

use std::fmt::Write;

use super::summary::Summary;

const LEFT: f64 = 190.0;
const WIDTH: f64 = 560.0;
const BAR: f64 = 16.0;
const COLOURS: [(&str, &str); 7] = [
    ("Vägvisare", "#0b5d4b"),
    ("HAProxy", "#9aa7b4"),
    ("nginx", "#b9c4a9"),
    ("Envoy", "#c7b3c9"),
    ("Caddy", "#a9c4c9"),
    ("Pingora", "#c9aba3"),
    ("hyper-util", "#d8c49a"),
];

/// An SVG document that stands alone.
pub(super) fn draw(summary: &Summary) -> String {
    let costs: Vec<_> = summary.costs().collect();
    let most = costs.iter().map(|cost| cost.2).fold(1.0, f64::max);
    let mut body = String::new();
    let mut y = 40.0;
    let mut rung = "";
    for (of, name, micros) in &costs {
        if rung != *of {
            rung = of;
            y += 14.0;
            let _ = writeln!(
                body,
                r#"<text x="8" y="{:.0}" font-weight="bold">{rung}</text>"#,
                y + 12.0
            );
        }
        let colour = COLOURS
            .iter()
            .find(|(known, _)| known == name)
            .map_or("#cccccc", |(_, colour)| colour);
        let length = micros / most * WIDTH;
        let _ = writeln!(
            body,
            r#"<text x="{:.0}" y="{:.0}" text-anchor="end">{name}</text><rect x="{LEFT}" y="{y:.0}" width="{length:.1}" height="{:.0}" fill="{colour}"/><text x="{:.1}" y="{:.0}">{micros:.1}</text>"#,
            LEFT - 6.0,
            y + 12.0,
            BAR - 3.0,
            LEFT + length + 5.0,
            y + 12.0,
        );
        y += BAR;
    }
    let (width, height) = (LEFT + WIDTH + 60.0, y + 20.0);
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height:.0}" font-family="sans-serif" font-size="12" fill="#1c2b33" role="img" aria-label="CPU microseconds a request">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="8" y="22" font-size="15">CPU microseconds a request, median; {machine}</text>
{body}</svg>"##,
        machine = summary.machine_line(),
    )
}
