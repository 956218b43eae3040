//! How fast questions are routed: `cargo run --release -p contact-routing --example throughput`.
//!
//! Every golden question is asked several times over the full directory and its quickest answer counts, so that what else
//! the machine does is left out. Fails when the 99th percentile is over 5 ms or one core does fewer than 5,000 a second.

use std::error::Error;
use std::io::Write;
use std::time::{Duration, Instant};

use contact_routing::engine::Question;
use contact_routing::engine_from_files;
use contact_routing::report;
use contact_routing::text::language::Language;

const ROUNDS: usize = 15;
const SLOWEST: Duration = Duration::from_millis(5);
const FEWEST: f64 = 5_000.0;

fn main() -> Result<(), Box<dyn Error>> {
    let engine = engine_from_files()?;
    let mut golden = report::read(include_str!("../tests/golden/open.jsonl"))?;
    golden.extend(report::read(include_str!("../tests/golden/fresh-3.jsonl"))?);
    let mut quickest = vec![Duration::MAX; golden.len()];
    for _ in 0..ROUNDS {
        for (one, best) in golden.iter().zip(&mut quickest) {
            let question = Question {
                text: &one.question,
                language: Language::Swedish,
                municipality: one.municipality.as_deref(),
            };
            let started = Instant::now();
            std::hint::black_box(engine.ask(&question));
            *best = started.elapsed().min(*best);
        }
    }
    quickest.sort_unstable();
    let total: Duration = quickest.iter().sum();
    let rate = quickest.len() as f64 / total.as_secs_f64();
    let at = |per_cent: usize| {
        quickest
            .get((quickest.len() - 1) * per_cent / 100)
            .copied()
            .unwrap_or_default()
    };
    writeln!(
        std::io::stdout(),
        "{} questions, {rate:.0} a second on one core, p50 {:?}, p99 {:?}, slowest {:?}",
        quickest.len(),
        at(50),
        at(99),
        at(100)
    )?;
    if at(99) > SLOWEST || rate < FEWEST {
        return Err(format!("the bar is p99 {SLOWEST:?} and {FEWEST} a second").into());
    }
    Ok(())
}
