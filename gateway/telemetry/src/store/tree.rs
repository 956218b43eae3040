//! A trace as people and programs read it: a tree with times, and JSON.

use super::{Span, Trace};
use crate::ids;
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

/// Attributes worth a place on a span's line, with the word they are shown by.
const FACTS: [(&str, &str); 10] = [
    ("http.response.status_code", ""),
    ("error.type", "error="),
    ("vagvisare.organisation", "agency="),
    ("vagvisare.backend", "backend="),
    ("vagvisare.application", "application="),
    ("vagvisare.agreement", "agreement="),
    ("vagvisare.supplier", "supplier="),
    ("vagvisare.limit.policy", "limit="),
    ("vagvisare.source", "source="),
    ("vagvisare.state", "state="),
];

/// One line of the tree.
struct Line<'a> {
    /// Box characters before the name.
    branch: String,
    span: &'a Span,
    /// Its parent is not in the trace.
    orphan: bool,
}

/// A span still to be shown: its place, what stands before its children, and whether it is its parent's last child.
struct Step {
    place: usize,
    prefix: String,
    top: bool,
    last: bool,
    orphan: bool,
}

/// One line a span, below a line that says which trace it is.
pub(crate) fn as_text(trace: &Trace) -> String {
    let lines = lines(trace);
    let begin = begin(trace);
    let spans = trace.spans.len();
    let mut out = format!(
        "trace {}  {spans} spans  {} ms  {}\n\n",
        ids::trace_hex(&trace.id),
        millis(length(trace)),
        time(begin)
    );
    let title = |line: &Line<'_>| {
        let mark = if failed(line.span) { "✗ " } else { "" };
        format!("{}{mark}{} [{}]", line.branch, line.span.name, line.span.service)
    };
    let titles: Vec<String> = lines.iter().map(title).collect();
    let width = titles
        .iter()
        .map(|title| title.chars().count())
        .max()
        .unwrap_or_default();
    let _ = writeln!(
        out,
        "{:width$}  {:>10}  {:>10}",
        "span [service]", "offset ms", "took ms"
    );
    for (line, title) in lines.iter().zip(&titles) {
        let offset = i128::from(line.span.start) - i128::from(begin);
        let sign = if offset < 0 { "-" } else { "+" };
        let offset = format!(
            "{sign}{}",
            millis(u64::try_from(offset.unsigned_abs()).unwrap_or(u64::MAX))
        );
        let _ = write!(
            out,
            "{title:width$}  {offset:>10}  {:>10}  {}",
            millis(line.span.duration()),
            line.span.kind
        );
        facts(&mut out, line);
        out.push('\n');
    }
    if trace.dropped > 0 {
        let _ = writeln!(out, "\n{} more spans came than are kept", trace.dropped);
    }
    out
}

/// The same with every attribute.
pub(crate) fn as_json(trace: &Trace) -> Value {
    let begin = begin(trace);
    let span = |line: &Line<'_>| {
        let span = line.span;
        json!({
            "spanId": ids::span_hex(&span.span_id).as_str(),
            "parentSpanId": span.parent.map(|parent| ids::span_hex(&parent).as_str().to_owned()),
            "name": span.name,
            "service": &*span.service,
            "kind": span.kind,
            "startedAt": time(span.start),
            "offsetMs": (span.start as f64 - begin as f64) / 1e6,
            "durationMs": span.duration() as f64 / 1e6,
            "error": failed(span),
            "message": span.message,
            "attributes": span.attributes.iter().cloned().collect::<Map<_, _>>(),
        })
    };
    json!({
        "traceId": ids::trace_hex(&trace.id).as_str(),
        "startedAt": time(begin),
        "durationMs": length(trace) as f64 / 1e6,
        "spansNotKept": trace.dropped,
        "spans": lines(trace).iter().map(span).collect::<Vec<_>>(),
    })
}

/// One line of the list of traces.
pub(crate) fn summary(trace: &Trace) -> Value {
    let lines = lines(trace);
    let first = lines.first().map(|line| line.span);
    json!({
        "traceId": ids::trace_hex(&trace.id).as_str(),
        "startedAt": time(begin(trace)),
        "durationMs": length(trace) as f64 / 1e6,
        "name": first.map(|span| span.name.clone()),
        "service": first.map(|span| span.service.to_string()),
        "status": first.and_then(|span| span.attribute("http.response.status_code")?.parse::<u16>().ok()),
        "spans": trace.spans.len(),
        "error": trace.spans.iter().any(failed),
    })
}

