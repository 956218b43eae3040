//! The numbers as OpenMetrics text, exemplars included.

use super::cells::{BOUNDS, BUCKETS, Totals};
use super::route::{Block, Exemplar, Labels};
use super::status::{self, CLASSES};
use super::{Metrics, lock, plain};
use crate::ids;
use std::fmt::{self, Write};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// One route with numbers.
struct Series {
    labels: String,
    block: Arc<Block>,
    totals: Totals,
}

impl Metrics {
    /// OpenMetrics 1.0 text.
    pub(crate) fn open_metrics(&self) -> Result<String, fmt::Error> {
        let mut text = String::with_capacity(16 * 1024);
        prometheus_client::encoding::text::encode_registry(&mut text, &lock(&self.registry))?;
        self.write_requests(&mut text)?;
        prometheus_client::encoding::text::encode_eof(&mut text)?;
        Ok(text)
    }

    /// Prometheus text 0.0.4: the same numbers, without exemplars.
    pub(crate) fn plain_text(&self) -> Result<String, fmt::Error> {
        Ok(plain::from_open_metrics(&self.open_metrics()?))
    }

    fn write_requests(&self, text: &mut String) -> fmt::Result {
        let series: Vec<Series> = self.routes.read().into_iter().filter_map(Series::read).collect();
        head(
            text,
            "http_server_request_duration_seconds",
            "histogram",
            Some("seconds"),
            "Time from request head to response end",
        )?;
        series.iter().try_for_each(|route| route.write_durations(text))?;
        head(
            text,
            "http_server_requests",
            "counter",
            None,
            "Finished requests by status",
        )?;
        series.iter().try_for_each(|route| route.write_statuses(text))?;
        let bytes = [
            ("http_server_request_body_bytes", "read"),
            ("http_server_response_body_bytes", "written"),
        ];
        for (name, word) in bytes {
            head(text, name, "counter", Some("bytes"), &format!("Body bytes {word}"))?;
            for route in &series {
                let value = if word == "read" {
                    route.totals.request_bytes
                } else {
                    route.totals.response_bytes
                };
                writeln!(text, "{name}_total{{{}}} {value}", route.labels)?;
            }
        }
        head(
            text,
            "http_server_active_requests",
            "gauge",
            None,
            "Requests begun and not finished",
        )?;
        writeln!(text, "http_server_active_requests {}", self.active_requests())?;
        head(
            text,
            "gateway_refusals",
            "counter",
            None,
            "Problems the gateway answered with, by code",
        )?;
        for (code, count) in self.refusals.read() {
            writeln!(text, "gateway_refusals_total{{code=\"{}\"}} {count}", escape(code))?;
        }
        Ok(())
    }
}

/// The lines before a family.
fn head(text: &mut String, name: &str, kind: &str, unit: Option<&str>, help: &str) -> fmt::Result {
    writeln!(text, "# HELP {name} {help}.")?;
    writeln!(text, "# TYPE {name} {kind}")?;
    unit.map_or(Ok(()), |unit| writeln!(text, "# UNIT {name} {unit}"))
}

/// A label value between quotes (OpenMetrics 1.0, escaped-string).
fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

// === impl Series ===

impl Series {
    fn read((labels, block): (Labels, Arc<Block>)) -> Option<Self> {
        let totals = block.totals()?;
        let (api, route, method) = (escape(&labels.api), escape(&labels.route), escape(&labels.method));
        Some(Self {
            labels: format!("api=\"{api}\",route=\"{route}\",method=\"{method}\""),
            block,
            totals,
        })
    }

    fn write_statuses(&self, text: &mut String) -> fmt::Result {
        for (slot, count) in self.totals.status.iter().enumerate().filter(|(_, count)| **count > 0) {
            let code = status::code(slot).map_or_else(|| "other".to_owned(), |code| code.to_string());
            writeln!(
                text,
                "http_server_requests_total{{{},status=\"{code}\"}} {count}",
                self.labels
            )?;
        }
        Ok(())
    }

    fn write_durations(&self, text: &mut String) -> fmt::Result {
        let classes = CLASSES
            .iter()
            .zip(&self.totals.buckets)
            .zip(&self.totals.nanoseconds)
            .enumerate();
        for (place, ((name, buckets), nanoseconds)) in classes {
            if buckets.iter().any(|count| *count > 0) {
                self.write_histogram(text, (place, name), buckets, *nanoseconds)?;
            }
        }
        Ok(())
    }

    fn write_histogram(
        &self,
        text: &mut String,
        (class, name): (usize, &str),
        buckets: &[u64; BUCKETS],
        nanoseconds: u64,
    ) -> fmt::Result {
        let family = "http_server_request_duration_seconds";
        let labels = format!("{},status_class=\"{name}\"", self.labels);
        let bounds = BOUNDS.iter().map(|(_, bound)| *bound).chain(std::iter::once("+Inf"));
        let mut below = 0;
        for (bucket, (bound, count)) in bounds.zip(buckets).enumerate() {
            below += count;
            write!(text, "{family}_bucket{{{labels},le=\"{bound}\"}} {below}")?;
            if let Some(exemplar) = self.block.exemplar(class, bucket) {
                write_exemplar(text, &exemplar)?;
            }
            text.push('\n');
        }
        writeln!(text, "{family}_count{{{labels}}} {below}")?;
        writeln!(text, "{family}_sum{{{labels}}} {}", nanoseconds as f64 / 1e9)
    }
}

fn write_exemplar(text: &mut String, exemplar: &Exemplar) -> fmt::Result {
    let at = exemplar.at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let trace_id = ids::trace_hex(&exemplar.trace_id);
    write!(text, " # {{trace_id=\"{trace_id}\"}} {} {at:.3}", exemplar.seconds)
}
