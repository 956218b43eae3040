//! Each axis as a drawing: the cost against the size, both logarithmic, with the least and the most of the rounds.

use std::fmt::Write;

use super::{Curve, Point};

const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 200.0;
const MARGIN: f64 = 56.0;
const COLUMNS: usize = 2;

/// An SVG document that stands alone.
pub(super) fn draw(curves: &[Curve]) -> String {
    let mut body = String::new();
    for (index, curve) in curves.iter().enumerate() {
        let (column, row) = (index % COLUMNS, index / COLUMNS);
        let (x, y) = (
            column as f64 * (WIDTH + 2.0 * MARGIN),
            row as f64 * (HEIGHT + 2.0 * MARGIN),
        );
        let _ = writeln!(
            body,
            r#"<g transform="translate({:.0} {:.0})">"#,
            x + MARGIN,
            y + MARGIN
        );
        panel(&mut body, curve);
        body.push_str("</g>\n");
    }
    let (columns, rows) = (curves.len().min(COLUMNS), curves.len().div_ceil(COLUMNS));
    let (width, height) = (
        columns as f64 * (WIDTH + 2.0 * MARGIN),
        rows as f64 * (HEIGHT + 2.0 * MARGIN),
    );
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height:.0}" font-family="sans-serif" font-size="12" fill="#1c2b33" role="img" aria-label="Cost of a request against what the gateway holds">
<rect width="100%" height="100%" fill="#ffffff"/>
{body}</svg>"##
    )
}

fn panel(body: &mut String, curve: &Curve) {
    let exponent = curve
        .fit
        .map_or(String::new(), |fit| format!(", exponent {:.3}", fit.exponent));
    let _ = writeln!(
        body,
        r#"<text x="0" y="-26" font-size="14" font-weight="bold">{}{exponent}</text><text x="0" y="-10">{}</text>"#,
        curve.axis, curve.unit
    );
    let _ = writeln!(
        body,
        r##"<path d="M0 0 V{HEIGHT} H{WIDTH}" fill="none" stroke="#9aa7b4"/>"##
    );
    // A size of nothing has no logarithm; it stands where one byte would.
    let size = |point: &Point| (point.size.max(1) as f64).ln();
    let sizes = Span::of(curve.points.iter().map(size));
    // Never narrower than from half to double: a cost that does not grow must look flat.
    let costs = curve.points.iter().flat_map(|point| point.spread);
    let costs = Span::of(costs.filter(|cost| *cost > 0.0).map(f64::ln)).at_least(4.0_f64.ln());
    let mut line = String::new();
    for point in &curve.points {
        let x = sizes.place(size(point)) * WIDTH;
        let y = |cost: f64| HEIGHT - costs.place(cost.max(f64::MIN_POSITIVE).ln()) * HEIGHT;
        let at = y(point.cost);
        let _ = write!(line, "{}{x:.1} {at:.1}", if line.is_empty() { "M" } else { " L" });
        let _ = writeln!(
            body,
            r##"<path d="M{x:.1} {:.1} V{:.1}" stroke="#0b5d4b"/><circle cx="{x:.1}" cy="{at:.1}" r="3" fill="#0b5d4b"/><text x="{x:.1}" y="{:.1}" text-anchor="middle">{:.1}</text><text x="{x:.1}" y="{:.0}" text-anchor="middle">{}</text>"##,
            y(point.spread[0]),
            y(point.spread[1]),
            at - 8.0,
            point.cost,
            HEIGHT + 16.0,
            point.size
        );
    }
    let _ = writeln!(
        body,
        r##"<path d="{line}" fill="none" stroke="#0b5d4b" stroke-width="1.5"/>"##
    );
}

/// From the least to the most of some values.
#[derive(Debug, Clone, Copy)]
struct Span {
    least: f64,
    length: f64,
}

impl Span {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let (least, most) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| {
            (least.min(value), most.max(value))
        });
        if least.is_finite() && most.is_finite() {
            Self {
                least,
                length: most - least,
            }
        } else {
            Self {
                least: 0.0,
                length: 0.0,
            }
        }
    }

    /// Widened on both sides to `length`, where it is shorter.
    fn at_least(self, length: f64) -> Self {
        let more = (length - self.length).max(0.0);
        Self {
            least: self.least - more / 2.0,
            length: self.length + more,
        }
    }

    /// Where `value` is, 0 to 1; the middle where there is only one value.
    fn place(self, value: f64) -> f64 {
        if self.length > 0.0 {
            ((value - self.least) / self.length).clamp(0.0, 1.0)
        } else {
            0.5
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::growth::Axis;

    #[test]
    fn every_size_and_cost_is_drawn_within_the_panel() {
        let point = |size, cost: f64| Point {
            size,
            cost,
            spread: [cost * 0.9, cost * 1.1],
            redis: None,
        };
        let curve = Curve::new(
            Axis::Answers,
            "us",
            vec![point(0, 10.0), point(1_024, 11.0), point(1 << 20, 900.0)],
        );
        let drawn = draw(&[curve]);
        for text in [">1024<", ">1048576<", ">900.0<", "answers, exponent"] {
            assert!(drawn.contains(text), "{text}: {drawn}");
        }
        let heights = drawn.split("cy=\"").skip(1).filter_map(|rest| rest.split('"').next());
        let heights: Vec<f64> = heights.map(|text| text.parse().unwrap()).collect();
        assert_eq!(heights.len(), 3);
        assert!(
            heights.iter().all(|height| (0.0..=HEIGHT).contains(height)),
            "{heights:?}"
        );
        assert!(heights[0] > heights[1] && heights[1] > heights[2], "{heights:?}");
    }
}