/// The spans in the order they are shown: depth first, siblings by start. Spans whose parent never came stand under the
/// first root, but siblings of it (calls made under the same span of the caller's) beside it.
fn lines(trace: &Trace) -> Vec<Line<'_>> {
    let spans = &trace.spans;
    let known: HashSet<[u8; 8]> = spans.iter().map(|span| span.span_id).collect();
    let mut order: Vec<usize> = (0..spans.len()).collect();
    order.sort_by_key(|place| spans.get(*place).map(|span| (span.start, std::cmp::Reverse(span.end))));
    let parent = |place: usize| spans.get(place).and_then(|span| span.parent);
    let is_root = |place: &usize| parent(*place).is_none_or(|id| !known.contains(&id));
    let Some(main) = main_root(spans, &order, is_root) else {
        return Vec::new();
    };
    let mut children: HashMap<[u8; 8], Vec<usize>> = HashMap::new();
    let mut tops = vec![main];
    let mut orphans = HashSet::new();
    for place in order.iter().copied().filter(|place| *place != main) {
        match parent(place) {
            None => tops.push(place),
            id if is_root(&place) && id == parent(main) => tops.push(place),
            Some(id) if known.contains(&id) => children.entry(id).or_default().push(place),
            Some(_) => {
                orphans.insert(place);
                children
                    .entry(spans.get(main).map(|span| span.span_id).unwrap_or_default())
                    .or_default()
                    .push(place);
            }
        }
    }
    walk(spans, &tops, &order, &children, &orphans)
}

/// The earliest span without a parent, else the earliest whose parent is unknown, else (a ring of parents) the earliest.
fn main_root(spans: &[Span], order: &[usize], is_root: impl Fn(&usize) -> bool) -> Option<usize> {
    let parentless = order
        .iter()
        .find(|place| spans.get(**place).is_some_and(|span| span.parent.is_none()));
    parentless
        .or_else(|| order.iter().find(|place| is_root(place)))
        .or_else(|| order.first())
        .copied()
}

fn walk<'a>(
    spans: &'a [Span],
    tops: &[usize],
    order: &[usize],
    children: &HashMap<[u8; 8], Vec<usize>>,
    orphans: &HashSet<usize>,
) -> Vec<Line<'a>> {
    let top = |place: &usize| Step {
        place: *place,
        prefix: String::new(),
        top: true,
        last: true,
        orphan: false,
    };
    let mut stack: Vec<Step> = tops.iter().rev().map(top).collect();
    let mut seen = HashSet::new();
    let mut lines = Vec::with_capacity(spans.len());
    let mut rest = order.iter();
    // What no root leads to are spans that name each other as parents: shown once, from the earliest on.
    let ring = |place: &usize| Step {
        place: *place,
        prefix: String::new(),
        top: false,
        last: true,
        orphan: true,
    };
    while let Some(step) = stack.pop().or_else(|| rest.next().map(ring)) {
        let Some(span) = spans.get(step.place) else { continue };
        if !seen.insert(step.place) {
            continue;
        }
        let (own, below) = match (step.top, step.last) {
            (true, _) => ("", ""),
            (false, true) => ("└─ ", "   "),
            (false, false) => ("├─ ", "│  "),
        };
        let prefix = format!("{}{below}", step.prefix);
        lines.push(Line {
            branch: format!("{}{own}", step.prefix),
            span,
            orphan: step.orphan,
        });
        let under = children.get(&span.span_id).map(Vec::as_slice).unwrap_or_default();
        for (from_end, place) in under.iter().rev().enumerate() {
            let orphan = orphans.contains(place);
            stack.push(Step {
                place: *place,
                prefix: prefix.clone(),
                top: false,
                last: from_end == 0,
                orphan,
            });
        }
    }
    lines
}

fn facts(out: &mut String, line: &Line<'_>) {
    for (key, word) in FACTS {
        if let Some(value) = line.span.attribute(key) {
            let _ = write!(out, "  {word}{value}");
        }
    }
    if !line.span.message.is_empty() {
        let _ = write!(out, "  \"{}\"", line.span.message);
    }
    if line.orphan {
        out.push_str("  (its parent span never came)");
    }
}

fn failed(span: &Span) -> bool {
    span.error || span.attributes.iter().any(|(key, _)| key == "error.type")
}

fn begin(trace: &Trace) -> u64 {
    trace.spans.iter().map(|span| span.start).min().unwrap_or_default()
}

/// From the first begin to the last end, in nanoseconds.
fn length(trace: &Trace) -> u64 {
    trace
        .spans
        .iter()
        .map(|span| span.end)
        .max()
        .unwrap_or_default()
        .saturating_sub(begin(trace))
}

fn millis(nanoseconds: u64) -> String {
    format!("{}.{:03}", nanoseconds / 1_000_000, nanoseconds / 1_000 % 1_000)
}

/// RFC 3339 in UTC with microseconds.
fn time(nanoseconds: u64) -> String {
    let at = jiff::Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap_or_default();
    at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}
