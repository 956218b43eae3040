//! OpenMetrics text to Prometheus text 0.0.4, for a scraper that does not ask for OpenMetrics.
//!
//! The differences that matter: a counter's `TYPE` names the sample (`_total`), an info is a gauge, there are no units,
//! no exemplars and no end mark.

/// Rewrites line by line.
pub(super) fn from_open_metrics(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let types: Vec<(&str, &str)> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '))
        .collect();
    let suffix = |name: &str| match types.iter().find(|(family, _)| *family == name) {
        Some((_, "counter")) => "_total",
        Some((_, "info")) => "_info",
        _ => "",
    };
    for line in text.lines() {
        if line == "# EOF" || line.starts_with("# UNIT ") {
            continue;
        }
        let head = line
            .strip_prefix("# TYPE ")
            .map(|rest| ("TYPE", rest))
            .or_else(|| Some(("HELP", line.strip_prefix("# HELP ")?)));
        match head.and_then(|(word, rest)| Some((word, rest.split_once(' ')?))) {
            Some((word, (name, value))) => {
                let value = match (word, value) {
                    ("TYPE", "info" | "stateset") => "gauge",
                    ("TYPE", "unknown") => "untyped",
                    (_, value) => value,
                };
                out.extend(["# ", word, " ", name, suffix(name), " ", value]);
            }
            None => out.push_str(without_exemplar(line)),
        }
        out.push('\n');
    }
    out
}

/// A sample without what follows its value: ` # ` outside of the quoted label values.
fn without_exemplar(line: &str) -> &str {
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'#' if !quoted => return line.get(..at).unwrap_or(line).trim_end(),
            _ => {}
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_units_exemplars_and_the_end_mark_are_rewritten() {
        let open = "# HELP a Calls.\n# TYPE a counter\na_total{x=\"# \\\" {\"} 3 # {trace_id=\"1\"} 0.5 1.0\n\
                    # HELP b_seconds Time.\n# TYPE b_seconds histogram\n# UNIT b_seconds seconds\n\
                    b_seconds_bucket{le=\"+Inf\"} 1 # {trace_id=\"1\"} 0.5\n# TYPE v info\nv_info{version=\"1\"} 1\n# EOF\n";
        let plain = "# HELP a_total Calls.\n# TYPE a_total counter\na_total{x=\"# \\\" {\"} 3\n\
                     # HELP b_seconds Time.\n# TYPE b_seconds histogram\nb_seconds_bucket{le=\"+Inf\"} 1\n\
                     # TYPE v_info gauge\nv_info{version=\"1\"} 1\n";
        assert_eq!(from_open_metrics(open), plain);
    }
}
